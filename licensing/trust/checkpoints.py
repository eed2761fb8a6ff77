"""The log's head is signed and published here: after every issue, and every minute when the log grew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy.orm import Session

from licensing.errors import Conflict, LeizhengError, NotFound
from licensing.ledger import actions, gate, kept, queries
from licensing.ledger.audit import LedgerProblem
from licensing.ledger.notes import Checkpoint, NoteKey, NoteRefused, open_checkpoint
from licensing.ledger.queries import StoredCheckpoint
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading, unit_of_work
from licensing.trust.current import current_signer, current_trust_list
from licensing.trust.requests import CheckpointRequest
from licensing.trust.trust_list import TrustList
from licensing.trust.trusted_key import KeyState
from licensing.words import say

_ATTEMPTS: Final = 10
_MINUTE: Final = timedelta(minutes=1)
_OFTEN: Final = 200
"""So many checkpoints in a minute are enough for those that can wait: the signer's rate is for those that licences need."""

_log = structlog.get_logger("leizheng.log")
Track = Callable[[Iterable[Any], int], Iterable[Any]]


def publish(settings: Settings) -> StoredCheckpoint | None:
    """A checkpoint that covers all that is committed now, signed if there is none yet; None while the log is empty.

    Call it outside of any transaction: only what is committed is signed. Raises ``Unavailable`` (``register-behind``) when the signer, or a
    witness, already saw a larger log or another one, ``Conflict`` when the signer refuses, ``LogDamaged``, and what
    ``Signer.sign_checkpoint`` raises.
    """
    signer, wanted = current_signer(settings), None
    for _ in range(_ATTEMPTS):
        seen = signer.latest_checkpoint()
        checkpoint, consistency, stored = _head(settings, None if seen is None else (seen.size, seen.root))
        wanted = checkpoint.size if wanted is None else wanted
        # Whoever published it: who runs after a log that others make grow would never arrive.
        if wanted == 0 or (stored is not None and stored.size >= wanted):
            return stored
        try:
            note = signer.sign_checkpoint(CheckpointRequest(checkpoint.origin, checkpoint.size, checkpoint.root, consistency))
        except Conflict:
            if signer.latest_checkpoint() == seen:
                raise
            # Another process published a larger checkpoint between our look and our question: look again.
            continue
        return _keep(settings, checkpoint, note)
    raise Conflict(say("Other processes publish checkpoints all the time; this one could not."), code="checkpoint-busy")


def publish_soon(settings: Settings) -> bool:
    """Publish what was just committed, when that can be had: whether a new checkpoint came. Never raises for what the worker can do later.

    When very many checkpoints were published in the last minute, the next licence or the worker covers this one too.
    """
    with reading(SYSTEM) as look:
        before = queries.latest_checkpoint(look.session)
        busy = queries.checkpoints_since(look.session, look.now - _MINUTE, _OFTEN)
    if busy:
        return False
    try:
        after = publish(settings)
    except LeizhengError as error:
        _log.warning("checkpoint waits", code=error.code, reason=str(error))
        return False
    return after is not None and (before is None or after.size > before.size)


def learn(settings: Settings) -> None:
    """Ask the signer how far the log ever came, and remember it beside the database: at the start of a process, before it serves anyone.

    So a backup that was put back is noticed before the first change (threat G3). A signer that does not answer is asked again with the
    next checkpoint.
    """
    try:
        seen = current_signer(settings).latest_checkpoint()
        if seen is not None:
            kept.raise_mark(settings, Checkpoint(current_trust_list(settings).origin, seen.size, seen.root))
    except LeizhengError as error:
        _log.warning("the signer was not asked about the log", code=error.code, reason=str(error))


def covering(settings: Settings, position: int) -> StoredCheckpoint:
    """A published checkpoint that covers the leaf at ``position``, signed now if there is none yet.

    Raises ``NotFound`` when there is no such leaf, and what :func:`publish` raises.
    """
    with reading(SYSTEM) as look:
        found = queries.latest_checkpoint(look.session)
    if found is None or found.size <= position:
        found = publish(settings)
    if found is None or found.size <= position:
        raise NotFound(say("The log has no entry at this position."))
    return found


def note_keys(trust: TrustList, *, compromised: bool = False) -> tuple[NoteKey, ...]:
    """The keys that sign, or once signed, checkpoints of this log; those that others may have only when asked for."""
    return tuple(
        NoteKey(trust.origin, key.public_key.public_bytes_raw())
        for key in trust.log_keys
        if isinstance(key.public_key, Ed25519PublicKey) and (compromised or key.state is not KeyState.COMPROMISED)
    )


def check_signatures(session: Session, trust: TrustList, track: Track = lambda rows, _: rows) -> list[LedgerProblem]:
    """The stored checkpoints whose note no key of the trust list signed."""
    keys, found, proven = note_keys(trust, compromised=True), [], 0
    every = queries.notes(session)
    for size, note in track(every, len(every)):
        try:
            open_checkpoint(note, keys)
            proven = size
        except NoteRefused:
            sentence = say("The checkpoint of size %(size)s is not signed by a key of the trust list.", size=size)
            found.append(LedgerProblem(proven, "checkpoint-unsigned", sentence))
    return found


def _head(settings: Settings, seen: tuple[int, bytes] | None) -> tuple[Checkpoint, tuple[bytes, ...], StoredCheckpoint | None]:
    """What to sign, the proof that it continues what the signer saw, and the newest checkpoint that is stored."""
    origin = current_trust_list(settings).origin
    if seen is not None:
        kept.raise_mark(settings, Checkpoint(origin, *seen))
    with reading(SYSTEM) as look:
        gate.require_whole(look.session)
        tree = queries.tree(look.session, queries.size(look.session))
        checkpoint = Checkpoint(origin, tree.size, tree.root())
        consistency = tree.consistency(seen[0]) if seen is not None and seen[0] < tree.size else []
        return checkpoint, tuple(consistency), queries.latest_checkpoint(look.session)


def _keep(settings: Settings, checkpoint: Checkpoint, note: bytes) -> StoredCheckpoint:
    with unit_of_work(SYSTEM) as work:
        actions.keep_checkpoint(work, checkpoint, note)
        at = work.now
    kept.raise_mark(settings, checkpoint)
    return StoredCheckpoint(checkpoint.size, checkpoint.root, note, at)
