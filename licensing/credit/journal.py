"""How a credit entry changes: its events are appended, and its cached columns change by compare-and-set, in the caller's transaction."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import update

from licensing.credit.machine import Event, State, transition
from licensing.credit.rules import EntryView, moved_on, replay
from licensing.credit.tables import CreditEntry, CreditEvent
from licensing.errors import Invalid, NotFound
from licensing.ledger.actions import append as append_leaf
from licensing.ledger.protection import row_digest
from licensing.policy import Subject
from licensing.storage import Work
from licensing.words import say

LEAF: Final = "credit-entry"
EVENT_LEAF: Final = "credit-event"
LATER: Final = ("state", "sequence", "updated_at")
"""The columns of an entry that change after it was made."""


def subject_of(entry: CreditEntry) -> Subject:
    """What the policy needs to know of an entry; who entered it does not decide about it."""
    return Subject(company_id=entry.company_id, authority_id=entry.authority_id, handlers=view_of(entry).handlers)


def view_of(entry: CreditEntry) -> EntryView:
    """What the stored events of an entry say. Raises ``Conflict`` or ``ValueError`` where they were tampered with."""
    return replay((Event(event.type), event.actor_id) for event in entry.events)


def event_subject(entry: CreditEntry, event: CreditEvent) -> str:
    """How the log names an event of an entry."""
    return f"{entry.number}/{event.sequence}"


def record(work: Work, entry: CreditEntry, event: Event, data: dict[str, Any]) -> None:
    """Append ``event``: event row, cached state, ledger leaf, outbox row.

    Raises ``Invalid`` (``reason-needed``), ``Conflict`` (``credit-moved-on``) when the state does not allow it or somebody else was
    faster.
    """
    if not str(data.get("reason", "")).strip():
        raise Invalid(say("Please give a reason."), code="reason-needed")
    row = transition(State(entry.state) if entry.sequence else None, event)
    if row is None:
        raise moved_on()
    sequence = entry.sequence + 1
    change = update(CreditEntry).where(CreditEntry.id == entry.id, CreditEntry.sequence == entry.sequence)
    done = work.session.execute(
        change.values(state=row.target, sequence=sequence, updated_at=work.now).returning(CreditEntry.id),
        execution_options={"synchronize_session": False},
    )
    if done.scalar_one_or_none() is None:
        raise moved_on()
    stored = CreditEvent(entry_id=entry.id, sequence=sequence, type=event, at=work.now, actor_id=work.actor.person_id, data=data)
    work.session.add(stored)
    work.session.flush()
    work.session.refresh(entry)
    append_leaf(work, EVENT_LEAF, event_subject(entry, stored), row_digest(stored))
    work.tell("credit.changed", entry_id=entry.id, company_id=entry.company_id, event=str(event))


def not_found() -> NotFound:
    """The same words for what does not exist and for what is not yours."""
    return NotFound(
        say("This page does not exist, or it is not yours to see."), next_step=say("Check the address or go back to your list.")
    )
