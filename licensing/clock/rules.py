"""The clock itself: from a day, a limit and the calendar to a due date that explains every day on the way. Pure.

Counting follows the Licensing Law art. 82 (working days), art. 42 (extension), art. 45 (time that does not count) and the Civil Code
arts. 201–203 (the first day is not counted; the same day number or the last of the month; a last day off moves on).
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from licensing.clock.calendar import WEEKDAYS, Calendar, CalendarDay, DayKind
from licensing.clock.limits import EXTENSION_SOURCE, LICENSING_LAW, LIMITS, LONGEST_EXTENSION, Limit, Unit, find_limit
from licensing.errors import Invalid
from licensing.words import Said, say

__all__ = [
    "LIMITS",
    "Explanation",
    "Limit",
    "Span",
    "Step",
    "Stop",
    "Unit",
    "add_months",
    "add_working_days",
    "answer_term",
    "days_left",
    "deemed_acceptance_due",
    "explain",
    "find_limit",
    "is_deemed_accepted",
    "publicity_term",
    "working_days_between",
]

ONE_DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
WORKING_DAYS_SOURCE = f"{LICENSING_LAW}第八十二条"
STOP_SOURCE = f"{LICENSING_LAW}第四十五条"
NOT_COUNTED_SOURCE = "《民法典》第二百零一条"
SAME_DAY_SOURCE = "《民法典》第二百零二条"
MOVED_SOURCE = "《民法典》第二百零三条"


@dataclass(frozen=True, slots=True)
class Stop:
    """The clock stands on the days ``first`` to ``last`` inclusive; without ``last`` it still stands. Raises ``Invalid`` when reversed."""

    first: date
    last: date | None
    reason: Said

    def __post_init__(self) -> None:
        if self.last is not None and self.last < self.first:
            raise Invalid(
                say("A stop cannot end (%(last)s) before it begins (%(first)s).", first=self.first, last=self.last),
                next_step=say("Give the first day and then the last day on which the clock stands."),
                code="stop-reversed",
            )

    def covers(self, when: date) -> bool:
        """Whether the clock stands on ``when``."""
        return self.first <= when and (self.last is None or when <= self.last)


@dataclass(frozen=True, slots=True)
class Step:
    """One day on the way. ``ordinal`` is its number among the counted days, None when it does not count."""

    date: date
    counts: bool
    ordinal: int | None
    why: Said
    source: str


@dataclass(frozen=True, slots=True)
class Span:
    """A run of steps with the same reason, from the earliest to the latest day."""

    first: date
    last: date
    counts: bool
    ordinal_from: int | None
    ordinal_to: int | None
    why: Said
    source: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every day from ``start`` to the due date, and why it counts or not.

    ``provisional`` is True when a notice still to come may change the result. ``standing`` is the stop that has no end yet.
    """

    limit: Limit
    start: date
    steps: tuple[Step, ...]
    provisional: bool
    extension: int = 0
    standing: Stop | None = None

    @property
    def due(self) -> date | None:
        """The last day of the limit: the day of the last step. None while the clock stands."""
        return None if self.standing else self.steps[-1].date

    @property
    def caution(self) -> Said | None:
        """What may still change the date, or None when nothing can."""
        if not self.provisional:
            return None
        return say("This date may change when the State Council publishes the calendar of the year.")

    def condensed(self) -> tuple[Span, ...]:
        """The steps with runs of the same reason merged, in the order of the steps."""
        spans: list[Span] = []
        for step in self.steps:
            if spans and _continues(spans[-1], step):
                spans[-1] = _lengthened(spans[-1], step)
            else:
                spans.append(Span(step.date, step.date, step.counts, step.ordinal, step.ordinal, step.why, step.source))
        return tuple(spans)


def explain(start: date, limit: Limit, calendar: Calendar, stops: Sequence[Stop] = (), extension: int = 0) -> Explanation:
    """The due date of ``limit`` for an event on ``start``, with a step for every day. The day of the event itself is not counted.

    ``extension`` is in working days and at most ten (T6). Raises ``Invalid`` for what the law does not know: a window, a stop of a limit
    in months, an extension of a limit that has none, a day outside 2000–2199.
    """
    _check(start, limit, stops, extension)
    if limit.unit in (Unit.MONTHS, Unit.YEARS):
        return _explain_months(start, limit, calendar)
    return _explain_days(start, limit, calendar, tuple(stops), extension)


def deemed_acceptance_due(received: date, calendar: Calendar, stops: Sequence[Stop] = ()) -> Explanation:
    """Until when the authority may speak on materials received on ``received`` (T1) before its silence counts as acceptance (T2)."""
    return explain(received, LIMITS["T1"], calendar, stops)


def answer_term(days: int, served_on: date, calendar: Calendar, *, named: date | None = None) -> Explanation:
    """Until when a notice served on ``served_on`` may be answered: ``days`` working days, with every day explained.

    ``named`` is the day that the notice told its reader. It stands, also where the calendar was changed since.
    """
    limit = Limit(
        "answer",
        say("Answer a notice"),
        days,
        Unit.WORKING_DAYS,
        say("the notice"),
        "《中华人民共和国行政处罚法》第四十四条、第六十四条; 《中华人民共和国行政许可法》第七条",
    )
    explained = explain(served_on, limit, calendar)
    return explained if named in (None, explained.due) else _held(explained, named)


def publicity_term(days: int, opened_on: date, calendar: Calendar, *, named: date | None = None) -> Explanation:
    """Until when the public may object to what was published on ``opened_on``: ``days`` working days, with every day explained.

    ``named`` is the day that was published. It stands, also where the calendar was changed since.
    """
    limit = Limit(
        "publicity",
        say("Object to what is published"),
        days,
        Unit.WORKING_DAYS,
        say("publication"),
        "《中华人民共和国行政许可法》第五条、第三十六条",
    )
    explained = explain(opened_on, limit, calendar)
    return explained if named in (None, explained.due) else _held(explained, named)


def is_deemed_accepted(received: date, today: date, calendar: Calendar) -> bool:
    """Whether silence since ``received`` has become acceptance, dated back to ``received``: true from the day after T1 ended."""
    due = deemed_acceptance_due(received, calendar).due
    return due is not None and today > due


def add_working_days(start: date, amount: int, calendar: Calendar) -> date:
    """The working day that is ``amount`` working days after ``start`` (before it when negative); ``start`` itself when zero."""
    when, left = start, abs(amount)
    while left:
        when += ONE_DAY if amount > 0 else -ONE_DAY
        left -= calendar.is_working(when)
    return when


def working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """How many working days lie after ``first`` up to and including ``last``; negative when ``last`` is earlier."""
    if last < first:
        return -working_days_between(last, first, calendar)
    return sum(calendar.is_working(first + ONE_DAY * n) for n in range(1, (last - first).days + 1))


def days_left(due: date, today: date, calendar: Calendar) -> int:
    """Working days left after ``today`` until ``due``: 0 on the last day, -1 or less as soon as it has passed."""
    left = working_days_between(today, due, calendar)
    return left if today <= due else min(left, -1)


def add_months(start: date, amount: int) -> date:
    """The same day number ``amount`` months later (earlier when negative), or the last day of that month (Civil Code art. 202)."""
    year, month = divmod(start.year * 12 + start.month - 1 + amount, 12)
    return date(year, month + 1, min(start.day, months.monthrange(year, month + 1)[1]))


def _check(start: date, limit: Limit, stops: Sequence[Stop], extension: int) -> None:
    days = [start, *(stop.first for stop in stops), *(stop.last for stop in stops if stop.last)]
    if limit.amount is None:
        raise Invalid(say("%(limit)s is not counted from a day: %(note)s", limit=limit.id, note=limit.length), code="limit-not-counted")
    if not all(FIRST_DAY <= day <= LAST_DAY for day in days):
        raise Invalid(say("The clock knows the years 2000 to 2199 only."), next_step=say("Check the year."), code="day-out-of-range")
    if stops and (limit.backwards or limit.unit not in (Unit.WORKING_DAYS, Unit.CALENDAR_DAYS)):
        raise Invalid(say("The clock of %(limit)s cannot be stopped.", limit=limit.id), code="limit-cannot-stop")
    if extension and not limit.extendable:
        raise Invalid(say("The law knows no extension of %(limit)s.", limit=limit.id), code="limit-not-extendable")
    if not 0 <= extension <= LONGEST_EXTENSION:
        raise Invalid(say("An extension is at most %(most)s working days.", most=LONGEST_EXTENSION), code="extension-too-long")


def _explain_days(start: date, limit: Limit, calendar: Calendar, stops: tuple[Stop, ...], extension: int) -> Explanation:
    base = limit.amount or 0
    steps = [_first_step(start)]
    counted = 0
    for when in _days_from(start, backwards=limit.backwards):
        if counted == base + extension:
            break
        if stop := next((stop for stop in stops if stop.covers(when)), None):
            steps.append(_stopped_step(when, stop))
            if stop.last is None:
                return Explanation(limit, start, tuple(steps), _unsettled(steps[1:], calendar), extension, stop)
            continue
        day = calendar.day(when)
        if limit.unit is Unit.CALENDAR_DAYS or day.working:
            counted += 1
            steps.append(_counted_step(day, counted, limit.unit, extended=counted > base))
        else:
            steps.append(_day_off_step(day))
    if limit.shifts:
        return _shifted(Explanation(limit, start, tuple(steps), False), calendar, stops)
    provisional = limit.unit is Unit.WORKING_DAYS and _unsettled(steps[1:], calendar)
    return Explanation(limit, start, tuple(steps), provisional, extension)


def _explain_months(start: date, limit: Limit, calendar: Calendar) -> Explanation:
    amount = (limit.amount or 0) * (12 if limit.unit is Unit.YEARS else 1)
    end = add_months(start, -amount if limit.backwards else amount)
    steps = [_first_step(start)]
    for when in _days_from(start, backwards=limit.backwards):
        last = when == end
        why = _last_calendar_day(limit) if last else say("A calendar day.")
        steps.append(Step(when, True, len(steps), why, SAME_DAY_SOURCE if last else NOT_COUNTED_SOURCE))
        if last:
            break
    explanation = Explanation(limit, start, tuple(steps), False)
    return _shifted(explanation, calendar, ()) if limit.shifts else explanation


def _shifted(explanation: Explanation, calendar: Calendar, stops: tuple[Stop, ...]) -> Explanation:
    """Moves a last day that is off to the next working day on which the clock runs (Civil Code art. 203)."""
    steps = list(explanation.steps)
    ends = len(steps) - 1
    while not calendar.is_working(steps[-1].date) or any(stop.covers(steps[-1].date) for stop in stops):
        when = steps[-1].date + ONE_DAY
        stop = next((stop for stop in stops if stop.covers(when)), None)
        if stop:
            steps.append(_stopped_step(when, stop))
            if stop.last is None:
                return Explanation(explanation.limit, explanation.start, tuple(steps), _unsettled(steps[ends:], calendar), standing=stop)
        elif calendar.is_working(when):
            steps.append(Step(when, False, None, say("The last day was a day off, so the limit ends on this working day."), MOVED_SOURCE))
        else:
            steps.append(_day_off_step(calendar.day(when)))
    return Explanation(explanation.limit, explanation.start, tuple(steps), _unsettled(steps[ends:], calendar))


def _held(explained: Explanation, named: date | None) -> Explanation:
    """``explained``, but ending on the day ``named`` in a notice that was served before the calendar was changed."""
    if named is None or named <= explained.start:
        return explained
    why, source = say("The notice named %(day)s, and the calendar was changed after it was served.", day=named), explained.limit.source
    steps = [step for step in explained.steps if step.date < named]
    while steps[-1].date < named:
        steps.append(Step(steps[-1].date + ONE_DAY, False, None, why, source))
    return Explanation(explained.limit, explained.start, tuple(steps), False)


def _days_from(start: date, *, backwards: bool) -> Iterator[date]:
    when = start
    while True:
        when += -ONE_DAY if backwards else ONE_DAY
        yield when


def _first_step(start: date) -> Step:
    return Step(start, False, None, say("The day of the event itself is not counted."), NOT_COUNTED_SOURCE)


def _stopped_step(when: date, stop: Stop) -> Step:
    if stop.last is None:
        return Step(when, False, None, say("The clock stands from this day on: %(reason)s", reason=stop.reason), STOP_SOURCE)
    return Step(when, False, None, say("The clock stands: %(reason)s", reason=stop.reason), STOP_SOURCE)


def _counted_step(day: CalendarDay, ordinal: int, unit: Unit, *, extended: bool) -> Step:
    if unit is Unit.CALENDAR_DAYS:
        return Step(day.date, True, ordinal, say("A calendar day."), NOT_COUNTED_SOURCE)
    if day.kind is DayKind.MAKE_UP:
        weekday = WEEKDAYS[day.date.weekday()]
        why = say("%(weekday)s is worked to make up for %(holiday)s.", weekday=weekday, holiday=day.name)
        return Step(day.date, True, ordinal, why, day.source)
    if extended:
        return Step(day.date, True, ordinal, say("A working day of the extension."), EXTENSION_SOURCE)
    return Step(day.date, True, ordinal, say("A working day."), WORKING_DAYS_SOURCE)


def _day_off_step(day: CalendarDay) -> Step:
    why = say("Public holiday: %(holiday)s.", holiday=day.name) if day.kind is DayKind.HOLIDAY else say("Weekend.")
    return Step(day.date, False, None, why, day.source)


def _last_calendar_day(limit: Limit) -> Said:
    if limit.backwards:
        return say("The last day: %(length)s before.", length=limit.length)
    return say("The last day: %(length)s after.", length=limit.length)


def _unsettled(steps: Sequence[Step], calendar: Calendar) -> bool:
    return not all(calendar.is_settled(step.date) for step in steps)


def _continues(span: Span, step: Step) -> bool:
    same = (span.counts, span.why, span.source) == (step.counts, step.why, step.source)
    return same and step.date in (span.last + ONE_DAY, span.first - ONE_DAY)


def _lengthened(span: Span, step: Step) -> Span:
    first, last = min(span.first, step.date), max(span.last, step.date)
    return Span(first, last, span.counts, span.ordinal_from, step.ordinal, span.why, span.source)
