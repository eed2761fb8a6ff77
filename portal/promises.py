"""Promises as pages show them, to the applicant and to officers alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from licensing.cases.fieldwork import due_of
from licensing.cases.queries import CasePage
from licensing.catalogue.model import Field, Proof
from licensing.commitments.machine import STATE_NAMES, State
from licensing.words import Said, say

if TYPE_CHECKING:
    from licensing.commitments.tables import Commitment, Verification

STATE_KINDS: Mapping[State, str] = {
    State.PROMISED: "go",
    State.PENDING: "go",
    State.TRUE: "ok",
    State.UNTRUE: "bad",
    State.UNCLEAR: "warn",
    State.FALSE: "bad",
    State.CORRECTED: "warn",
    State.WITHDRAWN: "",
    State.REPLACED: "",
    State.RECTIFYING: "warn",
    State.REPORTED: "go",
    State.RECTIFIED: "ok",
    State.UNPURSUED: "bad",
}


@dataclass(frozen=True, slots=True)
class PromiseCard:
    """One promise of a case: what was promised, where it stands, and the task about it that is open or was last, with its last day."""

    proof: Proof
    made: Commitment
    facts: tuple[tuple[Field, str], ...]
    state: Said
    kind: str
    stands: bool
    task: Verification | None
    due_on: date | None


def promise_cards(page: CasePage) -> tuple[PromiseCard, ...]:
    """Every promise of the case that was ever signed, those on which it rests now first."""
    standing = {choice.commitment_id for choice in page.choices.values()}
    tasks = {task.commitment_id: task for task in page.verifications}
    cards = [_card(page, made, made.id in standing, tasks.get(made.id)) for made in page.promises]
    return tuple(sorted(cards, key=lambda card: not card.stands))


def fact_text(fact: Field, value: str) -> str:
    """A promised fact as people read it."""
    option = fact.option(value)
    return option.name if option else f"{value} {fact.unit}" if fact.unit else value


def _card(page: CasePage, made: Commitment, stands: bool, task: Verification | None) -> PromiseCard:
    state, proof = State(made.state), page.proofs[made.proof]
    facts = tuple((fact, fact_text(fact, str(made.facts[fact.code]))) for fact in proof.facts if made.facts.get(fact.code))
    return PromiseCard(
        proof, made, facts, say(STATE_NAMES[state]), STATE_KINDS[state], stands, task, due_of(task, page.case) if task else None
    )
