"""Whether the credit entries are still what was entered: each entry and each of its events stands in the log."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from licensing.credit.journal import EVENT_LEAF, LATER, LEAF, event_subject
from licensing.credit.machine import Event, State, transition
from licensing.credit.tables import CreditEntry
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.words import say


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the credit record; nothing when all is well."""
    entries = list(session.scalars(select(CreditEntry).options(selectinload(CreditEntry.events)).order_by(CreditEntry.id)))
    yield from unaccounted(session, {LEAF, EVENT_LEAF}, (fact for entry in entries for fact in _facts(entry)))
    for entry in entries:
        if (entry.state, entry.sequence) != (_state(entry), len(entry.events)):
            yield Problem(entry.number, "credit-differs", say("The state of the credit entry is not what its events say."))


def _facts(entry: CreditEntry) -> Iterator[Fact]:
    yield Fact(LEAF, entry.number, row_digest(entry, without=LATER))
    for event in entry.events:
        yield Fact(EVENT_LEAF, event_subject(entry, event), row_digest(event))


def _state(entry: CreditEntry) -> State | None:
    """The state that the events lead to; None when they cannot follow one another."""
    state: State | None = None
    for event in entry.events:
        row = transition(state, Event(event.type)) if event.type in set(Event) else None
        if row is None:
            return None
        state = row.target
    return state
