"""The legal clock: which days are worked, how long the law gives, and a deadline that explains itself day by day.

Days are dates in China; moments are aware and in UTC. ``explain`` is the heart, ``LIMITS`` names the limits T1–T19. The calendar it needs
is the one in force, ``queries.calendar_now(session)``: the shipped years, which ``load_calendar`` gives, under those imported here.
"""

from __future__ import annotations

from licensing.clock.calendar import Calendar, CalendarDay, CalendarYear, DayChange, DayKind, YearState, changed_days
from licensing.clock.notice import load_calendar, read_year
from licensing.clock.render import as_json, as_lines, parse_day, parse_stop
from licensing.clock.rules import (
    LIMITS,
    Explanation,
    Limit,
    Span,
    Step,
    Stop,
    Unit,
    add_months,
    add_working_days,
    answer_term,
    days_left,
    deemed_acceptance_due,
    explain,
    find_limit,
    is_deemed_accepted,
    publicity_term,
    working_days_between,
)
from licensing.moments import CHINA, local_date, now, today

__all__ = [
    "CHINA",
    "LIMITS",
    "Calendar",
    "CalendarDay",
    "CalendarYear",
    "DayChange",
    "DayKind",
    "Explanation",
    "Limit",
    "Span",
    "Step",
    "Stop",
    "Unit",
    "YearState",
    "add_months",
    "add_working_days",
    "answer_term",
    "as_json",
    "as_lines",
    "changed_days",
    "days_left",
    "deemed_acceptance_due",
    "explain",
    "find_limit",
    "is_deemed_accepted",
    "load_calendar",
    "local_date",
    "now",
    "parse_day",
    "parse_stop",
    "publicity_term",
    "read_year",
    "today",
    "working_days_between",
]
