"""An inspection body applies for a qualification at the bureau of its province."""

from __future__ import annotations

from datetime import UTC, date, datetime

import time_machine
from reviewing import publicised
from world import World

from licensing.cases.machine import State


def test_a_qualification_is_decided_by_the_province_where_the_body_is_registered(world: World) -> None:
    page = world.page(world.accepted("qualification"))
    assert (page.state, page.case.authority_id) == (State.ACCEPTED, world.province.authority)
    assert (page.case.region_code, page.case.project_name) == ("320104", "南京金陵石化销售有限公司")


def test_a_qualification_leads_to_a_certificate(world: World, morning: time_machine.Traveller) -> None:
    case_id = publicised(world, grade="1")
    morning.move_to(datetime(2026, 3, 10, 2, 0, tzinfo=UTC))
    licence = world.grant(case_id)
    assert (licence.number, licence.project, licence.valid_until) == ("1102026001", None, date(2031, 3, 9))
