"""The publicity of a proposal to grant 公示: everybody may object before it is granted (domain 3.3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from licensing.cases.actions import must_follow_proposal
from licensing.cases.journal import Loaded, load, load_for, moved_on, not_found, record
from licensing.cases.machine import Event, State, transition
from licensing.cases.objectable import PUBLICITY, Outcome
from licensing.cases.objections import object_in_publicity
from licensing.cases.publicity import masked
from licensing.cases.submission import printed_answers
from licensing.cases.tables import Case, Objection
from licensing.cases.verifying import require_promises_hold, require_still_eligible
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import FaceRow, Matter
from licensing.clock import Explanation, local_date, publicity_term
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict
from licensing.licences.face import face_rows
from licensing.notices.actions import notify_company
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM, Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say


@dataclass(frozen=True, slots=True)
class Publicised:
    """One publicity as everybody sees it: whose, what will be granted, personal names masked, and until when one may object."""

    case: Case
    matter: Matter
    applicant: Company
    authority: Authority
    rows: tuple[tuple[FaceRow, str], ...]
    term: Explanation
    until: date
    is_over: bool


def open_publicity(actor: Actor, case_id: int) -> None:
    """Publish what is to be granted for as many working days as the matter says. The clock runs on: art. 45 does not name publicity.

    A refusal is not published. Raises ``Conflict`` (``against-proposal``, ``promise-open``).
    """
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_OPEN_PUBLICITY)
        if transition(case.view.state, Event.PUBLICITY_OPENED, case.view.steps) is None:
            raise moved_on()
        must_follow_proposal(case, "grant")
        require_promises_hold(work, case)
        require_still_eligible(work, case)
        days = case.matter.procedure.publicity_days
        until = publicity_term(days, local_date(work.now), calendar_now(work.session)).due
        record(work, case, Event.PUBLICITY_OPENED, {"days": days, "until": until.isoformat() if until else ""})
        said = say(
            "What is to be granted for “%(project)s” is published until %(day)s; everybody may object.",
            project=case.row.project_name,
            day=until,
        )
        notify_company(work, case.row.company_id, said, case_id=case.row.id, reference=case.row.public_number)


def object_publicly(number: str, *, name: str, contact: str, text: str) -> str:
    """Object to a grant that is made public, by the number of its case; the number of the objection.

    Raises ``NotFound`` where nothing is made public, ``Invalid`` (``incomplete``) and ``Conflict`` (``publicity-over``).
    """
    with unit_of_work(SYSTEM) as work:
        case = load(work.session, _public(work, number))
        publicity, until = case.view.publicity, case.view.publicity_until
        if publicity is None or until is None:
            raise not_found()
        if local_date(work.now) > until:
            raise Conflict(
                say("An objection could be made until %(day)s.", day=until),
                next_step=say("Write to the authority; it has not decided yet."),
                code="publicity-over",
            )
        return object_in_publicity(work, case, publicity["sequence"], name=name, contact=contact, text=text)


def require_unopposed(work: Work, case: Loaded) -> None:
    """Raise ``Conflict`` while an objection to the publicity waits for its answer, and where one was upheld.

    One that was upheld before what is public now was made public has had its effect. Codes: ``objection-open``, ``objection-upheld``.
    """
    if case.view.publicity is None:
        return
    opened_at = next(event.at for event in case.row.events if event.sequence == case.view.publicity["sequence"])
    filed = list(work.session.scalars(select(Objection).where(Objection.case_id == case.row.id, Objection.about == PUBLICITY)))
    if any(objection.answered_at is None for objection in filed):
        raise Conflict(
            say("An objection to the publicity is not answered yet."),
            next_step=say("Have it answered by somebody who took no part, and grant then."),
            code="objection-open",
        )
    if any(objection.outcome == Outcome.UPHELD and objection.answered_at >= opened_at for objection in filed if objection.answered_at):
        raise Conflict(
            say("An objection to the publicity was upheld."),
            next_step=say("Return the proposal to the examiner."),
            code="objection-upheld",
        )


def last_day(actor: Actor, case_id: int) -> date | None:
    """The last day of the publicity if it were opened today."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        return publicity_term(case.matter.procedure.publicity_days, local_date(look.now), calendar_now(look.session)).due


def public_publicities() -> tuple[Publicised, ...]:
    """Every publicity that was opened and not decided yet, the earliest end first."""
    with reading(SYSTEM) as look:
        running = look.session.scalars(select(Case.id).where(Case.state == State.PUBLICITY).order_by(Case.id)).all()
        return tuple(sorted((_publicised(look, load(look.session, one)) for one in running), key=lambda one: (one.until, one.case.id)))


def public_publicity(number: str) -> Publicised:
    """One publicity by the number of its case. Raises ``NotFound`` where there is none, or not any more."""
    with reading(SYSTEM) as look:
        return _publicised(look, load(look.session, _public(look, number)))


def _public(look: Work, number: str) -> int:
    found = look.session.scalar(select(Case.id).where(Case.public_number == number, Case.state == State.PUBLICITY))
    if found is None:
        raise not_found()
    return found


def _publicised(look: Work, case: Loaded) -> Publicised:
    opened = next(event for event in reversed(case.row.events) if event.type == Event.PUBLICITY_OPENED)
    until, began = date.fromisoformat(opened.data["until"]), local_date(opened.at)
    applicant = look.session.get_one(Company, case.row.company_id)
    return Publicised(
        case=case.row,
        matter=case.matter,
        applicant=applicant,
        authority=look.session.get_one(Authority, case.row.authority_id),
        rows=_face(case, applicant),
        term=publicity_term(int(opened.data["days"]), began, calendar_now(look.session), named=until),
        until=until,
        is_over=local_date(look.now) > until,
    )


def _face(case: Loaded, applicant: Company) -> tuple[tuple[FaceRow, str], ...]:
    """What will stand on the licence, with the names of people masked."""
    if case.matter.licence_type is None:
        return ()
    kind = load_catalogue().licence_type(case.matter.licence_type)
    known = {
        "answers": printed_answers(case.matter, case.view.submissions[-1].answers),
        "record": {"holder_name": applicant.name, "holder_uscc": applicant.uscc},
    }
    values = dict(face_rows(kind, known))
    return tuple((row, _shown(case.matter, row, values[row.label])) for row in kind.face if values.get(row.label))


def _shown(matter: Matter, row: FaceRow, value: str) -> str:
    field = matter.field(row.path.removeprefix("answers."))
    return masked(value) if field is not None and field.personal else value
