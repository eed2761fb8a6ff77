"""Which legal dates another calendar moves, computed from the events of every open case, and the moving of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from licensing.cases.deadlines import deadline
from licensing.cases.machine import Event
from licensing.cases.replay import replay
from licensing.cases.tables import CalendarEffect, Case, CaseEvent
from licensing.cases.view import Happened
from licensing.catalogue import load_catalogue
from licensing.clock import Calendar, DayChange
from licensing.clock.tables import ImportedYear
from licensing.notices.actions import notify_company, notify_post
from licensing.policy import Role
from licensing.storage import Work
from licensing.words import N_, say

BATCH = 500
MOVED = N_("The legal date for “%(project)s” moved from %(old)s to %(new)s, because the calendar of %(year)s was changed.")
MOVED_IN_OFFICE = N_(
    "Open cases whose legal date moved, because the calendar of %(year)s was changed: %(count)s. The worklist shows the new dates."
)
TOPIC = "case.date-moved"
READERS: Final = (Role.INTAKE, Role.EXAMINER, Role.APPROVER)
"""The posts that work by these dates."""


@dataclass(frozen=True, slots=True)
class Move:
    """One case whose legal date is another one under the new calendar."""

    case_id: int
    number: str
    project: str
    authority_id: int | None
    company_id: int
    old: date
    new: date


class Hold(StrEnum):
    """Whether cases are kept from others until the end, and what is done about those that others hold."""

    NONE = "none"
    WAIT = "wait"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Candidates:
    """The open cases whose date can differ."""

    condition: Sequence[ColumnElement[bool]]

    @classmethod
    def of(cls, changes: Sequence[DayChange], since: datetime | None = None) -> Candidates:
        """Cases with a legal date that counted on a changed day. Where no day changed, all: a date may be older than the calendar.

        ``since`` asks only for those that changed from that moment on.
        """
        days = [change.date for change in changes if change.moves]
        condition: list[ColumnElement[bool]] = [Case.due_on.is_not(None)]
        if days:
            # A case counts from its creation or later to its date: outside of that no day can matter. Two days cover the time zones.
            after = datetime.combine(days[-1] + timedelta(days=2), time(), UTC)
            condition += [Case.due_on >= days[0], Case.created_at < after]
        if since is not None:
            condition.append(Case.updated_at >= since)
        return cls(condition)

    def count(self, session: Session) -> int:
        return session.scalar(select(func.count()).select_from(Case).where(*self.condition)) or 0


def batches(session: Session, found: Candidates, calendar: Calendar, hold: Hold = Hold.NONE) -> Iterator[tuple[int, list[Move]]]:
    """How many cases were looked at, and those that move, batch by batch."""
    last = 0
    while rows := _rows(session, found, last, hold):
        last = rows[-1].id
        events = _events(session, [row.id for row in rows])
        yield len(rows), [move for row in rows if (move := _move(row, events.get(row.id, []), calendar))]


def apply(work: Work, row: ImportedYear, moves: Sequence[Move]) -> None:
    """Move the dates: the cached column, a row that says so for ever, a message to the applicant and one into the outbox."""
    if moves:
        work.session.execute(update(Case), [{"id": move.case_id, "due_on": move.new} for move in moves])
    for move in moves:
        old, new = move.old.isoformat(), move.new.isoformat()
        work.session.add(CalendarEffect(import_id=row.id, case_id=move.case_id, old_due_on=move.old, new_due_on=move.new))
        said = say(MOVED, project=move.project, old=old, new=new, year=row.year)
        notify_company(work, move.company_id, said, case_id=move.case_id, reference=move.number)
        work.tell(TOPIC, case_id=move.case_id, authority_id=move.authority_id, import_id=row.id, old=old, new=new)
    work.session.flush()


def tell_offices(work: Work, row: ImportedYear, moved: Mapping[int, int]) -> None:
    """One message to each post of the offices whose cases moved, with how many; ``moved`` counts them by authority."""
    for authority_id, count in moved.items():
        for role in READERS:
            notify_post(work, authority_id, role, say(MOVED_IN_OFFICE, year=row.year, count=count))


def _rows(session: Session, found: Candidates, last: int, hold: Hold) -> Sequence[Any]:
    columns = (Case.id, Case.public_number, Case.project_name, Case.matter, Case.authority_id, Case.company_id, Case.due_on)
    query = select(*columns).where(*found.condition, Case.id > last).order_by(Case.id).limit(BATCH)
    if hold is not Hold.NONE:
        query = query.with_for_update(skip_locked=hold is Hold.SKIP)
    return session.execute(query).all()


def _events(session: Session, case_ids: list[int]) -> Mapping[int, list[Happened]]:
    columns = (CaseEvent.case_id, CaseEvent.sequence, CaseEvent.type, CaseEvent.at, CaseEvent.actor_id, CaseEvent.data)
    rows = session.execute(select(*columns).where(CaseEvent.case_id.in_(case_ids)).order_by(CaseEvent.case_id, CaseEvent.sequence))
    return {
        case_id: [Happened(row.sequence, Event(row.type), row.at, row.actor_id, row.data) for row in group]
        for case_id, group in groupby(rows, key=lambda row: int(row.case_id))
    }


def _move(row: Any, events: Iterable[Happened], calendar: Calendar) -> Move | None:
    running = deadline(replay(events), load_catalogue().matter(row.matter), calendar)
    if running is None or running.due is None or running.due == row.due_on:
        return None
    return Move(row.id, row.public_number, row.project_name, row.authority_id, row.company_id, row.due_on, running.due)
