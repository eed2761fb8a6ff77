"""Experts in the pool of the province, and a review that goes through: drawn, voted, recorded."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from licensing.cases import ballots, experts, panels, publicising
from licensing.cases.ballots import Vote
from licensing.cases.experts import Entry
from licensing.cases.view import CaseView
from licensing.parties import actions as parties
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work

if TYPE_CHECKING:
    from world import World

NAMES = ("顾怀远", "裴思敏", "尹长青", "柏松年", "翟雨晴", "霍启明", "虞静姝", "桂文渊")
EMPLOYER = "南京信息工程大学"
REASONS = {
    "staff": "技术人员数量、职称符合要求。",
    "instruments": "仪器设备齐全，检定有效。",
    "management": "管理制度健全，运行有效。",
    "premises": "场所满足业务需要。",
}


def fill_pool(world: World, count: int = len(NAMES)) -> list[int]:
    """The people of the pool, which has at least ``count`` experts afterwards."""
    province = world.province
    with reading(SYSTEM) as look:
        there = [entry.person_id for entry in experts.active(look.session, province.authority)]
    for name in NAMES[len(there) : count]:
        there.append(add_expert(world, name))
    return there


def add_expert(world: World, name: str, *, employer: str = EMPLOYER, uscc: str = "", person: int | None = None) -> int:
    """Somebody new in the pool, or ``person``; the id of the person."""
    if person is None:
        with unit_of_work(SYSTEM) as work:
            person = parties.register_person(work, name=name).id
    supervisor = world.actor(world.province.supervisor)
    experts.enter(supervisor, world.province.authority, person, Entry("防雷、电气", employer, uscc))
    return person


def drawn(world: World, case_id: int, pool: int = len(NAMES)) -> tuple[int, ...]:
    """Begin the review of an accepted case, with ``pool`` experts to draw from; its panel."""
    fill_pool(world, pool)
    panels.draw_panel(world.actor(world.province.examiner), case_id, expected_days=20)
    return view(world, case_id).panel


def vote(world: World, case_id: int, person: int, *, meets: bool = True) -> None:
    ballots.cast(world.actor(person), case_id, Vote(meets, REASONS))


def review(world: World, case_id: int, *, passed: bool = True) -> None:
    """The whole review, with the vote of everybody."""
    for person in drawn(world, case_id):
        vote(world, case_id, person, meets=passed)
    panels.record_opinion(world.actor(world.province.examiner), case_id, "评审委员会认为申请人符合条件。" if passed else "不符合条件。")


def publicised(world: World, **body: str) -> int:
    """A qualification whose grant is made public; its first day is today."""
    case_id = world.proposed("qualification", **body)
    publicising.open_publicity(world.actor(world.province.approver), case_id)
    return case_id


def after_publicity(world: World, **body: str) -> int:
    """A qualification on the morning after the last day of its publicity: it can be granted, and the clock of the test stands there."""
    assert world.clock is not None, "only the fixture has a clock that moves"
    case_id = publicised(world, **body)
    until = view(world, case_id).publicity_until
    assert until is not None
    world.clock.move_to(datetime.combine(until + timedelta(days=1), time(1), UTC))
    return case_id


def view(world: World, case_id: int) -> CaseView:
    return world.page(case_id).view
