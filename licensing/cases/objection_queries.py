"""Reads on objections: what a case lets its company object to, what was objected, and what waits for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from licensing.cases.journal import Loaded, happened, load_for, may, not_found, require
from licensing.cases.machine import EVENT_NAMES, Event
from licensing.cases.objectable import OBJECTABLE, PUBLICITY, Objectable, Outcome, standing
from licensing.cases.objections import (
    ANSWER,
    answer_words,
    event_of,
    is_over,
    letter_of,
    objection_subject,
    on_act,
    open_objection,
    remedy_of,
)
from licensing.cases.tables import Case, Objection
from licensing.cases.view import Happened
from licensing.catalogue import load_catalogue
from licensing.clock import Calendar, Explanation, days_left, local_date
from licensing.clock.queries import calendar_now
from licensing.letters.rules import content
from licensing.letters.tables import Letter
from licensing.parties.queries import authority as authority_of
from licensing.parties.tables import Company
from licensing.policy import Action, Actor, Ruling, Subject, rule_on
from licensing.storage import Work, reading
from licensing.words import N_, Said, say

_IN_PUBLIC = N_("The grant that is made public")
_WHEN_OPENED = N_("You can object from the day on which you open its letter; from then on the time runs that the letter names.")
_NUMBERED_LATER = "发出时编号"


@dataclass(frozen=True, slots=True)
class Against:
    """An act on a case: its event, and whether the company can object to it now.

    ``review`` explains until when, which is also how long administrative review can be asked for; ``term`` says it in words where the
    letter names no remedy, and where its time has not begun because it was not ``opened``.
    """

    sequence: int
    title: Said
    on: date
    letter: Letter | None
    possible: bool
    term: Said | None
    review: Explanation | None

    @property
    def opened(self) -> bool:
        return self.letter is None or self.letter.opened_at is not None


@dataclass(frozen=True, slots=True)
class Made:
    """An objection with what it is about. ``days_left`` are working days for the answer, negative when late, None once it is there."""

    objection: Objection
    title: Said
    days_left: int | None
    renewed_by: Case | None


@dataclass(frozen=True, slots=True)
class OfCase:
    """What can be objected to now, and what was."""

    possible: tuple[Against, ...]
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One objection in a list."""

    made: Made
    case: Case
    company: Company


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of objections; ``next_key`` continues after it."""

    rows: tuple[Row, ...]
    next_key: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many objections wait for an answer, and the day by which the first one is due."""

    count: int
    first_due: date | None


@dataclass(frozen=True, slots=True)
class ObjectionPage:
    """One objection as an officer sees it, with the letter that told of the act."""

    made: Made
    case: Case
    company: Company
    letter: Letter | None
    renews: bool
    ruling: Ruling


def of_case(actor: Actor, case_id: int) -> OfCase:
    """The objections of a case; the company sees its own, and of a stranger's only that there is one and how it was answered."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        events = map(happened, case.row.events)
        acts = (_against(look, case, event, act) for event, act in standing(events, case.view))
        allowed = may(actor, Action.CASE_OBJECT, case, look).allowed
        rows = look.session.scalars(select(Objection).where(Objection.case_id == case_id).order_by(Objection.id))
        return OfCase(tuple(act for act in acts if allowed and act.possible), tuple(_made(look, row) for row in rows))


def act_of(actor: Actor, case_id: int, sequence: int) -> Against:
    """The act that is event ``sequence`` of a case. Raises ``NotFound`` for what is none, and for a foreign case."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_OBJECT)
        event = event_of(case, sequence)
        if event is None or event.type not in OBJECTABLE:
            raise not_found()
        return _against(look, case, event, OBJECTABLE[event.type])


def waiting(actor: Actor) -> Waiting:
    """What waits at the actor's authorities."""
    with reading(actor) as look:
        found = select(func.count(Objection.id), func.min(Objection.answer_due)).join(Case, Case.id == Objection.case_id)
        count, first = look.session.execute(found.where(*_mine(look), Objection.answered_at.is_(None))).one()
        return Waiting(count, first)


def register(actor: Actor, *, answered: bool = False, after: int | None = None, size: int = 30) -> Rows:
    """The objections at the actor's authorities: those that wait, the oldest first; or the answered ones, the newest first."""
    with reading(actor) as look:
        query: Any = select(Objection, Case, Company).join(Case, Case.id == Objection.case_id).join(Company, Company.id == Case.company_id)
        query = query.where(*_mine(look), Objection.answered_at.is_not(None) if answered else Objection.answered_at.is_(None))
        found = look.session.execute(_paged(query, after, answered=answered).limit(size + 1)).all()
        rows = tuple(Row(_made(look, row), case, company) for row, case, company in found[:size])
        return Rows(rows, rows[-1].made.objection.id if len(found) > size else None)


def objection_page(actor: Actor, objection_id: int) -> ObjectionPage:
    """One objection, for an officer of the authority that has its case now. Raises ``NotFound`` for everybody else."""
    with reading(actor) as look:
        row, case = open_objection(look, objection_id)
        event = event_of(case, row.sequence)
        act = OBJECTABLE.get(Event(row.about)) if row.about != PUBLICITY else None
        return ObjectionPage(
            made=_made(look, row),
            case=case.row,
            company=look.session.get_one(Company, case.row.company_id),
            letter=letter_of(look.session, case.row.id, event, act) if event is not None and act is not None else None,
            renews=act is not None and act.renews,
            ruling=rule_on(actor, Action.CASE_ANSWER_OBJECTION, objection_subject(look.session, case), now=look.now),
        )


def letter_preview(actor: Actor, objection_id: int, outcome: str, text: str) -> dict[str, object] | None:
    """The letter that an answer to a company would send; None for a stranger, who gets none. Number and date come when it is sent."""
    with reading(actor) as look:
        row, case = open_objection(look, objection_id)
        if row.company_id is None:
            return None
        chosen = Outcome.UPHELD if outcome == Outcome.UPHELD else Outcome.REJECTED
        renewed = _NUMBERED_LATER if chosen is Outcome.UPHELD and OBJECTABLE[Event(row.about)].renews else ""
        words = answer_words(look.session, case, row, chosen, text, renewed_by=renewed)
        issuer = authority_of(look.session, case.row.authority_id or 0).name
        return content(load_catalogue().letter(ANSWER), words, number="", issuer=issuer, written_on=local_date(look.now))


def _mine(look: Work) -> tuple[Any, ...]:
    require(look, Action.REGISTER_READ, Subject())
    return Case.authority_id.in_(look.actor.authority_ids), Case.company_id.not_in(look.actor.company_ids)


def _paged(query: Any, after: int | None, *, answered: bool) -> Any:
    if after is not None:
        query = query.where(Objection.id < after if answered else Objection.id > after)
    return query.order_by(Objection.id.desc() if answered else Objection.id)


def _against(look: Work, case: Loaded, event: Happened, act: Objectable) -> Against:
    letter = letter_of(look.session, case.row.id, event, act)
    remedy, today = remedy_of(look, letter, act), local_date(look.now)
    stands = any(found.sequence == event.sequence for found, _ in standing(map(happened, case.row.events), case.view))
    free = on_act(look.session, case.row.id, event.sequence, case.row.company_id) is None
    return Against(
        sequence=event.sequence,
        title=say(EVENT_NAMES[event.type]),
        on=local_date(event.at),
        letter=letter,
        possible=stands and free and not (remedy is not None and is_over(remedy, today)),
        term=_term(act, letter, remedy),
        review=remedy,
    )


def _term(act: Objectable, letter: Letter | None, remedy: Explanation | None) -> Said | None:
    if remedy is None:
        return say(act.term)
    return say(_WHEN_OPENED) if letter is not None and letter.opened_at is None else None


def _made(look: Work, row: Objection) -> Made:
    title = say(_IN_PUBLIC) if row.about == PUBLICITY else say(EVENT_NAMES[Event(row.about)])
    left = _left(row, local_date(look.now), calendar_now(look.session)) if row.answered_at is None else None
    return Made(row, title, left, _renewed(look.session, row))


def _renewed(session: Session, row: Objection) -> Case | None:
    return session.get(Case, row.renewed_by) if row.renewed_by is not None else None


def _left(row: Objection, today: date, calendar: Calendar) -> int:
    return days_left(row.answer_due, today, calendar)
