"""The case machine: one table from which code, buttons, permission checks, documentation and tests come.

Sources: Order 37 arts. 7-17; Administrative Licensing Law arts. 32, 42, 45, 69; for promises 国办发〔2020〕42号 and domain 8.1-8.3.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from licensing.catalogue.model import Step
from licensing.policy import Action
from licensing.words import N_


class State(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CORRECTION = "correction"
    ACCEPTED = "accepted"
    EVALUATING = "evaluating"
    HAND_IN = "hand_in"
    NOTIFIED = "notified"
    ANSWERED = "answered"
    PROPOSED = "proposed"
    PUBLICITY = "publicity"
    ISSUING = "issuing"
    GRANTED = "granted"
    REFUSED = "refused"
    NOT_ACCEPTED = "not_accepted"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"
    CLOSED = "closed"


class Event(StrEnum):
    """What happened to a case."""

    STARTED = "CaseStarted"
    SUBMITTED = "CaseSubmitted"
    CORRECTION_REQUESTED = "CorrectionRequested"
    CORRECTED = "CaseCorrected"
    ACCEPTED = "CaseAccepted"
    DEEMED_ACCEPTED = "CaseDeemedAccepted"
    NOT_ACCEPTED = "CaseNotAccepted"
    EVALUATION_COMMISSIONED = "EvaluationCommissioned"
    EVALUATION_RECORDED = "EvaluationRecorded"
    SITE_CHECKED = "SiteChecked"
    EXPERT_DECLINED = "ExpertDeclined"
    EXPERT_REPLACED = "ExpertReplaced"
    PROMISE_WITHDRAWN = "PromiseWithdrawn"
    PROOF_REQUIRED = "ProofRequired"
    PROOF_SETTLED = "ProofSettled"
    UNTRUTH_NOTIFIED = "UntruthNotified"
    UNTRUTH_ANSWERED = "UntruthAnswered"
    CORRECTION_ORDERED = "CorrectionOrdered"
    FINDING_DROPPED = "FindingDropped"
    TERMINATED = "CaseTerminated"
    DECISION_PROPOSED = "DecisionProposed"
    PROPOSAL_RETURNED = "ProposalReturned"
    PUBLICITY_OPENED = "PublicityOpened"
    GRANTED = "CaseGranted"
    LICENCE_ISSUED = "LicenceIssued"
    LICENCE_VOIDED = "LicenceVoided"
    REFUSED = "CaseRefused"
    WITHDRAWN = "CaseWithdrawn"
    TRANSFERRED = "CaseTransferred"
    EXTENDED = "DecisionExtended"
    CLOSED = "CaseClosed"


class Turn(StrEnum):
    """Who has to act next."""

    APPLICANT = "applicant"
    INTAKE = "intake"
    EXAMINER = "examiner"
    EVALUATOR = "evaluator"
    EXPERTS = "experts"
    APPROVER = "approver"
    PUBLIC = "public"
    SYSTEM = "system"
    NOBODY = "nobody"


class Clock(StrEnum):
    """What a transition does to the legal clock."""

    UNTOUCHED = "untouched"
    START_INTAKE = "start_intake"
    PAUSE_INTAKE = "pause_intake"
    START_DECISION = "start_decision"
    STOP = "stop"
    RESUME = "resume"
    EXTEND = "extend"
    END = "end"


@dataclass(frozen=True, slots=True)
class Transition:
    """From where, by which event, to where; which policy action it takes; whether a reason is needed; clock effect; letter.

    ``step`` holds it back to matters whose procedure has that step, ``without`` to those that lack it. ``after_term`` waits until the time
    to answer a notice, or the publicity, is over; ``within_term`` ends with it. ``back_to`` are the states to which
    it leads back instead of ``target`` when handling was interrupted there by a notice or a proposal. ``once`` happens at most once.
    """

    sources: frozenset[State]
    event: Event
    target: State
    action: Action
    clock: Clock = Clock.UNTOUCHED
    reason_needed: bool = False
    letter: str | None = None
    step: Step | None = None
    without: Step | None = None
    after_term: bool = False
    within_term: bool = False
    once: bool = False
    back_to: frozenset[State] = frozenset()

    def belongs_to(self, steps: Collection[Step]) -> bool:
        """Whether a matter whose procedure has ``steps`` knows it."""
        return (self.step is None or self.step in steps) and (self.without is None or self.without not in steps)

    def landing(self, interrupted: State | None) -> State:
        """Where it leads a case whose handling was interrupted in ``interrupted``, if anywhere."""
        return interrupted if interrupted in self.back_to else self.target


def _row(source: State | tuple[State, ...], event: Event, target: State, action: Action, **more: object) -> Transition:
    sources = source if isinstance(source, tuple) else (source,)
    return Transition(frozenset(sources), event, target, action, **more)  # type: ignore[arg-type]


_S, _E, _A, _C = State, Event, Action, Clock
STANDING = frozenset({_S.EVALUATING, _S.HAND_IN})
"""The states of handling in which the decision clock stands."""
_HANDLING = (_S.ACCEPTED, _S.EVALUATING, _S.HAND_IN, _S.PROPOSED, _S.PUBLICITY)
_RUNNING = (_S.SUBMITTED, _S.CORRECTION, *_HANDLING)

TRANSITIONS: tuple[Transition, ...] = (
    _row(_S.DRAFT, _E.SUBMITTED, _S.SUBMITTED, _A.CASE_SUBMIT, clock=_C.START_INTAKE),
    _row(
        _S.SUBMITTED,
        _E.CORRECTION_REQUESTED,
        _S.CORRECTION,
        _A.CASE_REQUEST_CORRECTION,
        clock=_C.PAUSE_INTAKE,
        reason_needed=True,
        letter="D2",
    ),
    _row(_S.CORRECTION, _E.CORRECTED, _S.SUBMITTED, _A.CASE_SUBMIT, clock=_C.START_INTAKE),
    _row(_S.SUBMITTED, _E.ACCEPTED, _S.ACCEPTED, _A.CASE_ACCEPT, clock=_C.START_DECISION, letter="D1"),
    _row(_S.SUBMITTED, _E.DEEMED_ACCEPTED, _S.ACCEPTED, _A.CASE_DEEM_ACCEPTED, clock=_C.START_DECISION, letter="D1"),
    _row(_S.SUBMITTED, _E.NOT_ACCEPTED, _S.NOT_ACCEPTED, _A.CASE_NOT_ACCEPT, clock=_C.END, reason_needed=True, letter="D3"),
    _row(_S.ACCEPTED, _E.EVALUATION_COMMISSIONED, _S.EVALUATING, _A.CASE_COMMISSION, clock=_C.STOP, letter="D4"),
    _row(_S.EVALUATING, _E.EVALUATION_RECORDED, _S.ACCEPTED, _A.CASE_RECORD_RESULT, clock=_C.RESUME),
    _row(_S.ACCEPTED, _E.SITE_CHECKED, _S.ACCEPTED, _A.CASE_CHECK_SITE, step=Step.SITE_CHECK),
    _row(_S.EVALUATING, _E.EXPERT_DECLINED, _S.EVALUATING, _A.PANEL_DECLINE, reason_needed=True, step=Step.EXPERT_REVIEW),
    _row(_S.EVALUATING, _E.EXPERT_REPLACED, _S.EVALUATING, _A.PANEL_REPLACE, reason_needed=True, step=Step.EXPERT_REVIEW),
    _row(_S.SUBMITTED, _E.PROMISE_WITHDRAWN, _S.CORRECTION, _A.COMMITMENT_WITHDRAW, clock=_C.PAUSE_INTAKE, reason_needed=True),
    _row(
        (_S.ACCEPTED, _S.PROPOSED, _S.PUBLICITY),
        _E.PROMISE_WITHDRAWN,
        _S.HAND_IN,
        _A.COMMITMENT_WITHDRAW,
        clock=_C.STOP,
        reason_needed=True,
    ),
    _row(_S.EVALUATING, _E.PROMISE_WITHDRAWN, _S.EVALUATING, _A.COMMITMENT_WITHDRAW, reason_needed=True),
    _row(_S.ACCEPTED, _E.PROOF_REQUIRED, _S.HAND_IN, _A.CASE_REQUIRE_PROOF, clock=_C.STOP, reason_needed=True, letter="D11"),
    _row(_S.HAND_IN, _E.PROOF_SETTLED, _S.ACCEPTED, _A.COMMITMENT_SETTLE, clock=_C.RESUME),
    _row(_S.EVALUATING, _E.PROOF_SETTLED, _S.EVALUATING, _A.COMMITMENT_SETTLE),
    _row(
        _HANDLING,
        _E.UNTRUTH_NOTIFIED,
        _S.NOTIFIED,
        _A.COMMITMENT_VERIFY,
        clock=_C.STOP,
        reason_needed=True,
        letter="D9",
    ),
    _row(_S.NOTIFIED, _E.UNTRUTH_ANSWERED, _S.ANSWERED, _A.COMMITMENT_ANSWER, reason_needed=True, within_term=True),
    *(
        _row(source, event, target, _A.COMMITMENT_JUDGE, reason_needed=True, after_term=source is _S.NOTIFIED, **more)
        for source in (_S.NOTIFIED, _S.ANSWERED)
        for event, target, more in (
            (_E.TERMINATED, _S.TERMINATED, {"clock": _C.END, "letter": "D10"}),
            (_E.CORRECTION_ORDERED, _S.HAND_IN, {"clock": _C.STOP, "letter": "D11", "back_to": frozenset({_S.EVALUATING})}),
            (_E.FINDING_DROPPED, _S.ACCEPTED, {"clock": _C.RESUME, "back_to": STANDING}),
        )
    ),
    _row(_S.HAND_IN, _E.DECISION_PROPOSED, _S.PROPOSED, _A.CASE_PROPOSE, clock=_C.RESUME, reason_needed=True),
    _row(_S.ACCEPTED, _E.DECISION_PROPOSED, _S.PROPOSED, _A.CASE_PROPOSE, reason_needed=True),
    _row((_S.PROPOSED, _S.PUBLICITY), _E.PROPOSAL_RETURNED, _S.ACCEPTED, _A.CASE_RETURN, reason_needed=True, back_to=STANDING),
    _row(_S.PROPOSED, _E.PUBLICITY_OPENED, _S.PUBLICITY, _A.CASE_OPEN_PUBLICITY, step=Step.PUBLICITY),
    _row(_S.PUBLICITY, _E.GRANTED, _S.ISSUING, _A.CASE_GRANT, clock=_C.END, step=Step.PUBLICITY, after_term=True),
    _row(_S.PROPOSED, _E.GRANTED, _S.ISSUING, _A.CASE_GRANT, clock=_C.END, without=Step.PUBLICITY),
    _row(_S.ISSUING, _E.LICENCE_ISSUED, _S.GRANTED, _A.CASE_FINISH_ISSUING),
    _row(_S.ISSUING, _E.LICENCE_VOIDED, _S.PROPOSED, _A.CASE_FINISH_ISSUING, reason_needed=True, without=Step.PUBLICITY),
    _row(_S.ISSUING, _E.LICENCE_VOIDED, _S.PUBLICITY, _A.CASE_FINISH_ISSUING, reason_needed=True, step=Step.PUBLICITY),
    _row(_S.PROPOSED, _E.REFUSED, _S.REFUSED, _A.CASE_REFUSE, clock=_C.END, reason_needed=True, letter="D7"),
    *(
        _row(at, _E.TRANSFERRED, at, _A.CASE_TRANSFER, reason_needed=True, letter="D16", **more)
        for at, more in ((_S.SUBMITTED, {}), (_S.ACCEPTED, {}), (_S.EVALUATING, {"without": Step.EXPERT_REVIEW}))
    ),
    *(_row(at, _E.EXTENDED, at, _A.CASE_EXTEND, clock=_C.EXTEND, reason_needed=True, letter="D13", once=True) for at in _HANDLING),
    _row(_HANDLING, _E.CLOSED, _S.CLOSED, _A.CASE_CLOSE, clock=_C.END, reason_needed=True, letter="D14"),
    _row(_RUNNING, _E.WITHDRAWN, _S.WITHDRAWN, _A.CASE_WITHDRAW, clock=_C.END, reason_needed=True),
)

TURNS: dict[State, Turn] = {
    _S.DRAFT: Turn.APPLICANT,
    _S.SUBMITTED: Turn.INTAKE,
    _S.CORRECTION: Turn.APPLICANT,
    _S.ACCEPTED: Turn.EXAMINER,
    _S.EVALUATING: Turn.EVALUATOR,
    _S.HAND_IN: Turn.APPLICANT,
    _S.NOTIFIED: Turn.APPLICANT,
    _S.ANSWERED: Turn.APPROVER,
    _S.PROPOSED: Turn.APPROVER,
    _S.PUBLICITY: Turn.PUBLIC,
    _S.ISSUING: Turn.SYSTEM,
    _S.GRANTED: Turn.NOBODY,
    _S.REFUSED: Turn.NOBODY,
    _S.NOT_ACCEPTED: Turn.NOBODY,
    _S.WITHDRAWN: Turn.NOBODY,
    _S.TERMINATED: Turn.NOBODY,
    _S.CLOSED: Turn.NOBODY,
}

STATE_NAMES: dict[State, str] = {
    _S.DRAFT: N_("Draft"),
    _S.SUBMITTED: N_("Waiting for acceptance"),
    _S.CORRECTION: N_("Waiting for your corrections"),
    _S.ACCEPTED: N_("Under examination"),
    _S.EVALUATING: N_("Evaluation or inspection under way"),
    _S.HAND_IN: N_("Waiting for the proof to be handed in"),
    _S.NOTIFIED: N_("Promise found untrue: waiting for the answer"),
    _S.ANSWERED: N_("Promise found untrue: answered"),
    _S.PROPOSED: N_("Waiting for decision"),
    _S.PUBLICITY: N_("Published for objections"),
    _S.ISSUING: N_("Licence being issued"),
    _S.GRANTED: N_("Granted"),
    _S.REFUSED: N_("Refused"),
    _S.NOT_ACCEPTED: N_("Not accepted"),
    _S.WITHDRAWN: N_("Withdrawn"),
    _S.TERMINATED: N_("Ended for an untrue promise"),
    _S.CLOSED: N_("Ended: what was applied for is gone"),
}

TURN_NAMES: dict[Turn, str] = {
    Turn.APPLICANT: N_("the applicant"),
    Turn.INTAKE: N_("the intake officer"),
    Turn.EXAMINER: N_("the examiner"),
    Turn.EVALUATOR: N_("the commissioned body"),
    Turn.EXPERTS: N_("the experts"),
    Turn.APPROVER: N_("the approver"),
    Turn.PUBLIC: N_("the public, and then the approver"),
    Turn.SYSTEM: N_("the system"),
    Turn.NOBODY: N_("nobody"),
}

EVENT_NAMES: dict[Event, str] = {
    _E.STARTED: N_("Application started"),
    _E.SUBMITTED: N_("Application submitted"),
    _E.CORRECTION_REQUESTED: N_("Corrections requested, all at once"),
    _E.CORRECTED: N_("Corrected and submitted again"),
    _E.ACCEPTED: N_("Application accepted"),
    _E.DEEMED_ACCEPTED: N_("Accepted by silence: the authority did not answer in time"),
    _E.NOT_ACCEPTED: N_("Application not accepted"),
    _E.EVALUATION_COMMISSIONED: N_("Evaluation or inspection commissioned; the clock stands"),
    _E.EVALUATION_RECORDED: N_("Evaluation or inspection result recorded; the clock runs"),
    _E.SITE_CHECKED: N_("Checked on site"),
    _E.EXPERT_DECLINED: N_("An expert declined; the next of the draw sits on the panel"),
    _E.EXPERT_REPLACED: N_("An expert was replaced; the next of the draw sits on the panel"),
    _E.PROMISE_WITHDRAWN: N_("Promise withdrawn; the proof is to be handed in"),
    _E.PROOF_REQUIRED: N_("The proof itself is required; the clock stands until it is there"),
    _E.PROOF_SETTLED: N_("Proof handed in, or promised again"),
    _E.UNTRUTH_NOTIFIED: N_("Promise found untrue; handling stopped and notice sent"),
    _E.UNTRUTH_ANSWERED: N_("The applicant answered the notice"),
    _E.CORRECTION_ORDERED: N_("Correction ordered: the proof is to be handed in"),
    _E.FINDING_DROPPED: N_("The finding was not upheld; handling goes on"),
    _E.TERMINATED: N_("Handling ended for an untrue promise"),
    _E.DECISION_PROPOSED: N_("Decision proposed"),
    _E.PROPOSAL_RETURNED: N_("Proposal returned to the examiner"),
    _E.PUBLICITY_OPENED: N_("Published for objections; the clock runs on"),
    _E.GRANTED: N_("Permit granted"),
    _E.LICENCE_ISSUED: N_("Licence issued"),
    _E.LICENCE_VOIDED: N_("Licence number voided"),
    _E.REFUSED: N_("Permit refused"),
    _E.WITHDRAWN: N_("Application withdrawn"),
    _E.TRANSFERRED: N_("Transferred to the authority that is responsible; the clock runs on"),
    _E.EXTENDED: N_("Time to decide extended by the head of the authority"),
    _E.CLOSED: N_("Handling ended because what was applied for is gone"),
}

REVIEW_NAMES: Mapping[State | Event, str] = {
    _S.EVALUATING: N_("Expert review under way"),
    _E.EVALUATION_COMMISSIONED: N_("Panel of experts drawn; the clock stands"),
    _E.EVALUATION_RECORDED: N_("Opinion of the experts recorded; the clock runs"),
}
"""What is called otherwise where experts review."""

FINAL = frozenset(state for state, turn in TURNS.items() if turn is Turn.NOBODY)
INTERRUPTING = frozenset({_E.UNTRUTH_NOTIFIED, _E.DECISION_PROPOSED})
"""After these, handling may go on where it was."""
_BY_EVENT: dict[tuple[State, Event], tuple[Transition, ...]] = {
    (source, event): tuple(row for row in TRANSITIONS if row.event is event and source in row.sources)
    for source in State
    for event in Event
}


def transition(state: State, event: Event, steps: Collection[Step] = ()) -> Transition | None:
    """The row for ``event`` in ``state`` where the procedure has ``steps``, or None when it cannot happen there."""
    return next((row for row in _BY_EVENT[state, event] if row.belongs_to(steps)), None)


def possible(state: State, steps: Collection[Step] = ()) -> tuple[Transition, ...]:
    """All rows that leave ``state`` where the procedure has ``steps``."""
    return tuple(row for row in TRANSITIONS if state in row.sources and row.belongs_to(steps))


def turn_in(state: State, steps: Collection[Step] = ()) -> Turn:
    """Whose turn it is in ``state``."""
    return Turn.EXPERTS if state is State.EVALUATING and Step.EXPERT_REVIEW in steps else TURNS[state]


def state_name(state: State, steps: Collection[Step] = ()) -> str:
    """What ``state`` is called where the procedure has ``steps``."""
    return REVIEW_NAMES.get(state, STATE_NAMES[state]) if Step.EXPERT_REVIEW in steps else STATE_NAMES[state]


def event_name(event: Event, steps: Collection[Step] = ()) -> str:
    """What ``event`` is called where the procedure has ``steps``."""
    return REVIEW_NAMES.get(event, EVENT_NAMES[event]) if Step.EXPERT_REVIEW in steps else EVENT_NAMES[event]
