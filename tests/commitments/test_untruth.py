"""A promise found untrue: the finding is always recorded, handling goes back to where it was, and no promise waits for ever."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from promising import (
    OTHER,
    PROOF,
    answer,
    commission,
    find,
    find_again,
    hand_in,
    made,
    open_tasks,
    proceedings,
    record_result,
    sign,
    withdraw,
)
from sqlalchemy import select
from world import World, tiny_pdf

from licensing.cases import actions, drafts, fieldwork, promises, verifying
from licensing.cases.machine import State
from licensing.commitments import consequences, editions
from licensing.commitments.rules import Choice, Result, everything_accepted
from licensing.credit.queries import entries_of
from licensing.credit.tables import CreditEntry
from licensing.errors import Conflict
from licensing.licences.operations import Operation
from licensing.notices.tables import Notice
from licensing.policy import SYSTEM
from licensing.storage import reading


def day(number: int, month: int = 3) -> datetime:
    return datetime(2026, month, number, 1, 0, tzinfo=UTC)


def due(world: World, case_id: int) -> date | None:
    running = world.page(case_id).deadline
    return running.due if running else None


def judge(world: World, case_id: int, verb: str, approver: int | None = None) -> None:
    getattr(verifying, verb)(world.actor(approver or world.approver), case_id, "经复核作出决定。")


def notices(world: World, case_id: int) -> list[str]:
    with reading(SYSTEM) as look:
        mine = select(Notice.sentence).where(Notice.company_id == world.company, Notice.case_id == case_id)
        return list(look.session.scalars(mine.order_by(Notice.id)))


def test_a_dropped_finding_leads_back_to_the_proof_that_is_owed(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted("completion_acceptance")
    withdraw(world, case_id)
    morning.move_to(day(3))
    find(world, case_id, Result.UNTRUE, OTHER)
    answer(world, case_id)
    morning.move_to(day(4))
    judge(world, case_id, "drop_finding")
    page = world.page(case_id)
    assert (page.state, page.view.owed) == (State.HAND_IN, {PROOF})
    assert "withdrew" in str(page.view.clock_stops[-1].reason), "the clock stands for the reason of before"
    morning.move_to(day(5))
    hand_in(world, case_id)
    assert (world.page(case_id).state, due(world, case_id)) == (State.ACCEPTED, date(2026, 3, 18)), "3 and 4 March stood"


@pytest.mark.parametrize("verb", ["drop_finding", "order_correction"])
def test_a_judged_finding_leads_back_to_the_evaluation_under_way(world: World, morning: time_machine.Traveller, verb: str) -> None:
    case_id = world.accepted("completion_acceptance")
    commission(world, case_id)
    morning.move_to(day(3))
    find(world, case_id, Result.UNTRUE)
    answer(world, case_id)
    judge(world, case_id, verb)
    assert world.page(case_id).state is State.EVALUATING
    morning.move_to(day(4))
    record_result(world, case_id)
    if verb == "order_correction":
        page = world.page(case_id)
        assert (page.state, page.letters[-1].kind) == (State.HAND_IN, "D11"), "what is still owed is asked for in a letter"
        hand_in(world, case_id)
    assert (world.page(case_id).state, due(world, case_id)) == (State.ACCEPTED, date(2026, 3, 17)), "3 March stood"


def test_a_returned_proposal_leads_back_to_the_proof_that_is_owed(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    withdraw(world, case_id)
    actions.propose(world.actor(world.examiner), case_id, grant=False, opinion="逾期未提交证明。")
    actions.return_proposal(world.actor(world.approver), case_id, "再等一等。")
    assert world.page(case_id).state is State.HAND_IN
    hand_in(world, case_id)
    assert world.page(case_id).state is State.ACCEPTED


@pytest.mark.parametrize("demand", ["ordered", "required"])
def test_a_proof_that_the_authority_demanded_cannot_be_promised_again(world: World, demand: str) -> None:
    case_id = world.accepted("completion_acceptance")
    if demand == "ordered":
        find(world, case_id, Result.UNTRUE)
        answer(world, case_id)
        judge(world, case_id, "order_correction")
    else:
        verifying.require_proof(world.actor(world.examiner), case_id, [PROOF], "现场无法核实。")
    signatory, given = world.actor(world.applicant), everything_accepted(world.page(case_id).proofs[PROOF], {})
    for promise in (
        lambda: promises.choose_proof(signatory, case_id, PROOF, Choice.PROMISE),
        lambda: promises.keep_facts(signatory, case_id, PROOF, {}),
        lambda: promises.sign_promise(signatory, case_id, PROOF, facts={}, given=given),
    ):
        with pytest.raises(Conflict) as refused:
            promise()
        assert refused.value.code == "proof-demanded"
    hand_in(world, case_id)
    assert world.page(case_id).state is State.ACCEPTED


def test_a_promise_that_the_applicant_withdrew_may_be_promised_again_also_after_an_evaluation(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    commission(world, case_id)
    withdraw(world, case_id)
    record_result(world, case_id)
    assert world.page(case_id).letters[-1].kind == "D11"
    sign(world, case_id, model="SPD-II")
    promises.settle(world.actor(world.member), case_id)
    assert world.page(case_id).state is State.ACCEPTED


def test_a_second_finding_is_recorded_and_notified_when_the_first_is_judged(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    find(world, case_id, Result.UNTRUE)
    find(world, case_id, Result.UNTRUE, OTHER)
    assert [made(case_id, proof)[0].state for proof in (PROOF, OTHER)] == ["untrue", "untrue"]
    answer(world, case_id)
    judge(world, case_id, "order_correction")
    page = world.page(case_id)
    assert (page.state, (page.view.untruth or {})["proof"], page.view.owed) == (State.NOTIFIED, OTHER, {PROOF})
    assert [letter.kind for letter in page.letters][-2:] == ["D11", "D9"]
    answer(world, case_id)
    judge(world, case_id, "drop_finding")
    assert (world.page(case_id).state, made(case_id, OTHER)[0].state) == (State.HAND_IN, "pending")
    hand_in(world, case_id)
    assert world.page(case_id).state is State.ACCEPTED


def test_with_the_end_of_the_procedure_other_findings_are_not_pursued(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    find(world, case_id, Result.UNTRUE)
    find(world, case_id, Result.UNTRUE, OTHER)
    answer(world, case_id)
    judge(world, case_id, "terminate")
    assert [made(case_id, proof)[0].state for proof in (PROOF, OTHER)] == ["false", "unpursued"]
    assert open_tasks(case_id) == {}
    with reading(SYSTEM) as look:
        [entry] = entries_of(look.session, world.company)
    assert entry.ends_on == date(2027, 3, 2)


def test_a_promise_is_verified_again_only_where_an_untrue_result_leads_somewhere(world: World) -> None:
    case_id = world.submitted("completion_acceptance")
    verifier, signed = world.actor(world.verifier), made(case_id)[0]
    with pytest.raises(Conflict) as early:
        verifying.verify_again(verifier, case_id, signed.id)
    assert early.value.code == "case-moved-on"
    actions.accept(world.actor(world.intake), case_id)
    find(world, case_id, Result.TRUE)
    verifying.verify_again(verifier, case_id, signed.id)
    assert set(open_tasks(case_id)) == {PROOF, OTHER}


def test_a_finding_beside_an_open_proceeding_waits_and_is_pursued_later(world: World) -> None:
    case_id = world.granted("completion_acceptance").case_id or 0
    find_again(world, case_id, Result.UNTRUE)
    find_again(world, case_id, Result.UNTRUE, OTHER)
    [first] = proceedings()
    verifier = world.actor(world.verifier)
    with pytest.raises(Conflict) as busy:
        verifying.pursue_finding(verifier, case_id, made(case_id, OTHER)[0].id, Operation.WITHDRAW_PERMISSION)
    assert busy.value.code == "proceeding-open"
    consequences.drop(world.actor(world.approver), first.id, "核查对象有误。")
    assert (made(case_id)[0].state, made(case_id, OTHER)[0].state) == ("pending", "untrue"), "what was dropped is verified again"
    verifying.pursue_finding(verifier, case_id, made(case_id, OTHER)[0].id, Operation.WITHDRAW_PERMISSION)
    assert [row.operation for row in proceedings()] == ["revoke_for_deceit", "withdraw_permission"]


def test_when_the_licence_ends_nothing_about_its_promises_stays_open(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.granted("completion_acceptance").case_id or 0
    verifier = world.actor(world.verifier)
    find_again(world, case_id, Result.UNTRUE)
    verifying.verify_again(verifier, case_id, made(case_id, OTHER)[0].id)
    morning.move_to(day(23))
    consequences.decide(world.actor(world.approver), proceedings()[0].id, "欺骗取得，予以撤销。")
    assert ([made(case_id, proof)[0].state for proof in (PROOF, OTHER)], open_tasks(case_id)) == (["false", "promised"], {})
    with pytest.raises(Conflict) as over:
        verifying.verify_again(world.actor(world.verifier), case_id, made(case_id, OTHER)[0].id)
    assert over.value.code == "licence-moved-on"


def test_a_finding_that_waits_ends_with_the_licence(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.granted("completion_acceptance").case_id or 0
    find_again(world, case_id, Result.UNTRUE)
    find_again(world, case_id, Result.UNTRUE, OTHER)
    morning.move_to(day(23))
    consequences.decide(world.actor(world.approver), proceedings()[0].id, "欺骗取得，予以撤销。")
    assert [made(case_id, proof)[0].state for proof in (PROOF, OTHER)] == ["false", "unpursued"]


def test_the_days_to_answer_come_from_the_proof_also_after_the_permit(world: World) -> None:
    draft = editions.draft(world.actor(world.supervisor), PROOF, {"answer_days": 7}, "延长答复期限")
    editions.put_in_force(world.actor(world.second_supervisor), draft, date(2026, 3, 2), 1)
    case_id = world.granted("completion_acceptance").case_id or 0
    find_again(world, case_id, Result.UNTRUE)
    [opened] = proceedings()
    assert opened.due_on == date(2026, 3, 11), "seven working days after 2 March"


@pytest.mark.parametrize(
    ("operation", "source", "ends_on"),
    [
        (Operation.REVOKE_FOR_DECEIT, "撤销行政许可", date(2029, 3, 23)),
        (Operation.WITHDRAW_PERMISSION, "撤回行政许可", date(2027, 3, 23)),
    ],
)
def test_each_consequence_has_its_own_entry(
    world: World, morning: time_machine.Traveller, operation: Operation, source: str, ends_on: date
) -> None:
    case_id = world.granted("completion_acceptance").case_id or 0
    find_again(world, case_id, Result.UNTRUE, consequence=operation)
    morning.move_to(day(23))
    consequences.decide(world.actor(world.approver), proceedings()[0].id, "承诺不实。")
    with reading(SYSTEM) as look:
        entry = look.session.scalars(select(CreditEntry)).one()
    assert (entry.kind, entry.ends_on) == ("false_commitment", ends_on)
    assert source in entry.source


def test_withdrawing_leaves_a_receipt_and_before_acceptance_a_new_intake_limit(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.submitted("completion_acceptance")
    assert due(world, case_id) == date(2026, 3, 9)
    withdraw(world, case_id)
    assert "withdrawn" in notices(world, case_id)[-1]
    assert due(world, case_id) is None
    morning.move_to(day(4))
    drafts.add_document(world.actor(world.member), case_id, PROOF, "证明.pdf", tiny_pdf())
    actions.submit(world.actor(world.applicant), case_id)
    assert due(world, case_id) == date(2026, 3, 11), "the intake limit runs from the day on which the materials were complete"


def test_a_verification_before_the_decision_is_due_with_the_decision(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted("completion_acceptance")
    verifier = world.actor(world.verifier)

    def due_days() -> set[date | None]:
        return {row.due_on for row in fieldwork.verification_worklist(verifier).rows}

    assert due_days() == {date(2026, 3, 16)}
    commission(world, case_id)
    assert due_days() == {None}
    morning.move_to(day(5))
    record_result(world, case_id)
    assert due_days() == {due(world, case_id)} == {date(2026, 3, 18)}
