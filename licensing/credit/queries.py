"""Reads on credit, scoped to the actor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from licensing import policy
from licensing.clock import local_date
from licensing.credit.journal import not_found, subject_of
from licensing.credit.machine import EVENT_NAMES, FINAL, PENDING, Event, State, possible
from licensing.credit.rules import Eligibility, Kind, Seen, bars_promises, eligibility
from licensing.credit.tables import CreditEntry
from licensing.parties.queries import person_names
from licensing.parties.tables import Authority, Company
from licensing.policy import Action, Actor, Ruling, Subject
from licensing.storage import Work, reading
from licensing.words import Said, say


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of the history of an entry."""

    title: Said
    at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Everything a page about one entry shows; ``bars`` tells whether the company may not promise because of it."""

    entry: CreditEntry
    kind: Kind
    state: State
    company: Company
    authority: Authority
    bars: bool
    history: tuple[HistoryLine, ...]
    rulings: Mapping[Action, Ruling]

    def can(self, action: Action) -> bool:
        """Whether the button for ``action`` is shown: the machine allows it now, and the policy does or only wants the second factor."""
        ruling = self.rulings.get(action)
        return ruling is not None and (ruling.allowed or ruling.needs_second_factor)


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry in a list."""

    entry: CreditEntry
    company: Company
    bars: bool


@dataclass(frozen=True, slots=True)
class Entries:
    """A page of entries, newest first; ``next_key`` continues after it."""

    rows: tuple[EntryRow, ...]
    next_key: int | None


def entries_of(session: Session, company_id: int) -> list[Seen]:
    """Every entry of a company, oldest first."""
    rows = session.scalars(select(CreditEntry).where(CreditEntry.company_id == company_id).order_by(CreditEntry.id))
    return [_seen(row) for row in rows]


def eligibility_of(session: Session, company_id: int, today: date) -> Eligibility:
    """Whether a company may promise on ``today``, with all that was seen."""
    return eligibility(entries_of(session, company_id), today)


def credit_of_my_companies(actor: Actor) -> list[EntryRow]:
    """The entries of all companies in which the actor has a seat, newest first."""
    with reading(actor) as look:
        query = _rows().where(CreditEntry.company_id.in_(actor.company_ids)).order_by(CreditEntry.id.desc())
        return [_row(look, *found) for found in look.session.execute(query)]


def register(actor: Actor, *, search: str = "", after: int | None = None, size: int = 50) -> Entries:
    """The entries that the actor's authorities made, newest first; those about the actor's own companies are left out."""
    with reading(actor) as look:
        return _page(look, _matching(_of_my_authorities(look), search), after, size)


def waiting(actor: Actor, most: int = 50) -> tuple[EntryRow, ...]:
    """The entries of the actor's authorities that wait for a decision, the longest wait first, at most so many."""
    with reading(actor) as look:
        query = _of_my_authorities(look).where(CreditEntry.state.in_(PENDING)).order_by(CreditEntry.updated_at, CreditEntry.id)
        return tuple(_row(look, *found) for found in look.session.execute(query.limit(most)))


def public_entries(search: str = "", *, after: int | None = None, size: int = 50) -> Entries:
    """What the credit record publishes: entries that have not ended, newest first."""
    with reading(policy.SYSTEM) as look:
        today = local_date(look.now)
        current = or_(CreditEntry.ends_on.is_(None), CreditEntry.ends_on >= today)
        query = _rows().where(CreditEntry.published, CreditEntry.state.not_in(FINAL), current)
        return _page(look, _matching(query, search), after, size)


def entry_page(actor: Actor, entry_id: int) -> EntryPage:
    """One entry with its history. Raises ``NotFound`` when it is not the actor's to see."""
    with reading(actor) as look:
        entry = look.session.get(CreditEntry, entry_id)
        if entry is None or not policy.rule_on(actor, Action.CREDIT_READ, subject_of(entry), now=look.now):
            raise not_found()
        subject, window = subject_of(entry), timedelta(seconds=look.settings.reauthentication_window)
        names = person_names(look.session, {event.actor_id for event in entry.events if event.actor_id is not None})
        actions = {row.action for row in possible(State(entry.state))}
        return EntryPage(
            entry=entry,
            kind=Kind(entry.kind),
            state=State(entry.state),
            company=look.session.get_one(Company, entry.company_id),
            authority=look.session.get_one(Authority, entry.authority_id),
            bars=bars_promises(_seen(entry), local_date(look.now)),
            history=tuple(
                HistoryLine(say(EVENT_NAMES[Event(event.type)]), event.at, names.get(event.actor_id or 0, ""), str(event.data["reason"]))
                for event in entry.events
            ),
            rulings={action: policy.rule_on(actor, action, subject, now=look.now, window=window) for action in actions},
        )


def _rows() -> Any:
    return select(CreditEntry, Company).join(Company, Company.id == CreditEntry.company_id)


def _of_my_authorities(look: Work) -> Any:
    policy.require(look.actor, Action.REGISTER_READ, Subject(), now=look.now)
    return _rows().where(CreditEntry.authority_id.in_(look.actor.authority_ids), CreditEntry.company_id.not_in(look.actor.company_ids))


def _matching(query: Any, search: str) -> Any:
    if not search:
        return query
    pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    columns = (Company.name, Company.uscc, CreditEntry.number)
    return query.where(or_(*(column.ilike(pattern, escape="\\") for column in columns)))


def _page(look: Work, query: Any, after: int | None, size: int) -> Entries:
    if after is not None:
        query = query.where(CreditEntry.id < after)
    found = look.session.execute(query.order_by(CreditEntry.id.desc()).limit(size + 1)).all()
    rows = tuple(_row(look, *one) for one in found[:size])
    return Entries(rows, rows[-1].entry.id if len(found) > size else None)


def _row(look: Work, entry: CreditEntry, company: Company) -> EntryRow:
    return EntryRow(entry, company, bars_promises(_seen(entry), local_date(look.now)))


def _seen(entry: CreditEntry) -> Seen:
    return Seen(entry.number, Kind(entry.kind), State(entry.state), entry.entered_on, entry.ends_on)
