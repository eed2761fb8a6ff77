"""The background process: it finds its own work in the tables, whatever the queue delivered or lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from click.testing import CliRunner
from huey import crontab
from sqlalchemy import func, select
from world import World

from licensing.cases import issuing
from licensing.cases.machine import State
from licensing.licences import issuing as bringing_out
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading, storage
from licensing.storage.jobs import open_queue
from licensing.storage.tables import OutboxMessage
from licensing.worker import tidy, worker


def waiting() -> int:
    with reading(SYSTEM) as look:
        query = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.delivered_at.is_(None))
        return look.session.scalar(query) or 0


def test_it_accepts_by_silence_once_and_late(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.submitted()
    morning.move_to(datetime(2026, 3, 9, 9, 0, tzinfo=UTC))
    assert tidy()["deemed_accepted"] == 0, "the last day of the limit belongs to the authority"
    morning.move_to(datetime(2026, 3, 20, 1, 0, tzinfo=UTC))
    assert tidy()["deemed_accepted"] == 1
    assert tidy()["deemed_accepted"] == 0
    page = world.page(case_id)
    assert page.state is State.ACCEPTED
    assert page.view.accepted_on is not None
    assert page.view.accepted_on.isoformat() == "2026-03-02"
    assert [letter.kind for letter in page.letters] == ["D1"]


def test_it_ends_what_a_crash_left_and_tells_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = world.proposed()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(bringing_out, "produce", _killed)
        issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    assert tidy()["resumed"] == 1
    assert world.page(case_id).state is State.GRANTED
    assert waiting() == 0


def _killed(_: int) -> str:
    raise KeyboardInterrupt


def test_once_does_what_waits_and_stops(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.submitted()
    assert waiting() > 0
    storage().engine.dispose()
    for name in ("home", "keys", "database"):
        monkeypatch.setenv(f"LEIZHENG_{name.upper()}", str(getattr(world.settings, name)))
    done = CliRunner().invoke(worker, ["--once"])
    assert done.exit_code == 0, done.output
    assert waiting() == 0


def test_the_queue_keeps_a_call_until_it_is_run(settings: Settings) -> None:
    queue = open_queue(settings)
    ran: list[int] = []
    queue.periodic_task(crontab(minute="*"), name="every-minute")(ran.append)
    # A blocking wait would open a second connection on PostgreSQL, for notifications.
    queue.storage.blocking = False
    add = queue.task(name="add")(ran.append)
    add(7)
    assert queue.pending_count() == 1
    message = queue.dequeue()
    assert message is not None
    queue.execute(message)
    assert ran == [7]
    assert [task.name for task in queue.read_periodic(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))] == ["every-minute"]
    queue.storage.close()
