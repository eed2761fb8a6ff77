"""Messages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class Notice(Base):
    """One message to a company: an English source sentence with its facts, translated when shown; it leads to a case or to a licence."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_company", "company_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    case_id: Mapped[int | None]
    licence_id: Mapped[int | None]
    sentence: Mapped[str] = mapped_column(String(300))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    sent_at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)
