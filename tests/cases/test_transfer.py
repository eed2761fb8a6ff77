"""A case goes to the authority that is responsible: with its clock, its promises and its number, out of the hands of the first one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from neighbours import Neighbours, settle
from sqlalchemy import update
from world import World, result

from licensing.cases import actions, fieldwork, issuing, queries, transfer, verifying
from licensing.cases.actions import Item
from licensing.cases.health import problems
from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.cases.worklist import Asked, worklist
from licensing.commitments.rules import Result
from licensing.credit.tables import CreditEntry
from licensing.errors import Conflict, Forbidden, Invalid, NotFound
from licensing.parties.tables import Authority
from licensing.policy import SYSTEM, Action
from licensing.storage import reading, unit_of_work

REASON = "项目在昆山市境内。"
EVERY_STATE = Asked(states=tuple(State))


@pytest.fixture
def neighbours(world: World) -> Neighbours:
    return settle(world)


def evaluating(world: World) -> int:
    case_id = world.accepted()
    actions.commission(world.actor(world.examiner), case_id, body="江苏防雷检测中心", expected_days=5)
    return case_id


@pytest.mark.parametrize("walk", [World.submitted, World.accepted, evaluating])
def test_a_transferred_case_keeps_state_clock_and_number(
    world: World, neighbours: Neighbours, morning: time_machine.Traveller, walk: Callable[[World], int]
) -> None:
    case_id = walk(world)
    before = world.page(case_id)
    morning.move_to(datetime(2026, 3, 4, 1, 0, tzinfo=UTC))
    officer = world.intake if before.state is State.SUBMITTED else world.examiner
    transfer.transfer(world.actor(officer), case_id, neighbours.kunshan, REASON)
    after = world.page(case_id)
    assert (after.state, after.case.public_number) == (before.state, before.case.public_number)
    assert before.deadline is not None
    assert after.deadline is not None
    assert (after.case.due_on, after.deadline.legal.start) == (before.case.due_on, before.deadline.legal.start)
    assert after.authority is not None
    assert after.authority.name == "昆山市气象局"
    assert after.timeline[-1].detail == f"昆山市气象局：{REASON}"


def test_the_first_authority_neither_sees_nor_decides_it_any_more(world: World, neighbours: Neighbours) -> None:
    case_id = world.accepted()
    transfer.transfer(world.actor(world.examiner), case_id, neighbours.kunshan, REASON)
    for person in (world.intake, world.examiner, world.approver, world.second_approver, world.verifier, world.supervisor):
        actor = world.actor(person)
        with pytest.raises(NotFound):
            queries.case_page(actor, case_id)
        for act in (
            lambda actor=actor: actions.propose(actor, case_id, grant=False, opinion="不予许可。"),
            lambda actor=actor: issuing.grant(actor, case_id, "予以核准。"),
            lambda actor=actor: actions.refuse(actor, case_id, "不予许可。"),
            lambda actor=actor: transfer.transfer(actor, case_id, world.authority, "拿回来。"),
        ):
            with pytest.raises(NotFound):
                act()
        assert all(row.case.id != case_id for row in worklist(actor, EVERY_STATE).rows)


@pytest.mark.slow
def test_the_successor_decides_it_under_its_own_number(world: World, neighbours: Neighbours) -> None:
    case_id = world.accepted()
    transfer.transfer(world.actor(world.examiner), case_id, neighbours.kunshan, REASON)
    assert [row.case.id for row in worklist(world.actor(neighbours.examiner)).rows] == [case_id]
    examiner = world.actor(neighbours.examiner)
    actions.commission(examiner, case_id, body="江苏防雷检测中心", expected_days=5)
    actions.record_result(examiner, case_id, result())
    actions.propose(examiner, case_id, grant=True, opinion="符合规定。")
    with pytest.raises(NotFound):
        issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    licence = issuing.grant(world.actor(neighbours.approver), case_id, "予以核准。")
    assert licence.number == "昆气雷审字(2026)第0001号"
    assert licence.authority_id == neighbours.kunshan


def test_the_applicant_is_told_in_writing_by_the_first_authority(world: World, neighbours: Neighbours) -> None:
    case_id = world.accepted()
    due = world.page(case_id).case.due_on
    transfer.transfer(world.actor(world.examiner), case_id, neighbours.kunshan, REASON)
    letter = world.page(case_id).letters[-1]
    assert (letter.kind, letter.authority_id) == ("D16", world.authority)
    assert letter.number == "宁气防雷移(2026)第0001号"
    words = " ".join(letter.content["paragraphs"])
    assert "昆山市气象局" in words
    assert due is not None
    assert f"截止日仍为{due.year}年{due.month}月{due.day}日" in words
    assert letter.content["items"] == [REASON]


def report_of(world: World, neighbours: Neighbours, task_id: int, outcome: Result) -> dict[str, Any]:
    """What the verifier of the other authority found on a visit with a colleague there."""
    return world.report(task_id, outcome, verifier=neighbours.verifier, second=neighbours.examiner)


def test_promises_made_to_the_first_authority_hold_for_the_successor(world: World, neighbours: Neighbours) -> None:
    case_id = world.submitted("completion_acceptance")
    transfer.transfer(world.actor(world.intake), case_id, neighbours.kunshan, REASON)
    with reading(SYSTEM) as look:
        statements = {made.statement_sha256 for made in world.page(case_id).promises}
        assert all(made.authority_id == world.authority for made in world.page(case_id).promises)
        assert all(look.files.get(digest) for digest in statements)
    actions.request_correction(world.actor(neighbours.intake), case_id, [Item("project.address", "写明门牌号。")])
    actions.submit(world.actor(world.applicant), case_id)
    actions.accept(world.actor(neighbours.intake), case_id)
    waiting = fieldwork.verification_worklist(world.actor(neighbours.verifier)).rows
    assert {row.case.id for row in waiting} == {case_id}
    assert fieldwork.verification_worklist(world.actor(world.verifier)).rows == ()
    for row in waiting:
        report = report_of(world, neighbours, row.task.id, Result.TRUE)
        verifying.record_finding(world.actor(neighbours.verifier), row.task.id, Result.TRUE, report)


def test_open_verifications_follow_the_case_and_an_untruth_is_entered_by_the_successor(
    world: World, neighbours: Neighbours, morning: time_machine.Traveller
) -> None:
    case_id = world.accepted("completion_acceptance")
    task = fieldwork.verification_worklist(world.actor(world.verifier)).rows[0].task
    transfer.transfer(world.actor(world.examiner), case_id, neighbours.kunshan, REASON)
    with pytest.raises(NotFound):
        verifying.record_finding(world.actor(world.verifier), task.id, Result.TRUE, {})
    report = report_of(world, neighbours, task.id, Result.UNTRUE)
    verifying.record_finding(world.actor(neighbours.verifier), task.id, Result.UNTRUE, report)
    morning.move_to(datetime(2026, 4, 20, 1, 0, tzinfo=UTC))
    verifying.terminate(world.actor(neighbours.approver), case_id, "承诺不实。")
    with reading(SYSTEM) as look:
        entry = look.session.query(CreditEntry).one()
        assert entry.authority_id == neighbours.kunshan
        assert entry.source.startswith("昆山市气象局")


@pytest.mark.parametrize("role", ["approver", "verifier", "supervisor", "applicant"])
def test_only_intake_and_examiner_transfer(world: World, neighbours: Neighbours, role: str) -> None:
    case_id = world.accepted()
    with pytest.raises(Forbidden):
        transfer.transfer(world.actor(getattr(world, role)), case_id, neighbours.kunshan, REASON)


def test_a_transfer_goes_only_to_an_active_authority_that_decides_the_matter(world: World, neighbours: Neighbours) -> None:
    case_id = world.accepted()
    examiner = world.actor(world.examiner)
    others, fitting = transfer.targets_of(examiner, case_id)
    assert ([one.id for one in others], fitting) == ([neighbours.kunshan], None)
    for target in (neighbours.province, world.authority, 987654):
        with pytest.raises(Invalid) as refused:
            transfer.transfer(examiner, case_id, target, REASON)
        assert refused.value.code == "target-not-responsible"
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Authority, neighbours.kunshan).active = False
    with pytest.raises(Invalid):
        transfer.transfer(examiner, case_id, neighbours.kunshan, REASON)


def test_a_transfer_needs_a_reason_and_a_case_that_is_neither_proposed_nor_closed(world: World, neighbours: Neighbours) -> None:
    case_id = world.accepted()
    with pytest.raises(Invalid) as refused:
        transfer.transfer(world.actor(world.examiner), case_id, neighbours.kunshan, "  ")
    assert refused.value.code == "reason-needed"
    proposed = world.proposed()
    with pytest.raises(Conflict) as late:
        transfer.transfer(world.actor(world.examiner), proposed, neighbours.kunshan, REASON)
    assert late.value.code == "case-moved-on"


def test_a_case_back_and_forth_keeps_the_trace_of_both(world: World, neighbours: Neighbours) -> None:
    case_id = world.accepted()
    transfer.transfer(world.actor(world.examiner), case_id, neighbours.kunshan, REASON)
    transfer.transfer(world.actor(neighbours.examiner), case_id, world.authority, "经核仍属南京。")
    page = world.page(case_id, world.examiner)
    assert page.view.authorities == (world.authority, neighbours.kunshan, world.authority)
    assert page.can(Action.CASE_TRANSFER)


def test_a_case_that_silence_accepted_is_transferred_as_accepted(
    world: World, neighbours: Neighbours, morning: time_machine.Traveller
) -> None:
    case_id = world.submitted()
    morning.move_to(datetime(2026, 3, 16, 1, 0, tzinfo=UTC))
    transfer.transfer(world.actor(world.intake), case_id, neighbours.kunshan, REASON)
    page = world.page(case_id)
    assert (page.state, page.view.deemed) == (State.ACCEPTED, True)


def test_an_authority_that_no_event_names_is_found(world: World, neighbours: Neighbours) -> None:
    case_id = world.accepted()
    transfer.transfer(world.actor(world.examiner), case_id, neighbours.kunshan, REASON)
    with reading(SYSTEM) as look:
        assert list(problems(look.session)) == []
    with unit_of_work(SYSTEM) as work:
        work.session.execute(update(Case).where(Case.id == case_id).values(authority_id=world.authority))
    with reading(SYSTEM) as look:
        assert [problem.code for problem in problems(look.session)] == ["case-differs"]


def test_a_supervisor_above_reads_and_handles_nothing(world: World, neighbours: Neighbours) -> None:
    case_id = world.accepted()
    overseer, bystander = world.actor(neighbours.overseer), world.actor(neighbours.province_examiner)
    page = queries.case_page(overseer, case_id)
    assert not any(page.can(action) for action in page.rulings)
    assert [row.case.id for row in worklist(overseer, EVERY_STATE).rows] == [case_id]
    assert worklist(overseer).rows == ()
    for act in (
        lambda: actions.commission(overseer, case_id, body="检测中心", expected_days=5),
        lambda: actions.propose(overseer, case_id, grant=False, opinion="不予许可。"),
        lambda: actions.refuse(overseer, case_id, "不予许可。"),
        lambda: transfer.transfer(overseer, case_id, neighbours.kunshan, REASON),
    ):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotFound):
        queries.case_page(bystander, case_id)
    assert worklist(bystander, EVERY_STATE).rows == ()
