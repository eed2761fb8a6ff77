"""Notes that officers write to each other on a case: append-only, told to who is mentioned, and not for the applicant's eyes.

No evidence pack, letter or register holds them; an applicant's page never asks for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.journal import Loaded, load_for, may, not_found
from licensing.cases.tables import Case, CaseNote
from licensing.clock import local_date
from licensing.errors import FieldError, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.notices.actions import notify_person
from licensing.parties.queries import officers, person_names, seated
from licensing.policy import Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import Said, say

LEAF: Final = "case-note"
STRUCK_LEAF: Final = "case-note-struck"
LONGEST: Final = 1000
LATER: Final = ("struck_at",)
"""The column of a note that striking it out fills."""
_MENTION = re.compile(r"(?<![\w.+-])@(\S{0,60})")


@dataclass(frozen=True, slots=True)
class NoteLine:
    """One note as it is read: who wrote it, whom it told, and whether the reader may strike it out."""

    note: CaseNote
    author: str
    told: tuple[str, ...]
    may_strike: bool


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes of a case, oldest first, and the colleagues who can be mentioned, by id."""

    lines: tuple[NoteLine, ...]
    colleagues: Mapping[int, str]
    may_write: bool


def of_case(actor: Actor, case_id: int) -> Notes | None:
    """The notes of a case; None where they are not the reader's to read. Raises ``NotFound`` for a case that is not."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        if not may(actor, Action.NOTE_READ, case, look):
            return None
        rows = list(look.session.scalars(select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.id)))
        names = person_names(look.session, {person for row in rows for person in (row.author_id, *row.told)})
        lines = (NoteLine(row, names[row.author_id], tuple(names[person] for person in row.told), _may_strike(actor, row)) for row in rows)
        colleagues = _colleagues(look.session, case.row, actor, local_date(look.now))
        return Notes(tuple(lines), colleagues, bool(may(actor, Action.NOTE_WRITE, case, look)))


def write(actor: Actor, case_id: int, text: str, tell: frozenset[int] = frozenset()) -> int:
    """Add a note; who is mentioned in it as ``@name``, or picked in ``tell``, gets a message. The id of the note.

    Raises ``Invalid`` (``note-empty``, ``note-too-long``, ``nobody-called-so``).
    """
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.NOTE_WRITE)
        colleagues = _colleagues(work.session, case.row, actor, local_date(work.now))
        _check_length(text)
        told = sorted(_mentioned(text, colleagues) | (tell & colleagues.keys()))
        row = CaseNote(case_id=case_id, author_id=actor.person_id, text=text, told=told, written_at=work.now)
        work.session.add(row)
        work.session.flush()
        append(work, LEAF, _subject(case.row, row), row_digest(row, without=LATER))
        _tell(work, case, told)
        return row.id


def strike_out(actor: Actor, case_id: int, note_id: int) -> None:
    """Mark the actor's own note as struck out; its words stay readable. Twice is once. Raises ``NotFound`` for the note of another."""
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.NOTE_WRITE)
        row = work.session.get(CaseNote, note_id, with_for_update=True)
        if row is None or row.case_id != case_id or row.author_id != actor.person_id:
            raise not_found()
        if row.struck_at is None:
            row.struck_at = work.now
            work.session.flush()
            append(work, STRUCK_LEAF, _subject(case.row, row), row_digest(row))


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the notes; nothing when all is well."""
    rows = session.execute(select(Case, CaseNote).join(CaseNote, CaseNote.case_id == Case.id).order_by(CaseNote.id))
    yield from unaccounted(session, {LEAF, STRUCK_LEAF}, (fact for case, note in rows for fact in _facts(case, note)))


def mentions(text: str, names: Mapping[int, str]) -> tuple[set[int], list[str]]:
    """Whom ``@name`` in a text means, and what stands behind an @ that means nobody.

    Chinese puts no space after a name, so the longest name that fits counts; of two people with one name both are meant.
    """
    found: set[int] = set()
    unknown: list[str] = []
    for typed in _MENTION.findall(text):
        fitting = [name for name in names.values() if name and typed.startswith(name)]
        if not fitting:
            unknown.append(typed)
        longest = max(fitting, key=len, default=None)
        found |= {person for person, name in names.items() if name == longest}
    return found, unknown


def _mentioned(text: str, colleagues: Mapping[int, str]) -> set[int]:
    found, unknown = mentions(text, colleagues)
    if unknown:
        raise _refusal("nobody-called-so", say("No colleague who can read this case is called “%(name)s”.", name=unknown[0]))
    return found


def _check_length(text: str) -> None:
    if not text:
        raise _refusal("note-empty", say("Write the note."))
    if len(text) > LONGEST:
        raise _refusal("note-too-long", say("At most %(limit)s characters are possible.", limit=LONGEST))


def _refusal(code: str, sentence: Said) -> Invalid:
    next_step = say("Mend the note and add it again.")
    return Invalid(sentence, [FieldError("note", code, sentence)], next_step=next_step, code=code)


def _colleagues(session: Session, case: Case, actor: Actor, today: date) -> dict[int, str]:
    """The officers of the authority but for the actor, and but for those who belong to the applicant and so may not read the case."""
    if case.authority_id is None:
        return {}
    kept_out = seated(session, case.company_id, today) | {actor.person_id}
    return {person.id: person.name for person in officers(session, case.authority_id, today) if person.id not in kept_out}


def _tell(work: Work, case: Loaded, told: list[int]) -> None:
    for person in told:
        said = say("A colleague mentioned you in a note on case %(number)s.", number=case.row.public_number)
        notify_person(work, person, said, case_id=case.row.id, reference=case.row.public_number)


def _may_strike(actor: Actor, row: CaseNote) -> bool:
    return row.struck_at is None and row.author_id == actor.person_id


def _subject(case: Case, row: CaseNote) -> str:
    return f"{case.public_number}/{row.id}"


def _facts(case: Case, row: CaseNote) -> Iterator[Fact]:
    yield Fact(LEAF, _subject(case, row), row_digest(row, without=LATER))
    if row.struck_at is not None:
        yield Fact(STRUCK_LEAF, _subject(case, row), row_digest(row))
