"""Reads on the instance itself: what waits in the outbox, which database it is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from licensing.storage.tables import OutboxMessage


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages of one topic that are not delivered; ``failed`` of them were tried at least once."""

    topic: str
    waiting: int
    failed: int


def waiting_messages(session: Session) -> list[Waiting]:
    """The undelivered messages by topic."""
    failed = func.count().filter(OutboxMessage.attempts > 0)
    rows = session.execute(
        select(OutboxMessage.topic, func.count(), failed)
        .where(OutboxMessage.delivered_at.is_(None))
        .group_by(OutboxMessage.topic)
        .order_by(OutboxMessage.topic)
    )
    return [Waiting(topic, waiting, tried) for topic, waiting, tried in rows]


def database_version(session: Session) -> str:
    """Kind and version of the database server, such as ``sqlite 3.40.1``."""
    connection = session.connection()
    return f"{connection.dialect.name} {'.'.join(str(part) for part in connection.dialect.server_version_info or ())}"
