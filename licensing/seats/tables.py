"""Invitations to a seat in a company, and ends of seats."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class SeatInvitation(Base):
    """A signatory invites whoever has the account ``address`` to act for the company until ``held_until``, by a letter of authorisation.

    ``kind`` tells a colleague from an agent (经办代理). Whether such an account exists is never said. ``outcome`` and what follows it are
    empty while the invitation is open; ``seat_id`` is the seat that its acceptance made.
    """

    __tablename__ = "seat_invitation"
    __table_args__ = (Index("ix_seat_invitation_address", "address", "outcome"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    address: Mapped[str] = mapped_column(String(254))
    kind: Mapped[str] = mapped_column(String(20))
    held_until: Mapped[date]
    letter_sha256: Mapped[str] = mapped_column(String(64))
    letter_name: Mapped[str] = mapped_column(String(120))
    letter_type: Mapped[str] = mapped_column(String(60))
    invited_at: Mapped[datetime] = mapped_column(Moment)
    invited_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str] = mapped_column(String(20), default="")
    closed_at: Mapped[datetime | None] = mapped_column(Moment)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("seat.id"))


class SeatEnd(Base):
    """A signatory ended a seat; ``last_day`` is the last day on which it counted."""

    __tablename__ = "seat_end"

    id: Mapped[int] = mapped_column(primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), unique=True)
    last_day: Mapped[date]
    ended_at: Mapped[datetime] = mapped_column(Moment)
    ended_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
