"""Before and after the legal date: the cards that warn 预警, and the reasons for which a decision may be late. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from licensing.words import N_, Said, say


class Card(StrEnum):
    """How a case that runs out of time is marked 黄牌 红牌."""

    YELLOW = "yellow"
    RED = "red"


class Reason(StrEnum):
    """Why a decision was late; the list is closed, so that reasons can be counted."""

    WAITED_FOR_OTHERS = "waited_for_others"
    EXTENDED_LATE = "extended_late"
    SYSTEM_FAILURE = "system_failure"
    STAFF_SHORTAGE = "staff_shortage"
    DIFFICULT_CASE = "difficult_case"
    DISASTER = "disaster"
    OVERLOOKED = "overlooked"


REASON_NAMES: Mapping[Reason, str] = {
    Reason.WAITED_FOR_OTHERS: N_("Another authority or body answered late"),
    Reason.EXTENDED_LATE: N_("The extension was approved too late"),
    Reason.SYSTEM_FAILURE: N_("The system did not work"),
    Reason.STAFF_SHORTAGE: N_("Too few people were on duty"),
    Reason.DIFFICULT_CASE: N_("The case was unusually difficult"),
    Reason.DISASTER: N_("Disaster relief went first"),
    Reason.OVERLOOKED: N_("The case was overlooked"),
}

THRESHOLDS: Final = ((Card.RED, 1), (Card.YELLOW, 3))
"""A card is shown from so many working days left on, the strictest first; 0 is the last day itself."""


def card_for(left: int | None) -> Card | None:
    """The card of a case with ``left`` working days, negative when late; None while there is time, and while the clock stands."""
    if left is None:
        return None
    return next((card for card, days in THRESHOLDS if left <= days), None)


def needs_reason(due: date | None, decided_on: date) -> bool:
    """Whether a decision on ``decided_on`` has to say why it is late. While the clock stands nothing is late."""
    return due is not None and decided_on > due


def late_words(kept: Mapping[str, str]) -> Said:
    """What is said about a decision that was late, from what its event kept."""
    return say("Later than the legal date %(due)s: %(reason)s", due=kept["due_on"], reason=say(REASON_NAMES[Reason(kept["reason"])]))


def reason_from(code: str) -> Reason | None:
    """The reason with this code, or None when the list has none."""
    return Reason(code) if code in set(Reason) else None
