"""A changed design is a new application that names the approval it changes (Order 37 art. 11; domain 11A.1)."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.drafts import begin, keep_answers
from licensing.cases.journal import Loaded, load, require
from licensing.cases.machine import FINAL
from licensing.cases.tables import Case
from licensing.errors import Conflict
from licensing.licences import actions as licences
from licensing.licences.operations import OPERATIONS, Operation
from licensing.licences.tables import Licence
from licensing.policy import Action, Actor, Subject
from licensing.proceedings.journal import open_about
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say


def start_change(actor: Actor, licence_id: int) -> int:
    """Begin the application that changes an approved design, with the answers of the approved one. The case id.

    Raises ``Conflict``: ``change-not-possible`` for a licence that no application changes, ``licence-moved-on`` when it is not in force,
    ``change-open`` while another change of it is handled.
    """
    with unit_of_work(actor) as work:
        licence = licences.held(work, licence_id)
        approved = _approved(work, licence)
        _must_stand(licence)
        other = open_change(work.session, licence.id)
        if other is not None:
            raise Conflict(
                say("A change of this design is applied for already: %(number)s.", number=other.public_number),
                next_step=say("Finish that application or withdraw it."),
                code="change-open",
            )
        row = begin(work, approved.row.company_id, approved.matter, changes=licence)
        keep_answers(work, load(work.session, row.id), approved.view.submissions[-1].answers)
        return row.id


def open_change(session: Session, licence_id: int) -> Case | None:
    """The application under way that changes a licence, if there is one."""
    found = select(Case).where(Case.changes_licence_id == licence_id, Case.state.not_in(FINAL)).order_by(Case.id)
    return session.scalars(found.limit(1)).first()


def change_of(actor: Actor, licence_id: int) -> tuple[bool, Case | None]:
    """Whether the actor may change by a new application what a licence permits, and the application under way that does."""
    with reading(actor) as look:
        licence = look.session.get(Licence, licence_id)
        if licence is None or licence.case_id is None:
            return False, None
        case = load(look.session, licence.case_id)
        mine = case.row.company_id in actor.company_ids
        stands = licence.status in OPERATIONS[Operation.CHANGE].sources
        return mine and stands and case.matter.changes_by_application, open_change(look.session, licence_id) if mine else None


def changed_licence(work: Work, case: Loaded) -> Licence | None:
    """The licence that a grant of the case replaces, held until the transaction ends; None for any other case.

    Raises ``Conflict`` when it is not in force any more, or while the authority is acting on it (``proceeding-open``): a change evades
    nothing.
    """
    if case.row.changes_licence_id is None:
        return None
    licence = licences.held(work, case.row.changes_licence_id)
    _must_stand(licence)
    if open_about(work.session, licence.id):
        raise Conflict(
            say("Something is being decided about the approval that this design changes."),
            next_step=say("Wait until that is decided."),
            code="proceeding-open",
        )
    return licence


def is_overtaken(session: Session, licence: Licence) -> bool:
    """Whether the approval that ``licence`` was to replace stands no more, so that it cannot be put in force."""
    before = session.get(Licence, licence.previous_id or 0)
    return before is not None and before.status not in OPERATIONS[Operation.CHANGE].sources


def _approved(work: Work, licence: Licence) -> Loaded:
    """The case that led to a licence, when the actor may apply for its company; who may not learns nothing about it."""
    if licence.case_id is None:
        raise _not_possible()
    approved = load(work.session, licence.case_id)
    require(work, Action.CASE_START, Subject(company_id=approved.row.company_id, authority_id=-1))
    if not approved.matter.changes_by_application:
        raise _not_possible()
    return approved


def _not_possible() -> Conflict:
    return Conflict(
        say("What this licence permits is not changed by a new application."),
        next_step=say("Look on its page at what you can ask for."),
        code="change-not-possible",
    )


def _must_stand(licence: Licence) -> None:
    if licence.status not in OPERATIONS[Operation.CHANGE].sources:
        raise licences.moved_on()
