"""How typed forms are read, whatever they are about: values to show again, and complaints by field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from licensing.catalogue.cleaning import first_unprintable
from licensing.words import Said, say

Form = Mapping[str, str]
Values = Mapping[str, Any]
Errors = dict[str, Said]

_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)
_DATED_KEY = re.compile(r"(\d{4}-\d{2}-\d{2})_\d{1,9}", re.ASCII)
_LINE_ENDS = re.compile(r"\r\n?|\u2028|\u2029|\u0085")


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent: ``values`` are shown again as typed, ``errors`` belong to fields by their name."""

    values: Values
    errors: Errors = field(default_factory=dict)


def filled(values: Values, **complaints: Said | None) -> Filled:
    """Values with the complaints that there are."""
    return Filled(values, {name: complaint for name, complaint in complaints.items() if complaint is not None})


def typed_text(form: Form, name: str) -> str:
    """One answer in NFC, line ends in one spelling, without spaces at its ends."""
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", form.get(name, ""))).strip()


def complaint_about(text: str, when_empty: Said, limit: int) -> Said | None:
    """What is wrong with a text that goes into a letter or onto a licence, or None."""
    if not text:
        return when_empty
    if len(text) > limit:
        return say("This is too long: %(length)s characters, at most %(limit)s.", length=len(text), limit=limit)
    strange = first_unprintable(text, lines=True)
    if strange is not None:
        return say("One character here cannot be printed (U+%(code)s). Delete it.", code=f"{ord(strange):04X}")
    return None


def printable(text: str) -> str:
    """The text without what cannot be printed: a search needs no more."""
    return "".join(character for character in text.strip() if first_unprintable(character) is None)


def day_of(text: str) -> date | None:
    """The day in ISO 8601, or None."""
    try:
        return date.fromisoformat(text) if len(text) == len("2026-03-31") else None
    except ValueError:
        return None


def number_of(text: str) -> int | None:
    """The number by which an address or a form names something, or None where it names nothing."""
    return int(text) if _NUMBER.fullmatch(text) else None


def is_dated_key(text: str) -> bool:
    """Whether ``text`` is where a list in the order of days goes on: a day and a number."""
    found = _DATED_KEY.fullmatch(text)
    return found is not None and day_of(found.group(1)) is not None
