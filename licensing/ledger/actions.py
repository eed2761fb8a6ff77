"""Append to the log, inside the transaction of what is logged; and keep what was signed about it."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from licensing.ledger import gate, queries
from licensing.ledger.notes import Checkpoint
from licensing.ledger.rules import entry_bytes, leaf_hash, root
from licensing.ledger.tables import LedgerCheckpoint, LedgerLeaf, LedgerTile
from licensing.ledger.tiles import WIDTH
from licensing.storage import Work
from licensing.storage.counters import next_value

_WHOLE = "the log was found whole in this transaction"


def append(work: Work, kind: str, subject: str, digest: bytes) -> LedgerLeaf:
    """A new leaf about ``subject`` (an identifier or a case number) with the ``digest`` of what it says.

    Positions are 0, 1, 2 … without gaps, since they come from a counter row of the same transaction. What is written here is public.
    Raises ``Unavailable`` with the code ``register-behind`` when the log is behind its witness.
    """
    if not work.session.info.get(_WHOLE):
        gate.require_whole(work.session)
        work.session.info[_WHOLE] = True
    entry = entry_bytes({"at": work.now.isoformat(timespec="milliseconds"), "digest": digest.hex(), "kind": kind, "subject": subject})
    position = next_value(work.session, queries.SERIES) - 1
    leaf = LedgerLeaf(position=position, at=work.now, kind=kind, subject=subject, entry=entry, leaf_hash=leaf_hash(entry))
    work.session.add(leaf)
    work.session.flush()
    _fill_tiles(work.session, position + 1)
    return leaf


def keep_checkpoint(work: Work, checkpoint: Checkpoint, note: bytes) -> None:
    """Store the signed ``note`` of a checkpoint; the first one of a size stays."""
    insert = sqlite_insert if work.session.get_bind().dialect.name == "sqlite" else postgresql_insert
    row = insert(LedgerCheckpoint).values(size=checkpoint.size, at=work.now, root=checkpoint.root, note=note)
    work.session.execute(row.on_conflict_do_nothing())


def _fill_tiles(session: Session, count: int) -> None:
    """Store the head of every tile that the newest leaf filled: mostly none, each 256th time one, seldom one on each level."""
    level = 0
    while count % WIDTH == 0:
        count //= WIDTH
        hashes = queries.tile(session, level, count - 1, WIDTH)
        session.add(LedgerTile(level=level, number=count - 1, root=root(hashes)))
        session.flush()
        level += 1
