"""Sentences for people, written once in English and translated at the edge.

Rules and actions run without a request and without a locale, so they never translate. They *say* a sentence with its facts; the portal
and the command line turn it into the reader's language. ``say`` and ``N_`` are the keywords by which the catalogues are extracted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Translate = Callable[[str], str]


def N_(text: str) -> str:
    """Mark ``text`` for translation without translating it."""
    return text


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence and the facts that fill it; facts may themselves be ``Said``."""

    text: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def in_words(self, translate: Translate = str) -> str:
        """The sentence in the language of ``translate``."""
        facts = {name: fact.in_words(translate) if isinstance(fact, Said) else fact for name, fact in self.facts.items()}
        return translate(self.text) % facts if facts else translate(self.text)

    def __str__(self) -> str:
        return self.in_words()


def say(text: str, **facts: Any) -> Said:
    """A sentence with ``%(name)s`` places for its facts."""
    return Said(text, facts)
