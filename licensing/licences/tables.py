"""The register of licences."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class Licence(Base):
    """One version of a licence and what became of it. ``record`` is canonical and never changes after the intent.

    ``origin`` is the operation that made this version, ``sequence`` the number of its events; status and what belongs to it change only
    together with an event.
    """

    __tablename__ = "licence"
    __table_args__ = (
        UniqueConstraint("authority_id", "type", "year", "serial", "version"),
        Index("uq_licence_status_index", "authority_id", "status_index", unique=True),
        Index("ix_licence_holder", "holder_code", "type"),
        Index("ix_licence_register", "authority_id", "id"),
        Index("ix_licence_ending", "status", "valid_until"),
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
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(30))
    status_reason: Mapped[str] = mapped_column(String(500), default="")
    status_since: Mapped[datetime] = mapped_column(Moment)
    sequence: Mapped[int] = mapped_column(default=0)
    origin: Mapped[str] = mapped_column(String(30), default="issue")
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("licence.id"))
    successor_id: Mapped[int | None] = mapped_column(ForeignKey("licence.id"))
    record: Mapped[bytes] = mapped_column(LargeBinary)
    record_sha256: Mapped[str] = mapped_column(String(64))
    prepared_sha256: Mapped[str | None] = mapped_column(String(64))
    qr_text: Mapped[str | None] = mapped_column(String(1400))
    file_sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)


class LicenceEvent(Base):
    """What happened to a licence, in order; never changed, never deleted."""

    __tablename__ = "licence_event"
    __table_args__ = (UniqueConstraint("licence_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    licence_id: Mapped[int] = mapped_column(ForeignKey("licence.id"))
    sequence: Mapped[int]
    operation: Mapped[str] = mapped_column(String(30))
    source: Mapped[str] = mapped_column(String(30))
    target: Mapped[str] = mapped_column(String(30))
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class StatusListToken(Base):
    """One signed status list of an authority. The newest one counts; the others are the history and stay."""

    __tablename__ = "status_list_token"
    __table_args__ = (Index("ix_status_list_token_newest", "authority_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    issued_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    cwt: Mapped[bytes] = mapped_column(LargeBinary)
    jwt: Mapped[str] = mapped_column(Text)
