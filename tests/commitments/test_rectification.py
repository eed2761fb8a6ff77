"""After the permit an untrue promise may be rectified within a term; only then is nothing done about the licence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
import time_machine
from promising import FOUND, find, find_again, made, open_tasks, proceedings
from sqlalchemy import select
from world import World

from licensing.cases import fieldwork, queries, verifying
from licensing.cases.rectifying import order_rectification, report_rectification
from licensing.commitments.rules import Result
from licensing.credit.queries import entries_of
from licensing.errors import Conflict, Forbidden, Invalid
from licensing.licences.operations import Operation
from licensing.policy import SYSTEM
from licensing.proceedings.tables import ProceedingEvent
from licensing.storage import reading

LAST_DAY = date(2026, 4, 14)
"""Thirty working days after 2 March: 清明 on 6 April is a day off."""


@pytest.fixture
def ordered(world: World) -> int:
    """A case whose permit rests on a promise that is to be rectified."""
    case_id = world.granted("completion_acceptance").case_id or 0
    find_again(world, case_id, Result.UNTRUE, consequence=None)
    assert proceedings() == [], "the finder left it to another person what follows"
    order_rectification(world.actor(world.approver), case_id, made(case_id)[0].id, "更换为所承诺的型号。")
    return case_id


def entries(world: World) -> int:
    with reading(SYSTEM) as look:
        return len(entries_of(look.session, world.company))


def test_the_order_names_the_day_in_a_letter_and_stands_on_the_worklist(
    world: World, ordered: int, morning: time_machine.Traveller
) -> None:
    letter = queries.case_page(world.actor(world.applicant), ordered).letters[-1]
    assert letter.kind == "D12"
    assert f"{LAST_DAY.year}年{LAST_DAY.month}月{LAST_DAY.day}日" in str(letter.content)
    morning.move_to(datetime(2026, 4, 16, 1, 0, tzinfo=UTC))
    [row] = fieldwork.verification_worklist(world.actor(world.verifier)).rows
    assert (row.task.occasion, row.due_on, row.days_left) == ("rectification", LAST_DAY, -2)


def test_what_is_rectified_in_time_costs_neither_licence_nor_credit(world: World, ordered: int) -> None:
    report_rectification(world.actor(world.member), ordered, made(ordered)[0].id, "已更换并附照片。")
    find(world, ordered, Result.TRUE)
    assert made(ordered)[0].state == "rectified"
    assert (proceedings(), entries(world), open_tasks(ordered)) == ([], 0, {})
    with pytest.raises(Conflict):
        report_rectification(world.actor(world.member), ordered, made(ordered)[0].id, "再报一次。")


@pytest.mark.parametrize("outcome", [Result.UNTRUE, Result.UNCLEAR])
def test_what_was_reported_and_is_not_rectified_brings_the_notice(world: World, ordered: int, outcome: Result) -> None:
    report_rectification(world.actor(world.member), ordered, made(ordered)[0].id, "已更换。")
    find(world, ordered, outcome, consequence=Operation.WITHDRAW_PERMISSION)
    assert made(ordered)[0].state == "untrue"
    assert [row.operation for row in proceedings()] == ["withdraw_permission"]


def test_the_holder_has_the_whole_term_and_then_the_notice_goes_out(world: World, ordered: int, morning: time_machine.Traveller) -> None:
    with pytest.raises(Conflict) as early:
        find(world, ordered, Result.UNTRUE)
    assert early.value.code == "rectification-running"
    morning.move_to(datetime(2026, 4, 15, 1, 0, tzinfo=UTC))
    find(world, ordered, Result.UNTRUE)
    assert [row.operation for row in proceedings()] == ["revoke_for_deceit"]


def test_who_found_it_does_not_order_and_nothing_is_ordered_beside_a_proceeding(world: World) -> None:
    case_id = world.granted("completion_acceptance").case_id or 0
    signed = made(case_id)[0].id
    with pytest.raises(Conflict) as nothing:
        order_rectification(world.actor(world.approver), case_id, signed, "更换。")
    assert nothing.value.code == "promise-moved-on"
    find_again(world, case_id, Result.UNTRUE, consequence=None)
    refusals: list[Callable[[], None]] = [
        lambda: order_rectification(world.actor(world.verifier), case_id, signed, "更换。"),
        lambda: report_rectification(world.actor(world.verifier), case_id, signed, "已更换。"),
    ]
    for refused in refusals:
        with pytest.raises(Forbidden):
            refused()
    with pytest.raises(Invalid):
        order_rectification(world.actor(world.approver), case_id, signed, "  ")
    verifying.pursue_finding(world.actor(world.verifier), case_id, signed, Operation.REVOKE_FOR_DECEIT)
    with pytest.raises(Conflict) as busy:
        order_rectification(world.actor(world.approver), case_id, signed, "更换。")
    assert busy.value.code == "proceeding-open"
    with reading(SYSTEM) as look:
        notice = look.session.scalars(select(ProceedingEvent)).one()
    assert notice.data["reason"] == FOUND, "the holder reads what was found"
