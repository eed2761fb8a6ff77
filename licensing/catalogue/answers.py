"""Are these answers in order? Pure: answers go in, errors with a path, a code and a sentence come out.

Answers are ``{section: {field: text}}``, and ``{section: [{field: text}, …]}`` where a section has rows. A path is
``section.field`` or ``section.row.field``; rows count from 0 in the order given. ``today`` is always handed in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from licensing.catalogue.cleaning import clean_text, first_unprintable, read_date, read_number
from licensing.catalogue.field_rules import field_error, label
from licensing.catalogue.loader import load_catalogue
from licensing.catalogue.model import Field, Matter, Proof, RowSpec, Section
from licensing.catalogue.parts import Answered
from licensing.errors import FieldError, Invalid, NotFound
from licensing.words import Said, say

Answers = Mapping[str, Any]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dated:
    """A date of the form: where it is, what it is called, and its day when it can be read."""

    path: str
    label: Said
    day: date | None


@dataclass(frozen=True, slots=True)
class SectionState:
    """How far one section is. A section that may stay empty is ``not_started`` with nothing ``missing``."""

    code: Literal["not_started", "incomplete", "complete"]
    missing: tuple[FieldError, ...]


def clean_answers(matter: Matter, raw: Answers) -> dict[str, Any]:
    """The answers in canonical form; unknown sections, unknown fields and wholly empty rows are dropped.

    Only sections present in ``raw`` are present in the result. Raises ``Invalid`` when a text holds a control, private-use or other
    unprintable character. Wrong answers stay as typed for ``check_answers`` to name.
    """
    cleaned: dict[str, Any] = {}
    for section in matter.sections:
        if section.code in raw:
            cleaned[section.code] = _clean_section(section, raw[section.code])
    _refuse_unprintable(error for section in matter.sections for error in _unprintable(section, cleaned.get(section.code)))
    return cleaned


def check_answers(matter: Matter, answers: Answers, *, today: date, sections: Collection[str] | None = None) -> list[FieldError]:
    """Everything that is wrong or missing in ``answers``, in the order of the form; empty when all is in order.

    With ``sections`` only these are looked at, and rules between fields only where one of their dates or their rows lie there.
    """
    wanted = [section for section in sections_asked(matter, answers) if sections is None or section.code in sections]
    errors = [error for section in wanted for error in _section_errors(section, answers.get(section.code))]
    codes = {section.code for section in wanted}
    errors.extend(_order_errors(matter, answers, codes, today))
    errors.extend(_count_errors(matter, answers, codes))
    return errors


def answer_at(answers: Answers, path: str) -> str:
    """The answer at ``section.field``; empty where there is none."""
    section, _, code = path.partition(".")
    row = answers.get(section)
    return str(row.get(code, "")) if isinstance(row, Mapping) else ""


def answered(answers: Answers, asked: Answered) -> bool:
    """Whether the question was answered so."""
    return answer_at(answers, asked.field) == asked.value


def sections_asked(matter: Matter, answers: Answers) -> tuple[Section, ...]:
    """The sections that have to be filled in with these answers, in the order of the form."""
    return tuple(section for section in matter.sections if section.when is None or answered(answers, section.when))


def rows_of(section: Section, given: object) -> Iterator[tuple[Row, str]]:
    """The rows of a section with their paths; a section without rows is its own single row."""
    if section.repeats is None:
        yield (given if isinstance(given, Mapping) else {}), section.code
        return
    for place, row in enumerate(given if isinstance(given, list | tuple) else ()):
        yield (row if isinstance(row, Mapping) else {}), f"{section.code}.{place}"


def section_state(matter: Matter, answers: Answers, section: str, *, today: date | None = None) -> SectionState:
    """How far ``section`` is, for the task list. Without ``today`` the rules that need it are left to ``check_answers``."""
    part = matter.section(section)
    if part is None:
        raise NotFound(say("There is no such part of the form."))
    given = answers.get(section)
    errors = check_answers(matter, answers, today=today or date.max, sections=[section])
    if _is_empty(part, given):
        return SectionState("not_started", () if part.optional else tuple(errors))
    return SectionState("incomplete" if errors else "complete", tuple(errors))


def clean_facts(proof: Proof, raw: Row) -> dict[str, str]:
    """The facts of a promise in canonical form. Raises ``Invalid`` when one holds an unprintable character."""
    facts = _clean_row(proof.facts, raw)
    _refuse_unprintable(_unprintable_in(proof.facts, facts, proof.code))
    return facts


def check_facts(proof: Proof, facts: Row, *, today: date, others: Mapping[str, Row] | None = None) -> list[FieldError]:
    """Everything that is wrong in the facts of a promise; ``others`` are the facts of the same case's other promises by proof code.

    Paths are ``proof.fact``. A certificate may not be dated after the installation (``date_orders`` of the proof).
    """
    errors = list(_row_errors(proof.facts, facts, proof.code))
    known = {**(others or {}), proof.code: facts}
    for order in proof.date_orders:
        earlier = _dated_fact(proof, known, order.earlier)
        later = None if order.later == "today" else _dated_fact(proof, known, order.later)
        # The person is looking at this proof, so the error stands at the date that can be changed here.
        at = earlier.path if "." in order.later else None
        errors.extend(_date_errors(earlier, later, today, at=at))
    return errors


def _dated_fact(proof: Proof, known: Mapping[str, Row], path: str) -> Dated:
    whole = path if "." in path else f"{proof.code}.{path}"
    code, _, fact = whole.partition(".")
    home = proof if code == proof.code else load_catalogue().proof(code)
    return _dated(home.fact(fact), known, whole)


def _clean_section(section: Section, given: object) -> Any:
    if section.repeats is None:
        return _clean_row(section.fields, given)
    rows = given if isinstance(given, list | tuple) else []
    cleaned = (_clean_row(section.fields, row) for row in rows)
    return [row for row in cleaned if any(row.values())]


def _clean_row(fields: tuple[Field, ...], given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    cleaned = {field.code: clean_text(field, given[field.code]) for field in fields if field.code in given}
    return cleaned | {field.code: cleaned[field.follows] for field in fields if field.follows in cleaned}


def _refuse_unprintable(errors: Iterator[FieldError]) -> None:
    found = list(errors)
    if found:
        raise Invalid(
            say("Some answers contain characters that cannot be printed."),
            found,
            next_step=say("Type these answers again instead of pasting them."),
            code="characters",
        )


def _unprintable(section: Section, given: object) -> Iterator[FieldError]:
    for row, path in rows_of(section, given):
        yield from _unprintable_in(section.fields, row, path)


def _unprintable_in(fields: tuple[Field, ...], row: Row, path: str) -> Iterator[FieldError]:
    for field in fields:
        text = str(row.get(field.code, ""))
        if first_unprintable(text, lines=field.kind == "long_text") is not None:
            error = field_error(field, text, f"{path}.{field.code}")
            if error is not None:
                yield error


def _is_empty(section: Section, given: object) -> bool:
    return not any(str(value).strip() for row, _ in rows_of(section, given) for value in row.values())


def _section_errors(section: Section, given: object) -> Iterator[FieldError]:
    if section.repeats is not None:
        yield from _row_count_errors(section, section.repeats, len(list(rows_of(section, given))))
    for row, path in rows_of(section, given):
        yield from _row_errors(section.fields, row, path)


def _row_errors(fields: tuple[Field, ...], row: Row, path: str) -> Iterator[FieldError]:
    for field in fields:
        error = field_error(field, clean_text(field, row.get(field.code, "")), f"{path}.{field.code}")
        if error is not None:
            yield error


def _row_count_errors(section: Section, rows: RowSpec, count: int) -> Iterator[FieldError]:
    name = say(section.english_name)
    if count < rows.min_rows:
        sentence = say("%(section)s: fill in at least %(limit)s rows.", section=name, limit=rows.min_rows)
        yield FieldError(section.code, "rows-too-few", sentence)
    if count > rows.max_rows:
        sentence = say("%(section)s: at most %(limit)s rows are possible.", section=name, limit=rows.max_rows)
        yield FieldError(section.code, "rows-too-many", sentence)


def _order_errors(matter: Matter, answers: Answers, sections: set[str], today: date) -> Iterator[FieldError]:
    for order in matter.date_orders:
        if {path.partition(".")[0] for path in (order.earlier, order.later)} & sections:
            yield from _date_errors(
                _dated(matter.field(order.earlier), answers, order.earlier), _later(matter, answers, order.later), today
            )


def _later(matter: Matter, answers: Answers, path: str) -> Dated | None:
    return None if path == "today" else _dated(matter.field(path), answers, path)


def _dated(field: Field | None, answers: Answers, path: str) -> Dated:
    section, _, code = path.partition(".")
    row = answers.get(section)
    text = clean_text(field, row.get(code, "")) if field is not None and isinstance(row, Mapping) else ""
    return Dated(path, say(field.english_name if field else path), read_date(text))


def _date_errors(earlier: Dated, later: Dated | None, today: date, *, at: str | None = None) -> Iterator[FieldError]:
    """``later`` None means today. Unreadable dates are named by their own fields and not again here."""
    if later is None:
        if earlier.day is not None and earlier.day > today:
            yield FieldError(earlier.path, "order-of-dates", say("%(field)s cannot be in the future.", field=earlier.label))
    elif earlier.day is not None and later.day is not None and earlier.day > later.day:
        sentence = say("%(later)s cannot be before %(earlier)s.", later=later.label, earlier=earlier.label)
        yield FieldError(at or later.path, "order-of-dates", sentence)


def _count_errors(matter: Matter, answers: Answers, sections: set[str]) -> Iterator[FieldError]:
    for rule in matter.row_counts:
        section, field = matter.section(rule.section), matter.field(rule.field)
        if section is None or field is None or rule.section not in sections:
            continue
        wanted = _given_number(field, answers, rule.field)
        rows = len(list(rows_of(section, answers.get(rule.section))))
        if wanted is None or rows in {0, wanted}:
            continue
        code = "rows-too-few" if rows < wanted else "rows-too-many"
        sentence = say(
            "%(section)s: there are %(rows)s rows, but %(field)s says %(wanted)s.",
            section=say(section.english_name),
            rows=rows,
            field=label(field),
            wanted=wanted,
        )
        yield FieldError(rule.section, code, sentence)


def _given_number(field: Field, answers: Answers, path: str) -> int | None:
    section, _, code = path.partition(".")
    row = answers.get(section)
    number = read_number(clean_text(field, row.get(code, ""))) if isinstance(row, Mapping) else None
    return None if number is None or number != number.to_integral_value() else int(number)
