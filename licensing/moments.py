"""The time: the only place that asks the machine for it. Moments are aware and in UTC, days are dates in China."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
_rehearsed: ContextVar[datetime | None] = ContextVar("rehearsed", default=None)


def now() -> datetime:
    """This moment, aware, in UTC."""
    return _rehearsed.get() or datetime.now(UTC)


@contextmanager
def rehearse(moment: datetime) -> Iterator[None]:
    """Let this thread live at ``moment``: the demo world grows its past with it. No request and no job ever does."""
    token = _rehearsed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _rehearsed.reset(token)


def today() -> date:
    """The date in China at this moment."""
    return local_date(now())


def local_date(moment: datetime) -> date:
    """The date in China at ``moment``. Raises ``ValueError`` for a moment without a zone: it could be either of two days."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(CHINA).date()
