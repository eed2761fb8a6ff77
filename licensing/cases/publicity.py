"""What the public may see of promises: those that are published, with personal data masked, and figures by matter and month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.machine import State as CaseState
from licensing.cases.tables import Case
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Field, Matter, Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import local_date
from licensing.commitments.machine import Event, State
from licensing.commitments.rules import Choice
from licensing.commitments.tables import Commitment, CommitmentEvent, ProofChoice
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.words import N_

STANDING = tuple(state for state in State if state not in (State.CORRECTED, State.WITHDRAWN, State.REPLACED))
MONTHS = 12
COLUMNS: Mapping[str, str] = {
    "promised": N_("promised"),
    "handed_in": N_("handed in"),
    "withdrawn": N_("withdrawn"),
    "verified": N_("verified true"),
    "untrue": N_("found untrue"),
}
_COLUMN_OF = {Event.SIGNED: "promised", Event.WITHDRAWN: "withdrawn", Event.FOUND_TRUE: "verified", Event.FOUND_UNTRUE: "untrue"}


@dataclass(frozen=True, slots=True)
class PublishedPromise:
    """One promise as the public sees it; ``facts`` and ``signed_by`` are masked."""

    id: int
    project: str
    company: str
    proof: Proof
    facts: tuple[tuple[Field, str], ...]
    signed_by: str
    promised_at: datetime
    decided_on: date
    until: date
    state: State


@dataclass(frozen=True, slots=True)
class Published:
    """A page of published promises, newest first; ``next_key`` continues after it."""

    rows: tuple[PublishedPromise, ...]
    next_key: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts by month (its first day), for one matter; months without any are zero."""

    matter: Matter
    months: tuple[tuple[date, Mapping[str, int]], ...]

    @property
    def totals(self) -> Mapping[str, int]:
        return {column: sum(counts[column] for _, counts in self.months) for column in COLUMNS}


def published_promises(*, after: int | None = None, size: int = 30) -> Published:
    """The promises that their proofs publish, from the decision on for as many days as the proof says."""
    with reading(SYSTEM) as look:
        query = (
            select(Commitment, Case, Licence.issued_on)
            .join(Case, Case.id == Commitment.case_id)
            .join(Licence, Licence.case_id == Case.id)
            .where(Commitment.published, Commitment.state.in_(STANDING), Case.state == CaseState.GRANTED, Licence.version == 1)
            .order_by(Commitment.id.desc())
        )
        if after is not None:
            query = query.where(Commitment.id < after)
        found = look.session.execute(query.limit(size + 1)).all()
        today, catalogue = local_date(look.now), catalogue_now(look.session)
        shown = [_published(*row, catalogue.proof(row[0].proof, row[0].proof_version)) for row in found[:size]]
        return Published(tuple(one for one in shown if today <= one.until), found[size - 1][0].id if len(found) > size else None)


def promise_figures() -> tuple[Figures, ...]:
    """What became of promises in the last twelve months, for every matter that knows promises."""
    with reading(SYSTEM) as look:
        months = _months(local_date(look.now))
        counted = Counter(_happened(look.session))
        return tuple(
            Figures(
                matter,
                tuple((month, {column: counted[matter.code, month, column] for column in COLUMNS}) for month in months),
            )
            for matter in load_catalogue().matters
            if matter.proofs and matter.open
        )


def masked(name: str) -> str:
    """A personal name of which only the first character is shown."""
    return name[:1] + "*" * max(1, len(name) - 1) if name else ""


def _published(made: Commitment, case: Case, issued_on: date, proof: Proof) -> PublishedPromise:
    facts = ((fact, str(made.facts[fact.code])) for fact in proof.facts if made.facts.get(fact.code))
    return PublishedPromise(
        id=made.id,
        project=case.project_name,
        company=made.company_name,
        proof=proof,
        facts=tuple((fact, masked(value) if fact.personal else value) for fact, value in facts),
        signed_by=masked(made.person_name),
        promised_at=made.promised_at,
        decided_on=issued_on,
        until=issued_on + timedelta(days=proof.publication_days),
        state=State(made.state),
    )


def _happened(session: Session) -> Iterable[tuple[str, date, str]]:
    """One entry for everything that is counted: matter, month, column. A promise that was replaced before it counted is not one."""
    events = (
        select(Case.matter, CommitmentEvent.type, CommitmentEvent.at)
        .join(Commitment, Commitment.id == CommitmentEvent.commitment_id)
        .join(Case, Case.id == Commitment.case_id)
        .where(CommitmentEvent.type.in_(_COLUMN_OF), Commitment.state != State.REPLACED, Case.state != CaseState.DRAFT)
    )
    for matter, event, at in session.execute(events):
        yield matter, local_date(at).replace(day=1), _COLUMN_OF[Event(event)]
    choices = (
        select(Case.matter, ProofChoice.chosen_at)
        .join(Case, Case.id == ProofChoice.case_id)
        .where(ProofChoice.choice == Choice.HAND_IN, Case.state != CaseState.DRAFT)
    )
    for matter, at in session.execute(choices):
        yield matter, local_date(at).replace(day=1), "handed_in"


def _months(today: date) -> list[date]:
    first, found = today.replace(day=1), []
    for _ in range(MONTHS):
        found.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return found[::-1]
