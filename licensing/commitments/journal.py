"""How a promise changes: its events are appended, and its cached state is changed by compare-and-set, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import update

from licensing.commitments.machine import Event, State, transition
from licensing.commitments.tables import Commitment, CommitmentEvent
from licensing.errors import Conflict
from licensing.ledger.actions import append as append_leaf
from licensing.ledger.protection import row_digest
from licensing.storage import Work
from licensing.words import say

LEAF: Final = "commitment"
EVENT_LEAF: Final = "commitment-event"
LATER: Final = ("state", "sequence", "letter_id")
"""The columns of a promise that change after it was signed."""


def leaf_subject(made: Commitment) -> str:
    """How the log names a promise."""
    return f"{made.case_id}/{made.proof}/{made.id}"


def event_subject(made: Commitment, event: CommitmentEvent) -> str:
    """How the log names an event of a promise."""
    return f"{leaf_subject(made)}/{event.sequence}"


def record(work: Work, made: Commitment, event: Event, data: Mapping[str, Any]) -> None:
    """Append ``event`` to the promise: event row, cached state, ledger leaf, outbox row.

    Raises ``Conflict`` (``promise-moved-on``) when the state does not allow it or somebody else was faster.
    """
    state = State(made.state) if made.sequence else None
    row = transition(state, event)
    if row is None:
        raise moved_on()
    sequence = made.sequence + 1
    change = update(Commitment).where(Commitment.id == made.id, Commitment.sequence == made.sequence)
    done = work.session.execute(
        change.values(state=row.target, sequence=sequence).returning(Commitment.id), execution_options={"synchronize_session": False}
    )
    if done.scalar_one_or_none() is None:
        raise moved_on()
    stored = CommitmentEvent(
        commitment_id=made.id, sequence=sequence, type=event, at=work.now, actor_id=work.actor.person_id, data=dict(data)
    )
    work.session.add(stored)
    work.session.flush()
    work.session.refresh(made, ["state", "sequence"])
    append_leaf(work, EVENT_LEAF, event_subject(made, stored), row_digest(stored))
    work.tell("commitment.changed", commitment_id=made.id, case_id=made.case_id, event=str(event))


def moved_on() -> Conflict:
    return Conflict(
        say("This cannot be done any more: the promise has moved on."),
        next_step=say("Load the page again and look at the new state."),
        code="promise-moved-on",
    )
