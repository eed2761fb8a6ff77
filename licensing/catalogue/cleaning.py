"""One form for each kind of answer: what was typed becomes canonical text. Pure.

Cleaning never judges: text that cannot be read stays as typed, so that the person sees it again beside the error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from licensing.catalogue.model import Field

_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,9})?", re.ASCII)
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", re.ASCII)
_PLAIN_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029|\u0085")
_CJK_PLANES = range(0x20000, 0x3FFFE)


def clean_text(field: Field, raw: object) -> str:
    """The canonical text of one answer: NFC, without spaces at the ends, numbers and dates in their one spelling.

    Dates become ``2026-03-31``, numbers lose grouping and idle zeros. Anything but text or a plain number counts as empty.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal | date):
        return ""
    text = unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", str(raw))).strip()
    return _CLEANERS.get(field.kind, str)(text)


def first_unprintable(text: str, *, lines: bool = False) -> str | None:
    """The first character that no letter or licence may carry, or None.

    Control, format (bidirectional overrides, zero-width), private-use, surrogate and unassigned characters are refused; a new line
    is allowed where ``lines`` is true. Rare characters newer than this Python's tables, in the ideographic planes, pass.
    """
    for character in text:
        if lines and character == "\n":
            continue
        category = unicodedata.category(character)
        if category in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}:
            return character
        if category == "Cn" and ord(character) not in _CJK_PLANES:
            return character
    return None


def read_number(text: str) -> Decimal | None:
    """The decimal number in canonical text, or None."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def read_date(text: str) -> date | None:
    """The day in canonical text, or None."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _clean_number(text: str) -> str:
    plain = _narrow(text)
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    number = read_number(plain)
    if number is None:
        return text
    return "0" if number == 0 else format(number.normalize(), "f")


def _clean_date(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text)
    match = _DATE.fullmatch(plain) or _PLAIN_DATE.fullmatch(plain)
    if match is None:
        return text
    canonical = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}"
    return canonical if read_date(canonical) else text


def _clean_code(text: str) -> str:
    return _narrow(text).upper()


def _clean_licence_number(text: str) -> str:
    return text.translate({0xFF08: "(", 0xFF09: ")"}).replace(" ", "").replace("\u3000", "")


def _narrow(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


_CLEANERS: Mapping[str, Callable[[str], str]] = {
    "integer": _clean_number,
    "decimal": _clean_number,
    "date": _clean_date,
    "uscc": lambda text: _clean_code(text).replace("-", ""),
    "phone": _narrow,
    "postcode": _narrow,
    "region": _narrow,
    "resident_id": _clean_code,
    "licence_number": _clean_licence_number,
}
