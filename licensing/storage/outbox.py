"""Delivery of what was committed to be told: at least once, in order, each message in its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from sqlalchemy import select

from licensing.policy import SYSTEM
from licensing.storage.tables import OutboxMessage
from licensing.storage.work import unit_of_work

Subscriber = Callable[[str, Mapping[str, Any]], None]
_BATCH = 100
_log = structlog.get_logger("leizheng.outbox")


def log_message(topic: str, payload: Mapping[str, Any]) -> None:
    """The subscriber of every topic: one structured line, which a collector can ship."""
    _log.info("told", topic=topic, payload=dict(payload))


def deliver(subscriber: Subscriber = log_message) -> int:
    """Hand every waiting message to ``subscriber``; how many were delivered. A failing one stays, with its error, and is tried again."""
    delivered = 0
    for message_id in _waiting():
        delivered += _deliver_one(message_id, subscriber)
    return delivered


def _waiting() -> list[int]:
    with unit_of_work(SYSTEM) as work:
        query = select(OutboxMessage.id).where(OutboxMessage.delivered_at.is_(None)).order_by(OutboxMessage.id).limit(_BATCH)
        return list(work.session.scalars(query))


def _deliver_one(message_id: int, subscriber: Subscriber) -> bool:
    with unit_of_work(SYSTEM) as work:
        query = select(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.delivered_at.is_(None))
        message = work.session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
        if message is None:
            return False
        message.attempts += 1
        try:
            subscriber(message.topic, message.payload)
        except Exception as error:  # a subscriber may fail in any way: its message waits, the others go on
            message.last_error = f"{type(error).__name__}: {error}"[:500]
            return False
        message.delivered_at = work.now
        return True
