"""Credit entries and what happened to them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from licensing.storage import Base, Moment


class CreditEntry(Base):
    """One entry in the credit record of a company.

    ``state``, ``sequence`` and ``updated_at`` are caches of what the events say, changed only together with them. ``ends_on`` is the
    last day on which the entry is published and, for a serious bad record, on which it has effect; a false commitment has effect until
    it is repaired (国办发〔2020〕42号).
    """

    __tablename__ = "credit_entry"
    __table_args__ = (Index("ix_credit_entry_office", "authority_id", "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    kind: Mapped[str] = mapped_column(String(30))
    source: Mapped[str] = mapped_column(String(300))
    effect: Mapped[str] = mapped_column(String(300))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))
    published: Mapped[bool]
    entered_on: Mapped[date]
    ends_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(20))
    sequence: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    events: Mapped[list[CreditEvent]] = relationship(order_by="CreditEvent.sequence", back_populates="entry")


class CreditEvent(Base):
    """What happened, in order; never changed, never deleted."""

    __tablename__ = "credit_event"
    __table_args__ = (UniqueConstraint("entry_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("credit_entry.id"))
    sequence: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    entry: Mapped[CreditEntry] = relationship(back_populates="events")
