"""Reads on the log: its leaves, its tiles, its signed checkpoints, and every proof, in O(log n) tiles."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from licensing.errors import LeizhengError
from licensing.ledger.audit import SERIES, LedgerReport, check
from licensing.ledger.notes import Checkpoint, parse_checkpoint, parse_note
from licensing.ledger.proof_files import LogProof
from licensing.ledger.tables import LedgerCheckpoint, LedgerLeaf, LedgerTile
from licensing.ledger.tiles import WIDTH, TileTree
from licensing.words import say

__all__ = ["SERIES", "LedgerReport", "check"]


class LogDamaged(LeizhengError):
    """Rows of the log are missing; nothing about it can be proven until it is restored."""

    code = "log-damaged"
    http_status = 500


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint that was signed and published at a moment; ``note`` are the signed bytes."""

    size: int
    root: bytes
    note: bytes
    at: datetime

    @property
    def head(self) -> Checkpoint:
        """What the note says. Raises ``NoteRefused`` for a note that is none."""
        return parse_checkpoint(parse_note(self.note).text)


class LoggedFact(NamedTuple):
    """What one leaf says: that at this position of the log something of a ``kind`` has this ``digest``."""

    position: int
    kind: str
    subject: str
    digest: bytes


def size(session: Session) -> int:
    """How many leaves the log has."""
    last = session.scalar(select(func.max(LedgerLeaf.position)))
    return 0 if last is None else last + 1


def leaves(session: Session, kinds: Collection[str] | None = None) -> Iterator[LoggedFact]:
    """What the leaves say, in the order of the log, all or those of some kinds. It is read from the hashed entry, not from the columns.

    An entry that cannot be read (``check`` finds it) is given with empty fields.
    """
    query = select(LedgerLeaf.position, LedgerLeaf.entry).order_by(LedgerLeaf.position)
    with session.execute(query.execution_options(yield_per=1000)) as rows:
        for position, entry in rows:
            fact = _fact(position, entry)
            if kinds is None or fact.kind in kinds:
                yield fact


def leaves_about(session: Session, subject: str) -> list[LedgerLeaf]:
    """The leaves about exactly ``subject``, in the order of the log."""
    return list(session.scalars(select(LedgerLeaf).where(LedgerLeaf.subject == subject).order_by(LedgerLeaf.position)))


def leaves_under(session: Session, subject: str) -> list[LedgerLeaf]:
    """The leaves about ``subject`` and about its parts (``<subject>/1`` …), in the order of the log."""
    below = LedgerLeaf.subject.startswith(f"{subject}/", autoescape=True)
    return list(session.scalars(select(LedgerLeaf).where((LedgerLeaf.subject == subject) | below).order_by(LedgerLeaf.position)))


def leaf_of(session: Session, kind: str, subject: str) -> LedgerLeaf | None:
    """The first leaf of a kind about ``subject``, or None."""
    query = select(LedgerLeaf).where(LedgerLeaf.subject == subject, LedgerLeaf.kind == kind).order_by(LedgerLeaf.position)
    return session.scalars(query.limit(1)).first()


def leaf_hash_at(session: Session, position: int) -> bytes | None:
    return session.scalar(select(LedgerLeaf.leaf_hash).where(LedgerLeaf.position == position))


def latest_checkpoint(session: Session) -> StoredCheckpoint | None:
    """The largest checkpoint that was published, or None before the first one."""
    found = session.scalars(select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1)).first()
    return None if found is None else _stored(found)


def checkpoint_at(session: Session, tree_size: int) -> StoredCheckpoint | None:
    """The checkpoint of exactly this size, if one was published."""
    found = session.get(LedgerCheckpoint, tree_size)
    return None if found is None else _stored(found)


def checkpoints_since(session: Session, moment: datetime, count: int) -> bool:
    """Whether at least ``count`` checkpoints were published after ``moment``."""
    query = select(LedgerCheckpoint.at).order_by(LedgerCheckpoint.size.desc()).offset(count - 1).limit(1)
    at = session.scalar(query)
    return at is not None and at > moment


def notes(session: Session) -> list[tuple[int, bytes]]:
    """Size and signed bytes of every published checkpoint, smallest first."""
    rows = session.execute(select(LedgerCheckpoint.size, LedgerCheckpoint.note).order_by(LedgerCheckpoint.size))
    return [(row.size, row.note) for row in rows]


def tree(session: Session, tree_size: int) -> TileTree:
    """The tree over the first ``tree_size`` leaves, computed from stored hashes as it is asked.

    What it is asked raises ``LogDamaged`` when the log is shorter or a row is missing, and ``IndexError`` outside the tree.
    """

    def read(level: int, index: int, width: int) -> Sequence[bytes]:
        found = tile(session, level, index, width)
        if len(found) != width:
            raise LogDamaged(
                say("The log does not hold: tile %(index)s of level %(level)s has gaps.", index=index, level=level),
                next_step=say("An operator has to run “leizheng ledger verify” and restore the database."),
            )
        return found

    return TileTree(tree_size, read)


def root_at(session: Session, tree_size: int) -> bytes:
    """The tree head over the first ``tree_size`` leaves. Raises ``LogDamaged``."""
    return tree(session, tree_size).root()


def inclusion(session: Session, position: int, tree_size: int) -> list[bytes]:
    """The path from a leaf to the tree head at ``tree_size``. Raises ``IndexError`` or ``LogDamaged``."""
    return tree(session, tree_size).inclusion(position)


def consistency(session: Session, old: int, new: int) -> list[bytes]:
    """The path that proves that the tree of size ``new`` continues that of ``old``. Raises ``IndexError`` or ``LogDamaged``."""
    return tree(session, new).consistency(old)


def proof(session: Session, position: int, checkpoint: StoredCheckpoint) -> LogProof:
    """That the leaf at ``position`` stands under ``checkpoint``, as a file. Raises ``IndexError`` when it does not yet."""
    path = inclusion(session, position, checkpoint.size)
    return LogProof(entries(session, position // WIDTH, WIDTH)[position % WIDTH], position, tuple(path), checkpoint.note)


def tile(session: Session, level: int, index: int, width: int) -> Sequence[bytes]:
    """The first ``width`` hashes of a tile, fewer when the log has fewer."""
    first = index * WIDTH
    column, number = (LedgerLeaf.leaf_hash, LedgerLeaf.position) if level == 0 else (LedgerTile.root, LedgerTile.number)
    query = select(column).where(number >= first, number < first + width).order_by(number)
    return session.scalars(query if level == 0 else query.where(LedgerTile.level == level - 1)).all()


def entries(session: Session, index: int, width: int) -> Sequence[bytes]:
    """The first ``width`` entries of a bundle, fewer when the log has fewer."""
    first = index * WIDTH
    query = select(LedgerLeaf.entry).where(LedgerLeaf.position >= first, LedgerLeaf.position < first + width).order_by(LedgerLeaf.position)
    return session.scalars(query).all()


def _stored(row: LedgerCheckpoint) -> StoredCheckpoint:
    return StoredCheckpoint(row.size, row.root, row.note, row.at)


def _fact(position: int, entry: bytes) -> LoggedFact:
    try:
        said: Any = json.loads(entry)
        return LoggedFact(position, str(said["kind"]), str(said["subject"]), bytes.fromhex(said["digest"]))
    except (ValueError, KeyError, TypeError):
        return LoggedFact(position, "", "", b"")
