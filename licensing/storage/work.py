"""The unit of work: one transaction, one actor, one moment. Commit, then speak (design invariant 3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from licensing.errors import Conflict, Misconfigured
from licensing.moments import now
from licensing.policy import Actor
from licensing.settings import Settings
from licensing.storage.engine import READ_ONLY, create_engine
from licensing.storage.files import FileStore
from licensing.storage.tables import OutboxMessage
from licensing.words import say


@dataclass(frozen=True, slots=True)
class Storage:
    """Where this process keeps its data."""

    settings: Settings
    engine: Engine
    files: FileStore


class _Current:
    storage: Storage | None = None


def open_storage(settings: Settings, engine: Engine | None = None) -> Storage:
    """Make ``settings`` the instance that this process serves; an engine that already exists may be handed in."""
    settings.home.mkdir(parents=True, exist_ok=True)
    _Current.storage = Storage(settings, engine or create_engine(settings.database_url), FileStore(settings.files))
    return _Current.storage


def storage() -> Storage:
    """The open storage. Raises ``Misconfigured`` when nothing was opened."""
    if _Current.storage is None:
        raise Misconfigured(say("No storage is open."), next_step=say("Call open_storage first."))
    return _Current.storage


@dataclass(slots=True)
class Work:
    """What an action works with: the session of its transaction, who acts, and the moment that all its rows carry (aware UTC)."""

    session: Session
    actor: Actor
    now: datetime

    @property
    def settings(self) -> Settings:
        return storage().settings

    @property
    def files(self) -> FileStore:
        return storage().files

    def tell(self, topic: str, **payload: Any) -> None:
        """Put a message into the outbox of this transaction."""
        self.session.add(OutboxMessage(topic=topic, payload=payload, created_at=self.now, attempts=0, last_error=""))


@contextmanager
def unit_of_work(actor: Actor) -> Iterator[Work]:
    """One writing transaction: committed at the end, rolled back on any error.

    SQLite begins with BEGIN IMMEDIATE, so the check and the change cannot be separated. Raises ``Conflict`` where a constraint or a
    version says that somebody else was faster.
    """
    with Session(storage().engine, expire_on_commit=False) as session:
        try:
            yield Work(session, actor, now())
            session.commit()
        except (IntegrityError, StaleDataError) as error:
            session.rollback()
            raise Conflict(
                say("Somebody changed this at the same moment, so nothing was saved."),
                next_step=say("Load the page again and look at the new state."),
            ) from error


@contextmanager
def reading(actor: Actor) -> Iterator[Work]:
    """A read-only look: never blocks a writer, never commits."""
    with Session(storage().engine.execution_options(**{READ_ONLY: True}), autoflush=False) as session:
        yield Work(session, actor, now())
