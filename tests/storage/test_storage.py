"""Transactions, counters, files, outbox and migrations, on both databases."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from world import World

import licensing.proceedings.tables
import licensing.ratings.tables
import licensing.seats.tables
import licensing.trust.tables  # noqa: F401
import portal.accounts.tables  # noqa: F401  the migrations make these tables too
from licensing.cases import queries as _all_rooms  # noqa: F401
from licensing.errors import Conflict, Misconfigured, NotFound
from licensing.parties.tables import Company
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Base, FileDamaged, FileStore, check_durability, open_storage, reading, storage, unit_of_work
from licensing.storage.counters import next_value
from licensing.storage.migrations import current, downgrade, head, upgrade
from licensing.storage.outbox import deliver
from licensing.storage.tables import OutboxMessage

COMPANY = {"uscc": "91350100M000100Y43", "name": "示例石化销售有限公司"}


@pytest.fixture
def opened(settings: Settings):
    yield open_storage(settings)
    storage().engine.dispose()


def test_the_database_is_durable(opened) -> None:
    check_durability(opened.engine)


def test_a_database_that_may_lose_decisions_is_refused(opened) -> None:
    if opened.engine.dialect.name != "sqlite":
        careless = "SET synchronous_commit = off"
    else:
        careless = "PRAGMA synchronous=OFF"
    sa.event.listen(opened.engine, "connect", lambda connection, _: _run(connection, careless))
    opened.engine.dispose()
    with pytest.raises(Misconfigured) as refused:
        check_durability(opened.engine)
    assert "synchronous" in str(refused.value)


def _run(connection, statement: str) -> None:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.close()
    connection.commit()


def test_a_failing_unit_of_work_leaves_nothing(opened) -> None:
    with pytest.raises(RuntimeError), unit_of_work(SYSTEM) as work:
        work.session.add(Company(**COMPANY))
        work.tell("test", what="lost")
        work.session.flush()
        raise RuntimeError
    with reading(SYSTEM) as look:
        assert look.session.scalars(sa.select(Company)).all() == []
        assert look.session.scalars(sa.select(OutboxMessage)).all() == []


def test_a_broken_constraint_is_a_conflict_with_a_next_step(opened) -> None:
    with unit_of_work(SYSTEM) as work:
        work.session.add(Company(**COMPANY))
    with pytest.raises(Conflict) as refused, unit_of_work(SYSTEM) as work:
        work.session.add(Company(**COMPANY))
    assert refused.value.next_step is not None


def test_counters_have_no_gap_and_no_twin_under_sixteen_writers(opened) -> None:
    def take(number: int) -> int | None:
        try:
            with unit_of_work(SYSTEM) as work:
                value = next_value(work.session, "series")
                if number % 5 == 0:
                    raise ZeroDivisionError
                return value
        except ZeroDivisionError:
            return None

    with ThreadPoolExecutor(16) as writers:
        taken = [value for value in writers.map(take, range(80)) if value is not None]
    assert sorted(taken) == list(range(1, 65))


def test_moments_come_back_aware_and_in_utc(opened) -> None:
    in_china = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=8)))
    with time_machine.travel(in_china, tick=False), unit_of_work(SYSTEM) as work:
        work.tell("test")
    with reading(SYSTEM) as look:
        stored = look.session.scalars(sa.select(OutboxMessage.created_at)).one()
    assert stored == in_china
    assert stored.tzinfo is UTC


def test_the_outbox_delivers_in_order_once_and_keeps_what_failed(opened) -> None:
    with unit_of_work(SYSTEM) as work:
        for number in range(3):
            work.tell("test", number=number)
    told: list[int] = []

    def picky(_topic: str, payload) -> None:
        if payload["number"] == 1 and len(told) < 2:
            told.append(-1)
            raise ConnectionError
        told.append(payload["number"])

    assert deliver(picky) == 2
    assert deliver(picky) == 1
    assert deliver(picky) == 0
    assert told == [0, -1, 2, 1]


def test_files_are_named_by_their_hash_and_hashed_again_when_read(tmp_path: Path) -> None:
    files = FileStore(tmp_path / "files")
    digest = files.put("雷".encode())
    assert digest == hashlib.sha256("雷".encode()).hexdigest() == files.put("雷".encode())
    assert files.get(digest) == "雷".encode()
    (tmp_path / "files" / digest[:2] / digest).write_bytes(b"changed")
    with pytest.raises(FileDamaged):
        files.get(digest)
    assert sorted(path.name for path in (tmp_path / "files" / digest[:2]).iterdir()) == [digest], "no scratch file stays behind"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "0" * 64])
def test_only_a_known_hash_names_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        FileStore(tmp_path).get(name)


def test_migrations_make_exactly_the_tables_of_the_code(opened) -> None:
    with opened.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []
    assert current(opened.engine) == head()


def test_migrations_go_down_and_up_again(opened) -> None:
    downgrade(opened.engine)
    assert set(sa.inspect(opened.engine).get_table_names()) <= {"alembic_version"}
    upgrade(opened.engine)
    assert current(opened.engine) == head()


def test_migrations_rebuild_tables_to_which_rows_point(world: World) -> None:
    case_id = world.submitted()
    engine = storage().engine
    downgrade(engine, "0006")
    upgrade(engine)
    assert world.page(case_id).authority.name == "南京市气象局"
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM authority"))
