"""Figures by hand: what the events of one case say, percentiles by nearest rank, and many cases summed up."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.cases.figures import Spread, last_months, measure, next_month, percentile, proof_text, proofs_text, read_proofs, spread
from licensing.cases.machine import Event, Turn
from licensing.cases.view import Happened
from licensing.catalogue import load_catalogue
from licensing.clock import load_calendar

SUBMISSION = {
    "answers": {"project": {"region": "320104"}},
    "documents": [],
    "proofs": {"factory_certificate": {"choice": "promise"}, "installation_record": {"choice": "hand_in"}},
}
ITEMS = {"items": [{"target": "project.name", "note": "x"}, {"target": "document:drawings", "note": "y"}]}
GRANT = {"recommendation": "grant", "opinion": "x"}
S, A, E = Event.SUBMITTED, Event.ACCEPTED, Event


def case(*steps: tuple[str, Event, dict[str, Any]]) -> list[Happened]:
    """Events of a case, each on a day of 2026 at 10:00 in China."""
    started = Happened(1, Event.STARTED, _at("03-01"), 7, {})
    return [started, *(Happened(place, event, _at(day), 10 + place, data) for place, (day, event, data) in enumerate(steps, start=2))]


def _at(day: str) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T02:00:00").replace(tzinfo=UTC)


def measured(*steps: tuple[str, Event, dict[str, Any]]) -> Any:
    return measure(case(*steps), load_catalogue().matter("design_review"), load_calendar())


ROAD = (("03-02", S, SUBMISSION), ("03-03", A, {}))
DECISION = (("03-12", E.DECISION_PROPOSED, {"recommendation": "refuse", "opinion": "x"}), ("03-13", E.REFUSED, {"reason": "x"}))


def test_a_draft_has_no_figures() -> None:
    assert measured() is None


def test_a_running_case_has_days_of_arrival_and_acceptance_but_no_length() -> None:
    found = measured(*ROAD)
    assert (found.received_on, found.accepted_on, found.decided_on, found.days) == (date(2026, 3, 2), date(2026, 3, 3), None, None)
    assert found.region == "320104"
    assert found.proofs == {"factory_certificate": "promised", "installation_record": "handed_in"}


def test_days_are_working_days_after_acceptance_up_to_the_decision() -> None:
    found = measured(*ROAD, *DECISION)
    # 4, 5, 6, 9, 10, 11, 12, 13 March; the 7th and the 8th are a weekend
    assert (found.decided_on, found.days, found.legal_days) == (date(2026, 3, 13), 8, 10)
    assert found.slowest is Turn.EXAMINER
    assert found.promised_days == load_catalogue().matter("design_review").promised_days


def test_days_on_which_the_clock_stood_do_not_count() -> None:
    stop = (("03-05", E.EVALUATION_COMMISSIONED, {}), ("03-10", E.EVALUATION_RECORDED, {"passed": True}))
    found = measured(*ROAD, *stop, *DECISION)
    # 4, 10, 11, 12, 13 March: it stood from the 5th to the 9th
    assert found.days == 5


def test_a_case_decided_on_the_day_it_was_accepted_took_no_day() -> None:
    assert measured(*ROAD, *((("03-03", event, data)) for _, event, data in DECISION)).days == 0


def test_most_days_with_the_approver_make_the_approver_the_slowest() -> None:
    found = measured(*ROAD, ("03-04", E.DECISION_PROPOSED, GRANT), ("03-20", E.GRANTED, {"licence_id": 1}))
    assert (found.days, found.slowest) == (13, Turn.APPROVER)


def test_silence_counts_from_the_day_of_arrival_and_says_so() -> None:
    found = measured(ROAD[0], ("03-10", E.DEEMED_ACCEPTED, {}), *DECISION)
    assert (found.silent, found.accepted_on) == (True, date(2026, 3, 2))
    # the days from the 3rd to the 10th began while intake had its turn
    assert (found.days, found.slowest) == (9, Turn.INTAKE)


def test_each_request_counts_once_and_each_item_once() -> None:
    again = (("03-03", E.CORRECTION_REQUESTED, ITEMS), ("03-04", E.CORRECTED, SUBMISSION))
    found = measured(ROAD[0], *again, ("03-05", E.CORRECTION_REQUESTED, ITEMS))
    assert found.corrections == 2
    assert found.corrected == {"project.name", "document:drawings"}


def test_a_voided_licence_takes_the_decision_back() -> None:
    granted = (("03-12", E.DECISION_PROPOSED, GRANT), ("03-13", E.GRANTED, {"licence_id": 1}))
    assert measured(*ROAD, *granted).decided_on == date(2026, 3, 13)
    assert measured(*ROAD, *granted, ("03-13", E.LICENCE_VOIDED, {"reason": "x"})).decided_on is None


@pytest.mark.parametrize("ending", [("03-04", E.WITHDRAWN, {"reason": "x"})])
def test_what_ended_without_a_decision_is_not_decided(ending: tuple[str, Event, dict[str, Any]]) -> None:
    assert measured(*ROAD, ending).decided_on is None


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7], 50, 7),
        ([1, 2], 50, 1),
        ([1, 2, 3], 50, 2),
        ([1, 2, 3, 4], 50, 2),
        (list(range(1, 11)), 90, 9),
        (list(range(1, 12)), 90, 10),
        ([5, 5, 5, 20], 90, 20),
        ([0, 0, 3], 50, 0),
        ([15, 20, 35, 40, 50], 30, 20),
        ([15, 20, 35, 40, 50], 100, 50),
    ],
)
def test_percentiles_by_hand(values: list[int], share: int, expected: int) -> None:
    assert percentile(Counter(values), share) == expected


@given(values=st.lists(st.integers(0, 300), min_size=1, max_size=200), share=st.integers(1, 100))
def test_a_percentile_is_a_value_that_enough_do_not_exceed_and_no_smaller_one_does(values: list[int], share: int) -> None:
    found = percentile(Counter(values), share)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= share * len(values)
    assert sum(value < found for value in values) * 100 < share * len(values)


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="values"):
        percentile({}, 50)


def test_a_spread_counts_late_cases_each_against_its_own_limit() -> None:
    rows = [(5, 10, 8, 6), (9, 10, 8, 2), (12, 10, 8, 1), (12, 20, 18, 1)]
    assert spread(rows) == Spread(count=10, median=5, ninetieth=12, legal=10, promised=8, late=1, beyond_promise=3)
    assert spread([]) is None


@given(st.dictionaries(st.sampled_from(["a", "b_a", "a_b", "ab"]), st.sampled_from(["promised", "handed_in"])))
def test_choices_come_back_from_their_text_and_each_is_found_in_it(proofs: dict[str, str]) -> None:
    text = proofs_text(proofs)
    assert read_proofs(text) == proofs
    for code in ("a", "b_a", "a_b", "ab"):
        for choice in ("promised", "handed_in"):
            assert (proof_text(code, choice) in text) == (proofs.get(code) == choice)


def test_twelve_months_end_with_the_present_one() -> None:
    months = last_months(date(2026, 3, 31))
    assert (months[0], months[-1], len(months)) == (date(2025, 4, 1), date(2026, 3, 1), 12)
    assert [next_month(month) for month in months[:-1]] == months[1:]
    assert next_month(date(2026, 12, 31)) == date(2027, 1, 1)
