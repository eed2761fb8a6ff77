"""What an office waits for while the clock of a case stands for a commission: until when, and whether it has come in meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from licensing.cases.machine import Event, State
from licensing.cases.tables import Ballot, Case, CaseEvent, Commission, CommissionReport
from licensing.clock import Calendar, add_working_days, local_date


@dataclass(frozen=True, slots=True)
class Awaited:
    """A commission whose result is not recorded yet: when it was expected, and whether the report or the last vote is in."""

    by: date
    experts: bool
    is_in: bool


def awaited(session: Session, cases: Iterable[Case], calendar: Calendar) -> Mapping[int, Awaited]:
    """For those of ``cases`` whose clock stands for a commission, what is awaited; by the id of the case."""
    standing = [case.id for case in cases if case.state == State.EVALUATING]
    if not standing:
        return {}
    begun = _begun(session, standing)
    keys = [(event.case_id, event.sequence) for event in begun]
    reported, votes = _reported(session, keys), _votes(session, keys)
    return {event.case_id: _of(event, reported, votes, calendar) for event in begun}


def _begun(session: Session, case_ids: list[int]) -> list[CaseEvent]:
    """The event with which the commission began that stands now; one for each case."""
    query = select(CaseEvent).where(CaseEvent.case_id.in_(case_ids), CaseEvent.type == Event.EVALUATION_COMMISSIONED)
    return list({event.case_id: event for event in session.scalars(query.order_by(CaseEvent.sequence))}.values())


def _reported(session: Session, keys: list[tuple[int, int]]) -> frozenset[int]:
    query = select(Commission.case_id).join(CommissionReport, CommissionReport.commission_id == Commission.id)
    mine = (tuple_(Commission.case_id, Commission.sequence).in_(keys), CommissionReport.returned_at.is_(None))
    return frozenset(session.scalars(query.where(*mine)))


def _votes(session: Session, keys: list[tuple[int, int]]) -> Mapping[int, int]:
    query = (
        select(Ballot.case_id, func.count(Ballot.id).label("votes"))
        .where(tuple_(Ballot.case_id, Ballot.sequence).in_(keys))
        .group_by(Ballot.case_id)
    )
    return {row.case_id: row.votes for row in session.execute(query)}


def _of(event: CaseEvent, reported: frozenset[int], votes: Mapping[int, int], calendar: Calendar) -> Awaited:
    by = add_working_days(local_date(event.at), int(event.data["expected_days"]), calendar)
    size = int(event.data.get("size", 0))
    return Awaited(by, size > 0, votes.get(event.case_id, 0) >= size if size else event.case_id in reported)
