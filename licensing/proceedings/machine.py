"""The machine of a proceeding: one table from which code, buttons, permission checks, documentation and tests come.

Sources: Administrative Licensing Law arts. 7, 36, 38, 49, 50; Administrative Penalty Law arts. 44, 45, 57, 63-65.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from licensing.policy import Action
from licensing.words import N_


class State(StrEnum):
    """Where a proceeding stands."""

    REQUESTED = "requested"
    NOTIFIED = "notified"
    HEARING = "hearing"
    PROPOSED = "proposed"
    PRODUCING = "producing"
    DONE = "done"
    REFUSED = "refused"
    DROPPED = "dropped"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Event(StrEnum):
    """What happened in a proceeding."""

    REQUESTED = "ChangeRequested"
    NOTICE_SERVED = "NoticeServed"
    ANSWERED = "HolderAnswered"
    HEARING_DEMANDED = "HearingDemanded"
    HEARING_RECORDED = "HearingRecorded"
    PROPOSED = "DecisionProposed"
    RETURNED = "ProposalReturned"
    DECIDED = "OperationDecided"
    VERSION_DECIDED = "VersionDecided"
    VERSION_ISSUED = "VersionIssued"
    VERSION_VOIDED = "VersionVoided"
    REFUSED = "RequestRefused"
    DROPPED = "ProposalDropped"
    WITHDRAWN = "RequestWithdrawn"
    LAPSED = "ProceedingLapsed"


INSIDE = frozenset({Event.PROPOSED, Event.RETURNED, Event.VERSION_VOIDED})
"""What officers do among themselves: the holder sees that it happened, not who did it and with which words."""


class Turn(StrEnum):
    """Who has to act next."""

    HOLDER = "holder"
    EXAMINER = "examiner"
    APPROVER = "approver"
    SYSTEM = "system"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Transition:
    """From where, by which event, to where; which policy action it takes; whether a reason is needed.

    ``asked`` limits a row to requests of holders (True) or to acts of the authority on its own motion (False). ``after_term`` waits
    until the time to answer has passed; ``within_term`` ends with it.
    """

    sources: frozenset[State | None]
    event: Event
    target: State
    action: Action
    reason_needed: bool = False
    asked: bool | None = None
    after_term: bool = False
    within_term: bool = False


def _row(source: State | tuple[State | None, ...] | None, event: Event, target: State, action: Action, **more: object) -> Transition:
    sources = source if isinstance(source, tuple) else (source,)
    return Transition(frozenset(sources), event, target, action, **more)  # type: ignore[arg-type]


_S, _E, _A = State, Event, Action

TRANSITIONS: tuple[Transition, ...] = (
    _row(None, _E.REQUESTED, _S.REQUESTED, _A.LICENCE_ASK, reason_needed=True, asked=True),
    _row(None, _E.NOTICE_SERVED, _S.NOTIFIED, _A.LICENCE_PROPOSE, reason_needed=True, asked=False),
    _row(None, _E.PROPOSED, _S.PROPOSED, _A.LICENCE_PROPOSE, reason_needed=True, asked=False),
    _row(_S.REQUESTED, _E.PROPOSED, _S.PROPOSED, _A.LICENCE_PROPOSE, reason_needed=True, asked=True),
    _row(_S.NOTIFIED, _E.ANSWERED, _S.PROPOSED, _A.LICENCE_ANSWER, reason_needed=True, asked=False, within_term=True),
    _row(_S.NOTIFIED, _E.HEARING_DEMANDED, _S.HEARING, _A.LICENCE_ANSWER, reason_needed=True, asked=False, within_term=True),
    _row(_S.HEARING, _E.HEARING_RECORDED, _S.PROPOSED, _A.LICENCE_PROPOSE, reason_needed=True, asked=False),
    _row(_S.PROPOSED, _E.RETURNED, _S.REQUESTED, _A.LICENCE_RETURN, reason_needed=True, asked=True),
    _row(_S.PROPOSED, _E.DECIDED, _S.DONE, _A.LICENCE_DECIDE, reason_needed=True),
    _row(_S.NOTIFIED, _E.DECIDED, _S.DONE, _A.LICENCE_DECIDE, reason_needed=True, asked=False, after_term=True),
    _row(_S.PROPOSED, _E.VERSION_DECIDED, _S.PRODUCING, _A.LICENCE_DECIDE, reason_needed=True),
    _row(_S.PRODUCING, _E.VERSION_ISSUED, _S.DONE, _A.LICENCE_FINISH),
    _row(_S.PRODUCING, _E.VERSION_VOIDED, _S.PROPOSED, _A.LICENCE_FINISH, reason_needed=True),
    _row(_S.PROPOSED, _E.REFUSED, _S.REFUSED, _A.LICENCE_DECIDE, reason_needed=True, asked=True),
    _row((_S.NOTIFIED, _S.HEARING, _S.PROPOSED), _E.DROPPED, _S.DROPPED, _A.LICENCE_RETURN, reason_needed=True, asked=False),
    _row((_S.REQUESTED, _S.PROPOSED), _E.WITHDRAWN, _S.WITHDRAWN, _A.LICENCE_ASK, asked=True),
    _row(
        (_S.REQUESTED, _S.NOTIFIED, _S.HEARING, _S.PROPOSED, _S.PRODUCING),
        _E.LAPSED,
        _S.LAPSED,
        _A.LICENCE_FINISH,
    ),
)

TURNS: Mapping[State, Turn] = {
    _S.REQUESTED: Turn.EXAMINER,
    _S.NOTIFIED: Turn.HOLDER,
    _S.HEARING: Turn.EXAMINER,
    _S.PROPOSED: Turn.APPROVER,
    _S.PRODUCING: Turn.SYSTEM,
    _S.DONE: Turn.NOBODY,
    _S.REFUSED: Turn.NOBODY,
    _S.DROPPED: Turn.NOBODY,
    _S.WITHDRAWN: Turn.NOBODY,
    _S.LAPSED: Turn.NOBODY,
}

STATE_NAMES: Mapping[State, str] = {
    _S.REQUESTED: N_("Asked for"),
    _S.NOTIFIED: N_("Waiting for the holder's answer"),
    _S.HEARING: N_("Hearing to be held"),
    _S.PROPOSED: N_("Waiting for decision"),
    _S.PRODUCING: N_("New version being issued"),
    _S.DONE: N_("Decided"),
    _S.REFUSED: N_("Refused"),
    _S.DROPPED: N_("Not pursued"),
    _S.WITHDRAWN: N_("Withdrawn"),
    _S.LAPSED: N_("Overtaken by another decision"),
}

EVENT_NAMES: Mapping[Event, str] = {
    _E.REQUESTED: N_("The holder asked for it"),
    _E.NOTICE_SERVED: N_("Notice sent, with time to answer"),
    _E.ANSWERED: N_("The holder answered"),
    _E.HEARING_DEMANDED: N_("The holder demanded a hearing"),
    _E.HEARING_RECORDED: N_("Hearing held"),
    _E.PROPOSED: N_("Decision proposed"),
    _E.RETURNED: N_("Proposal returned to the examiner"),
    _E.DECIDED: N_("Decided and carried out"),
    _E.VERSION_DECIDED: N_("New version granted"),
    _E.VERSION_ISSUED: N_("New version issued"),
    _E.VERSION_VOIDED: N_("New version could not be made"),
    _E.REFUSED: N_("Request refused"),
    _E.DROPPED: N_("Not pursued any further"),
    _E.WITHDRAWN: N_("Request withdrawn"),
    _E.LAPSED: N_("Overtaken by another decision"),
}

FINAL = frozenset(state for state, turn in TURNS.items() if turn is Turn.NOBODY)
OPEN = frozenset(State) - FINAL
_BY_STEP = {
    (source, row.event, asked): row
    for row in TRANSITIONS
    for source in row.sources
    for asked in (True, False)
    if row.asked in (None, asked)
}


def transition(state: State | None, event: Event, *, asked: bool) -> Transition | None:
    """The row for ``event`` in ``state`` (None: not begun yet), or None when it cannot happen there."""
    return _BY_STEP.get((state, event, asked))


def possible(state: State | None, *, asked: bool) -> tuple[Transition, ...]:
    """All rows that leave ``state``."""
    return tuple(row for row in TRANSITIONS if state in row.sources and row.asked in (None, asked))
