"""What the events of a proceeding say: state, turn, term, who did what. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from licensing.clock import local_date
from licensing.errors import Conflict, Invalid
from licensing.licences.operations import LONGEST_ANSWER_DAYS, Operation, Rule, still_possible
from licensing.licences.status import Status
from licensing.proceedings.machine import TURNS, Event, State, Transition, Turn, transition
from licensing.words import say


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a proceeding: its type, moment (aware UTC), who, and its data."""

    sequence: int
    type: Event
    at: datetime
    actor_id: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ProceedingView:
    """A proceeding as its events tell it. ``opening`` is the request, the notice or the first proposal."""

    operation: Operation
    asked: bool
    state: State | None = None
    opening: Happened | None = None
    proposal: Happened | None = None
    answer: Happened | None = None
    decision: Happened | None = None
    due_on: date | None = None
    version_id: int | None = None
    handlers: Mapping[str, int] = field(default_factory=dict)

    @property
    def changes(self) -> Mapping[str, str]:
        """What a change of data is to change: as asked for, or as proposed by the authority."""
        return dict(self.opening.data.get("changes", {})) if self.opening else {}

    @property
    def grants(self) -> bool:
        """Whether the proposal is to do it; a request may also be proposed to be refused."""
        return self.proposal is not None and self.proposal.data.get("recommendation", "grant") == "grant"

    def term_is_over(self, today: date) -> bool:
        """Whether the time to answer a notice has passed: from the day after its last day."""
        return self.due_on is not None and today > self.due_on

    def turn(self, today: date) -> Turn:
        """Who has to act next; a holder who let the time pass has had the chance."""
        if self.state is State.NOTIFIED and self.term_is_over(today):
            return Turn.APPROVER
        return TURNS[self.state] if self.state is not None else Turn.NOBODY


def replay(operation: Operation, asked: bool, events: Iterable[Happened]) -> ProceedingView:
    """Reduce the events to what the proceeding is now. Raises ``Conflict`` when an event cannot follow what came before."""
    view = ProceedingView(operation, asked)
    for happened in events:
        view = apply(view, happened)
    return view


def apply(view: ProceedingView, happened: Happened) -> ProceedingView:
    """``view`` after one more event."""
    row = transition(view.state, happened.type, asked=view.asked)
    if row is None:
        raise moved_on()
    changed = _APPLY.get(happened.type, _unchanged)(view, happened)
    handlers = dict(view.handlers)
    if happened.type in _PROPOSES and happened.actor_id is not None:
        handlers["proposer"] = happened.actor_id
    opening = view.opening or happened
    return replace(changed, state=row.target, opening=opening, handlers=handlers)


def check_term(row: Transition, view: ProceedingView, today: date) -> None:
    """Raise ``Conflict`` for a decision before the holder was heard, and for an answer after the time to answer."""
    if row.after_term and not view.term_is_over(today):
        raise Conflict(
            say("The holder has until %(day)s to answer; nothing can be decided before.", day=view.due_on),
            next_step=say("Wait for the answer, or for the day after."),
            code="answer-pending",
        )
    if row.within_term and view.term_is_over(today):
        raise Conflict(
            say("The time to answer ended on %(day)s.", day=view.due_on),
            next_step=say("Call the authority; it may already have decided."),
            code="answer-too-late",
        )


def checked_days(rule: Rule, days: int | None) -> int:
    """The working days that a notice gives: at least those of the table. Raises ``Invalid`` (``answer-days``)."""
    least = rule.notice.days if rule.notice else 0
    wanted = least if days is None else days
    if not least <= wanted <= LONGEST_ANSWER_DAYS:
        raise Invalid(say("Give %(least)s to %(most)s working days to answer.", least=least, most=LONGEST_ANSWER_DAYS), code="answer-days")
    return wanted


def is_overtaken(view: ProceedingView, status: Status) -> bool:
    """Whether nothing can come of this proceeding any more, now that its licence is in ``status``.

    A new version that is being made needs the status in which it was granted; everything else may wait for a better one.
    """
    if view.state is State.PRODUCING:
        return status is not Status.IN_FORCE
    return not still_possible(status, view.operation)


def moved_on() -> Conflict:
    return Conflict(
        say("This cannot be done any more: the proceeding has moved on."),
        next_step=say("Load the page again and look at the new state."),
        code="proceeding-moved-on",
    )


_PROPOSES = frozenset({Event.PROPOSED, Event.NOTICE_SERVED})


def _unchanged(view: ProceedingView, _: Happened) -> ProceedingView:
    return view


def _noticed(view: ProceedingView, happened: Happened) -> ProceedingView:
    return replace(view, proposal=happened, due_on=date.fromisoformat(happened.data["due_on"]))


def _proposed(view: ProceedingView, happened: Happened) -> ProceedingView:
    return replace(view, proposal=happened)


def _returned(view: ProceedingView, _: Happened) -> ProceedingView:
    return replace(view, proposal=None)


def _answered(view: ProceedingView, happened: Happened) -> ProceedingView:
    return replace(view, answer=happened)


def _decided(view: ProceedingView, happened: Happened) -> ProceedingView:
    return replace(view, decision=happened)


def _version_decided(view: ProceedingView, happened: Happened) -> ProceedingView:
    return replace(view, decision=happened, version_id=int(happened.data["version_id"]))


def _version_voided(view: ProceedingView, _: Happened) -> ProceedingView:
    return replace(view, decision=None, version_id=None)


_APPLY = {
    Event.NOTICE_SERVED: _noticed,
    Event.PROPOSED: _proposed,
    Event.RETURNED: _returned,
    Event.ANSWERED: _answered,
    Event.HEARING_DEMANDED: _answered,
    Event.DECIDED: _decided,
    Event.VERSION_DECIDED: _version_decided,
    Event.VERSION_VOIDED: _version_voided,
    Event.REFUSED: _decided,
    Event.DROPPED: _decided,
    Event.WITHDRAWN: _decided,
    Event.LAPSED: _decided,
}


def opened_on(view: ProceedingView) -> date | None:
    """The day (in China) on which the proceeding was begun."""
    return local_date(view.opening.at) if view.opening else None
