"""责令整改: after the permit, what was found untrue may be rectified within a term instead of costing the licence (domain 8.2.2, 8.3.3).

The order opens the verification that ends it, due on the last day of the term, so the worklist shows what is overdue. Found true, the
promise is rectified and that is all: no entry is made, because the credit record tells of dishonesty and would close the way of promising
to a company that mended its mistake in time; the order and its letter stay on record. Found untrue, the notice of what is meant to be
done about the licence goes out as after any finding.
"""

from __future__ import annotations

from licensing.cases.drafts import proofs_of
from licensing.cases.journal import Loaded, load, load_for, require, subject_of
from licensing.cases.letters import order_to_rectify
from licensing.cases.verifying import proof_line
from licensing.clock import add_working_days, local_date
from licensing.clock.queries import calendar_now
from licensing.commitments import consequences
from licensing.commitments.journal import moved_on, record
from licensing.commitments.machine import Event, State, transition
from licensing.commitments.queries import commitment, untrue_finding
from licensing.commitments.rules import Occasion
from licensing.commitments.tables import Commitment
from licensing.commitments.verification import add_task
from licensing.errors import Conflict, Invalid
from licensing.policy import Action, Actor
from licensing.proceedings.actions import fit
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say


def order_rectification(actor: Actor, case_id: int, commitment_id: int, reason: str) -> None:
    """Order the holder to rectify what was found untrue, within the days of the proof; who found it cannot order it.

    Raises ``Conflict``: ``promise-moved-on`` when no finding waits, ``proceeding-open`` while the authority is acting on the licence.
    """
    with unit_of_work(actor) as work:
        case, made, letter = _to_order(work, case_id, commitment_id)
        proof, said = proofs_of(work.session, case)[made.proof], _given(reason)
        due_on = add_working_days(local_date(work.now), proof.rectification_days, calendar_now(work.session))
        record(work, made, Event.RECTIFICATION_ORDERED, {"reason": said, "due_on": due_on.isoformat()})
        add_task(work, made, proof.verification_method, Occasion.RECTIFICATION, due_on)
        order_to_rectify(work, case, letter, [proof_line(case, made.proof, said)], due_on)


def report_rectification(actor: Actor, case_id: int, commitment_id: int, text: str) -> None:
    """The company reports that it rectified; what it says is verified next. Raises ``Conflict`` (``promise-moved-on``)."""
    with unit_of_work(actor) as work:
        load_for(work, case_id, Action.COMMITMENT_REPORT)
        made = commitment(work.session, case_id, commitment_id)
        record(work, made, Event.RECTIFICATION_REPORTED, {"reason": _given(text)})


def check_order(actor: Actor, case_id: int, commitment_id: int) -> None:
    """Raise what :func:`order_rectification` would raise now, so that nobody writes an order for nothing."""
    with reading(actor) as look:
        _to_order(look, case_id, commitment_id)


def _to_order(work: Work, case_id: int, commitment_id: int) -> tuple[Loaded, Commitment, str]:
    """The case, the promise that was found untrue, and the kind of letter that orders to rectify it."""
    case = load(work.session, case_id)
    made = commitment(work.session, case_id, commitment_id)
    row = transition(State(made.state), Event.RECTIFICATION_ORDERED)
    found_by = {"finder": untrue_finding(work.session, made.id).done_by or 0} if row else {}
    require(work, Action.COMMITMENT_RECTIFY, subject_of(case.row, {**case.view.handlers, **found_by}, case.view.panel))
    if row is None or row.letter is None or not consequences.is_alive(work.session, case_id):
        raise moved_on()
    if not consequences.possible_now(work.session, case_id):
        raise Conflict(
            say("The authority is acting on this licence already."), next_step=say("End that one first."), code="proceeding-open"
        )
    return case, made, row.letter


def _given(text: str) -> str:
    said = fit(text)
    if not said:
        raise Invalid(say("Please give a reason."), code="reason-needed")
    return said
