"""Forms made from the catalogue: what was typed, read once; and each question as a page shows it.

A field's name in the form is its path in the answers (``project.name``, ``buildings.0.height_m``), so that an error of ``licensing``
lands beside its question without any mapping.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from licensing.cases.rules import may_change
from licensing.catalogue import load_catalogue
from licensing.catalogue.cleaning import read_date
from licensing.catalogue.field_rules import masked_id
from licensing.catalogue.model import Field, Proof, Section
from licensing.errors import FieldError
from licensing.words import Said
from portal.components import date_text, label
from portal.language import language

Form = Mapping[str, str]
Errors = Mapping[str, Said]
Row = dict[str, str]
Typed = Row | list[Mapping[str, Any]]

_ROW_NUMBER = re.compile(r"[0-9]{1,4}", re.ASCII)
FEW_OPTIONS = 4


@dataclass(frozen=True, slots=True)
class Question:
    """One field on a page: its name in the form, what is in it, what is wrong with it, and whether it may be changed now."""

    path: str
    field: Field
    value: str
    error: Said | None = None
    open: bool = True

    @property
    def kind(self) -> str:
        """How it is asked. What is no date is asked as text, so that a browser does not lose what was typed."""
        if self.field.kind == "date" and self.value and read_date(self.value) is None:
            return "text"
        return self.field.kind

    @property
    def hint(self) -> str:
        return self.field.english_hint if language() == "en" else self.field.hint

    @property
    def unit(self) -> str:
        return unit_of(self.field)

    @property
    def options(self) -> list[tuple[str, str]]:
        return [(option.code, label(option)) for option in self.field.options]

    @property
    def picks(self) -> list[tuple[str, str, None]]:
        return [(code, text, None) for code, text in self.options]

    @property
    def few(self) -> bool:
        """Whether all options are shown at once."""
        return 0 < len(self.field.options) <= FEW_OPTIONS

    @property
    def shown(self) -> str:
        return shown(self.field, self.value)


def read_section(section: Section, form: Form) -> Typed:
    """What was typed into ``section``; wholly empty rows are left out, as the catalogue leaves them out."""
    if section.repeats is None:
        return _read_row(section.code, section.fields, form)
    return [row for row in read_rows(section, form) if any(value.strip() for value in row.values())]


def read_rows(section: Section, form: Form) -> list[Row]:
    """Every row of the form in its order, empty ones too."""
    return [_read_row(f"{section.code}.{number}", section.fields, form) for number in _row_numbers(section, form)]


def read_facts(proof: Proof, form: Form) -> Row:
    """The facts typed for a promise."""
    return _read_row(proof.code, proof.facts, form)


def changed_rows(section: Section, form: Form) -> list[Row] | None:
    """The rows after a press on *add* or *remove*, which work without script; None when neither was pressed."""
    rows = read_rows(section, form)
    if "add-row" in form:
        return [*rows, {}]
    pressed = next((name.removeprefix("remove-row-") for name in form if name.startswith("remove-row-")), "")
    if not _ROW_NUMBER.fullmatch(pressed):
        return None
    return [row for number, row in zip(_row_numbers(section, form), rows, strict=True) if number != int(pressed)]


def questions(
    fields: Iterable[Field], prefix: str, values: object, errors: Errors, open_fields: Collection[str] | None = None
) -> list[Question]:
    """The questions of one row or of a section without rows; with ``open_fields`` only these may be changed."""
    row = values if isinstance(values, Mapping) else {}
    return [
        Question(
            path := f"{prefix}.{field.code}",
            field,
            str(row.get(field.code, "")),
            errors.get(path),
            open_fields is None or field.code in open_fields,
        )
        for field in fields
        if field.follows is None
    ]


def row_questions(section: Section, values: object, errors: Errors) -> list[list[Question]]:
    """The questions of every row; a section that needs rows starts with an empty one."""
    rows = list(values) if isinstance(values, list | tuple) else []
    if not rows and not section.optional:
        rows = [{}]
    return [questions(section.fields, f"{section.code}.{number}", row, errors) for number, row in enumerate(rows)]


def open_fields(section: Section, items: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """The fields of ``section`` that a correction notice opens; for a section with rows all or none."""
    named = list(items)
    return frozenset(field.code for field in section.fields if may_change(named, f"{section.code}.{field.code}"))


def complaints(missing: Iterable[FieldError]) -> dict[str, Said]:
    """The first complaint of each path."""
    found: dict[str, Said] = {}
    for error in missing:
        found.setdefault(error.path, error.sentence)
    return found


def shown(field: Field, value: Any) -> str:
    """An answer as people read it: names instead of codes, places spelled out, numbers with their unit, identity numbers masked."""
    text = str(value or "")
    if not text:
        return ""
    if field.kind == "choice":
        option = field.option(text)
        return label(option) if option else text
    if field.kind == "region":
        return load_catalogue().place_name(text)
    if field.kind == "resident_id":
        return masked_id(text)
    if field.kind == "date":
        return date_text(read_date(text)) or text
    return f"{text} {unit_of(field)}".strip()


def unit_of(field: Field) -> str:
    """The unit in the language of the page."""
    return field.english_unit if language() == "en" and field.english_unit else field.unit


@lru_cache(maxsize=1)
def places() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """All places that can be an answer, grouped by the city they lie in."""
    catalogue = load_catalogue()
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, name in sorted({**catalogue.region_names, **catalogue.zones}.items()):
        if not catalogue.regions(code):
            parent = catalogue.region_name(f"{code[:4]}00") if catalogue.has_region(f"{code[:4]}00") and not code.endswith("00") else ""
            groups.setdefault(parent, []).append((code, name))
    return tuple((group, tuple(found)) for group, found in sorted(groups.items(), key=lambda entry: not entry[0]))


def _read_row(prefix: str, fields: Iterable[Field], form: Form) -> Row:
    return {field.code: form[path] for field in fields if (path := f"{prefix}.{field.code}") in form}


def _row_numbers(section: Section, form: Form) -> list[int]:
    parts = (name.split(".") for name in form if name.startswith(f"{section.code}."))
    return sorted({int(part[1]) for part in parts if len(part) == 3 and _ROW_NUMBER.fullmatch(part[1])})
