"""The outbox: what has to be told to others is committed together with what it tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage.base import Base, Moment


class OutboxMessage(Base):
    """One message for one topic; delivered at least once, so receivers are idempotent."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_waiting", "delivered_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(500), default="")
