"""A permit that was got by deceit bars its holder from the same permit for three years (Licensing Law art. 79)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from world import World

from licensing.cases import actions, drafts
from licensing.errors import Conflict
from licensing.licences import actions as licences
from licensing.licences.operations import Operation
from licensing.policy import SYSTEM
from licensing.storage import unit_of_work

MATTER = "design_review"


@pytest.fixture
def revoked(world: World, morning: time_machine.Traveller) -> World:
    """The world on the day on which a design approval of its company was revoked for deceit: 2 March 2026."""
    _end(world, Operation.REVOKE_FOR_DECEIT)
    return world


def _end(world: World, operation: Operation) -> None:
    with unit_of_work(SYSTEM) as work:
        licences.perform(work, world.granted(MATTER).id, operation, reason="以欺骗手段取得。")


def start(world: World, matter: str = MATTER) -> int:
    return drafts.start(world.actor(world.applicant), world.company, matter)


def test_nothing_of_the_kind_can_be_started_and_the_sentence_says_until_when(revoked: World) -> None:
    with pytest.raises(Conflict) as caught:
        start(revoked)
    assert caught.value.code == "applying-barred"
    assert caught.value.sentence.facts["day"] == date(2029, 3, 2)


def test_the_last_day_is_barred_and_the_next_is_free(revoked: World, morning: time_machine.Traveller) -> None:
    morning.move_to(datetime(2029, 3, 2, 15, 59, tzinfo=UTC))
    with pytest.raises(Conflict):
        start(revoked)
    morning.move_to(datetime(2029, 3, 2, 16, 0, tzinfo=UTC))
    assert start(revoked)


def test_what_was_begun_before_cannot_be_submitted(world: World, morning: time_machine.Traveller) -> None:
    begun = world.draft(MATTER)
    _end(world, Operation.REVOKE_FOR_DECEIT)
    with pytest.raises(Conflict) as caught:
        actions.submit(world.actor(world.applicant), begun)
    assert caught.value.code == "applying-barred"


def test_what_waits_at_the_authority_can_still_be_corrected(world: World, morning: time_machine.Traveller) -> None:
    waiting = world.submitted(MATTER)
    actions.request_correction(world.actor(world.intake), waiting, [actions.Item("project.name", "名称不全")])
    _end(world, Operation.REVOKE_FOR_DECEIT)
    actions.submit(world.actor(world.applicant), waiting)
    assert world.page(waiting).case.state == "submitted"


def test_another_matter_and_another_company_are_free(revoked: World) -> None:
    assert start(revoked, "completion_acceptance")
    assert drafts.start(revoked.actor(revoked.stranger), revoked.other_company, MATTER)


@pytest.mark.parametrize("operation", [Operation.WITHDRAW_PERMISSION, Operation.CANCEL])
def test_only_deceit_bars(world: World, morning: time_machine.Traveller, operation: Operation) -> None:
    _end(world, operation)
    assert start(world)
