"""What Order 31 asks of an inspection body, each condition just met and just not met, for both grades."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from qualifying import identity_number, qualification_answers
from world import COMPANY

from licensing.catalogue import check_answers, clean_answers, load_catalogue, section_state
from licensing.catalogue.conditions import condition_errors, findings, years_after, years_before
from licensing.catalogue.loader import load_samples

DAY = date(2026, 3, 2)
MATTER = load_catalogue().matter("qualification")
Change = Callable[[dict[str, Any]], object]


def application(grade: str) -> dict[str, Any]:
    return clean_answers(MATTER, deepcopy(qualification_answers(COMPANY, grade)))


def found(answers: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error.code, error.path) for error in condition_errors(MATTER, answers, today=DAY)]


def without(title: str) -> Change:
    """One person with this title less."""

    def change(answers: dict[str, Any]) -> None:
        answers["staff"].remove(next(row for row in reversed(answers["staff"]) if row["title"] == title))

    return change


def put(section: str, field: str, value: str, row: int | None = None) -> Change:
    def change(answers: dict[str, Any]) -> None:
        (answers[section] if row is None else answers[section][row])[field] = value

    return change


@pytest.mark.parametrize("grade", ["1", "2"])
def test_whoever_just_meets_every_condition_has_no_error(grade: str) -> None:
    answers = application(grade)
    assert check_answers(MATTER, answers, today=DAY) == []
    assert found(answers) == []
    assert all(finding.met for finding in findings(MATTER, answers, today=DAY))


@pytest.mark.parametrize(
    ("grade", "change", "code", "path", "sentence"),
    [
        ("1", without("1"), "senior-titles", "staff", "Grade A needs at least 2 senior titles; the list has 1."),
        ("2", without("1"), "senior-titles", "staff", "Grade B needs at least 1 senior title; the list has 0."),
        ("1", without("2"), "intermediate-titles", "staff", "Grade A needs at least 6 intermediate titles; the list has 5."),
        ("2", without("2"), "intermediate-titles", "staff", "Grade B needs at least 3 intermediate titles; the list has 2."),
        (
            "2",
            put("staff", "title_certificate_number", "", 1),
            "title-certificates",
            "staff.1.title_certificate_number",
            "Each intermediate title needs its certificate: fill in “Number of the title certificate” of no. 2.",
        ),
        (
            "2",
            put("staff", "insured", "N", 3),
            "social-insurance",
            "staff.3.insured",
            "The social insurance of every specialist must be paid by this employer; no. 4 has: No.",
        ),
        (
            "2",
            put("staff", "employed_since", "2026-03-03", 0),
            "employed-here",
            "staff.0.employed_since",
            "Every specialist must already be employed here; no. 1 has: 2026-03-03.",
        ),
        (
            "2",
            put("staff", "id_number", identity_number(0), 2),
            "listed-once",
            "staff.2.id_number",
            "Nobody may be in the list of specialists twice; no. 3 has: 320100********0005.",
        ),
        (
            "2",
            put("technical_head", "title", "2"),
            "head-title",
            "technical_head.title",
            "The technical head must have a senior title; you answered: Intermediate.",
        ),
        (
            "1",
            put("technical_head", "years", "3"),
            "head-years",
            "technical_head.years",
            "Grade A needs a technical head with at least 4 years in inspection; you answered: 3 years.",
        ),
        (
            "2",
            put("technical_head", "years", "1"),
            "head-years",
            "technical_head.years",
            "Grade B needs a technical head with at least 2 years in design, construction or inspection; you answered: 1 years.",
        ),
        (
            "2",
            put("instruments", "valid_until", "2026-03-01", 1),
            "instruments-in-date",
            "instruments.1.valid_until",
            "Every instrument must be in date; no. 2 has: 2026-03-01.",
        ),
        (
            "2",
            put("instruments", "kind", "99", 2),
            "instrument-name",
            "instruments.2.other_name",
            "An instrument that is not listed needs its name: fill in “Name of another instrument” of no. 3.",
        ),
        (
            "1",
            put("grade_b", "since", "2023-03-03"),
            "grade-b-held",
            "grade_b.since",
            "Grade A needs grade B held for at least 3 years; you answered: 2023-03-03.",
        ),
        (
            "1",
            put("grade_b", "projects", "199"),
            "projects-done",
            "grade_b.projects",
            "Grade A needs at least 200 projects in the last three years; you answered: 199.",
        ),
        (
            "1",
            put("grade_b", "pass_rate", "89.99"),
            "pass-rate",
            "grade_b.pass_rate",
            "Grade A needs a pass rate of at least 90 per cent; you answered: 89.99 %.",
        ),
        (
            "1",
            put("grade_b", "accident", "Y"),
            "no-accident",
            "grade_b.accident",
            "Grade A needs work without an accident caused by the quality of an inspection; you answered: Yes.",
        ),
    ],
)
def test_each_condition_that_is_just_not_met_is_one_sentence(grade: str, change: Change, code: str, path: str, sentence: str) -> None:
    answers = application(grade)
    change(answers)
    [error] = condition_errors(MATTER, answers, today=DAY)
    assert (error.code, error.path, str(error.sentence)) == (code, path, sentence)
    assert [finding.condition.code for finding in findings(MATTER, answers, today=DAY) if not finding.met] == [code]


@pytest.mark.parametrize(
    "change",
    [
        put("staff", "employed_since", "2026-03-02", 0),
        put("instruments", "valid_until", "2026-03-02", 1),
        put("grade_b", "since", "2023-03-02"),
        put("staff", "title", "3", 8),
    ],
)
def test_the_last_day_counts_and_more_people_do_no_harm(change: Change) -> None:
    answers = application("1")
    answers["staff"].append({**answers["staff"][0], "id_number": identity_number(20)})
    change(answers)
    assert found(answers) == []


def test_a_missing_answer_is_named_by_the_form_and_once() -> None:
    answers = application("1")
    answers["grade_b"] = {}
    assert found(answers) == []
    missing = [error.path for error in check_answers(MATTER, answers, today=DAY)]
    assert missing == [f"grade_b.{field.code}" for field in MATTER.sections[-1].fields]
    assert not any(finding.met for finding in findings(MATTER, answers, today=DAY) if finding.condition.section == "grade_b")


def test_grade_b_is_not_asked_for_what_only_grade_a_needs() -> None:
    answers = application("2")
    assert section_state(MATTER, answers, "grade_b", today=DAY).missing == ()
    assert {finding.condition.section for finding in findings(MATTER, answers, today=DAY)}.isdisjoint({"grade_b"})


def test_the_scope_follows_from_the_grade() -> None:
    answers = clean_answers(MATTER, {"qualification": {"grade": "1", "scope": "2"}})
    assert answers["qualification"] == {"grade": "1", "scope": "1"}
    scope = MATTER.field("qualification.scope")
    assert scope is not None
    assert [option.code for option in scope.options] == ["1", "2"]
    assert "第一类、第二类、第三类" in scope.options[0].name
    assert "第一类" not in scope.options[1].name


def test_the_sample_meets_every_condition() -> None:
    sample = load_samples()["qualification"]
    answers = clean_answers(MATTER, sample.answers)
    assert check_answers(MATTER, answers, today=sample.issued_on) == []
    assert condition_errors(MATTER, answers, today=sample.issued_on) == []


def test_the_words_of_a_condition_name_the_number_that_is_needed() -> None:
    for condition in MATTER.conditions:
        if condition.minimum is not None:
            assert f" {condition.minimum} " in f"{condition.english_name} ", condition.code
            assert str(condition.minimum) in condition.name, condition.code


@pytest.mark.parametrize(
    ("number", "right"),
    [
        (identity_number(7), True),
        (identity_number(7)[:17] + "Y", False),
        ("320100198013010010", False),
        ("32010019800101001", False),
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("110105194912310021", False),
    ],
)
def test_identity_numbers_have_a_birthday_and_a_check_character(number: str, right: bool) -> None:
    answers = application("2")
    answers["staff"][0]["id_number"] = number
    answers = clean_answers(MATTER, answers)
    codes = [error.code for error in check_answers(MATTER, answers, today=DAY)]
    assert codes == ([] if right else ["resident-id"])


def test_years_end_with_the_day_before() -> None:
    assert years_before(date(2028, 2, 29), 3) == date(2025, 2, 28)
    assert years_after(date(2024, 2, 29), 3) == date(2027, 3, 1)
    for since in (date(2024, 2, 28), date(2024, 2, 29), date(2023, 3, 2)):
        ripe = years_after(since, 3)
        assert years_before(ripe, 3) >= since
        assert years_before(date.fromordinal(ripe.toordinal() - 1), 3) < since
