"""What tests of several rooms share. That this file lies here also makes ``world`` importable from every folder of tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from world import World, open_world

from licensing.settings import Settings
from licensing.storage import storage

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""A Monday at 09:00 in China without a holiday near: five working days later it is Monday the 9th."""


@pytest.fixture
def morning() -> Iterator[time_machine.Traveller]:
    """The clock starts on Monday 2 March 2026 at 09:00 in China and runs on; ``morning.move_to(…)`` moves it."""
    with time_machine.travel(MORNING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def world(tmp_path: Path, morning: time_machine.Traveller) -> Iterator[World]:
    """An authority, two companies and their people on an empty SQLite database."""
    yield open_world(Settings(home=tmp_path / "var", keys=tmp_path / "keys", database="", demo=False, https=False))
    storage().engine.dispose()
