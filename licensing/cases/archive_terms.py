"""Until when the company may object to how its case ended: so long the file stays open, because an objection belongs into it.

The term is that of :mod:`licensing.cases.objectable`. A letter that nobody opened counts for the archive as received when it does not keep
the file open any more by itself; whoever opens it later may object all the same, and that lies beside the file.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from licensing.cases.journal import Loaded, happened
from licensing.cases.objectable import OBJECTABLE, remedy_term, standing
from licensing.cases.objections import letter_of, on_act
from licensing.cases.tables import Case, Objection
from licensing.catalogue import load_catalogue
from licensing.catalogue.loader import load_retention
from licensing.catalogue.model import LetterKind
from licensing.clock import CHINA, Calendar, local_date
from licensing.clock.queries import calendar_now
from licensing.letters.tables import Letter

_ONE_DAY = timedelta(days=1)
_ENDINGS = tuple(act for act in OBJECTABLE.values() if act.renews)


def objectable_until(session: Session, case: Loaded, today: date) -> date | None:
    """The last day on which the company may object to how its case ended; None when that has passed, or it did object."""
    calendar = calendar_now(session)
    for event, act in standing(map(happened, case.row.events), case.view):
        letter = letter_of(session, case.row.id, event, act)
        if letter is None or on_act(session, case.row.id, event.sequence, case.row.company_id) is not None:
            continue
        term = remedy_term(load_catalogue().letter(letter.kind), _received_on(letter), calendar)
        if term is not None and term.due is not None and today <= term.due:
            return term.due
    return None


def still_objectable(session: Session, today: date) -> ColumnElement[bool]:
    """The same as a condition on a case, for many at once."""
    calendar = calendar_now(session)
    waiting = timedelta(days=load_retention().undelivered_days)

    def runs(kind: LetterKind) -> ColumnElement[bool]:
        first = _first_received(kind, today, calendar)
        unopened = and_(Letter.opened_at.is_(None), Letter.written_at >= _begin(first - waiting))
        return and_(Letter.kind == kind.code, or_(Letter.opened_at >= _begin(first), unopened))

    running = or_(*(runs(load_catalogue().letter(act.letter)) for act in _ENDINGS))
    mine = (Objection.case_id == Case.id, Objection.company_id == Case.company_id)
    objected = exists(select(1).where(*mine, Objection.about.in_([act.event for act in _ENDINGS])))
    return and_(exists(select(1).where(Letter.case_id == Case.id, running)), ~objected)


def _received_on(letter: Letter) -> date:
    if letter.opened_at is not None:
        return local_date(letter.opened_at)
    return local_date(letter.written_at) + timedelta(days=load_retention().undelivered_days)


def _first_received(kind: LetterKind, today: date, calendar: Calendar) -> date:
    """The earliest day on which a letter can have been received whose term still runs today: a last day off moves on."""
    first = today - timedelta(days=kind.remedy_days)
    while (term := remedy_term(kind, first - _ONE_DAY, calendar)) is not None and term.due is not None and term.due >= today:
        first -= _ONE_DAY
    return first


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
