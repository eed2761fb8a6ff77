"""Whether invitations and ends of seats are still what was done, and the seats still what they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.parties.tables import Seat
from licensing.policy import Role
from licensing.seats.actions import CLOSED_LEAF, END_LEAF, LATER, LEAF
from licensing.seats.tables import SeatEnd, SeatInvitation
from licensing.words import say


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the seats that companies gave and ended; nothing when all is well."""
    invitations = list(session.scalars(select(SeatInvitation).order_by(SeatInvitation.id)))
    ends = list(session.scalars(select(SeatEnd).order_by(SeatEnd.id)))
    yield from unaccounted(session, {LEAF, CLOSED_LEAF, END_LEAF}, _facts(invitations, ends))
    last_days = {row.seat_id: row.last_day for row in ends}
    for row in invitations:
        if row.seat_id is not None and not _agrees(session, row, last_days):
            yield _differs(row.seat_id)
    for seat_id, last_day in last_days.items():
        seat = session.get(Seat, seat_id)
        if seat is None or seat.held_until != last_day:
            yield _differs(seat_id)


def _facts(invitations: list[SeatInvitation], ends: list[SeatEnd]) -> Iterator[Fact]:
    for row in invitations:
        yield Fact(LEAF, str(row.id), row_digest(row, without=LATER))
        if any(getattr(row, name) for name in LATER):
            yield Fact(CLOSED_LEAF, str(row.id), row_digest(row))
    for end in ends:
        yield Fact(END_LEAF, str(end.id), row_digest(end))


def _agrees(session: Session, row: SeatInvitation, last_days: dict[int, date]) -> bool:
    seat = session.get(Seat, row.seat_id)
    if seat is None:
        return False
    until = last_days.get(seat.id, row.held_until)
    return (seat.company_id, seat.person_id, seat.role, seat.held_until) == (row.company_id, row.closed_by, Role.APPLICANT, until)


def _differs(seat_id: int) -> Problem:
    return Problem(f"seat {seat_id}", "seat-differs", say("A seat in a company is not what its invitation and its end say."))
