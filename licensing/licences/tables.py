"""The register of licences."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class Licence(Base):
    """One licence number and what became of it. ``record`` is canonical and never changes after the intent."""

    __tablename__ = "licence"
    __table_args__ = (
        UniqueConstraint("authority_id", "type", "year", "serial", "version"),
        Index("ix_licence_holder", "holder_code", "type"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int | None] = mapped_column(index=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    type: Mapped[str] = mapped_column(String(40))
    year: Mapped[int]
    serial: Mapped[int]
    version: Mapped[int]
    number: Mapped[str] = mapped_column(String(60), index=True)
    identifier: Mapped[str] = mapped_column(String(120), unique=True)
    holder: Mapped[str] = mapped_column(String(200))
    holder_code: Mapped[str] = mapped_column(String(30))
    project: Mapped[str | None] = mapped_column(String(200))
    check_code: Mapped[str] = mapped_column(String(9))
    status_index: Mapped[int]
    issued_on: Mapped[date]
    valid_until: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(30))
    status_reason: Mapped[str] = mapped_column(String(500), default="")
    status_since: Mapped[datetime] = mapped_column(Moment)
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("licence.id"))
    record: Mapped[bytes] = mapped_column(LargeBinary)
    record_sha256: Mapped[str] = mapped_column(String(64))
    prepared_sha256: Mapped[str | None] = mapped_column(String(64))
    qr_text: Mapped[str | None] = mapped_column(String(1400))
    file_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
