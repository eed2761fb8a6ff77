"""Deadlines that can be checked by hand on a wall calendar, and properties that hold for all of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licensing.clock import (
    LIMITS,
    CalendarDay,
    CalendarYear,
    DayKind,
    Limit,
    Stop,
    Unit,
    YearState,
    add_months,
    add_working_days,
    as_json,
    days_left,
    deemed_acceptance_due,
    explain,
    find_limit,
    is_deemed_accepted,
    load_calendar,
    parse_stop,
    working_days_between,
)
from licensing.errors import Invalid, NotFound
from licensing.words import say

CALENDAR = load_calendar()
REASON = say("technical evaluation.")
quick = settings(max_examples=100, deadline=None)


def day(text: str) -> date:
    return date.fromisoformat(text)


# start, limit, stops, extension, due
BY_HAND = [
    # Spring Festival 2024: 10–17 February off, Sundays 4 and 18 February worked; New Year's Eve, 9 February, is worked by the notice.
    ("2024-02-01", "T1", "", 0, "2024-02-07"),
    ("2024-02-05", "T1", "", 0, "2024-02-18"),
    ("2024-02-08", "T1", "", 0, "2024-02-21"),
    ("2023-12-29", "T1", "", 0, "2024-01-08"),
    # Tomb-Sweeping Day 2024: 4–6 April off, Sunday 7 April worked.
    ("2024-04-02", "T1", "", 0, "2024-04-10"),
    # Labour Day 2024: 1–5 May off, Sunday 28 April and Saturday 11 May worked.
    ("2024-04-26", "T3", "", 0, "2024-05-13"),
    ("2024-06-07", "T1", "", 0, "2024-06-17"),
    # Mid-Autumn and National Day 2024: three make-up days, 14 and 29 September, 12 October.
    ("2024-09-13", "T3", "", 0, "2024-09-29"),
    ("2024-09-27", "T4", "", 0, "2024-10-16"),
    ("2024-09-30", "T7", "", 0, "2024-10-18"),
    ("2024-12-25", "T1", "", 0, "2025-01-02"),
    # Spring Festival 2025: 28 January – 4 February off, Sunday 26 January and Saturday 8 February worked.
    ("2025-01-20", "T3", "", 0, "2025-02-08"),
    ("2025-01-20", "T1", "", 0, "2025-01-26"),
    ("2025-01-25", "T1", "", 0, "2025-02-07"),
    ("2025-01-20", "T3", "", 10, "2025-02-21"),
    ("2025-04-03", "T1", "", 0, "2025-04-11"),
    ("2025-04-25", "T3", "", 0, "2025-05-13"),
    ("2025-05-30", "T1", "", 0, "2025-06-09"),
    # National Day 2025: 1–8 October off, Sunday 28 September and Saturday 11 October worked.
    ("2025-09-26", "T3", "", 0, "2025-10-16"),
    ("2025-09-26", "T5", "", 0, "2025-10-30"),
    ("2025-03-03", "T3", "2025-03-10:2025-03-14", 0, "2025-03-24"),
    ("2025-03-03", "T3", "2025-03-03:2025-03-04", 0, "2025-03-18"),
    ("2025-03-03", "T3", "2025-03-08:2025-03-09", 0, "2025-03-17"),
    ("2025-03-03", "T3", "2025-03-05:2025-03-05 2025-03-17:2025-03-18", 0, "2025-03-20"),
    ("2025-03-03", "T3", "2025-03-05:2025-03-07 2025-03-06:2025-03-10", 0, "2025-03-21"),
    ("2025-03-03", "T3", "2025-04-01:", 0, "2025-03-17"),
    # Over the turn of the year: 1–3 January 2026 off, Sunday 4 January worked.
    ("2025-12-22", "T3", "", 0, "2026-01-06"),
    ("2025-12-22", "T3", "2025-12-29:2026-01-09", 0, "2026-01-19"),
    ("2025-12-31", "T1", "", 0, "2026-01-08"),
    # Spring Festival 2026: 15–23 February off, Saturdays 14 and 28 February worked.
    ("2026-02-13", "T1", "", 0, "2026-02-27"),
    ("2026-02-13", "T3", "", 0, "2026-03-05"),
    ("2026-02-13", "T17", "", 0, "2026-03-02"),
    ("2026-04-30", "T1", "", 0, "2026-05-11"),
    ("2026-06-18", "T1", "", 0, "2026-06-26"),
    # Autumn 2026: 25–27 September and 1–7 October off, Sunday 20 September and Saturday 10 October worked.
    ("2026-09-18", "T3", "", 0, "2026-10-09"),
    ("2026-09-24", "T5", "", 0, "2026-10-29"),
    # Calendar units.
    ("2025-11-30", "T12", "", 0, "2026-02-28"),
    ("2025-11-15", "T12", "", 0, "2026-02-24"),
    ("2025-09-25", "T14a", "", 0, "2025-10-09"),
    ("2025-03-03", "T14a", "2025-03-05:2025-03-06", 0, "2025-03-17"),
    ("2024-02-29", "T16a", "", 0, "2025-02-28"),
    ("2024-02-29", "T18", "", 0, "2029-02-28"),
    ("2025-08-31", "T19b", "", 0, "2026-02-28"),
    ("2026-05-31", "T10", "", 0, "2026-02-28"),
    ("2026-01-15", "T10", "", 0, "2025-10-15"),
    ("2025-10-13", "T15b", "", 0, "2025-09-23"),
    ("2025-10-13", "T15a", "", 0, "2025-10-03"),
]


@pytest.mark.parametrize(("start", "limit", "stops", "extension", "due"), BY_HAND)
def test_deadlines_checked_by_hand(start: str, limit: str, stops: str, extension: int, due: str) -> None:
    explained = explain(day(start), LIMITS[limit], CALENDAR, [parse_stop(stop) for stop in stops.split()], extension)
    assert explained.due == day(due)


def test_there_are_many_examples() -> None:
    assert len(BY_HAND) >= 25


def test_every_day_says_why() -> None:
    stop = Stop(day("2025-01-21"), day("2025-01-21"), REASON)
    explained = explain(day("2025-01-20"), LIMITS["T1"], CALENDAR, [stop])
    told = [(str(span.first), str(span.last), span.ordinal_from, span.ordinal_to, str(span.why)) for span in explained.condensed()]
    assert told == [
        ("2025-01-20", "2025-01-20", None, None, "The day of the event itself is not counted."),
        ("2025-01-21", "2025-01-21", None, None, "The clock stands: technical evaluation."),
        ("2025-01-22", "2025-01-24", 1, 3, "A working day."),
        ("2025-01-25", "2025-01-25", None, None, "Weekend."),
        ("2025-01-26", "2025-01-26", 4, 4, "Sunday is worked to make up for Spring Festival."),
        ("2025-01-27", "2025-01-27", 5, 5, "A working day."),
    ]
    assert [span.source for span in explained.condensed()][1] == "《行政许可法》第四十五条"
    assert "国办发明电〔2024〕12号" in explained.steps[6].source


def test_the_extension_has_its_own_source() -> None:
    explained = explain(day("2025-03-03"), LIMITS["T3"], CALENDAR, (), 2)
    assert [(step.ordinal, step.source) for step in explained.steps[-2:]] == [
        (11, "《行政许可法》第四十二条"),
        (12, "《行政许可法》第四十二条"),
    ]


def test_a_clock_that_still_stands_has_no_date() -> None:
    explained = explain(day("2025-03-03"), LIMITS["T3"], CALENDAR, [Stop(day("2025-03-10"), None, REASON)])
    assert explained.due is None
    assert explained.steps[-1].date == day("2025-03-10")
    assert str(explained.steps[-1].why) == "The clock stands from this day on: technical evaluation."
    assert [step.ordinal for step in explained.steps if step.counts] == [1, 2, 3, 4]


def test_a_calendar_limit_that_would_end_while_the_clock_stands_has_no_date() -> None:
    stops = [Stop(day("2025-03-16"), None, REASON)]
    explained = explain(day("2025-03-05"), LIMITS["T14a"], CALENDAR, stops)
    assert explained.due is None
    assert explain(day("2025-03-05"), LIMITS["T14a"], CALENDAR).due == day("2025-03-17")


def test_a_moved_last_day_is_explained_by_the_civil_code() -> None:
    explained = explain(day("2025-11-15"), LIMITS["T12"], CALENDAR)
    assert [str(step.date) for step in explained.steps if step.source == "《民法典》第二百零二条"] == ["2026-02-15"]
    assert explained.steps[-1].source == "《民法典》第二百零三条"
    assert not explained.steps[-1].counts


@pytest.mark.parametrize(
    ("start", "limit", "provisional"),
    [
        ("2026-12-01", "T3", False),
        ("2026-12-18", "T3", True),
        ("2027-03-01", "T1", True),
        ("2023-12-31", "T1", False),
        ("2023-12-29", "T1", True),
        ("2025-03-01", "T18", False),
        ("2026-11-10", "T12", True),
        ("2026-06-10", "T12", False),
    ],
)
def test_what_a_later_notice_may_change_is_provisional(start: str, limit: str, *, provisional: bool) -> None:
    explained = explain(day(start), LIMITS[limit], CALENDAR)
    assert explained.provisional is provisional
    assert (explained.caution is not None) is provisional


def test_backward_steps_walk_back_and_spans_stay_in_order() -> None:
    explained = explain(day("2025-10-13"), LIMITS["T15b"], CALENDAR)
    assert explained.steps[1].date == day("2025-10-12")
    assert all(span.first <= span.last for span in explained.condensed())
    assert explained.condensed()[-1].first == explained.due


def test_silence_is_acceptance_from_the_day_after_the_limit() -> None:
    received = day("2025-01-20")
    assert deemed_acceptance_due(received, CALENDAR).due == day("2025-01-26")
    assert not is_deemed_accepted(received, day("2025-01-26"), CALENDAR)
    assert is_deemed_accepted(received, day("2025-01-27"), CALENDAR)


@pytest.mark.parametrize(
    ("due", "today", "left"),
    [
        ("2025-02-08", "2025-01-26", 5),
        ("2025-02-08", "2025-02-08", 0),
        ("2025-03-07", "2025-03-08", -1),
        ("2025-03-07", "2025-03-10", -1),
        ("2025-03-07", "2025-03-11", -2),
    ],
)
def test_days_left(due: str, today: str, left: int) -> None:
    assert days_left(day(due), day(today), CALENDAR) == left


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [("2025-01-31", 1, "2025-02-28"), ("2023-12-31", 2, "2024-02-29"), ("2026-03-31", -1, "2026-02-28"), ("2025-01-15", -1, "2024-12-15")],
)
def test_add_months(start: str, amount: int, end: str) -> None:
    assert add_months(day(start), amount) == day(end)


@pytest.mark.parametrize(
    ("limit", "stops", "extension", "start", "code"),
    [
        ("T2", "", 0, "2025-01-20", "limit-not-counted"),
        ("T13", "", 0, "2025-01-20", "limit-not-counted"),
        ("T14", "", 0, "2025-01-20", "limit-not-counted"),
        ("T18", "2025-01-21:2025-01-22", 0, "2025-01-20", "limit-cannot-stop"),
        ("T15b", "2025-01-21:2025-01-22", 0, "2025-01-20", "limit-cannot-stop"),
        ("T1", "", 5, "2025-01-20", "limit-not-extendable"),
        ("T3", "", 11, "2025-01-20", "extension-too-long"),
        ("T3", "", -1, "2025-01-20", "extension-too-long"),
        ("T3", "", 0, "1999-12-31", "day-out-of-range"),
        ("T3", "2025-01-21:9999-12-31", 0, "2025-01-20", "day-out-of-range"),
    ],
)
def test_what_the_law_does_not_know_is_refused(limit: str, stops: str, extension: int, start: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        explain(day(start), LIMITS[limit], CALENDAR, [parse_stop(stop) for stop in stops.split()], extension)
    assert refused.value.code == code


def test_a_reversed_stop_is_refused() -> None:
    with pytest.raises(Invalid):
        Stop(day("2025-01-21"), day("2025-01-20"), REASON)


def test_all_limits_of_the_law_are_here() -> None:
    assert {f"T{n}" for n in range(1, 20)} <= set(LIMITS)
    assert all(limit.source and (limit.amount is None) == (limit.unit is Unit.WINDOW) for limit in LIMITS.values())
    assert all(limit.note for limit in LIMITS.values() if limit.unit is Unit.WINDOW)
    assert find_limit(" t14B ") is LIMITS["T14b"]
    with pytest.raises(NotFound):
        find_limit("T20")


def test_a_promised_limit_is_shorter_and_names_its_own_source() -> None:
    promised = LIMITS["T3"].promised(5, "service guide")
    assert explain(day("2025-03-03"), promised, CALENDAR).due == day("2025-03-10")
    assert promised.source == "service guide"


starts = st.dates(date(2023, 12, 1), date(2027, 2, 28))
working_limits = st.sampled_from([limit for limit in LIMITS.values() if limit.unit is Unit.WORKING_DAYS and not limit.backwards])
counted_limits = st.sampled_from([limit for limit in LIMITS.values() if limit.amount is not None])


@st.composite
def some_stops(draw: st.DrawFn, start: date) -> list[Stop]:
    firsts = draw(st.lists(st.integers(-5, 30), max_size=3))
    return [Stop(first, first + timedelta(days=draw(st.integers(0, 40))), REASON) for first in (start + timedelta(days=n) for n in firsts)]


@quick
@given(starts, working_limits, st.data())
def test_never_due_on_a_day_off_or_while_the_clock_stands(start: date, limit: Limit, data: st.DataObject) -> None:
    stops = data.draw(some_stops(start))
    due = explain(start, limit, CALENDAR, stops).due
    assert due is not None
    assert CALENDAR.is_working(due)
    assert not any(stop.covers(due) for stop in stops)


@quick
@given(starts, working_limits, st.integers(1, 60))
def test_a_new_holiday_never_brings_the_date_forward(start: date, limit: Limit, offset: int) -> None:
    holiday = start + timedelta(days=offset)
    off = CalendarDay(holiday, False, DayKind.HOLIDAY, say("a new holiday"), "a later notice")
    known = CALENDAR.years.get(holiday.year, CalendarYear(holiday.year, YearState.PROVISIONAL, "", "", {}))
    later = CALENDAR.with_year(CalendarYear(known.year, known.state, known.notice, known.title, {**known.exceptions, holiday: off}))
    before, after = explain(start, limit, CALENDAR.with_year(known)).due, explain(start, limit, later).due
    assert before is not None
    assert after is not None
    assert after >= before


@quick
@given(starts, working_limits, st.integers(-5, 40), st.integers(0, 60))
def test_stop_and_resume_adds_exactly_the_stopped_working_days(start: date, limit: Limit, offset: int, length: int) -> None:
    stop = Stop(start + timedelta(days=offset), start + timedelta(days=offset + length), REASON)
    plain, stopped = explain(start, limit, CALENDAR).due, explain(start, limit, CALENDAR, [stop]).due
    assert plain is not None
    assert stopped is not None
    assert stop.last is not None
    if stop.first > plain:
        assert stopped == plain
        return
    days = [stop.first + timedelta(days=n) for n in range(length + 1)]
    lost = sum(CALENDAR.is_working(when) for when in days if when > start)
    assert stopped == add_working_days(plain, lost, CALENDAR)


@quick
@given(starts, counted_limits)
def test_the_due_date_is_the_last_step_in_every_form(start: date, limit: Limit) -> None:
    explained = explain(start, limit, CALENDAR)
    told = as_json(explained)
    spans = explained.condensed()
    assert explained.due == explained.steps[-1].date
    assert told["due"] == told["steps"][-1]["date"] == explained.steps[-1].date.isoformat()
    assert explained.due == (spans[-1].first if limit.backwards else spans[-1].last)
    assert sum((span.last - span.first).days + 1 for span in spans) == len(explained.steps)


@quick
@given(starts, counted_limits)
def test_the_steps_are_every_day_and_the_ordinals_every_number(start: date, limit: Limit) -> None:
    steps = explain(start, limit, CALENDAR).steps
    one = timedelta(days=-1 if limit.backwards else 1)
    assert [step.date for step in steps] == [start + one * n for n in range(len(steps))]
    counted = [step.ordinal for step in steps if step.counts]
    assert counted == list(range(1, len(counted) + 1))
    assert all(step.ordinal is None for step in steps if not step.counts)


@quick
@given(starts, st.integers(-60, 60))
def test_adding_and_counting_working_days_agree(start: date, amount: int) -> None:
    end = add_working_days(start, amount, CALENDAR)
    # Going back, the start itself is one of the days between when it is worked, and the end is not.
    expected = amount if amount >= 0 else amount + 1 - CALENDAR.is_working(start)
    assert working_days_between(start, end, CALENDAR) == expected
