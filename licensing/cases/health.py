"""Whether the cases are still what happened: each event stands in the log, and the cached columns say what the events say."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from licensing.cases.deadlines import deadline
from licensing.cases.journal import EVENT_LEAF, event_subject, happened
from licensing.cases.rules import CaseView, decided_on, region_of, replay
from licensing.cases.tables import Case
from licensing.catalogue import load_catalogue
from licensing.clock import Calendar
from licensing.clock.queries import calendar_now
from licensing.errors import LeizhengError
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.words import say


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the cases and their events; nothing when all is well."""
    cases = list(session.scalars(select(Case).options(selectinload(Case.events)).order_by(Case.id)))
    facts = (Fact(EVENT_LEAF, event_subject(row, event), row_digest(event)) for row in cases for event in row.events)
    yield from unaccounted(session, {EVENT_LEAF}, facts)
    calendar = calendar_now(session)
    for row in cases:
        yield from _cached(row, calendar)


def _cached(row: Case, calendar: Calendar) -> Iterator[Problem]:
    try:
        view = replay(happened(event) for event in row.events)
        cached = (row.state, row.sequence, row.due_on, row.decided_on, row.region_code)
        region = region_of(view, load_catalogue().matter(row.matter))
        agrees = cached == (view.state, len(row.events), _due_on(row, view, calendar), decided_on(view), region)
        agrees = agrees and row.changes_licence_id == (view.changes or {}).get("licence_id")
        agrees = agrees and view.authorities[-1:] in ((), (row.authority_id,))
    except (LeizhengError, ValueError, KeyError, TypeError):  # an event that was tampered with may say anything
        agrees = False
    if not agrees:
        yield Problem(row.public_number, "case-differs", say("State, date or authority of the case are not what its events say."))


def _due_on(row: Case, view: CaseView, calendar: Calendar) -> object:
    running = deadline(view, load_catalogue().matter(row.matter), calendar)
    return running.due if running else None
