"""Sentences for people, written once in English and translated at the edge.

Rules and actions run without a request and without a locale, so they never translate. They *say* a sentence with its facts; the portal
and the command line turn it into the reader's language. ``say`` and ``N_`` are the keywords by which the catalogues are extracted.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

Translate = Callable[[str], str]
_CATALOGUES = Path(__file__).resolve().parent.parent / "portal" / "translations"
_LOCALES = {"zh": "zh_Hans_CN"}


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


@lru_cache(maxsize=4)
def translator(language: str) -> Translate:
    """Turns source sentences into ``language`` (``zh`` or ``en``); English where there is no translation."""
    return gettext.translation("messages", _CATALOGUES, [_LOCALES.get(language, language)], fallback=True).gettext
