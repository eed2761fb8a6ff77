"""The working-day calendar of China, as the State Council publishes it, and what is known of a year without a notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum

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

    @property
    def told(self) -> Said:
        """What kind of day it is, in words."""
        return {
            DayKind.WORKING: say("working day"),
            DayKind.WEEKEND: say("weekend"),
            DayKind.HOLIDAY: say("holiday: %(name)s", name=self.name),
            DayKind.MAKE_UP: say("worked, to make up for %(name)s", name=self.name),
        }[self.kind]


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
        merged = {when: day for _, year in sorted(self.years.items()) for when, day in year.exceptions.items()}
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
        """The same calendar after ``year`` was imported or replaced; one whose state is missing is forgotten."""
        others = {number: known for number, known in self.years.items() if number != year.year}
        return replace(self, years=others if year.state is YearState.MISSING else {**others, year.year: year})


@dataclass(frozen=True, slots=True)
class DayChange:
    """What two calendars say about one day."""

    before: CalendarDay
    after: CalendarDay

    @property
    def date(self) -> date:
        return self.after.date

    @property
    def moves(self) -> bool:
        """Whether deadlines can move: the day is worked in the one and not in the other."""
        return self.before.working != self.after.working


def changed_days(before: Calendar, after: Calendar, year: int) -> tuple[DayChange, ...]:
    """The days about which ``after`` says something else than ``before``, in order; the notice of ``year`` reaches one year around it."""
    first, last = date(year - 1, 1, 1), date(year + 1, 12, 31)
    days = (first + ONE_DAY * n for n in range((last - first).days + 1))
    pairs = ((before.day(when), after.day(when)) for when in days)
    return tuple(DayChange(old, new) for old, new in pairs if (old.kind, old.name) != (new.kind, new.name))


def _plain_day(when: date) -> CalendarDay:
    working = when.weekday() < 5
    return CalendarDay(when, working, DayKind.WORKING if working else DayKind.WEEKEND, WEEKDAYS[when.weekday()], WEEK_LAW)


def _fixed_holiday(when: date) -> CalendarDay | None:
    for month, day, name, since in FIXED_HOLIDAYS:
        if (when.month, when.day) == (month, day) and when.year >= since:
            return CalendarDay(when, False, DayKind.HOLIDAY, NAMES[name], HOLIDAY_LAW)
    return None
