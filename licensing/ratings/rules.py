"""The five levels of a rating, which of them must be answered, and what belongs in an answer. Pure (国办发〔2019〕51号)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final

from licensing.errors import FieldError, Invalid
from licensing.words import N_, Said, say

LONGEST_WORDS: Final = 500
LONGEST_ANSWER: Final = 1000


class Level(IntEnum):
    """From 非常满意 to 非常不满意."""

    VERY_GOOD = 5
    GOOD = 4
    FAIR = 3
    BAD = 2
    VERY_BAD = 1


class Finding(StrEnum):
    """What the check of a bad rating found."""

    TRUE = "true"
    PARTLY = "partly"
    NOT_TRUE = "not_true"


LEVEL_NAMES: Mapping[Level, str] = {
    Level.VERY_GOOD: N_("Very satisfied"),
    Level.GOOD: N_("Satisfied"),
    Level.FAIR: N_("Fairly satisfied"),
    Level.BAD: N_("Dissatisfied"),
    Level.VERY_BAD: N_("Very dissatisfied"),
}
FINDING_NAMES: Mapping[Finding, str] = {
    Finding.TRUE: N_("What was criticised is so"),
    Finding.PARTLY: N_("It is so in part"),
    Finding.NOT_TRUE: N_("It was not found to be so"),
}


def is_bad(level: Level) -> bool:
    """Whether the authority has to check the rating and to answer it."""
    return level <= Level.BAD


def clean(text: str) -> str:
    """A text in NFC, without spaces at its ends and without characters that cannot be printed; line ends stay."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(character for character in plain if character == "\n" or character.isprintable()).strip()


def check_rating(level: int, words: str) -> Level:
    """The level, when the rating can be kept. Raises ``Invalid`` (``incomplete``)."""
    wrong = []
    if level not in set(Level):
        wrong.append(FieldError("level", "level", say("Choose one of the five levels.")))
    if len(words) > LONGEST_WORDS:
        wrong.append(_too_long("words", LONGEST_WORDS))
    if wrong:
        raise Invalid(say("The rating is not complete."), wrong, code="incomplete")
    return Level(level)


def check_answer(finding: str, answer: str) -> Finding:
    """The finding, when the answer can be kept. Raises ``Invalid`` (``incomplete``)."""
    wrong = []
    if finding not in set(Finding):
        wrong.append(FieldError("finding", "finding", say("Choose what the check found.")))
    if not answer:
        wrong.append(FieldError("answer", "answer", say("Write the answer.")))
    elif len(answer) > LONGEST_ANSWER:
        wrong.append(_too_long("answer", LONGEST_ANSWER))
    if wrong:
        raise Invalid(say("The answer is not complete."), wrong, code="incomplete")
    return Finding(finding)


def satisfied_share(counts: Mapping[Level, int]) -> int | None:
    """How many of a hundred were at least fairly satisfied, rounded down; None without any rating."""
    total = sum(counts.values())
    return sum(count for level, count in counts.items() if not is_bad(level)) * 100 // total if total else None


def _too_long(path: str, limit: int) -> FieldError:
    sentence: Said = say("At most %(limit)s characters are possible.", limit=limit)
    return FieldError(path, "too-long", sentence)
