"""All English texts of the catalogue with their Chinese: the translation catalogue is completed from here, never by hand.

The English text is the key. Notice and promise texts are left out: they are legal texts, shown in both languages side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from licensing.catalogue.catalogue import Catalogue
from licensing.catalogue.loader import load_catalogue
from licensing.catalogue.model import Clause
from licensing.errors import Misconfigured
from licensing.words import say

_LEGAL_TEXTS = frozenset({"notice", "commitment"})
_PREFIX = "english_"
_CHINESE_OF = {"english": "text"}


def label_messages() -> dict[str, str]:
    """English → Chinese for every label, option, hint, note and guide text.

    Raises ``Misconfigured`` when one English text has two Chinese ones, because then one of them could never be shown.
    """
    found: dict[str, str] = {}
    for english, chinese in label_pairs(load_catalogue()):
        if found.setdefault(english, chinese) != chinese:
            raise Misconfigured(
                say("“%(english)s” means both “%(one)s” and “%(other)s”.", english=english, one=found[english], other=chinese),
                next_step=say("Give one of them another English text."),
            )
    return found


def label_pairs(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Every pair of English and Chinese text, doubles included, in the order of the data."""
    for part in (catalogue.matters, catalogue.proofs, catalogue.licence_types, catalogue.letters):
        yield from _pairs(part)


def _pairs(thing: object) -> Iterator[tuple[str, str]]:
    if isinstance(thing, tuple):
        for member in thing:
            yield from _pairs(member)
    elif is_dataclass(thing):
        yield from _own_pairs(thing)
        for member in fields(thing):
            if member.name not in _LEGAL_TEXTS:
                yield from _pairs(getattr(thing, member.name))


def _own_pairs(thing: object) -> Iterator[tuple[str, str]]:
    """Pairs by the naming of the data: ``english_x`` is the English of ``x``; in a clause ``english`` is that of ``text``."""
    if isinstance(thing, Clause):
        yield thing.english, thing.text
        return
    names = [member.name for member in fields(thing)] if is_dataclass(thing) else []
    for name in names:
        chinese = _CHINESE_OF.get(name, name.removeprefix(_PREFIX))
        if chinese != name and getattr(thing, name):
            yield getattr(thing, name), getattr(thing, chinese)
