"""What the engine draws on a page besides text: each picture knows its operators, so nothing is read or fetched while a page is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, Protocol
from xml.etree import ElementTree

from weasyprint.images import SVGImage

SCHEME: Final = "asset://"


class Picture(Protocol):
    """What the renderer asks of a picture."""

    def get_intrinsic_size(self, image_resolution: float, font_size: float) -> tuple[Any, Any, Any]:
        """Width and height in pixels and their ratio."""

    def draw(self, stream: Any, concrete_width: float, concrete_height: float, style: Any) -> None:
        """Write the picture's operators for this size into ``stream``, the y axis pointing down."""


class Drawing(SVGImage):  # type: ignore[misc]
    """An SVG of solid colours whose drawing operators are kept: thousands of points are read once, not once for each page."""

    def __init__(self, content: bytes) -> None:
        super().__init__(ElementTree.fromstring(content), SCHEME, None, None)  # noqa: S314 (drawn by ourselves)
        self._kept: dict[tuple[float, float], bytes] = {}

    def draw(self, stream: Any, concrete_width: float, concrete_height: float, style: Any) -> None:
        """Write the operators for this size into ``stream``."""
        size = concrete_width, concrete_height
        if size not in self._kept:
            own = stream.clone()
            super().draw(own, *size, style)
            self._kept[size] = b"\n".join(own.stream)
        # The operators name the state of full opacity, which each document has to define.
        stream.push_state()
        stream.set_alpha(1.0)
        stream.set_alpha(1.0, stroke=True)
        stream.stream.append(self._kept[size])
        stream.pop_state()


class Modules:
    """Rows of dark modules on a white square with a margin, as a QR has them: one rectangle for each run, straight into the page."""

    def __init__(self, rows: Sequence[Sequence[bool]], margin: int) -> None:
        self.rows = rows
        self.margin = margin
        self.side = len(rows) + 2 * margin

    def get_intrinsic_size(self, image_resolution: float, font_size: float) -> tuple[int, int, int]:  # noqa: ARG002
        """One pixel for a module."""
        return self.side, self.side, 1

    def draw(self, stream: Any, concrete_width: float, concrete_height: float, style: Any) -> None:  # noqa: ARG002
        """Write the operators for this size into ``stream``."""
        rectangles = "\n".join(f"{x} {y} {length} 1 re" for x, y, length in self._runs())
        stream.push_state()
        stream.set_alpha(1.0)
        stream.transform(a=concrete_width / self.side, d=concrete_height / self.side)
        stream.stream.append(f"1 1 1 rg\n0 0 {self.side} {self.side} re f\n0 0 0 rg\n{rectangles}\nf".encode("ascii"))
        stream.pop_state()

    def _runs(self) -> Iterator[tuple[int, int, int]]:
        for y, row in enumerate(self.rows, self.margin):
            for dark, run in groupby(enumerate(row, self.margin), key=lambda cell: cell[1]):
                xs = [x for x, _ in run]
                if dark:
                    yield xs[0], y, len(xs)


@lru_cache(maxsize=64)
def drawing(svg: bytes) -> Drawing:
    """``svg`` as a picture; the same one each time, because seals and grounds stand on many pages."""
    return Drawing(svg)
