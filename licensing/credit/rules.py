"""Which credit entries have effect, and whether a company may promise. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from licensing.credit.machine import FINAL, State
from licensing.words import N_, Said, say


class Kind(StrEnum):
    """What an entry is about."""

    FALSE_COMMITMENT = "false_commitment"
    SERIOUS_BAD_RECORD = "serious_bad_record"
    OTHER = "other"


KIND_NAMES: Mapping[Kind, str] = {
    Kind.FALSE_COMMITMENT: N_("Untrue promise"),
    Kind.SERIOUS_BAD_RECORD: N_("Serious bad credit record"),
    Kind.OTHER: N_("Other breach"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One entry as a check saw it."""

    number: str
    kind: Kind
    state: State
    entered_on: date
    ends_on: date | None

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, to be kept."""
        return {
            "number": self.number,
            "kind": str(self.kind),
            "state": str(self.state),
            "entered_on": self.entered_on.isoformat(),
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
        }


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Whether a company may promise: all that was seen, and what bars it."""

    seen: tuple[Seen, ...]
    barring: tuple[Seen, ...]

    @property
    def allowed(self) -> bool:
        return not self.barring


def bars_promises(entry: Seen, today: date) -> bool:
    """Whether ``entry`` keeps its company from promising on ``today``.

    An untrue promise does so until it is repaired or removed, a serious bad record also no longer than its last day (国办发〔2020〕42号).
    A pending objection or repair changes nothing yet.
    """
    if entry.state in FINAL or entry.kind is Kind.OTHER:
        return False
    return entry.kind is Kind.FALSE_COMMITMENT or entry.ends_on is None or today <= entry.ends_on


def eligibility(entries: Iterable[Seen], today: date) -> Eligibility:
    """Whether a company with these entries may promise on ``today`` (domain 8.1.5)."""
    seen = tuple(entries)
    return Eligibility(seen, tuple(entry for entry in seen if bars_promises(entry, today)))


def explain_bar(found: Eligibility) -> Said:
    """Which entry bars the promise, and the way back."""
    if not found.barring:
        return say("Nothing in the credit record keeps the company from promising.")
    first = found.barring[0]
    return say(
        "The credit record holds %(number)s (%(kind)s) of %(day)s; a promise is possible again once it is repaired.",
        number=first.number,
        kind=say(KIND_NAMES[first.kind]),
        day=first.entered_on,
    )
