"""Runs the numbered migrations on the connection that :mod:`licensing.storage.migrations` hands in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from licensing.storage.base import Base, Moment


def _render(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """A migration says what the column was when it was written, so it names no type of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    render_item=_render,
    compare_type=True,
    transactional_ddl=False,
)
context.run_migrations()
