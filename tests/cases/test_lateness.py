"""When a case is marked, and when a decision has to say why it is late."""

from __future__ import annotations

from datetime import date

import pytest

from licensing.cases.lateness import REASON_NAMES, THRESHOLDS, Card, Reason, card_for, needs_reason, reason_from


@pytest.mark.parametrize(
    ("left", "card"),
    [
        (None, None),
        (10, None),
        (4, None),
        (3, Card.YELLOW),
        (2, Card.YELLOW),
        (1, Card.RED),
        (0, Card.RED),
        (-1, Card.RED),
        (-30, Card.RED),
    ],
)
def test_a_card_is_shown_by_the_working_days_left(left: int | None, card: Card | None) -> None:
    assert card_for(left) is card


def test_the_strictest_card_comes_first() -> None:
    assert [days for _, days in THRESHOLDS] == sorted(days for _, days in THRESHOLDS)
    assert {card for card, _ in THRESHOLDS} == set(Card)


@pytest.mark.parametrize(
    ("due", "needed"), [(None, False), (date(2026, 3, 9), False), (date(2026, 3, 10), False), (date(2026, 3, 8), True)]
)
def test_a_reason_is_needed_from_the_day_after_the_last(due: date | None, needed: bool) -> None:
    assert needs_reason(due, date(2026, 3, 9)) is needed


def test_every_reason_has_words_and_a_code() -> None:
    assert set(REASON_NAMES) == set(Reason)
    assert [reason_from(reason) for reason in Reason] == list(Reason)
    assert reason_from("weather") is None
