"""Whether the promises are still what was promised: each stands in the log, and its text in the file store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.commitments.tables import Commitment
from licensing.errors import LeizhengError
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.storage import FileStore

LEAF: Final = "commitment"


def leaf_subject(made: Commitment) -> str:
    """How the log names a promise."""
    return f"{made.case_id}/{made.proof}/{made.id}"


def problems(session: Session, files: FileStore) -> Iterator[Problem]:
    """What does not hold for the promises; nothing when all is well."""
    promises = list(session.scalars(select(Commitment).order_by(Commitment.id)))
    yield from unaccounted(session, {LEAF}, (Fact(LEAF, leaf_subject(made), row_digest(made)) for made in promises))
    for made in promises:
        try:
            files.get(made.statement_sha256)
        except LeizhengError as error:
            yield Problem(leaf_subject(made), error.code, error.sentence)
