"""Databases for tests: SQLite files and a PostgreSQL cluster of our own, both brought up by the real migrations."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from licensing.storage import create_engine
from licensing.storage.migrations import upgrade

_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


@dataclass
class Cluster:
    """A PostgreSQL cluster in ``folder``, reached by a Unix socket there. Durable settings stay on, as in production."""

    folder: Path
    _numbers: count[int] = field(default_factory=count)

    @classmethod
    def start(cls, folder: Path) -> Cluster:
        """Make a cluster, start it, and put the migrated tables into its template. Raises when PostgreSQL is not installed."""
        if not _BINARIES:
            raise RuntimeError("PostgreSQL is not installed; ./run test installs it")
        folder.mkdir(parents=True)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        cluster = cls(folder)
        cluster._call("initdb", "-D", str(folder / "data"), "-U", "leizheng", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c max_connections=120"
        cluster._call("pg_ctl", "-D", str(folder / "data"), "-w", "-l", str(folder / "log"), "-o", options, "start")
        cluster._create("template_leizheng", "template0")
        engine = create_engine(cluster.url("template_leizheng"))
        upgrade(engine)
        engine.dispose()
        return cluster

    def fresh(self) -> str:
        """The URL of a new database with all tables and no rows."""
        name = f"test_{next(self._numbers)}"
        self._create(name, "template_leizheng")
        return self.url(name)

    def copied(self, url: str) -> str:
        """The URL of a copy of a database to which nobody is connected."""
        name = f"test_{next(self._numbers)}"
        self._create(name, _name(url))
        return self.url(name)

    def restore(self, url: str, copy: str) -> None:
        """Let a database be again what its ``copy`` is; nobody may be connected to either."""
        self._command(f'DROP DATABASE "{_name(url)}"')
        self._create(_name(url), _name(copy))

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://leizheng@/{name}?host={self.folder}"

    def stop(self) -> None:
        self._call("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def _create(self, name: str, template: str) -> None:
        self._command(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')

    def _command(self, command: str) -> None:
        engine = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text(command))
        engine.dispose()

    def _call(self, program: str, *arguments: str) -> None:
        # PostgreSQL refuses to run as root, so root becomes its own user first.
        user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
        done = subprocess.run(
            [str(_BINARIES[-1] / program), *arguments],
            user=user,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')}")


def _name(url: str) -> str:
    return str(sa.make_url(url).database)


def sqlite_template(folder: Path) -> Path:
    """A SQLite file with all tables and no rows, to be copied."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "template.sqlite3"
    engine = create_engine(f"sqlite:///{path}")
    upgrade(engine)
    # The last connection to close folds the write-ahead log into the one file.
    engine.dispose()
    return path
