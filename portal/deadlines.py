"""Deadlines as the pages show them: the card with its steps, and the badge of a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import g

from licensing.cases.lateness import Card, card_for
from licensing.cases.machine import State
from licensing.clock import Calendar, Explanation, Span, days_left, today
from licensing.clock.queries import calendar_now
from licensing.words import Said, say
from portal.database import db

CARD_KINDS: Mapping[Card | None, str] = {None: "go", Card.YELLOW: "warn", Card.RED: "bad"}


def calendar_in_force() -> Calendar:
    """The calendar of this request; asked for once."""
    if "leizheng_calendar" not in g:
        g.leizheng_calendar = calendar_now(db.session)
    found: Calendar = g.leizheng_calendar
    return found


@dataclass(frozen=True, slots=True)
class ClockCard:
    """What the component ``deadline`` wants: days left, due day, kind, and the steps of the explanation; whether the day has passed."""

    left: int | None
    due: date | None
    kind: str
    steps: tuple[tuple[str, str, Said, bool], ...]
    note: Said | None

    @property
    def late(self) -> bool:
        return self.left is not None and self.left < 0


def clock_card(explanation: Explanation) -> ClockCard:
    """A deadline with its steps, as the clock explains it."""
    left = days_left(explanation.due, today(), calendar_in_force()) if explanation.due else None
    kind = "still" if left is None else CARD_KINDS[card_for(left)]
    steps = tuple((_span_days(span), _span_numbers(span), _span_words(span), span.counts) for span in explanation.condensed())
    return ClockCard(left, explanation.due, kind, steps, explanation.standing.reason if explanation.standing else explanation.caution)


def left_badge(left: int | None, state: State) -> tuple[Said, str]:
    """Words and colour for the working days that are left."""
    if left is None:
        return (say("Clock stands"), "") if state is State.EVALUATING else (say("No date"), "")
    kind = CARD_KINDS[card_for(left)]
    if left < 0:
        return say("1 day late") if left == -1 else say("%(days)s days late", days=-left), kind
    if left == 0:
        return say("Today"), kind
    return say("1 day") if left == 1 else say("%(days)s days", days=left), kind


def due_badge(left: int | None) -> tuple[Said, str]:
    """How urgent something is by the working days that are left: in words, and in a colour that says nothing more."""
    if left is None:
        return say("no date"), ""
    kind = CARD_KINDS[card_for(left)]
    if left < 0:
        return say("late by 1 working day") if left == -1 else say("late by %(days)s working days", days=-left), kind
    if left == 0:
        return say("due today"), kind
    if card_for(left):
        return say("due soon: 1 working day") if left == 1 else say("due soon: %(days)s working days", days=left), kind
    return say("%(days)s working days left", days=left), kind


def urgency(due: date | None) -> tuple[Said, str]:
    """The badge beside a day in a list: words and colour where it is near or has passed, and no colour where nothing presses."""
    words, kind = due_badge(days_left(due, today(), calendar_in_force()) if due else None)
    return words, "" if kind == CARD_KINDS[None] else kind


def _span_days(span: Span) -> str:
    first, last = span.first, span.last
    if first == last:
        return f"{first:%m-%d}"
    return f"{first:%m-%d}–{last:%d}" if first.month == last.month else f"{first:%m-%d}–{last:%m-%d}"


def _span_numbers(span: Span) -> str:
    if span.ordinal_from is None:
        return "–"
    return str(span.ordinal_from) if span.ordinal_from == span.ordinal_to else f"{span.ordinal_from}–{span.ordinal_to}"


def _span_words(span: Span) -> Said:
    return say("%(why)s %(source)s", why=span.why, source=span.source)
