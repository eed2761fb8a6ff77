"""What became of a promise, as files: its later events, finished verifications with their photographs, and what was done about a licence.

Each is what was stored, and the log holds its SHA-256, or names it in a report whose SHA-256 it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.commitments.consequences import proceedings_about
from licensing.commitments.journal import EVENT_LEAF, event_subject
from licensing.commitments.pack_proofs import Kept, Place
from licensing.commitments.tables import Commitment, CommitmentEvent, Verification
from licensing.commitments.verification import DONE_LEAF, OPEN
from licensing.ledger.protection import row_bytes
from licensing.letters.actions import sealed_pdf
from licensing.letters.health import SEALED_LEAF
from licensing.letters.queries import of_licences
from licensing.letters.tables import Letter
from licensing.proceedings import journal as proceedings
from licensing.proceedings.machine import INSIDE

FOLDER: Final = "after"
ENDINGS: Final[Mapping[str, str]] = {"image/jpeg": "jpg", "image/png": "png", "application/pdf": "pdf"}


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What happened after a promise was signed. ``files`` are digests by name; ``letters`` are sealed outside of the transaction."""

    rows: tuple[Kept, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    letters: tuple[Letter, ...] = ()

    def joined(self, other: Aftermath) -> Aftermath:
        """This and what another room knows."""
        return Aftermath((*self.rows, *other.rows), {**self.files, **other.files}, (*self.letters, *other.letters))


def promise_event(made: Commitment, event: CommitmentEvent, folder: str = "") -> Kept:
    """An event of a promise as a file."""
    return Kept(f"{folder}events/promise-{event.sequence:04d}.json", row_bytes(event), Place(EVENT_LEAF, event_subject(made, event)))


def aftermath(session: Session, made: Commitment) -> Aftermath:
    """What this room knows: verifications that ended, and proceedings about the licence that go back to the promise."""
    tasks = list(
        session.scalars(
            select(Verification).where(Verification.commitment_id == made.id, Verification.state != OPEN).order_by(Verification.id)
        )
    )
    rows = (
        *(promise_event(made, event, f"{FOLDER}/") for event in made.events[1:]),
        *(Kept(f"{_report(task)}.json", row_bytes(task), Place(DONE_LEAF, task.number)) for task in tasks),
        *_proceedings(session, made),
    )
    return Aftermath(rows, {name: digest for task in tasks for name, digest in _photographs(task)}, tuple(_letters(session, made)))


def sealed_letters(letters: tuple[Letter, ...]) -> Iterator[Kept]:
    """The letters as sealed files. Call it outside of any transaction; raises as ``letters.actions.sealed_pdf``."""
    for place, letter in enumerate(letters, start=1):
        name = f"{FOLDER}/letters/{place:02d}-{letter.kind}.pdf"
        yield Kept(name, sealed_pdf(letter.id), Place(SEALED_LEAF, letter.number))


def _report(task: Verification) -> str:
    return f"{FOLDER}/verifications/{task.number}"


def _photographs(task: Verification) -> Iterator[tuple[str, str]]:
    for place, file in enumerate(task.files, start=1):
        yield f"{_report(task)}/{place:02d}.{ENDINGS.get(file.media_type, 'bin')}", file.sha256


def _proceedings(session: Session, made: Commitment) -> Iterator[Kept]:
    for row in proceedings_about(session, made):
        for event in row.events:
            if event.type in INSIDE:
                continue
            name = f"{FOLDER}/events/proceeding-{row.number}-{event.sequence:04d}.json"
            yield Kept(name, row_bytes(event), Place(proceedings.EVENT_LEAF, proceedings.event_subject(row, event)))


def _letters(session: Session, made: Commitment) -> Iterator[Letter]:
    """A letter is written in the transaction of the act that it tells of, so both name the same moment."""
    for row in proceedings_about(session, made):
        moments = {event.at for event in row.events}
        yield from (letter for letter in of_licences(session, {row.licence_id}) if letter.written_at in moments)
