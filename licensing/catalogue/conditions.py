"""Does the applicant meet what the law asks? Pure: answers go in, each condition comes out with what was found.

A condition is judged by its answers alone; whether these are true is for the officer to see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from licensing.catalogue.answers import Answers, Row, answered, rows_of
from licensing.catalogue.cleaning import clean_text, read_date, read_number
from licensing.catalogue.field_rules import label, spoken
from licensing.catalogue.model import Field, Matter
from licensing.catalogue.parts import Condition
from licensing.errors import FieldError
from licensing.words import Said, say


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition that counts for these answers: whether it is met, what was found, and an error for each answer that is in its way.

    A missing answer that the form asks for anyway is named by the form and not again here.
    """

    condition: Condition
    met: bool
    found: Said | str
    errors: tuple[FieldError, ...]


def findings(matter: Matter, answers: Answers, *, today: date) -> tuple[Finding, ...]:
    """Every condition of ``matter`` that counts for ``answers``, in the order of the data. ``today`` is the day of the application."""
    counting = (one for one in matter.conditions if _counts(matter, one, answers))
    return tuple(_counted(matter, one, answers) if one.kind == "count" else _judged(matter, one, answers, today) for one in counting)


def condition_errors(matter: Matter, answers: Answers, *, today: date) -> list[FieldError]:
    """What keeps the applicant from meeting the conditions, each at the answer that says so."""
    return [error for finding in findings(matter, answers, today=today) for error in finding.errors]


def years_before(day: date, years: int) -> date:
    """The same day ``years`` earlier; the 29th of February becomes the 28th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def years_after(day: date, years: int) -> date:
    """The first day on which ``years`` have passed since ``day``."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def _counts(matter: Matter, condition: Condition, answers: Answers) -> bool:
    if condition.when is not None and not answered(answers, condition.when):
        return False
    return (
        condition.kind == "count" or condition.where is None or any(_fits(condition, row) for row, _ in _rows(matter, condition, answers))
    )


def _counted(matter: Matter, condition: Condition, answers: Answers) -> Finding:
    count = sum(_fits(condition, row) for row, _ in _rows(matter, condition, answers))
    met = count >= (condition.minimum or 0)
    sentence = say("%(condition)s; the list has %(found)s.", condition=say(condition.english_name), found=count)
    errors = () if met else (FieldError(condition.section, condition.code, sentence),)
    return Finding(condition, met, say("The list has %(found)s.", found=count), errors)


def _judged(matter: Matter, condition: Condition, answers: Answers, today: date) -> Finding:
    field, section = matter.field(condition.path), matter.section(condition.section)
    if field is None or section is None:
        raise KeyError(condition.path)
    rows = [(row, path) for row, path in _rows(matter, condition, answers) if _fits(condition, row)]
    texts = [clean_text(field, row.get(field.code, "")) for row, _ in rows]
    seen = set[str]()
    failed = []
    for text, (_, path) in zip(texts, rows, strict=True):
        if not _HOLDS[condition.kind](condition, text, today) or (condition.kind == "distinct" and text in seen):
            failed.append((text, f"{path}.{field.code}"))
        seen.add(text)
    errors = [_error(condition, field, text, path, rows=section.repeats is not None) for text, path in failed if text or not field.required]
    if section.repeats is None:
        found = spoken(field, texts[0]) if texts[0] else say("Not answered yet.")
    else:
        found = say("In order: %(count)s of %(total)s.", count=len(texts) - len(failed), total=len(texts))
    return Finding(condition, bool(rows) and not failed, found, tuple(errors))


def _error(condition: Condition, field: Field, text: str, path: str, *, rows: bool) -> FieldError:
    asked, found = say(condition.english_name), spoken(field, text)
    row = int(path.split(".")[1]) + 1 if rows else 0
    if rows and text:
        sentence = say("%(condition)s; no. %(row)s has: %(found)s.", condition=asked, row=row, found=found)
    elif rows:
        sentence = say("%(condition)s: fill in “%(field)s” of no. %(row)s.", condition=asked, field=label(field), row=row)
    elif text:
        sentence = say("%(condition)s; you answered: %(found)s.", condition=asked, found=found)
    else:
        sentence = say("%(condition)s: fill in “%(field)s”.", condition=asked, field=label(field))
    return FieldError(path, condition.code, sentence)


def _rows(matter: Matter, condition: Condition, answers: Answers) -> list[tuple[Row, str]]:
    section = matter.section(condition.section)
    return list(rows_of(section, answers.get(section.code))) if section is not None else []


def _fits(condition: Condition, row: Row) -> bool:
    return condition.where is None or str(row.get(condition.where.field, "")) == condition.where.value


def _at_least(condition: Condition, text: str, _today: date) -> bool:
    number = read_number(text)
    return number is not None and condition.minimum is not None and number >= condition.minimum


def _equals(condition: Condition, text: str, _today: date) -> bool:
    return text == condition.value


def _held_for(condition: Condition, text: str, today: date) -> bool:
    day = read_date(text)
    return day is not None and day <= years_before(today, int(condition.minimum or 0))


def _not_before_today(_condition: Condition, text: str, today: date) -> bool:
    day = read_date(text)
    return day is not None and day >= today


def _not_after_today(_condition: Condition, text: str, today: date) -> bool:
    day = read_date(text)
    return day is not None and day <= today


def _given(_condition: Condition, text: str, _today: date) -> bool:
    return bool(text)


_HOLDS: Mapping[str, Callable[[Condition, str, date], Any]] = {
    "at_least": _at_least,
    "equals": _equals,
    "held_for": _held_for,
    "not_before_today": _not_before_today,
    "not_after_today": _not_after_today,
    "given": _given,
    "distinct": _given,
}
