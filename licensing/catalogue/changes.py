"""What one version of a proof says otherwise than another. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, fields

from licensing.catalogue.model import Clause, Field, Proof


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs between two versions, as pieces in order: ``=`` kept, ``-`` gone, ``+`` new."""

    part: str
    pieces: tuple[tuple[str, str], ...]


def differences(old: Proof, new: Proof) -> tuple[Change, ...]:
    """What the new version says otherwise, part by part; nothing for equal texts. Number and first day are left out."""
    before, after = _parts(old), _parts(new)
    order = dict.fromkeys((*before, *after))
    changed = ((part, before.get(part, ""), after.get(part, "")) for part in order)
    return tuple(Change(part, tuple(_pieces(one, other))) for part, one, other in changed if one != other)


def _parts(proof: Proof) -> dict[str, str]:
    """Everything a version says, as texts by the path of each part."""
    found: dict[str, str] = {}
    for member in fields(proof):
        if member.name in ("version", "valid_from"):
            continue
        found |= dict(_texts(member.name, getattr(proof, member.name)))
    return found


def _texts(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Clause):
        yield path, f"{value.text}\n{value.english}"
    elif isinstance(value, Field):
        said = (value.name, value.english_name, value.kind, value.required, value.personal, value.hint, value.english_hint)
        yield path, " · ".join(map(str, said))
    elif isinstance(value, tuple):
        for place, member in enumerate(value, start=1):
            yield from _texts(f"{path}.{member.code if isinstance(member, Field) else place}", member)
    elif value is not None:
        yield path, str(value)


def _pieces(old: str, new: str) -> Iterator[tuple[str, str]]:
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield "=", old[a:b]
            continue
        if b > a:
            yield "-", old[a:b]
        if d > c:
            yield "+", new[c:d]
