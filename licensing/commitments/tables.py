"""Choices and promises."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from licensing.storage import Base, Moment


class ProofChoice(Base):
    """The choice that stands now for one proof of one case; with ``commitment_id`` the promise was made."""

    __tablename__ = "proof_choice"
    __table_args__ = (UniqueConstraint("case_id", "proof"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    proof: Mapped[str] = mapped_column(String(60))
    choice: Mapped[str] = mapped_column(String(10))
    commitment_id: Mapped[int | None] = mapped_column(ForeignKey("commitment.id"))
    chosen_at: Mapped[datetime] = mapped_column(Moment)
    chosen_by: Mapped[int] = mapped_column(ForeignKey("person.id"))

    commitment: Mapped[Commitment | None] = relationship()


class Commitment(Base):
    """A promise as it was made. The stored file holds exactly what was shown and promised; nothing here is ever changed."""

    __tablename__ = "commitment"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    proof: Mapped[str] = mapped_column(String(60))
    proof_version: Mapped[int]
    notice_sha256: Mapped[str] = mapped_column(String(64))
    statement_sha256: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(60))
    promised_at: Mapped[datetime] = mapped_column(Moment)
