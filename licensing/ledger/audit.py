"""The whole log against itself: every leaf, every tile, every published checkpoint and the counter, in one pass (threat G1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from licensing.ledger.notes import NoteRefused, parse_checkpoint, parse_note
from licensing.ledger.rules import Frontier, leaf_hash
from licensing.ledger.tables import LedgerCheckpoint, LedgerLeaf, LedgerTile
from licensing.ledger.tiles import HEIGHT
from licensing.storage.counters import Counter
from licensing.words import Said, say

SERIES: Final = "ledger"
"""The counter that gives out positions."""

Track = Callable[[Iterable[Any], int], Iterable[Any]]


class LedgerProblem(NamedTuple):
    """One thing that does not hold: the first position that it concerns, a stable code, a sentence."""

    position: int
    code: str
    sentence: Said


@dataclass(frozen=True, slots=True)
class LedgerReport:
    """What a check of the whole log found; ``root`` is the tree head, up to the first broken leaf when there is one.

    ``first_bad`` is the first position that does not hold, or from which nothing is proven.
    """

    size: int
    root: bytes
    problems: tuple[LedgerProblem, ...] = ()
    checkpoints: int = 0

    @property
    def first_bad(self) -> int | None:
        return min((problem.position for problem in self.problems), default=None)

    @property
    def holds(self) -> bool:
        return not self.problems


class _Leaf(NamedTuple):
    position: int
    at: datetime | str
    kind: str
    subject: str
    entry: bytes
    leaf_hash: bytes


def check(session: Session, track: Track = lambda rows, _: rows) -> LedgerReport:
    """Compute the whole log again: a second or two for 100,000 leaves.

    Leaves: no gap, the stored hash is that of the entry, and the columns say what the entry says. Tiles and checkpoints: each equals the
    tree, none is missing. Counter: the next position. Signatures need keys: ``trust.checkpoints.check_signatures``. ``track`` may show
    progress over an iterable of a known length.
    """
    return _Check(session).run(track)


class _Check:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._tree = Frontier()
        self._problems: list[LedgerProblem] = []
        rows = session.execute(select(LedgerTile.level, LedgerTile.number, LedgerTile.root))
        self._tiles: dict[tuple[int, int], bytes] = {(row.level, row.number): row.root for row in rows}
        self._checkpoints = {row.size: row for row in session.execute(_CHECKPOINTS)}
        self._proven = 0

    def run(self, track: Track) -> LedgerReport:
        length = self._session.scalar(select(func.count()).select_from(LedgerLeaf)) or 0
        with self._session.execute(_LEAVES.execution_options(yield_per=2000)) as leaves:
            broken = self._first_broken_leaf(track(leaves, length))
        if broken is None:
            self._leftovers()
            self._counter()
        else:
            self._problems.append(broken)
        return LedgerReport(length, self._tree.root(), tuple(self._problems), len(self._checkpoints))

    def _first_broken_leaf(self, leaves: Iterable[_Leaf]) -> LedgerProblem | None:
        """Compare tiles and checkpoints up to the first leaf that is not what it was; beyond it every comparison would fail."""
        try:
            for leaf in leaves:
                broken = _broken_leaf(leaf, self._tree.size)
                if broken is not None:
                    return broken
                self._compare(self._tree.add(leaf.leaf_hash))
        except (TypeError, ValueError):  # SQLite lets anything be written into any column
            return _differs(self._tree.size)
        return None

    def _compare(self, completed: list[tuple[int, int, bytes]]) -> None:
        for height, index, head in completed:
            if height % HEIGHT == 0:
                level = height // HEIGHT - 1
                if self._tiles.pop((level, index), None) != head:
                    self._add(max(self._proven, index << height), "tile-differs", _tile_differs(level, index))
        kept = self._checkpoints.get(self._tree.size)
        if kept is None:
            return
        if _says(kept.note, kept.size, kept.root) and kept.root == self._tree.root():
            self._proven = kept.size
        else:
            sentence = say("The checkpoint of size %(size)s is not the tree's.", size=kept.size)
            self._add(self._proven, "checkpoint-differs", sentence)

    def _leftovers(self) -> None:
        for level, number in sorted(self._tiles):
            self._add(number << HEIGHT * (level + 1), "tile-differs", _tile_differs(level, number))
        beyond = [size for size in sorted(self._checkpoints) if size > self._tree.size or size == 0]
        if beyond:
            sentence = say("A checkpoint of size %(size)s was published, but the log is shorter.", size=beyond[-1])
            self._add(self._tree.size, "log-shrunk", sentence)

    def _counter(self) -> None:
        value = self._session.scalar(select(Counter.value).where(Counter.series == SERIES)) or 0
        if value != self._tree.size:
            sentence = say("The counter of the log says %(value)s, but it has %(size)s entries.", value=value, size=self._tree.size)
            self._add(min(value, self._tree.size) if isinstance(value, int) else self._tree.size, "counter-differs", sentence)

    def _add(self, position: int, code: str, sentence: Said) -> None:
        self._problems.append(LedgerProblem(position, code, sentence))


# The moment as the driver gives it: one that cannot be read must concern its own leaf, not the whole batch.
_AT = type_coerce(LedgerLeaf.at, NullType()).label("at")
_LEAVES = select(LedgerLeaf.position, _AT, LedgerLeaf.kind, LedgerLeaf.subject, LedgerLeaf.entry, LedgerLeaf.leaf_hash).order_by(
    LedgerLeaf.position
)
_CHECKPOINTS = select(LedgerCheckpoint.size, LedgerCheckpoint.root, LedgerCheckpoint.note)


def _broken_leaf(leaf: _Leaf, expected: int) -> LedgerProblem | None:
    if leaf.position != expected:
        return LedgerProblem(expected, "leaf-missing", say("Entry %(position)s is missing.", position=expected))
    if leaf_hash(leaf.entry) != leaf.leaf_hash or not _fits(leaf):
        return _differs(expected)
    return None


def _differs(position: int) -> LedgerProblem:
    return LedgerProblem(position, "leaf-differs", say("Entry %(position)s was changed.", position=position))


def _fits(leaf: _Leaf) -> bool:
    """Whether the columns, by which leaves are found, say what the hashed entry says."""
    try:
        said: Any = json.loads(leaf.entry)
        return bool((said["at"], said["kind"], said["subject"]) == (_moment(leaf.at), leaf.kind, leaf.subject))
    except (ValueError, KeyError, TypeError):
        return False


def _moment(at: datetime | str) -> str:
    """The moment as an entry says it; SQLite gives it as text without its zone."""
    moment = at.astimezone(UTC) if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
    return moment.isoformat(timespec="milliseconds")


def _tile_differs(level: int, number: int) -> Said:
    return say("Tile %(number)s of level %(level)s is not the tree's.", number=number, level=level)


def _says(note: bytes, size: int, root: bytes) -> bool:
    try:
        said = parse_checkpoint(parse_note(note).text)
    except NoteRefused:
        return False
    return (said.size, said.root) == (size, root)
