"""A decision after its legal date names a reason from the list; in time nobody is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import time_machine
from world import World

from licensing.cases import actions, issuing, verifying
from licensing.cases.machine import State
from licensing.commitments.rules import Result
from licensing.errors import Conflict, Invalid

LAST_DAY = datetime(2026, 3, 16, 1, 0, tzinfo=UTC)
TOO_LATE = datetime(2026, 3, 17, 1, 0, tzinfo=UTC)


def untrue(world: World) -> int:
    case_id = world.accepted("completion_acceptance")
    world.verify(case_id, Result.UNTRUE)
    return case_id


def refuse(world: World, case_id: int, late: str = "") -> None:
    actions.refuse(world.actor(world.approver), case_id, "检测不合格。", late=late)


def grant(world: World, case_id: int, late: str = "") -> None:
    issuing.grant(world.actor(world.approver), case_id, "予以核准。", late=late)


@pytest.mark.parametrize(("decide", "granting"), [(refuse, False), (grant, True)])
def test_a_late_decision_needs_a_reason_from_the_list_and_keeps_it(
    world: World, morning: time_machine.Traveller, decide: Callable[[World, int, str], None], granting: bool
) -> None:
    case_id = world.proposed(grant=granting)
    morning.move_to(TOO_LATE)
    for code in ("", "weather"):
        with pytest.raises(Invalid) as asked:
            decide(world, case_id, code)
        assert (asked.value.code, asked.value.fields[0].path) == ("late-reason-needed", "late")
    assert world.page(case_id).state is State.PROPOSED
    decide(world, case_id, "difficult_case")
    page = world.page(case_id)
    assert page.view.decision is not None
    assert page.view.decision["late"] == {"reason": "difficult_case", "due_on": "2026-03-16"}
    [said] = [entry.late for entry in page.timeline if entry.late]
    assert said.facts["due"] == "2026-03-16"
    assert "unusually difficult" in str(said)


def test_on_the_last_day_nobody_is_asked_and_nothing_is_kept(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.proposed(grant=False)
    morning.move_to(LAST_DAY)
    refuse(world, case_id, "overlooked")
    assert "late" not in (world.page(case_id).view.decision or {})


def test_while_the_applicant_is_heard_the_clock_stands_and_nothing_is_late(world: World, morning: time_machine.Traveller) -> None:
    case_id = untrue(world)
    morning.move_to(datetime(2026, 4, 20, 1, 0, tzinfo=UTC))
    assert not world.page(case_id).is_late(date(2026, 4, 20))
    verifying.terminate(world.actor(world.approver), case_id, "承诺不实。")
    assert "late" not in (world.page(case_id).view.decision or {})


def test_what_was_late_before_the_notice_stays_late(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted("completion_acceptance")
    morning.move_to(TOO_LATE)
    world.verify(case_id, Result.UNTRUE)
    morning.move_to(datetime(2026, 4, 20, 1, 0, tzinfo=UTC))
    with pytest.raises(Invalid) as asked:
        verifying.terminate(world.actor(world.approver), case_id, "承诺不实。")
    assert asked.value.code == "late-reason-needed"
    verifying.terminate(world.actor(world.approver), case_id, "承诺不实。", late="staff_shortage")
    assert (world.page(case_id).view.decision or {})["late"]["reason"] == "staff_shortage"


def test_a_decision_that_comes_too_late_for_the_case_is_told_so_first(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.proposed(grant=False)
    actions.withdraw(world.actor(world.applicant), case_id, "不办了。")
    morning.move_to(TOO_LATE)
    with pytest.raises(Conflict) as gone:
        refuse(world, case_id)
    assert gone.value.code == "case-moved-on"
