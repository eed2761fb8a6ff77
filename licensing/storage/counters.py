"""Counters without gaps: a row per series, taken inside the transaction that uses the number (threat C10)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from licensing.storage.base import Base


class Counter(Base):
    """The last value given out in a series."""

    __tablename__ = "counter"

    series: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    value: Mapped[int]


def next_value(session: Session, series: str) -> int:
    """The next value of ``series``, starting at 1. The row stays locked until the transaction ends: no gaps, no twins."""
    insert = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    first = insert(Counter).values(series=series, value=1)
    upsert = first.on_conflict_do_update(index_elements=[Counter.series], set_={"value": Counter.value + 1}).returning(Counter.value)
    return int(session.execute(upsert).scalar_one())


def upcoming_value(session: Session, series: str) -> int:
    """The value that :func:`next_value` would give now; whoever builds on it checks that it did."""
    return (session.scalar(sa.select(Counter.value).where(Counter.series == series)) or 0) + 1
