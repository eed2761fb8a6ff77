"""Runs the numbered migrations on the connection that :mod:`licensing.storage.migrations` hands in."""

from alembic import context

from licensing.storage.base import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True, transactional_ddl=False)
context.run_migrations()
