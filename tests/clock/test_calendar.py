"""The shipped calendar against an independent one, and what it says about years nobody has published."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import chinese_calendar
import pytest

from licensing import clock
from licensing.clock import Calendar, DayKind, YearState, load_calendar, read_year
from licensing.errors import Invalid

NOTICE_2027 = """
year = 2027
state = "{state}"
notice = "国办发明电〔2026〕1号"
title = "example"
holidays = [{{ name = "new_year", first = 2026-12-31, last = 2027-01-02, make_up = [{make_up}] }}]
"""


def test_all_days_of_three_years_agree_with_an_independent_calendar() -> None:
    calendar = load_calendar()
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(1096)]
    assert days[-1] == date(2026, 12, 31)
    assert [day for day in days if calendar.is_working(day) != chinese_calendar.is_workday(day)] == []


@pytest.mark.parametrize(
    ("day", "kind", "name", "source"),
    [
        ("2024-02-04", DayKind.MAKE_UP, "Spring Festival", "国办发明电〔2023〕7号"),
        ("2024-02-09", DayKind.WORKING, "Friday", "第七条"),
        ("2024-06-08", DayKind.WEEKEND, "Saturday", "第七条"),
        ("2024-06-10", DayKind.HOLIDAY, "Dragon Boat Festival", "国办发明电〔2023〕7号"),
        ("2025-10-06", DayKind.HOLIDAY, "National Day and Mid-Autumn Festival", "国办发明电〔2024〕12号"),
        ("2026-09-20", DayKind.MAKE_UP, "National Day", "国办发明电〔2025〕7号"),
        ("2027-01-01", DayKind.HOLIDAY, "New Year", "第795号"),
        ("2027-10-04", DayKind.WORKING, "Monday", "第七条"),
        ("2023-05-02", DayKind.WORKING, "Tuesday", "第七条"),
        ("2028-05-02", DayKind.HOLIDAY, "Labour Day", "第795号"),
    ],
)
def test_a_day_says_what_it_is_and_who_says_so(day: str, kind: DayKind, name: str, source: str) -> None:
    found = load_calendar().day(date.fromisoformat(day))
    assert (found.kind, str(found.name)) == (kind, name)
    assert source in found.source
    assert found.working == (kind in (DayKind.WORKING, DayKind.MAKE_UP))


def test_years_are_published_or_missing() -> None:
    states = {year: load_calendar().state(year) for year in (2023, 2024, 2025, 2026, 2027)}
    assert states == {2023: "missing", 2024: "published", 2025: "published", 2026: "published", 2027: "missing"}


def test_late_december_is_settled_only_by_the_next_notice() -> None:
    calendar = load_calendar()
    assert calendar.is_settled(date(2026, 12, 27))
    assert not calendar.is_settled(date(2026, 12, 28))
    assert calendar.is_settled(date(2025, 12, 31))


def test_an_imported_notice_may_reach_into_the_old_year() -> None:
    shipped = load_calendar()
    calendar = shipped.with_year(read_year(NOTICE_2027.format(state="published", make_up="2026-12-27")))
    assert (shipped.is_working(date(2026, 12, 31)), calendar.is_working(date(2026, 12, 31))) == (True, False)
    assert calendar.is_working(date(2026, 12, 27))
    assert calendar.is_settled(date(2026, 12, 31))
    assert calendar.state(2027) is YearState.PUBLISHED


def test_a_draft_is_provisional() -> None:
    calendar = load_calendar().with_year(read_year(NOTICE_2027.format(state="provisional", make_up="")))
    assert calendar.state(2027) is YearState.PROVISIONAL
    assert not calendar.is_settled(date(2027, 6, 1))


@pytest.mark.parametrize(
    "text",
    [
        "year = ",
        "year = 2027",
        NOTICE_2027.format(state="rumour", make_up=""),
        NOTICE_2027.format(state="published", make_up="2027-01-04"),
        NOTICE_2027.format(state="published", make_up="2027-01-02"),
        NOTICE_2027.format(state="published", make_up="2029-01-06"),
        NOTICE_2027.format(state="published", make_up="").replace("2026-12-31", "2027-12-31"),
        NOTICE_2027.format(state="published", make_up="").replace("new_year", "singles_day"),
    ],
)
def test_a_notice_that_contradicts_itself_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_year(text)
    assert refused.value.code == "calendar-file-unreadable"
    assert refused.value.next_step is not None


def test_a_calendar_without_any_data_still_answers() -> None:
    bare = Calendar({})
    assert [bare.is_working(date(2025, 1, day)) for day in (1, 2, 4)] == [False, True, False]


def test_the_date_in_china_is_ahead_of_utc() -> None:
    assert clock.local_date(datetime(2025, 1, 20, 15, 59, tzinfo=UTC)) == date(2025, 1, 20)
    assert clock.local_date(datetime(2025, 1, 20, 16, 0, tzinfo=UTC)) == date(2025, 1, 21)
    with pytest.raises(ValueError, match="time zone"):
        clock.local_date(datetime(2025, 1, 20))  # noqa: DTZ001 - the naive moment is what is tested


def test_today_follows_a_frozen_clock(time_machine: object) -> None:
    time_machine.move_to(datetime(2025, 12, 31, 16, 30, tzinfo=UTC))  # type: ignore[attr-defined]
    assert clock.now().tzinfo is UTC
    assert clock.today() == date(2026, 1, 1)
