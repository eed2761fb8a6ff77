"""Reads on cases, scoped to the actor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import literal, select, tuple_
from sqlalchemy.orm import Session

from licensing.cases import drafts
from licensing.cases.deadlines import Deadline, deadline, decision_due
from licensing.cases.journal import Loaded, happened, load_for, may, not_found
from licensing.cases.lateness import late_words, needs_reason
from licensing.cases.machine import Event, State, event_name, possible
from licensing.cases.rules import Difference, differences, is_filled_in
from licensing.cases.submission import Task, tasks
from licensing.cases.tables import CalendarEffect, Case, CaseAssignment, CaseDocument
from licensing.cases.verifying import can_follow
from licensing.cases.view import CaseView, Happened
from licensing.catalogue.model import Matter, Proof
from licensing.clock.queries import calendar_now
from licensing.clock.tables import ImportedYear
from licensing.commitments.consequences import possible_now
from licensing.commitments.queries import choices, of_case, tasks_of
from licensing.commitments.tables import Commitment, ProofChoice, Verification
from licensing.letters.queries import of_case as letters_of
from licensing.letters.tables import Letter
from licensing.licences.operations import Operation
from licensing.licences.queries import of_case as licence_of
from licensing.licences.tables import Licence
from licensing.parties.queries import person_names
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import Action, Actor, Ruling
from licensing.storage import Moment, Work, reading
from licensing.words import Said, say

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"\d{1,16}_\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the history: what, when, by whom, and the words that went with it. What the calendar did is no event of the case."""

    event: Event | None
    title: Said
    at: datetime
    actor: str | None
    detail: str
    items: tuple[Mapping[str, str], ...] = ()
    late: Said | None = None


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything a page about one case shows; plain data, usable after the transaction.

    ``decide_by`` is the legal date of the decision, also while the applicant is heard; None before acceptance and while the clock stands.
    ``holder`` is the person who works on it, ``letter_readers`` are the names of those who opened a letter first, ``consequences`` are
    what can be proposed about the licence now for a promise that was found untrue.
    """

    case: Case
    view: CaseView
    matter: Matter
    company: Company
    authority: Authority | None
    deadline: Deadline | None
    decide_by: date | None
    timeline: tuple[TimelineEntry, ...]
    tasks: tuple[Task, ...]
    documents: Mapping[str, tuple[CaseDocument, ...]]
    choices: Mapping[str, ProofChoice]
    promises: tuple[Commitment, ...]
    verifications: tuple[Verification, ...]
    proofs: Mapping[str, Proof]
    letters: tuple[Letter, ...]
    letter_readers: Mapping[int, str]
    licence: Licence | None
    differences: tuple[Difference, ...]
    can_verify_again: bool
    consequences: tuple[Operation, ...]
    holder: Person | None
    rulings: Mapping[Action, Ruling]

    @property
    def state(self) -> State:
        return State(self.case.state)

    def is_late(self, day: date) -> bool:
        """Whether the time to decide has ended before ``day``."""
        return needs_reason(self.decide_by, day)

    def can(self, action: Action) -> bool:
        """Whether the button for ``action`` is shown: the machine allows it now, and the policy does or only wants the second factor."""
        ruling = self.rulings.get(action)
        return ruling is not None and (ruling.allowed or ruling.needs_second_factor)


def case_page(actor: Actor, case_id: int) -> CasePage:
    """The page of one case. Raises ``NotFound`` when it is not the actor's to see."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        return _page(look, case)


def document_for(actor: Actor, case_id: int, document_id: int) -> tuple[CaseDocument, bytes]:
    """An uploaded file of a case with its bytes. Raises ``NotFound``."""
    with reading(actor) as look:
        load_for(look, case_id, Action.CASE_READ)
        row = look.session.get(CaseDocument, document_id)
        if row is None or row.case_id != case_id:
            raise not_found()
        return row, look.files.get(row.sha256)


def licence_file(actor: Actor, case_id: int) -> tuple[Licence, bytes]:
    """The signed licence of a case. Raises ``NotFound`` when there is none or it is not the actor's to see."""
    with reading(actor) as look:
        load_for(look, case_id, Action.CASE_READ)
        licence = licence_of(look.session, case_id)
        if licence is None or licence.file_sha256 is None:
            raise not_found()
        return licence, look.files.get(licence.file_sha256)


@dataclass(frozen=True, slots=True)
class MyCases:
    """A page of one's own cases; ``next_key`` continues after it."""

    rows: tuple[Case, ...]
    next_key: str | None


def cases_of_companies(actor: Actor, *, after: str | None = None, size: int = 50) -> MyCases:
    """The cases of the companies in which the actor has a seat, newest change first; keyset-paged by ``after``."""
    with reading(actor) as look:
        query = select(Case).where(Case.company_id.in_(actor.company_ids))
        if after is not None:
            moment, _, last_id = after.partition("_")
            changed = _EPOCH + timedelta(microseconds=int(moment))
            query = query.where(tuple_(Case.updated_at, Case.id) < tuple_(literal(changed, Moment), literal(int(last_id))))
        found = look.session.scalars(query.order_by(Case.updated_at.desc(), Case.id.desc()).limit(size + 1)).all()
        last = found[size - 1] if len(found) > size else None
        key = f"{(last.updated_at - _EPOCH) // timedelta(microseconds=1)}_{last.id}" if last else None
        return MyCases(tuple(found[:size]), key)


def is_key(text: str) -> bool:
    """Whether ``text`` has the shape of a key of a page of one's own cases."""
    return _KEY.fullmatch(text) is not None


def earlier_cases(actor: Actor, matter: str, most: int) -> list[Case]:
    """The newest cases of the actor's companies about a matter that were handed in, at most so many."""
    with reading(actor) as look:
        query = select(Case).where(Case.company_id.in_(actor.company_ids), Case.matter == matter, Case.state != State.DRAFT)
        return list(look.session.scalars(query.order_by(Case.updated_at.desc(), Case.id.desc()).limit(most)))


def _page(look: Work, case: Loaded) -> CasePage:
    session, row = look.session, case.row
    by_slot: dict[str, list[CaseDocument]] = {}
    for document in drafts.documents(look, row.id):
        by_slot.setdefault(document.slot, []).append(document)
    submissions, letters = case.view.submissions, tuple(letters_of(session, row.id))
    filling = {Action.CASE_EDIT, Action.COMMITMENT_PROMISE} if is_filled_in(case.view) else set()
    actions = {transition.action for transition in possible(case.view.state, case.view.steps)} | filling
    return CasePage(
        case=row,
        view=case.view,
        matter=case.matter,
        company=session.get_one(Company, row.company_id),
        authority=session.get(Authority, row.authority_id) if row.authority_id else None,
        deadline=deadline(case.view, case.matter, calendar_now(session)),
        decide_by=decision_due(case.view, case.matter, calendar_now(session)),
        timeline=_timeline(session, case),
        tasks=tasks(look, case),
        documents={slot: tuple(found) for slot, found in by_slot.items()},
        choices=choices(session, row.id),
        promises=tuple(of_case(session, row.id)),
        verifications=tuple(tasks_of(session, row.id)),
        proofs=drafts.proofs_of(session, case),
        letters=letters,
        letter_readers=person_names(session, {letter.opened_by for letter in letters if letter.opened_by is not None}),
        licence=licence_of(session, row.id),
        differences=differences(submissions[-2], submissions[-1]) if len(submissions) > 1 else (),
        can_verify_again=can_follow(session, case),
        consequences=possible_now(session, row.id),
        holder=_holder(session, row.id),
        rulings={action: may(look.actor, action, case, look) for action in actions},
    )


def _holder(session: Session, case_id: int) -> Person | None:
    return session.scalar(
        select(Person).join(CaseAssignment, CaseAssignment.person_id == Person.id).where(CaseAssignment.case_id == case_id)
    )


def _timeline(session: Session, case: Loaded) -> tuple[TimelineEntry, ...]:
    row, steps = case.row, case.view.steps
    events = [happened(event) for event in row.events]
    names = person_names(session, {event.actor_id for event in events if event.actor_id is not None})
    told = (
        TimelineEntry(
            event=event.type,
            title=say(event_name(event.type, steps)),
            at=event.at,
            actor=names.get(event.actor_id) if event.actor_id is not None else None,
            detail=_detail(event),
            items=tuple(event.data.get("items", ())),
            late=late_words(event.data["late"]) if "late" in event.data else None,
        )
        for event in events
    )
    return tuple(sorted((*told, *_moved_dates(session, row)), key=lambda entry: entry.at))


def _moved_dates(session: Session, row: Case) -> list[TimelineEntry]:
    effects = select(CalendarEffect, ImportedYear).join(ImportedYear).where(CalendarEffect.case_id == row.id).order_by(CalendarEffect.id)
    return [
        TimelineEntry(
            event=None,
            title=say(
                "The calendar of %(year)s was changed: the legal date moved from %(old)s to %(new)s.",
                year=made.year,
                old=effect.old_due_on,
                new=effect.new_due_on,
            ),
            at=made.imported_at,
            actor=None,
            detail="",
        )
        for effect, made in session.execute(effects)
    ]


def _detail(event: Happened) -> str:
    words = str(event.data.get("reason") or event.data.get("opinion") or event.data.get("body") or "")
    return f"{event.data['to_name']}：{words}" if event.type is Event.TRANSFERRED else words
