"""Years of the calendar: what an import would change, the import itself, and what became of it.

Who imports has no power over cases and sees of them the number, the authority and the dates.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from licensing.cases.journal import not_found, require
from licensing.cases.recomputing import Candidates, Hold, Move, apply, batches, tell_offices
from licensing.cases.tables import CalendarEffect, Case
from licensing.clock import Calendar, CalendarYear, DayChange, YearState, changed_days, read_year
from licensing.clock.notice import tidy
from licensing.clock.queries import calendar_before, calendar_now, content_before, imports, newest_id
from licensing.clock.tables import ImportedYear
from licensing.errors import Conflict, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.parties.queries import authorities, person_names
from licensing.parties.tables import Authority
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say

LEAF: Final = "calendar-year"
EFFECTS_LEAF: Final = "calendar-effects"
Progress = Callable[[int, int], None]
"""Called with the cases looked at and all that are to be."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What importing ``content`` would do. ``based_on`` is the newest import that it was worked out against."""

    content: str
    year: CalendarYear
    before: YearState
    changes: tuple[DayChange, ...]
    examined: int
    moves: tuple[Move, ...]
    authorities: Mapping[int, Authority]
    based_on: int | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be different."""
        return not self.changes and not self.moves and self.before is self.year.state


@dataclass(frozen=True, slots=True)
class Import:
    """One import as the list shows it. ``in_force`` unless the same year was imported again."""

    row: ImportedYear
    year: CalendarYear
    by: str
    moved: int
    in_force: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """The calendar in force and every import, newest first. ``imported`` are the years that do not come from the shipped files."""

    calendar: Calendar
    imported: frozenset[int]
    imports: tuple[Import, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """One case that an import moved."""

    number: str
    authority: Authority | None
    old: date
    new: date


@dataclass(frozen=True, slots=True)
class ImportPage:
    """One import with what it changed; ``next_key`` continues the list of cases, ``undo`` is the file that takes it back."""

    made: Import
    changes: tuple[DayChange, ...]
    effects: tuple[Effect, ...]
    next_key: int | None
    undo: str


def overview(actor: Actor) -> Overview:
    """The page of the calendar."""
    with reading(actor) as look:
        require(look, Action.CALENDAR_READ, Subject())
        made = _imports(look.session)
        imported = frozenset(one.row.year for one in made if one.in_force and one.year.state is not YearState.MISSING)
        return Overview(calendar_now(look.session), imported, made)


def import_page(actor: Actor, import_id: int, *, after: int = 0, size: int = 50) -> ImportPage:
    """One import. Raises ``NotFound``."""
    with reading(actor) as look:
        require(look, Action.CALENDAR_READ, Subject())
        made = next((one for one in _imports(look.session) if one.row.id == import_id), None)
        if made is None:
            raise not_found()
        before = calendar_before(look.session, made.row)
        query = (
            select(CalendarEffect, Case.public_number, Authority)
            .join(Case, Case.id == CalendarEffect.case_id)
            .outerjoin(Authority, Authority.id == Case.authority_id)
            .where(CalendarEffect.import_id == import_id, CalendarEffect.id > after)
        )
        found = look.session.execute(query.order_by(CalendarEffect.id).limit(size + 1)).all()
        return ImportPage(
            made=made,
            changes=changed_days(before, before.with_year(made.year), made.row.year),
            effects=tuple(Effect(number, authority, row.old_due_on, row.new_due_on) for row, number, authority in found[:size]),
            next_key=found[size - 1][0].id if len(found) > size else None,
            undo=content_before(look.session, made.row),
        )


def undo_text(actor: Actor, import_id: int) -> str:
    """The file that was in force before an import. Raises ``NotFound``."""
    return import_page(actor, import_id, size=1).undo


def preview(actor: Actor, content: str, progress: Progress | None = None) -> Preview:
    """What importing ``content`` would change, day by day and case by case. Raises ``Invalid`` (``calendar-file-unreadable``)."""
    with reading(actor) as look:
        require(look, Action.CALENDAR_READ, Subject())
        plan = _Plan.of(look.session, content)
        examined = plan.found.count(look.session)
        moves = tuple(move for batch in _told(batches(look.session, plan.found, plan.after), examined, progress) for move in batch)
        return Preview(
            content=plan.content,
            year=plan.year,
            before=plan.before.state(plan.year.year),
            changes=plan.changes,
            examined=examined,
            moves=moves,
            authorities={authority.id: authority for authority in authorities(look.session)},
            based_on=newest_id(look.session),
        )


def import_year(actor: Actor, content: str, *, based_on: int | None, progress: Progress | None = None) -> int:
    """Put ``content`` in force and move every open case that it moves, in one transaction; the id of the import.

    ``based_on`` is that of the preview. Raises ``Invalid`` (``calendar-file-unreadable``, ``calendar-unchanged``), ``Conflict``
    (``calendar-moved-on``) when another import came in between, ``ReauthenticationNeeded``.
    """
    with unit_of_work(actor) as work:
        require(work, Action.CALENDAR_IMPORT, Subject())
        if newest_id(work.session) != based_on:
            raise Conflict(
                say("The calendar was changed in the meantime, so nothing was imported."),
                next_step=say("Look at what would change now, and confirm that."),
                code="calendar-moved-on",
            )
        plan = _Plan.of(work.session, content)
        row = _stored(work, plan)
        total = plan.found.count(work.session)
        offices = _recompute(work, row, batches(work.session, plan.found, plan.after, Hold.WAIT), total, progress)
        append(work, LEAF, subject_of(row), row_digest(row))
        # From here on no event of a case can be committed before us: what came in while we computed is done now.
        late = Candidates.of(plan.changes, since=work.now)
        offices += _recompute(work, row, batches(work.session, late, plan.after, Hold.SKIP), total, None)
        moved = offices.total()
        if not moved and not plan.differs:
            raise Invalid(
                say("This is what the calendar says already."), next_step=say("Nothing has to be imported."), code="calendar-unchanged"
            )
        append(work, EFFECTS_LEAF, subject_of(row), effects_digest(work.session, row.id))
        tell_offices(work, row, {authority_id: count for authority_id, count in offices.items() if authority_id is not None})
        work.tell("calendar.imported", import_id=row.id, year=row.year, state=row.state, moved=moved)
        return row.id


def subject_of(row: ImportedYear) -> str:
    """How the log names an import."""
    return f"{row.year}/{row.id}"


def effects_digest(session: Session, import_id: int) -> bytes:
    """SHA-256 over the digests of all rows that say what an import moved, in their order."""
    digest = hashlib.sha256()
    rows = select(CalendarEffect).where(CalendarEffect.import_id == import_id).order_by(CalendarEffect.id)
    for row in session.scalars(rows.execution_options(yield_per=1000)):
        digest.update(row_digest(row))
    return digest.digest()


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the imported years and their effects; nothing when all is well."""
    rows = imports(session)
    facts = [Fact(LEAF, subject_of(row), row_digest(row)) for row in rows]
    facts += [Fact(EFFECTS_LEAF, subject_of(row), effects_digest(session, row.id)) for row in rows]
    yield from unaccounted(session, {LEAF, EFFECTS_LEAF}, facts)
    for row in rows:
        if _digest(row.content) != row.digest:
            yield Problem(subject_of(row), "calendar-differs", say("The imported year is not what its digest says."))


@dataclass(frozen=True, slots=True)
class _Plan:
    content: str
    year: CalendarYear
    before: Calendar
    after: Calendar
    changes: tuple[DayChange, ...]
    found: Candidates

    @classmethod
    def of(cls, session: Session, content: str) -> _Plan:
        text = tidy(content)
        year = read_year(text)
        before = calendar_now(session)
        after = before.with_year(year)
        changes = changed_days(before, after, year.year)
        return cls(text, year, before, after, changes, Candidates.of(changes))

    @property
    def differs(self) -> bool:
        return bool(self.changes) or self.before.state(self.year.year) is not self.year.state


def _stored(work: Work, plan: _Plan) -> ImportedYear:
    row = ImportedYear(
        year=plan.year.year,
        state=plan.year.state,
        content=plan.content,
        digest=_digest(plan.content),
        imported_at=work.now,
        imported_by=work.actor.person_id,
    )
    work.session.add(row)
    work.session.flush()
    return row


def _recompute(
    work: Work, row: ImportedYear, found: Iterator[tuple[int, list[Move]]], total: int, progress: Progress | None
) -> Counter[int | None]:
    """Move what has to be moved; how many cases of each authority."""
    moved: Counter[int | None] = Counter()
    for moves in _told(found, total, progress):
        apply(work, row, moves)
        moved.update(move.authority_id for move in moves)
    return moved


def _told(found: Iterator[tuple[int, list[Move]]], total: int, progress: Progress | None) -> Iterator[list[Move]]:
    done = 0
    for count, moves in found:
        yield moves
        done += count
        if progress is not None:
            progress(done, max(total, done))


def _imports(session: Session) -> tuple[Import, ...]:
    rows = imports(session)
    names = person_names(session, {row.imported_by for row in rows if row.imported_by is not None})
    counts = select(CalendarEffect.import_id, func.count().label("moved")).group_by(CalendarEffect.import_id)
    moved = {row.import_id: row.moved for row in session.execute(counts)}
    newest: dict[int, int] = {}
    for row in rows:
        newest.setdefault(row.year, row.id)
    return tuple(
        Import(row, read_year(row.content), names.get(row.imported_by or 0, ""), moved.get(row.id, 0), newest[row.year] == row.id)
        for row in rows
    )


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
