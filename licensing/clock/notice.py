"""The file of one year: how a notice of the State Council is written down, read, and complained about line by line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from licensing.clock.calendar import NAMES, ONE_DAY, Calendar, CalendarDay, CalendarYear, DayKind, YearState
from licensing.errors import FieldError, Invalid
from licensing.words import Said, say

FIRST_YEAR, LAST_YEAR = 2000, 2199
LONGEST_HOLIDAY = 20
LONGEST_FILE = 64 * 1024
_FOLDER = resources.files("licensing.clock").joinpath("data")
_AT_LINE = re.compile(r"at line (\d+)")


class _Wrong(Exception):
    """What is wrong with a file, and the words by which its line is found."""

    def __init__(self, reason: Said, *near: object) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.near = tuple(str(word) for word in near)


def read_year(text: str) -> CalendarYear:
    """One year from the TOML of a notice.

    Raises ``Invalid`` (``calendar-file-unreadable``) with line and reason when the file contradicts itself. A year in the state *missing*
    has no days: it takes back what was known of that year.
    """
    if not text.strip():
        raise _unreadable(1, say("there is nothing in it"))
    if len(text) > LONGEST_FILE:
        raise _unreadable(1, say("it is longer than a calendar can be"))
    try:
        return _year_from(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line, reason = int(found[1]) if found else text.count("\n") + 1, str(error).partition(" (at ")[0]
        raise _unreadable(line, say("this is not TOML (%(reason)s)", reason=reason)) from error
    except _Wrong as error:
        raise _unreadable(_line_of(text, error.near), error.reason) from error


def plain_text(content: bytes) -> str:
    """The text of an uploaded file, line ends in one spelling. Raises ``Invalid`` (``calendar-file-unreadable``) when it is none."""
    try:
        return tidy(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _unreadable(content[: error.start].count(b"\n") + 1, say("the file is not text in UTF-8")) from error


def tidy(text: str) -> str:
    """The text as it is stored: line ends in one spelling, one at the end, none at the beginning."""
    return "\n".join(text.splitlines()).strip("\n") + "\n"


@cache
def load_calendar() -> Calendar:
    """The calendar that ships with the product; read once."""
    texts = (entry.read_text(encoding="utf-8") for entry in _FOLDER.iterdir() if entry.name.endswith(".toml"))
    years = [read_year(text) for text in texts]
    return Calendar({year.year: year for year in years})


def shipped_text(year: int) -> str | None:
    """The file of ``year`` that ships with the product, or None."""
    entry = _FOLDER.joinpath(f"{year}.toml")
    return tidy(entry.read_text(encoding="utf-8")) if entry.is_file() else None


def missing_text(year: int) -> str:
    """A file that takes ``year`` back to what the fixed rules say."""
    return f'year = {year}\nstate = "{YearState.MISSING}"\nnotice = ""\ntitle = ""\nholidays = []\n'


def _unreadable(line: int, reason: Said) -> Invalid:
    said = say("Line %(line)s: %(reason)s.", line=line, reason=reason)
    return Invalid(
        say("This calendar file cannot be read."),
        [FieldError("content", "calendar-file-unreadable", said)],
        next_step=say("Compare it with a file that works, such as 2026.toml."),
        code="calendar-file-unreadable",
    )


def _line_of(text: str, near: tuple[str, ...]) -> int:
    """The first line with all these words, else with the first of them, else the first line."""
    lines = list(enumerate(text.splitlines(), start=1))
    for wanted in (near, near[:1]):
        for number, line in lines:
            if wanted and all(word in line for word in wanted):
                return number
    return 1


def _year_from(data: Mapping[str, Any]) -> CalendarYear:
    year, state = _year(data), _state(data)
    notice, title = _text(data, "notice"), _text(data, "title")
    entries = data.get("holidays")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _Wrong(say("“%(name)s” has to be a list of holidays", name="holidays"), "holidays")
    if state is YearState.MISSING and entries:
        raise _Wrong(say("a missing year has no holidays"), "holidays")
    exceptions: dict[date, CalendarDay] = {}
    for entry in entries:
        for day in _exceptions(entry, f"{notice}《{title}》"):
            if day.date in exceptions:
                raise _Wrong(say("the day %(day)s is listed twice", day=day.date), day.date)
            if abs(day.date.year - year) > 1:
                raise _Wrong(say("the day %(day)s lies outside %(year)s", day=day.date, year=year), day.date)
            exceptions[day.date] = day
    return CalendarYear(year, state, notice, title, exceptions)


def _year(data: Mapping[str, Any]) -> int:
    year = data.get("year")
    if not isinstance(year, int) or not FIRST_YEAR <= year <= LAST_YEAR:
        raise _Wrong(
            say("“%(name)s” has to be a year between %(first)s and %(last)s", name="year", first=FIRST_YEAR, last=LAST_YEAR), "year"
        )
    return year


def _state(data: Mapping[str, Any]) -> YearState:
    state = data.get("state")
    if state not in set(YearState):
        raise _Wrong(say("“%(name)s” has to be one of %(known)s", name="state", known=", ".join(YearState)), "state")
    return YearState(str(state))


def _text(data: Mapping[str, Any], name: str) -> str:
    text = data.get(name)
    if not isinstance(text, str) or "\n" in text:
        raise _Wrong(say("“%(name)s” has to be a line of text", name=name), name)
    return text


def _exceptions(entry: Mapping[str, Any], source: str) -> list[CalendarDay]:
    code = entry.get("name")
    if not isinstance(code, str) or code not in NAMES:
        raise _Wrong(say("a holiday has one of the names %(known)s", known=", ".join(NAMES)), code, "name")
    first, last, make_up = _day(entry, "first", code), _day(entry, "last", code), entry.get("make_up", [])
    if not 0 <= (last - first).days < LONGEST_HOLIDAY:
        raise _Wrong(say("the holiday from %(first)s to %(last)s is not a range of days", first=first, last=last), code, first)
    if not isinstance(make_up, list) or not all(type(when) is date for when in make_up):
        raise _Wrong(say("“%(name)s” has to be a list of days", name="make_up"), first, code)
    if wrong := [when for when in make_up if when.weekday() < 5]:
        raise _Wrong(say("the make-up day %(day)s is not a Saturday or Sunday", day=wrong[0]), wrong[0])
    off = [first + ONE_DAY * n for n in range((last - first).days + 1)]
    return [
        *(CalendarDay(when, False, DayKind.HOLIDAY, NAMES[code], source) for when in off),
        *(CalendarDay(when, True, DayKind.MAKE_UP, NAMES[code], source) for when in make_up),
    ]


def _day(entry: Mapping[str, Any], name: str, code: str) -> date:
    when = entry.get(name)
    if type(when) is not date:
        raise _Wrong(say("“%(name)s” has to be a day such as %(example)s", name=name, example="2026-10-01"), code, name)
    return when
