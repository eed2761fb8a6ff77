"""Opinions that officers write most often, from ``opinions.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from portal.typed import Form, typed_text


@dataclass(frozen=True, slots=True)
class Opinion:
    """A ready text: ``name`` to choose by, ``text`` as it goes into a Chinese document."""

    code: str
    acts: tuple[str, ...]
    name: str
    english_name: str
    text: str
    matters: tuple[str, ...] = ()


@cache
def all_opinions() -> tuple[Opinion, ...]:
    """Every ready opinion, in the order of the file."""
    with Path(__file__).with_name("opinions.toml").open("rb") as stream:
        rows = tomllib.load(stream)["opinion"]
    return tuple(Opinion(**{**row, "acts": tuple(row["acts"]), "matters": tuple(row.get("matters", ()))}) for row in rows)


def opinions_for(act: str, matter: str) -> tuple[Opinion, ...]:
    """The opinions to choose from on the page of ``act`` in a case of ``matter``."""
    return tuple(opinion for opinion in all_opinions() if act in opinion.acts and (not opinion.matters or matter in opinion.matters))


def text_of(code: str) -> str:
    """The words of a ready opinion; empty when there is none with this code."""
    return next((opinion.text for opinion in all_opinions() if opinion.code == code), "")


def typed_or_chosen(form: Form, name: str) -> str:
    """What was typed, or else the ready text that was chosen."""
    return typed_text(form, name) or text_of(form.get("canned", ""))
