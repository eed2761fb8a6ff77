"""Messages, the channels that people chose, and what has to leave by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from licensing.storage import Base, Moment


class Notice(Base):
    """One message: an English source sentence with its facts, translated when shown; it leads to a case, a licence or a commission.

    It goes to a company, to a post (``authority_id`` and ``role``), or to one person: exactly one of the three. ``reference`` is the
    number that names its matter outside the house.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_company", "company_id", "read_at", "id"),
        Index("ix_notice_post", "authority_id", "role", "read_at", "id"),
        Index("ix_notice_person", "person_id", "read_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    authority_id: Mapped[int | None] = mapped_column(ForeignKey("authority.id"))
    role: Mapped[str | None] = mapped_column(String(30))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    case_id: Mapped[int | None]
    licence_id: Mapped[int | None]
    commission_id: Mapped[int | None]
    reference: Mapped[str] = mapped_column(String(60), default="")
    sentence: Mapped[str] = mapped_column(String(300))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    sent_at: Mapped[datetime] = mapped_column(Moment)
    read_at: Mapped[datetime | None] = mapped_column(Moment)

    deliveries: Mapped[list[NoticeDelivery]] = relationship(back_populates="notice")


class NoticeChannel(Base):
    """Where a person wants messages besides the portal; an empty address means not there. ``language`` is ``zh`` or ``en``."""

    __tablename__ = "notice_channel"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    email: Mapped[str] = mapped_column(String(254), default="")
    phone: Mapped[str] = mapped_column(String(30), default="")
    language: Mapped[str] = mapped_column(String(5), default="zh")
    changed_at: Mapped[datetime] = mapped_column(Moment)


class NoticeDelivery(Base):
    """One message that has to leave to one person by one channel, committed with the message; ``next_try_at`` is None once it is over."""

    __tablename__ = "notice_delivery"
    __table_args__ = (UniqueConstraint("notice_id", "person_id", "channel"), Index("ix_notice_delivery_due", "next_try_at", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    channel: Mapped[str] = mapped_column(String(10))
    next_try_at: Mapped[datetime | None] = mapped_column(Moment)
    attempts: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None] = mapped_column(Moment)
    last_error: Mapped[str] = mapped_column(String(200), default="")

    notice: Mapped[Notice] = relationship(back_populates="deliveries")
