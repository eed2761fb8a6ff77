"""What the office does with promises: verify, notify, judge, and see that no permit rests on a promise that does not stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from licensing.cases.deadlines import deadline
from licensing.cases.drafts import proofs_of
from licensing.cases.journal import Loaded, load, load_for, not_found, record, require
from licensing.cases.letters import send
from licensing.cases.machine import FINAL, Event, State
from licensing.cases.targets import target_name
from licensing.catalogue.model import Proof
from licensing.clock import add_months, add_working_days, answer_term, local_date
from licensing.clock.queries import calendar_now
from licensing.commitments import eligibility, verification
from licensing.commitments import journal as commitment_journal
from licensing.commitments.actions import hand_in_instead
from licensing.commitments.consequences import enter_false_commitment, propose_consequence
from licensing.commitments.machine import Event as PromiseEvent
from licensing.commitments.machine import State as PromiseState
from licensing.commitments.queries import choices, of_case, standing
from licensing.commitments.rules import UNVERIFIED_METHODS, Occasion, Result, needs_verification_first, obstacles
from licensing.commitments.tables import Commitment, Verification
from licensing.errors import Conflict, Invalid
from licensing.licences.operations import Operation
from licensing.policy import Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say

TERMINATION_MONTHS = 12
"""How long false materials keep an applicant from the permit, and the entry is published (domain 2.4.2, T16)."""


def open_tasks(work: Work, case: Loaded) -> None:
    """A task for every promise on which the case rests that is verified before the decision and has none yet."""
    running = deadline(case.view, case.matter, calendar_now(work.session))
    for made, proof in _promised(work, case):
        if needs_verification_first(proof) and made.state == PromiseState.PROMISED:
            verification.open_task(work, made, proof.verification_method, Occasion.BEFORE_DECISION, running.due if running else None)


def open_tasks_after(work: Work, case: Loaded) -> None:
    """A task for every promise that is verified after the decision, from the day of the decision on (domain 8.2.5)."""
    due = {}
    for made, proof in _promised(work, case):
        if proof.verified == "after" and proof.verification_method not in UNVERIFIED_METHODS and made.state == PromiseState.PROMISED:
            due[proof.code] = add_working_days(local_date(work.now), proof.verification_days, calendar_now(work.session))
            verification.open_task(work, made, proof.verification_method, Occasion.AFTER_DECISION, due[proof.code])


def cancel_tasks(work: Work, case_id: int) -> None:
    """End every open task about promises of a case that came to its end without a permit."""
    for made in of_case(work.session, case_id):
        verification.cancel(work, made)


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
        send(
            work,
            case,
            Event.PROOF_REQUIRED,
            [f"{target_name(case.matter, f'proof:{code}').name}：{reason.strip()}" for code in proof_codes],
        )


def verify_again(actor: Actor, case_id: int, commitment_id: int) -> None:
    """Open one more verification of a promise that stands."""
    with unit_of_work(actor) as work:
        case = load(work.session, case_id)
        require(work, Action.COMMITMENT_VERIFY, case.subject)
        made, proof = _one_promised(work, case, commitment_id)
        running = deadline(case.view, case.matter, calendar_now(work.session))
        due = running.due if running else add_working_days(local_date(work.now), proof.verification_days, calendar_now(work.session))
        verification.open_task(work, made, proof.verification_method, Occasion.REPEAT, due)


def record_finding(
    actor: Actor, task_id: int, result: Result, report: Mapping[str, Any], *, consequence: Operation = Operation.REVOKE_FOR_DECEIT
) -> None:
    """End a verification with its result. What is untrue has its consequence in the same transaction.

    Before the decision: handling stops and the applicant is notified and heard. After it: the notice of what is meant to be done about
    the licence is sent (``consequence``). Raises ``Invalid`` (``finding-needed``) and ``Conflict`` (``verification-done``,
    ``proceeding-open``).
    """
    with unit_of_work(actor) as work:
        task = work.session.get(Verification, task_id)
        if task is None:
            raise not_found()
        case = load(work.session, task.case_id)
        require(work, Action.COMMITMENT_VERIFY, case.subject)
        verification.finish(work, task, result, report)
        if result is not Result.UNTRUE:
            return
        finding = str(report["finding"]).strip()
        if case.view.state not in FINAL:
            _notify(work, case, task, finding)
        elif case.view.state is State.GRANTED:
            propose_consequence(work, task.commitment, consequence, finding)


def terminate(actor: Actor, case_id: int, reason: str) -> None:
    """End the procedure for an untrue promise: letter, credit entry and the end of every open verification, in one transaction."""
    with unit_of_work(actor) as work:
        case, made = _judged(work, case_id)
        record(work, case, Event.TERMINATED, {"reason": reason.strip()})
        commitment_journal.record(work, made, PromiseEvent.CONFIRMED_FALSE, {"reason": reason.strip()})
        ends_on = add_months(local_date(work.now), TERMINATION_MONTHS)
        enter_false_commitment(work, made, case.row.public_number, ends_on, case.row.authority_id or made.authority_id)
        send(work, case, Event.TERMINATED, [reason.strip()])
        cancel_tasks(work, case_id)


def order_correction(actor: Actor, case_id: int, reason: str) -> None:
    """Let the applicant hand in the proof instead of the promise that was found untrue; no credit entry is made."""
    with unit_of_work(actor) as work:
        case, made = _judged(work, case_id)
        record(work, case, Event.CORRECTION_ORDERED, {"reason": reason.strip()})
        commitment_journal.record(work, made, PromiseEvent.CORRECTION_ORDERED, {"reason": reason.strip()})
        hand_in_instead(work, case_id, made.proof)
        send(work, case, Event.CORRECTION_ORDERED, [f"{target_name(case.matter, f'proof:{made.proof}').name}：{reason.strip()}"])


def drop_finding(actor: Actor, case_id: int, reason: str) -> None:
    """Do not uphold the finding: handling goes on, and the promise is verified again."""
    with unit_of_work(actor) as work:
        case, made = _judged(work, case_id)
        record(work, case, Event.FINDING_DROPPED, {"reason": reason.strip()})
        commitment_journal.record(work, made, PromiseEvent.FINDING_DROPPED, {"reason": reason.strip()})
        proof = proofs_of(work.session, case)[made.proof]
        running = deadline(case.view, case.matter, calendar_now(work.session))
        verification.open_task(work, made, proof.verification_method, Occasion.REPEAT, running.due if running else None)
        send(work, case, Event.FINDING_DROPPED, [])


def _notify(work: Work, case: Loaded, task: Verification, finding: str) -> None:
    made = task.commitment
    days = proofs_of(work.session, case)[made.proof].answer_days
    due = answer_term(days, local_date(work.now), calendar_now(work.session)).due
    data = {
        "proof": made.proof,
        "commitment_id": made.id,
        "verification": task.number,
        "reason": finding,
        "days": days,
        "due_on": due.isoformat() if due else "",
    }
    record(work, case, Event.UNTRUTH_NOTIFIED, data)
    send(work, case, Event.UNTRUTH_NOTIFIED, [f"{target_name(case.matter, f'proof:{made.proof}').name}：{finding}"], days=days)


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
