"""Engines for SQLite and PostgreSQL with the durability that a licence register needs (design invariant 9)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from licensing.errors import Misconfigured
from licensing.words import say

READ_ONLY = "leizheng_read_only"
_SQLITE_PRAGMAS = {
    "journal_mode": "WAL",
    "synchronous": "FULL",
    "foreign_keys": "ON",
    "busy_timeout": "15000",
    "trusted_schema": "OFF",
}
_POSTGRESQL_DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


def create_engine(url: str) -> Engine:
    """An engine whose every connection keeps the durability settings."""
    return tune(sa.create_engine(url, **engine_options(url)))


def engine_options(url: str) -> dict[str, Any]:
    """Options for ``sqlalchemy.create_engine`` that fit the database of ``url``."""
    if url.startswith("sqlite"):
        return {"connect_args": {"check_same_thread": False, "timeout": 15}}
    return {"pool_pre_ping": True, "pool_size": 5, "max_overflow": 10}


def tune(engine: Engine) -> Engine:
    """Attach the durability settings to an engine; also used for the one that Flask-SQLAlchemy-Lite makes."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def check_durability(engine: Engine) -> None:
    """Refuse to run on a database that may lose a committed decision.

    Raises ``Misconfigured`` when PostgreSQL runs with fsync, full_page_writes or synchronous_commit off, or SQLite without WAL and FULL.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            found = {
                name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in ("journal_mode", "synchronous", "foreign_keys")
            }
            wanted = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
        else:
            found = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in _POSTGRESQL_DURABLE}
            wanted = _POSTGRESQL_DURABLE
    wrong = {name: value for name, value in found.items() if value != wanted[name]}
    if wrong:
        raise Misconfigured(
            say(
                "The database is not durable: %(settings)s.", settings=", ".join(f"{name}={value}" for name, value in sorted(wrong.items()))
            ),
            next_step=say("Set them to %(wanted)s and start again.", wanted=", ".join(f"{name}={wanted[name]}" for name in sorted(wrong))),
        )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for name, value in _SQLITE_PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}").close()


def _begin_sqlite(connection: Connection) -> None:
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '15s'")
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()
