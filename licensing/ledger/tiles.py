"""The tree as tiles of 256 hashes: their names, and every tree head and proof computed from them alone. Pure.

A tile at level L holds the hashes of complete subtrees of 256**L leaves; so three levels carry 16 million leaves, and any proof needs
a handful of tiles, from a table or from a web server. Source: c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from licensing.ledger.rules import node_hash, root

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
LARGEST_ENTRY: Final = 0xFFFF
_PATH = re.compile(r"((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

ReadTile = Callable[[int, int, int], Sequence[bytes]]
"""``read(level, index, width)``: the first ``width`` hashes of a tile."""


class TileTree:
    """The tree of ``size`` leaves whose tiles ``read`` gives; each tile is read once.

    Reads O(log n) tiles for a head or a proof. ``height`` is 8 but in tests. ``read`` may raise what it likes; a tile that is too short
    raises ``ValueError``.
    """

    def __init__(self, size: int, read: ReadTile, *, height: int = HEIGHT) -> None:
        self.size = size
        self._read = read
        self._height = height
        self._tiles: dict[tuple[int, int], Sequence[bytes]] = {}

    def root(self, size: int | None = None) -> bytes:
        """The tree head, or that of the first ``size`` leaves (RFC 9162 2.1.1). Raises ``IndexError`` beyond the tree."""
        wanted = self.size if size is None else size
        if not 0 <= wanted <= self.size:
            raise IndexError(wanted)
        return self._range(0, wanted) if wanted else root(())

    def inclusion(self, position: int) -> list[bytes]:
        """The path that proves the leaf at ``position`` (RFC 9162 2.1.3.1). Raises ``IndexError`` outside the tree."""
        if not 0 <= position < self.size:
            raise IndexError(position)
        path, start, end = [], 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if position < middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """The path that proves the first ``old`` leaves (RFC 9162 2.1.4.1). Raises ``IndexError`` unless ``0 < old <= size``."""
        if not 0 < old <= self.size:
            raise IndexError(old)
        path, start, end = [], 0, self.size
        while end > old:
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self._range(middle, end))
                end = middle
            else:
                path.append(self._range(start, middle))
                start = middle
        if start:
            path.append(self._range(start, end))
        return path[::-1]

    def _range(self, start: int, end: int) -> bytes:
        """The head over the leaves from ``start`` to ``end``, where ``start`` is a multiple of the size of the first part."""
        count = end - start
        if count & (count - 1) == 0:
            return self._node(count.bit_length() - 1, start // count)
        middle = start + _split(count)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _node(self, bits: int, index: int) -> bytes:
        """The head of the complete subtree number ``index`` among those of ``2**bits`` leaves."""
        level, rest = divmod(bits, self._height)
        first = index << rest
        number, offset = divmod(first, 1 << self._height)
        hashes = self._tile(level, number)[offset : offset + (1 << rest)]
        return root(hashes)

    def _tile(self, level: int, index: int) -> Sequence[bytes]:
        if (level, index) not in self._tiles:
            width = tile_width(self.size, level, index, height=self._height)
            found = self._read(level, index, width)
            if len(found) != width:
                raise ValueError(f"tile {level}/{index} has {len(found)} hashes instead of {width}")
            self._tiles[level, index] = found
        return self._tiles[level, index]


def tile_width(size: int, level: int, index: int, *, height: int = HEIGHT) -> int:
    """How many hashes the tile holds in a tree of ``size`` leaves: 0 when there is no such tile, 256 when it is full."""
    return max(0, min(1 << height, (size >> height * level) - (index << height)))


def all_tiles(size: int, *, height: int = HEIGHT) -> Iterator[tuple[int, int, int]]:
    """Level, index and width of every tile of a tree of ``size`` leaves, the leaves first."""
    level = 0
    while size >> height * level:
        for index in range(-(-(size >> height * level) >> height)):
            yield level, index, tile_width(size, level, index, height=height)
        level += 1


def path_of(index: int, width: int = WIDTH) -> str:
    """The name of a tile below its level: 1234067 is ``x001/x234/067``, and a partial tile ends with ``.p/<width>``."""
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03d}")
    return "/".join(groups) + (f".p/{width}" if width < WIDTH else "")


def parse_path(path: str) -> tuple[int, int] | None:
    """Index and width that :func:`path_of` would write as ``path``; None for every other spelling."""
    found = _PATH.fullmatch(path)
    if found is None or len(path) > 60:
        return None
    index = int(found[1].replace("x", "").replace("/", ""))
    width = int(found[2]) if found[2] else WIDTH
    return (index, width) if path_of(index, width) == path else None


def split_tile(data: bytes) -> list[bytes]:
    """The hashes in the bytes of a tile. Raises ``ValueError`` when they are not a number of SHA-256 hashes."""
    if len(data) % 32:
        raise ValueError("a tile holds hashes of 32 bytes")
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries as they are served: each after its length in two bytes, big-endian. Raises ``OverflowError`` for one above 65,535 bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def split_bundle(data: bytes) -> list[bytes]:
    """The entries in a bundle. Raises ``ValueError`` when its lengths do not fit its bytes."""
    entries, start = [], 0
    while start < len(data):
        end = start + 2 + int.from_bytes(data[start : start + 2], "big")
        if end > len(data) or start + 2 > len(data):
            raise ValueError("the bundle is cut off")
        entries.append(data[start + 2 : end])
        start = end
    return entries


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1
