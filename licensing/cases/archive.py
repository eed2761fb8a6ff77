"""The archive 归档: the file of a finished case is closed under a number, once; the case itself is not touched.

The row names every file with its SHA-256, and the log holds the digest of the row and of the manifest. The ZIP is made from stored bytes
at every download, so it is always the same. The files are described in docs/formats/case-archive.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib import resources
from typing import Any, Final

import structlog
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from licensing.cases.archive_file import Piece, file_of
from licensing.cases.archive_terms import objectable_until, still_objectable
from licensing.cases.in_turn import in_turn
from licensing.cases.journal import Loaded, load_for, may, not_found
from licensing.cases.machine import FINAL, State
from licensing.cases.objections import open_objections
from licensing.cases.tables import Case, CaseArchive, Objection
from licensing.catalogue.loader import load_retention
from licensing.catalogue.model import Matter
from licensing.catalogue.retention import Period
from licensing.clock import CHINA, local_date
from licensing.commitments.health import file_problems
from licensing.commitments.tables import Commitment, Verification
from licensing.commitments.verification import OPEN
from licensing.documents.engine import render_pdf
from licensing.documents.fonts import shown
from licensing.documents.packing import MANIFEST, csv_of, manifest_of, zip_of
from licensing.errors import Conflict, LeizhengError
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.letters.tables import Letter
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import SYSTEM, Action, Actor, Ruling
from licensing.settings import Settings
from licensing.storage import FileStore, reading, storage, unit_of_work
from licensing.storage.counters import next_value, upcoming_value
from licensing.words import Said, say

LEAF: Final = "case-archive"
ROW_LEAF: Final = "case-archive-row"
INDEX: Final = "index.csv"
PRINTED: Final = "index.pdf"
README: Final = ("README.txt", "README.zh-CN.txt")
HEADS: Final = ("序号", "题名", "日期", "页数", "文件名", "SHA-256")
OUTCOMES: Final[Mapping[State, str]] = {
    State.GRANTED: "准予许可",
    State.REFUSED: "不予许可",
    State.NOT_ACCEPTED: "不予受理",
    State.WITHDRAWN: "申请人撤回",
    State.TERMINATED: "终止办理（承诺不实）",
    State.CLOSED: "终结办理",
}
"""How a case ended, as the printed index says it."""
MOST: Final = 20
"""So many files are closed in one run of the worker, so that nothing else waits for them."""
_TRIES: Final = 5

_log = structlog.get_logger("leizheng.archive")


@dataclass(frozen=True, slots=True)
class Filing:
    """The archive as the page of a finished case shows it: its row, who closed the file, or what it waits for."""

    row: CaseArchive | None
    by: str | None
    period: Period
    waits: Said | None
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class _Cover:
    """What stands on the printed index above its lines."""

    number: str
    series: str
    serial: int
    authority: Authority
    company: Company
    matter: Matter
    row: Case
    period: Period
    closed_at: datetime


class _NumberTakenError(Exception):
    """Somebody took the number while the index that names it was printed."""


def archive(actor: Actor, settings: Settings, case_id: int) -> CaseArchive:
    """Close the file of a finished case under the next number; the row, which is there once however often this is called.

    Call it outside of any transaction. Raises ``Conflict`` (``not-finished``, ``verification-open``, ``objection-open``,
    ``objection-possible``, ``letter-undelivered``), and what sealing raises while the signer is away.
    """
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_ARCHIVE)
        standing = _standing(look.session, case_id)
        if standing is not None:
            return standing
        _require_ready(look.session, case, local_date(look.now))
    pieces = file_of(settings, case_id)
    for _ in range(_TRIES):
        try:
            return _close(actor, _cover(actor, case_id), pieces)
        except _NumberTakenError:
            continue
    raise Conflict(
        say("Others close files at this moment, so nothing was done."), next_step=say("Try again in a minute."), code="archive-busy"
    )


def archive_all(settings: Settings, most: int = MOST) -> int:
    """Close the file of every finished case that waits for nothing more; how many were closed, at most ``most``."""
    with reading(SYSTEM) as look:
        waiting = list(look.session.scalars(_ready(look.session, local_date(look.now))))

    def failed(case_id: int, error: LeizhengError) -> None:
        _log.warning("file not closed", case_id=case_id, code=error.code, reason=str(error))

    return in_turn(waiting, lambda case_id: archive(SYSTEM, settings, case_id), failed, most)


def filing_of(actor: Actor, case_id: int) -> Filing | None:
    """What the archive says of a finished case; None while it is running, and where it is not the reader's to know."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        if case.view.state not in FINAL or not may(actor, Action.ARCHIVE_READ, case, look):
            return None
        row = _standing(look.session, case_id)
        person = look.session.get(Person, row.archived_by) if row is not None and row.archived_by is not None else None
        waits = None if row is not None else _waits(look.session, case, local_date(look.now))
        retention = load_retention()
        period = retention.period_called(row.period) if row is not None else retention.period_of(case.view.state)
        ruling = may(actor, Action.CASE_ARCHIVE, case, look)
        return Filing(row, person.name if person else None, period, waits.sentence if waits else None, ruling)


def archived_file(actor: Actor, case_id: int) -> tuple[CaseArchive, bytes]:
    """The file of a case as one ZIP: the same bytes at every call. Raises ``NotFound``."""
    with reading(actor) as look:
        load_for(look, case_id, Action.ARCHIVE_READ)
        row = _standing(look.session, case_id)
        if row is None:
            raise not_found()
        files = {name: look.files.get(digest) for name, digest in row.files.items()}
    return row, zip_of({**files, MANIFEST: manifest_of(row.files)})


def problems(session: Session, files: FileStore) -> Iterator[Problem]:
    """What does not hold for the archive; nothing when all is well."""
    rows = list(session.scalars(select(CaseArchive).order_by(CaseArchive.id)))
    yield from unaccounted(session, {LEAF, ROW_LEAF}, (fact for row in rows for fact in _facts(row)))
    for row in rows:
        yield from file_problems(files, row.number, row.files.values())


def _facts(row: CaseArchive) -> Iterator[Fact]:
    yield Fact(LEAF, row.number, _manifest_digest(row))
    yield Fact(ROW_LEAF, row.number, row_digest(row))


def _manifest_digest(row: CaseArchive) -> bytes:
    return hashlib.sha256(manifest_of(row.files)).digest()


def _standing(session: Session, case_id: int) -> CaseArchive | None:
    return session.scalar(select(CaseArchive).where(CaseArchive.case_id == case_id))


def _undelivered(today: date) -> tuple[ColumnElement[bool], ...]:
    """Letters that nobody opened and that are not old enough yet. The letter of a promise is the applicant's own words."""
    since = datetime.combine(today - timedelta(days=load_retention().undelivered_days - 1), time(), CHINA)
    of_promises = select(Commitment.letter_id).where(Commitment.letter_id.is_not(None))
    return Letter.opened_at.is_(None), Letter.written_at >= since, Letter.id.not_in(of_promises)


def _ready(session: Session, today: date) -> Any:
    """The cases whose file can be closed, oldest first."""
    return (
        select(Case.id)
        .where(
            Case.state.in_(FINAL),
            ~exists(select(1).where(CaseArchive.case_id == Case.id)),
            ~exists(select(1).where(Letter.case_id == Case.id, *_undelivered(today))),
            ~exists(select(1).where(Verification.case_id == Case.id, Verification.state == OPEN)),
            ~exists(select(1).where(Objection.case_id == Case.id, Objection.answered_at.is_(None))),
            ~still_objectable(session, today),
        )
        .order_by(Case.id)
    )


def _waits(session: Session, case: Loaded, today: date) -> Conflict | None:
    """Why the file of a case cannot be closed yet; None when it can."""
    if case.view.state not in FINAL:
        return Conflict(say("The case is not finished yet."), code="not-finished")
    if session.scalar(select(func.count()).where(Verification.case_id == case.row.id, Verification.state == OPEN)):
        return Conflict(
            say("A promise of this case is still being verified."),
            next_step=say("Finish the verification; the file is closed after it."),
            code="verification-open",
        )
    if open_objections(session, case.row.id):
        return Conflict(
            say("An objection in this case is not answered yet."),
            next_step=say("Have it answered; the file is closed after it."),
            code="objection-open",
        )
    last = objectable_until(session, case, today)
    if last is not None:
        return Conflict(
            say("The company may object to how the case ended; without that the file can be closed after %(day)s.", day=last),
            next_step=say("Wait for that day: an objection belongs into the file."),
            code="objection-possible",
        )
    latest = session.scalar(select(func.max(Letter.written_at)).where(Letter.case_id == case.row.id, *_undelivered(today)))
    if latest is None:
        return None
    day = local_date(latest) + timedelta(days=load_retention().undelivered_days)
    return Conflict(
        say("A letter was not opened yet; without that the file can be closed on %(day)s.", day=day),
        next_step=say("Wait until the applicant opens the letter, or for that day."),
        code="letter-undelivered",
    )


def _require_ready(session: Session, case: Loaded, today: date) -> None:
    waits = _waits(session, case, today)
    if waits is not None:
        raise waits


def _cover(actor: Actor, case_id: int) -> _Cover:
    """The words above the index, with the number that is next now."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_ARCHIVE)
        retention, row = load_retention(), case.row
        authority, company = look.session.get_one(Authority, row.authority_id), look.session.get_one(Company, row.company_id)
        period, year = retention.period_of(case.view.state), local_date(row.events[-1].at).year
        series = f"archive:{authority.code}:{year}:{period.code}"
        serial = upcoming_value(look.session, series)
        number = retention.number_pattern.format(authority=authority.code, year=year, period=period.code, serial=serial)
        return _Cover(number, series, serial, authority, company, case.matter, row, period, look.now)


def _close(actor: Actor, cover: _Cover, pieces: Sequence[Piece]) -> CaseArchive:
    """Store the files, then number and keep them. Raises :class:`_NumberTakenError` when the number went to another case."""
    files = {name: storage().files.put(content) for name, content in _contents(cover, pieces).items()}
    with unit_of_work(actor) as work:
        work.session.execute(select(Case.id).where(Case.id == cover.row.id).with_for_update())
        case = load_for(work, cover.row.id, Action.CASE_ARCHIVE)
        standing = _standing(work.session, case.row.id)
        if standing is not None:
            return standing
        _require_ready(work.session, case, local_date(work.now))
        if next_value(work.session, cover.series) != cover.serial:
            raise _NumberTakenError
        row = CaseArchive(
            case_id=case.row.id,
            authority_id=cover.authority.id,
            number=cover.number,
            period=cover.period.code,
            index_sha256=files[INDEX],
            files=files,
            archived_at=cover.closed_at,
            archived_by=actor.person_id,
        )
        work.session.add(row)
        work.session.flush()
        append(work, LEAF, row.number, _manifest_digest(row))
        append(work, ROW_LEAF, row.number, row_digest(row))
        return row


def _contents(cover: _Cover, pieces: Sequence[Piece]) -> Mapping[str, bytes]:
    lines = [
        (str(place), piece.title, piece.day.isoformat(), str(piece.pages or ""), piece.name, hashlib.sha256(piece.content).hexdigest())
        for place, piece in enumerate(pieces, start=1)
    ]
    index = csv_of(HEADS, lines)
    return {
        **{piece.name: piece.content for piece in pieces},
        INDEX: index,
        PRINTED: _printed(cover, lines, hashlib.sha256(index).digest()),
        **{name: _readme(name, cover) for name in README},
    }


def _printed(cover: _Cover, lines: Sequence[Sequence[str]], digest: bytes) -> bytes:
    """The index 卷内目录 to be printed; it names the SHA-256 of the table that it shows."""
    about = (
        ("档号", cover.number),
        ("全宗名称", cover.authority.name),
        ("案卷题名", f"{cover.row.project_name or cover.matter.name}——{cover.matter.name}"),
        ("申请单位", f"{cover.company.name}（{cover.company.uscc}）"),
        ("办件号", cover.row.public_number),
        ("办理结果", OUTCOMES[State(cover.row.state)]),
        ("保管期限", cover.period.name),
        ("归档日期", local_date(cover.closed_at).isoformat()),
    )
    context = {
        "about": [(name, shown(value)) for name, value in about],
        "heads": HEADS,
        "lines": [[shown(cell) for cell in line] for line in lines],
        "digest": digest.hex(),
        "issued_at": cover.closed_at.astimezone(CHINA),
    }
    return render_pdf("archive/index.html", context, title=f"卷内目录 {cover.number}", identifier=digest[:16])


def _readme(name: str, cover: _Cover) -> bytes:
    text = (resources.files("licensing.cases") / "archived" / name).read_text(encoding="utf-8")
    return text.replace("{number}", cover.number).replace("{host}", storage().settings.public_host).encode()
