"""The database as it was before the first request, on both kinds: whether a request wrote something, and how that is undone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from licensing.storage import create_engine


class Before(Protocol):
    """A copy of the database, and the database."""

    def touched(self) -> bool:
        """Whether anybody has written since the copy was made or put back."""

    def restore(self) -> None:
        """Put back what has changed."""

    def close(self) -> None: ...


class SqliteBefore:
    """Another file; SQLite counts the changes that other connections make."""

    def __init__(self, database: Path, kept: Path) -> None:
        self._database, self._kept = database, kept
        _copy(database, kept)
        self._watch = sqlite3.connect(database)
        self._seen = self._version()

    def touched(self) -> bool:
        return self._version() != self._seen

    def restore(self) -> None:
        _copy(self._kept, self._database)
        self._seen = self._version()

    def close(self) -> None:
        self._watch.close()

    def _version(self) -> int:
        (number,) = self._watch.execute("PRAGMA data_version").fetchone()
        return int(number)


class PostgresBefore:
    """Another schema in the same database. Whoever writes takes the next transaction number; what changed shows by the newest number in it.

    Putting rows back asks no trigger and no foreign key: the rows fitted before.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        with self._engine.begin() as connection:
            columns = "SELECT table_name, string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            own = "WHERE table_schema = 'public' AND is_generated = 'NEVER' GROUP BY table_name"
            self._columns = {str(table): str(names) for table, names in connection.execute(sa.text(f"{columns} {own}"))}
            connection.execute(sa.text("CREATE SCHEMA before"))
            for table in self._columns:
                connection.execute(sa.text(f'CREATE TABLE before."{table}" AS TABLE public."{table}"'))
        self._settle()

    def touched(self) -> bool:
        return self._next() != self._seen

    def restore(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            for table in (table for table, state in self._states().items() if state != self._kept[table]):
                names = self._columns[table]
                connection.execute(sa.text(f'DELETE FROM public."{table}"'))  # noqa: S608 - names of our own tables
                connection.execute(sa.text(f'INSERT INTO public."{table}" ({names}) SELECT {names} FROM before."{table}"'))  # noqa: S608 - as above
        self._settle()

    def close(self) -> None:
        self._engine.dispose()

    def _settle(self) -> None:
        self._kept, self._seen = self._states(), self._next()

    def _states(self) -> dict[str, tuple[int, int]]:
        """Of each table the number of rows and the newest transaction in them."""
        parts = (f"SELECT '{table}', count(*), coalesce(max(xmin::text::bigint), 0) FROM public.\"{table}\"" for table in self._columns)  # noqa: S608 - as above
        with self._engine.connect() as connection:
            return {table: (count, newest) for table, count, newest in connection.execute(sa.text(" UNION ALL ".join(parts)))}

    def _next(self) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(sa.text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")).scalar_one())


def keep(database: str, home: Path) -> Before:
    """The copy of the database of an installation whose settings say ``database``; made in ``home`` where it is a file."""
    return PostgresBefore(database) if database else SqliteBefore(home / "var" / "leizheng.sqlite3", home / "before.sqlite3")


def _copy(source: Path, target: Path) -> None:
    """Copy a SQLite database over another one that is open."""
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
    one.close()
    other.close()
