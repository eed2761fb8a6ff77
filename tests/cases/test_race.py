"""Two approvers press *grant* at the same moment: exactly one licence, and the other is told so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select
from world import World

from licensing.cases import issuing
from licensing.errors import Conflict
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.storage import reading

ROUNDS = 50


def press_at_once(world: World, case_id: int) -> list[Licence | Conflict]:
    """What the two approvers get."""
    together = Barrier(2)

    def press(person: int) -> Licence | Conflict:
        actor = world.actor(person)
        together.wait()
        try:
            return issuing.grant(actor, case_id, "经审查，符合规定，予以核准。")
        except Conflict as error:
            return error

    with ThreadPoolExecutor(2) as approvers:
        return list(approvers.map(press, (world.approver, world.second_approver)))


@pytest.mark.slow
def test_fifty_times_two_approvers_at_once_make_one_licence_each(world: World) -> None:
    cases = world.copies(world.proposed(), ROUNDS)
    for case_id in cases:
        answers = press_at_once(world, case_id)
        assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "Licence"]
        told = next(answer for answer in answers if isinstance(answer, Conflict))
        assert told.code == "case-moved-on"
        assert told.next_step is not None
    with reading(SYSTEM) as look:
        per_case = look.session.execute(select(Licence.case_id, func.count()).group_by(Licence.case_id)).all()
        numbers = sorted(look.session.scalars(select(Licence.serial)))
        statuses = set(look.session.scalars(select(Licence.status)))
    assert sorted((case_id, 1) for case_id in cases) == sorted(tuple(row) for row in per_case)
    assert numbers == list(range(1, ROUNDS + 1))
    assert statuses == {Status.IN_FORCE}
