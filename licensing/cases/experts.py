"""The pool of experts of an authority 评审专家库: who may be drawn onto a panel, kept by its supervisors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.journal import not_found, require
from licensing.cases.tables import Expert
from licensing.clock import local_date
from licensing.errors import Conflict, FieldError, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.notices.actions import notify_person
from licensing.parties.queries import authority as authority_of
from licensing.parties.queries import person_names
from licensing.parties.rules import canonical_uscc
from licensing.parties.tables import Authority
from licensing.policy import Action, Actor, Subject, rule_on
from licensing.storage import Work, reading, unit_of_work
from licensing.words import Said, say

LEAF: Final = "expert"
ENDED_LEAF: Final = "expert-ended"
LATER: Final = ("ended_at", "ended_by")
"""The columns of an entry that its end fills."""
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """What a supervisor says of an expert. The employer's credit code may be unknown; its name may not."""

    specialities: str
    employer: str
    employer_uscc: str = ""


@dataclass(frozen=True, slots=True)
class Pool:
    """The pool of one authority: its entries with the names of the people, those in force first; whether the reader keeps it."""

    authority: Authority
    entries: tuple[Expert, ...]
    names: Mapping[int, str]
    may_keep: bool


def enter(actor: Actor, authority_id: int, person_id: int | None, entry: Entry) -> int:
    """Put a person with an account into the pool; who it is is told to that person. The id of the entry.

    Raises ``Invalid`` (``incomplete``) and ``Conflict`` (``already-expert``).
    """
    with unit_of_work(actor) as work:
        require(work, Action.POOL_KEEP, Subject(authority_id=authority_id))
        code = _check(entry, person_id)
        if person_id in {row.person_id for row in active(work.session, authority_id)}:
            raise Conflict(say("This person is in the pool already."), next_step=say("Look at the list."), code="already-expert")
        row = Expert(
            authority_id=authority_id,
            person_id=person_id,
            specialities=entry.specialities,
            employer=entry.employer,
            employer_uscc=code,
            active_from=local_date(work.now),
            entered_at=work.now,
            entered_by=actor.person_id,
        )
        work.session.add(row)
        work.session.flush()
        append(work, LEAF, str(row.id), row_digest(row, without=LATER))
        name = authority_of(work.session, authority_id).name
        notify_person(work, row.person_id, say("%(authority)s entered you in its pool of experts.", authority=name))
        return row.id


def end(actor: Actor, expert_id: int) -> None:
    """Nobody is drawn by this entry any more; a panel on which the expert sits already is not changed by it. Twice is once.

    Raises ``NotFound`` for an entry in the pool of an authority at which the actor has no post.
    """
    with unit_of_work(actor) as work:
        row = work.session.get(Expert, expert_id, with_for_update=True)
        if row is None or row.authority_id not in actor.authority_ids:
            raise not_found()
        require(work, Action.POOL_KEEP, Subject(authority_id=row.authority_id))
        if row.ended_at is None:
            row.ended_at, row.ended_by = work.now, actor.person_id
            work.session.flush()
            append(work, ENDED_LEAF, str(row.id), row_digest(row))


def pools(actor: Actor) -> tuple[Pool, ...]:
    """The pools of the authorities where the actor's post lets them be read. Raises ``Forbidden`` where no post does."""
    with reading(actor) as look:
        require(look, Action.POOL_READ, Subject())
        return tuple(_pool(look, one) for one in sorted(actor.authority_ids) if _may(look, Action.POOL_READ, one))


def is_expert(actor: Actor) -> bool:
    """Whether the person is, or was, in any pool."""
    with reading(actor) as look:
        return look.session.scalar(select(Expert.id).where(Expert.person_id == actor.person_id).limit(1)) is not None


def active(session: Session, authority_id: int) -> list[Expert]:
    """The entries of a pool that are in force, in order of person."""
    query = select(Expert).where(Expert.authority_id == authority_id, Expert.ended_at.is_(None)).order_by(Expert.person_id)
    return list(session.scalars(query))


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the pools; nothing when all is well."""
    rows = session.scalars(select(Expert).order_by(Expert.id))
    yield from unaccounted(session, {LEAF, ENDED_LEAF}, (fact for row in rows for fact in _facts(row)))


def _facts(row: Expert) -> Iterator[Fact]:
    yield Fact(LEAF, str(row.id), row_digest(row, without=LATER))
    if row.ended_at is not None or row.ended_by is not None:
        yield Fact(ENDED_LEAF, str(row.id), row_digest(row))


def _pool(look: Work, authority_id: int) -> Pool:
    query = select(Expert).where(Expert.authority_id == authority_id).order_by(Expert.ended_at.is_not(None), Expert.id)
    entries = tuple(look.session.scalars(query))
    names = person_names(look.session, {entry.person_id for entry in entries})
    return Pool(authority_of(look.session, authority_id), entries, names, _may(look, Action.POOL_KEEP, authority_id))


def _may(look: Work, action: Action, authority_id: int) -> bool:
    return bool(rule_on(look.actor, action, Subject(authority_id=authority_id), now=look.now))


def _check(entry: Entry, person_id: int | None) -> str:
    """The employer's canonical credit code. Raises ``Invalid`` with everything that is wrong."""
    wrong: dict[str, Said] = {}
    if person_id is None:
        wrong["address"] = say("No account has this address. Ask the expert to register first.")
    if not entry.specialities:
        wrong["specialities"] = say("Enter what the expert is an expert for.")
    if not entry.employer:
        wrong["employer"] = say("Enter the employer, as the conflicts of the expert are told by it.")
    for name, text in (("specialities", entry.specialities), ("employer", entry.employer)):
        if len(text) > LONGEST:
            wrong[name] = say("At most %(limit)s characters are possible.", limit=LONGEST)
    code = ""
    try:
        code = canonical_uscc(entry.employer_uscc) if entry.employer_uscc else ""
    except Invalid as error:
        wrong["employer_uscc"] = error.sentence
    if wrong:
        complaints = [FieldError(name, "invalid", sentence) for name, sentence in wrong.items()]
        raise Invalid(say("The entry is not complete."), complaints, code="incomplete")
    return code
