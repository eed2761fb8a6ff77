"""Object 异议 to an act on a case, and answer it: by the company in its term, or by anybody while a grant is made public.

An objection is no event of the case, so that an ended case stays as it ended. Each stands in the log with its answer; the log names
nobody. Who took part in the case does not answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.drafts import begin, keep_answers
from licensing.cases.journal import Loaded, happened, load, load_for, not_found, require
from licensing.cases.machine import Event
from licensing.cases.objectable import (
    ANSWER_DAYS,
    OBJECTABLE,
    PUBLICITY,
    Objectable,
    Outcome,
    checked_answer,
    checked_stranger,
    checked_text,
    remedy_term,
    standing,
)
from licensing.cases.recusals import took_part
from licensing.cases.tables import Case, Objection
from licensing.cases.view import Happened
from licensing.catalogue import load_catalogue
from licensing.clock import Explanation, add_working_days, local_date
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.letters import actions as letters
from licensing.letters.queries import of_case as letters_of
from licensing.letters.rules import ObjectionFacts, Words, objection_words
from licensing.letters.tables import Letter
from licensing.licences.tables import Licence
from licensing.notices.actions import notify_company, notify_post
from licensing.parties.queries import authority as authority_of
from licensing.parties.queries import company as company_of
from licensing.policy import Action, Actor, Role, Subject
from licensing.storage import Work, unit_of_work
from licensing.storage.counters import next_value
from licensing.words import N_, say

LEAF: Final = "objection"
ANSWER_LEAF: Final = "objection-answer"
LATER: Final = ("outcome", "answer", "answered_at", "answered_by", "letter_id", "renewed_by")
"""The columns of an objection that its answer fills."""
ANSWER: Final = "D15"
TOLD = {
    Outcome.UPHELD: N_("Your objection %(number)s was upheld. Read the letter."),
    Outcome.REJECTED: N_("Your objection %(number)s was not upheld. Read the letter."),
}
TOLD_RENEWED = N_("Your objection %(number)s was upheld: the new application %(renewed)s holds your answers. Read the letter.")


def object_to(actor: Actor, case_id: int, sequence: int, text: str) -> str:
    """Object for the company to the act that is event ``sequence`` of its case; the number of the objection.

    Raises ``Invalid``, ``NotFound`` for what is no act to object to, and ``Conflict``: ``objection-too-late``, ``already-objected``.
    """
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_OBJECT)
        event = event_of(case, sequence)
        if event is None or event.type not in OBJECTABLE:
            raise not_found()
        said = checked_text(text)
        if on_act(work.session, case_id, sequence, case.row.company_id) is not None:
            raise Conflict(
                say("An objection to this was handed in already."),
                next_step=say("Its page shows the answer, or until when it is due."),
                code="already-objected",
            )
        _check_in_time(work, case, event)
        return _file(work, case, event.type, sequence, text=said, company_id=case.row.company_id, filed_by=actor.person_id)


def object_in_publicity(work: Work, case: Loaded, sequence: int, *, name: str, contact: str, text: str) -> str:
    """Keep what somebody has to say against a grant that is made public by event ``sequence``; the number is the receipt.

    It is part of the transaction of the caller, who made sure that the grant is public now. Raises ``Invalid`` (``incomplete``).
    """
    who, said = checked_stranger(name, contact, text)
    return _file(work, case, PUBLICITY, sequence, text=said, name=who.name, contact=who.contact)


def answer(actor: Actor, objection_id: int, outcome: str, text: str) -> None:
    """Answer an objection with reasons. A company gets the letter; what had ended is taken up by a new application when it is upheld.

    Raises ``Invalid`` (``incomplete``), and ``Conflict`` (``already-answered``) when there is nothing to answer any more.
    """
    with unit_of_work(actor) as work:
        row, case = open_objection(work, objection_id, hold=True)
        require(work, Action.CASE_ANSWER_OBJECTION, objection_subject(work.session, case))
        chosen, said = checked_answer(outcome, text)
        if row.answered_at is not None:
            raise Conflict(
                say("There is nothing to answer here any more."),
                next_step=say("Load the page again and look at what was answered."),
                code="already-answered",
            )
        row.outcome, row.answer, row.answered_at, row.answered_by = chosen, said, work.now, actor.person_id
        if row.company_id is not None:
            _answer_company(work, case, row, chosen)
        work.session.flush()
        append(work, ANSWER_LEAF, row.number, row_digest(row))


def open_objection(work: Work, objection_id: int, *, hold: bool = False) -> tuple[Objection, Loaded]:
    """An objection with its case, for an officer of the authority that has the case now, which with ``hold`` others wait for.

    Raises ``NotFound`` for everybody else.
    """
    row, actor = work.session.get(Objection, objection_id, with_for_update=hold), work.actor
    if row is None:
        raise not_found()
    case = load_for(work, row.case_id, Action.CASE_READ)
    if case.row.authority_id not in actor.authority_ids or case.row.company_id in actor.company_ids:
        raise not_found()
    return row, case


def open_objections(session: Session, case_id: int) -> list[Objection]:
    """The objections of a case that wait for an answer, oldest first."""
    waiting = select(Objection).where(Objection.case_id == case_id, Objection.answered_at.is_(None)).order_by(Objection.id)
    return list(session.scalars(waiting))


def on_act(session: Session, case_id: int, sequence: int, company_id: int) -> Objection | None:
    """What the company objected to that act of its case, if it did: each act is objected to once."""
    made = select(Objection).where(Objection.case_id == case_id, Objection.sequence == sequence, Objection.company_id == company_id)
    return session.scalars(made).one_or_none()


def objection_subject(session: Session, case: Loaded) -> Subject:
    """The case as the policy sees it when an objection is answered: by nobody who ever took part in it."""
    return replace(case.subject, took_part=took_part(session, case))


def event_of(case: Loaded, sequence: int) -> Happened | None:
    """The event of the case with this number."""
    return next((happened(event) for event in case.row.events if event.sequence == sequence), None)


def letter_of(session: Session, case_id: int, event: Happened, act: Objectable) -> Letter | None:
    """The letter that tells of the act: it was written in the same transaction, at the same moment."""
    return next((one for one in letters_of(session, case_id) if one.kind == act.letter and one.written_at == event.at), None)


def remedy_of(work: Work, letter: Letter | None, act: Objectable) -> Explanation | None:
    """The term of the remedy against an act, from the opening of its letter, or from today while nobody opened it. None without remedy."""
    opened = letter.opened_at if letter is not None and letter.opened_at is not None else work.now
    return remedy_term(load_catalogue().letter(act.letter), local_date(opened), calendar_now(work.session))


def is_over(remedy: Explanation, today: date) -> bool:
    """Whether the last day of a remedy has passed."""
    return remedy.due is not None and today > remedy.due


def answer_words(session: Session, case: Loaded, row: Objection, outcome: Outcome, text: str, *, renewed_by: str = "") -> Words:
    """The words of the letter that answers a company; ``renewed_by`` is the number of the application that takes the case up."""
    event, kind = Event(row.about), load_catalogue().letter(ANSWER)
    act, happening = OBJECTABLE[event], event_of(case, row.sequence)
    against = letter_of(session, case.row.id, happening, act) if happening is not None else None
    facts = ObjectionFacts(
        case_number=case.row.public_number,
        project=case.row.project_name,
        addressee=company_of(session, case.row.company_id).name,
        number=row.number,
        act=load_catalogue().letter(act.letter).name,
        letter_number=against.number if against is not None else "",
        received_on=local_date(row.received_at),
        upheld=outcome is Outcome.UPHELD,
        renewed_by=renewed_by,
    )
    return objection_words(kind, case.matter, facts, [text])


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the objections; nothing when all is well."""
    rows = session.scalars(select(Objection).order_by(Objection.id))
    yield from unaccounted(session, {LEAF, ANSWER_LEAF}, (fact for row in rows for fact in _facts(row)))


def _facts(row: Objection) -> Iterator[Fact]:
    yield Fact(LEAF, row.number, row_digest(row, without=LATER))
    if row.answered_at is not None or any(getattr(row, name) for name in LATER):
        yield Fact(ANSWER_LEAF, row.number, row_digest(row))


def _check_in_time(work: Work, case: Loaded, event: Happened) -> None:
    act = next((act for found, act in standing(map(happened, case.row.events), case.view) if found.sequence == event.sequence), None)
    if act is None:
        raise Conflict(
            say("This does not stand any more, so there is nothing to object to."),
            next_step=say("Look at the case: its page shows what can be objected to now."),
            code="objection-too-late",
        )
    remedy = remedy_of(work, letter_of(work.session, case.row.id, event, act), act)
    if remedy is not None and is_over(remedy, local_date(work.now)):
        raise Conflict(
            say("An objection could be made until %(day)s.", day=remedy.due),
            next_step=say("The letter says what the law still leaves open."),
            code="objection-too-late",
        )


def _file(
    work: Work,
    case: Loaded,
    about: str,
    sequence: int,
    *,
    text: str,
    company_id: int | None = None,
    filed_by: int | None = None,
    name: str = "",
    contact: str = "",
) -> str:
    today = local_date(work.now)
    due = add_working_days(today, ANSWER_DAYS, calendar_now(work.session))
    row = Objection(
        number=f"OB{today.year}{next_value(work.session, f'objection:{today.year}'):06d}",
        case_id=case.row.id,
        about=about,
        sequence=sequence,
        company_id=company_id,
        filed_by=filed_by,
        name=name,
        contact=contact,
        text=text,
        received_at=work.now,
        answer_due=due,
        outcome="",
        answer="",
    )
    work.session.add(row)
    work.session.flush()
    append(work, LEAF, row.number, row_digest(row, without=LATER))
    if company_id is not None:
        said = say("The objection %(number)s was handed in. It is answered by %(day)s.", number=row.number, day=due.isoformat())
        notify_company(work, company_id, said, case_id=case.row.id, reference=case.row.public_number)
    if case.row.authority_id is not None:
        for role in (Role.APPROVER, Role.SUPERVISOR):
            said = say("The objection %(number)s has to be answered by %(day)s.", number=row.number, day=due.isoformat())
            notify_post(work, case.row.authority_id, role, said, case_id=case.row.id, reference=case.row.public_number)
    return row.number


def _answer_company(work: Work, case: Loaded, row: Objection, outcome: Outcome) -> None:
    event = event_of(case, row.sequence)
    if event is None or case.row.authority_id is None:
        raise not_found()
    renewed = _renew(work, case, row) if outcome is Outcome.UPHELD and OBJECTABLE[event.type].renews else None
    number = renewed.public_number if renewed is not None else ""
    row.renewed_by = renewed.id if renewed is not None else None
    words = answer_words(work.session, case, row, outcome, row.answer, renewed_by=number)
    row.letter_id = letters.write(work, ANSWER, authority_of(work.session, case.row.authority_id), words, case_id=case.row.id).id
    said = say(TOLD_RENEWED if renewed is not None else TOLD[outcome], number=row.number, renewed=number)
    notify_company(work, case.row.company_id, said, case_id=case.row.id, reference=case.row.public_number)


def _renew(work: Work, case: Loaded, row: Objection) -> Case:
    """A new draft with the answers of the ended case, in the name of who objected; documents and promises are not taken over."""
    changes = work.session.get(Licence, case.row.changes_licence_id) if case.row.changes_licence_id is not None else None
    renews = {"case_id": case.row.id, "number": case.row.public_number, "objection": row.number}
    draft = begin(work, case.row.company_id, case.matter, changes=changes, renews=renews, owner=row.filed_by)
    answers = case.view.submissions[-1].answers if case.view.submissions else case.row.answers
    keep_answers(work, load(work.session, draft.id), answers)
    return draft
