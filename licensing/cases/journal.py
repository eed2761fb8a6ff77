"""How a case changes: load its events, ask machine and policy, append, all in one transaction with compare-and-set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from licensing import policy
from licensing.cases.deadlines import deadline
from licensing.cases.machine import Event, transition
from licensing.cases.measures import keep_measure
from licensing.cases.replay import apply, replay
from licensing.cases.rules import check_once, check_term, decided_on, region_of
from licensing.cases.tables import Case, CaseEvent
from licensing.cases.view import CaseView, Happened
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Matter
from licensing.clock import local_date
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict, Invalid, NotFound
from licensing.ledger.actions import append as append_leaf
from licensing.ledger.protection import row_digest
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work
from licensing.words import say

EVENT_LEAF = "case-event"


@dataclass(slots=True)
class Loaded:
    """A case row, what its events say, and its matter."""

    row: Case
    view: CaseView
    matter: Matter

    @property
    def subject(self) -> Subject:
        """The case as the policy sees it. A draft belongs to no authority yet, so no officer sees it."""
        return subject_of(self.row, self.view.handlers, self.view.panel)


def subject_of(row: Case, handlers: Mapping[str, int], panel: Collection[int] = ()) -> Subject:
    """What the policy needs to know of a case."""
    nowhere = -1
    authority_id = nowhere if row.authority_id is None else row.authority_id
    return Subject(company_id=row.company_id, authority_id=authority_id, handlers=handlers, panel=frozenset(panel))


def load(session: Session, case_id: int) -> Loaded:
    """The case as it is now. Raises ``NotFound``."""
    row = session.get(Case, case_id, populate_existing=True)
    if row is None:
        raise not_found()
    return Loaded(row, replay(happened(event) for event in row.events), load_catalogue().matter(row.matter))


def happened(event: CaseEvent) -> Happened:
    """A stored event as the rules read it."""
    return Happened(event.sequence, Event(event.type), event.at, event.actor_id, event.data)


def load_for(work: Work, case_id: int, action: Action) -> Loaded:
    """The case, if the actor of ``work`` may do ``action`` to it. Raises ``NotFound``, ``Forbidden`` or ``ReauthenticationNeeded``."""
    case = load(work.session, case_id)
    require(work, action, case.subject)
    return case


def hold(work: Work, case_id: int) -> None:
    """Keep others from this case until the transaction ends: for acts that write beside its events, where no compare-and-set tells."""
    work.session.execute(select(Case.id).where(Case.id == case_id).with_for_update())


def require(work: Work, action: Action, subject: Subject) -> None:
    """Ask the one policy function, with the window of this installation for the second factor."""
    policy.require(work.actor, action, subject, now=work.now, window=timedelta(seconds=work.settings.reauthentication_window))


def record(work: Work, case: Loaded, event: Event, data: Mapping[str, Any]) -> None:
    """Append ``event`` to the case: event row, cached state and due date, ledger leaf, measure, outbox row, in this transaction.

    Raises ``Conflict`` (``case-moved-on``) when the state does not allow it or somebody else was faster; ``Invalid`` when a reason is
    needed and missing.
    """
    row = transition(case.view.state, event, case.view.steps)
    if row is not None:
        check_term(row, case.view, local_date(work.now))
        check_once(row, case.view)
    given = data.get("items") if event is Event.CORRECTION_REQUESTED else data.get("reason") or data.get("opinion")
    if row is not None and row.reason_needed and not str(given or "").strip():
        raise Invalid(say("Please give a reason."), code="reason-needed")
    entry = Happened(case.row.sequence + 1, event, work.now, work.actor.person_id, dict(data))
    case.view = apply(case.view, entry)
    _compare_and_set(work, case, entry)
    append_event(work, case.row, entry)
    _keep_up(work, case)
    keep_measure(work.session, case.row, case.matter, _history(work.session, case.row.id))
    work.tell("case.changed", case_id=case.row.id, event=str(event))


def append_event(work: Work, row: Case, entry: Happened) -> None:
    """Store an event of the case and its ledger leaf; the leaf's digest covers every column of the event."""
    event = CaseEvent(case_id=row.id, sequence=entry.sequence, type=entry.type, at=entry.at, actor_id=entry.actor_id, data=dict(entry.data))
    work.session.add(event)
    work.session.flush()
    append_leaf(work, EVENT_LEAF, event_subject(row, event), row_digest(event))


def event_subject(row: Case, event: CaseEvent) -> str:
    """How the log names an event of a case."""
    return f"{row.public_number}/{event.sequence}"


def moved_on() -> Conflict:
    return Conflict(
        say("This cannot be done any more: the case has moved on."),
        next_step=say("Load the page again and look at the new state."),
        code="case-moved-on",
    )


def not_found() -> NotFound:
    """The same words for what does not exist and for what is not yours."""
    return NotFound(
        say("This page does not exist, or it is not yours to see."), next_step=say("Check the address or go back to your list.")
    )


def may(actor: Actor, action: Action, case: Loaded, work: Work) -> policy.Ruling:
    """The ruling for a button: like :func:`require`, without raising."""
    window = timedelta(seconds=work.settings.reauthentication_window)
    return policy.rule_on(actor, action, case.subject, now=work.now, window=window)


def _keep_up(work: Work, case: Loaded) -> None:
    """Compute the date again where a calendar was imported since: the leaf of the event waited for it, and it did not see this event."""
    due = _due_on(work, case)
    if due != case.row.due_on:
        case.row.due_on = due
        work.session.flush()


def _due_on(work: Work, case: Loaded) -> date | None:
    running = deadline(case.view, case.matter, calendar_now(work.session))
    return running.due if running else None


def _history(session: Session, case_id: int) -> list[Happened]:
    rows = session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.sequence))
    return [happened(row) for row in rows]


def _compare_and_set(work: Work, case: Loaded, entry: Happened) -> None:
    change = (
        update(Case)
        .where(Case.id == case.row.id, Case.sequence == entry.sequence - 1)
        .values(
            sequence=entry.sequence,
            state=case.view.state,
            due_on=_due_on(work, case),
            decided_on=decided_on(case.view),
            region_code=region_of(case.view, case.matter),
            updated_at=work.now,
        )
        .returning(Case.id)
    )
    if work.session.execute(change, execution_options={"synchronize_session": False}).scalar_one_or_none() is None:
        raise Conflict(
            say("Somebody else was faster, so nothing was done."),
            next_step=say("Load the page again and look at the new state."),
            code="case-moved-on",
        )
    work.session.refresh(case.row, ["sequence", "state", "due_on", "decided_on", "region_code", "updated_at"])
