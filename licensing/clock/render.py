"""An explanation as data and as lines of text, and the small readers for what people type."""

from __future__ import annotations

from datetime import date
from typing import Any

from licensing.clock.limits import Unit, length_of
from licensing.clock.rules import Explanation, Limit, Span, Step, Stop
from licensing.errors import Invalid
from licensing.words import Said, Translate, say


def headline(explanation: Explanation) -> Said:
    """The result in one sentence."""
    limit, due = explanation.limit, explanation.due
    if due is None:
        return say("There is no date yet: the clock stands.")
    if limit.backwards:
        return say("%(due)s: %(length)s before %(start)s.", due=due, length=limit.length, start=explanation.start)
    if explanation.extension:
        return say(
            "%(due)s: %(length)s after %(start)s, extended by %(extension)s.",
            due=due,
            length=limit.length,
            start=explanation.start,
            extension=length_of(explanation.extension, Unit.WORKING_DAYS),
        )
    return say("%(due)s: %(length)s after %(start)s.", due=due, length=limit.length, start=explanation.start)


def as_json(explanation: Explanation, translate: Translate = str) -> dict[str, Any]:
    """The explanation as plain data: ISO dates, every step in words, and ``spans`` with the same days merged for display."""
    caution = explanation.caution
    return {
        "limit": _limit_json(explanation.limit, translate),
        "start": explanation.start.isoformat(),
        "due": explanation.due.isoformat() if explanation.due else None,
        "provisional": explanation.provisional,
        "caution": caution.in_words(translate) if caution else None,
        "extension": explanation.extension,
        "summary": headline(explanation).in_words(translate),
        "steps": [_step_json(step, translate) for step in explanation.steps],
        "spans": [_span_json(span, translate) for span in explanation.condensed()],
    }


def as_lines(explanation: Explanation, translate: Translate = str) -> list[str]:
    """The explanation as lines of text: what the limit is, one line for each run of days, the result last."""
    limit = explanation.limit
    head = say("%(id)s · %(name)s: %(length)s", id=limit.id, name=limit.name, length=limit.length)
    lines = [head.in_words(translate), limit.source]
    lines += ["  ".join(row) for row in rows(explanation, translate)]
    lines.append(headline(explanation).in_words(translate))
    if explanation.caution:
        lines.append(explanation.caution.in_words(translate))
    return lines


def rows(explanation: Explanation, translate: Translate = str) -> list[tuple[str, str, str, str]]:
    """One row for each run of days: the days, their numbers among the counted days, why, and the source."""
    return [(_days(span), _numbers(span), span.why.in_words(translate), span.source) for span in explanation.condensed()]


def parse_day(text: str) -> date:
    """A date typed as ``2025-01-20``. Raises ``Invalid``."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise Invalid(
            say("“%(typed)s” is not a date.", typed=text), next_step=say("Write it like 2025-01-20."), code="date-unreadable"
        ) from error


def parse_stop(text: str) -> Stop:
    """A stop typed as ``FROM:TO``, both days included; an empty ``TO`` means that the clock still stands. Raises ``Invalid``."""
    first, colon, last = text.partition(":")
    if not colon:
        raise Invalid(
            say("“%(typed)s” is not a stop.", typed=text),
            next_step=say("Write FROM:TO, such as 2025-01-20:2025-01-24, or FROM: when the clock still stands."),
            code="stop-unreadable",
        )
    return Stop(parse_day(first), parse_day(last) if last.strip() else None, say("the days you gave."))


def _limit_json(limit: Limit, translate: Translate) -> dict[str, Any]:
    return {
        "id": limit.id,
        "name": limit.name.in_words(translate),
        "amount": limit.amount,
        "unit": limit.unit.value,
        "starts": limit.starts.in_words(translate),
        "source": limit.source,
        "note": limit.note.in_words(translate) if limit.note else None,
    }


def _step_json(step: Step, translate: Translate) -> dict[str, Any]:
    return {
        "date": step.date.isoformat(),
        "counts": step.counts,
        "ordinal": step.ordinal,
        "why": step.why.in_words(translate),
        "source": step.source,
    }


def _span_json(span: Span, translate: Translate) -> dict[str, Any]:
    return {
        "first": span.first.isoformat(),
        "last": span.last.isoformat(),
        "counts": span.counts,
        "ordinal_from": span.ordinal_from,
        "ordinal_to": span.ordinal_to,
        "why": span.why.in_words(translate),
        "source": span.source,
    }


def _days(span: Span) -> str:
    return span.first.isoformat() if span.first == span.last else f"{span.first} – {span.last}"


def _numbers(span: Span) -> str:
    if span.ordinal_from is None:
        return "·"
    return str(span.ordinal_from) if span.ordinal_from == span.ordinal_to else f"{span.ordinal_from}–{span.ordinal_to}"
