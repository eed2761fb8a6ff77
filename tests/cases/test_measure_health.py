"""Whoever edits a figure of a case behind our back is found; a calendar that changed since is no edit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from world import World

from licensing.cases import actions, calendars
from licensing.cases.actions import Item
from licensing.cases.health import problems
from licensing.cases.tables import CaseMeasure, CaseMeasureCorrection
from licensing.clock.notice import shipped_text
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work

EDITS: dict[str, Any] = {
    "days": 1,
    "legal_days": 99,
    "decided_on": date(2026, 3, 3),
    "slowest": "approver",
    "corrections": 7,
    "proofs": ",x=promised,",
    "matter": "completion_acceptance",
    "region": "320106",
    "silent": True,
    "decider_id": None,
}


@pytest.fixture
def case_id(world: World, morning: time_machine.Traveller) -> int:
    """A case that was corrected once and refused after some days."""
    case_id = world.submitted()
    actions.request_correction(world.actor(world.intake), case_id, [Item("project.name", "名称与立项文件不一致。")])
    actions.submit(world.actor(world.applicant), case_id)
    actions.accept(world.actor(world.intake), case_id)
    morning.move_to(datetime(2026, 3, 10, 2, 0, tzinfo=UTC))
    actions.propose(world.actor(world.examiner), case_id, grant=False, opinion="图纸不符合规范。")
    actions.refuse(world.actor(world.approver), case_id, "图纸不符合规范。")
    return case_id


def found() -> list[str]:
    with reading(SYSTEM) as look:
        return [problem.code for problem in problems(look.session)]


def test_every_edited_column_of_a_measure_is_found(case_id: int) -> None:
    assert found() == []
    for column, value in EDITS.items():
        with unit_of_work(SYSTEM) as work:
            row = work.session.get_one(CaseMeasure, case_id)
            before = getattr(row, column)
            assert before != value, column
            setattr(row, column, value)
        assert found() == ["measure-differs"], column
        with unit_of_work(SYSTEM) as work:
            setattr(work.session.get_one(CaseMeasure, case_id), column, before)
    assert found() == []


def test_an_edited_correction_is_found(case_id: int) -> None:
    with unit_of_work(SYSTEM) as work:
        work.session.add(CaseMeasureCorrection(case_id=case_id, target="project.address"))
    assert found() == ["measure-differs"]


def test_a_calendar_that_was_imported_after_the_decision_is_no_edit(case_id: int, morning: time_machine.Traveller) -> None:
    morning.move_to(datetime(2026, 3, 20, 2, 0, tzinfo=UTC))
    working = (shipped_text(2026) or "").replace("2026-02-28", "2026-03-07")
    assert "2026-03-07" in working
    calendars.import_year(SYSTEM, working, based_on=None)
    assert found() == []
