"""Numbered migrations, one head. ``upgrade`` brings a database to it; running twice is harmless."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from licensing.errors import Misconfigured
from licensing.words import say

_FOLDER = Path(__file__).parent


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database of ``engine`` to ``revision``, in one transaction."""
    with _changing(engine) as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the database back to ``revision``; for rehearsals, since it drops what newer revisions hold."""
    with _changing(engine) as connection:
        command.downgrade(_config(connection), revision)


def current(engine: Engine) -> str | None:
    """The revision that the database is at, or None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str | None:
    """The revision that this code expects."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


@contextmanager
def _changing(engine: Engine) -> Iterator[Connection]:
    """One transaction in which tables may be rebuilt.

    SQLite rebuilds a table by dropping it, which rows that point to it forbid; so it looks at them once at the end instead
    (https://sqlite.org/lang_altertable.html, 7). Raises ``Misconfigured`` when a row then points to nothing.
    """
    with engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            _foreign_keys(connection, "OFF")
        try:
            with connection.begin():
                yield connection
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise Misconfigured(say("After the migration a row would point to nothing, so the database stays as it was."))
        finally:
            if sqlite:
                _foreign_keys(connection, "ON")


def _foreign_keys(connection: Connection, state: str) -> None:
    """Only outside a transaction does SQLite listen to this."""
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.execute(f"PRAGMA foreign_keys={state}").close()


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
