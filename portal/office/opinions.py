"""Opinions that officers write most often, from ``opinions.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from string import Formatter

from licensing.cases.queries import CasePage
from licensing.cases.submission import printed_answers
from portal.typed import Form, typed_text


@dataclass(frozen=True, slots=True)
class Opinion:
    """A ready text: ``name`` to choose by, ``text`` as it goes into a Chinese document, with places such as ``{project}``."""

    code: str
    acts: tuple[str, ...]
    name: str
    english_name: str
    text: str
    matters: tuple[str, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """The facts that the text names."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.text) if name)


@cache
def all_opinions() -> tuple[Opinion, ...]:
    """Every ready opinion, in the order of the file."""
    with Path(__file__).with_name("opinions.toml").open("rb") as stream:
        rows = tomllib.load(stream)["opinion"]
    return tuple(Opinion(**{**row, "acts": tuple(row["acts"]), "matters": tuple(row.get("matters", ()))}) for row in rows)


def opinions_for(act: str, matter: str, facts: Mapping[str, str] | None = None) -> tuple[Opinion, ...]:
    """The opinions to choose from on the page of ``act`` in a case of ``matter``, their places filled with its ``facts``.

    One that needs a fact which the case does not have is left out.
    """
    fitting = (opinion for opinion in all_opinions() if act in opinion.acts and (not opinion.matters or matter in opinion.matters))
    known = facts or {}
    return tuple(replace(opinion, text=opinion.text.format_map(known)) for opinion in fitting if all(map(known.get, opinion.places)))


def text_of(code: str, facts: Mapping[str, str] | None = None) -> str:
    """The words of a ready opinion with the ``facts`` in their places; empty when there is none with this code, or a fact is missing."""
    found = next((opinion for opinion in all_opinions() if opinion.code == code), None)
    known = facts or {}
    return found.text.format_map(known) if found is not None and all(map(known.get, found.places)) else ""


def typed_or_chosen(form: Form, name: str, facts: Mapping[str, str] | None = None) -> str:
    """What was typed, or else the ready text that was chosen."""
    return typed_text(form, name) or text_of(form.get("canned", ""), facts)


def case_facts(page: CasePage) -> dict[str, str]:
    """The facts of a case that a ready text may name, as they are printed; what the case does not have is empty."""
    latest = page.view.submissions[-1].answers if page.view.submissions else page.case.answers
    printed: Mapping[str, str] = printed_answers(page.matter, latest).get("project") or {}
    evaluation = page.view.evaluation or {}
    return {
        "project": page.case.project_name,
        "applicant": page.company.name,
        "case_number": page.case.public_number,
        "address": printed.get("address", ""),
        "approval_number": printed.get("design_approval_number", ""),
        "lightning_class": printed.get("lightning_class", ""),
        "body": str(evaluation.get("body", "")),
        "report_number": str(evaluation.get("report_number", "")),
    }
