"""Deadlines of 2024 to 2026 worked out by hand, one line each; an independent counter on an independent calendar agrees with every line.

The working stands beside each line: the days that count with their numbers, ``=`` before the number that a run of days ends with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import chinese_calendar
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from licensing.cases.deadlines import deadline
from licensing.cases.machine import Event
from licensing.cases.replay import replay
from licensing.cases.view import Happened
from licensing.catalogue import load_catalogue
from licensing.clock import (
    LIMITS,
    CalendarDay,
    CalendarYear,
    DayKind,
    Explanation,
    Stop,
    YearState,
    explain,
    load_calendar,
    parse_stop,
    working_days_between,
)
from licensing.words import say

CALENDAR = load_calendar()
REASON = say("an inspection.")
quick = settings(max_examples=150, deadline=None)

# start, limit, stops, extension, due, the working
TABLE = [
    # Plain weeks, and receipt on a day off.
    ("2024-03-04", "T1", "", 0, "2024-03-11", "a plain week: 5–8 =4, 11 =5"),
    ("2024-03-08", "T1", "", 0, "2024-03-15", "received on Friday: 11–15 =5"),
    ("2024-03-09", "T1", "", 0, "2024-03-15", "received on Saturday: 11–15 =5"),
    ("2024-03-10", "T1", "", 0, "2024-03-15", "received on Sunday: 11–15 =5"),
    ("2024-01-01", "T1", "", 0, "2024-01-08", "received on New Year's Day: 2–5 =4, 8 =5"),
    ("2024-01-02", "T1", "", 0, "2024-01-09", "3–5 =3, 8 =4, 9 =5"),
    ("2024-02-26", "T5", "", 0, "2024-03-25", "29 Feb counts: 27–29 =3, 1 Mar =4, 4–8 =9, 11–15 =14, 18–22 =19, 25 =20"),
    # Spring Festival 2024: 10–17 Feb off, Sundays 4 and 18 Feb worked, 9 Feb worked by the notice.
    ("2024-02-02", "T1", "", 0, "2024-02-08", "Sun 4 =1, 5–8 =5"),
    ("2024-02-07", "T1", "", 0, "2024-02-20", "8 =1, 9 =2, Sun 18 =3, 19 =4, 20 =5"),
    ("2024-02-09", "T3", "", 0, "2024-02-29", "Sun 18 =1, 19–23 =6, 26–29 =10"),
    ("2024-02-10", "T1", "", 0, "2024-02-22", "received on a holiday: Sun 18 =1, 19–22 =5"),
    ("2024-02-17", "T1", "", 0, "2024-02-22", "received on the last day off: Sun 18 =1, 19–22 =5"),
    ("2024-02-18", "T1", "", 0, "2024-02-23", "received on a make-up Sunday, which is the day of the event: 19–23 =5"),
    # Tomb-Sweeping Day 2024: 4–6 Apr off, Sunday 7 Apr worked.
    ("2024-04-03", "T1", "", 0, "2024-04-11", "Sun 7 =1, 8–11 =5"),
    ("2024-04-07", "T1", "", 0, "2024-04-12", "received on a make-up Sunday: 8–12 =5"),
    # Labour Day 2024: 1–5 May off, Sunday 28 Apr and Saturday 11 May worked.
    ("2024-04-25", "T1", "", 0, "2024-05-06", "26 =1, Sun 28 =2, 29 =3, 30 =4, 6 May =5"),
    ("2024-05-06", "T1", "", 0, "2024-05-11", "due on a make-up Saturday: 7–10 =4, Sat 11 =5"),
    ("2024-06-06", "T1", "", 0, "2024-06-14", "Dragon Boat on Monday 10: 7 =1, 11–14 =5"),
    # Autumn 2024: 15–17 Sep and 1–7 Oct off; 14 and 29 Sep, 12 Oct worked.
    ("2024-09-10", "T1", "", 0, "2024-09-18", "11–13 =3, Sat 14 =4, 18 =5"),
    ("2024-09-20", "T3", "", 0, "2024-10-10", "23–27 =5, Sun 29 =6, 30 =7, 8–10 Oct =10"),
    ("2024-10-01", "T1", "", 0, "2024-10-12", "received on National Day: 8–11 =4, Sat 12 =5"),
    ("2024-10-11", "T1", "", 0, "2024-10-17", "Sat 12 =1, 14–17 =5"),
    # Over the turn of the year 2024/25: only 1 Jan is off.
    ("2024-12-30", "T3", "", 0, "2025-01-14", "31 =1, 2 Jan =2, 3 =3, 6–10 =8, 13 =9, 14 =10"),
    ("2024-12-16", "T5", "", 0, "2025-01-14", "17–20 =4, 23–27 =9, 30 =10, 31 =11, 2 Jan =12, 3 =13, 6–10 =18, 13 =19, 14 =20"),
    # Spring Festival 2025: 28 Jan – 4 Feb off, Sunday 26 Jan and Saturday 8 Feb worked.
    ("2025-01-21", "T1", "", 0, "2025-01-27", "due on the eve: 22–24 =3, Sun 26 =4, 27 =5"),
    ("2025-01-24", "T3", "", 0, "2025-02-13", "Sun 26 =1, 27 =2, 5–7 Feb =5, Sat 8 =6, 10–13 =10"),
    ("2025-01-28", "T1", "", 0, "2025-02-10", "received on a holiday: 5–7 Feb =3, Sat 8 =4, 10 =5"),
    ("2025-02-08", "T1", "", 0, "2025-02-14", "received on a make-up Saturday: 10–14 =5"),
    ("2025-01-27", "T17", "", 0, "2025-02-12", "5–7 Feb =3, Sat 8 =4, 10–12 =7"),
    # Spring and summer 2025.
    ("2025-03-31", "T1", "", 0, "2025-04-08", "1–3 Apr =3, Friday 4 off, 7 =4, 8 =5"),
    ("2025-04-22", "T1", "", 0, "2025-04-28", "23–25 =3, Sun 27 =4, 28 =5"),
    ("2025-04-28", "T3", "", 0, "2025-05-15", "29 =1, 30 =2, 6–9 May =6, 12–15 =10"),
    ("2025-05-28", "T1", "", 0, "2025-06-05", "29 =1, 30 =2, Monday 2 off, 3–5 Jun =5"),
    ("2025-04-30", "T8", "", 0, "2025-06-17", "6–9 May =4, 12–16 =9, 19–23 =14, 26–30 =19, 3–6 Jun =23, 9–13 =28, 16 =29, 17 =30"),
    # National Day 2025: 1–8 Oct off, Sunday 28 Sep and Saturday 11 Oct worked.
    ("2025-09-24", "T1", "", 0, "2025-09-30", "25 =1, 26 =2, Sun 28 =3, 29 =4, 30 =5"),
    ("2025-09-30", "T1", "", 0, "2025-10-14", "9 =1, 10 =2, Sat 11 =3, 13 =4, 14 =5"),
    ("2025-09-22", "T5", "", 0, "2025-10-24", "23–26 =4, Sun 28 =5, 29 =6, 30 =7, 9 =8, 10 =9, Sat 11 =10, 13–17 =15, 20–24 =20"),
    # Over the turn of the year 2025/26: 1–3 Jan off, Sunday 4 Jan worked.
    ("2025-12-26", "T1", "", 0, "2026-01-05", "29–31 =3, Sun 4 Jan =4, 5 =5"),
    ("2025-12-29", "T3", "", 0, "2026-01-13", "30 =1, 31 =2, Sun 4 =3, 5–9 =8, 12 =9, 13 =10"),
    ("2026-01-01", "T1", "", 0, "2026-01-08", "received on New Year's Day: Sun 4 =1, 5–8 =5"),
    # Spring Festival 2026: 15–23 Feb off, Saturdays 14 and 28 Feb worked.
    ("2026-02-09", "T1", "", 0, "2026-02-14", "due on a make-up Saturday: 10–13 =4, Sat 14 =5"),
    ("2026-02-11", "T3", "", 0, "2026-03-03", "12 =1, 13 =2, Sat 14 =3, 24–27 =7, Sat 28 =8, 2 Mar =9, 3 =10"),
    ("2026-02-24", "T1", "", 0, "2026-03-02", "25–27 =3, Sat 28 =4, 2 Mar =5"),
    # The rest of 2026.
    ("2026-04-01", "T1", "", 0, "2026-04-09", "2 =1, 3 =2, Monday 6 off, 7–9 =5"),
    ("2026-04-27", "T3", "", 0, "2026-05-13", "28–30 =3, 6–8 May =6, Sat 9 =7, 11–13 =10"),
    ("2026-06-15", "T1", "", 0, "2026-06-23", "16–18 =3, Friday 19 off, 22 =4, 23 =5"),
    ("2026-09-16", "T1", "", 0, "2026-09-22", "17 =1, 18 =2, Sun 20 =3, 21 =4, 22 =5"),
    ("2026-09-21", "T3", "", 0, "2026-10-12", "22–24 =3, Friday 25 off, 28–30 =6, 8 Oct =7, 9 =8, Sat 10 =9, 12 =10"),
    ("2026-09-30", "T17", "", 0, "2026-10-15", "8 =1, 9 =2, Sat 10 =3, 12–15 =7"),
    # The clock stands.
    ("2024-03-04", "T3", "2024-03-08:2024-03-12", 0, "2024-03-21", "over a weekend: 5–7 =3, 13–15 =6, 18–21 =10"),
    ("2024-03-04", "T3", "2024-03-09:2024-03-10", 0, "2024-03-18", "on days off alone it costs nothing: 5–8 =4, 11–15 =9, 18 =10"),
    ("2024-03-04", "T3", "2024-03-09:2024-03-12", 0, "2024-03-20", "begins on Saturday: 5–8 =4, 13–15 =7, 18–20 =10"),
    ("2024-03-04", "T3", "2024-03-07:2024-03-10", 0, "2024-03-20", "ends on Sunday: 5 =1, 6 =2, 11–15 =7, 18–20 =10"),
    ("2024-04-01", "T3", "2024-04-04:2024-04-06", 0, "2024-04-16", "exactly the holiday: 2 =1, 3 =2, Sun 7 =3, 8–12 =8, 15 =9, 16 =10"),
    ("2024-04-01", "T3", "2024-04-03:2024-04-08", 0, "2024-04-19", "over a make-up Sunday: 2 =1, 9–12 =5, 15–19 =10"),
    ("2025-03-03", "T3", "2025-03-03:2025-03-07", 0, "2025-03-21", "from the day of the event on: 10–14 =5, 17–21 =10"),
    ("2025-03-03", "T3", "2025-03-10:2025-03-10", 0, "2025-03-18", "one day: 4–7 =4, 11–14 =8, 17 =9, 18 =10"),
    ("2025-03-03", "T3", "2025-03-17:2025-03-18", 0, "2025-03-19", "on what would be the last day: 4–7 =4, 10–14 =9, 19 =10"),
    ("2025-03-03", "T3", "2025-03-18:2025-03-30", 0, "2025-03-17", "after the end: 4–7 =4, 10–14 =9, 17 =10"),
    ("2025-03-03", "T3", "2025-03-05:2025-03-06 2025-03-12:2025-03-13", 0, "2025-03-21", "twice: 4 =1, 7 =2, 10 =3, 11 =4, 14 =5, 17–21 =10"),
    ("2025-03-03", "T3", "2025-03-05:2025-03-07 2025-03-08:2025-03-11", 0, "2025-03-24", "without a gap: 4 =1, 12–14 =4, 17–21 =9, 24 =10"),
    ("2025-01-20", "T3", "2025-01-23:2025-02-05", 0, "2025-02-14", "over the festival: 21 =1, 22 =2, 6–7 Feb =4, Sat 8 =5, 10–14 =10"),
    ("2026-04-27", "T3", "2026-04-29:2026-04-30", 0, "2026-05-15", "up to the holiday: 28 =1, 6–8 May =4, Sat 9 =5, 11–15 =10"),
    ("2024-12-23", "T3", "2024-12-27:2025-01-10", 0, "2025-01-21", "across the year end: 24–26 =3, 13–17 Jan =8, 20 =9, 21 =10"),
    ("2025-12-29", "T3", "2025-12-30:2026-02-24", 0, "2026-03-09", "across year end and festival: 25–27 Feb =3, Sat 28 =4, 2–6 Mar =9, 9 =10"),
    ("2024-05-13", "T5", "2024-05-20:2024-06-07", 0, "2024-07-02", "experts: 14–17 =4, 11–14 Jun =8, 17–21 =13, 24–28 =18, 1 Jul =19, 2 =20"),
    # The head extends.
    ("2024-03-04", "T3", "", 1, "2024-03-19", "by one: 5–8 =4, 11–15 =9, 18 =10, 19 =11"),
    ("2024-03-04", "T3", "", 10, "2024-04-01", "by ten: 5–8 =4, 11–15 =9, 18–22 =14, 25–29 =19, 1 Apr =20"),
    ("2025-01-20", "T3", "", 5, "2025-02-14", "21–24 =4, Sun 26 =5, 27 =6, 5–7 Feb =9, Sat 8 =10, 10–14 =15"),
    ("2025-09-22", "T5", "", 10, "2025-11-07", "24 Oct is the 20th, 27–31 =25, 3–7 Nov =30"),
    ("2025-03-03", "T3", "2025-03-10:2025-03-14", 3, "2025-03-27", "and the clock stands: 4–7 =4, 17–21 =9, 24 =10, 25–27 =13"),
    ("2025-12-15", "T3", "", 5, "2026-01-06", "into the new year: 16–19 =4, 22–26 =9, 29–31 =12, Sun 4 =13, 5 =14, 6 =15"),
    ("2024-12-20", "T4", "2024-12-30:2025-01-03", 2, "2025-01-14", "stop and extension across the year end: 23–27 =5, 6–10 =10, 13 =11, 14 =12"),
    # A transfer to another authority does not move the clock: it is counted from the first receipt.
    ("2026-03-02", "T1", "", 0, "2026-03-09", "transferred on Wednesday 4: 3–6 =4, 9 =5"),
    ("2024-09-27", "T1", "", 0, "2024-10-10", "transferred on 3 Oct, a holiday: Sun 29 =1, 30 =2, 8–10 =5"),
]  # fmt: skip

# What happened to a design review (T1, T3), and the legal date after that; – where no clock runs towards a day.
STORIES = [
    ("submit 2024-02-01", "2024-02-07", "2 =1, Sun 4 =2, 5–7 =5"),
    ("submit 2024-02-01 ask 2024-02-07", "–", "corrections asked for on the last day: the applicant's turn"),
    ("submit 2024-02-01 ask 2024-02-07 correct 2024-02-09", "2024-02-22", "a new T1: Sun 18 =1, 19–22 =5"),
    ("submit 2025-01-20 ask 2025-01-22 correct 2025-01-24 ask 2025-01-27 correct 2025-02-06", "2025-02-12", "two corrections: 7 =1, Sat 8 =2, 10–12 =5"),
    ("submit 2025-03-03 accept 2025-03-05", "2025-03-19", "6 =1, 7 =2, 10–14 =7, 17–19 =10"),
    ("submit 2025-03-03 ask 2025-03-10 correct 2025-03-12 accept 2025-03-19", "2025-04-02", "each on its last day: 20 =1, 21 =2, 24–28 =7, 31 =8, 1 Apr =9, 2 =10"),
    ("submit 2025-03-03 deem 2025-03-11", "2025-03-17", "silence: dated back to receipt, 4–7 =4, 10–14 =9, 17 =10"),
    ("submit 2025-09-15 ask 2025-09-18 correct 2025-09-24 deem 2025-10-09", "2025-10-14", "silence on the corrections: 25 =1, 26 =2, Sun 28 =3, 29 =4, 30 =5, 9 =6, 10 =7, Sat 11 =8, 13 =9, 14 =10"),
    ("submit 2024-02-01 accept 2024-02-04", "2024-02-22", "accepted on a make-up Sunday: 5–9 =5, Sun 18 =6, 19–22 =10"),
    ("submit 2025-03-03 accept 2025-03-04 commission 2025-03-06", "–", "the clock stands without an end yet"),
    ("submit 2025-03-03 accept 2025-03-04 commission 2025-03-06 result 2025-03-13", "2025-03-25", "5 =1, 13 =2, 14 =3, 17–21 =8, 24 =9, 25 =10"),
    ("submit 2025-03-03 accept 2025-03-04 commission 2025-03-06 result 2025-03-06", "2025-03-18", "back on the same day: 5–7 =3, 10–14 =8, 17 =9, 18 =10"),
    ("submit 2025-03-03 accept 2025-03-04 commission 2025-03-07 result 2025-03-09", "2025-03-19", "back on Sunday: 5 =1, 6 =2, 10–14 =7, 17–19 =10"),
    ("submit 2025-03-03 accept 2025-03-04 commission 2025-03-08 result 2025-03-10", "2025-03-18", "Saturday to Monday: nothing lost"),
    ("submit 2025-12-19 accept 2025-12-22 commission 2025-12-29 result 2026-01-12", "2026-01-19", "across the year end: 23–26 =4, 12–16 Jan =9, 19 =10"),
    ("submit 2025-03-03 accept 2025-03-04 commission 2025-03-06 result 2025-03-13 propose 2025-03-20", "2025-03-25", "a proposal moves nothing"),
]  # fmt: skip

VERBS: Mapping[str, tuple[Event, Mapping[str, Any]]] = {
    "submit": (Event.SUBMITTED, {"answers": {}, "documents": [], "proofs": {}}),
    "ask": (Event.CORRECTION_REQUESTED, {"items": []}),
    "correct": (Event.CORRECTED, {"answers": {}, "documents": [], "proofs": {}}),
    "accept": (Event.ACCEPTED, {}),
    "deem": (Event.DEEMED_ACCEPTED, {}),
    "commission": (Event.EVALUATION_COMMISSIONED, {"body": "检测中心"}),
    "result": (Event.EVALUATION_RECORDED, {"passed": True}),
    "propose": (Event.DECISION_PROPOSED, {"recommendation": "grant", "opinion": "符合。"}),
}


def day(text: str) -> date:
    return date.fromisoformat(text)


def stops_of(text: str) -> list[Stop]:
    return [parse_stop(stop) for stop in text.split()]


def days_after(start: date) -> Iterator[date]:
    when = start
    while True:
        when += timedelta(days=1)
        yield when


def naive_due(start: date, amount: int, stops: list[tuple[date, date]]) -> date:
    """Tick off days on another calendar, as with a pencil."""
    left = amount
    for when in days_after(start):
        if chinese_calendar.is_workday(when) and not any(first <= when <= last for first, last in stops):
            left -= 1
        if not left:
            return when
    raise AssertionError


def kind_of(when: date, stops: list[Stop]) -> str:
    """Why a day does not count, as the other calendar has it."""
    if any(stop.covers(when) for stop in stops):
        return "The clock stands"
    off, name = chinese_calendar.get_holiday_detail(when)
    assert off
    return "Public holiday" if name else "Weekend"


@pytest.mark.parametrize(("start", "limit", "stops", "extension", "due", "working"), TABLE, ids=[line[5] for line in TABLE])
def test_the_date_worked_out_by_hand(start: str, limit: str, stops: str, extension: int, due: str, working: str) -> None:
    found, amount = stops_of(stops), (LIMITS[limit].amount or 0) + extension
    explained = explain(day(start), LIMITS[limit], CALENDAR, found, extension)
    assert explained.due == day(due)
    assert naive_due(day(start), amount, [(stop.first, stop.last or stop.first) for stop in found]) == day(due)
    check_steps(explained, amount, found)


def check_steps(explained: Explanation, amount: int, stops: list[Stop]) -> None:
    """No day is left out, counted days are numbered up to the amount, and every other day has the right kind of reason."""
    days = [step.date for step in explained.steps]
    assert days == [explained.start + timedelta(days=n) for n in range(len(days))]
    assert [step.ordinal for step in explained.steps if step.counts] == list(range(1, amount + 1))
    assert explained.steps[-1].ordinal == amount
    for step in explained.steps[1:]:
        if not step.counts:
            assert str(step.why).startswith(kind_of(step.date, stops)), step
        elif step.date.weekday() >= 5:
            assert "is worked to make up for" in str(step.why), step
        assert step.source


@pytest.mark.parametrize(("story", "due", "working"), STORIES, ids=[line[2] for line in STORIES])
def test_the_date_of_a_case_after_what_happened(story: str, due: str, working: str) -> None:
    words = story.split()
    events = [
        Happened(number, VERBS[verb][0], datetime.combine(day(when), time(4), UTC), 1, VERBS[verb][1])
        for number, (verb, when) in enumerate(zip(words[::2], words[1::2], strict=True), start=1)
    ]
    running = deadline(replay(events), load_catalogue().matter("design_review"), CALENDAR)
    assert (running.due if running else None) == (None if due == "–" else day(due))


def test_the_table_is_long_and_covers_all_years() -> None:
    assert len({line[:4] for line in TABLE}) == len(TABLE) >= 60
    assert {line[4][:4] for line in TABLE} == {"2024", "2025", "2026"}


starts = st.dates(date(2024, 1, 2), date(2026, 10, 1))
limits = st.sampled_from([LIMITS[name] for name in ("T1", "T3", "T5", "T8", "T17")])


@quick
@given(start=starts, limit=limits, length=st.integers(0, 40), offset=st.integers(0, 30))
def test_a_deadline_never_falls_on_a_day_off_or_while_the_clock_stands(start: date, limit: Any, length: int, offset: int) -> None:
    stop = Stop(start + timedelta(days=offset), start + timedelta(days=offset + length), REASON)
    due = explain(start, limit, CALENDAR, [stop]).due
    assert due is not None
    assert chinese_calendar.is_workday(due)
    assert not stop.covers(due)


@quick
@given(start=starts, limit=limits, offset=st.integers(-5, 60))
def test_a_holiday_more_never_makes_a_deadline_earlier(start: date, limit: Any, offset: int) -> None:
    when = start + timedelta(days=offset)
    year = CALENDAR.years.get(when.year, CalendarYear(when.year, YearState.PUBLISHED, "", "", {}))
    extra = CalendarDay(when, False, DayKind.HOLIDAY, say("another holiday"), "—")
    longer = CALENDAR.with_year(CalendarYear(year.year, year.state, year.notice, year.title, {**year.exceptions, when: extra}))
    before, after = explain(start, limit, CALENDAR).due, explain(start, limit, longer).due
    assert before is not None
    assert after is not None
    assert after >= before
    assert (after > before) == (start < when <= before and CALENDAR.is_working(when))


@quick
@given(start=starts, limit=limits, offset=st.integers(1, 60), length=st.integers(0, 40))
def test_stop_and_resume_add_exactly_the_working_days_that_were_stopped(start: date, limit: Any, offset: int, length: int) -> None:
    first, last = start + timedelta(days=offset), start + timedelta(days=offset + length)
    before = explain(start, limit, CALENDAR).due
    assert before is not None
    assume(first <= before)
    after = explain(start, limit, CALENDAR, [Stop(first, last, REASON)]).due
    assert after is not None
    stopped = sum(CALENDAR.is_working(first + timedelta(days=n)) for n in range(length + 1))
    assert working_days_between(before, after, CALENDAR) == stopped
