"""Whether the cases are still what happened: each event stands in the log, and cached columns and figures say what the events say."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from licensing.cases.deadlines import deadline
from licensing.cases.figures import Measure, measure
from licensing.cases.journal import EVENT_LEAF, event_subject, happened
from licensing.cases.measures import columns_of
from licensing.cases.replay import replay
from licensing.cases.rules import decided_on, region_of
from licensing.cases.tables import Case, CaseMeasure, CaseMeasureCorrection
from licensing.cases.view import CaseView
from licensing.catalogue import load_catalogue
from licensing.clock import Calendar
from licensing.clock.queries import calendar_now, calendars_since
from licensing.errors import LeizhengError
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.words import say


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the cases and their events; nothing when all is well."""
    cases = list(session.scalars(select(Case).options(selectinload(Case.events)).order_by(Case.id)))
    facts = (Fact(EVENT_LEAF, event_subject(row, event), row_digest(event)) for row in cases for event in row.events)
    yield from unaccounted(session, {EVENT_LEAF}, facts)
    calendar = calendar_now(session)
    corrected: dict[int, set[str]] = {}
    for target in session.scalars(select(CaseMeasureCorrection)):
        corrected.setdefault(target.case_id, set()).add(target.target)
    kept = {measured.case_id: measured for measured in session.scalars(select(CaseMeasure))}
    for row in cases:
        yield from _cached(row, calendar)
        if row.id in kept:
            yield from _measured(session, row, kept[row.id], corrected.get(row.id, set()))


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


def _measured(session: Session, row: Case, kept: CaseMeasure, corrected: set[str]) -> Iterator[Problem]:
    """A measure counts days by the calendar of its time. One that is behind is no problem: the worker measures such a case again."""
    if kept.sequence != row.sequence:
        return
    try:
        events, matter = [happened(event) for event in row.events], load_catalogue().matter(row.matter)
        found = (measure(events, matter, calendar) for calendar in calendars_since(session, row.events[-1].at))
        agrees = any(one is not None and one.corrected == corrected and _is_written(kept, one, row) for one in found)
    except (LeizhengError, ValueError, KeyError, TypeError, IndexError):  # an event that was tampered with may say anything
        agrees = False
    if not agrees:
        yield Problem(row.public_number, "measure-differs", say("The figures of the case are not what its events say."))


def _is_written(kept: CaseMeasure, found: Measure, row: Case) -> bool:
    return all(getattr(kept, name) == value for name, value in columns_of(found, row, row.sequence).items())


def _due_on(row: Case, view: CaseView, calendar: Calendar) -> object:
    running = deadline(view, load_catalogue().matter(row.matter), calendar)
    return running.due if running else None
