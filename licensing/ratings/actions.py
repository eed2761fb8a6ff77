"""Rate a finished case, once, and answer a bad rating, once. Each is one transaction and stands in the log."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from licensing.cases.journal import Loaded, load_for, not_found, require, subject_of
from licensing.cases.machine import FINAL
from licensing.cases.view import CaseView
from licensing.clock import add_working_days, local_date
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.notices.actions import notify_company, notify_post
from licensing.policy import Action, Actor, Role, Subject
from licensing.ratings.rules import check_answer, check_rating, clean, is_bad
from licensing.ratings.tables import Rating
from licensing.storage import Work, unit_of_work
from licensing.words import say

LEAF: Final = "rating"
ANSWER_LEAF: Final = "rating-answer"
LATER: Final = ("finding", "answer", "answered_at", "answered_by")
"""The columns of a rating that its answer fills."""


def rate(actor: Actor, case_id: int, level: int, words: str = "") -> int:
    """Rate the handling of a finished case; the id of the rating. A bad one is told to the supervisors, who have to answer it.

    Raises ``Invalid`` (``incomplete``), and ``Conflict``: ``not-finished``, ``already-rated``.
    """
    text = clean(words)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_RATE)
        chosen = check_rating(level, text)
        _check_may_be_rated(work, case)
        today = local_date(work.now)
        due = add_working_days(today, work.settings.rating_answer_days, calendar_now(work.session)) if is_bad(chosen) else None
        row = Rating(
            case_id=case_id,
            company_id=case.row.company_id,
            authority_id=case.row.authority_id,
            level=int(chosen),
            words=text,
            rated_at=work.now,
            rated_by=actor.person_id,
            answer_due=due,
            finding="",
            answer="",
        )
        work.session.add(row)
        work.session.flush()
        append(work, LEAF, case.row.public_number, row_digest(row, without=LATER))
        if due is not None:
            said = say("A bad rating has to be checked and answered by %(day)s.", day=due.isoformat())
            notify_post(work, row.authority_id, Role.SUPERVISOR, said, reference=case.row.public_number)
        return row.id


def answer(actor: Actor, rating_id: int, finding: str, text: str) -> None:
    """Say to a bad rating what was found and what follows; the applicant is told.

    Raises ``Invalid`` (``incomplete``), and ``Conflict`` (``already-answered``) when there is nothing to answer any more.
    """
    words = clean(text)
    with unit_of_work(actor) as work:
        row = work.session.get(Rating, rating_id, with_for_update=True)
        if row is None:
            raise not_found()
        case = load_for(work, row.case_id, Action.CASE_READ)
        require(work, Action.RATING_ANSWER, rating_subject(case))
        found = check_answer(finding, words)
        if row.answer_due is None or row.answered_at is not None:
            raise Conflict(
                say("There is nothing to answer here any more."),
                next_step=say("Load the page again and look at what was answered."),
                code="already-answered",
            )
        row.finding, row.answer, row.answered_at, row.answered_by = found, words, work.now, actor.person_id
        work.session.flush()
        append(work, ANSWER_LEAF, case.row.public_number, row_digest(row))
        said = say("The authority answered your rating of case %(number)s.", number=case.row.public_number)
        notify_company(work, row.company_id, said, case_id=row.case_id, reference=case.row.public_number)


def rating_subject(case: Loaded) -> Subject:
    """The case as the policy sees it when its rating is answered: nobody answers criticism of their own handling."""
    return subject_of(case.row, case.view.handlers, case.view.panel)


def may_be_rated(view: CaseView) -> bool:
    """Whether the case came to an end at an authority, so that there was a handling to rate."""
    return view.state in FINAL and bool(view.submissions)


def _check_may_be_rated(work: Work, case: Loaded) -> None:
    if not may_be_rated(case.view) or case.row.authority_id is None:
        raise Conflict(
            say("Only a finished case can be rated."), next_step=say("Come back when the case has been decided."), code="not-finished"
        )
    if work.session.scalar(select(Rating.id).where(Rating.case_id == case.row.id)) is not None:
        raise Conflict(
            say("This case was rated already."),
            next_step=say("Its page shows the rating, and the answer if there is one."),
            code="already-rated",
        )
