"""A changed design is a new application; once it is granted, the old approval is replaced and names its successor, in one transaction."""

from __future__ import annotations

import pytest
import time_machine
from world import BODY, World, result, tiny_pdf

from licensing.cases import actions, design_change, drafts, issuing
from licensing.cases.health import problems
from licensing.cases.machine import State
from licensing.catalogue import load_catalogue
from licensing.errors import Conflict, NotFound
from licensing.licences import actions as licences
from licensing.licences.operations import Operation
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.proceedings import actions as proceedings
from licensing.proceedings.licence_page import licence_page
from licensing.storage import reading, unit_of_work


def changed(world: World, licence_id: int) -> int:
    """An application that changes the approved design, ready to be handed in."""
    case_id = design_change.start_change(world.actor(world.applicant), licence_id)
    for material in load_catalogue().matter("design_review").materials:
        drafts.add_document(world.actor(world.applicant), case_id, material.code, f"{material.name}.pdf", tiny_pdf())
    return case_id


def proposed(world: World, licence_id: int) -> int:
    """The same, proposed to be granted."""
    case_id = changed(world, licence_id)
    actions.submit(world.actor(world.applicant), case_id)
    actions.accept(world.actor(world.intake), case_id)
    examiner = world.actor(world.examiner)
    actions.commission(examiner, case_id, body=BODY, expected_days=5)
    actions.record_result(examiner, case_id, result())
    actions.propose(examiner, case_id, grant=True, opinion="变更后的设计符合规定。")
    return case_id


def licence_now(licence_id: int) -> Licence:
    with reading(SYSTEM) as look:
        return look.session.get_one(Licence, licence_id)


def test_a_change_begins_with_the_answers_of_the_approved_design_and_no_document(world: World) -> None:
    old = world.granted()
    case_id = design_change.start_change(world.actor(world.applicant), old.id)
    page = world.page(case_id)
    assert page.case.answers == world.page(old.case_id or 0).case.answers
    assert (page.state, page.documents, page.case.project_name) == (State.DRAFT, {}, "城东加油站改扩建工程")
    assert page.view.changes == {"licence_id": old.id, "number": old.number}


def test_the_grant_replaces_the_old_approval_and_names_the_new_one(world: World) -> None:
    old = world.granted()
    new = issuing.grant(world.actor(world.approver), proposed(world, old.id), "予以核准。")
    before = licence_now(old.id)
    assert new.number != old.number
    assert (before.status, before.successor_id, new.status, new.previous_id) == (Status.REPLACED, new.id, Status.IN_FORCE, old.id)
    pages = [licence_page(world.actor(world.applicant), one) for one in (old.id, new.id)]
    assert [page.successor.number if page.successor else None for page in pages] == [new.number, None]
    assert [page.predecessor.number if page.predecessor else None for page in pages] == [None, old.number]
    with reading(SYSTEM) as look:
        assert list(problems(look.session)) == []


def test_until_then_the_old_approval_counts(world: World) -> None:
    old = world.granted()
    case_id = proposed(world, old.id)
    assert licence_now(old.id).status == Status.IN_FORCE
    actions.return_proposal(world.actor(world.approver), case_id, "请补充。")
    actions.propose(world.actor(world.examiner), case_id, grant=False, opinion="不符合规定。")
    actions.refuse(world.actor(world.approver), case_id, "不符合规定。")
    assert (licence_now(old.id).status, licence_now(old.id).successor_id) == (Status.IN_FORCE, None)


def test_one_change_at_a_time(world: World) -> None:
    old = world.granted()
    case_id = changed(world, old.id)
    with pytest.raises(Conflict) as second:
        design_change.start_change(world.actor(world.applicant), old.id)
    assert second.value.code == "change-open"
    assert design_change.change_of(world.actor(world.applicant), old.id)[1].id == case_id  # type: ignore[union-attr]
    actions.submit(world.actor(world.applicant), case_id)
    actions.withdraw(world.actor(world.applicant), case_id, "不改了。")
    assert design_change.start_change(world.actor(world.applicant), old.id) > case_id


def test_only_a_design_approval_in_force_of_ones_own_company_is_changed(world: World, morning: time_machine.Traveller) -> None:
    old = world.granted()
    with pytest.raises(NotFound):
        design_change.start_change(world.actor(world.stranger), old.id)
    assert design_change.change_of(world.actor(world.stranger), old.id) == (False, None)
    acceptance = world.granted("completion_acceptance", design_approval_number=old.number)
    with pytest.raises(Conflict) as other:
        design_change.start_change(world.actor(world.applicant), acceptance.id)
    assert other.value.code == "change-not-possible"
    with pytest.raises(NotFound):
        design_change.start_change(world.actor(world.stranger), acceptance.id)
    with unit_of_work(SYSTEM) as work:
        licences.perform(work, old.id, Operation.CANCEL, reason="不再需要。")
    with pytest.raises(Conflict) as gone:
        design_change.start_change(world.actor(world.applicant), old.id)
    assert gone.value.code == "licence-moved-on"
    assert design_change.change_of(world.actor(world.applicant), old.id) == (False, None)


def test_nothing_is_granted_on_an_approval_that_fell_or_that_the_authority_acts_on(world: World) -> None:
    old = world.granted()
    case_id = proposed(world, old.id)
    proceedings.propose(world.actor(world.supervisor), old.id, Operation.REVOKE_FOR_DECEIT, reason="隐瞒了爆炸危险场所。")
    with pytest.raises(Conflict) as busy:
        issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    assert busy.value.code == "proceeding-open"
    with unit_of_work(SYSTEM) as work:
        licences.perform(work, old.id, Operation.REVOKE_FOR_DECEIT, reason="隐瞒了爆炸危险场所。")
    with pytest.raises(Conflict) as fell:
        issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    assert fell.value.code == "licence-moved-on"
    assert world.page(case_id).state is State.PROPOSED


def test_an_approval_that_falls_while_its_successor_is_made_gives_the_case_back(world: World) -> None:
    old = world.granted()
    case_id = proposed(world, old.id)
    intended = issuing.decide_grant(world.actor(world.approver), case_id, "予以核准。")
    with unit_of_work(SYSTEM) as work:
        licences.perform(work, old.id, Operation.CANCEL, reason="不再需要。")
    with pytest.raises(Conflict):
        issuing.finish(case_id, intended)
    assert (world.page(case_id).state, licence_now(intended).status) == (State.PROPOSED, Status.VOID)


def test_a_crash_after_the_decision_is_resumed(world: World) -> None:
    old = world.granted()
    case_id = proposed(world, old.id)
    intended = issuing.decide_grant(world.actor(world.approver), case_id, "予以核准。")
    assert issuing.resume_all() == 1
    assert (world.page(case_id).state, licence_now(old.id).successor_id) == (State.GRANTED, intended)
