"""Which characters the faces can show. A licence with an empty box instead of a rare name character must never be signed."""

from __future__ import annotations

import subprocess
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz
from fontTools.ttLib import TTFont

from licensing.errors import Invalid, Misconfigured
from licensing.words import say

SERIF = "Noto Serif CJK SC"
SANS = "Noto Sans CJK SC"
FALLBACKS = ("HanaMinA", "HanaMinB")
FAMILIES = (SERIF, SANS, *FALLBACKS)

COMMON = "Leizheng Serif"
"""``SERIF`` with the common characters alone; what it lacks is taken from ``SERIF`` itself."""

_SIGNS = ((0x20, 0x17F), (0x2000, 0x206F), (0x2100, 0x210F), (0x2460, 0x2473), (0x3000, 0x302F), (0xFF00, 0xFFEF))
_LAYOUT_ONLY = frozenset(" \n\r\t")
# Private use has no agreed glyph; control, format and direction characters let paper and extracted text disagree.
_NEVER = frozenset({"Co", "Cs", "Cn", "Cc", "Cf", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class FontFile:
    """One font of a file: its path and its number inside a collection."""

    path: str
    number: int


@lru_cache(maxsize=16)
def find_font(family: str, *, bold: bool = False) -> FontFile | None:
    """The file that fontconfig uses for ``family``, or None when it would use another family instead."""
    pattern = f"{family}:{'bold' if bold else 'regular'}"
    try:
        found = subprocess.run(
            ["fc-match", "--format", "%{family}\n%{file}\n%{index}", pattern], capture_output=True, text=True, timeout=30, check=True
        ).stdout.split("\n")
    except (OSError, subprocess.SubprocessError):
        return None
    names, path, index = found[0].split(","), found[1], int(found[2])
    return FontFile(path, index & 0xFFFF) if family in names else None


def open_font(family: str, *, bold: bool = False) -> TTFont:
    """The font itself, tables read as they are needed. Errors: ``Misconfigured`` ``font-missing``."""
    font = _installed(family, bold=bold)
    return TTFont(font.path, fontNumber=font.number, lazy=True)


def _installed(family: str, *, bold: bool) -> FontFile:
    font = find_font(family, bold=bold)
    if font is None:
        raise Misconfigured(
            say("The font %(family)s is not installed.", family=family),
            next_step=say("Install the packages fonts-noto-cjk and fonts-hanazono, then run “leizheng doctor”."),
            code="font-missing",
        )
    return font


def common_font(*, bold: bool = False) -> bytes:
    """``SERIF`` cut down to GB 2312, Latin and the signs of forms: about 2.5 MB instead of 25 MB.

    A page takes its glyphs out of a font that is a tenth as large: it is written in half the time, and its file is a third as long.
    Errors: ``Misconfigured`` ``font-missing``.
    """
    font = _installed(SERIF, bold=bold)
    wanted = uharfbuzz.SubsetInput()
    wanted.unicode_set.update(ord(character) for character in _common_characters())
    # What lays out other scripts and vertical text is most of what would be left.
    wanted.drop_table_tag_set.update(int.from_bytes(tag, "big") for tag in (b"BASE", b"GPOS", b"GSUB", b"VORG"))
    whole = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(font.path), font.number)
    return bytes(uharfbuzz.subset(whole, wanted).blob.data)


def _common_characters() -> str:
    signs = "".join(chr(point) for first, last in _SIGNS for point in range(first, last + 1))
    rows = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return signs + b"".join(rows).decode("gb2312", errors="ignore")


@lru_cache(maxsize=16)
def coverage(family: str) -> frozenset[int]:
    """The code points that ``family`` has a glyph for; empty when the family is not installed."""
    if find_font(family) is None:
        return frozenset()
    with open_font(family) as font:
        return frozenset(font.getBestCmap())


def missing_glyphs(text: str) -> frozenset[str]:
    """The characters of ``text`` that no face font can show, together with those that may never stand on a face."""
    wanted = set(text) - _LAYOUT_ONLY
    refused = {character for character in wanted if unicodedata.category(character) in _NEVER}
    open_question = wanted - refused
    for family in FAMILIES:
        if not open_question:
            break
        covered = coverage(family)
        open_question = {character for character in open_question if ord(character) not in covered}
    return frozenset(refused | open_question)


def require_glyphs(text: str) -> None:
    """Pass when every character of ``text`` can be shown. Errors: ``Invalid`` ``glyph-missing`` naming the characters."""
    missing = sorted(missing_glyphs(text))
    if missing:
        raise Invalid(
            say("These characters cannot be printed: %(characters)s.", characters=", ".join(_named(character) for character in missing)),
            next_step=say("Replace them by the standard character (GB 18030), or ask the operator to add a font that has them."),
            code="glyph-missing",
        )


def shown(text: str) -> str:
    """``text`` with a box in place of every character that cannot be printed, for papers that list what others wrote."""
    missing = missing_glyphs(text)
    return "".join("□" if character in missing else character for character in text)


def _named(character: str) -> str:
    visible = unicodedata.category(character) not in _NEVER
    code = f"U+{ord(character):04X}"
    return f"{character} ({code})" if visible else code
