"""Pure rules on codes and on who is responsible where."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from stdnum.cn import uscc as stdnum_uscc
from stdnum.exceptions import ValidationError

from licensing.errors import FieldError, Invalid
from licensing.words import say

LEVELS = ("national", "province", "city", "county")
"""Levels of authorities, the highest first."""
_REGION = re.compile(r"[1-9]\d{5}")


def canonical_uscc(text: str) -> str:
    """The unified social credit code in its one form: NFKC, no separators, upper case (GB 32100-2015).

    Raises ``Invalid`` (code ``uscc``) when length, alphabet or check character are wrong.
    """
    code = unicodedata.normalize("NFKC", text).strip().upper().replace(" ", "").replace("-", "")
    try:
        return str(stdnum_uscc.validate(code))
    except ValidationError as error:
        sentence = say("This is not a valid unified social credit code.")
        raise Invalid(
            sentence,
            [FieldError("uscc", "uscc", sentence)],
            next_step=say("Copy all 18 characters from the business licence; the letters I, O, S, V and Z never occur."),
            code="uscc",
        ) from error


def is_region_code(text: str) -> bool:
    """Six digits in the shape of GB/T 2260."""
    return bool(_REGION.fullmatch(text))


def responsible(region_code: str, prefixes: Mapping[str, int]) -> int | None:
    """The authority whose region prefix fits ``region_code`` longest, or None.

    A county without an authority falls to the next level up because only the shorter prefix is in the table (Order 37 art. 2).
    """
    for length in range(len(region_code), 1, -1):
        if region_code[:length] in prefixes:
            return prefixes[region_code[:length]]
    return None


def highest(levels: Mapping[int, str]) -> frozenset[int]:
    """Those authorities whose level is the highest that occurs; none where there are none."""
    ranks = {authority: LEVELS.index(level) if level in LEVELS else len(LEVELS) for authority, level in levels.items()}
    return frozenset(authority for authority, rank in ranks.items() if rank == min(ranks.values()))
