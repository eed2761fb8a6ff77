"""Whether proceedings are still what happened: each event stands in the log, and the cached columns say what the events say."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from licensing.errors import LeizhengError
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.licences.operations import Operation
from licensing.proceedings.journal import EVENT_LEAF, event_subject, happened, slot_of
from licensing.proceedings.machine import OPEN, State
from licensing.proceedings.rules import ProceedingView, replay
from licensing.proceedings.tables import Proceeding
from licensing.words import say


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the proceedings and their events; nothing when all is well."""
    rows = list(session.scalars(select(Proceeding).options(selectinload(Proceeding.events)).order_by(Proceeding.id)))
    facts = (Fact(EVENT_LEAF, event_subject(row, event), row_digest(event)) for row in rows for event in row.events)
    yield from unaccounted(session, {EVENT_LEAF}, facts)
    for row in rows:
        if not _agrees(row):
            yield Problem(row.number, "proceeding-differs", say("The proceeding is not what its events say."))


def _agrees(row: Proceeding) -> bool:
    try:
        view = replay(Operation(row.operation), row.asked, (happened(event) for event in row.events))
    except (LeizhengError, ValueError, KeyError, TypeError):  # an event that was tampered with may say anything
        return False
    return (row.state, row.sequence, row.version_id, row.due_on, row.slot) == _cached(row, view)


def _cached(row: Proceeding, view: ProceedingView) -> tuple[object, ...]:
    slot = slot_of(row.licence_id, asked=row.asked) if view.state in OPEN else None
    return view.state, len(row.events), view.version_id, view.due_on if view.state is State.NOTIFIED else None, slot
