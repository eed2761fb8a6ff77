"""How an office shares its work: who works on a case, what was seen, and filters that somebody keeps. None of it changes a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from licensing.cases.journal import not_found, require, subject_of
from licensing.cases.tables import Case, CaseAssignment, CaseSeen, SavedFilter
from licensing.clock import local_date
from licensing.errors import Invalid
from licensing.parties.queries import officers, seated
from licensing.policy import Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say

MOST_FILTERS = 20
LONGEST_NAME = 60


def assign(actor: Actor, case_ids: Sequence[int], person_id: int) -> None:
    """Let a colleague work on these cases, all of them or none; whoever had them before has them no more.

    Raises ``NotFound`` and ``Forbidden`` as the policy says, ``Invalid`` (``not-a-colleague``) for somebody without a post at the
    authority of a case, or of the company that applies.
    """
    with unit_of_work(actor) as work:
        for row in _cases(work, case_ids):
            _check_colleague(work, row, person_id)
            kept = work.session.get(CaseAssignment, row.id) or CaseAssignment(case_id=row.id)
            kept.person_id, kept.assigned_by, kept.assigned_at = person_id, _person(actor), work.now
            work.session.add(kept)


def release(actor: Actor, case_id: int) -> None:
    """Nobody works on the case any more."""
    with unit_of_work(actor) as work:
        for row in _cases(work, [case_id]):
            kept = work.session.get(CaseAssignment, row.id)
            if kept is not None:
                work.session.delete(kept)


def look_at(actor: Actor, case_id: int) -> None:
    """The actor looks at a case; written down only when something happened since the last time."""
    with reading(actor) as look:
        row, kept = look.session.get(Case, case_id), look.session.get(CaseSeen, (_person(actor), case_id))
        news = row is not None and (kept is None or kept.sequence < row.sequence)
    if news:
        mark_seen(actor, [case_id])


def mark_seen(actor: Actor, case_ids: Sequence[int]) -> None:
    """The actor has seen these cases as they are now; whoever may read a case may."""
    with unit_of_work(actor) as work:
        for row in _cases(work, case_ids, Action.CASE_READ):
            kept = work.session.get(CaseSeen, (_person(actor), row.id)) or CaseSeen(person_id=_person(actor), case_id=row.id)
            kept.sequence = row.sequence
            work.session.add(kept)


def save_filter(actor: Actor, name: str, asked: Mapping[str, str]) -> None:
    """Keep a filter under a name; the same name again replaces it. Raises ``Invalid`` (``name-needed``, ``too-many-filters``)."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Invalid(say("Give the filter a name of at most %(limit)s characters.", limit=LONGEST_NAME), code="name-needed")
    with unit_of_work(actor) as work:
        mine = SavedFilter.person_id == _person(actor)
        kept = work.session.scalar(select(SavedFilter).where(mine, SavedFilter.name == name))
        if kept is not None:
            kept.asked = dict(asked)
            return
        if (work.session.scalar(select(func.count()).select_from(SavedFilter).where(mine)) or 0) >= MOST_FILTERS:
            raise Invalid(
                say("You keep %(count)s filters, and that is the most.", count=MOST_FILTERS),
                next_step=say("Delete one that you need no more."),
                code="too-many-filters",
            )
        work.session.add(SavedFilter(person_id=_person(actor), name=name, asked=dict(asked)))


def drop_filter(actor: Actor, filter_id: int) -> None:
    """Delete a filter of one's own. Raises ``NotFound``."""
    with unit_of_work(actor) as work:
        kept = work.session.get(SavedFilter, filter_id)
        if kept is None or kept.person_id != actor.person_id:
            raise not_found()
        work.session.delete(kept)


def _cases(work: Work, case_ids: Sequence[int], action: Action = Action.CASE_ASSIGN) -> list[Case]:
    rows = list(work.session.scalars(select(Case).where(Case.id.in_(case_ids))))
    if len(rows) != len(set(case_ids)):
        raise not_found()
    for row in rows:
        require(work, action, subject_of(row, {}))
    return rows


def _check_colleague(work: Work, row: Case, person_id: int) -> None:
    day = local_date(work.now)
    held = {person.id for person in officers(work.session, row.authority_id or -1, day)} - seated(work.session, row.company_id, day)
    if person_id not in held:
        raise Invalid(
            say("Case %(number)s cannot be given to this person.", number=row.public_number),
            next_step=say("Choose somebody with a post at this authority who does not belong to the company that applies."),
            code="not-a-colleague",
        )


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise not_found()
    return actor.person_id
