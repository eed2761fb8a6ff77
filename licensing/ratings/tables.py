"""Ratings."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class Rating(Base):
    """How an applicant found the handling of one finished case (好差评): one for each case, never changed; a bad one is answered once.

    ``answer_due`` is the last day on which the authority answers, None where nothing has to be answered.
    """

    __tablename__ = "rating"
    __table_args__ = (Index("ix_rating_waiting", "authority_id", "answered_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), unique=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    level: Mapped[int]
    words: Mapped[str] = mapped_column(String(500))
    rated_at: Mapped[datetime] = mapped_column(Moment)
    rated_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    answer_due: Mapped[date | None]
    finding: Mapped[str] = mapped_column(String(20), default="")
    answer: Mapped[str] = mapped_column(String(1000), default="")
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
