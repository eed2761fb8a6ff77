"""The ground of a licence: cream paper, a pale guilloche rosette, a braided border. Pure geometry, drawn once and kept.

Colours are solid (no transparency), so printers and PDF/A viewers agree; curves are cubic Béziers, so few points give smooth lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

PAPER = "#fdfcf8"
BLUE = "#0b4ea2"
_PALE = "#e6edf3"
_PALER = "#eef2f4"
_BRAID = "#8fb0d4"

Point = tuple[float, float]
Curve = Callable[[float], Point]


@lru_cache(maxsize=4)
def ground_svg(*, landscape: bool) -> bytes:
    """The whole A4 page (297 × 210 mm or 210 × 297 mm) as one SVG, in millimetres."""
    width, height = (297.0, 210.0) if landscape else (210.0, 297.0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}mm" height="{height:.0f}mm" viewBox="0 0 {width:.0f} {height:.0f}">'
        f'<rect width="{width:.0f}" height="{height:.0f}" fill="{PAPER}"/><g fill="none">'
        f"{_field(width, height)}{_rosette(width / 2, height / 2, min(width, height) * 0.34)}{_border(width, height)}</g></svg>"
    ).encode("ascii")


def _field(width: float, height: float) -> str:
    """Long waves over the inner page; each line is a little out of step with the one before."""
    left, right, top, bottom = 19.0, width - 19.0, 19.0, height - 19.0
    count = round((bottom - top - 12) / 7)
    paths = []
    for line in range(count + 1):
        base = top + 6 + (bottom - top - 12) * line / count
        paths.append(_smooth(_wave(left, right, base, swing=4.6, period=62, phase=line * 0.55), 14))
    return f'<path stroke="{_PALER}" stroke-width=".28" d="{"".join(paths)}"/>'


def _rosette(x: float, y: float, radius: float) -> str:
    rings = (
        # share of the radius, share of the swing, petals, strands
        (0.80, 0.20, 12, 4),
        (0.54, 0.16, 12, 3),
        (0.32, 0.11, 8, 3),
    )
    paths = []
    for share, swing, petals, strands in rings:
        for strand in range(strands):
            phase = 2 * math.pi * strand / strands
            paths.append(_smooth(_petals(x, y, radius * share, swing=radius * swing, petals=petals, phase=phase), petals * 4) + "z")
    return f'<path stroke="{_PALE}" stroke-width=".3" d="{"".join(paths)}"/>'


def _border(width: float, height: float) -> str:
    frame = "".join(
        f'<rect x="{inset}" y="{inset}" width="{width - 2 * inset}" height="{height - 2 * inset}" stroke="{BLUE}" stroke-width="{stroke}"/>'
        for inset, stroke in ((8.5, 0.9), (10.0, 0.25), (15.6, 0.25), (16.6, 0.5))
    )
    return f'<path stroke="{_BRAID}" stroke-width=".26" d="{"".join(_braids(width, height))}"/>{frame}{_corners(width, height)}'


def _braids(width: float, height: float) -> Iterator[str]:
    middle, swing, corner = 12.8, 2.15, 15.6
    for length, place in ((width, "h"), (height, "v")):
        run = length - 2 * corner
        period = run / round(run / 9)
        for far in (middle, (height if place == "h" else width) - middle):
            for strand in range(4):
                wave = _wave(corner, length - corner, far, swing=swing, period=period, phase=strand * math.pi / 2)
                yield _smooth(wave if place == "h" else _swapped(wave), round(run / period) * 3)


def _corners(width: float, height: float) -> str:
    middle, paths, squares = 12.8, [], []
    for x in (middle, width - middle):
        for y in (middle, height - middle):
            squares.append(f"M{x - 2.8:.2f} {y - 2.8:.2f}h5.6v5.6h-5.6z")
            paths += [_smooth(_petals(x, y, 1.45, swing=0.75, petals=8, phase=math.pi * strand), 32) + "z" for strand in range(2)]
    return (
        f'<path fill="{PAPER}" stroke="{BLUE}" stroke-width=".25" d="{"".join(squares)}"/>'
        f'<path stroke="{BLUE}" stroke-width=".22" d="{"".join(paths)}"/>'
    )


def _wave(left: float, right: float, base: float, *, swing: float, period: float, phase: float) -> Curve:
    return lambda t: (left + (right - left) * t, base + swing * math.sin(2 * math.pi * (right - left) * t / period + phase))


def _petals(x: float, y: float, radius: float, *, swing: float, petals: int, phase: float) -> Curve:
    def at(t: float) -> Point:
        angle = 2 * math.pi * t
        reach = radius + swing * math.sin(petals * angle + phase)
        return x + reach * math.cos(angle), y + reach * math.sin(angle)

    return at


def _swapped(curve: Curve) -> Curve:
    def at(t: float) -> Point:
        x, y = curve(t)
        return y, x

    return at


def _smooth(curve: Curve, pieces: int) -> str:
    """``curve`` over 0…1 as cubic Béziers whose tangents are the curve's own (Hermite form).

    All pieces are equally long, so each but the first mirrors the control point before it: ``S``, a point less to write and to draw.
    """
    step, tiny = 1 / pieces, 1e-5
    reach = step / tiny / 3
    (x, y), (bx, by) = curve(0), curve(tiny)
    parts = [f"M{x:.2f} {y:.2f}C{x + (bx - x) * reach:.2f} {y + (by - y) * reach:.2f} "]
    for piece in range(1, pieces + 1):
        end = piece * step
        (x, y), (ex, ey) = curve(end), curve(end - tiny)
        parts.append(f"{'S' if piece > 1 else ''}{x + (ex - x) * reach:.2f} {y + (ey - y) * reach:.2f} {x:.2f} {y:.2f}")
    return "".join(parts)
