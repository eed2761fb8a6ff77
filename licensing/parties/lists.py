"""The authorities that exist and the revisions of region codes, as the data files tell them."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from licensing.errors import Misconfigured
from licensing.parties.rules import ALWAYS, Revision, canonical_uscc, is_region_code
from licensing.words import say

DATA = Path(__file__).parent / "data"
AUTHORITIES = DATA / "authorities.toml"
LEVELS = ("province", "city", "county")
_COVERED = {"province": 2, "city": 4, "county": None}
_TEXTS = ("english_name", "place", "phone", "address", "uscc")


@dataclass(frozen=True, slots=True)
class Listed:
    """One authority of a list. ``parent`` is the code of the level above; ``uncertain`` marks what is to be checked before use."""

    code: str
    name: str
    level: str
    region: str
    parent: str | None
    prefixes: tuple[str, ...]
    matters: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    english_name: str = ""
    place: str = ""
    phone: str = ""
    address: str = ""
    uscc: str = ""
    uncertain: bool = False


@functools.cache
def revisions() -> tuple[Revision, ...]:
    """How region codes changed, oldest first."""
    raw = tomllib.loads((DATA / "revisions.toml").read_text(encoding="utf-8"))
    return tuple(Revision(row["since"], row["old"], row["new"]) for row in raw["revision"])


@functools.cache
def listed() -> tuple[Listed, ...]:
    """The authorities of the list that ships, each after the one above it."""
    return read_authorities(AUTHORITIES)


def read_authorities(path: Path) -> tuple[Listed, ...]:
    """The authorities in a file, higher levels first. Raises ``Misconfigured`` (``authorities-file``) naming what is wrong."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(path, str(error)) from error
    try:
        found = [_listed(row, raw["matters"]) for row in raw["authority"]]
    except (KeyError, TypeError, AttributeError) as error:
        raise _wrong(path, f"{type(error).__name__}: {error}") from error
    for one in found:
        reason = _fault(one)
        if reason:
            raise _wrong(path, f"{one.code}: {reason}")
    codes = [one.code for one in found]
    if len(set(codes)) != len(codes):
        raise _wrong(path, "a code is there twice")
    return tuple(sorted(found, key=lambda one: (LEVELS.index(one.level), one.code)))


def _listed(row: dict[str, Any], matters: dict[str, list[str]]) -> Listed:
    code, level = str(row["code"]), str(row["level"])
    region = str(row.get("region", code))
    return Listed(
        code=code,
        name=str(row["name"]),
        level=level,
        region=region,
        parent=row.get("parent"),
        prefixes=tuple(row.get("prefixes", (region[: _COVERED[level]],))),
        matters=tuple(row.get("matters", matters[level])),
        valid_from=row.get("valid_from", ALWAYS),
        valid_to=row.get("valid_to"),
        uncertain=bool(row.get("uncertain", False)),
        **{name: str(row.get(name, "")) for name in _TEXTS},
    )


def _fault(one: Listed) -> str:
    if not one.name or not is_region_code(one.region):
        return "name and region are needed; a region has six digits"
    if one.level not in LEVELS:
        return "the level is province, city or county"
    if one.uscc:
        canonical_uscc(one.uscc)
    return ""


def _wrong(path: Path, reason: str) -> Misconfigured:
    return Misconfigured(
        say("The list of authorities %(file)s cannot be used: %(reason)s", file=path.name, reason=reason),
        next_step=say("Correct the file and import it again."),
        code="authorities-file",
    )
