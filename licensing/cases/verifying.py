"""What the office does with promises: verify, notify, judge, and see that no permit rests on a promise that does not stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from licensing.cases.drafts import proofs_of
from licensing.cases.journal import Loaded, load, load_for, moved_on, not_found, record, require
from licensing.cases.late_decisions import late_because
from licensing.cases.letters import send
from licensing.cases.machine import Event, State, transition
from licensing.cases.targets import target_name
from licensing.catalogue.model import Proof
from licensing.clock import add_working_days, answer_term, local_date
from licensing.clock.queries import calendar_now
from licensing.commitments import consequences, eligibility, verification
from licensing.commitments import journal as commitment_journal
from licensing.commitments.actions import hand_in_instead
from licensing.commitments.machine import Event as PromiseEvent
from licensing.commitments.machine import State as PromiseState
from licensing.commitments.queries import choices, commitment, standing, untrue_finding, untrue_of
from licensing.commitments.rules import UNVERIFIED_METHODS, Occasion, Result, needs_verification_first, obstacles
from licensing.commitments.tables import Commitment, Verification
from licensing.errors import Conflict, Invalid
from licensing.licences import actions as licences
from licensing.licences.operations import Operation
from licensing.policy import Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say


def open_tasks(work: Work, case: Loaded) -> None:
    """A task for every promise on which the case rests that is verified before the decision and has none yet."""
    for made, proof in _promised(work, case):
        if needs_verification_first(proof) and made.state == PromiseState.PROMISED:
            verification.open_task(work, made, proof.verification_method, Occasion.BEFORE_DECISION, None)


def open_tasks_after(work: Work, case: Loaded) -> None:
    """A task for every promise that is verified after the decision, from the day of the decision on (domain 8.2.5)."""
    for made, proof in _promised(work, case):
        if proof.verified == "after" and proof.verification_method not in UNVERIFIED_METHODS and made.state == PromiseState.PROMISED:
            due = add_working_days(local_date(work.now), proof.verification_days, calendar_now(work.session))
            verification.open_task(work, made, proof.verification_method, Occasion.AFTER_DECISION, due)


def require_promises_hold(work: Work, case: Loaded) -> None:
    """Raise ``Conflict`` (``promise-open``) unless every promise on which the case rests carries a permit, and none is owed a proof."""
    missing = [
        say("The proof is not handed in yet: %(proof)s.", proof=say(target_name(case.matter, f"proof:{code}").english_name))
        for code in sorted(case.view.owed)
    ]
    found = (*missing, *obstacles(standing(work.session, case.row.id)))
    if found:
        raise Conflict(found[0], next_step=say("Verify the promise, or require the proof itself."), code="promise-open")


def require_still_eligible(work: Work, case: Loaded) -> None:
    """Raise ``Conflict`` (``promise-barred``) when the case rests on a promise that its company might not make today (domain 8.3.4)."""
    if standing(work.session, case.row.id):
        eligibility.require(work, case.row.company_id)


def check_credit(actor: Actor, case_id: int, action: Action, occasion: Occasion) -> None:
    """Look at the credit of the applicant and keep what was seen, when the actor may do ``action`` to the case."""
    with reading(actor) as look:
        company_id = load_for(look, case_id, action).row.company_id
    eligibility.check(actor, case_id, company_id, occasion)


def check_promises(actor: Actor, case_id: int, action: Action, occasion: Occasion) -> None:
    """:func:`check_credit` for a case that rests on a promise; nothing for any other."""
    with reading(actor) as look:
        promised = bool(standing(look.session, case_id))
    if promised:
        check_credit(actor, case_id, action, occasion)


def require_proof(actor: Actor, case_id: int, proof_codes: list[str], reason: str) -> None:
    """Require the proof itself instead of a promise that cannot be established; the clock stands until it is there."""
    with unit_of_work(actor) as work:
        case = load(work.session, case_id)
        require(work, Action.CASE_REQUIRE_PROOF, case.subject)
        promised = {made.proof: made for made, _ in _promised(work, case)}
        if not proof_codes or not set(proof_codes) <= set(promised):
            raise Invalid(say("Choose a promise that stands."), code="proof-needed")
        record(work, case, Event.PROOF_REQUIRED, {"proofs": proof_codes, "reason": reason.strip()})
        for code in proof_codes:
            verification.cancel(work, promised[code])
            commitment_journal.record(work, promised[code], PromiseEvent.WITHDRAWN, {"reason": reason.strip(), "by": "authority"})
            hand_in_instead(work, case_id, code)
        send(work, case, Event.PROOF_REQUIRED, [proof_line(case, code, reason) for code in proof_codes])


def verify_again(actor: Actor, case_id: int, commitment_id: int) -> None:
    """Open one more verification of a promise that stands.

    Raises ``Conflict`` (``case-moved-on``, ``licence-moved-on``) where nothing could follow from an untrue result.
    """
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.COMMITMENT_VERIFY)
        made, proof = _one_promised(work, case, commitment_id)
        granted = case.view.state is State.GRANTED
        if not can_follow(work.session, case):
            raise licences.moved_on() if granted else moved_on()
        due = add_working_days(local_date(work.now), proof.verification_days, calendar_now(work.session)) if granted else None
        verification.open_task(work, made, proof.verification_method, Occasion.REPEAT, due)


def can_follow(session: Session, case: Loaded) -> bool:
    """Whether something can follow from a promise that is found untrue now: a notice, or an act about the licence."""
    if case.view.state is State.GRANTED:
        return consequences.is_alive(session, case.row.id)
    return transition(case.view.state, Event.UNTRUTH_NOTIFIED, case.view.steps) is not None


def record_finding(
    actor: Actor, task_id: int, result: Result, report: Mapping[str, Any], *, consequence: Operation | None = Operation.REVOKE_FOR_DECEIT
) -> None:
    """End a verification with its result, always; what can follow from an untrue promise follows in the same transaction.

    Before the decision: handling stops and the applicant is notified and heard; while another finding is being judged, this one waits.
    After it: the notice of ``consequence`` is sent; with None, or while the authority is acting on the licence already, it waits to be
    pursued or for an order to rectify. Raises ``Invalid`` (``finding-needed``) and ``Conflict`` (``verification-done``,
    ``rectification-running`` before the term of an order has passed and nothing was reported).
    """
    with unit_of_work(actor) as work:
        task = work.session.get(Verification, task_id)
        if task is None:
            raise not_found()
        case = load(work.session, task.case_id)
        require(work, Action.COMMITMENT_VERIFY, case.subject)
        _must_not_hurry(work, task)
        verification.finish(work, task, result, report, authority_id=case.row.authority_id)
        if case.view.state is not State.GRANTED:
            notify_waiting(work, case)
        elif task.commitment.state == PromiseState.UNTRUE:
            _follow(work, case, task.commitment, consequence, str(report["finding"]).strip())


def pursue_finding(actor: Actor, case_id: int, commitment_id: int, operation: Operation) -> None:
    """Send the notice of ``operation`` for a finding that waits.

    Raises ``Conflict``: ``promise-moved-on`` when none waits, ``proceeding-open`` while the authority is acting on the licence already,
    ``licence-moved-on`` when nothing can be done about it any more.
    """
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.COMMITMENT_VERIFY)
        made = commitment(work.session, case_id, commitment_id)
        if case.view.state is not State.GRANTED or made.state != PromiseState.UNTRUE:
            raise commitment_journal.moved_on()
        finding = str(untrue_finding(work.session, made.id).report["finding"]).strip()
        consequences.propose_consequence(work, made, operation, finding)


def terminate(actor: Actor, case_id: int, reason: str, *, late: str = "") -> None:
    """End the procedure for an untrue promise: letter, credit entry and the end of all else about promises, in one transaction."""
    with unit_of_work(actor) as work:
        case, made = _judged(work, case_id)
        record(work, case, Event.TERMINATED, {"reason": reason.strip(), **late_because(work, case, Event.TERMINATED, late)})
        commitment_journal.record(work, made, PromiseEvent.CONFIRMED_FALSE, {"reason": reason.strip()})
        found_by = case.row.authority_id or made.authority_id
        consequences.enter_false_commitment(work, made, case.row.public_number, consequences.TERMINATION, found_by)
        send(work, case, Event.TERMINATED, [reason.strip()])
        consequences.close(work, case_id, reason.strip())


def order_correction(actor: Actor, case_id: int, reason: str) -> None:
    """Let the applicant hand in the proof instead of the promise that was found untrue; no credit entry is made."""
    with unit_of_work(actor) as work:
        case, made = _judged(work, case_id)
        record(work, case, Event.CORRECTION_ORDERED, {"reason": reason.strip()})
        commitment_journal.record(work, made, PromiseEvent.CORRECTION_ORDERED, {"reason": reason.strip()})
        hand_in_instead(work, case_id, made.proof)
        send(work, case, Event.CORRECTION_ORDERED, [proof_line(case, made.proof, reason)])
        notify_waiting(work, case)


def drop_finding(actor: Actor, case_id: int, reason: str) -> None:
    """Do not uphold the finding: handling goes on, and the promise is verified again."""
    with unit_of_work(actor) as work:
        case, made = _judged(work, case_id)
        record(work, case, Event.FINDING_DROPPED, {"reason": reason.strip()})
        commitment_journal.record(work, made, PromiseEvent.FINDING_DROPPED, {"reason": reason.strip()})
        proof = proofs_of(work.session, case)[made.proof]
        verification.open_task(work, made, proof.verification_method, Occasion.REPEAT, None)
        send(work, case, Event.FINDING_DROPPED, [])
        notify_waiting(work, case)


def notify_waiting(work: Work, case: Loaded) -> None:
    """Stop handling and send the notice of the oldest finding that waits, where the machine allows it now."""
    waiting = untrue_of(work.session, case.row.id)
    if waiting and transition(case.view.state, Event.UNTRUTH_NOTIFIED, case.view.steps) is not None:
        _notify(work, case, waiting[0])


def proof_line(case: Loaded, proof_code: str, reason: str) -> str:
    """A proof with what is said about it, as an item of a letter."""
    return f"{target_name(case.matter, f'proof:{proof_code}').name}：{reason.strip()}"


def _must_not_hurry(work: Work, task: Verification) -> None:
    """Raise ``Conflict`` (``rectification-running``) while the holder still has time to rectify and reported nothing."""
    if task.commitment.state == PromiseState.RECTIFYING and task.due_on is not None and local_date(work.now) <= task.due_on:
        raise Conflict(
            say("The holder has until %(day)s to rectify; nothing can be found before.", day=task.due_on),
            next_step=say("Wait for the holder's report, or for the day after."),
            code="rectification-running",
        )


def _follow(work: Work, case: Loaded, made: Commitment, consequence: Operation | None, finding: str) -> None:
    """What follows from an untrue promise on which a permit rests; without a licence that is alive, nothing does."""
    if not consequences.is_alive(work.session, case.row.id):
        commitment_journal.record(work, made, PromiseEvent.NOT_PURSUED, {"reason": finding})
    elif consequence in consequences.possible_now(work.session, case.row.id):
        consequences.propose_consequence(work, made, consequence, finding)


def _notify(work: Work, case: Loaded, made: Commitment) -> None:
    task = untrue_finding(work.session, made.id)
    finding = str(task.report["finding"]).strip()
    days = proofs_of(work.session, case)[made.proof].answer_days
    due = answer_term(days, local_date(work.now), calendar_now(work.session)).due
    data = {
        "proof": made.proof,
        "commitment_id": made.id,
        "verification": task.number,
        "reason": finding,
        "days": days,
        "due_on": due.isoformat() if due else "",
        "found_by": task.done_by,
    }
    record(work, case, Event.UNTRUTH_NOTIFIED, data)
    send(work, case, Event.UNTRUTH_NOTIFIED, [proof_line(case, made.proof, finding)], days=days)


def _judged(work: Work, case_id: int) -> tuple[Loaded, Commitment]:
    """The case and the promise that was found untrue, when the actor may judge it."""
    case = load(work.session, case_id)
    require(work, Action.COMMITMENT_JUDGE, case.subject)
    if case.view.untruth is None:
        raise _nothing_to_judge()
    return case, work.session.get_one(Commitment, int(case.view.untruth["commitment_id"]))


def _nothing_to_judge() -> Conflict:
    return Conflict(
        say("No finding about a promise waits for a decision."),
        next_step=say("Load the page again and look at the new state."),
        code="case-moved-on",
    )


def _promised(work: Work, case: Loaded) -> list[tuple[Commitment, Proof]]:
    proofs = proofs_of(work.session, case)
    made = [choice.commitment for choice in choices(work.session, case.row.id).values() if choice.commitment is not None]
    return [(one, proofs[one.proof]) for one in made]


def _one_promised(work: Work, case: Loaded, commitment_id: int) -> tuple[Commitment, Proof]:
    for made, proof in _promised(work, case):
        if made.id == commitment_id:
            return made, proof
    raise not_found()
