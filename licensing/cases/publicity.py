"""What the public may see of promises: those that are published, with personal data masked, and figures by matter and month."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, false, func, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from licensing.cases.machine import State as CaseState
from licensing.cases.tables import Case
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Field, Matter, Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import CHINA, local_date
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
    "unclear": N_("could not be established"),
    "untrue": N_("untrue, decided after the hearing"),
}
_COLUMN_OF = {
    Event.SIGNED: "promised",
    Event.WITHDRAWN: "withdrawn",
    Event.FOUND_TRUE: "verified",
    Event.NOT_ESTABLISHED: "unclear",
    Event.FINDING_DROPPED: "unclear",
    Event.CONFIRMED_FALSE: "untrue",
    Event.CORRECTION_ORDERED: "untrue",
}
"""Where each event counts. A finding counts only when it was decided: until then the applicant is heard, and nothing is said in public."""


@dataclass(frozen=True, slots=True)
class PublishedPromise:
    """One promise as the public sees it; ``facts`` and ``signed_by`` are masked, and an open finding reads as *to be verified*."""

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
        catalogue = catalogue_now(look.session)
        query = (
            select(Commitment, Case, Licence.issued_on)
            .join(Case, Case.id == Commitment.case_id)
            .join(Licence, Licence.case_id == Case.id)
            .where(Commitment.published, Commitment.state.in_(STANDING), Case.state == CaseState.GRANTED, Licence.version == 1)
            .where(_not_ended(catalogue.proofs, local_date(look.now)))
            .order_by(Commitment.id.desc())
        )
        if after is not None:
            query = query.where(Commitment.id < after)
        found = look.session.execute(query.limit(size + 1)).all()
        shown = tuple(_published(*row, catalogue.proof(row[0].proof, row[0].proof_version)) for row in found[:size])
        return Published(shown, shown[-1].id if len(found) > size else None)


def promise_figures() -> tuple[Figures, ...]:
    """What became of promises in the last twelve months, for every matter that knows promises."""
    with reading(SYSTEM) as look:
        months = _months(local_date(look.now))
        counted = _counted(look.session, months)
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


def _published(made: Commitment, about: Case, issued_on: date, proof: Proof) -> PublishedPromise:
    facts = ((fact, str(made.facts[fact.code])) for fact in proof.facts if made.facts.get(fact.code))
    return PublishedPromise(
        id=made.id,
        project=about.project_name,
        company=made.company_name,
        proof=proof,
        facts=tuple((fact, masked(value) if fact.personal else value) for fact, value in facts),
        signed_by=masked(made.person_name),
        promised_at=made.promised_at,
        decided_on=issued_on,
        until=issued_on + timedelta(days=proof.publication_days),
        state=State.PENDING if made.state == State.UNTRUE else State(made.state),
    )


def _not_ended(proofs: Iterable[Proof], today: date) -> ColumnElement[bool]:
    """Decided no longer ago than the version of the proof publishes; each version has its own number of days."""
    return or_(
        false(),
        *(
            and_(
                Commitment.proof == proof.code,
                Commitment.proof_version == proof.version,
                Licence.issued_on >= today - timedelta(days=proof.publication_days),
            )
            for proof in proofs
            if proof.published
        ),
    )


def _counted(session: Session, months: Sequence[date]) -> Counter[tuple[str, date, str]]:
    """How often, by matter, month and column. A promise that was replaced before it counted is not one."""
    found: Counter[tuple[str, date, str]] = Counter()
    month = _month_of(CommitmentEvent.at, months)
    events = (
        select(Case.matter, month, CommitmentEvent.type, func.count())
        .select_from(CommitmentEvent)
        .join(Commitment, Commitment.id == CommitmentEvent.commitment_id)
        .join(Case, Case.id == Commitment.case_id)
        .where(CommitmentEvent.type.in_(_COLUMN_OF), CommitmentEvent.at >= _begin(months[0]))
        .where(Commitment.state != State.REPLACED, Case.state != CaseState.DRAFT)
        .group_by(Case.matter, month, CommitmentEvent.type)
    )
    for matter, place, event, count in session.execute(events):
        found[matter, months[place], _COLUMN_OF[Event(event)]] += count
    month = _month_of(ProofChoice.chosen_at, months)
    choices = (
        select(Case.matter, month, func.count())
        .select_from(ProofChoice)
        .join(Case, Case.id == ProofChoice.case_id)
        .where(ProofChoice.choice == Choice.HAND_IN, ProofChoice.chosen_at >= _begin(months[0]), Case.state != CaseState.DRAFT)
        .group_by(Case.matter, month)
    )
    for matter, place, count in session.execute(choices):
        found[matter, months[place], "handed_in"] += count
    return found


def _month_of(moment: InstrumentedAttribute[datetime], months: Sequence[date]) -> ColumnElement[int]:
    """The place in ``months`` of the Chinese month in which ``moment`` lies; both databases compare moments, neither knows our zone."""
    newest_first = reversed(list(enumerate(months)))
    return case(*((moment >= _begin(month), literal_column(str(place))) for place, month in newest_first)).label("month")


def _begin(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=CHINA)


def _months(today: date) -> list[date]:
    first, found = today.replace(day=1), []
    for _ in range(MONTHS):
        found.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return found[::-1]
