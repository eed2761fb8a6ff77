"""The publicity of a proposal to grant 公示: everybody may object before it is granted (domain 3.3.7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from licensing.cases.actions import must_follow_proposal
from licensing.cases.journal import Loaded, load, load_for, not_found, record
from licensing.cases.machine import Event, State
from licensing.cases.publicity import masked
from licensing.cases.submission import printed_answers
from licensing.cases.tables import Case
from licensing.cases.verifying import require_promises_hold, require_still_eligible
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import FaceRow, Matter
from licensing.clock import Explanation, local_date, publicity_term
from licensing.clock.queries import calendar_now
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

    A refusal is not published: must follow the proposal. Raises ``Conflict`` (``against-proposal``, ``promise-open``).
    """
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_OPEN_PUBLICITY)
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


def public_publicities() -> tuple[Publicised, ...]:
    """Every publicity that was opened and not decided yet, the earliest end first."""
    with reading(SYSTEM) as look:
        running = look.session.scalars(select(Case.id).where(Case.state == State.PUBLICITY).order_by(Case.id)).all()
        return tuple(sorted((_publicised(look, load(look.session, one)) for one in running), key=lambda one: (one.until, one.case.id)))


def public_publicity(number: str) -> Publicised:
    """One publicity by the number of its case. Raises ``NotFound`` where there is none, or not any more."""
    with reading(SYSTEM) as look:
        found = look.session.scalar(select(Case.id).where(Case.public_number == number, Case.state == State.PUBLICITY))
        if found is None:
            raise not_found()
        return _publicised(look, load(look.session, found))


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
