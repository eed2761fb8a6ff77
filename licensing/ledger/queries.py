"""Reads on the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.ledger.rules import leaf_hash, root
from licensing.ledger.tables import LedgerLeaf


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a check of the whole log found; ``first_bad`` is the first position that does not hold."""

    size: int
    root: bytes
    first_bad: int | None

    @property
    def holds(self) -> bool:
        return self.first_bad is None


def leaves_about(session: Session, subject: str) -> list[LedgerLeaf]:
    return list(session.scalars(select(LedgerLeaf).where(LedgerLeaf.subject == subject).order_by(LedgerLeaf.position)))


def check(session: Session) -> LedgerReport:
    """Recompute every leaf hash and position of the log and its tree head."""
    rows = session.execute(select(LedgerLeaf.position, LedgerLeaf.entry, LedgerLeaf.leaf_hash).order_by(LedgerLeaf.position)).all()
    hashes = [row.leaf_hash for row in rows]
    first_bad = _first_bad((row.position, row.entry, row.leaf_hash) for row in rows)
    return LedgerReport(len(hashes), root(hashes), first_bad)


def _first_bad(rows: Iterable[tuple[int, bytes, bytes]]) -> int | None:
    for expected, (position, entry, stored) in enumerate(rows):
        if position != expected or leaf_hash(entry) != stored:
            return expected
    return None
