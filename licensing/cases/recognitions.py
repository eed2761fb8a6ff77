"""The duty to report a granted qualification to the China Meteorological Administration (T8): what is due, and what was reported.

It is a duty of the authority and no event of the case, which is closed by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Select, case, func, select, tuple_
from sqlalchemy.orm import Session

from licensing.cases.journal import load_for, not_found, require
from licensing.cases.machine import State
from licensing.cases.tables import Case, RecognitionReport
from licensing.catalogue import load_catalogue
from licensing.clock import LIMITS, Calendar, days_left, explain, local_date
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict, FieldError, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.parties.queries import person_names
from licensing.parties.tables import Company
from licensing.policy import Action, Actor, Subject, rule_on
from licensing.storage import Work, reading, unit_of_work
from licensing.words import Said, say

LEAF: Final = "recognition-report"
LONGEST: Final = 100
_DONE: Final = case((RecognitionReport.id.is_(None), 0), else_=1)


@dataclass(frozen=True, slots=True)
class Duty:
    """One granted qualification: until when it is to be reported, the working days left, and the report with who recorded it."""

    case: Case
    company: Company
    due_on: date
    days_left: int
    report: RecognitionReport | None
    recorded_by: str
    may_report: bool


@dataclass(frozen=True, slots=True)
class Duties:
    """A page of duties; ``next_key`` continues after it."""

    rows: tuple[Duty, ...]
    next_key: str | None


def duties(actor: Actor, *, after: str | None = None, size: int = 30) -> Duties:
    """The duties of the authorities of the actor's posts: those that are open first, the least time left before the others.

    ``after`` is the key of the row before, as ``0_2026-03-10_12``: whether it was reported, the day of the grant, the case.
    """
    with reading(actor) as look:
        require(look, Action.RECOGNITION_READ, Subject())
        query = _of(actor).order_by(_DONE, Case.decided_on, Case.id)
        if after is not None:
            done, day, number = after.split("_")
            query = query.where(tuple_(_DONE, Case.decided_on, Case.id) > tuple_(int(done), date.fromisoformat(day), int(number)))
        found = look.session.execute(query.limit(size + 1)).all()
        names = person_names(look.session, {report.recorded_by for _, _, report in found if report is not None})
        calendar = calendar_now(look.session)
        rows = tuple(_duty(look, calendar, names, *row) for row in found[:size])
        return Duties(rows, _key(rows[-1]) if len(found) > size else None)


def open_duties(actor: Actor) -> int:
    """How many are still to be reported."""
    with reading(actor) as look:
        require(look, Action.RECOGNITION_READ, Subject())
        waiting = _of(actor).with_only_columns(func.count(Case.id), maintain_column_froms=True).where(RecognitionReport.id.is_(None))
        return look.session.execute(waiting).scalar_one()


def report(actor: Actor, case_id: int, number: str, reported_on: date | None) -> None:
    """Record that it was reported. Raises ``Invalid`` (``incomplete``) and ``Conflict`` (``reported-already``)."""
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.RECOGNITION_REPORT)
        limit, decided = case.matter.procedure.report, case.row.decided_on
        if limit is None or decided is None or case.view.state is not State.GRANTED:
            raise not_found()
        _check(number, reported_on, decided, local_date(work.now))
        if work.session.scalar(select(RecognitionReport.id).where(RecognitionReport.case_id == case_id)) is not None:
            raise Conflict(say("This was reported already."), next_step=say("Load the page again."), code="reported-already")
        row = RecognitionReport(case_id=case_id, number=number, reported_on=reported_on, recorded_at=work.now, recorded_by=actor.person_id)
        work.session.add(row)
        work.session.flush()
        append(work, LEAF, case.row.public_number, row_digest(row))


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the reports; nothing when all is well."""
    query = select(Case, RecognitionReport).join(RecognitionReport, RecognitionReport.case_id == Case.id)
    facts = (Fact(LEAF, case.public_number, row_digest(row)) for case, row in session.execute(query.order_by(RecognitionReport.id)))
    yield from unaccounted(session, {LEAF}, facts)


def _of(actor: Actor) -> Select[Case, Company, RecognitionReport | None]:
    return _granted().where(Case.authority_id.in_(actor.authority_ids), Case.company_id.not_in(actor.company_ids))


def _key(duty: Duty) -> str:
    return f"{int(duty.report is not None)}_{duty.case.decided_on}_{duty.case.id}"


def _granted() -> Select[Case, Company, RecognitionReport | None]:
    codes = [matter.code for matter in load_catalogue().matters if matter.procedure.report is not None]
    return (
        select(Case, Company, RecognitionReport)
        .join(Company, Company.id == Case.company_id)
        .outerjoin(RecognitionReport, RecognitionReport.case_id == Case.id)
        .where(Case.matter.in_(codes), Case.state == State.GRANTED)
    )


def _duty(look: Work, calendar: Calendar, names: dict[int, str], case: Case, company: Company, report: RecognitionReport | None) -> Duty:
    limit = LIMITS[load_catalogue().matter(case.matter).procedure.report or "T8"]
    due = explain(case.decided_on or local_date(case.updated_at), limit, calendar).due
    last = due or local_date(look.now)
    return Duty(
        case,
        company,
        last,
        days_left(last, local_date(look.now), calendar),
        report,
        names.get(report.recorded_by, "") if report else "",
        report is None and bool(rule_on(look.actor, Action.RECOGNITION_REPORT, Subject(authority_id=case.authority_id), now=look.now)),
    )


def _check(number: str, day: date | None, decided: date, today: date) -> None:
    wrong: dict[str, Said] = {}
    if not number or len(number) > LONGEST:
        wrong["number"] = say("Enter the number under which it was reported.")
    if day is None or not decided <= day <= today:
        wrong["reported_on"] = say("Enter the day of the report: from the grant until today, such as 2026-03-31.")
    if wrong:
        complaints = [FieldError(name, "invalid", sentence) for name, sentence in wrong.items()]
        raise Invalid(say("The report is not complete."), complaints, code="incomplete")
