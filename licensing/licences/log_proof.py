"""That the record of a licence stands in the public log: the proof that is attached to its PDF and that anyone may ask for."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from licensing.errors import NotFound
from licensing.ledger import queries as ledger
from licensing.ledger.proof_files import LogProof
from licensing.ledger.queries import StoredCheckpoint
from licensing.ledger.tables import LedgerLeaf
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading
from licensing.trust import checkpoints
from licensing.words import say

RECORD_KIND: Final = "licence-intent"
PROOF_NAME: Final = "licence-record.tlog-proof"


def record_leaf(session: Session, identifier: str) -> LedgerLeaf:
    """The leaf with the digest of the record of a licence. Raises ``NotFound``."""
    found = ledger.leaf_of(session, RECORD_KIND, identifier)
    if found is None:
        raise NotFound(say("The log has no licence with this identifier."), code="not-in-log")
    return found


def record_proof(settings: Settings, identifier: str) -> LogProof:
    """The proof for the record of a licence, under a checkpoint that is signed now if none covers it yet.

    Call it outside of any transaction. Raises ``NotFound`` and what ``checkpoints.publish`` raises.
    """
    with reading(SYSTEM) as look:
        position = record_leaf(look.session, identifier).position
    checkpoint = checkpoints.covering(settings, position)
    with reading(SYSTEM) as look:
        return ledger.proof(look.session, position, checkpoint)


def published_proof(session: Session, identifier: str) -> tuple[LogProof, StoredCheckpoint] | None:
    """The proof under the newest published checkpoint, or None when none covers it yet. Signs nothing. Raises ``NotFound``."""
    position = record_leaf(session, identifier).position
    checkpoint = ledger.latest_checkpoint(session)
    if checkpoint is None or checkpoint.size <= position:
        return None
    return ledger.proof(session, position, checkpoint), checkpoint
