"""The log as a folder of files for any web server (c2sp.org/tlog-tiles)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from licensing.ledger import kept, queries
from licensing.ledger.queries import StoredCheckpoint
from licensing.ledger.tiles import all_tiles, bundle, path_of

ENTRIES = "entries"


class TileFile(NamedTuple):
    """One file: a tile of ``level``, or a bundle of entries when that is None."""

    level: int | None
    number: int
    width: int

    @property
    def path(self) -> str:
        return f"tile/{ENTRIES if self.level is None else self.level}/{path_of(self.number, self.width)}"


def files(size: int) -> list[TileFile]:
    """Every tile and bundle of a log of ``size`` entries."""
    tiles = [TileFile(*tile) for tile in all_tiles(size)]
    return [*tiles, *(TileFile(None, tile.number, tile.width) for tile in tiles if tile.level == 0)]


def write(session: Session, checkpoint: StoredCheckpoint, folder: Path, wanted: Iterable[TileFile]) -> int:
    """Write the files that are not there yet, and at last the checkpoint, so that it never names what is missing. How many were written."""
    written = 1
    for file in wanted:
        target = folder / file.path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            kept.write(target, content(session, file))
            written += 1
    kept.write(folder / "checkpoint", checkpoint.note)
    return written


def content(session: Session, file: TileFile) -> bytes:
    """The bytes of a file; too short when the log does not have it all."""
    if file.level is None:
        return bundle(queries.entries(session, file.number, file.width))
    return b"".join(queries.tile(session, file.level, file.number, file.width))
