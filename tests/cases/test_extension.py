"""The head of the authority may extend the time to decide, once, in time and with a reason (T6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from world import World

from licensing.cases import actions, extension
from licensing.cases.machine import Event, State
from licensing.errors import Conflict, Forbidden, Invalid, ReauthenticationNeeded
from licensing.notices.queries import inbox

REASON = "情况复杂，需要进一步核实。"


def extend(world: World, case_id: int, days: int = 5, reason: str = REASON) -> None:
    extension.extend(world.actor(world.approver), case_id, days=days, reason=reason)


def test_an_extension_moves_the_legal_date_and_leaves_the_state(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted()
    assert world.page(case_id).case.due_on == date(2026, 3, 16)
    extend(world, case_id)
    page = world.page(case_id)
    assert (page.state, page.case.due_on, page.view.extra_days) == (State.ACCEPTED, date(2026, 3, 23), 5)
    assert page.deadline is not None
    assert page.deadline.legal.extension == 5
    assert "extension" in str(page.deadline.legal.steps[-1].why)
    assert page.timeline[-1].detail == REASON


def test_the_applicant_gets_the_reason_and_the_new_date_in_writing(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted()
    extend(world, case_id, 10)
    letter = world.page(case_id).letters[-1]
    assert (letter.kind, letter.number, letter.content["items"]) == ("D13", "宁气防雷延(2026)第0001号", [REASON])
    assert "延长10个工作日，延长后的截止日为2026年3月30日" in " ".join(letter.content["paragraphs"])
    assert any("was extended" in sentence for sentence in told(world))


def told(world: World) -> list[str]:
    return [notice.sentence for notice in inbox(world.actor(world.applicant)).rows]


def test_it_is_extended_once_and_by_one_to_ten_days(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted()
    for days in (0, 11, -1):
        with pytest.raises(Invalid):
            extend(world, case_id, days)
    with pytest.raises(Invalid) as silent:
        extend(world, case_id, reason=" ")
    assert silent.value.code == "reason-needed"
    extend(world, case_id)
    with pytest.raises(Conflict) as again:
        extend(world, case_id)
    assert again.value.code == "already-extended"


def test_what_has_ended_is_not_extended(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted()
    morning.move_to(datetime(2026, 3, 17, 1, 0, tzinfo=UTC))
    with pytest.raises(Conflict) as late:
        extend(world, case_id)
    assert late.value.code == "extension-too-late"


def test_while_the_clock_stands_the_extension_waits_for_it(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted()
    actions.commission(world.actor(world.examiner), case_id, body="江苏防雷检测中心", expected_days=5)
    assert set(extension.new_dates(world.actor(world.approver), case_id).values()) == {None}
    extend(world, case_id)
    page = world.page(case_id)
    assert (page.state, page.case.due_on) == (State.EVALUATING, None)
    assert "中止期间不计入" in " ".join(page.letters[-1].content["paragraphs"])


def test_only_the_approver_extends_and_shows_a_second_factor(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted()
    for person in (world.intake, world.examiner, world.supervisor, world.applicant):
        with pytest.raises(Forbidden):
            extension.extend(world.actor(person), case_id, days=5, reason=REASON)
    with pytest.raises(ReauthenticationNeeded):
        extension.extend(world.actor(world.approver, second_factor=False), case_id, days=5, reason=REASON)


@pytest.mark.parametrize("walk", [World.submitted, World.granted])
def test_nothing_is_extended_before_acceptance_or_after_the_decision(world: World, morning: time_machine.Traveller, walk) -> None:  # type: ignore[no-untyped-def]
    found = walk(world)
    case_id = found if isinstance(found, int) else found.case_id
    with pytest.raises(Conflict) as refused:
        extend(world, case_id)
    assert refused.value.code == "case-moved-on"


def test_the_dates_to_choose_from_are_those_that_follow(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted()
    dates = extension.new_dates(world.actor(world.approver), case_id)
    assert list(dates) == list(range(1, 11))
    extend(world, case_id, 7)
    assert world.page(case_id).case.due_on == dates[7]
    assert Event.EXTENDED in {entry.event for entry in world.page(case_id).timeline}
    assert timedelta(0) < (dates[10] or date.min) - (dates[1] or date.max)
