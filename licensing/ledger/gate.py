"""Whether the log is behind what was already published: then the service only reads (threat G3).

A backup that was put back, or a log that was cut or rewritten, does not contain the checkpoint that a witness or the signer holds.
Nothing may be added to such a log, and no licence can be confirmed from such a register.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from licensing.errors import Unavailable
from licensing.ledger import kept, queries
from licensing.ledger.notes import Checkpoint, NoteRefused
from licensing.settings import Settings
from licensing.storage import storage
from licensing.words import say

CODE = "register-behind"
_FEW = 16
_checked: dict[tuple[str, Checkpoint], bytes] = {}
"""By database and kept checkpoint: the last leaf under it when the whole tree head agreed. A look at that leaf then says it still does."""


def behind(session: Session) -> bool:
    """Whether a kept checkpoint is larger than the log, or says something else about it, or cannot be read."""
    settings = storage().settings
    try:
        return not all(_agrees(session, settings.database_url, checkpoint) for checkpoint in marks(settings))
    except NoteRefused:
        return True


def require_whole(session: Session) -> None:
    """Raise ``Unavailable`` with the code ``register-behind`` when the log is behind."""
    if behind(session):
        raise refusal()


def refusal() -> Unavailable:
    """The error that every change meets while the log is behind."""
    return Unavailable(
        say("The register is behind what was already published. Until it is restored, nothing can be changed here."),
        next_step=say("Nothing was saved. An operator has to restore the newest state of the database; try again later."),
        code=CODE,
    )


def marks(settings: Settings) -> Iterator[Checkpoint]:
    """The checkpoints kept outside the database: the witness's, and the newest one that the signer signed. Raises ``NoteRefused``."""
    for path in (settings.witness, kept.mark_path(settings)):
        data = kept.read(path) if isinstance(path, Path) else None
        if data is not None:
            yield kept.parse(data)


def _agrees(session: Session, database: str, checkpoint: Checkpoint) -> bool:
    if checkpoint.size == 0:
        return True
    last = queries.leaf_hash_at(session, checkpoint.size - 1)
    if last is None:
        return False
    if _checked.get((database, checkpoint)) == last:
        return True
    try:
        agreed = queries.root_at(session, checkpoint.size) == checkpoint.root
    except queries.LogDamaged:
        return False
    if agreed:
        while len(_checked) >= _FEW:
            _checked.pop(next(iter(_checked)), None)
        _checked[database, checkpoint] = last
    return agreed
