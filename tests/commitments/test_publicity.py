"""What the public sees of promises: published ones only, masked, until their last day, and nothing of a finding before it is decided."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select
from world import World

from licensing.cases import publicity, verifying
from licensing.cases.publicity import Figures, promise_figures, published_promises
from licensing.commitments import consequences
from licensing.commitments.machine import State
from licensing.commitments.queries import of_case, tasks_of
from licensing.commitments.rules import Result
from licensing.commitments.verification import OPEN
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.proceedings.tables import Proceeding
from licensing.storage import reading

PUBLISHED = "installation_record"
"""Version 2 is in force from 1 April 2026 and publishes for five years."""


@pytest.fixture
def april(morning: time_machine.Traveller) -> time_machine.Traveller:
    morning.move_to(datetime(2026, 4, 1, 1, 0, tzinfo=UTC))
    return morning


def find(world: World, case_id: int, proof: str, result: Result) -> None:
    """Verify a promise again after the decision, with this result."""
    with reading(SYSTEM) as look:
        made = next(made for made in of_case(look.session, case_id) if made.proof == proof)
    verifying.verify_again(world.actor(world.verifier), case_id, made.id)
    with reading(SYSTEM) as look:
        task = next(task for task in tasks_of(look.session, case_id) if task.state == OPEN)
    verifying.record_finding(world.actor(world.verifier), task.id, result, world.report(task.id, result))


def granted(world: World) -> int:
    licence: Licence = world.granted("completion_acceptance")
    assert licence.case_id is not None
    return licence.case_id


def acceptance() -> Figures:
    return next(one for one in promise_figures() if one.matter.code == "completion_acceptance")


def test_only_what_its_version_publishes_is_public_and_people_are_masked(world: World, april: time_machine.Traveller) -> None:
    granted(world)
    [shown] = published_promises().rows
    facts = {fact.code: value for fact, value in shown.facts}
    assert (shown.proof.code, shown.proof.version, shown.signed_by) == (PUBLISHED, 2, "李**")
    assert (facts["recorder"], facts["installer"]) == ("刘*", "江苏苏安建设工程有限公司")
    assert shown.until == date(2026, 4, 1) + timedelta(days=1825)


def test_nothing_is_public_before_the_decision(world: World, april: time_machine.Traveller) -> None:
    world.accepted("completion_acceptance")
    assert published_promises().rows == ()


def test_an_open_finding_reads_as_to_be_verified_and_is_counted_nowhere(world: World, april: time_machine.Traveller) -> None:
    case_id = granted(world)
    assert published_promises().rows[0].state is State.TRUE
    find(world, case_id, PUBLISHED, Result.UNTRUE)
    assert published_promises().rows[0].state is State.PENDING
    assert acceptance().totals["untrue"] == 0
    april.move_to(datetime(2026, 4, 23, 1, 0, tzinfo=UTC))
    with reading(SYSTEM) as look:
        proceeding = look.session.scalars(select(Proceeding.id)).one()
    consequences.decide(world.actor(world.approver), proceeding, "欺骗取得，予以撤销。")
    assert published_promises().rows[0].state is State.FALSE
    assert acceptance().totals["untrue"] == 1


def test_every_result_is_counted_in_its_month(world: World, april: time_machine.Traveller) -> None:
    case_id = granted(world)
    april.move_to(datetime(2026, 4, 30, 15, 59, tzinfo=UTC))
    find(world, case_id, PUBLISHED, Result.UNCLEAR)
    april.move_to(datetime(2026, 4, 30, 16, 1, tzinfo=UTC))
    find(world, case_id, "factory_certificate", Result.UNCLEAR)
    months = {month.strftime("%Y-%m"): counts for month, counts in acceptance().months}
    assert len(months) == 12
    assert list(months)[-1] == "2026-05"
    assert (months["2026-04"]["promised"], months["2026-04"]["verified"], months["2026-04"]["unclear"]) == (2, 2, 1)
    assert (months["2026-05"]["promised"], months["2026-05"]["unclear"]) == (0, 1), "a month begins at midnight in China"
    april.move_to(datetime(2027, 4, 15, 1, 0, tzinfo=UTC))
    assert acceptance().totals["promised"] == 0
    assert acceptance().totals["unclear"] == 1


def test_the_last_day_is_public_and_ended_rows_leave_no_empty_page(world: World, april: time_machine.Traveller) -> None:
    earlier = granted(world)
    april.move_to(datetime(2026, 4, 10, 1, 0, tzinfo=UTC))
    later = granted(world)
    assert later > earlier
    last = datetime(2026, 4, 1, 1, 0, tzinfo=UTC) + timedelta(days=1825)
    april.move_to(last)
    assert len(published_promises().rows) == 2
    april.move_to(last + timedelta(days=1))
    page = published_promises(size=1)
    assert (len(page.rows), page.next_key) == (1, None)
    april.move_to(last + timedelta(days=10))
    assert published_promises() == publicity.Published((), None)


def test_pages_follow_each_other(world: World, april: time_machine.Traveller) -> None:
    granted(world)
    granted(world)
    first = published_promises(size=1)
    second = published_promises(after=first.next_key, size=1)
    assert (len(first.rows), len(second.rows), second.next_key) == (1, 1, None)
    assert first.rows[0].id > second.rows[0].id
