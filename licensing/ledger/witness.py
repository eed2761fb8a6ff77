"""A witness: it keeps the last checkpoint that it saw, and refuses a log that does not continue it.

What it reads may come from a liar, so nothing counts but signatures and proofs. Source: c2sp.org/tlog-tiles (clients), RFC 9162 2.1.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

from licensing.errors import LeizhengError
from licensing.ledger import kept
from licensing.ledger.notes import Checkpoint, NoteKey, NoteRefused, open_checkpoint, parse_checkpoint, parse_note
from licensing.ledger.rules import verify_consistency
from licensing.ledger.tiles import TileTree
from licensing.words import Said, say


class LogRefused(LeizhengError):
    """The log does not continue what a witness saw, or nobody who may vouch for it has signed it."""

    code = "log-refused"
    http_status = 409


class Log(Protocol):
    """A log as its public addresses show it."""

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint."""

    def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        """The first ``width`` hashes of a tile."""


class Observation(NamedTuple):
    """What a witness kept (None the first time), what it saw now, and the signed bytes to keep."""

    before: Checkpoint | None
    now: Checkpoint
    note: bytes


def observe(state: bytes | None, log: Log, keys: Iterable[NoteKey]) -> Observation:
    """Look at ``log`` with the kept checkpoint ``state``. The caller keeps the answer's ``note`` before it looks again.

    Raises ``LogRefused`` with the code ``checkpoint-unsigned``, ``other-log``, ``log-shrunk`` or ``log-forked``, and ``state-unreadable``
    when ``state`` is no checkpoint.
    """
    before = None if state is None else _state(state)
    note = log.checkpoint()
    now = _opened(note, tuple(keys))
    if before is not None:
        _must_continue(before, now, log)
    return Observation(before, now, note)


def _state(state: bytes) -> Checkpoint:
    try:
        return kept.parse(state)
    except NoteRefused as error:
        raise LogRefused(
            say("The kept checkpoint cannot be read."),
            next_step=say("Take it from a backup. Removing it means to trust the log as it is now."),
            code="state-unreadable",
        ) from error


def _opened(note: bytes, keys: tuple[NoteKey, ...]) -> Checkpoint:
    try:
        origin = parse_checkpoint(parse_note(note).text).origin
        if origin not in {key.name for key in keys}:
            raise _refused(say("This is the log “%(origin)s”, not the one of the trust list.", origin=origin[:200]), "other-log")
        return open_checkpoint(note, keys)
    except NoteRefused as error:
        raise _refused(say("The checkpoint is not signed by a key of the trust list."), "checkpoint-unsigned") from error


def _must_continue(before: Checkpoint, now: Checkpoint, log: Log) -> None:
    if before.origin != now.origin:
        raise _refused(say("This is the log “%(origin)s”, not the one that was kept.", origin=now.origin), "other-log")
    if now.size < before.size:
        raise _refused(say("The log shrank from %(before)s to %(now)s entries.", before=before.size, now=now.size), "log-shrunk")
    if before.size and not _continues(before, now, log):
        raise _refused(say("The log was rewritten: it does not continue the %(before)s entries kept.", before=before.size), "log-forked")


def _continues(before: Checkpoint, now: Checkpoint, log: Log) -> bool:
    if now.size == before.size:
        return now.root == before.root
    try:
        proof = TileTree(now.size, log.tile).consistency(before.size)
    except ValueError:
        return False
    return verify_consistency(before.size, now.size, before.root, now.root, proof)


def _refused(sentence: Said, code: str) -> LogRefused:
    return LogRefused(
        sentence,
        next_step=say("Keep the old checkpoint and this answer: together they are the evidence. Tell the authority and its supervisor."),
        code=code,
    )
