"""Signed ballots 记名投票: each member of a panel votes once, with reasons for every group of conditions, and never otherwise again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.journal import Loaded, hold, load, moved_on, not_found, require
from licensing.cases.machine import State
from licensing.cases.tables import Ballot, Case
from licensing.errors import Conflict, FieldError, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.notices.actions import notify_post
from licensing.policy import Action, Actor, Role
from licensing.storage import Work, unit_of_work
from licensing.words import Said, say

LEAF: Final = "ballot"
LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Vote:
    """Whether the applicant meets the conditions, and why, for each group of conditions by its code."""

    meets: bool | None
    reasons: Mapping[str, str]


def cast(actor: Actor, case_id: int, vote: Vote) -> None:
    """Vote as a member of the panel. Who voted last lets the examiner know that all have.

    Raises ``Invalid`` (``incomplete``) and ``Conflict`` (``voted-already``).
    """
    with unit_of_work(actor) as work:
        hold(work, case_id)
        case = load_review(work, case_id, Action.PANEL_VOTE)
        if case.view.state is not State.EVALUATING or case.view.review is None:
            raise moved_on()
        before = ballots_of(work.session, case)
        if any(ballot.person_id == actor.person_id for ballot in before):
            raise Conflict(
                say("You have voted; a vote is never changed."), next_step=say("Your vote stands on your page."), code="voted-already"
            )
        _check(case, vote)
        row = Ballot(
            case_id=case_id,
            sequence=case.view.review["sequence"],
            person_id=actor.person_id,
            meets=vote.meets,
            reasons={group.code: vote.reasons[group.code] for group in case.matter.procedure.groups},
            cast_at=work.now,
        )
        work.session.add(row)
        work.session.flush()
        append(work, LEAF, _subject(case.row, row), row_digest(row))
        if len(before) + 1 == len(case.view.panel):
            _tell_the_examiner(work, case)


def load_review(work: Work, case_id: int, action: Action) -> Loaded:
    """The case, if the actor of ``work`` sits on its panel and may do ``action``. For everybody else there is no such review: ``NotFound``,
    whatever else of the case they may see.
    """
    case = load(work.session, case_id)
    if work.actor.person_id not in case.view.panel:
        raise not_found()
    require(work, action, case.subject)
    return case


def ballots_of(session: Session, case: Loaded) -> list[Ballot]:
    """The ballots of the panel that sits now, in the order in which they were cast. Who may see them is for the caller to ask."""
    if case.view.review is None:
        return []
    mine = (Ballot.case_id == case.row.id, Ballot.sequence == case.view.review["sequence"], Ballot.person_id.in_(case.view.panel))
    return list(session.scalars(select(Ballot).where(*mine).order_by(Ballot.id)))


def ballots_missing(cast_already: int, members: int) -> Conflict:
    """Why there is no opinion of a panel yet."""
    return Conflict(
        say("%(count)s of %(all)s experts have voted.", count=cast_already, all=members),
        next_step=say("Remind those whose vote is missing, or replace them."),
        code="ballots-missing",
    )


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the ballots; nothing when all is well."""
    rows = session.execute(select(Case, Ballot).join(Ballot, Ballot.case_id == Case.id).order_by(Ballot.id))
    yield from unaccounted(session, {LEAF}, (Fact(LEAF, _subject(case, ballot), row_digest(ballot)) for case, ballot in rows))


def _check(case: Loaded, vote: Vote) -> None:
    wrong: dict[str, Said] = {}
    if vote.meets is None:
        wrong["meets"] = say("Choose how you vote.")
    for group in case.matter.procedure.groups:
        reason = vote.reasons.get(group.code, "")
        if not reason:
            wrong[f"reason_{group.code}"] = say("Say what you found, and why it is enough or not.")
        elif len(reason) > LONGEST:
            wrong[f"reason_{group.code}"] = say("At most %(limit)s characters are possible.", limit=LONGEST)
    if wrong:
        complaints = [FieldError(name, "required", sentence) for name, sentence in wrong.items()]
        raise Invalid(say("The ballot is not complete."), complaints, code="incomplete")


def _tell_the_examiner(work: Work, case: Loaded) -> None:
    if case.row.authority_id is not None:
        said = say("All experts have voted on case %(number)s. Record the opinion of the panel.", number=case.row.public_number)
        notify_post(work, case.row.authority_id, Role.EXAMINER, said, case_id=case.row.id, reference=case.row.public_number)


def _subject(case: Case, row: Ballot) -> str:
    return f"{case.public_number}/{row.sequence}/{row.person_id}"
