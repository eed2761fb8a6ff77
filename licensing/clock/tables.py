"""Years of the calendar that were imported here; the others are data files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class ImportedYear(Base):
    """One import of one year: the file as it was given. Never changed; the newest of a year is in force, those before it are history."""

    __tablename__ = "calendar_year"
    __table_args__ = (Index("ix_calendar_year_year", "year", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int]
    state: Mapped[str] = mapped_column(String(20))
    content: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[datetime] = mapped_column(Moment)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
