"""The worklist of an office: whose work, in which state, how urgent, by which name; and the cases behind a number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, tuple_

from licensing.cases.awaited import Awaited, awaited
from licensing.cases.counted import Behind, conditions
from licensing.cases.journal import require
from licensing.cases.lateness import THRESHOLDS, Card
from licensing.cases.machine import FINAL, State
from licensing.cases.tables import Case, CaseAssignment, CaseMeasure, CaseSeen, SavedFilter
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Matter
from licensing.clock import Calendar, add_working_days, days_left, local_date
from licensing.clock.queries import calendar_now
from licensing.parties.queries import officers
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import Action, Actor, Role, Subject
from licensing.storage import Work, reading

SOON = dict(THRESHOLDS)[Card.YELLOW]
NO_DATE = date(9999, 12, 31)
WORK_STATES: Mapping[Role, tuple[State, ...]] = {
    Role.INTAKE: (State.SUBMITTED, State.CORRECTION),
    Role.EXAMINER: (State.ACCEPTED, State.EVALUATING, State.HAND_IN),
    Role.APPROVER: (State.PROPOSED, State.PUBLICITY, State.ISSUING, State.NOTIFIED, State.ANSWERED),
}
RUNNING = tuple(state for state in State if state not in FINAL and state is not State.DRAFT)


class Risk(StrEnum):
    """How urgent a case is: late, due within :data:`SOON` working days, or with a clock that stands."""

    LATE = "late"
    SOON = "soon"
    STANDING = "standing"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which cases are asked for. Without ``states`` those that wait for the reader's posts.

    ``holder`` is who works on them; ``free`` asks for those on which nobody works yet.
    """

    states: tuple[State, ...] | None = None
    matter: str = ""
    search: str = ""
    risk: Risk | None = None
    holder: int | None = None
    free: bool = False
    region: str = ""
    authority: int | None = None
    behind: Behind | None = None


EVERYTHING = Asked()


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One case on the worklist: what, whose, where it stands and with whom, how many working days are left (negative when late).

    ``holder`` is the name of who works on it; ``unseen`` is true when something happened since the reader last looked; ``awaited`` is what
    the clock stands for, where it stands for a commission.
    """

    case: Case
    company: Company
    matter: Matter
    days_left: int | None
    authority: Authority
    holder: str | None
    unseen: bool
    awaited: Awaited | None


@dataclass(frozen=True, slots=True)
class Worklist:
    """A page of the worklist; ``next_key`` continues after it."""

    rows: tuple[WorklistRow, ...]
    next_key: str | None


def worklist(actor: Actor, asked: Asked = EVERYTHING, *, after: str | None = None, size: int = 50) -> Worklist:
    """The cases of the authorities that the actor may read, the least time left first; keyset-paged by ``after``.

    Without states it shows what waits for the posts that the actor holds. Cases of the actor's own companies are left out.
    """
    with reading(actor) as look:
        require(look, Action.WORKLIST_READ, Subject())
        found = look.session.execute(page_query(look, asked, after).limit(size + 1)).all()
        calendar, day = calendar_now(look.session), local_date(look.now)
        standing = awaited(look.session, (row.Case for row in found[:size]), calendar)
        rows = tuple(_row(row, calendar, day, standing) for row in found[:size])
        last = rows[-1].case if len(found) > size else None
        return Worklist(rows, f"{last.sort_on}_{last.id}" if last else None)


def offices(actor: Actor) -> dict[int, Authority]:
    """The authorities whose files the actor may read, in order of region, so that each stands after the one above it; by id."""
    with reading(actor) as look:
        query = select(Authority).where(Authority.id.in_(actor.readable_ids)).order_by(Authority.region_code, Authority.id)
        return {row.id: row for row in look.session.scalars(query)}


def page_query(look: Work, asked: Asked, after: str | None) -> Any:
    """The cases in order, from ``after`` on. The order is that of an index, so that a deep page costs no more than the first one."""
    actor = look.actor
    states = asked.states if asked.states is not None else states_of(actor)
    where = actor.readable_ids if asked.states is not None else actor.authority_ids
    query: Any = (
        select(Case, Company, Authority, Person.name, CaseSeen.sequence)
        .join(Company, Company.id == Case.company_id)
        .join(Authority, Authority.id == Case.authority_id)
        .outerjoin(CaseAssignment, CaseAssignment.case_id == Case.id)
        .outerjoin(Person, Person.id == CaseAssignment.person_id)
        .outerjoin(CaseSeen, and_(CaseSeen.case_id == Case.id, CaseSeen.person_id == actor.person_id))
        .where(Case.authority_id.in_(where), Case.state.in_(states), Case.company_id.not_in(actor.company_ids))
        .where(*_wanted(look, asked))
        .order_by(Case.sort_on, Case.id)
    )
    if after:
        day, _, last_id = after.partition("_")
        query = query.where(tuple_(Case.sort_on, Case.id) > (date.fromisoformat(day), int(last_id)))
    return query


def states_of(actor: Actor) -> tuple[State, ...]:
    """The states in which a case waits for the posts that the actor holds."""
    mine = [state for post in actor.posts for state in WORK_STATES.get(post.role, ())]
    return tuple(dict.fromkeys(mine))


def colleagues(actor: Actor) -> dict[int, str]:
    """Everybody with a post at the actor's authorities, the actor included; names by id."""
    with reading(actor) as look:
        require(look, Action.WORKLIST_READ, Subject())
        day = local_date(look.now)
        return {person.id: person.name for place in sorted(actor.authority_ids) for person in officers(look.session, place, day)}


def saved_filters(actor: Actor) -> list[SavedFilter]:
    """The filters that the actor kept, by name."""
    with reading(actor) as look:
        return list(look.session.scalars(select(SavedFilter).where(SavedFilter.person_id == actor.person_id).order_by(SavedFilter.name)))


def _wanted(look: Work, asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.matter:
        found.append(Case.matter == asked.matter)
    if asked.search:
        found.append(_matches(asked.search))
    if asked.risk is not None:
        found += _at_risk(asked.risk, local_date(look.now), calendar_now(look.session))
    if asked.holder is not None:
        found.append(CaseAssignment.person_id == asked.holder)
    if asked.free:
        found.append(CaseAssignment.case_id.is_(None))
    if asked.authority is not None:
        found.append(Case.authority_id == asked.authority)
    if asked.region:
        found.append(exists(select(1).where(CaseMeasure.case_id == Case.id, CaseMeasure.region == asked.region)))
    if asked.behind is not None:
        found.append(exists(select(1).where(CaseMeasure.case_id == Case.id, *conditions(asked.behind))))
    return found


def _at_risk(risk: Risk, day: date, calendar: Calendar) -> list[ColumnElement[bool]]:
    if risk is Risk.LATE:
        return [Case.sort_on < day]
    if risk is Risk.SOON:
        return [Case.sort_on >= day, Case.sort_on <= add_working_days(day, SOON, calendar)]
    return [Case.sort_on == NO_DATE, Case.state.in_(RUNNING)]


def _matches(search: str) -> ColumnElement[bool]:
    pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    columns = (Case.project_name, Case.public_number, Company.name)
    return or_(*(column.ilike(pattern, escape="\\") for column in columns))


def _row(found: Any, calendar: Calendar, day: date, standing: Mapping[int, Awaited]) -> WorklistRow:
    case, company, authority, holder, seen = found
    left = days_left(case.due_on, day, calendar) if case.due_on else None
    unseen = seen is None or seen < case.sequence
    return WorklistRow(case, company, load_catalogue().matter(case.matter), left, authority, holder, unseen, standing.get(case.id))
