"""A new application with the answers of an earlier one."""

from __future__ import annotations

import pytest
from world import World

from licensing.cases import actions, drafts
from licensing.errors import NotFound


def test_answers_are_copied_and_nothing_else(world: World) -> None:
    earlier = world.submitted(name="城东加油站二期")
    copied = drafts.copy_of(world.actor(world.member), earlier)
    old, new = world.page(earlier), world.page(copied)
    assert new.state == "draft"
    assert new.case.public_number != old.case.public_number
    assert (new.case.matter, new.case.company_id, new.case.project_name) == ("design_review", world.company, "城东加油站二期")
    assert new.case.answers == dict(old.view.submissions[-1].answers)
    assert (new.documents, new.choices, new.promises, new.case.authority_id) == ({}, {}, (), None)


def test_the_answers_are_those_that_were_handed_in_last(world: World) -> None:
    earlier = world.submitted()
    actions.withdraw(world.actor(world.applicant), earlier, "改期再报")
    copied = drafts.copy_of(world.actor(world.applicant), earlier)
    project = world.page(copied).case.answers["project"]
    drafts.save_section(world.actor(world.applicant), copied, "project", {**project, "name": "改名"}, 2)
    assert world.page(earlier).case.answers["project"]["name"] == "城东加油站改扩建工程"


def test_only_ones_own_company_is_copied(world: World) -> None:
    earlier = world.submitted()
    for person in (world.stranger, world.intake, world.supervisor):
        with pytest.raises(NotFound):
            drafts.copy_of(world.actor(person), earlier)
