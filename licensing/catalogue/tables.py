"""Versions of proofs that officers wrote in the portal; those that came with the installation are data files."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class ProofVersion(Base):
    """One version of a proof: proposed by one person, put in force (or dropped) by another. Its content is never changed after that."""

    __tablename__ = "proof_version"
    __table_args__ = (UniqueConstraint("code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(1000))
    state: Mapped[str] = mapped_column(String(20))
    draft_version: Mapped[int]
    drafted_at: Mapped[datetime] = mapped_column(Moment)
    drafted_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    valid_from: Mapped[date | None]
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
