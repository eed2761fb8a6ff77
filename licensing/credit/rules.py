"""Which credit entries have effect, and whether a company may promise. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final

from licensing.catalogue.cleaning import first_unprintable
from licensing.credit.machine import FINAL, Event, State, transition
from licensing.errors import Conflict, FieldError
from licensing.words import N_, Said, say

LONGEST_REASON: Final = 1000
LONGEST_FACT: Final = 300
"""How long source and effect may be, in characters."""


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
class EntryView:
    """An entry as its events tell it: where it stands, and who did what the policy asks about."""

    state: State | None = None
    handlers: Mapping[str, int] = field(default_factory=dict)


def replay(events: Iterable[tuple[Event, int | None]]) -> EntryView:
    """Reduce events, each with who acted, to what the entry is now. Raises ``Conflict`` when one cannot follow what came before."""
    view = EntryView()
    for event, actor_id in events:
        row = transition(view.state, event)
        if row is None:
            raise moved_on()
        entered = {"enterer": actor_id} if event is Event.ENTERED and actor_id is not None else {}
        view = EntryView(row.target, {**view.handlers, **entered})
    return view


def moved_on() -> Conflict:
    """What is said to whoever comes too late."""
    return Conflict(
        say("This cannot be done any more: the entry has moved on."),
        next_step=say("Load the page again and look at the new state."),
        code="credit-moved-on",
    )


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
    """Which entry bars the promise longest, and the way back."""
    if not found.barring:
        return say("Nothing in the credit record keeps the company from promising.")
    worst = max(found.barring, key=_bars_until)
    facts = {"number": worst.number, "kind": say(KIND_NAMES[worst.kind]), "day": worst.entered_on}
    if _bars_until(worst) == date.max:
        return say("The credit record holds %(number)s (%(kind)s) of %(day)s; a promise is possible again once it is repaired.", **facts)
    return say(
        "The credit record holds %(number)s (%(kind)s) of %(day)s; a promise is possible again once it is repaired, or after %(last)s.",
        **facts,
        last=worst.ends_on,
    )


def clean(text: str) -> str:
    """What somebody wrote, in NFC and without spaces at its ends."""
    return unicodedata.normalize("NFC", text).strip()


def complaint_about(path: str, text: str, when_empty: Said, limit: int) -> FieldError | None:
    """What is wrong with a clean text that stays in the record, or None."""
    strange = first_unprintable(text, lines=True)
    if not text:
        return FieldError(path, "required", when_empty)
    if len(text) > limit:
        return FieldError(path, "text", say("At most %(limit)s characters are possible.", limit=limit))
    if strange is not None:
        return FieldError(path, "text", say("One character here cannot be printed (U+%(code)s). Delete it.", code=f"{ord(strange):04X}"))
    return None


def _bars_until(entry: Seen) -> date:
    """The last day on which a barring entry bars; the end of time where only repair ends it."""
    return entry.ends_on if entry.ends_on is not None and entry.kind is not Kind.FALSE_COMMITMENT else date.max
