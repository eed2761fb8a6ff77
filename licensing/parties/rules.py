"""Pure rules on codes and on who is responsible where."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from stdnum.cn import uscc as stdnum_uscc
from stdnum.exceptions import ValidationError

from licensing.errors import FieldError, Invalid
from licensing.words import say

LEVELS = ("national", "province", "city", "county")
"""Levels of authorities, the highest first."""
ALWAYS = date(1900, 1, 1)
"""The first day of what has no first day that matters."""
_REGION = re.compile(r"[1-9]\d{5}(-\d{2})?", re.ASCII)


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
    """Six digits in the shape of GB/T 2260; a development zone has a hyphen and two more."""
    return bool(_REGION.fullmatch(text))


@dataclass(frozen=True, slots=True)
class Rule:
    """An authority decides ``matter`` wherever the code of the region begins with ``prefix``, from one day to another (inclusive)."""

    authority_id: int
    matter: str
    prefix: str
    valid_from: date = ALWAYS
    valid_to: date | None = None

    def holds(self, matter: str, on: date) -> bool:
        return self.matter == matter and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Revision:
    """From the day ``since`` on the place with the code ``old`` has the code ``new`` (GB/T 2260)."""

    since: date
    old: str
    new: str


def code_on(region_code: str, on: date, revisions: Iterable[Revision]) -> str:
    """The code that the place has on the day ``on``; a zone moves with its host."""
    known = {revision.old: revision.new for revision in revisions if revision.since <= on}
    host, zone, seen = region_code[:6], region_code[6:], {region_code[:6]}
    while host in known and known[host] not in seen:
        host = known[host]
        seen.add(host)
    return host + zone


def responsible(matter: str, region_code: str, on: date, rules: Iterable[Rule], revisions: Iterable[Revision] = ()) -> int | None:
    """The authority that decides ``matter`` in a region on the day ``on``: the one whose prefix fits longest, or None.

    A county without an authority falls to the next level up because only the shorter prefix is there (Order 37 art. 2). Where two fit
    equally, the younger rule wins.
    """
    code = code_on(region_code, on, revisions)
    fitting = [rule for rule in rules if rule.holds(matter, on) and code.startswith(rule.prefix)]
    best = max(fitting, key=lambda rule: (len(rule.prefix), rule.valid_from), default=None)
    return best.authority_id if best else None


def subtree(parents: Mapping[int, int | None], roots: Iterable[int]) -> frozenset[int]:
    """Everything below ``roots`` in the tree that ``parents`` tells, the roots left out; a circle ends where it began."""
    below: set[int] = set()
    waiting, first = list(roots), set(roots)
    children: dict[int | None, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    while waiting:
        found = set(children.get(waiting.pop(), ())) - below - first
        below |= found
        waiting += found
    return frozenset(below)


def highest(levels: Mapping[int, str]) -> frozenset[int]:
    """Those authorities whose level is the highest that occurs; none where there are none."""
    ranks = {authority: LEVELS.index(level) if level in LEVELS else len(LEVELS) for authority, level in levels.items()}
    return frozenset(authority for authority, rank in ranks.items() if rank == min(ranks.values()))
