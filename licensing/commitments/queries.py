"""Reads on choices and promises."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from licensing.commitments.tables import Commitment, ProofChoice
from licensing.errors import NotFound
from licensing.words import say


def choices(session: Session, case_id: int) -> dict[str, ProofChoice]:
    """The standing choices of a case by proof code, each with its promise."""
    query = select(ProofChoice).where(ProofChoice.case_id == case_id).options(joinedload(ProofChoice.commitment))
    return {row.proof: row for row in session.scalars(query)}


def commitment(session: Session, case_id: int, commitment_id: int) -> Commitment:
    """One promise of a case. Raises ``NotFound``."""
    found = session.get(Commitment, commitment_id)
    if found is None or found.case_id != case_id:
        raise NotFound(say("There is no such promise."))
    return found
