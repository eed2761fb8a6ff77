"""Proceedings about licences, and their events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from licensing.storage import Base, Moment


class Proceeding(Base):
    """One request of a holder (``asked``) or one act of an authority on its own motion.

    ``state``, ``due_on`` (the last day to answer a notice) and ``slot`` are caches of what the events say, changed only together with
    them. ``slot`` is empty once it ended: a licence has at most one open request and one open act of the authority.
    """

    __tablename__ = "proceeding"
    __table_args__ = (
        Index("ix_proceeding_state", "authority_id", "state"),
        Index("ix_proceeding_licence", "licence_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    licence_id: Mapped[int] = mapped_column(ForeignKey("licence.id"))
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"), index=True)
    operation: Mapped[str] = mapped_column(String(30))
    asked: Mapped[bool]
    state: Mapped[str] = mapped_column(String(20))
    slot: Mapped[str | None] = mapped_column(String(40), unique=True)
    sequence: Mapped[int]
    due_on: Mapped[date | None]
    version_id: Mapped[int | None] = mapped_column(ForeignKey("licence.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    events: Mapped[list[ProceedingEvent]] = relationship(order_by="ProceedingEvent.sequence", back_populates="proceeding")


class ProceedingEvent(Base):
    """What happened, in order; never changed, never deleted."""

    __tablename__ = "proceeding_event"
    __table_args__ = (UniqueConstraint("proceeding_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proceeding_id: Mapped[int] = mapped_column(ForeignKey("proceeding.id"))
    sequence: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    proceeding: Mapped[Proceeding] = relationship(back_populates="events")
