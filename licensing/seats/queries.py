"""Reads on seats and invitations, scoped to the actor."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from licensing import policy
from licensing.clock import local_date
from licensing.parties.queries import person_names
from licensing.parties.tables import Company, Seat
from licensing.policy import Action, Actor, Role, Subject
from licensing.seats.actions import not_found
from licensing.seats.rules import Kind
from licensing.seats.tables import SeatEnd, SeatInvitation
from licensing.storage import Work, reading


@dataclass(frozen=True, slots=True)
class SeatRow:
    """One seat: whose, which role, how it came, and whether it counts today."""

    seat: Seat
    name: str
    role: Role
    kind: Kind | None
    invitation_id: int | None
    ended_by: str
    held: bool


@dataclass(frozen=True, slots=True)
class CompanySeats:
    """The seats of one company, those that count today first, and its open invitations."""

    company: Company
    seats: tuple[SeatRow, ...]
    open: tuple[SeatInvitation, ...]


def seats_of_my_companies(actor: Actor) -> tuple[CompanySeats, ...]:
    """The seats of every company for which the actor may sign."""
    mine = sorted(membership.company_id for membership in actor.memberships if membership.role is Role.SIGNATORY)
    with reading(actor) as look:
        return tuple(_seats(look, company_id) for company_id in mine)


def invitations_to(actor: Actor, address: str) -> list[tuple[SeatInvitation, Company]]:
    """The open invitations to the account in which the person is signed in, oldest first."""
    with reading(actor) as look:
        query = (
            select(SeatInvitation, Company)
            .join(Company, Company.id == SeatInvitation.company_id)
            .where(SeatInvitation.address == address, SeatInvitation.outcome == "", SeatInvitation.held_until >= local_date(look.now))
        )
        return [(invitation, company) for invitation, company in look.session.execute(query.order_by(SeatInvitation.id))]


def letter(actor: Actor, invitation_id: int) -> tuple[SeatInvitation, bytes]:
    """The letter of authorisation that came with an invitation. Raises ``NotFound`` unless the actor may sign for the company."""
    with reading(actor) as look:
        row = look.session.get(SeatInvitation, invitation_id)
        if row is None:
            raise not_found()
        policy.require(actor, Action.SEAT_READ, Subject(company_id=row.company_id, authority_id=-1), now=look.now)
        return row, look.files.get(row.letter_sha256)


def _seats(look: Work, company_id: int) -> CompanySeats:
    policy.require(look.actor, Action.SEAT_READ, Subject(company_id=company_id, authority_id=-1), now=look.now)
    query = select(Seat).where(Seat.company_id == company_id).options(joinedload(Seat.person)).order_by(Seat.id)
    seats, today = list(look.session.scalars(query)), local_date(look.now)
    invitations = list(look.session.scalars(select(SeatInvitation).where(SeatInvitation.company_id == company_id)))
    came_by = {row.seat_id: row for row in invitations if row.seat_id is not None}
    ends = look.session.scalars(select(SeatEnd).where(SeatEnd.seat_id.in_([seat.id for seat in seats])))
    ended_by = {row.seat_id: row.ended_by for row in ends}
    names = person_names(look.session, set(ended_by.values()))
    rows = [
        SeatRow(
            seat=seat,
            name=seat.person.name,
            role=Role(seat.role),
            kind=Kind(came_by[seat.id].kind) if seat.id in came_by else None,
            invitation_id=came_by[seat.id].id if seat.id in came_by else None,
            ended_by=names.get(ended_by.get(seat.id, 0), ""),
            held=seat.held_from <= today and (seat.held_until is None or seat.held_until >= today),
        )
        for seat in seats
    ]
    waiting = tuple(row for row in sorted(invitations, key=lambda row: row.id) if not row.outcome)
    return CompanySeats(look.session.get_one(Company, company_id), tuple(sorted(rows, key=lambda row: not row.held)), waiting)
