"""Where things are kept: engine, unit of work, migrations, content-addressed files, outbox and jobs.

``open_storage(settings)`` once per process; then ``with unit_of_work(actor) as work:`` to change and ``with reading(actor) as look:`` to
read. The same code runs on SQLite and on PostgreSQL.
"""

from licensing.storage.base import Base, Moment
from licensing.storage.engine import check_durability, create_engine, engine_options, tune
from licensing.storage.files import FileDamaged, FileStore
from licensing.storage.work import Storage, Work, open_storage, reading, storage, unit_of_work

__all__ = [
    "Base",
    "FileDamaged",
    "FileStore",
    "Moment",
    "Storage",
    "Work",
    "check_durability",
    "create_engine",
    "engine_options",
    "open_storage",
    "reading",
    "storage",
    "tune",
    "unit_of_work",
]
