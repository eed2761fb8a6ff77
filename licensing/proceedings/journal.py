"""How a proceeding changes: hold its licence, load its events, ask machine and policy, append, all in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from licensing import policy
from licensing.clock import local_date
from licensing.errors import Conflict, Invalid, NotFound
from licensing.ledger.actions import append as append_leaf
from licensing.ledger.protection import row_digest
from licensing.licences.actions import held
from licensing.licences.operations import OPERATIONS, Operation, Rule
from licensing.licences.queries import licence as licence_by_id
from licensing.licences.status import PUBLIC
from licensing.licences.tables import Licence
from licensing.parties.queries import company_by_uscc
from licensing.policy import Action, Actor, Subject
from licensing.proceedings.machine import FINAL, Event, State, transition
from licensing.proceedings.rules import Happened, ProceedingView, apply, check_term, moved_on, replay
from licensing.proceedings.tables import Proceeding, ProceedingEvent
from licensing.storage import Work
from licensing.storage.counters import next_value
from licensing.words import say

EVENT_LEAF: Final = "proceeding-event"
NOWHERE: Final = -1


@dataclass(slots=True)
class Loaded:
    """A proceeding, what its events say, its licence as it is now, and the table's row of its operation."""

    row: Proceeding
    view: ProceedingView
    licence: Licence

    @property
    def rule(self) -> Rule:
        return OPERATIONS[self.view.operation]

    @property
    def subject(self) -> Subject:
        """The proceeding as the policy sees it."""
        return subject_of(self.row, self.view.handlers)


def subject_of(row: Proceeding, handlers: Mapping[str, int]) -> Subject:
    """What the policy needs to know of a proceeding. A holder that is no company here belongs to nobody."""
    return Subject(company_id=NOWHERE if row.company_id is None else row.company_id, authority_id=row.authority_id, handlers=handlers)


def licence_subject(session: Session, licence: Licence) -> Subject:
    """What the policy needs to know of a licence."""
    holder = company_by_uscc(session, licence.holder_code)
    return Subject(company_id=NOWHERE if holder is None else holder.id, authority_id=licence.authority_id)


def load(session: Session, proceeding_id: int) -> Loaded:
    """The proceeding as it is now. Raises ``NotFound``."""
    row = session.get(Proceeding, proceeding_id, populate_existing=True)
    if row is None:
        raise not_found()
    return loaded(row, licence_by_id(session, row.licence_id))


def loaded(row: Proceeding, licence: Licence) -> Loaded:
    """The proceeding of ``row`` with what its events say."""
    return Loaded(row, replay(Operation(row.operation), row.asked, (happened(event) for event in row.events)), licence)


def happened(event: ProceedingEvent) -> Happened:
    """A stored event as the rules read it."""
    return Happened(event.sequence, Event(event.type), event.at, event.actor_id, event.data)


def load_for(work: Work, proceeding_id: int, action: Action) -> Loaded:
    """The proceeding, its licence held, if the actor of ``work`` may do ``action`` to it.

    Raises ``NotFound``, ``Forbidden`` or ``ReauthenticationNeeded``.
    """
    found = load_held(work, proceeding_id)
    require(work, action, found.subject)
    return found


def load_held(work: Work, proceeding_id: int) -> Loaded:
    """The proceeding with its licence held until the transaction ends, so that acts on one licence wait for one another."""
    row = work.session.get(Proceeding, proceeding_id)
    if row is None:
        raise not_found()
    held(work, row.licence_id)
    return load(work.session, proceeding_id)


def licence_for(work: Work, licence_id: int, action: Action) -> tuple[Licence, Subject]:
    """A licence that is out, held, if the actor may do ``action`` to it; with its subject. Raises as :func:`load_for`."""
    licence = held(work, licence_id)
    if licence.status not in PUBLIC:
        raise not_found()
    subject = licence_subject(work.session, licence)
    require(work, action, subject)
    return licence, subject


def require(work: Work, action: Action, subject: Subject) -> None:
    """Ask the one policy function, with the window of this installation for the second factor."""
    policy.require(work.actor, action, subject, now=work.now, window=window(work))


def may(actor: Actor, action: Action, subject: Subject, work: Work) -> policy.Ruling:
    """The ruling for a button: like :func:`require`, without raising."""
    return policy.rule_on(actor, action, subject, now=work.now, window=window(work))


def window(work: Work) -> timedelta:
    return timedelta(seconds=work.settings.reauthentication_window)


def begin(work: Work, licence: Licence, subject: Subject, operation: Operation, *, asked: bool) -> Loaded:
    """A new proceeding about ``licence``, without its first event. Raises ``Conflict`` (``proceeding-open``) when one is open already."""
    slot = slot_of(licence.id, asked=asked)
    if work.session.scalar(select(Proceeding.id).where(Proceeding.slot == slot)) is not None:
        raise Conflict(
            say("There is an open request about this licence.") if asked else say("The authority is acting on this licence already."),
            next_step=say("End that one first."),
            code="proceeding-open",
        )
    year = local_date(work.now).year
    row = Proceeding(
        number=f"LP{year}{next_value(work.session, f'proceeding:{year}'):06d}",
        licence_id=licence.id,
        authority_id=licence.authority_id,
        company_id=None if subject.company_id == NOWHERE else subject.company_id,
        operation=operation,
        asked=asked,
        state="",
        slot=slot,
        sequence=0,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    return Loaded(row, ProceedingView(operation, asked), licence)


def record(work: Work, found: Loaded, event: Event, data: Mapping[str, Any]) -> None:
    """Append ``event``: event row, cached columns, ledger leaf, outbox row, in this transaction.

    Raises ``Conflict`` when the state or the term does not allow it (``proceeding-moved-on``, ``answer-pending``, ``answer-too-late``)
    or somebody else was faster; ``Invalid`` (``reason-needed``) when a reason is missing.
    """
    row = transition(found.view.state, event, asked=found.view.asked)
    if row is None:
        raise moved_on()
    check_term(row, found.view, local_date(work.now))
    if row.reason_needed and not str(data.get("reason", "")).strip():
        raise Invalid(say("Please give a reason."), code="reason-needed")
    entry = Happened(found.row.sequence + 1, event, work.now, work.actor.person_id, dict(data))
    found.view = apply(found.view, entry)
    _compare_and_set(work, found, entry)
    stored = ProceedingEvent(
        proceeding_id=found.row.id, sequence=entry.sequence, type=event, at=entry.at, actor_id=entry.actor_id, data=dict(data)
    )
    work.session.add(stored)
    work.session.flush()
    append_leaf(work, EVENT_LEAF, event_subject(found.row, stored), row_digest(stored))
    work.tell("proceeding.changed", proceeding_id=found.row.id, licence_id=found.row.licence_id, event=str(event))


def event_subject(row: Proceeding, event: ProceedingEvent) -> str:
    """How the log names an event of a proceeding."""
    return f"{row.number}/{event.sequence}"


def slot_of(licence_id: int, *, asked: bool) -> str:
    """The place that one open proceeding of a licence takes."""
    return f"{licence_id}:{'holder' if asked else 'office'}"


def open_about(session: Session, licence_id: int) -> list[Proceeding]:
    """The open proceedings about a licence, oldest first."""
    query = select(Proceeding).where(Proceeding.licence_id == licence_id, Proceeding.slot.is_not(None)).order_by(Proceeding.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def not_found() -> NotFound:
    """The same words for what does not exist and for what is not yours."""
    return NotFound(
        say("This page does not exist, or it is not yours to see."), next_step=say("Check the address or go back to your list.")
    )


def _compare_and_set(work: Work, found: Loaded, entry: Happened) -> None:
    view = found.view
    values: dict[str, Any] = {
        "sequence": entry.sequence,
        "state": view.state,
        "due_on": view.due_on if view.state is State.NOTIFIED else None,
        "version_id": view.version_id,
        "updated_at": work.now,
    }
    values |= {"slot": None} if view.state in FINAL else {}
    change = update(Proceeding).where(Proceeding.id == found.row.id, Proceeding.sequence == entry.sequence - 1).values(**values)
    done = work.session.execute(change.returning(Proceeding.id), execution_options={"synchronize_session": False})
    if done.scalar_one_or_none() is None:
        raise Conflict(
            say("Somebody else was faster, so nothing was done."),
            next_step=say("Load the page again and look at the new state."),
            code="proceeding-moved-on",
        )
    work.session.refresh(found.row)
