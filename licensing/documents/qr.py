"""The QR of a licence (profile LZ1, a link whose last part is one long decimal number) and of a letter (a short link)."""

from __future__ import annotations

from dataclasses import dataclass

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData

from licensing.documents.pictures import Modules
from licensing.errors import Invalid
from licensing.words import say

QUIET_ZONE = 4
LARGEST_VERSION = 13
_SMALL_UP_TO = 11


@dataclass(frozen=True, slots=True)
class Qr:
    """A drawn QR: its picture, symbol version, side length on paper in millimetres with its quiet zone."""

    picture: Modules
    version: int
    millimetres: int


def draw_qr(prefix: str, digits: str) -> Qr:
    """Draw ``prefix`` + ``digits`` as one symbol: byte segment, numeric segment, level M, four modules of quiet zone.

    Up to version 11 it is 25 mm wide, versions 12 and 13 are 30 mm: then a module keeps 0.36 mm and a phone reads it at arm's length.
    Errors: ``Invalid`` ``qr-too-large`` above version 13, ``qr-not-digits``. Source: profile LZ1; ISO/IEC 18004.
    """
    if not (digits.isascii() and digits.isdigit() and prefix.isascii()):
        raise Invalid(say("The QR needs a plain link and decimal digits."), code="qr-not-digits")
    return _drawn(QRData(prefix.encode("ascii"), mode=MODE_8BIT_BYTE), QRData(digits.encode("ascii"), mode=MODE_NUMBER))


def draw_link(link: str) -> Qr:
    """Draw a short link as one symbol, level M, four modules of quiet zone. Errors: as :func:`draw_qr`; the link is plain ASCII."""
    return _drawn(QRData(link.encode("ascii"), mode=MODE_8BIT_BYTE))


def _drawn(*parts: QRData) -> Qr:
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    for part in parts:
        code.add_data(part, optimize=0)
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
    rows = [[bool(dark) for dark in row] for row in code.get_matrix()]
    return Qr(Modules(rows, QUIET_ZONE), version, 25 if version <= _SMALL_UP_TO else 30)
