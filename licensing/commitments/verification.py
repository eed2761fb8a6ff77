"""Tasks to verify promises 核查: opened, done once with a result, or cancelled, in the caller's transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import select, update

from licensing.clock import local_date
from licensing.commitments.journal import record
from licensing.commitments.machine import Event, State, transition
from licensing.commitments.rules import Occasion, Result, canonical
from licensing.commitments.tables import Commitment, Verification
from licensing.errors import Conflict, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.storage import Work
from licensing.storage.counters import next_value
from licensing.words import say

LEAF: Final = "verification"
DONE_LEAF: Final = "verification-done"
SOURCE_LEAF: Final = "verification-source"
LATER: Final = ("state", "report", "done_at", "done_by")
"""The columns of a task that are filled when it ends."""
OPEN, CANCELLED = "open", "cancelled"
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


def finish(work: Work, task: Verification, result: Result, report: Mapping[str, Any]) -> None:
    """End ``task`` with its result and what was found. Raises ``Invalid`` (``finding-needed``), ``Conflict`` (``verification-done``)."""
    if not str(report.get("finding", "")).strip():
        raise Invalid(say("Say what was found."), code="finding-needed")
    _end(work, task, result, {**task.report, **report})
    record(work, task.commitment, _FOUND[result], {"verification": task.number, "finding": report["finding"]})


def keep_source(work: Work, task: Verification, answer: Mapping[str, Any]) -> None:
    """Keep what a data source said about the promised facts, once. Raises ``Conflict`` (``source-asked``) when it was asked before."""
    if SOURCE in task.report:
        raise Conflict(say("The data source was asked already."), next_step=say("Use its answer, or verify on site."), code="source-asked")
    told = {**answer, "asked_at": work.now.isoformat()}
    change = update(Verification).where(Verification.id == task.id, Verification.state == OPEN)
    work.session.execute(change.values(report={**task.report, SOURCE: told}))
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


def _end(work: Work, task: Verification, state: str, report: Mapping[str, Any]) -> None:
    files = [{"filename": file.filename, "sha256": file.sha256} for file in task.files]
    change = update(Verification).where(Verification.id == task.id, Verification.state == OPEN)
    ended = change.values(state=state, report={**report, "files": files}, done_at=work.now, done_by=work.actor.person_id)
    if work.session.execute(ended.returning(Verification.id)).scalar_one_or_none() is None:
        raise Conflict(
            say("This verification is done already."),
            next_step=say("Load the page again and look at its result."),
            code="verification-done",
        )
    work.session.refresh(task)
    append(work, DONE_LEAF, task.number, row_digest(task))
