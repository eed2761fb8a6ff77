"""The promise from choice to consequence, on SQLite and PostgreSQL: who may sign, what follows, and what stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select
from world import World, facts, tiny_pdf

from licensing.cases import actions, drafts, issuing, promises, verifying
from licensing.cases.machine import State
from licensing.commitments import consequences
from licensing.commitments.machine import Event as PromiseEvent
from licensing.commitments.machine import State as PromiseState
from licensing.commitments.queries import of_case, tasks_of
from licensing.commitments.rules import Choice, Result, everything_accepted
from licensing.commitments.tables import Commitment, EligibilityCheck
from licensing.commitments.verification import OPEN
from licensing.credit import actions as credit
from licensing.credit.queries import entries_of
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.parties.tables import Seat
from licensing.policy import SYSTEM, Role
from licensing.proceedings.tables import Proceeding
from licensing.storage import reading, storage, unit_of_work

PROOF = "factory_certificate"
FINDING = "现场铭牌型号与承诺的型号不一致。"


@pytest.fixture
def draft(world: World) -> int:
    """A draft in which it is known where the project is, and nothing is promised yet."""
    case_id = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    drafts.save_section(world.actor(world.applicant), case_id, "project", {"region": "320104"}, 1)
    return case_id


def sign(world: World, case_id: int, person: int, **changed: str) -> Commitment:
    proof = world.page(case_id).proofs[PROOF]
    typed = {**facts(PROOF), **changed}
    return promises.sign_promise(world.actor(person), case_id, PROOF, facts=typed, given=everything_accepted(proof, typed))


def made(case_id: int, proof: str = PROOF) -> list[Commitment]:
    with reading(SYSTEM) as look:
        return [one for one in of_case(look.session, case_id) if one.proof == proof]


def open_task(case_id: int, proof: str = PROOF) -> int:
    with reading(SYSTEM) as look:
        return next(task.id for task in tasks_of(look.session, case_id) if task.state == OPEN and task.commitment.proof == proof)


def find(world: World, case_id: int, result: Result) -> None:
    task_id = open_task(case_id)
    verifying.record_finding(world.actor(world.verifier), task_id, result, world.report(task_id, result, FINDING))


def checks(case_id: int) -> list[EligibilityCheck]:
    with reading(SYSTEM) as look:
        return list(look.session.scalars(select(EligibilityCheck).where(EligibilityCheck.case_id == case_id).order_by(EligibilityCheck.id)))


def test_only_the_signatory_signs_with_a_fresh_second_factor(world: World, draft: int) -> None:
    promises.keep_facts(world.actor(world.member), draft, PROOF, facts(PROOF))
    with pytest.raises(Forbidden):
        sign(world, draft, world.member)
    with pytest.raises(NotFound):
        sign(world, draft, world.stranger)
    proof = world.page(draft).proofs[PROOF]
    with pytest.raises(ReauthenticationNeeded):
        promises.sign_promise(
            world.actor(world.applicant, second_factor=False),
            draft,
            PROOF,
            facts=facts(PROOF),
            given=everything_accepted(proof, facts(PROOF)),
        )
    assert made(draft) == []
    signed = sign(world, draft, world.applicant)
    assert (signed.person_name, signed.role, signed.company_name) == ("李文静", "signatory", "南京金陵石化销售有限公司")
    assert signed.state == PromiseState.PROMISED


def test_an_authorisation_that_has_ended_signs_nothing(world: World, draft: int) -> None:
    with unit_of_work(SYSTEM) as work:
        seat = work.session.scalars(select(Seat).where(Seat.person_id == world.applicant, Seat.role == Role.SIGNATORY)).one()
        seat.held_until = date(2026, 3, 1)
    with pytest.raises(Forbidden) as refused:
        sign(world, draft, world.applicant)
    assert "signatory" in str(refused.value.sentence)
    assert made(draft) == []


def test_pressing_sign_twice_at_once_signs_once(world: World, draft: int) -> None:
    with ThreadPoolExecutor(4) as pool:
        signed = [press.result().id for press in [pool.submit(sign, world, draft, world.applicant) for _ in range(4)]]
    assert len(set(signed)) == 1
    assert [one.id for one in made(draft)] == signed[:1]


def test_other_facts_replace_the_promise_and_the_first_one_stays_on_record(world: World, draft: int) -> None:
    first, second = sign(world, draft, world.applicant), sign(world, draft, world.applicant, model="SPD-II")
    assert [(one.id, one.state) for one in made(draft)] == [(first.id, "replaced"), (second.id, "promised")]


def test_a_promise_is_made_to_an_authority_so_the_place_comes_first(world: World) -> None:
    case_id = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    with pytest.raises(Invalid) as refused:
        sign(world, case_id, world.applicant)
    assert refused.value.code == "region-needed"
    drafts.save_section(world.actor(world.applicant), case_id, "project", {"region": "320104"}, 1)
    assert sign(world, case_id, world.applicant).authority_id == world.authority


def test_what_was_shown_and_answered_is_kept_byte_for_byte(world: World, draft: int) -> None:
    proof, signed = world.page(draft).proofs[PROOF], sign(world, draft, world.applicant)
    notice, said = storage().files.get(signed.notice_sha256), storage().files.get(signed.statement_sha256)
    assert notice == proof.notice_text().encode()
    assert said.startswith(notice.rstrip(b"\n"))
    text = said.decode()
    for words in (
        "李文静",
        "授权签字人",
        f"人员编号 person no. {world.applicant}",
        "南京金陵石化销售有限公司",
        "南京市气象局",
        signed.notice_sha256,
        *facts(PROOF).values(),
    ):
        assert words in text
    assert text.count("同意 accepted") == len(proof.commitment)
    assert "展示语言 Shown in：中文 Chinese\n" in text


def test_the_language_in_which_it_was_shown_is_kept(world: World, draft: int) -> None:
    proof, typed = world.page(draft).proofs[PROOF], facts(PROOF)
    actor, given = world.actor(world.applicant), everything_accepted(proof, typed, "en")
    with pytest.raises(Conflict) as unknown:
        promises.sign_promise(actor, draft, PROOF, facts=typed, given=replace(given, language="tlh"))
    assert unknown.value.code == "notice-changed"
    signed = promises.sign_promise(actor, draft, PROOF, facts=typed, given=given)
    assert "展示语言 Shown in：中文，附英文参考译文 Chinese, with the English reading aid\n" in (
        storage().files.get(signed.statement_sha256).decode()
    )


def test_what_was_not_accepted_or_not_shown_is_not_signed(world: World, draft: int) -> None:
    actor, proof, typed = world.actor(world.applicant), world.page(draft).proofs[PROOF], facts(PROOF)
    given = everything_accepted(proof, typed)
    some = replace(given, accepted=given.accepted - {"notice", "2", "4"})
    with pytest.raises(Invalid) as refused:
        promises.sign_promise(actor, draft, PROOF, facts=typed, given=some)
    assert refused.value.code == "not-accepted"
    assert [field.path for field in refused.value.fields] == ["accept-notice", "accept-2", "accept-4"]
    for changed, code in (({"notice_sha256": "0" * 64}, "notice-changed"), ({"facts_sha256": "0" * 64}, "facts-changed")):
        with pytest.raises(Conflict) as stale:
            promises.sign_promise(actor, draft, PROOF, facts=typed, given=replace(given, **changed))
        assert stale.value.code == code
    with pytest.raises(Conflict) as other:
        promises.sign_promise(actor, draft, PROOF, facts={**typed, "model": "SPD-II"}, given=given)
    assert other.value.code == "facts-changed"
    assert made(draft) == []


def test_a_promise_signed_without_choosing_first_stores_what_was_seen_of_the_credit(world: World, draft: int) -> None:
    sign(world, draft, world.applicant)
    assert [(seen.occasion, seen.allowed) for seen in checks(draft)] == [("signing", True)]


def test_preparing_facts_without_choosing_first_stores_what_was_seen_once(world: World, draft: int) -> None:
    for model in ("SPD-I", "SPD-II"):
        promises.keep_facts(world.actor(world.member), draft, PROOF, {"model": model})
    assert [(seen.occasion, seen.allowed) for seen in checks(draft)] == [("choice", True)]


def test_only_the_signatory_leaves_a_signed_promise_in_a_draft(world: World, draft: int) -> None:
    sign(world, draft, world.applicant)
    with pytest.raises(Forbidden):
        promises.choose_proof(world.actor(world.member), draft, PROOF, Choice.HAND_IN)
    assert [one.state for one in made(draft)] == ["promised"]
    promises.choose_proof(world.actor(world.applicant), draft, PROOF, Choice.HAND_IN)
    assert [one.state for one in made(draft)] == ["withdrawn"]
    promises.choose_proof(world.actor(world.member), draft, PROOF, Choice.PROMISE)
    promises.choose_proof(world.actor(world.member), draft, PROOF, Choice.HAND_IN)


@pytest.mark.parametrize("state", ["correction", "hand_in"])
def test_leaving_a_promise_after_the_application_was_handed_in_takes_the_signatory_and_a_reason(world: World, state: str) -> None:
    case_id = world.submitted("completion_acceptance")
    if state == "correction":
        actions.request_correction(world.actor(world.intake), case_id, [actions.Item(f"proof:{PROOF}", "型号不清")])
    else:
        actions.accept(world.actor(world.intake), case_id)
        promises.withdraw_promise(world.actor(world.applicant), case_id, PROOF, "型号写错")
        sign(world, case_id, world.applicant, model="SPD-II")
    signed = made(case_id)[-1]
    for person, reason, refusal in ((world.member, "提交原件", Forbidden), (world.applicant, "  ", Invalid)):
        with pytest.raises(refusal):
            promises.choose_proof(world.actor(person), case_id, PROOF, Choice.HAND_IN, reason)
        assert made(case_id)[-1].state == "promised"
    promises.choose_proof(world.actor(world.applicant), case_id, PROOF, Choice.HAND_IN, "提交原件")
    with reading(SYSTEM) as look:
        last = look.session.get_one(Commitment, signed.id).events[-1]
        assert (last.type, last.data) == (PromiseEvent.WITHDRAWN, {"reason": "提交原件"})


def test_facts_that_contradict_each_other_sign_nothing_and_stay_as_typed(world: World, draft: int) -> None:
    world.promise(draft, "installation_record")
    late = {**facts(PROOF), "certificate_date": "2026-01-05"}
    promises.keep_facts(world.actor(world.member), draft, PROOF, late)
    with pytest.raises(Invalid) as refused:
        sign(world, draft, world.applicant, certificate_date="2026-01-05")
    assert [field.code for field in refused.value.fields] == ["order-of-dates"]
    assert made(draft) == []
    assert world.page(draft).choices[PROOF].facts["certificate_date"] == "2026-01-05"


@pytest.mark.parametrize("state", ["submitted", "accepted", "evaluating", "proposed"])
def test_a_promise_is_withdrawn_before_the_decision_and_the_proof_is_handed_in(world: World, state: str) -> None:
    case_id = {"submitted": world.submitted, "accepted": world.accepted, "evaluating": world.accepted, "proposed": world.proposed}[state](
        "completion_acceptance"
    )
    if state == "evaluating":
        actions.commission(world.actor(world.examiner), case_id, body="江苏防雷检测中心", expected_days=5)
    with pytest.raises(Forbidden):
        promises.withdraw_promise(world.actor(world.member), case_id, PROOF, "找到了证书原件")
    with pytest.raises(Invalid):
        promises.withdraw_promise(world.actor(world.applicant), case_id, PROOF, " ")
    promises.withdraw_promise(world.actor(world.applicant), case_id, PROOF, "找到了证书原件")
    page = world.page(case_id)
    assert [one.state for one in made(case_id)] == ["withdrawn"]
    assert page.choices[PROOF].choice == Choice.HAND_IN
    assert page.state == {"submitted": State.CORRECTION, "evaluating": State.EVALUATING}.get(state, State.HAND_IN)
    if state == "evaluating":
        actions.record_result(world.actor(world.examiner), case_id, world_result())
        assert world.page(case_id).state is State.HAND_IN
    drafts.add_document(world.actor(world.member), case_id, PROOF, "合格证书.pdf", tiny_pdf())
    if state == "submitted":
        actions.submit(world.actor(world.applicant), case_id)
        assert world.page(case_id).state is State.SUBMITTED
    else:
        promises.settle(world.actor(world.member), case_id)
        assert world.page(case_id).state is State.ACCEPTED
        assert any(document["slot"] == PROOF for document in world.page(case_id).view.submissions[-1].documents)


def world_result() -> actions.EvaluationResult:
    return actions.EvaluationResult("苏雷检2026-0001", "江苏防雷检测中心", datetime.now(UTC).date(), True, "符合要求。")


def test_nothing_but_the_proof_that_is_due_can_be_changed(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    promises.withdraw_promise(world.actor(world.applicant), case_id, PROOF, "找到了证书原件")
    version = world.page(case_id).case.draft_version
    with pytest.raises(Forbidden):
        drafts.save_section(world.actor(world.applicant), case_id, "project", {"name": "另一个工程"}, version)
    with pytest.raises(Forbidden):
        promises.choose_proof(world.actor(world.applicant), case_id, "installation_record", Choice.HAND_IN)
    with pytest.raises(Invalid) as refused:
        promises.settle(world.actor(world.applicant), case_id)
    assert refused.value.code == "incomplete"


def test_withdrawing_and_promising_again_adds_exactly_the_days_between(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted("completion_acceptance")
    due = world.page(case_id).deadline
    assert due is not None
    assert due.due == date(2026, 3, 16)
    morning.move_to(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    promises.withdraw_promise(world.actor(world.applicant), case_id, PROOF, "型号写错")
    standing = world.page(case_id).deadline
    assert standing is not None
    assert standing.due is None
    morning.move_to(datetime(2026, 3, 6, 1, 0, tzinfo=UTC))
    promises.choose_proof(world.actor(world.applicant), case_id, PROOF, Choice.PROMISE)
    sign(world, case_id, world.applicant, model="SPD-II")
    promises.settle(world.actor(world.applicant), case_id)
    running = world.page(case_id).deadline
    assert running is not None
    assert running.due == date(2026, 3, 19), "three working days stood: the 3rd, 4th and 5th"
    assert [one.state for one in made(case_id)] == ["withdrawn", "pending"], "the new promise is verified before the decision"


def test_no_permit_rests_on_a_promise_that_is_not_verified_or_not_true(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    examiner = world.actor(world.examiner)
    actions.commission(examiner, case_id, body="江苏防雷检测中心", expected_days=5)
    actions.record_result(examiner, case_id, world_result())
    with pytest.raises(Conflict) as refused:
        actions.propose(examiner, case_id, grant=True, opinion="同意")
    assert refused.value.code == "promise-open"
    find(world, case_id, Result.UNCLEAR)
    with pytest.raises(Conflict):
        actions.propose(examiner, case_id, grant=True, opinion="同意")
    verifying.require_proof(world.actor(world.examiner), case_id, [PROOF], "现场无法核实，请提交证书。")
    page = world.page(case_id)
    assert page.state is State.HAND_IN
    assert page.letters[-1].kind == "D11"
    drafts.add_document(world.actor(world.applicant), case_id, PROOF, "合格证书.pdf", tiny_pdf())
    promises.settle(world.actor(world.applicant), case_id)
    world.verify(case_id)
    actions.propose(examiner, case_id, grant=True, opinion="同意")
    assert world.grant(case_id).status == Status.IN_FORCE


def test_untrue_before_the_decision_stops_hears_ends_and_bars_until_repaired(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted("completion_acceptance")
    find(world, case_id, Result.UNTRUE)
    page = world.page(case_id)
    assert (page.state, page.letters[-1].kind, page.view.answer_due) == (State.NOTIFIED, "D9", date(2026, 3, 9))
    for person in (world.verifier, world.examiner, world.intake):
        with pytest.raises(Forbidden):
            verifying.terminate(world.actor(person), case_id, "承诺不实")
    with pytest.raises(Conflict) as early:
        verifying.terminate(world.actor(world.approver), case_id, "承诺不实")
    assert early.value.code == "answer-pending"
    with pytest.raises(Conflict):
        actions.withdraw(world.actor(world.applicant), case_id, "不办了")
    promises.answer_untruth(world.actor(world.member), case_id, "供货方发错了货。")
    verifying.terminate(world.actor(world.approver), case_id, "承诺的型号与实物不符，申辩理由不成立。")
    page = world.page(case_id)
    assert (page.state, page.letters[-1].kind) == (State.TERMINATED, "D10")
    assert [one.state for one in made(case_id)] == ["false"]
    with reading(SYSTEM) as look:
        [entry] = entries_of(look.session, world.company)
    assert (entry.kind, entry.state, entry.ends_on) == ("false_commitment", "standing", date(2027, 3, 2))

    draft = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    drafts.save_section(world.actor(world.applicant), draft, "project", {"region": "320104"}, 1)
    with pytest.raises(Conflict) as barred:
        promises.choose_proof(world.actor(world.applicant), draft, PROOF, Choice.PROMISE)
    assert barred.value.code == "promise-barred"
    with pytest.raises(Conflict):
        sign(world, draft, world.applicant)
    promises.choose_proof(world.actor(world.applicant), draft, PROOF, Choice.HAND_IN)
    assert [(seen.occasion, seen.allowed, seen.seen[0]["number"]) for seen in checks(draft)] == [
        ("choice", False, entry.number),
        ("signing", False, entry.number),
    ]

    morning.move_to(datetime(2028, 3, 1, 1, 0, tzinfo=UTC))
    with pytest.raises(Conflict):
        promises.choose_proof(world.actor(world.applicant), draft, PROOF, Choice.PROMISE)
    with reading(SYSTEM) as look:
        from licensing.credit.tables import CreditEntry

        entry_id = look.session.scalars(select(CreditEntry.id)).one()
    credit.ask_repair(world.actor(world.applicant), entry_id, "已更换产品并完成整改。")
    with pytest.raises(Conflict):
        promises.choose_proof(world.actor(world.applicant), draft, PROOF, Choice.PROMISE)
    credit.decide_repair(world.actor(world.second_approver), entry_id, grant=True, reason="整改属实。")
    promises.choose_proof(world.actor(world.applicant), draft, PROOF, Choice.PROMISE)
    assert [check.allowed for check in checks(draft)] == [False, False, False, False, True]


def test_an_honest_mistake_may_be_corrected_and_leaves_no_entry(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    find(world, case_id, Result.UNTRUE)
    promises.answer_untruth(world.actor(world.applicant), case_id, "型号笔误。")
    verifying.order_correction(world.actor(world.approver), case_id, "属笔误，请提交证书。")
    assert (world.page(case_id).state, made(case_id)[0].state) == (State.HAND_IN, "corrected")
    drafts.add_document(world.actor(world.applicant), case_id, PROOF, "合格证书.pdf", tiny_pdf())
    promises.settle(world.actor(world.applicant), case_id)
    assert world.page(case_id).state is State.ACCEPTED
    with reading(SYSTEM) as look:
        assert entries_of(look.session, world.company) == []


def test_a_finding_that_is_not_upheld_is_verified_again(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    find(world, case_id, Result.UNTRUE)
    promises.answer_untruth(world.actor(world.applicant), case_id, "检查的是隔壁工程。")
    verifying.drop_finding(world.actor(world.approver), case_id, "核查对象有误。")
    assert (world.page(case_id).state, made(case_id)[0].state) == (State.ACCEPTED, "pending")
    find(world, case_id, Result.TRUE)
    assert made(case_id)[0].state == "true"


def test_untrue_after_the_decision_notifies_hears_and_revokes_with_its_credit_entry(world: World, morning: time_machine.Traveller) -> None:
    licence = world.granted("completion_acceptance")
    assert licence.case_id is not None
    signed = made(licence.case_id)[0]
    verifying.verify_again(world.actor(world.verifier), licence.case_id, signed.id)
    find(world, licence.case_id, Result.UNTRUE)
    with reading(SYSTEM) as look:
        proceeding = look.session.scalars(select(Proceeding)).one()
    assert (proceeding.operation, proceeding.state) == ("revoke_for_deceit", "notified")
    with pytest.raises(Conflict) as early:
        consequences.decide(world.actor(world.approver), proceeding.id, "欺骗取得，予以撤销。")
    assert early.value.code == "answer-pending"
    with reading(SYSTEM) as look:
        assert entries_of(look.session, world.company) == []
    morning.move_to(datetime(2026, 3, 23, 1, 0, tzinfo=UTC))
    consequences.decide(world.actor(world.approver), proceeding.id, "欺骗取得，予以撤销。")
    with reading(SYSTEM) as look:
        assert look.session.get_one(Licence, licence.id).status == Status.REVOKED_FOR_DECEIT
        [entry] = entries_of(look.session, world.company)
    assert (entry.kind, entry.ends_on) == ("false_commitment", date(2029, 3, 23))
    assert made(licence.case_id)[0].state == "false"


def test_what_a_check_saw_is_kept_at_choice_submission_and_decision(world: World) -> None:
    licence = world.granted("completion_acceptance")
    assert licence.case_id is not None
    assert {(check.occasion, check.allowed) for check in checks(licence.case_id)} == {
        ("choice", True),
        ("signing", True),
        ("submission", True),
        ("decision", True),
    }


def test_a_bar_that_comes_before_the_decision_keeps_the_permit_from_resting_on_the_promise(world: World) -> None:
    case_id = world.proposed("completion_acceptance")
    credit.enter_by_officer(
        world.actor(world.supervisor),
        world.authority,
        uscc="91320104MA1NXY7R8L",
        kind=credit.Kind.SERIOUS_BAD_RECORD,
        source="信用中国",
        effect="不适用告知承诺制",
        published=True,
        ends_on=None,
    )
    with pytest.raises(Conflict) as refused:
        issuing.grant(world.actor(world.approver), case_id, "同意")
    assert refused.value.code == "promise-barred"
    assert [(check.occasion, check.allowed) for check in checks(case_id)][-1] == ("decision", False)
