"""Limits that protect, counted in the database so that they hold over all processes (design 7)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from licensing.policy import SYSTEM
from licensing.storage import unit_of_work
from portal.accounts.tables import RateCount


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``times`` in ``seconds``, counted for ``scope``."""

    scope: str
    times: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """Whether one more was allowed, and if not, after how many seconds."""

    allowed: bool
    retry_after: int = 0

    def __bool__(self) -> bool:
        return self.allowed


LOGIN_ACCOUNT_AND_ADDRESS = Limit("login-account-address", 5, 15 * 60)
LOGIN_ACCOUNT = Limit("login-account", 20, 15 * 60)
LOGIN_ADDRESS = Limit("login-address", 60, 15 * 60)
SECOND_FACTOR = Limit("second-factor", 6, 5 * 60)


def hit(*counted: tuple[Limit, str]) -> Allowance:
    """Count one try against each (limit, key) and say whether all of them still allow it.

    One committed transaction; keys are stored hashed. Every try counts, also one that is refused, so concurrent guesses cannot slip by.
    """
    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(RateCount).where(RateCount.ends_at < work.now))
        insert = postgresql.insert if work.session.get_bind().dialect.name == "postgresql" else sqlite.insert
        waits = []
        for limit, key in sorted(counted, key=lambda pair: pair[0].scope):
            window = int(work.now.timestamp()) // limit.seconds
            ends_at = datetime.fromtimestamp((window + 1) * limit.seconds, UTC)
            row = insert(RateCount).values(scope=limit.scope, key_hash=_hashed(key), window=window, count=1, ends_at=ends_at)
            row = row.on_conflict_do_update(index_elements=["scope", "key_hash", "window"], set_={"count": RateCount.count + 1})
            count = work.session.execute(row.returning(RateCount.count)).scalar_one()
            if count > limit.times:
                waits.append((ends_at - work.now) / timedelta(seconds=1))
    return Allowance(not waits, int(max(waits, default=0)) + 1 if waits else 0)


def forget(*counted: tuple[Limit, str]) -> None:
    """Clear the counters of what ended well."""
    with unit_of_work(SYSTEM) as work:
        for limit, key in counted:
            work.session.execute(delete(RateCount).where(RateCount.scope == limit.scope, RateCount.key_hash == _hashed(key)))


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
