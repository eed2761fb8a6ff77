"""The queue that wakes background work: Huey on SQLite for one machine, on PostgreSQL for many.

Nothing depends on its delivery: jobs are idempotent and find their own work in the tables.
"""

from __future__ import annotations

from huey import Huey, PostgresHuey, SqliteHuey
from sqlalchemy import make_url

from licensing.settings import Settings


def open_queue(settings: Settings) -> Huey:
    """The queue of this instance."""
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        settings.home.mkdir(parents=True, exist_ok=True)
        return SqliteHuey("leizheng", filename=str(settings.home / "queue.sqlite3"), fsync=True, utc=True)
    return PostgresHuey("leizheng", dsn=url.set(drivername="postgresql").render_as_string(hide_password=False), utc=True)
