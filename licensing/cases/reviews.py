"""An expert review as it is read: by the expert who votes, and by the officers, who see no vote before all have voted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from licensing.cases.ballots import ballots_of, load_review
from licensing.cases.evidence import handed_in
from licensing.cases.journal import Loaded, load_for, not_found
from licensing.cases.machine import Event, State
from licensing.cases.recusals import Recusal
from licensing.cases.replay import seated_after
from licensing.cases.tables import Ballot, Case, CaseDocument, CaseEvent
from licensing.cases.view import Submission
from licensing.catalogue import load_catalogue
from licensing.catalogue.conditions import Finding, findings
from licensing.catalogue.model import Matter, Step
from licensing.clock import local_date
from licensing.commitments.draws import drawn
from licensing.documents.previews import MOST_PAGES, page_picture
from licensing.parties.queries import person_names
from licensing.parties.tables import Authority, Company
from licensing.policy import Action, Actor
from licensing.storage import Work, reading


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One review of an expert, past or present; ``voted_at`` is None while the vote is missing."""

    case: Case
    matter: Matter
    authority: Authority
    is_open: bool
    voted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What an expert sees: the application while the review goes on, and one's own ballot; never that of another."""

    case: Case
    matter: Matter
    applicant: Company
    authority: Authority
    submission: Submission | None
    site_checks: tuple[Mapping[str, Any], ...]
    officers: Mapping[int, str]
    findings: tuple[Finding, ...]
    ballot: Ballot | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a panel: when the vote was cast, and the ballot, which is there only when all have voted."""

    person_id: int
    name: str
    voted_at: datetime | None
    ballot: Ballot | None


@dataclass(frozen=True, slots=True)
class DrawnList:
    """One draw of experts with its frozen list, by which it can be made again."""

    draw: Mapping[str, Any]
    listing: Mapping[str, Any]

    @property
    def excluded(self) -> tuple[tuple[str, tuple[Recusal, ...]], ...]:
        """The masked names of those who were not drawn from, each with the reasons."""
        names = self.listing["names"]
        return tuple((names.get(person, ""), tuple(Recusal(reason) for reason in reasons)) for person, reasons in self._barred.items())

    @property
    def same(self) -> bool:
        """Whether drawing again, now, gives what was drawn."""
        items = self.listing["items"]
        return drawn(items, len(items), self.draw["seed"]) == list(self.draw["order"])

    @property
    def _barred(self) -> Mapping[str, list[str]]:
        found: Mapping[str, list[str]] = self.listing["excluded"]
        return found


@dataclass(frozen=True, slots=True)
class PanelPage:
    """The panel of a case as officers see it."""

    members: tuple[Member, ...]
    draws: tuple[DrawnList, ...]
    votes_needed: int

    @property
    def missing(self) -> int:
        return sum(member.voted_at is None for member in self.members)

    @property
    def votes_for(self) -> int:
        return sum(member.ballot is not None and member.ballot.meets for member in self.members)

    @property
    def passed(self) -> bool:
        return not self.missing and self.votes_for >= self.votes_needed


def mine(actor: Actor) -> list[ReviewLine]:
    """The reviews of an expert: those that wait for a vote first, then the others, newest first."""
    with reading(actor) as look:
        codes = [matter.code for matter in load_catalogue().matters if Step.EXPERT_REVIEW in matter.procedure.steps]
        voted = {
            one.case_id: one for one in look.session.scalars(select(Ballot).where(Ballot.person_id == actor.person_id).order_by(Ballot.id))
        }
        mine = or_(and_(Case.matter.in_(codes), Case.state == State.EVALUATING), Case.id.in_(voted))
        found = look.session.execute(select(Case, Authority).join(Authority, Authority.id == Case.authority_id).where(mine)).all()
        seats = _panels(look, [case.id for case, _ in found])
        lines = [
            _line(case, authority, voted.get(case.id), seats[case.id][0])
            for case, authority in sorted(found, key=lambda row: -row[0].id)
            if case.id in seats and actor.person_id in seats[case.id][1]
        ]
        return sorted(lines, key=lambda line: not line.is_open or line.voted_at is not None)


def review_page(actor: Actor, case_id: int) -> ReviewPage:
    """One review. Raises ``NotFound`` for who does not sit on its panel."""
    with reading(actor) as look:
        case = load_review(look, case_id, Action.PANEL_READ)
        is_open = case.view.state is State.EVALUATING
        latest = case.view.submissions[-1]
        names = person_names(look.session, {int(one) for check in case.view.site_checks for one in check["officers"]})
        return ReviewPage(
            case=case.row,
            matter=case.matter,
            applicant=look.session.get_one(Company, case.row.company_id),
            authority=look.session.get_one(Authority, case.row.authority_id),
            submission=latest if is_open else None,
            site_checks=case.view.site_checks if is_open else (),
            officers=names,
            findings=findings(case.matter, latest.answers, today=local_date(latest.at)) if is_open else (),
            ballot=_own(look, case),
            is_open=is_open,
        )


def document_page(actor: Actor, case_id: int, document_id: int, page: int) -> bytes | None:
    """The picture of a page of a document of the application, while the review goes on; None where it cannot be drawn."""
    with reading(actor) as look:
        case = load_review(look, case_id, Action.PANEL_READ)
        row = look.session.get(CaseDocument, document_id)
        shown = case.view.state is State.EVALUATING and row is not None and row.case_id == case_id and row.id in handed_in(case)
        if not shown or row is None or not 1 <= page <= min(row.pages, MOST_PAGES):
            raise not_found()
    return page_picture(row.sha256, page)


def panel_page(actor: Actor, case_id: int) -> PanelPage | None:
    """The panel of a case for the officers of its authority; None where none was drawn. Raises ``NotFound``, also for the applicant."""
    with reading(actor) as look:
        case = _office_case(look, case_id)
        review = case.view.review
        if review is None:
            return None
        ballots = {ballot.person_id: ballot for ballot in ballots_of(look.session, case)}
        told = len(ballots) == len(case.view.panel)
        names = person_names(look.session, set(case.view.panel))
        members = (
            Member(one, names[one], ballots[one].cast_at if one in ballots else None, ballots[one] if told else None)
            for one in case.view.panel
        )
        lists = (DrawnList(draw, json.loads(look.files.get(draw["list_sha256"]))) for draw in case.view.draws)
        return PanelPage(tuple(members), tuple(lists), int(review["votes_needed"]))


def panel_list(actor: Actor, case_id: int, number: str) -> bytes:
    """The frozen list of a draw, byte for byte as the log holds its digest, for officers. Raises ``NotFound``."""
    with reading(actor) as look:
        case = _office_case(look, case_id)
        for draw in case.view.draws:
            if draw["number"] == number:
                return look.files.get(draw["list_sha256"])
        raise not_found()


def _office_case(look: Work, case_id: int) -> Loaded:
    case = load_for(look, case_id, Action.CASE_READ)
    if case.row.authority_id not in look.actor.readable_ids or case.row.company_id in look.actor.company_ids:
        raise not_found()
    return case


def _panels(look: Work, case_ids: list[int]) -> dict[int, tuple[int, tuple[int, ...]]]:
    """By case the event with which its last review began, and who sits on the panel now: from these events alone, for many at once."""
    kinds = (Event.EVALUATION_COMMISSIONED, Event.EXPERT_DECLINED, Event.EXPERT_REPLACED)
    columns = select(CaseEvent.case_id, CaseEvent.sequence, CaseEvent.type, CaseEvent.data)
    events = look.session.execute(columns.where(CaseEvent.case_id.in_(case_ids), CaseEvent.type.in_(kinds)).order_by(CaseEvent.sequence))
    seats: dict[int, tuple[int, tuple[int, ...]]] = {}
    for case_id, sequence, kind, data in events:
        if kind == Event.EVALUATION_COMMISSIONED:
            seats[case_id] = (sequence, tuple(data.get("panel", ())))
        else:
            review, panel = seats[case_id]
            seats[case_id] = (review, seated_after(panel, data))
    return seats


def _line(case: Case, authority: Authority, ballot: Ballot | None, review: int) -> ReviewLine:
    cast_at = ballot.cast_at if ballot is not None and ballot.sequence == review else None
    return ReviewLine(case, load_catalogue().matter(case.matter), authority, case.state == State.EVALUATING, cast_at)


def _own(look: Work, case: Loaded) -> Ballot | None:
    return next((ballot for ballot in ballots_of(look.session, case) if ballot.person_id == look.actor.person_id), None)
