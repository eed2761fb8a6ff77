"""Whether the credit entries are still what was entered: each entry and each of its events stands in the log."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from licensing.credit.journal import EVENT_LEAF, LATER, LEAF, event_subject, view_of
from licensing.credit.tables import CreditEntry
from licensing.errors import Conflict
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.words import say


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the credit record; nothing when all is well."""
    entries = list(session.scalars(select(CreditEntry).options(selectinload(CreditEntry.events)).order_by(CreditEntry.id)))
    yield from unaccounted(session, {LEAF, EVENT_LEAF}, (fact for entry in entries for fact in _facts(entry)))
    for entry in entries:
        if not _agrees(entry):
            yield Problem(entry.number, "credit-differs", say("The state of the credit entry is not what its events say."))


def _facts(entry: CreditEntry) -> Iterator[Fact]:
    yield Fact(LEAF, entry.number, row_digest(entry, without=LATER))
    for event in entry.events:
        yield Fact(EVENT_LEAF, event_subject(entry, event), row_digest(event))


def _agrees(entry: CreditEntry) -> bool:
    try:
        view = view_of(entry)
    except (Conflict, ValueError):  # an event that was tampered with may say anything
        return False
    last = entry.events[-1].at if entry.events else None
    return (entry.state, entry.sequence, entry.updated_at) == (view.state, len(entry.events), last)
