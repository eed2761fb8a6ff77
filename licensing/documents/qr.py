"""The QR of a licence: profile LZ1, a link whose last part is one long decimal number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

from licensing.errors import Invalid
from licensing.words import say

QUIET_ZONE = 4
LARGEST_VERSION = 13
_SMALL_UP_TO = 11


@dataclass(frozen=True, slots=True)
class Qr:
    """A drawn QR: SVG bytes, symbol version, side length on paper in millimetres with its quiet zone."""

    svg: bytes
    version: int
    millimetres: int


def qr_svg(prefix: str, digits: str) -> Qr:
    """Draw ``prefix`` + ``digits`` as one symbol: byte segment, numeric segment, level M, four modules of quiet zone.

    Up to version 11 it is 25 mm wide, versions 12 and 13 are 30 mm: then a module keeps 0.36 mm and a phone reads it at arm's length.
    Errors: ``Invalid`` ``qr-too-large`` above version 13, ``qr-not-digits``. Source: profile LZ1; ISO/IEC 18004.
    """
    if not (digits.isascii() and digits.isdigit() and prefix.isascii()):
        raise Invalid(say("The QR needs a plain link and decimal digits."), code="qr-not-digits")
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(QRData(prefix.encode("ascii"), mode=MODE_8BIT_BYTE), optimize=0)
    code.add_data(QRData(digits.encode("ascii"), mode=MODE_NUMBER), optimize=0)
    try:
        code.make(fit=True)
        version = int(code.version)
    except ValueError:  # more than any symbol can hold
        version = 41
    if version > LARGEST_VERSION:
        raise Invalid(
            say("The QR of this licence would be too dense to read (version %(version)s).", version=version),
            next_step=say("Shorten the project or holder name in the QR record; the full text stays bound by the record digest."),
            code="qr-too-large",
        )
    return Qr(_svg(code.get_matrix()), version, 25 if version <= _SMALL_UP_TO else 30)


def _svg(matrix: list[list[bool | None]]) -> bytes:
    # Strokes along the middle of each row: a third of the points that outlines would need, and every point costs time when drawn.
    side = len(matrix) + 2 * QUIET_ZONE
    path = "".join(_row(y + QUIET_ZONE, row) for y, row in enumerate(matrix))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path stroke="#000" stroke-width="1" d="{path}"/></svg>'
    ).encode("ascii")


def _row(y: int, row: list[bool | None]) -> str:
    strokes = []
    for dark, run in groupby(enumerate(row), key=lambda cell: bool(cell[1])):
        xs = [x for x, _ in run]
        if dark:
            strokes.append(f"M{xs[0] + QUIET_ZONE} {y}.5h{len(xs)}")
    return "".join(strokes)
