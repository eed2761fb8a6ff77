"""The road from a draft to a licence, and the ways that leave it, without the web."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from world import World, acceptance_answers, facts, result, tiny_pdf

from licensing.cases import actions, drafts, issuing, promises, queries
from licensing.cases.actions import Item
from licensing.cases.machine import State
from licensing.commitments.rules import Choice, everything_accepted
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.letters.actions import sealed_pdf
from licensing.licences.status import Status

pytestmark = pytest.mark.slow


def test_design_review_from_draft_to_licence(world: World) -> None:
    licence = world.granted("design_review")
    assert licence.number == "宁气雷审字(2026)第0001号"
    assert licence.status == Status.IN_FORCE
    page = world.page(licence.case_id or 0)
    assert page.state is State.GRANTED
    assert [letter.kind for letter in page.letters] == ["D1", "D4"]
    assert page.licence is not None
    assert page.licence.number == licence.number
    assert queries.licence_file(world.actor(world.applicant), page.case.id)[1].startswith(b"%PDF-1.7")
    for letter in page.letters:
        assert sealed_pdf(letter.id) == sealed_pdf(letter.id)


def test_acceptance_on_two_promises(world: World) -> None:
    licence = world.granted("completion_acceptance")
    assert licence.number == "宁气雷验(2026)第0001号"
    page = world.page(licence.case_id or 0)
    assert {code: proof["choice"] for code, proof in page.view.submissions[-1].proofs.items()} == {
        "factory_certificate": "promise",
        "installation_record": "promise",
    }


def test_an_approval_of_another_company_is_as_unknown_as_none(world: World) -> None:
    case_id = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    world.fill(case_id, acceptance_answers("宁气雷审字(2026)第0099号"))
    with pytest.raises(Invalid) as refused:
        actions.submit(world.actor(world.applicant), case_id)
    assert [(field.path, field.code) for field in refused.value.fields] == [("project.design_approval_number", "approval-unknown")]


def test_a_certificate_is_not_dated_after_the_installation_that_was_promised(world: World) -> None:
    actor = world.actor(world.applicant)
    case_id = drafts.start(actor, world.company, "completion_acceptance")
    drafts.save_section(actor, case_id, "project", {"region": "320104"}, 1)
    world.promise(case_id, "installation_record")
    proof = world.page(case_id).proofs["factory_certificate"]
    late = {**facts("factory_certificate"), "certificate_date": "2026-01-05"}
    with pytest.raises(Invalid) as refused:
        promises.sign_promise(actor, case_id, proof.code, facts=late, given=everything_accepted(proof, late))
    assert [field.code for field in refused.value.fields] == ["order-of-dates"]


def test_corrections_are_asked_once_and_restart_the_intake_clock(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.submitted("design_review")
    running = world.page(case_id).deadline
    assert running is not None
    assert running.due == date(2026, 3, 9)
    morning.move_to(datetime(2026, 3, 4, 1, 0, tzinfo=UTC))
    intake = world.actor(world.intake)
    with pytest.raises(Invalid) as refused:
        actions.request_correction(intake, case_id, [])
    assert refused.value.code == "items-needed"
    actions.request_correction(intake, case_id, [Item("project.address", "写明门牌号")])
    page = world.page(case_id)
    assert (page.state, page.deadline) == (State.CORRECTION, None)
    actor = world.actor(world.applicant)
    drafts.save_section(actor, case_id, "project", {"address": "滨江路 18-2 号", "name": "别的"}, page.case.draft_version)
    with pytest.raises(Forbidden):
        drafts.add_document(actor, case_id, "design_documents", "x.pdf", tiny_pdf())
    actions.submit(actor, case_id)
    page = world.page(case_id)
    assert [difference.path for difference in page.differences] == ["project.address"]
    assert page.deadline is not None
    assert page.deadline.due == date(2026, 3, 11)


def test_the_receipt_after_silence_says_so_and_names_the_day_of_arrival(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.submitted()
    morning.move_to("2026-03-10T01:00:00Z")
    actions.deem_accepted_all()
    (opening, closing) = world.page(case_id).letters[-1].content["paragraphs"]
    assert "自收到申请材料之日（2026年3月2日）起即为受理" in opening
    assert "决定予以受理" not in opening, "nobody examined it and decided"
    assert "2026年3月16日" in closing


def test_silence_is_acceptance_dated_back_to_receipt(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.submitted("design_review")
    morning.move_to(datetime(2026, 3, 9, 15, 0, tzinfo=UTC))
    assert not actions.deem_accepted(case_id)
    morning.move_to(datetime(2026, 3, 9, 16, 30, tzinfo=UTC))
    with pytest.raises(Conflict) as late:
        actions.not_accept(world.actor(world.intake), case_id, "太迟")
    assert late.value.code == "case-moved-on"
    page = world.page(case_id)
    assert page.state is State.ACCEPTED
    assert page.view.accepted_on == date(2026, 3, 2)
    assert actions.deem_accepted_all() == 0


def test_whoever_acts_after_the_intake_limit_finds_the_case_accepted(world: World, morning: time_machine.Traveller) -> None:
    first, second = (world.submitted("completion_acceptance", design_approval_number=world.granted().number) for _ in range(2))
    morning.move_to(datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    promises.withdraw_promise(world.actor(world.applicant), first, "factory_certificate", "改为提交证明。")
    page = world.page(first)
    assert page.state is State.HAND_IN, "silence had accepted it: nothing goes back to corrections"
    assert page.view.accepted_on == date(2026, 3, 2)
    actions.commission(world.actor(world.examiner), second, body="江苏防雷检测中心", expected_days=5)
    assert world.page(second).view.accepted_on == date(2026, 3, 2)


def test_the_clock_stands_while_the_inspection_is_under_way(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted("design_review")
    before = world.page(case_id).deadline
    assert before is not None
    assert before.due == date(2026, 3, 16)
    morning.move_to(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    actions.commission(world.actor(world.examiner), case_id, body="江苏防雷检测中心", expected_days=5)
    standing = world.page(case_id).deadline
    assert standing is not None
    assert standing.due is None
    morning.move_to(datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    actions.record_result(world.actor(world.examiner), case_id, result())
    after = world.page(case_id).deadline
    assert after is not None
    assert after.due == date(2026, 3, 23)


def test_a_grant_needs_a_passed_inspection_and_a_second_person(world: World) -> None:
    case_id = world.accepted("design_review")
    examiner = world.actor(world.examiner)
    with pytest.raises(Conflict) as early:
        actions.propose(examiner, case_id, grant=True, opinion="好")
    assert early.value.code == "evaluation-needed"
    actions.commission(examiner, case_id, body="江苏防雷检测中心", expected_days=5)
    actions.record_result(examiner, case_id, result())
    actions.propose(examiner, case_id, grant=True, opinion="好")
    with pytest.raises(Forbidden):
        issuing.grant(examiner, case_id, "好")
    with pytest.raises(ReauthenticationNeeded):
        issuing.grant(world.actor(world.approver, second_factor=False), case_id, "好")
    with pytest.raises(Conflict) as against:
        actions.refuse(world.actor(world.approver), case_id, "不行")
    assert against.value.code == "against-proposal"
    actions.return_proposal(world.actor(world.approver), case_id, "请补充意见")
    assert world.page(case_id).state is State.ACCEPTED


def test_a_refusal_is_told_by_letter(world: World) -> None:
    case_id = world.proposed("design_review", grant=False)
    actions.refuse(world.actor(world.approver), case_id, "接地电阻不符合要求。")
    page = world.page(case_id)
    assert page.state is State.REFUSED
    assert page.letters[-1].kind == "D7"
    assert page.licence is None
    assert "接地电阻不符合要求。" in page.letters[-1].content["items"]


def test_the_same_promise_twice_is_one_and_taking_it_back_leaves_its_record(world: World) -> None:
    actor = world.actor(world.applicant)
    case_id = drafts.start(actor, world.company, "completion_acceptance")
    drafts.save_section(actor, case_id, "project", {"region": "320104"}, 1)
    world.promise(case_id, "factory_certificate")
    first = world.page(case_id).choices["factory_certificate"].commitment_id
    world.promise(case_id, "factory_certificate")
    assert world.page(case_id).choices["factory_certificate"].commitment_id == first
    promises.choose_proof(actor, case_id, "factory_certificate", Choice.HAND_IN)
    assert world.page(case_id).choices["factory_certificate"].commitment_id is None


def test_nobody_else_sees_or_changes_a_draft(world: World) -> None:
    case_id = drafts.start(world.actor(world.applicant), world.company, "design_review")
    for person in (world.stranger, world.intake):
        with pytest.raises(NotFound):
            queries.case_page(world.actor(person), case_id)
    with pytest.raises(NotFound):
        drafts.start(world.actor(world.stranger), world.company, "design_review")
