"""Whether the promises are still what was promised: rows, events, checks and tasks stand in the log, their texts in the file store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.commitments import eligibility, verification
from licensing.commitments.draws import DRAW_LEAF, LIST_LEAF
from licensing.commitments.evidence import PACK_LEAF, ROW_LEAF, pack_digest
from licensing.commitments.journal import EVENT_LEAF, LATER, LEAF, event_subject, leaf_subject
from licensing.commitments.machine import Event, transition
from licensing.commitments.machine import State as PromiseState
from licensing.commitments.tables import Commitment, EligibilityCheck, EvidencePack, SampleDraw, Verification
from licensing.errors import LeizhengError
from licensing.ledger.protection import Fact, Problem, from_hex, row_digest, unaccounted
from licensing.letters.rules import canonical
from licensing.letters.tables import Letter
from licensing.storage import FileStore
from licensing.words import say

KINDS = frozenset(
    {
        LEAF,
        EVENT_LEAF,
        eligibility.LEAF,
        verification.LEAF,
        verification.DONE_LEAF,
        verification.SOURCE_LEAF,
        PACK_LEAF,
        ROW_LEAF,
        LIST_LEAF,
        DRAW_LEAF,
        verification.INSPECTOR_LEAF,
    }
)


def problems(session: Session, files: FileStore) -> Iterator[Problem]:
    """What does not hold for the promises; nothing when all is well."""
    yield from unaccounted(session, KINDS, _facts(session))
    for made in session.scalars(select(Commitment).order_by(Commitment.id)):
        yield from _cached(made)
        yield from _letter(session, made)
        yield from file_problems(files, leaf_subject(made), (made.notice_sha256, made.statement_sha256, made.facts_sha256))
    for pack in session.scalars(select(EvidencePack).order_by(EvidencePack.id)):
        yield from file_problems(files, f"pack {pack.commitment_id}", (*pack.files.values(), pack.manifest_sha256))
    for task in session.scalars(select(Verification).order_by(Verification.id)):
        yield from file_problems(files, task.number, (file.sha256 for file in task.files))
        untouched = (task.done_at, task.done_by, set(task.report) - {verification.SOURCE}) == (None, None, set())
        if task.state == verification.OPEN and not untouched:
            yield Problem(task.number, "verification-differs", say("An open verification holds a result."))
        if task.state != verification.OPEN and not _holds_its_files(task):
            yield Problem(task.number, "verification-files-differ", say("The files of a verification are not those that its report names."))
    for draw in session.scalars(select(SampleDraw)):
        yield from file_problems(files, draw.number, (draw.list_sha256,))


def _letter(session: Session, made: Commitment) -> Iterator[Problem]:
    """The letter of a promise names the statement that was signed; the log does not hold which letter it is."""
    letter = session.get(Letter, made.letter_id) if made.letter_id is not None else None
    if letter is None or letter.case_id != made.case_id or made.statement_sha256 not in canonical(letter.content).decode():
        yield Problem(leaf_subject(made), "letter-differs", say("The letter of the promise is not the one that names its statement."))


def _facts(session: Session) -> Iterator[Fact]:
    for made in session.scalars(select(Commitment).order_by(Commitment.id)):
        yield Fact(LEAF, leaf_subject(made), row_digest(made, without=LATER))
        for event in made.events:
            yield Fact(EVENT_LEAF, event_subject(made, event), row_digest(event))
    for check in session.scalars(select(EligibilityCheck)):
        yield Fact(eligibility.LEAF, eligibility.check_subject(check), row_digest(check))
    for task in session.scalars(select(Verification)):
        yield Fact(verification.LEAF, task.number, row_digest(task, without=verification.LATER))
        for inspector in task.inspectors:
            yield Fact(verification.INSPECTOR_LEAF, verification.inspector_subject(task, inspector), row_digest(inspector))
        if task.state != verification.OPEN:
            yield Fact(verification.DONE_LEAF, task.number, row_digest(task))
        if verification.SOURCE in task.report:
            told = task.report[verification.SOURCE]
            yield Fact(verification.SOURCE_LEAF, task.number, verification.source_digest(told))
    for pack in session.scalars(select(EvidencePack)):
        yield Fact(PACK_LEAF, str(pack.commitment_id), pack_digest(pack))
        yield Fact(ROW_LEAF, str(pack.commitment_id), row_digest(pack))
    for draw in session.scalars(select(SampleDraw)):
        yield Fact(LIST_LEAF, draw.number, from_hex(draw.list_sha256))
        yield Fact(DRAW_LEAF, draw.number, row_digest(draw))


def _holds_its_files(task: Verification) -> bool:
    named = task.report.get("files", [])
    return len(named) == len(task.files) and all(
        all(getattr(file, name, None) == value for name, value in told.items()) for told, file in zip(named, task.files, strict=True)
    )


def _cached(made: Commitment) -> Iterator[Problem]:
    state: PromiseState | None = None
    for event in made.events:
        row = transition(state, Event(event.type)) if event.type in set(Event) else None
        state = row.target if row else None
    if (made.state, made.sequence) != (state, len(made.events)):
        yield Problem(leaf_subject(made), "promise-differs", say("The state of the promise is not what its events say."))


def file_problems(files: FileStore, subject: str, digests: Iterable[str]) -> Iterator[Problem]:
    """Which of these files the store does not hold as they were."""
    for digest in digests:
        try:
            content = files.get(digest)
        except LeizhengError as error:
            yield Problem(subject, error.code, error.sentence)
            continue
        if hashlib.sha256(content).hexdigest() != digest:
            yield Problem(subject, "file-differs", say("The stored files are not those that were sealed."))
