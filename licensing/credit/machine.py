"""What can happen to a credit entry: one table from which code, buttons, permission checks, documentation and tests come.

Sources: 国办发〔2020〕42号 (effect until repaired); domain 5.4.3, 8.3.3 (objection, repair).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from licensing.policy import Action
from licensing.words import N_


class State(StrEnum):
    """Where a credit entry stands."""

    STANDING = "standing"
    OBJECTED = "objected"
    REPAIR_ASKED = "repair_asked"
    REMOVED = "removed"
    REPAIRED = "repaired"


class Event(StrEnum):
    """What happened to a credit entry."""

    ENTERED = "CreditEntered"
    OBJECTED = "ObjectionMade"
    UPHELD = "ObjectionUpheld"
    REJECTED = "ObjectionRejected"
    REPAIR_ASKED = "RepairAsked"
    REPAIR_GRANTED = "RepairGranted"
    REPAIR_REFUSED = "RepairRefused"


class Turn(StrEnum):
    """Who has to act next."""

    COMPANY = "company"
    OFFICE = "office"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Transition:
    """From where (None: not entered yet), by which event, to where; which policy action it takes. All need a reason."""

    source: State | None
    event: Event
    target: State
    action: Action


_S, _E, _A = State, Event, Action

TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, _E.ENTERED, _S.STANDING, _A.CREDIT_ENTER),
    Transition(_S.STANDING, _E.OBJECTED, _S.OBJECTED, _A.CREDIT_OBJECT),
    Transition(_S.OBJECTED, _E.UPHELD, _S.REMOVED, _A.CREDIT_DECIDE),
    Transition(_S.OBJECTED, _E.REJECTED, _S.STANDING, _A.CREDIT_DECIDE),
    Transition(_S.STANDING, _E.REPAIR_ASKED, _S.REPAIR_ASKED, _A.CREDIT_ASK_REPAIR),
    Transition(_S.REPAIR_ASKED, _E.REPAIR_GRANTED, _S.REPAIRED, _A.CREDIT_DECIDE),
    Transition(_S.REPAIR_ASKED, _E.REPAIR_REFUSED, _S.STANDING, _A.CREDIT_DECIDE),
)

TURNS: Mapping[State, Turn] = {
    _S.STANDING: Turn.COMPANY,
    _S.OBJECTED: Turn.OFFICE,
    _S.REPAIR_ASKED: Turn.OFFICE,
    _S.REMOVED: Turn.NOBODY,
    _S.REPAIRED: Turn.NOBODY,
}
STATE_NAMES: Mapping[State, str] = {
    _S.STANDING: N_("Standing"),
    _S.OBJECTED: N_("Objection to be decided"),
    _S.REPAIR_ASKED: N_("Repair to be decided"),
    _S.REMOVED: N_("Removed after an objection"),
    _S.REPAIRED: N_("Repaired"),
}
EVENT_NAMES: Mapping[Event, str] = {
    _E.ENTERED: N_("Entered in the credit record"),
    _E.OBJECTED: N_("The company objected"),
    _E.UPHELD: N_("Objection upheld: the entry was removed"),
    _E.REJECTED: N_("Objection rejected"),
    _E.REPAIR_ASKED: N_("The company asked for repair"),
    _E.REPAIR_GRANTED: N_("Credit repaired"),
    _E.REPAIR_REFUSED: N_("Repair refused"),
}
FINAL = frozenset(state for state, turn in TURNS.items() if turn is Turn.NOBODY)
PENDING = frozenset(state for state, turn in TURNS.items() if turn is Turn.OFFICE)
_BY_STEP = {(row.source, row.event): row for row in TRANSITIONS}


def transition(state: State | None, event: Event) -> Transition | None:
    """The row for ``event`` in ``state``, or None when it cannot happen there."""
    return _BY_STEP.get((state, event))


def possible(state: State) -> tuple[Transition, ...]:
    """All rows that leave ``state``."""
    return tuple(row for row in TRANSITIONS if row.source is state)
