"""The acts on a case. Each is one transaction: policy, machine, event, letter, notice.

All raise ``NotFound`` for what the actor may not see, ``Forbidden`` or ``ReauthenticationNeeded`` for what the post does not allow, and
``Conflict`` (``case-moved-on``) when the case is no longer where the act needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from licensing.cases.bans import require_no_ban
from licensing.cases.bodies import require_fitting
from licensing.cases.commissions import note_commission
from licensing.cases.journal import Loaded, load, load_for, record
from licensing.cases.late_decisions import late_because
from licensing.cases.letters import send
from licensing.cases.machine import Event, State, transition
from licensing.cases.submission import problems, snapshot
from licensing.cases.tables import Case
from licensing.cases.targets import target_name, targets
from licensing.cases.verifying import check_promises, open_tasks, proof_line, require_promises_hold
from licensing.catalogue.answers import answer_at
from licensing.catalogue.model import Step
from licensing.clock import is_deemed_accepted, local_date, today
from licensing.clock.queries import calendar_now
from licensing.commitments.consequences import close
from licensing.commitments.rules import Occasion
from licensing.errors import Conflict, FieldError, Invalid
from licensing.parties.queries import responsible_authority
from licensing.policy import SYSTEM, Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import Said, say

STILL_OWED = "承诺不再适用，证明尚未提交。"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to correct: ``target`` as in ``targets.targets``, and what is wrong with it."""

    target: str
    note: str


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """What the commissioned body reported. ``passed`` is its conclusion."""

    report_number: str
    body: str
    done_on: date
    passed: bool
    opinion: str


def submit(actor: Actor, case_id: int) -> None:
    """Hand the application in, first or after corrections. Raises ``Invalid`` with everything that is missing."""
    check_promises(actor, case_id, Action.CASE_SUBMIT, Occasion.SUBMISSION)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_SUBMIT)
        event = Event.CORRECTED if case.view.state is State.CORRECTION else Event.SUBMITTED
        if transition(case.view.state, event, case.view.steps) is None:
            record(work, case, event, {})
        missing = problems(work, case)
        if missing:
            raise Invalid(
                say("The application is not complete yet."),
                missing,
                next_step=say("Finish what the list shows and submit again."),
                code="incomplete",
            )
        if event is Event.SUBMITTED:
            require_no_ban(work, case.row.company_id, case.matter)
            region = answer_at(case.row.answers, case.matter.region_at)
            case.row.authority_id = responsible_authority(work.session, case.row.matter, region).id
            work.session.flush()
        record(work, case, event, snapshot(work, case))


def accept(actor: Actor, case_id: int) -> None:
    """Accept the application: the decision clock starts today (Order 37 art. 8)."""
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_ACCEPT)
        record(work, case, Event.ACCEPTED, {})
        open_tasks(work, case)
        send(work, case, Event.ACCEPTED, [document["filename"] for document in case.view.submissions[-1].documents])


def request_correction(actor: Actor, case_id: int, items: Sequence[Item]) -> None:
    """Ask for corrections, once and completely, item by item (Order 37 art. 8)."""
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_REQUEST_CORRECTION)
        _check_items(case, items)
        record(work, case, Event.CORRECTION_REQUESTED, {"items": [{"target": item.target, "note": item.note.strip()} for item in items]})
        send(
            work, case, Event.CORRECTION_REQUESTED, [f"{target_name(case.matter, item.target).name}：{item.note.strip()}" for item in items]
        )


def not_accept(actor: Actor, case_id: int, reason: str) -> None:
    """Refuse at intake, with the reason in writing (Order 37 art. 8)."""
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_NOT_ACCEPT)
        record(work, case, Event.NOT_ACCEPTED, {"reason": reason.strip()})
        send(work, case, Event.NOT_ACCEPTED, [reason.strip()])


def deem_accepted(case_id: int) -> bool:
    """Accept by silence when T1 has passed, dated back to receipt (T2). True when that happened now."""
    with reading(SYSTEM) as look:
        case = look.session.get(Case, case_id)
        overdue = case is not None and case.state == State.SUBMITTED and case.due_on is not None and case.due_on < today()
    if not overdue:
        return False
    with unit_of_work(SYSTEM) as work:
        case_now = load(work.session, case_id)
        received = case_now.view.received_on
        if (
            case_now.view.state is not State.SUBMITTED
            or received is None
            or not is_deemed_accepted(received, local_date(work.now), calendar_now(work.session))
        ):
            return False
        record(work, case_now, Event.DEEMED_ACCEPTED, {"received_on": received.isoformat()})
        open_tasks(work, case_now)
        send(work, case_now, Event.DEEMED_ACCEPTED, [document["filename"] for document in case_now.view.submissions[-1].documents])
    return True


def deem_accepted_all() -> int:
    """Accept by silence every case whose intake limit has passed; how many. Safe to run at any time, twice or late."""
    with reading(SYSTEM) as look:
        overdue = look.session.scalars(select(Case.id).where(Case.state == State.SUBMITTED, Case.due_on < today()).order_by(Case.id)).all()
    return sum(deem_accepted(case_id) for case_id in overdue)


def commission(actor: Actor, case_id: int, *, body: str, expected_days: int) -> None:
    """Commission the evaluation or inspection: the clock stands and the applicant is told how long (Licensing Law art. 45).

    ``body`` is the name of one that ``bodies.bodies_for`` offers; any name where no qualified body is on record at all.
    """
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_COMMISSION)
        require_said(body.strip(), "body", say("Enter the body that is commissioned."))
        check_expected_days(expected_days)
        _by_body_alone(case)
        possible = transition(case.view.state, Event.EVALUATION_COMMISSIONED, case.view.steps) is not None
        chosen = require_fitting(work, case, body.strip()) if possible else None
        record(work, case, Event.EVALUATION_COMMISSIONED, {"body": body.strip(), "expected_days": expected_days})
        note_commission(work, case, chosen, expected_days)
        send(work, case, Event.EVALUATION_COMMISSIONED, [], days=expected_days, body=body.strip())


def record_result(actor: Actor, case_id: int, result: EvaluationResult) -> None:
    """Record what the commissioned body found: the clock runs again from today."""
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_RECORD_RESULT)
        _by_body_alone(case)
        require_said(result.report_number.strip(), "report_number", say("Enter the number of the report."))
        require_said(result.opinion.strip(), "opinion", say("Enter the conclusion of the report."))
        if result.done_on > local_date(work.now) or (case.view.standing and result.done_on < case.view.standing.first):
            raise _field("done_on", say("The report is dated between the commission and today."))
        data = {
            "report_number": result.report_number.strip(),
            "body": result.body.strip(),
            "done_on": result.done_on.isoformat(),
            "passed": result.passed,
            "opinion": result.opinion.strip(),
        }
        record(work, case, Event.EVALUATION_RECORDED, data)
        ask_for_what_is_owed(work, case)


def propose(actor: Actor, case_id: int, *, grant: bool, opinion: str) -> None:
    """Propose to grant or to refuse, with an opinion. Granting needs a passed evaluation or inspection (Order 37 arts. 9-11)."""
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_PROPOSE)
        if (
            transition(case.view.state, Event.DECISION_PROPOSED, case.view.steps)
            and grant
            and not (case.view.evaluation or {}).get("passed")
        ):
            raise _not_passed(case)
        if grant:
            require_promises_hold(work, case)
        record(work, case, Event.DECISION_PROPOSED, {"recommendation": "grant" if grant else "refuse", "opinion": opinion.strip()})


def return_proposal(actor: Actor, case_id: int, reason: str) -> None:
    """Send the proposal back to the examiner."""
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_RETURN)
        record(work, case, Event.PROPOSAL_RETURNED, {"reason": reason.strip()})


def refuse(actor: Actor, case_id: int, reason: str, *, late: str = "") -> None:
    """Refuse the permit as proposed, with reasons and remedies in writing (Licensing Law art. 38). ``late`` says why it is late, if so."""
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_REFUSE)
        must_follow_proposal(case, "refuse")
        record(work, case, Event.REFUSED, {"reason": reason.strip(), **late_because(work, case, Event.REFUSED, late)})
        close(work, case_id, reason.strip())
        send(work, case, Event.REFUSED, [reason.strip()])


def withdraw(actor: Actor, case_id: int, reason: str) -> None:
    """The applicant takes the application back before the decision."""
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_WITHDRAW)
        record(work, case, Event.WITHDRAWN, {"reason": reason.strip()})
        close(work, case_id, reason.strip())


def require_said(value: str, field: str, sentence: Said) -> None:
    """Raise ``Invalid`` for ``field`` unless something was written there."""
    if not value:
        raise _field(field, sentence)


def check_expected_days(days: int) -> None:
    """Raise ``Invalid`` unless the applicant can be told so many working days."""
    if not 1 <= days <= 120:
        raise _field("expected_days", say("Enter how many working days it will take, 1 to 120."))


def ask_for_what_is_owed(work: Work, case: Loaded) -> None:
    """When the clock runs again it stands at once for a proof whose promise was withdrawn meanwhile."""
    if case.view.owed:
        owed = sorted(case.view.owed)
        record(work, case, Event.PROOF_REQUIRED, {"proofs": owed, "reason": STILL_OWED})
        send(work, case, Event.PROOF_REQUIRED, [proof_line(case, code, STILL_OWED) for code in owed])


def must_follow_proposal(case: Loaded, decision: str) -> None:
    """A decision follows the proposal; who disagrees returns it. So each decision is the will of two people (invariant 2)."""
    if case.view.state is State.PROPOSED and (case.view.proposal or {}).get("recommendation") != decision:
        raise Conflict(
            say("The examiner proposed otherwise."), next_step=say("Return the proposal with your reason instead."), code="against-proposal"
        )


def _by_body_alone(case: Loaded) -> None:
    if Step.EXPERT_REVIEW in case.view.steps:
        raise Conflict(
            say("In this matter experts review, and no body is commissioned."),
            next_step=say("Draw the panel, and record its opinion when all have voted."),
            code="experts-review",
        )


def _not_passed(case: Loaded) -> Conflict:
    if Step.EXPERT_REVIEW in case.view.steps:
        return Conflict(
            say("A grant can be proposed only after an expert review that was passed."),
            next_step=say("Draw the panel, record its opinion, and then propose."),
            code="evaluation-needed",
        )
    return Conflict(
        say("A grant can be proposed only after a passed evaluation or inspection."),
        next_step=say("Commission it, record the result, and then propose."),
        code="evaluation-needed",
    )


def _check_items(case: Loaded, items: Sequence[Item]) -> None:
    known = {target.code for target in targets(case.matter)}
    errors = [
        FieldError(f"items.{index}", "required", say("Choose what is wrong and say why."))
        for index, item in enumerate(items)
        if item.target not in known or not item.note.strip()
    ]
    if errors or not items:
        raise Invalid(say("Name every item that must be corrected, each with a reason."), errors, code="items-needed")


def _field(field: str, sentence: Said) -> Invalid:
    return Invalid(sentence, [FieldError(field, "invalid", sentence)])
