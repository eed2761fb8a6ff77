"""Reads on ratings: mine, those that wait for an answer, and counts for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from licensing.cases.journal import load_for, may, not_found
from licensing.cases.tables import Case
from licensing.clock import Calendar, days_left, local_date
from licensing.clock.queries import calendar_now
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM, Action, Actor, Ruling, Subject, require
from licensing.ratings.actions import may_be_rated
from licensing.ratings.rules import Level, satisfied_share
from licensing.ratings.tables import Rating
from licensing.storage import reading


@dataclass(frozen=True, slots=True)
class Row:
    """One bad rating in a list; ``days_left`` are working days, negative when late, None once it is answered."""

    rating: Rating
    case: Case
    company: Company
    days_left: int | None


@dataclass(frozen=True, slots=True)
class Rows:
    """A page of ratings; ``next_key`` continues after it."""

    rows: tuple[Row, ...]
    next_key: int | None


@dataclass(frozen=True, slots=True)
class RatingPage:
    """One bad rating with what its page shows."""

    rating: Rating
    case: Case
    company: Company
    authority: Authority
    days_left: int | None
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Figures:
    """How often each level was given to one authority, how many bad ones were answered, and how many of a hundred were satisfied."""

    authority: Authority
    counts: Mapping[Level, int]
    to_answer: int
    answered: int

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def share(self) -> int | None:
        return satisfied_share(self.counts)


def of_case(actor: Actor, case_id: int) -> tuple[Rating | None, bool]:
    """The rating of a case, and whether the actor may give one now. Raises ``NotFound`` when the case is not the actor's to see."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        found = look.session.scalar(select(Rating).where(Rating.case_id == case_id))
        allowed = may(actor, Action.CASE_RATE, case, look).allowed
        return found, found is None and allowed and may_be_rated(case.view) and case.row.authority_id is not None


def waiting(actor: Actor, *, answered: bool = False, after: int | None = None, size: int = 30) -> Rows:
    """The bad ratings of the actor's authorities: those that wait, the oldest first; or the answered ones, the newest first."""
    with reading(actor) as look:
        require(actor, Action.RATING_READ, Subject(), now=look.now)
        query = (
            select(Rating, Case, Company)
            .join(Case, Case.id == Rating.case_id)
            .join(Company, Company.id == Rating.company_id)
            .where(
                Rating.authority_id.in_(actor.authority_ids),
                Rating.company_id.not_in(actor.company_ids),
                Rating.answer_due.is_not(None),
                Rating.answered_at.is_not(None) if answered else Rating.answered_at.is_(None),
            )
        )
        if after is not None:
            query = query.where(Rating.id < after if answered else Rating.id > after)
        found = look.session.execute(query.order_by(Rating.id.desc() if answered else Rating.id).limit(size + 1)).all()
        today, calendar = local_date(look.now), calendar_now(look.session)
        rows = tuple(Row(rating, case, company, _left(rating, today, calendar)) for rating, case, company in found[:size])
        return Rows(rows, rows[-1].rating.id if len(found) > size else None)


def rating_page(actor: Actor, rating_id: int) -> RatingPage:
    """One bad rating, for an officer of its authority. Raises ``NotFound`` for everybody else."""
    with reading(actor) as look:
        rating = look.session.get(Rating, rating_id)
        if rating is None or rating.answer_due is None or rating.authority_id not in actor.authority_ids:
            raise not_found()
        if rating.company_id in actor.company_ids:
            raise not_found()
        case = load_for(look, rating.case_id, Action.CASE_READ)
        require(actor, Action.RATING_READ, case.subject, now=look.now)
        return RatingPage(
            rating=rating,
            case=case.row,
            company=look.session.get_one(Company, rating.company_id),
            authority=look.session.get_one(Authority, rating.authority_id),
            days_left=_left(rating, local_date(look.now), calendar_now(look.session)),
            ruling=may(actor, Action.RATING_ANSWER, case, look),
        )


def figures() -> tuple[Figures, ...]:
    """Counts by authority, for everybody; who rated, which case and what was written are not told."""
    with reading(SYSTEM) as look:
        to_answer, answered = func.count(Rating.answer_due), func.count(Rating.answered_at)
        grouped = select(Rating.authority_id, Rating.level, func.count(), to_answer, answered).group_by(Rating.authority_id, Rating.level)
        rows = look.session.execute(grouped).all()
        authorities = look.session.scalars(select(Authority).order_by(Authority.region_code, Authority.id))
        return tuple(
            Figures(
                authority,
                {level: sum(row[2] for row in mine if row[1] == level) for level in Level},
                sum(row[3] for row in mine),
                sum(row[4] for row in mine),
            )
            for authority in authorities
            if (mine := [row for row in rows if row[0] == authority.id])
        )


def _left(rating: Rating, today: date, calendar: Calendar) -> int | None:
    if rating.answer_due is None or rating.answered_at is not None:
        return None
    return days_left(rating.answer_due, today, calendar)
