"""The list of one's own cases comes in pages, however many there are."""

from __future__ import annotations

import time_machine
from world import World

from licensing.cases import queries


def test_own_cases_come_in_pages_newest_change_first(world: World, morning: time_machine.Traveller) -> None:
    made = [world.draft() for _ in range(3)]
    made += world.copies(made[0], 4)
    actor, seen, after = world.actor(world.applicant), [], None
    while True:
        page = queries.cases_of_companies(actor, after=after, size=2)
        seen += [case.id for case in page.rows]
        after = page.next_key
        if after is None:
            break
        assert queries.is_key(after)
        assert len(page.rows) == 2
    assert sorted(seen) == sorted(made), "each once"
    whole = queries.cases_of_companies(actor, size=50)
    assert [case.id for case in whole.rows] == seen
    assert whole.next_key is None
    assert queries.cases_of_companies(world.actor(world.stranger)).rows == ()


def test_only_what_was_handed_in_can_be_copied_into_a_new_application(world: World) -> None:
    world.draft()
    handed_in = world.submitted()
    found = queries.earlier_cases(world.actor(world.applicant), "design_review", 5)
    assert [case.id for case in found] == [handed_in]
    assert queries.earlier_cases(world.actor(world.applicant), "completion_acceptance", 5) == []
    assert not queries.is_key("1_2_3")
    assert not queries.is_key("x")
