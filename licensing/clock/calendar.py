"""The working-day calendar of China, as the State Council publishes it: one data file a year, and what is known when there is none."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from licensing.errors import Invalid
from licensing.words import Said, say

ONE_DAY = timedelta(days=1)
WEEK_LAW = "《国务院关于职工工作时间的规定》(国务院令第146号公布, 第174号修订)第七条"
HOLIDAY_LAW = "《全国年节及纪念日放假办法》(国务院令第795号修订)"


class YearState(StrEnum):
    """How far a year can be trusted: from a notice, from a draft of one, or only from the fixed rules."""

    PUBLISHED = "published"
    PROVISIONAL = "provisional"
    MISSING = "missing"


class DayKind(StrEnum):
    """Why a day is worked or not."""

    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"


NAMES: Mapping[str, Said] = {
    "new_year": say("New Year"),
    "spring_festival": say("Spring Festival"),
    "tomb_sweeping": say("Tomb-Sweeping Day"),
    "labour_day": say("Labour Day"),
    "dragon_boat": say("Dragon Boat Festival"),
    "mid_autumn": say("Mid-Autumn Festival"),
    "national_day": say("National Day"),
    "national_day_and_mid_autumn": say("National Day and Mid-Autumn Festival"),
}
WEEKDAYS = (say("Monday"), say("Tuesday"), say("Wednesday"), say("Thursday"), say("Friday"), say("Saturday"), say("Sunday"))

# The holidays whose date the regulation itself fixes (the others follow the moon or the sun): month, day, name, in force from year.
FIXED_HOLIDAYS = (
    (1, 1, "new_year", 2000),
    (5, 1, "labour_day", 2000),
    (5, 2, "labour_day", 2025),
    (10, 1, "national_day", 2000),
    (10, 2, "national_day", 2000),
    (10, 3, "national_day", 2000),
)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day and why it is worked or not. ``source`` is the notice or the law that says so."""

    date: date
    working: bool
    kind: DayKind
    name: Said
    source: str


@dataclass(frozen=True, slots=True)
class CalendarYear:
    """The exceptions of one year to the plain week, with the notice they come from."""

    year: int
    state: YearState
    notice: str
    title: str
    exceptions: Mapping[date, CalendarDay]


@dataclass(frozen=True, eq=False)
class Calendar:
    """Answers for every date whether it is worked, why, and how certain that is."""

    years: Mapping[int, CalendarYear]
    _exceptions: Mapping[date, CalendarDay] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        merged = {when: day for year in self.years.values() for when, day in year.exceptions.items()}
        object.__setattr__(self, "_exceptions", merged)

    def day(self, when: date) -> CalendarDay:
        """What kind of day ``when`` is; never fails, a year without data is computed from the fixed rules."""
        if known := self._exceptions.get(when):
            return known
        if when.year not in self.years and (fixed := _fixed_holiday(when)):
            return fixed
        return _plain_day(when)

    def is_working(self, when: date) -> bool:
        """Whether public offices work on ``when``."""
        return self.day(when).working

    def state(self, year: int) -> YearState:
        """Whether the year comes from a notice (published), a draft (provisional) or only from the fixed rules (missing)."""
        known = self.years.get(year)
        return known.state if known else YearState.MISSING

    def is_settled(self, when: date) -> bool:
        """Whether no notice still to come can change ``when``.

        The last four days of December are settled only by the notice of the next year: it has moved them before (29 and 31 December 2018).
        """
        if self.state(when.year) is not YearState.PUBLISHED:
            return False
        return (when.month, when.day) < (12, 28) or self.state(when.year + 1) is YearState.PUBLISHED

    def with_year(self, year: CalendarYear) -> Calendar:
        """The same calendar after ``year`` was imported or replaced."""
        return replace(self, years={**self.years, year.year: year})


def read_year(text: str) -> CalendarYear:
    """One year from the TOML of a notice. Raises ``Invalid`` with the reason when the file contradicts itself."""
    try:
        data = tomllib.loads(text)
        return _year_from(data)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise Invalid(
            say("This calendar file cannot be read: %(reason)s.", reason=str(error)),
            next_step=say("Compare it with a file that works, such as 2026.toml."),
            code="calendar-file-unreadable",
        ) from error


@cache
def load_calendar() -> Calendar:
    """The calendar that ships with the product; read once."""
    folder = resources.files("licensing.clock").joinpath("data")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    years = [read_year(entry.read_text(encoding="utf-8")) for entry in files]
    return Calendar({year.year: year for year in years})


def _plain_day(when: date) -> CalendarDay:
    working = when.weekday() < 5
    return CalendarDay(when, working, DayKind.WORKING if working else DayKind.WEEKEND, WEEKDAYS[when.weekday()], WEEK_LAW)


def _fixed_holiday(when: date) -> CalendarDay | None:
    for month, day, name, since in FIXED_HOLIDAYS:
        if (when.month, when.day) == (month, day) and when.year >= since:
            return CalendarDay(when, False, DayKind.HOLIDAY, NAMES[name], HOLIDAY_LAW)
    return None


def _year_from(data: Mapping[str, Any]) -> CalendarYear:
    notice, title = str(data["notice"]), str(data["title"])
    days = [day for entry in data["holidays"] for day in _exceptions(entry, f"{notice}《{title}》")]
    exceptions = {day.date: day for day in days}
    if len(exceptions) != len(days):
        raise ValueError("one day is listed twice")
    year = int(data["year"])
    if any(abs(when.year - year) > 1 for when in exceptions):
        raise ValueError(f"a day lies outside {year}")
    return CalendarYear(year, YearState(data["state"]), notice, title, exceptions)


def _exceptions(entry: Mapping[str, Any], source: str) -> list[CalendarDay]:
    name, first, last = NAMES[entry["name"]], entry["first"], entry["last"]
    if not 0 <= (last - first).days < 20:
        raise ValueError(f"the holiday from {first} to {last} is not a range of days")
    off = [first + ONE_DAY * n for n in range((last - first).days + 1)]
    if wrong := [when for when in entry["make_up"] if when.weekday() < 5]:
        raise ValueError(f"the make-up day {wrong[0]} is not a Saturday or Sunday")
    return [
        *(CalendarDay(when, False, DayKind.HOLIDAY, name, source) for when in off),
        *(CalendarDay(when, True, DayKind.MAKE_UP, name, source) for when in entry["make_up"]),
    ]
