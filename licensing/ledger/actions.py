"""Append to the log, inside the transaction of what is logged."""

from __future__ import annotations

from licensing.ledger.rules import entry_bytes, leaf_hash
from licensing.ledger.tables import LedgerLeaf
from licensing.storage import Work
from licensing.storage.counters import next_value


def append(work: Work, kind: str, subject: str, digest: bytes) -> LedgerLeaf:
    """A new leaf about ``subject`` (an identifier or a case number) with the ``digest`` of what it says.

    Positions are 0, 1, 2 … without gaps, since they come from a counter row of the same transaction.
    """
    entry = entry_bytes({"at": work.now.isoformat(timespec="milliseconds"), "digest": digest.hex(), "kind": kind, "subject": subject})
    leaf = LedgerLeaf(
        position=next_value(work.session, "ledger") - 1, at=work.now, kind=kind, subject=subject, entry=entry, leaf_hash=leaf_hash(entry)
    )
    work.session.add(leaf)
    work.session.flush()
    return leaf
