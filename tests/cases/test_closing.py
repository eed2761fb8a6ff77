"""Handling ends when what was applied for is gone: by the approver, in writing, for good."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from world import BODY, World

from licensing.cases import actions, closing
from licensing.cases.closing import CAUSE_NAMES, CAUSE_TEXTS, Cause
from licensing.cases.machine import State
from licensing.commitments.verification import OPEN
from licensing.errors import Conflict, Forbidden, Invalid

REASON = "该项目已取消，不再建设。"


def evaluating(world: World) -> int:
    case_id = world.accepted()
    actions.commission(world.actor(world.examiner), case_id, body=BODY, expected_days=5)
    return case_id


def close(world: World, case_id: int, cause: str = Cause.OBJECT_GONE, reason: str = REASON) -> None:
    closing.close(world.actor(world.approver), case_id, cause, reason)


@pytest.mark.parametrize("walk", [World.accepted, evaluating, World.proposed])
def test_a_case_whose_object_is_gone_ends_with_a_letter_that_names_the_remedy(world: World, walk: Callable[[World], int]) -> None:
    case_id = walk(world)
    close(world, case_id)
    page = world.page(case_id)
    assert (page.state, page.case.due_on, page.case.decided_on) == (State.CLOSED, None, None)
    letter = page.letters[-1]
    assert (letter.kind, letter.content["items"]) == ("D14", [f"申请许可的对象已经灭失：{REASON}"])
    assert "行政复议" in letter.content["remedy"]
    for again in (lambda: close(world, case_id), lambda: actions.withdraw(world.actor(world.applicant), case_id, "不办了。")):
        with pytest.raises(Conflict) as over:
            again()
        assert over.value.code == "case-moved-on"


def test_verifications_that_were_open_end_with_it(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    assert any(task.state == OPEN for task in world.page(case_id).verifications)
    close(world, case_id, Cause.APPLICANT_ENDED, "申请人已办理注销登记。")
    assert not any(task.state == OPEN for task in world.page(case_id).verifications)


def test_it_needs_a_cause_from_the_list_and_what_shows_it(world: World) -> None:
    case_id = world.accepted()
    with pytest.raises(Invalid) as asked:
        close(world, case_id, "weather")
    assert asked.value.fields[0].path == "cause"
    with pytest.raises(Invalid) as silent:
        close(world, case_id, reason=" ")
    assert silent.value.code == "reason-needed"
    assert set(CAUSE_NAMES) == set(CAUSE_TEXTS) == set(Cause)


def test_neither_another_post_nor_the_one_who_proposed_ends_it(world: World) -> None:
    case_id = world.accepted()
    for person in (world.intake, world.examiner, world.supervisor, world.applicant):
        with pytest.raises(Forbidden):
            closing.close(world.actor(person), case_id, Cause.OBJECT_GONE, REASON)


def test_before_acceptance_nothing_is_handled_that_could_end(world: World) -> None:
    with pytest.raises(Conflict):
        close(world, world.submitted())
