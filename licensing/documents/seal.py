"""The electronic seal as a drawing: red ring, star, name on an arc. Its characters are outlines, so they never mix into extracted text."""

from __future__ import annotations

import math
from functools import lru_cache
from threading import Lock
from typing import Any

from fontTools.misc.transform import Transform
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen

from licensing.documents.fonts import FALLBACKS, SERIF, find_font, open_font
from licensing.errors import Invalid
from licensing.words import say

RED = "#c8102e"
DIAMETER_MM = 42
LONGEST_NAME = 30
LONGEST_BELOW = 12

_CENTRE = 50.0
_ARC_RADIUS = 36.2  # to the middle of the characters
_EM = 11.6
_WIDEST_SPAN = math.radians(262)
_STEP_WISHED = math.radians(25)

# A font unpacks its glyphs when they are first drawn, which two threads must not do to one glyph.
_one_at_a_time = Lock()


@lru_cache(maxsize=256)
def seal_svg(name: str, below: str = "") -> bytes:
    """A round seal, 42 mm across: ``name`` on the arc, a star, ``below`` in one line under it (for example 行政审批专用章).

    Errors: ``Invalid`` ``seal-text`` when the text is empty or too long, ``glyph-missing`` when a character has no outline.
    """
    if not name or len(name) > LONGEST_NAME or len(below) > LONGEST_BELOW:
        raise Invalid(say("The text of a seal has 1 to 30 characters on the arc and at most 12 below."), code="seal-text")
    with _one_at_a_time:
        path = "".join([*_on_arc(name), *_in_line(below)])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="42mm" height="42mm">'
        f'<circle cx="50" cy="50" r="47.6" fill="none" stroke="{RED}" stroke-width="2.7"/>'
        f'<g fill="{RED}"><path d="{_star(13.6 if below else 15.2, 47.0 if below else 50.5)}"/><path d="{path}"/></g></svg>'
    ).encode("ascii")


def _on_arc(name: str) -> list[str]:
    count = len(name)
    step = min(_STEP_WISHED, _WIDEST_SPAN / max(count - 1, 1))
    # Real seals narrow their characters instead of shrinking them; keep a gap of a tenth.
    room = step * (_ARC_RADIUS - _EM / 2) * 0.98
    width = min(0.86, room / _EM)
    height = 1.12 if width > 0.5 else 0.95
    paths = []
    for index, character in enumerate(name):
        angle = (index - (count - 1) / 2) * step
        at = Transform().translate(_CENTRE + _ARC_RADIUS * math.sin(angle), _CENTRE - _ARC_RADIUS * math.cos(angle)).rotate(angle)
        paths.append(_outline(character, at.scale(width, height), _EM))
    return paths


def _in_line(text: str) -> list[str]:
    if not text:
        return []
    em = min(8.2, 50 / len(text))
    start = _CENTRE - em * (len(text) - 1) / 2
    return [
        _outline(character, Transform().translate(start + em * index, 77.5).scale(0.94, 1.05), em) for index, character in enumerate(text)
    ]


def _star(radius: float, centre_y: float) -> str:
    points = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.382
        angle = math.pi * corner / 5
        points.append(f"{_CENTRE + reach * math.sin(angle):.2f} {centre_y - reach * math.cos(angle):.2f}")
    return f"M{'L'.join(points)}z"


def _outline(character: str, at: Transform, em: float) -> str:
    glyphs, glyph, units = _glyph(character)
    bounds = BoundsPen(glyphs)
    glyph.draw(bounds)
    if bounds.bounds is None:
        return ""
    left, bottom, right, top = bounds.bounds
    # Full-width characters keep their em box; narrow ones (Latin, digits) are centred by their ink.
    middle_x = units / 2 if glyph.width >= units * 0.9 else (left + right) / 2
    middle_y = units * 0.38 if glyph.width >= units * 0.9 else (bottom + top) / 2
    pen = SVGPathPen(glyphs, ntos=lambda number: f"{number:.2f}".rstrip("0").rstrip("."))
    glyph.draw(TransformPen(pen, at.scale(em / units, -em / units).translate(-middle_x, -middle_y)))
    return str(pen.getCommands())


def _glyph(character: str) -> tuple[Any, Any, int]:
    for family in (SERIF, *FALLBACKS):
        if find_font(family, bold=True) is None:
            continue
        glyphs, names, units = _font(family)
        if ord(character) in names:
            return glyphs, glyphs[names[ord(character)]], units
    raise Invalid(
        say("The character %(character)s of the seal cannot be drawn.", character=f"U+{ord(character):04X}"),
        next_step=say("Check the name of the authority in its register entry."),
        code="glyph-missing",
    )


@lru_cache(maxsize=4)
def _font(family: str) -> tuple[Any, dict[int, str], int]:
    font = open_font(family, bold=True)
    return font.getGlyphSet(), font.getBestCmap(), int(font["head"].unitsPerEm)
