"""What of a message leaves the house, and when a delivery that failed is tried again. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from licensing.words import Said, Translate, say

LANGUAGES = ("zh", "en")
OUTSIDE_FACTS = frozenset({"number", "renewed", "count", "due", "day", "old", "new", "year"})
"""The facts of a sentence that may leave the house; in the place of every other one stands the number of the matter."""

WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 3 * 60, 6 * 60, 12 * 60))
"""How long to wait after the first, the second … failure. After one more there is no further try."""

_PHONE = re.compile(r"1[3-9]\d{9}")


class Channel(StrEnum):
    """A way out of the portal."""

    EMAIL = "email"
    SMS = "sms"


def canonical_phone(text: str) -> str:
    """A mobile number of the mainland as eleven digits; empty when it is none."""
    digits = re.sub(r"[\s\-()（）]", "", text)
    digits = digits.removeprefix("+86").removeprefix("0086")
    return digits if digits.isascii() and _PHONE.fullmatch(digits) else ""


def next_try(failures: int, now: datetime) -> datetime | None:
    """When to try again after so many failures; None when it is given up."""
    return now + WAITS[failures - 1] if failures <= len(WAITS) else None


def outside(sentence: str, facts: Mapping[str, Any], reference: str, translate: Translate) -> str:
    """The sentence as it may leave the house: no name, no free text, only numbers and days (security 1.4)."""
    plain = {name: fact if name in OUTSIDE_FACTS else reference or "—" for name, fact in facts.items()}
    return Said(sentence, plain).in_words(translate)


def subject_line(reference: str, translate: Translate) -> str:
    """The subject of an e-mail."""
    said = say("Leizheng: a message about %(reference)s", reference=reference) if reference else say("Leizheng: a message for you")
    return said.in_words(translate)


def mail_text(words: str, link: str, translate: Translate) -> str:
    """The text of an e-mail: what happened, where to read it, and why it came."""
    where = say("Read it in the portal: %(link)s", link=link).in_words(translate)
    why = say("You receive this because you chose e-mail in your account. Answers to this address are not read.").in_words(translate)
    return f"{words}\n\n{where}\n\n{why}\n"


def short_text(words: str, link: str, translate: Translate) -> str:
    """The text of a short message."""
    return say("[Leizheng] %(words)s %(link)s", words=words, link=link).in_words(translate)
