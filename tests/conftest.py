"""What tests of several rooms share. That this file lies here also makes ``world`` importable from every folder of tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from databases import Cluster, sqlite_template
from issued import issued, register
from world import World, open_world

from licensing.settings import Settings
from licensing.storage import storage

__all__ = ["issued", "register"]

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""A Monday at 09:00 in China without a holiday near: five working days later it is Monday the 9th."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL cluster for this test process; its folder has a short name because a socket's path may not be long."""
    folder = Path(tempfile.mkdtemp(prefix="lz-pg-"))
    folder.chmod(0o755)
    started = Cluster.start(folder / "c")
    yield started
    started.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows."""
    return sqlite_template(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation of its own with an empty database: each test that asks for it runs on SQLite and on PostgreSQL."""
    home = tmp_path / "var"
    home.mkdir()
    if request.param == "postgresql":
        database = request.getfixturevalue("cluster").fresh()
    else:
        shutil.copy(request.getfixturevalue("empty_sqlite"), home / "leizheng.sqlite3")
        database = ""
    return Settings(home=home, keys=tmp_path / "keys", database=database, demo=False, https=False)


@pytest.fixture
def morning() -> Iterator[time_machine.Traveller]:
    """The clock starts on Monday 2 March 2026 at 09:00 in China and runs on; ``morning.move_to(…)`` moves it."""
    with time_machine.travel(MORNING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def world(settings: Settings, morning: time_machine.Traveller) -> Iterator[World]:
    """An authority, two companies and their people."""
    yield replace(open_world(settings), clock=morning)
    storage().engine.dispose()
