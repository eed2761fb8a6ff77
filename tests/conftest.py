"""What tests of several rooms share. That this file lies here also makes ``world`` importable from every folder of tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from databases import Cluster, sqlite_template
from issued import issued, register
from world import World, open_world

from licensing.settings import Settings
from licensing.storage import open_storage, storage

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


@pytest.fixture(scope="session")
def world_on_sqlite(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world that tests on SQLite start from. Nobody works in it."""
    folder = tmp_path_factory.mktemp("world")
    (folder / "var").mkdir()
    shutil.copy(empty_sqlite, folder / "var" / "leizheng.sqlite3")
    return _built(_installation(folder))


@pytest.fixture(scope="session")
def world_on_postgresql(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world that tests on PostgreSQL start from. Nobody works in it."""
    return _built(_installation(tmp_path_factory.mktemp("world"), cluster.fresh()))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An installation of its own: each test that asks for it runs on SQLite and on PostgreSQL.

    Its database is empty; where the test asks for ``built_world`` too, it is a copy of that world with its keys.
    """
    if "built_world" in request.fixturenames:
        return _copied(request.getfixturevalue(f"world_on_{request.param}"), request, tmp_path)
    if request.param == "postgresql":
        return _installation(tmp_path, request.getfixturevalue("cluster").fresh())
    (tmp_path / "var").mkdir()
    shutil.copy(request.getfixturevalue("empty_sqlite"), tmp_path / "var" / "leizheng.sqlite3")
    return _installation(tmp_path)


@pytest.fixture
def morning() -> Iterator[time_machine.Traveller]:
    """The clock starts on Monday 2 March 2026 at 09:00 in China and runs on; ``morning.move_to(…)`` moves it."""
    with time_machine.travel(MORNING, tick=True) as traveller:
        yield traveller


@pytest.fixture
def built_world(request: pytest.FixtureRequest, settings: Settings, morning: time_machine.Traveller) -> World:
    """An authority, two companies and their people in ``settings``, whose storage the test opens itself."""
    built: World = request.getfixturevalue("world_on_postgresql" if settings.database else "world_on_sqlite")
    return replace(built, settings=settings, clock=morning)


@pytest.fixture
def world(built_world: World) -> Iterator[World]:
    """An authority, two companies and their people, ready to act."""
    opened = open_storage(built_world.settings)
    yield built_world
    opened.engine.dispose()
    storage().engine.dispose()


def _installation(folder: Path, database: str = "") -> Settings:
    return Settings(home=folder / "var", keys=folder / "keys", database=database, demo=False, https=False)


def _built(settings: Settings) -> World:
    # A little before the morning: whatever a test does first comes later than all that its world remembers.
    with time_machine.travel(MORNING - timedelta(minutes=1), tick=True):
        built = open_world(settings)
    storage().engine.dispose()
    return built


def _copied(built: World, request: pytest.FixtureRequest, folder: Path) -> Settings:
    shutil.copytree(built.settings.home, folder / "var")
    shutil.copytree(built.settings.keys, folder / "keys")
    database = built.settings.database
    return _installation(folder, request.getfixturevalue("cluster").copied(database) if database else "")
