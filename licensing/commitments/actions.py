"""Choose, sign and take back. The caller (a case) has already asked the policy and checked that the case is open for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from licensing.catalogue.answers import clean_facts
from licensing.catalogue.model import Proof
from licensing.clock import local_date
from licensing.commitments import eligibility
from licensing.commitments.journal import LATER, LEAF, leaf_subject, record
from licensing.commitments.letter import letter_words
from licensing.commitments.machine import Event
from licensing.commitments.queries import choices, fact_problems
from licensing.commitments.rules import SHOWN_IN, Acceptance, Choice, Signature, facts_bytes, facts_digest, statement, unaccepted
from licensing.commitments.tables import Commitment, ProofChoice
from licensing.commitments.verification import cancel
from licensing.errors import Conflict, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.letters import actions as letters
from licensing.parties.queries import company as company_of
from licensing.parties.tables import Authority
from licensing.storage import Work
from licensing.words import say

LETTER = "C1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a promise is made: the case, the company that applies, and the authority that relies on the promise."""

    case_id: int
    case_number: str
    company_id: int
    authority: Authority


def choose(work: Work, case_id: int, company_id: int, proof: Proof, choice: Choice, reason: str = "") -> ProofChoice:
    """Choose to hand in or to promise. Leaving a promise that was signed takes it back; its record stays (domain 8.1.9).

    Raises ``Conflict`` (``promise-barred``) when the credit of the company does not allow a promise.
    """
    if choice is Choice.PROMISE:
        eligibility.require(work, company_id)
    standing = _standing(work, case_id, proof, choice)
    if standing.choice != choice:
        if standing.commitment is not None:
            take_back(work, standing.commitment, Event.WITHDRAWN, reason)
        standing.choice, standing.commitment_id = choice, None
        standing.chosen_at, standing.chosen_by = work.now, _person(work)
        work.session.flush()
        work.session.refresh(standing)
    return standing


def keep_facts(work: Work, case_id: int, company_id: int, proof: Proof, typed: Mapping[str, str]) -> ProofChoice:
    """Keep the facts typed so far for a promise, complete or not; whoever signs finds them. Chooses to promise."""
    standing = choose(work, case_id, company_id, proof, Choice.PROMISE)
    if standing.commitment is None:
        standing.facts = clean_facts(proof, typed)
        work.session.flush()
    return standing


def sign(work: Work, place: Place, proof: Proof, *, facts: Mapping[str, str], given: Acceptance) -> Commitment:
    """Sign the promise for ``proof``; the text, the answers and the facts go into the file store byte for byte, and a letter is written.

    ``given`` is what the signatory was shown and accepted. Raises ``Conflict`` (``notice-changed``, ``facts-changed``) when that is not
    the notice of this case or not these facts, ``promise-barred`` as :func:`choose`; ``Invalid`` when a clause was not accepted or the
    facts do not hold. Signing the same twice is signing once.
    """
    facts = clean_facts(proof, facts)
    _require_accepted(proof, facts, given)
    problems = fact_problems(work.session, place.case_id, proof, facts, local_date(work.now))
    if problems:
        raise Invalid(say("Some of the promised facts are not right."), problems)
    standing = choose(work, place.case_id, place.company_id, proof, Choice.PROMISE)
    before = standing.commitment
    if before is not None and (before.facts, before.notice_sha256, before.authority_id) == (facts, proof.digest(), place.authority.id):
        return before
    if before is not None:
        take_back(work, before, Event.REPLACED, "")
    made = _keep(work, place, proof, facts, given)
    standing.facts, standing.commitment_id, standing.chosen_at, standing.chosen_by = facts, made.id, work.now, made.person_id
    work.session.flush()
    work.session.refresh(standing)
    return made


def take_back(work: Work, made: Commitment, event: Event, reason: str) -> None:
    """Let a promise stand no more, withdrawn or replaced: what was to be verified is verified no more; the record stays."""
    cancel(work, made)
    record(work, made, event, {"reason": reason} if reason else {})


def hand_in_instead(work: Work, case_id: int, proof: str) -> None:
    """Let the choice for ``proof`` be to hand it in, because its promise stands no more."""
    standing = choices(work.session, case_id)[proof]
    standing.choice, standing.commitment_id, standing.facts = Choice.HAND_IN, None, {}
    standing.chosen_at = work.now
    work.session.flush()


def _standing(work: Work, case_id: int, proof: Proof, choice: Choice) -> ProofChoice:
    query = select(ProofChoice).where(ProofChoice.case_id == case_id, ProofChoice.proof == proof.code)
    found = work.session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        found = ProofChoice(case_id=case_id, proof=proof.code, choice=choice, facts={}, chosen_at=work.now, chosen_by=_person(work))
        work.session.add(found)
        work.session.flush()
    return found


def _require_accepted(proof: Proof, facts: Mapping[str, str], given: Acceptance) -> None:
    """What was accepted must be this notice and these facts, every clause of them."""
    if given.notice_sha256 != proof.digest() or given.language not in SHOWN_IN:
        raise Conflict(
            say("The text of the notice has changed since you opened it; nothing was promised."),
            next_step=say("Read the new text and promise again."),
            code="notice-changed",
        )
    if given.facts_sha256 != facts_digest(proof, facts):
        raise Conflict(
            say("The facts were changed after you opened this page; nothing was promised."),
            next_step=say("Read the facts as they are now and promise again."),
            code="facts-changed",
        )
    refused = unaccepted(proof, given)
    if refused:
        raise Invalid(say("A promise is signed only when the notice and every clause are accepted."), refused, code="not-accepted")


def _keep(work: Work, place: Place, proof: Proof, facts: Mapping[str, str], given: Acceptance) -> Commitment:
    company, actor = company_of(work.session, place.company_id), work.actor
    shown = actor.second_factor_at or work.now
    signed = Signature(
        case_number=place.case_number,
        authority=place.authority.name,
        company=company.name,
        uscc=company.uscc,
        person=actor.name,
        person_id=_person(work),
        session=_session(work),
        second_factor_at=shown,
        at=work.now,
    )
    notice, said, promised = proof.notice_text().encode(), statement(proof, facts, given, signed), facts_bytes(proof, facts)
    made = Commitment(
        case_id=place.case_id,
        proof=proof.code,
        proof_version=proof.version,
        notice_sha256=work.files.put(notice),
        statement_sha256=work.files.put(said),
        facts=facts,
        facts_sha256=work.files.put(promised),
        company_id=place.company_id,
        company_name=company.name,
        company_uscc=company.uscc,
        authority_id=place.authority.id,
        person_id=_person(work),
        person_name=actor.name,
        role="signatory",
        session=signed.session,
        second_factor_at=shown,
        promised_at=work.now,
        published=proof.published,
        state="",
        sequence=0,
    )
    work.session.add(made)
    work.session.flush()
    append(work, LEAF, leaf_subject(made), row_digest(made, without=LATER))
    record(work, made, Event.SIGNED, {"notice_sha256": made.notice_sha256, "statement_sha256": made.statement_sha256})
    words = letter_words(proof, facts, signed, statement_sha256=made.statement_sha256)
    made.letter_id = letters.write(work, LETTER, place.authority, words, case_id=place.case_id).id
    work.session.flush()
    return made


def _session(work: Work) -> str:
    """A fingerprint of the session: it can be compared with the record of sign-ins, and opens nothing."""
    return hashlib.sha256(work.actor.session.encode()).hexdigest()[:16] if work.actor.session else ""


def _person(work: Work) -> int:
    if work.actor.person_id is None:
        raise Conflict(say("Only a person can promise."), code="person-needed")
    return work.actor.person_id
