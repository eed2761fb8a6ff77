"""What the applicant does with promises: choose, prepare, sign, withdraw before the decision, hand in instead, answer a notice.

All raise ``NotFound`` for what the actor may not see, ``Forbidden`` or ``ReauthenticationNeeded`` for what the person may not do, and
``Conflict`` (``case-moved-on``) when the case is no longer where the act needs it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from licensing.cases.actions import deem_accepted
from licensing.cases.drafts import check_opened, open_draft, proofs_of
from licensing.cases.journal import Loaded, load_for, moved_on, not_found, record, require
from licensing.cases.letters import send
from licensing.cases.machine import Event, State, transition
from licensing.cases.submission import promise_authority, snapshot, tasks
from licensing.cases.tables import Case
from licensing.cases.verifying import check_credit, check_promises, open_tasks
from licensing.catalogue.model import Proof
from licensing.commitments import actions as commitments
from licensing.commitments import eligibility
from licensing.commitments.machine import Event as PromiseEvent
from licensing.commitments.queries import choices
from licensing.commitments.rules import Acceptance, Choice, Occasion
from licensing.commitments.tables import Commitment
from licensing.errors import Conflict, FieldError, Invalid
from licensing.policy import Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say


def choose_proof(actor: Actor, case_id: int, proof_code: str, choice: Choice, reason: str = "") -> None:
    """Choose to hand a replaceable proof in or to promise it. Raises ``Conflict`` (``promise-barred``) where the credit forbids it.

    To leave a promise that was signed is the signatory's act, as withdrawing it is. Once the application was handed in somebody relied on
    the promise, so it takes a ``reason`` (``Invalid``, ``reason-needed``); in a draft it takes none.
    """
    if choice is Choice.PROMISE:
        check_credit(actor, case_id, Action.CASE_EDIT, Occasion.CHOICE)
    with unit_of_work(actor) as work:
        case = open_draft(work, case_id)
        proof, said = _opened_proof(work, case, proof_code), reason.strip()
        if choice is Choice.PROMISE:
            _must_not_be_demanded(case, proof_code)
        elif _is_signed(work, case_id, proof_code):
            require(work, Action.COMMITMENT_WITHDRAW, case.subject)
            if case.view.state is not State.DRAFT and not said:
                raise Invalid(say("Please give a reason."), code="reason-needed")
        commitments.choose(work, case_id, case.row.company_id, proof, choice, said)


def keep_facts(actor: Actor, case_id: int, proof_code: str, facts: Mapping[str, str]) -> None:
    """Keep the facts of a promise as typed so far; any member may prepare what the signatory signs. Chooses to promise."""
    if not _is_promised(actor, case_id, proof_code):
        check_credit(actor, case_id, Action.CASE_EDIT, Occasion.CHOICE)
    with unit_of_work(actor) as work:
        case = open_draft(work, case_id)
        proof = _opened_proof(work, case, proof_code)
        _must_not_be_demanded(case, proof_code)
        commitments.keep_facts(work, case_id, case.row.company_id, proof, facts)


def sign_promise(actor: Actor, case_id: int, proof_code: str, *, facts: Mapping[str, str], given: Acceptance) -> Commitment:
    """Sign a promise as the authorised signatory: ``given`` is what was shown and what was accepted, clause by clause.

    What was seen of the company's credit is kept each time. Signing the same twice is signing once. Raises as
    ``commitments.actions.sign``; ``Invalid`` (``region-needed``) before it is known which authority relies on the promise.
    """
    check_credit(actor, case_id, Action.COMMITMENT_PROMISE, Occasion.SIGNING)
    with unit_of_work(actor) as work:
        case = open_draft(work, case_id, Action.COMMITMENT_PROMISE)
        work.session.execute(select(Case.id).where(Case.id == case_id).with_for_update())
        proof = _opened_proof(work, case, proof_code)
        _must_not_be_demanded(case, proof_code)
        authority = promise_authority(work, case)
        if authority is None:
            raise Invalid(
                say("Say first in which place the project is: the promise is made to the authority there."),
                next_step=say("Fill in the region of the project, then sign."),
                code="region-needed",
            )
        place = commitments.Place(case_id, case.row.public_number, case.row.company_id, authority)
        return commitments.sign(work, place, proof, facts=facts, given=given)


def withdraw_promise(actor: Actor, case_id: int, proof_code: str, reason: str) -> None:
    """Take a promise back before the decision, with a reason: the proof is to be handed in, and the record stays (domain 8.1.9).

    Before acceptance the materials are no longer complete, so the limit T1 begins anew when they are (domain 7.4). Afterwards the clock
    stands until the proof is there. Office desks see the case where it then waits; the company has the receipt in its inbox.
    """
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.COMMITMENT_WITHDRAW)
        if transition(case.view.state, Event.PROMISE_WITHDRAWN, case.view.steps) is None:
            raise moved_on()
        standing = choices(work.session, case_id).get(proof_code)
        if standing is None or standing.commitment is None:
            raise not_found()
        made, said = standing.commitment, reason.strip()
        items = [{"target": f"proof:{proof_code}", "note": said}] if case.view.state is State.SUBMITTED else []
        record(work, case, Event.PROMISE_WITHDRAWN, {"proof": proof_code, "commitment_id": made.id, "reason": said, "items": items})
        commitments.take_back(work, made, PromiseEvent.WITHDRAWN, said)
        commitments.hand_in_instead(work, case_id, proof_code)
        send(work, case, Event.PROMISE_WITHDRAWN, [])


def settle(actor: Actor, case_id: int) -> None:
    """Send the proofs that were due, handed in or promised again: the clock runs on. Raises ``Invalid`` (``incomplete``)."""
    check_promises(actor, case_id, Action.COMMITMENT_SETTLE, Occasion.SUBMISSION)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.COMMITMENT_SETTLE)
        if not case.view.owed or transition(case.view.state, Event.PROOF_SETTLED, case.view.steps) is None:
            raise moved_on()
        unready = [task for task in tasks(work, case) if task.kind == "proof" and task.code in case.view.owed and task.state != "complete"]
        if unready:
            raise Invalid(
                say("The proof is not there yet."),
                [
                    FieldError(f"proof:{task.code}", "required", say("Hand in or promise: %(name)s.", name=say(task.english_name)))
                    for task in unready
                ],
                next_step=say("Upload the file or sign the promise, then send."),
                code="incomplete",
            )
        if any(choice.commitment is not None for code, choice in choices(work.session, case_id).items() if code in case.view.owed):
            eligibility.require(work, case.row.company_id)
        record(work, case, Event.PROOF_SETTLED, snapshot(work, case))
        open_tasks(work, case)


def answer_untruth(actor: Actor, case_id: int, text: str) -> None:
    """Answer the notice that a promise was found untrue, within its term."""
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.COMMITMENT_ANSWER)
        record(work, case, Event.UNTRUTH_ANSWERED, {"reason": text.strip()})


def _is_promised(actor: Actor, case_id: int, proof_code: str) -> bool:
    """Whether the choice to promise was made already, and the credit looked at for it."""
    with reading(actor) as look:
        load_for(look, case_id, Action.CASE_EDIT)
        standing = choices(look.session, case_id).get(proof_code)
        return standing is not None and standing.choice == Choice.PROMISE


def _is_signed(work: Work, case_id: int, proof_code: str) -> bool:
    standing = choices(work.session, case_id).get(proof_code)
    return standing is not None and standing.commitment is not None


def _opened_proof(work: Work, case: Loaded, proof_code: str) -> Proof:
    proof = proofs_of(work.session, case).get(proof_code)
    if proof is None:
        raise not_found()
    check_opened(case, f"proof:{proof_code}")
    return proof


def _must_not_be_demanded(case: Loaded, proof_code: str) -> None:
    """Raise ``Conflict`` (``proof-demanded``) for a promise in place of which the authority demanded the proof itself."""
    if proof_code in case.view.demanded:
        raise Conflict(
            say("The authority demanded this proof itself, so it cannot be promised again in this case."),
            next_step=say("Hand the proof in."),
            code="proof-demanded",
        )
