"""Choose and promise. The caller (a case) has already asked the policy and checked that the case is open for it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from licensing.catalogue.answers import check_facts, clean_facts
from licensing.catalogue.model import Proof
from licensing.clock import local_date
from licensing.commitments.health import LEAF, leaf_subject
from licensing.commitments.queries import choices
from licensing.commitments.rules import Choice, statement
from licensing.commitments.tables import Commitment, ProofChoice
from licensing.errors import Conflict, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.parties.queries import company as company_of
from licensing.storage import Work
from licensing.words import say


def choose(work: Work, case_id: int, proof: Proof, choice: Choice) -> ProofChoice:
    """Choose to hand in or to promise. Leaving a promise that was made takes it back; its record stays (domain 8.1.9)."""
    standing = work.session.scalar(select(ProofChoice).where(ProofChoice.case_id == case_id, ProofChoice.proof == proof.code))
    if standing is None:
        standing = ProofChoice(case_id=case_id, proof=proof.code)
        work.session.add(standing)
    if standing.choice != choice:
        standing.choice, standing.commitment_id = choice, None
        standing.chosen_at, standing.chosen_by = work.now, _person(work)
    work.session.flush()
    return standing


def promise(
    work: Work, case_id: int, case_number: str, company_id: int, proof: Proof, *, facts: Mapping[str, str], accepted_notice: str
) -> Commitment:
    """Make the promise for ``proof``; what was shown and promised goes into the file store byte for byte.

    ``accepted_notice`` is the digest of the notice that the applicant saw. Raises ``Conflict`` (``notice-changed``) when that is not the
    notice in force, ``Invalid`` when the facts do not hold. The same promise twice is one promise.
    """
    if accepted_notice != proof.digest():
        raise Conflict(
            say("The text of the notice has changed since you opened it; nothing was promised."),
            next_step=say("Read the new text and promise again."),
            code="notice-changed",
        )
    facts = clean_facts(proof, facts)
    problems = check_facts(proof, facts, today=local_date(work.now), others=_promised_facts(work, case_id, besides=proof.code))
    if problems:
        raise Invalid(say("Some of the promised facts are not right."), problems)
    standing = choose(work, case_id, proof, Choice.PROMISE)
    if standing.commitment is not None and standing.commitment.facts == facts:
        return standing.commitment
    made = _keep(work, case_id, case_number, company_id, proof, facts)
    standing.commitment_id, standing.chosen_at, standing.chosen_by = made.id, work.now, _person(work)
    work.session.flush()
    return made


def _promised_facts(work: Work, case_id: int, *, besides: str) -> dict[str, dict[str, str]]:
    """The facts of the other promises of the case: what one says must not contradict what another says."""
    standing = choices(work.session, case_id)
    return {code: choice.commitment.facts for code, choice in standing.items() if choice.commitment and code != besides}


def _keep(work: Work, case_id: int, case_number: str, company_id: int, proof: Proof, facts: Mapping[str, str]) -> Commitment:
    company = company_of(work.session, company_id)
    text = statement(proof, facts, company=company.name, uscc=company.uscc, person=work.actor.name, case_number=case_number, at=work.now)
    made = Commitment(
        case_id=case_id,
        proof=proof.code,
        proof_version=proof.version,
        notice_sha256=proof.digest(),
        statement_sha256=work.files.put(text),
        facts=facts,
        company_id=company_id,
        person_id=_person(work),
        person_name=work.actor.name,
        promised_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    append(work, LEAF, leaf_subject(made), row_digest(made))
    return made


def _person(work: Work) -> int:
    if work.actor.person_id is None:
        raise Conflict(say("Only a person can promise."), code="person-needed")
    return work.actor.person_id
