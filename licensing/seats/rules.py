"""What an invitation must say. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from licensing.errors import FieldError, Invalid
from licensing.words import N_, say

LONGEST_YEARS: Final = 5
LONGEST_ADDRESS: Final = 254


class Kind(StrEnum):
    """Whom a company lets act for it; both may fill in and hand in, neither may sign a promise."""

    COLLEAGUE = "colleague"
    AGENT = "agent"


class Outcome(StrEnum):
    """How an invitation ended; an open one has none."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


KIND_NAMES: Mapping[Kind, str] = {Kind.COLLEAGUE: N_("Colleague"), Kind.AGENT: N_("Agent")}


def check_invitation(address: str, kind: str, held_until: date | None, today: date, *, has_letter: bool) -> Kind:
    """The kind, when the invitation can be made. Raises ``Invalid`` (``incomplete``) with everything that is wrong."""
    wrong = []
    if "@" not in address.strip("@") or len(address) > LONGEST_ADDRESS:
        wrong.append(FieldError("address", "address", say("Enter the e-mail address of the person's account.")))
    if kind not in set(Kind):
        wrong.append(FieldError("kind", "kind", say("Choose whether it is a colleague or an agent.")))
    if held_until is None:
        wrong.append(FieldError("held_until", "date", say("Enter the last day, such as 2027-03-31.")))
    elif held_until <= today:
        wrong.append(FieldError("held_until", "past", say("The last day lies in the future.")))
    elif held_until.year > today.year + LONGEST_YEARS:
        wrong.append(FieldError("held_until", "too-long", say("An authorisation lasts at most %(years)s years.", years=LONGEST_YEARS)))
    if not has_letter:
        wrong.append(FieldError("letter", "letter", say("Choose the signed letter of authorisation.")))
    if wrong:
        raise Invalid(say("The invitation is not complete."), wrong, code="incomplete")
    return Kind(kind)
