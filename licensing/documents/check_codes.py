"""Numbers and check codes that are printed on papers, and how people type them. Pure."""

from __future__ import annotations

import re
import secrets
import unicodedata

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
