"""An application form on paper, blank or filled with the sample, and the specimen of what is granted: ready for the page and the PDF."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from licensing.catalogue import NO_END_DATE, Catalogue, Field, LicenceType, Matter, Option, Section, load_catalogue
from licensing.catalogue.cleaning import read_date
from licensing.catalogue.loader import load_samples
from licensing.catalogue.model import numeral
from licensing.catalogue.parts import Sample
from licensing.clock import now
from licensing.documents.engine import render_pdf
from licensing.licences.rules import valid_until

WIDE_TEXT = 200
BLANK_ROWS = 3
BLANK_DAY = "        年    月    日"
_NUMBER_PARTS = {"serial": 1, "grade": 2, "province": "10"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One question with its answer as people read it; ``picks`` are its boxes to tick, each with whether it is ticked."""

    field: Field
    value: str
    picks: tuple[tuple[Option, bool], ...] = ()

    @property
    def wide(self) -> bool:
        """Whether it needs a line of its own."""
        return bool(self.picks) or self.field.kind == "long_text" or (self.field.kind == "text" and self.field.max_length >= WIDE_TEXT)


@dataclass(frozen=True, slots=True)
class Part:
    """One section: ``lines`` of one or two cells; or, where it has rows, ``rows`` below the names of the fields, with the code lists."""

    number: str
    section: Section
    lines: tuple[tuple[Cell, ...], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def code_lists(self) -> tuple[Field, ...]:
        """The fields whose column holds codes."""
        return tuple(field for field in self.section.fields if field.options)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole form. ``sample`` is None for a blank one; ``promisable`` are the proofs that a promise may replace today."""

    matter: Matter
    parts: tuple[Part, ...]
    sample: Sample | None
    promisable: frozenset[str]

    @property
    def agent(self) -> str:
        """Who handles the application in the sample."""
        return str(_section_answers(self.sample, "synopsis").get("agent", "")) if self.sample else ""

    @property
    def day(self) -> str:
        """The day beside the seal; blank on every form, because it is written by hand."""
        return BLANK_DAY


@dataclass(frozen=True, slots=True)
class Specimen:
    """What is granted, with the answers of the sample: the licence type, its number, and the lines of its face."""

    kind: LicenceType
    number: str
    issuer: str
    issued_on: date
    valid_until: date
    rows: tuple[tuple[Any, str], ...]


def sheet(matter: Matter, promisable: frozenset[str], *, sample: bool) -> Sheet:
    """The application form of ``matter`` in the order of its sections."""
    chosen = load_samples()[matter.code] if sample else None
    parts = (_part(numeral(place), section, chosen) for place, section in enumerate(matter.sections, 1))
    return Sheet(matter, tuple(parts), chosen, promisable)


def sheet_pdf(matter: Matter, promisable: frozenset[str], *, sample: bool) -> bytes:
    """The same form as a PDF file. It is rendered once for each version of the catalogue."""
    return _pdf(load_catalogue().version, matter.code, promisable, sample)


def specimen(matter: Matter) -> Specimen | None:
    """What a granted application of ``matter`` gives, or None where nothing is granted."""
    if matter.licence_type is None:
        return None
    catalogue = load_catalogue()
    kind, sample = catalogue.licence_type(matter.licence_type), load_samples()[matter.code]
    until = valid_until(sample.issued_on, kind.valid_years) or NO_END_DATE
    number = kind.number_pattern.format(place=sample.place, year=sample.issued_on.year, **_NUMBER_PARTS)
    record = {
        "holder_name": sample.holder_name,
        "holder_uscc": sample.holder_uscc,
        "issuer_name": sample.issuer_name,
        "issued_on": day_in_words(sample.issued_on),
        "valid_until": day_in_words(until),
        "number": number,
    }
    rows = tuple((row, _face_value(row.path, matter, sample, record)) for row in kind.face)
    return Specimen(kind, number, sample.issuer_name, sample.issued_on, until, rows)


def day_in_words(day: date) -> str:
    """A day as forms and licences print it."""
    return f"{day.year}年{day.month}月{day.day}日"


@functools.lru_cache(maxsize=16)
def _pdf(version: str, code: str, promisable: frozenset[str], sample: bool) -> bytes:
    matter = load_catalogue().matter(code)
    name = hashlib.sha256(f"{version} {code} {sorted(promisable)} {sample}".encode()).digest()[:16]
    context = {"sheet": sheet(matter, promisable, sample=sample), "issued_at": now()}
    return render_pdf("forms/application.html", context, title=matter.guide.form_name.text, identifier=name)


def _part(number: str, section: Section, sample: Sample | None) -> Part:
    given = sample.answers.get(section.code) if sample else None
    if section.repeats is None:
        asked = (field for field in section.fields if field.follows is None)
        cells = tuple(_cell(field, _section_answers(sample, section.code).get(field.code, "")) for field in asked)
        return Part(number, section, lines=_lines(cells))
    answered = given if isinstance(given, tuple) else ({},) * BLANK_ROWS
    return Part(number, section, rows=tuple(tuple(row.get(field.code, "") for field in section.fields) for row in answered))


def _cell(field: Field, answer: str) -> Cell:
    if field.options:
        return Cell(field, "", tuple((option, option.code == answer) for option in field.options))
    return Cell(field, _in_words(field, answer, load_catalogue()) or (BLANK_DAY if field.kind == "date" else ""))


def _lines(cells: tuple[Cell, ...]) -> tuple[tuple[Cell, ...], ...]:
    """Cells side by side, two to a line; a wide one alone."""
    lines: list[tuple[Cell, ...]] = []
    for cell in cells:
        if lines and len(lines[-1]) == 1 and not cell.wide and not lines[-1][0].wide:
            lines[-1] = (*lines[-1], cell)
        else:
            lines.append((cell,))
    return tuple(lines)


def _in_words(field: Field, answer: str, catalogue: Catalogue) -> str:
    day = read_date(answer) if field.kind == "date" else None
    if day is not None:
        return day_in_words(day)
    if field.kind == "region" and answer:
        return catalogue.region_name(answer)
    option = field.option(answer)
    return option.name if option else answer


def _face_value(path: str, matter: Matter, sample: Sample, record: Mapping[str, str]) -> str:
    root, _, rest = path.partition(".")
    if root == "record":
        return record[rest]
    section, _, code = rest.partition(".")
    field = matter.field(rest)
    answer = _section_answers(sample, section).get(code, "")
    return f"{_in_words(field, answer, load_catalogue())}{field.unit}" if field else answer


def _section_answers(sample: Sample | None, section: str) -> Mapping[str, str]:
    given = sample.answers.get(section) if sample else None
    return given if isinstance(given, dict) else {}
