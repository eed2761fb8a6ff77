"""Reads on choices, promises and their verification."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from licensing.catalogue.answers import check_facts
from licensing.catalogue.model import Proof
from licensing.catalogue.queries import catalogue_now
from licensing.commitments.machine import Event, State
from licensing.commitments.rules import Result, Standing
from licensing.commitments.tables import Commitment, EvidencePack, ProofChoice, Verification
from licensing.errors import FieldError, NotFound
from licensing.words import say


def choices(session: Session, case_id: int) -> dict[str, ProofChoice]:
    """The standing choices of a case by proof code, each with its promise."""
    query = select(ProofChoice).where(ProofChoice.case_id == case_id).options(joinedload(ProofChoice.commitment))
    return {row.proof: row for row in session.scalars(query)}


def fact_problems(session: Session, case_id: int, proof: Proof, facts: Mapping[str, str], today: date) -> list[FieldError]:
    """What is wrong with the facts of a promise, those of the other promises of the case considered: they must not contradict."""
    standing = choices(session, case_id)
    others = {code: choice.commitment.facts for code, choice in standing.items() if choice.commitment and code != proof.code}
    return check_facts(proof, facts, today=today, others=others)


def commitment(session: Session, case_id: int, commitment_id: int) -> Commitment:
    """One promise of a case. Raises ``NotFound``."""
    found = session.get(Commitment, commitment_id)
    if found is None or found.case_id != case_id:
        raise NotFound(say("There is no such promise."))
    return found


def of_case(session: Session, case_id: int) -> list[Commitment]:
    """All promises of a case that were ever signed, oldest first."""
    return list(session.scalars(select(Commitment).where(Commitment.case_id == case_id).order_by(Commitment.id)))


def without_evidence(session: Session) -> list[tuple[int, int]]:
    """Case and id of every signed promise whose evidence is not complete yet, oldest first."""
    query = select(Commitment.case_id, Commitment.id).where(Commitment.letter_id.is_not(None)).order_by(Commitment.id)
    missing = query.outerjoin(EvidencePack, EvidencePack.commitment_id == Commitment.id).where(EvidencePack.id.is_(None))
    return [(case_id, commitment_id) for case_id, commitment_id in session.execute(missing)]


def standing(session: Session, case_id: int) -> tuple[Standing, ...]:
    """The promises on which a case rests now, each with the version of its proof and its state."""
    made = [choice.commitment for choice in choices(session, case_id).values() if choice.commitment is not None]
    catalogue = catalogue_now(session)
    return tuple(Standing(catalogue.proof(one.proof, one.proof_version), State(one.state)) for one in made)


def untrue_of(session: Session, case_id: int) -> list[Commitment]:
    """The promises of a case that were found untrue and about which nothing is decided yet, oldest first."""
    query = select(Commitment).where(Commitment.case_id == case_id, Commitment.state == State.UNTRUE)
    return list(session.scalars(query.order_by(Commitment.id)))


def untrue_finding(session: Session, commitment_id: int) -> Verification:
    """The latest verification that found a promise untrue."""
    query = select(Verification).where(Verification.commitment_id == commitment_id, Verification.state == Result.UNTRUE)
    return session.scalars(query.order_by(Verification.id.desc()).limit(1)).one()


def rectification_report(made: Commitment) -> str:
    """What the company reported about the rectification that was ordered last; empty when it reported nothing."""
    told = [event for event in made.events if event.type in (Event.RECTIFICATION_ORDERED, Event.RECTIFICATION_REPORTED)]
    return str(told[-1].data["reason"]) if told and told[-1].type == Event.RECTIFICATION_REPORTED else ""


def tasks_of(session: Session, case_id: int) -> list[Verification]:
    """The tasks to verify promises of a case, oldest first."""
    query = (
        select(Verification).where(Verification.case_id == case_id).order_by(Verification.id).options(joinedload(Verification.commitment))
    )
    return list(session.scalars(query))
