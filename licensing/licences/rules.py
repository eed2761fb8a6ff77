"""Pure rules of numbers, check codes and validity."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import date

CHECK_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
LONGEST_NUMBER = 60
LONGEST_TYPED = 200
_CHECK_CODE = re.compile(f"[{CHECK_ALPHABET}]{{8}}")
_BRACKETS = str.maketrans("（）【】〔〕[]﹝﹞", "()()()()()")
_SPACES = re.compile(r"\s+")


def new_check_code() -> str:
    """A random short code such as ``7K3F-9QWD``: 8 characters of a 30-letter alphabet without look-alikes, 39 bits."""
    code = "".join(secrets.choice(CHECK_ALPHABET) for _ in range(8))
    return f"{code[:4]}-{code[4:]}"


def canonical_check_code(text: str) -> str:
    """The code as printed, from what a person typed: width, case, spaces and hyphen do not matter; empty when it cannot be one."""
    code = re.sub(r"[\s\-—–_]", "", unicodedata.normalize("NFKC", text[:LONGEST_TYPED])).upper()
    return f"{code[:4]}-{code[4:]}" if _CHECK_CODE.fullmatch(code) else ""


def canonical_number(text: str) -> str:
    """A licence number as issued, from what a person typed: brackets of any kind, full-width digits and spaces do not matter.

    Empty when it cannot be one: too long, or with characters that are not printed.
    """
    spaceless = _SPACES.sub("", unicodedata.normalize("NFKC", text[:LONGEST_TYPED].translate(_BRACKETS)).translate(_BRACKETS))
    plain = unicodedata.normalize("NFC", spaceless)
    return plain if len(plain) <= LONGEST_NUMBER and plain.isprintable() else ""


def valid_until(issued_on: date, years: int | None) -> date | None:
    """The last day of validity: the day before the anniversary; None when the type has no end date (domain T18)."""
    if years is None:
        return None
    try:
        anniversary = issued_on.replace(year=issued_on.year + years)
    except ValueError:
        return date(issued_on.year + years, 2, 28)
    return date.fromordinal(anniversary.toordinal() - 1)
