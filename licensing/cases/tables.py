"""Cases, their events and their documents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from licensing.storage import Base, Moment


class Case(Base):
    """One application. ``state``, ``due_on``, ``decided_on`` and ``region_code`` are caches of what the events say, changed only with them.

    ``changes_licence_id`` names the licence that a grant replaces. ``decided_on`` is the day on which the permit was granted or refused,
    and with it published; ``region_code`` is where, by GB/T 2260.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        Index("ix_case_file_worklist", "authority_id", "state", "due_on", "id"),
        Index("ix_case_file_register", "decided_on", "id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_number: Mapped[str] = mapped_column(String(40), unique=True)
    matter: Mapped[str] = mapped_column(String(40))
    catalogue_version: Mapped[str] = mapped_column(String(64))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    authority_id: Mapped[int | None] = mapped_column(ForeignKey("authority.id"))
    state: Mapped[str] = mapped_column(String(20))
    project_name: Mapped[str] = mapped_column(String(200), default="")
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    draft_version: Mapped[int] = mapped_column(default=1)
    sequence: Mapped[int] = mapped_column(default=0)
    due_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    region_code: Mapped[str] = mapped_column(String(6), default="")
    changes_licence_id: Mapped[int | None] = mapped_column(ForeignKey("licence.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))

    events: Mapped[list[CaseEvent]] = relationship(order_by="CaseEvent.sequence", back_populates="case")


class CaseEvent(Base):
    """What happened, in order; never changed, never deleted."""

    __tablename__ = "case_event"
    __table_args__ = (UniqueConstraint("case_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    sequence: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    case: Mapped[Case] = relationship(back_populates="events")


class CaseDocument(Base):
    """An uploaded file in a slot: the code of a material or of a proof. Removing hides it from the draft, never from a submission."""

    __tablename__ = "case_document"
    __table_args__ = (Index("ix_case_document_slot", "case_id", "slot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    slot: Mapped[str] = mapped_column(String(60))
    filename: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    pages: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[datetime] = mapped_column(Moment)
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    removed_at: Mapped[datetime | None] = mapped_column(Moment)


class CalendarEffect(Base):
    """A legal date that moved because a year of the calendar was imported; never changed."""

    __tablename__ = "calendar_effect"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("calendar_year.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    old_due_on: Mapped[date]
    new_due_on: Mapped[date]
