"""What can happen to a promise: one table from which code, letters, checks, figures and documentation come (domain 8.3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from licensing.words import N_


class State(StrEnum):
    """Where a promise stands."""

    PROMISED = "promised"
    PENDING = "pending"
    TRUE = "true"
    UNTRUE = "untrue"
    UNCLEAR = "unclear"
    FALSE = "false"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    RECTIFYING = "rectifying"
    REPORTED = "reported"
    RECTIFIED = "rectified"
    UNPURSUED = "unpursued"


class Event(StrEnum):
    """What happened to a promise."""

    SIGNED = "PromiseSigned"
    REPLACED = "PromiseReplaced"
    WITHDRAWN = "PromiseWithdrawn"
    VERIFICATION_OPENED = "VerificationOpened"
    VERIFICATION_CANCELLED = "VerificationCancelled"
    FOUND_TRUE = "PromiseFoundTrue"
    FOUND_UNTRUE = "PromiseFoundUntrue"
    NOT_ESTABLISHED = "PromiseNotEstablished"
    CONFIRMED_FALSE = "PromiseConfirmedFalse"
    CORRECTION_ORDERED = "CorrectionOrdered"
    FINDING_DROPPED = "FindingDropped"
    RECTIFICATION_ORDERED = "RectificationOrdered"
    RECTIFICATION_REPORTED = "RectificationReported"
    NOT_PURSUED = "FindingNotPursued"


@dataclass(frozen=True, slots=True)
class Transition:
    """From where (None: not signed yet), by which event, to where; which letter goes out about the promise itself."""

    sources: frozenset[State | None]
    event: Event
    target: State
    letter: str | None = None


def _row(source: State | tuple[State, ...] | None, event: Event, target: State, letter: str | None = None) -> Transition:
    return Transition(frozenset(source if isinstance(source, tuple) else (source,)), event, target, letter)


_S, _E = State, Event
_UNDISPUTED = (_S.PROMISED, _S.PENDING, _S.UNCLEAR, _S.TRUE)
_MENDING = (_S.RECTIFYING, _S.REPORTED)

TRANSITIONS: tuple[Transition, ...] = (
    _row(None, _E.SIGNED, _S.PROMISED),
    _row(_UNDISPUTED, _E.REPLACED, _S.REPLACED),
    _row(_UNDISPUTED, _E.WITHDRAWN, _S.WITHDRAWN),
    _row((_S.PROMISED, _S.UNCLEAR, _S.TRUE), _E.VERIFICATION_OPENED, _S.PENDING),
    _row(_S.PENDING, _E.VERIFICATION_CANCELLED, _S.PROMISED),
    _row(_S.PENDING, _E.FOUND_TRUE, _S.TRUE),
    _row(_S.PENDING, _E.FOUND_UNTRUE, _S.UNTRUE),
    _row(_S.PENDING, _E.NOT_ESTABLISHED, _S.UNCLEAR),
    _row(_S.UNTRUE, _E.CONFIRMED_FALSE, _S.FALSE),
    _row(_S.UNTRUE, _E.CORRECTION_ORDERED, _S.CORRECTED),
    _row(_S.UNTRUE, _E.FINDING_DROPPED, _S.UNCLEAR),
    _row(_S.UNTRUE, _E.NOT_PURSUED, _S.UNPURSUED),
    _row(_S.UNTRUE, _E.RECTIFICATION_ORDERED, _S.RECTIFYING, letter="D12"),
    _row(_S.RECTIFYING, _E.RECTIFICATION_REPORTED, _S.REPORTED),
    _row(_MENDING, _E.FOUND_TRUE, _S.RECTIFIED),
    _row(_MENDING, _E.FOUND_UNTRUE, _S.UNTRUE),
    _row(_MENDING, _E.NOT_ESTABLISHED, _S.UNTRUE),
    _row(_MENDING, _E.VERIFICATION_CANCELLED, _S.UNTRUE),
)

STATE_NAMES: Mapping[State, str] = {
    _S.PROMISED: N_("Promised"),
    _S.PENDING: N_("To be verified"),
    _S.TRUE: N_("Verified: true"),
    _S.UNTRUE: N_("Found untrue; not decided yet"),
    _S.UNCLEAR: N_("Could not be established"),
    _S.FALSE: N_("Untrue"),
    _S.CORRECTED: N_("Replaced by the proof after an order to correct"),
    _S.WITHDRAWN: N_("Promise withdrawn"),
    _S.REPLACED: N_("Replaced by a new promise"),
    _S.RECTIFYING: N_("Found untrue; to be rectified"),
    _S.REPORTED: N_("Rectification reported; to be verified"),
    _S.RECTIFIED: N_("Rectified in time"),
    _S.UNPURSUED: N_("Found untrue; not pursued any further"),
}

EVENT_NAMES: Mapping[Event, str] = {
    _E.SIGNED: N_("Promise signed"),
    _E.REPLACED: N_("Replaced by a new promise"),
    _E.WITHDRAWN: N_("Promise withdrawn"),
    _E.VERIFICATION_OPENED: N_("Verification opened"),
    _E.VERIFICATION_CANCELLED: N_("Verification no longer needed"),
    _E.FOUND_TRUE: N_("Verified: the promise is true"),
    _E.FOUND_UNTRUE: N_("Verified: the promise is untrue"),
    _E.NOT_ESTABLISHED: N_("Verified: it could not be established"),
    _E.CONFIRMED_FALSE: N_("Decided: the promise was untrue"),
    _E.CORRECTION_ORDERED: N_("Correction ordered"),
    _E.FINDING_DROPPED: N_("The finding was not upheld"),
    _E.RECTIFICATION_ORDERED: N_("Rectification ordered"),
    _E.RECTIFICATION_REPORTED: N_("The holder reported the rectification"),
    _E.NOT_PURSUED: N_("The finding was not pursued any further"),
}

_BY_STEP = {(source, row.event): row for row in TRANSITIONS for source in row.sources}


def transition(state: State | None, event: Event) -> Transition | None:
    """The row for ``event`` in ``state``, or None when it cannot happen there."""
    return _BY_STEP.get((state, event))
