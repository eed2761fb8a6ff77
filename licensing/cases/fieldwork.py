"""A verification as its officer works on it: the worklist, the page on a phone, photographs, and what a data source says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import case as when
from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import joinedload

from licensing.cases.deadlines import DECIDING
from licensing.cases.drafts import proofs_of
from licensing.cases.journal import Loaded, load_for, may, not_found, require
from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.catalogue.model import Field, Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import days_left, load_calendar, today
from licensing.commitments.fact_source import connect
from licensing.commitments.queries import rectification_report
from licensing.commitments.tables import Commitment, Verification, VerificationFile
from licensing.commitments.verification import CANCELLED, OPEN, keep_source
from licensing.documents.uploads import Inspected, inspect, safe_filename
from licensing.errors import Conflict, Invalid
from licensing.parties.queries import person_names
from licensing.parties.tables import Company
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work, reading, storage, unit_of_work
from licensing.words import say

MOST_FILES = 20
_NO_DATE = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class WorklistRow:
    """One task: which promise of whose project, until when, and how many working days are left (negative when late)."""

    task: Verification
    case: Case
    company: Company
    proof: Proof
    due_on: date | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class Worklist:
    """A page of tasks; ``next_key`` continues after it."""

    rows: tuple[WorklistRow, ...]
    next_key: str | None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Everything the page of one task shows."""

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
    can_work: bool
    has_source: bool

    @property
    def is_open(self) -> bool:
        return self.task.state == OPEN


def verification_worklist(actor: Actor, *, done: bool = False, after: str | None = None, size: int = 50) -> Worklist:
    """The verifications of the actor's authorities, the least time left first; keyset-paged by ``after``.

    Those about the actor's own companies are left out. With ``done`` those that ended, in the same order.
    """
    with reading(actor) as look:
        require(look, Action.WORKLIST_READ, Subject())
        own_or_decision = func.coalesce(Verification.due_on, when((Case.state.in_(DECIDING), Case.due_on)))
        due = func.coalesce(own_or_decision, _NO_DATE)
        wanted = Verification.state.not_in((OPEN, CANCELLED)) if done else Verification.state == OPEN
        query = (
            select(Verification, Case, Company)
            .join(Case, Case.id == Verification.case_id)
            .join(Company, Company.id == Case.company_id)
            .where(Verification.authority_id.in_(actor.authority_ids), wanted, Case.company_id.not_in(actor.company_ids))
            .options(joinedload(Verification.commitment))
        )
        if after:
            day, _, last_id = after.partition("_")
            query = query.where(tuple_(due, Verification.id) > (date.fromisoformat(day), int(last_id)))
        found = look.session.execute(query.order_by(due, Verification.id).limit(size + 1)).all()
        catalogue = catalogue_now(look.session)
        rows = tuple(
            WorklistRow(
                task,
                case,
                company,
                catalogue.proof(task.commitment.proof, task.commitment.proof_version),
                due_of(task, case),
                _days_to(due_of(task, case)),
            )
            for task, case, company in found[:size]
        )
        last = rows[-1] if len(found) > size else None
        return Worklist(rows, f"{last.due_on or _NO_DATE}_{last.task.id}" if last else None)


def task_page(actor: Actor, task_id: int) -> TaskPage:
    """The page of one verification. Raises ``NotFound`` when it is not one of an authority where the actor holds a post."""
    with reading(actor) as look:
        task, case = _task(look, task_id, Action.CASE_READ)
        made = task.commitment
        proof = proofs_of(look.session, case)[made.proof]
        facts = tuple((fact, str(made.facts[fact.code])) for fact in proof.facts if made.facts.get(fact.code))
        names = person_names(look.session, {task.done_by} if task.done_by else set())
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
            due_on=due_of(task, case.row),
            days_left=_days_to(due_of(task, case.row)),
            reported=rectification_report(made),
            can_work=bool(may(actor, Action.COMMITMENT_VERIFY, case, look)) and task.state == OPEN,
            has_source=bool(look.settings.fact_source),
        )


def add_material(actor: Actor, task_id: int, filename: str, content: bytes) -> None:
    """Inspect and keep a photograph or document of a verification. Raises ``Invalid`` with the reason of a refusal."""
    inspected = inspect(filename, content, storage().settings.upload_limit)
    with unit_of_work(actor) as work:
        task = _open_task(work, task_id)
        if len(task.files) >= MOST_FILES:
            raise Invalid(say("No more than %(count)s files can be added here.", count=MOST_FILES), code="too-many-files")
        work.session.add(_file(work, task, filename, content, inspected))


def remove_material(actor: Actor, task_id: int, file_id: int) -> None:
    """Take a file out of a verification that is not done yet."""
    with unit_of_work(actor) as work:
        task = _open_task(work, task_id)
        found = next((file for file in task.files if file.id == file_id), None)
        if found is None:
            raise not_found()
        work.session.delete(found)


def material_of(actor: Actor, task_id: int, file_id: int) -> tuple[VerificationFile, bytes]:
    """A file of a verification with its bytes. Raises ``NotFound``."""
    with reading(actor) as look:
        task, _ = _task(look, task_id, Action.CASE_READ)
        found = next((file for file in task.files if file.id == file_id), None)
        if found is None:
            raise not_found()
        return found, look.files.get(found.sha256)


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
        raise Conflict(
            say("This verification is done already."),
            next_step=say("Load the page again and look at its result."),
            code="verification-done",
        )
    return task


def _task(work: Work, task_id: int, action: Action) -> tuple[Verification, Loaded]:
    task = work.session.get(Verification, task_id, populate_existing=True)
    if task is None or task.authority_id not in work.actor.authority_ids:
        raise not_found()
    return task, load_for(work, task.case_id, action)


def _file(work: Work, task: Verification, filename: str, content: bytes, inspected: Inspected) -> VerificationFile:
    return VerificationFile(
        verification_id=task.id,
        filename=safe_filename(filename),
        media_type=inspected.media_type,
        size=inspected.size,
        sha256=work.files.put(content),
        added_at=work.now,
        added_by=work.actor.person_id,
    )


def due_of(task: Verification, case: Case) -> date | None:
    """The last day to do the task: its own, or that of the decision, which moves with the clock; None while the clock stands."""
    return task.due_on or (case.due_on if case.state in DECIDING else None)


def _days_to(due_on: date | None) -> int | None:
    """Working days left; negative when it is late."""
    return days_left(due_on, today(), load_calendar()) if due_on else None
