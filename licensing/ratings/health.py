"""Whether the ratings are still what was given and answered: each stands in the log."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.tables import Case
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.ratings.actions import ANSWER_LEAF, LATER, LEAF
from licensing.ratings.tables import Rating


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the ratings; nothing when all is well."""
    rows = session.execute(select(Rating, Case.public_number).join(Case, Case.id == Rating.case_id).order_by(Rating.id))
    yield from unaccounted(session, {LEAF, ANSWER_LEAF}, (fact for rating, number in rows for fact in _facts(rating, number)))


def _facts(rating: Rating, number: str) -> Iterator[Fact]:
    yield Fact(LEAF, number, row_digest(rating, without=LATER))
    if rating.answered_at is not None or rating.answer or rating.finding or rating.answered_by is not None:
        yield Fact(ANSWER_LEAF, number, row_digest(rating))
