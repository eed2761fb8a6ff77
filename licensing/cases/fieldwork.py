"""A verification as its officer works on it: the worklist, the page on a phone, photographs, and what a data source says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy import case as when
from sqlalchemy.orm import joinedload, selectinload

from licensing.cases.deadlines import DECIDING
from licensing.cases.drafts import proofs_of
from licensing.cases.journal import Loaded, load_for, may, not_found, require
from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.catalogue.model import Field, Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import Calendar, days_left, local_date, today
from licensing.clock.queries import calendar_now
from licensing.commitments.fact_source import connect
from licensing.commitments.findings import SECOND
from licensing.commitments.queries import rectification_report
from licensing.commitments.tables import Commitment, Verification, VerificationDraft, VerificationFile, VerificationInspector
from licensing.commitments.verification import CANCELLED, OPEN, colleagues, done_already, keep_source
from licensing.documents.previews import preview
from licensing.documents.uploads import Inspected, inspect, safe_filename
from licensing.errors import Conflict, Invalid
from licensing.parties.queries import person_names
from licensing.parties.tables import Company
from licensing.policy import POLICY, Action, Actor, Subject
from licensing.storage import Work, reading, storage, unit_of_work
from licensing.words import say


class Show(StrEnum):
    """A part of the worklist: what is open, of it what the reader was drawn for or has begun, what is late; or what is done."""

    ALL = "all"
    MINE = "mine"
    LATE = "late"
    DONE = "done"


MOST_FILES = 20
_NO_DATE = date(9999, 12, 31)
_DUE = func.coalesce(Verification.due_on, when((Case.state.in_(DECIDING), Case.due_on)))
"""What :func:`due_of` says, for the database."""


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One task: which promise of whose project, who was drawn, until when, and how many working days are left (negative when late)."""

    task: Verification
    case: Case
    company: Company
    proof: Proof
    inspectors: tuple[str, ...]
    due_on: date | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class Worklist:
    """A page of tasks; ``next_key`` continues after it."""

    rows: tuple[WorklistRow, ...]
    next_key: str | None


@dataclass(frozen=True, slots=True)
class ToVerify:
    """How many promises wait to be verified; ``first_due`` is the earliest day of theirs, ``days_left`` the working days up to it."""

    count: int
    first_due: date | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Everything the page of one task shows.

    ``inspectors`` are those whom a draw assigned, ``colleagues`` those who may come along, ``typed`` is what the reader has saved so far.
    """

    task: Verification
    case: Case
    state: State
    company: Company
    made: Commitment
    proof: Proof
    facts: tuple[tuple[Field, str], ...]
    files: tuple[VerificationFile, ...]
    done_by: str
    due_on: date | None
    days_left: int | None
    reported: str
    inspectors: tuple[str, ...]
    colleagues: Mapping[int, str]
    typed: Mapping[str, Any]
    can_work: bool
    has_source: bool

    @property
    def is_open(self) -> bool:
        return self.task.state == OPEN


def verification_worklist(actor: Actor, *, show: Show = Show.ALL, after: str | None = None, size: int = 50) -> Worklist:
    """The verifications of the actor's authorities that ``show`` names, the least time left first; keyset-paged by ``after``.

    Those about the actor's own companies are left out.
    """
    with reading(actor) as look:
        require(look, Action.WORKLIST_READ, Subject())
        due = func.coalesce(_DUE, _NO_DATE)
        query = (
            select(Verification, Case, Company)
            .join(Case, Case.id == Verification.case_id)
            .join(Company, Company.id == Case.company_id)
            .where(Case.authority_id.in_(actor.authority_ids), *_shown(look, show), Case.company_id.not_in(actor.company_ids))
            .options(joinedload(Verification.commitment), selectinload(Verification.inspectors))
        )
        if after:
            day, _, last_id = after.partition("_")
            query = query.where(tuple_(due, Verification.id) > (date.fromisoformat(day), int(last_id)))
        found = look.session.execute(query.order_by(due, Verification.id).limit(size + 1)).all()
        catalogue, calendar = catalogue_now(look.session), calendar_now(look.session)
        names = person_names(look.session, {row.person_id for task, _, _ in found for row in task.inspectors})
        rows = tuple(
            WorklistRow(
                task,
                case,
                company,
                catalogue.proof(task.commitment.proof, task.commitment.proof_version),
                tuple(names[row.person_id] for row in task.inspectors),
                due_of(task, case),
                _days_to(due_of(task, case), calendar),
            )
            for task, case, company in found[:size]
        )
        last = rows[-1] if len(found) > size else None
        return Worklist(rows, f"{last.due_on or _NO_DATE}_{last.task.id}" if last else None)


def to_verify(actor: Actor) -> ToVerify:
    """What waits to be verified at the authorities where a post of the actor verifies."""
    with reading(actor) as look:
        able = {post.authority_id for post in actor.posts if post.role in POLICY[Action.COMMITMENT_VERIFY].roles}
        query = select(func.count(Verification.id), func.min(_DUE)).join(Case, Case.id == Verification.case_id)
        mine = (Case.authority_id.in_(able), Verification.state == OPEN, Case.company_id.not_in(actor.company_ids))
        count, first = look.session.execute(query.where(*mine)).one()
        return ToVerify(count, first, _days_to(first, calendar_now(look.session)))


def task_page(actor: Actor, task_id: int) -> TaskPage:
    """The page of one verification. Raises ``NotFound`` when it is not one of an authority where the actor holds a post."""
    with reading(actor) as look:
        task, case = _task(look, task_id, Action.CASE_READ)
        made = task.commitment
        proof = proofs_of(look.session, case)[made.proof]
        facts = tuple((fact, str(made.facts[fact.code])) for fact in proof.facts if made.facts.get(fact.code))
        people = {row.person_id for row in task.inspectors} | ({task.done_by} if task.done_by else set())
        names = person_names(look.session, people)
        can_work = bool(may(actor, Action.COMMITMENT_VERIFY, case, look)) and task.state == OPEN
        draft = _draft(look, task)
        return TaskPage(
            task=task,
            case=case.row,
            state=case.view.state,
            company=look.session.get_one(Company, case.row.company_id),
            made=made,
            proof=proof,
            facts=facts,
            files=tuple(task.files),
            done_by=names.get(task.done_by or 0, ""),
            inspectors=tuple(names[row.person_id] for row in task.inspectors),
            colleagues=colleagues(look, task, case.row.authority_id) if can_work else {},
            typed=draft.typed if draft is not None else _first(actor, task),
            due_on=due_of(task, case.row),
            days_left=_days_to(due_of(task, case.row), calendar_now(look.session)),
            reported=rectification_report(made),
            can_work=can_work,
            has_source=bool(look.settings.fact_source),
        )


def keep_typed(actor: Actor, task_id: int, typed: Mapping[str, Any], captions: Mapping[int, str]) -> None:
    """Keep what the actor has typed so far, and the captions of files, whatever becomes of the form after it."""
    with unit_of_work(actor) as work:
        task = _open_task(work, task_id)
        for file in task.files:
            file.caption = captions.get(file.id, file.caption)
        draft = _draft(work, task)
        if draft is None:
            work.session.add(VerificationDraft(verification_id=task.id, person_id=actor.person_id, typed=dict(typed), saved_at=work.now))
        else:
            draft.typed, draft.saved_at = dict(typed), work.now


def add_material(actor: Actor, task_id: int, filename: str, content: bytes) -> None:
    """Inspect and keep a photograph or document of a verification, byte for byte, and a preview of it that holds pixels alone.

    Raises ``Invalid`` with the reason of a refusal.
    """
    inspected = inspect(filename, content, storage().settings.upload_limit)
    shown = preview(content)
    with unit_of_work(actor) as work:
        task = _open_task(work, task_id)
        if len(task.files) >= MOST_FILES:
            raise Invalid(say("No more than %(count)s files can be added here.", count=MOST_FILES), code="too-many-files")
        work.session.add(_file(work, task, filename, content, inspected, shown))


def remove_material(actor: Actor, task_id: int, file_id: int) -> None:
    """Take a file out of a verification that is not done yet."""
    with unit_of_work(actor) as work:
        task = _open_task(work, task_id)
        found = next((file for file in task.files if file.id == file_id), None)
        if found is None:
            raise not_found()
        work.session.delete(found)


def material_of(actor: Actor, task_id: int, file_id: int) -> tuple[VerificationFile, bytes]:
    """A file of a verification with its bytes, as it came. Raises ``NotFound``."""
    with reading(actor) as look:
        found = _file_of(look, task_id, file_id)
        return found, look.files.get(found.sha256)


def preview_of(actor: Actor, task_id: int, file_id: int) -> bytes:
    """The preview of a file of a verification. Raises ``NotFound``, also where it could not be drawn."""
    with reading(actor) as look:
        found = _file_of(look, task_id, file_id)
        if found.preview_sha256 is None:
            raise not_found()
        return look.files.get(found.preview_sha256)


def ask_source(actor: Actor, task_id: int) -> Mapping[str, Any]:
    """Ask the data source about the promised facts and keep its answer with the task.

    Raises ``Conflict`` (``no-source``) where none is set, ``Unavailable`` (``source-unreachable``) when it does not answer.
    """
    source = connect(storage().settings)
    if source is None:
        raise Conflict(say("No source of facts is connected here."), next_step=say("Verify on site or by documents."), code="no-source")
    with reading(actor) as look:
        made = _open_task(look, task_id).commitment
    answer = source.check(made.proof, made.company_uscc, made.facts).as_dict()
    with unit_of_work(actor) as work:
        keep_source(work, _open_task(work, task_id), answer)
    return answer


def _open_task(work: Work, task_id: int) -> Verification:
    task, _ = _task(work, task_id, Action.COMMITMENT_VERIFY)
    if task.state != OPEN:
        raise done_already()
    return task


def _file_of(look: Work, task_id: int, file_id: int) -> VerificationFile:
    task, _ = _task(look, task_id, Action.CASE_READ)
    found = next((file for file in task.files if file.id == file_id), None)
    if found is None:
        raise not_found()
    return found


def _draft(look: Work, task: Verification) -> VerificationDraft | None:
    mine = VerificationDraft.person_id == look.actor.person_id
    return look.session.scalar(select(VerificationDraft).where(VerificationDraft.verification_id == task.id, mine))


def _first(actor: Actor, task: Verification) -> dict[str, Any]:
    """What stands in an empty form: of two inspectors who were drawn, the other one comes along."""
    drawn = [row.person_id for row in task.inspectors]
    others = [person for person in drawn if person != actor.person_id]
    return {SECOND: str(others[0])} if actor.person_id in drawn and others else {}


def _shown(look: Work, show: Show) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a part of the worklist."""
    if show is Show.DONE:
        return (Verification.state.not_in((OPEN, CANCELLED)),)
    drawn = select(VerificationInspector.verification_id).where(VerificationInspector.person_id == look.actor.person_id)
    begun = select(VerificationDraft.verification_id).where(VerificationDraft.person_id == look.actor.person_id)
    narrower: Mapping[Show, tuple[ColumnElement[bool], ...]] = {
        Show.MINE: (or_(Verification.id.in_(drawn), Verification.id.in_(begun)),),
        Show.LATE: (local_date(look.now) > _DUE,),
    }
    return (Verification.state == OPEN, *narrower.get(show, ()))


def _task(work: Work, task_id: int, action: Action) -> tuple[Verification, Loaded]:
    task = work.session.get(Verification, task_id, populate_existing=True)
    if task is None:
        raise not_found()
    case = load_for(work, task.case_id, action)
    if case.row.authority_id not in work.actor.authority_ids:
        raise not_found()
    return task, case


def _file(work: Work, task: Verification, filename: str, content: bytes, inspected: Inspected, shown: bytes | None) -> VerificationFile:
    return VerificationFile(
        verification_id=task.id,
        filename=safe_filename(filename),
        media_type=inspected.media_type,
        size=inspected.size,
        sha256=work.files.put(content),
        caption="",
        preview_sha256=work.files.put(shown) if shown else None,
        added_at=work.now,
        added_by=work.actor.person_id,
    )


def due_of(task: Verification, case: Case) -> date | None:
    """The last day to do the task: its own, or that of the decision, which moves with the clock; None while the clock stands."""
    return task.due_on or (case.due_on if case.state in DECIDING else None)


def _days_to(due_on: date | None, calendar: Calendar) -> int | None:
    """Working days left; negative when it is late."""
    return days_left(due_on, today(), calendar) if due_on else None
