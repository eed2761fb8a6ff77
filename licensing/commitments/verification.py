"""Tasks to verify promises 核查: opened, done once with a result, or cancelled, in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sqlalchemy import delete, select, update

from licensing.clock import local_date
from licensing.commitments.findings import FINDING, SECOND, SECOND_NAME, Ground, complaints
from licensing.commitments.journal import record
from licensing.commitments.machine import Event, State, transition
from licensing.commitments.rules import Occasion, Result, canonical
from licensing.commitments.tables import Commitment, Verification, VerificationDraft, VerificationInspector
from licensing.errors import Conflict, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.parties.queries import officers, seated
from licensing.storage import Work
from licensing.storage.counters import next_value
from licensing.words import say

LEAF: Final = "verification"
DONE_LEAF: Final = "verification-done"
SOURCE_LEAF: Final = "verification-source"
INSPECTOR_LEAF: Final = "verification-inspector"
LATER: Final = ("state", "report", "done_at", "done_by")
"""The columns of a task that are filled when it ends."""
OPEN, CANCELLED = "open", "cancelled"
FILE_COLUMNS: Final = ("filename", "sha256", "caption")
"""What the report of a task that ended holds of each file."""
SOURCE: Final = "source"
"""Under this name the report holds what a data source said."""

_FOUND: Mapping[Result, Event] = {
    Result.TRUE: Event.FOUND_TRUE,
    Result.UNTRUE: Event.FOUND_UNTRUE,
    Result.UNCLEAR: Event.NOT_ESTABLISHED,
}


def open_task(work: Work, made: Commitment, method: str, occasion: Occasion, due_on: date | None) -> Verification:
    """A new task to verify ``made`` until ``due_on``; without a date it is due with the decision of its case.

    Raises ``Conflict`` when the promise stands no more or is being verified.
    """
    record(work, made, Event.VERIFICATION_OPENED, {"occasion": occasion})
    return add_task(work, made, method, occasion, due_on)


def add_task(work: Work, made: Commitment, method: str, occasion: Occasion, due_on: date | None) -> Verification:
    """The task alone, where another event of the promise opened it."""
    year = local_date(work.now).year
    task = Verification(
        number=f"HC{year}{next_value(work.session, f'verification:{year}'):06d}",
        commitment_id=made.id,
        case_id=made.case_id,
        authority_id=made.authority_id,
        method=method,
        occasion=occasion,
        due_on=due_on,
        created_at=work.now,
        created_by=work.actor.person_id,
        state=OPEN,
        report={},
    )
    work.session.add(task)
    work.session.flush()
    append(work, LEAF, task.number, row_digest(task, without=LATER))
    return task


def assign(work: Work, task: Verification, person_ids: Sequence[int]) -> None:
    """Name the inspectors of a task in the order in which they were drawn."""
    for place, person_id in enumerate(person_ids, 1):
        row = VerificationInspector(verification_id=task.id, place=place, person_id=person_id)
        work.session.add(row)
        work.session.flush()
        append(work, INSPECTOR_LEAF, inspector_subject(task, row), row_digest(row))


def inspector_subject(task: Verification, row: VerificationInspector) -> str:
    """How the log names the assignment of an inspector."""
    return f"{task.number}/{row.place}"


def finish(work: Work, task: Verification, result: Result, report: Mapping[str, Any], *, authority_id: int | None) -> None:
    """End ``task`` with its result and what was found; ``authority_id`` is the authority that has the case now.

    Raises ``Invalid`` with everything that ``findings`` misses in the report, ``Conflict`` (``verification-done``).
    """
    whole = {**report, **_named_second(report, colleagues(work, task, authority_id))}
    missing = complaints(result, whole, _ground(work, task))
    if missing:
        raise Invalid(missing[0].sentence, missing, code=missing[0].code)
    _end(work, task, result, {**task.report, **whole})
    record(work, task.commitment, _FOUND[result], {"verification": task.number, "finding": report[FINDING]})


def colleagues(work: Work, task: Verification, authority_id: int | None) -> dict[int, str]:
    """Who may come along on a visit: the other officers of the authority, but for those who belong to the company; names by id.

    The task names the authority to which the promise was made; a case that was transferred is verified by its successor.
    """
    today = local_date(work.now)
    barred = {work.actor.person_id, *seated(work.session, task.commitment.company_id, today)}
    return {
        person.id: person.name for person in officers(work.session, authority_id or task.authority_id, today) if person.id not in barred
    }


def _named_second(report: Mapping[str, Any], others: Mapping[int, str]) -> dict[str, Any]:
    """The second inspector with the name of today; nobody when it is none of the colleagues."""
    chosen = str(report.get(SECOND) or "")
    known = {str(person): name for person, name in others.items()}
    return {SECOND: int(chosen), SECOND_NAME: known[chosen]} if chosen in known else {SECOND: None}


def _ground(work: Work, task: Verification) -> Ground:
    made = task.commitment
    return Ground(
        method=task.method,
        promised=tuple(code for code, value in made.facts.items() if value),
        promised_on=local_date(made.promised_at),
        today=local_date(work.now),
        files=len(task.files),
        source=task.report.get(SOURCE, {}),
    )


def keep_source(work: Work, task: Verification, answer: Mapping[str, Any]) -> None:
    """Keep what a data source said about the promised facts, once.

    Of two who ask at the same moment the first one to be kept stays. Raises ``Conflict`` (``source-asked``, ``verification-done``).
    """
    # The row is locked, because what it says about the source can only be compared here: JSON has no equality in every database.
    work.session.refresh(task, with_for_update=True)
    if task.state != OPEN:
        raise done_already()
    if SOURCE in task.report:
        raise Conflict(say("The data source was asked already."), next_step=say("Use its answer, or verify on site."), code="source-asked")
    told = {**answer, "asked_at": work.now.isoformat()}
    task.report = {**task.report, SOURCE: told}
    work.session.flush()
    append(work, SOURCE_LEAF, task.number, source_digest(told))


def source_digest(told: Mapping[str, Any]) -> bytes:
    """What the log keeps of the answer of a data source."""
    return hashlib.sha256(canonical(told)).digest()


def cancel(work: Work, made: Commitment) -> None:
    """End the open task about ``made``, if there is one, because nothing is to be verified any more."""
    task = open_task_of(work, made.id)
    if task is not None:
        _end(work, task, CANCELLED, task.report)
    if transition(State(made.state), Event.VERIFICATION_CANCELLED) is not None:
        record(work, made, Event.VERIFICATION_CANCELLED, {})


def open_task_of(work: Work, commitment_id: int) -> Verification | None:
    """The task that is open about a promise, or None."""
    return work.session.scalar(select(Verification).where(Verification.commitment_id == commitment_id, Verification.state == OPEN))


def done_already() -> Conflict:
    return Conflict(
        say("This verification is done already."),
        next_step=say("Load the page again and look at its result."),
        code="verification-done",
    )


def _end(work: Work, task: Verification, state: str, report: Mapping[str, Any]) -> None:
    files = [{name: getattr(file, name) for name in FILE_COLUMNS} for file in task.files]
    change = update(Verification).where(Verification.id == task.id, Verification.state == OPEN)
    ended = change.values(state=state, report={**report, "files": files}, done_at=work.now, done_by=work.actor.person_id)
    if work.session.execute(ended.returning(Verification.id)).scalar_one_or_none() is None:
        raise done_already()
    work.session.execute(delete(VerificationDraft).where(VerificationDraft.verification_id == task.id))
    work.session.refresh(task)
    append(work, DONE_LEAF, task.number, row_digest(task))
