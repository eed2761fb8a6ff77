"""What the report of a verification must hold, method by method."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from licensing.commitments.findings import Ground, complaints
from licensing.commitments.rules import Result

SITE = Ground("site", ("model", "maker"), promised_on=date(2026, 3, 2), today=date(2026, 3, 6))
SAME = {"model": "yes", "maker": "yes"}
OTHER = {"model": "no", "maker": "yes"}
PART = {"model": "yes", "maker": "unseen"}
CONFIRMED = {"agrees": True, "found": True, "known": ["model", "maker"], "differing": {}}
KNOWS_LITTLE = {"agrees": True, "found": True, "known": ["model"], "differing": {}}


def codes(result: Result, ground: Ground, **report: Any) -> list[str]:
    whole = {"finding": "现场核对。", "facts": SAME, "visited_on": "2026-03-05", "second": 7, **report}
    return [complaint.code for complaint in complaints(result, whole, ground)]


def test_a_visit_has_a_day_between_promise_and_today_and_two_people() -> None:
    for method in ("site", "random"):
        ground = replace(SITE, method=method)
        assert codes(Result.TRUE, ground) == []
        assert codes(Result.TRUE, ground, second=None) == ["second-needed"]
        assert codes(Result.UNCLEAR, ground, visited_on="", second=None) == ["visit-day-needed", "second-needed"]
        assert codes(Result.TRUE, ground, visited_on="2026-03-01") == ["visit-day"]
        assert codes(Result.TRUE, ground, visited_on="2026-03-07") == ["visit-day"]
        assert codes(Result.TRUE, ground, visited_on="2026-03-02") == codes(Result.TRUE, ground, visited_on="2026-03-06") == []
    for method in ("document", "data_sharing"):
        assert codes(Result.TRUE, replace(SITE, method=method), visited_on="", second=None) == []


def test_nothing_is_a_result_without_words() -> None:
    for result in Result:
        assert "finding-needed" in codes(result, SITE, finding="  ", facts=OTHER if result is Result.UNTRUE else SAME)


@pytest.mark.parametrize("method", ["site", "random", "document", "data_sharing"])
def test_true_needs_each_fact_compared_or_a_document(method: str) -> None:
    ground = replace(SITE, method=method)
    for facts in ({}, PART, {"model": "yes"}, {"colour": "yes", "model": "yes"}):
        assert codes(Result.TRUE, ground, facts=facts) == ["facts-not-compared"], facts
        assert codes(Result.TRUE, replace(ground, files=1), facts=facts) == []
    assert codes(Result.TRUE, replace(ground, files=3), facts=OTHER) == ["fact-differs"], "a document proves nothing against what was seen"


def test_shared_data_proves_a_promise_only_where_it_knows_every_fact() -> None:
    shared = replace(SITE, method="data_sharing")
    assert codes(Result.TRUE, replace(shared, source=CONFIRMED), facts={}) == []
    assert codes(Result.TRUE, replace(shared, source=KNOWS_LITTLE), facts={}) == ["facts-not-compared"]
    assert codes(Result.TRUE, replace(SITE, source=CONFIRMED), facts={}) == ["facts-not-compared"], "on site one looks"


def test_untrue_names_what_differs_or_shows_it() -> None:
    assert codes(Result.UNTRUE, SITE) == ["nothing-differs"]
    assert codes(Result.UNTRUE, SITE, facts=OTHER) == []
    assert codes(Result.UNTRUE, replace(SITE, files=1), facts={}) == []
    assert codes(Result.UNTRUE, replace(SITE, source={"differing": {"model": "SPD-20"}}), facts={}) == []
    assert codes(Result.UNCLEAR, SITE, facts={}) == []
