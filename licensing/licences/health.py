"""Whether the register is still what was issued: rows and events against the log, columns against records, files against signatures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.errors import LeizhengError
from licensing.ledger.protection import Fact, Problem, from_hex, row_digest, unaccounted
from licensing.licences import actions, status_list
from licensing.licences.operations import OPERATIONS
from licensing.licences.record import LicenceRecord, from_canonical
from licensing.licences.status import PUBLIC, Status
from licensing.licences.tables import Licence, LicenceEvent
from licensing.licences.verdict import GENUINE, WHOLE
from licensing.licences.verify import verify_pdf
from licensing.moments import local_date
from licensing.parties.queries import authorities
from licensing.storage import FileStore
from licensing.trust import lz1
from licensing.trust.sealing import was_prepared_as
from licensing.trust.trust_list import TrustList
from licensing.words import Said, say

_LEAVES = {actions.INTENT_LEAF, actions.ISSUED_LEAF, actions.ROW_LEAF, actions.VOID_LEAF, actions.EVENT_LEAF}
_TARGETS = {operation.value: rule.target for operation, rule in OPERATIONS.items()}


def issued(session: Session) -> list[Licence]:
    """Every licence that was ever put in force, oldest first."""
    return list(session.scalars(select(Licence).where(Licence.status.in_(PUBLIC)).order_by(Licence.id)))


def problems(session: Session, files: FileStore, trust: TrustList) -> Iterator[Problem]:
    """What does not hold for the rows of the register and their events; nothing when all is well. No PDF is parsed."""
    rows = {row.id: row for row in session.scalars(select(Licence).order_by(Licence.id))}
    events: dict[int, list[LicenceEvent]] = {licence_id: [] for licence_id in rows}
    for event in session.scalars(select(LicenceEvent).order_by(LicenceEvent.licence_id, LicenceEvent.sequence)):
        events.setdefault(event.licence_id, []).append(event)
    yield from unaccounted(session, _LEAVES, (fact for row in rows.values() for fact in _facts(row, events[row.id])))
    for row in rows.values():
        for code, sentence in (*_record(row), *_life(row, events[row.id], rows), *_made(row, files, trust)):
            yield Problem(row.number, code, sentence)


def file_problems(session: Session, files: FileStore, trust: TrustList, licence: Licence) -> Iterator[Problem]:
    """What a stranger would find wrong with the stored file of ``licence``: it is judged as an upload would be."""
    try:
        content = files.get(licence.file_sha256 or "")
    except LeizhengError as error:
        yield Problem(licence.number, error.code, error.sentence)
        return
    verdict = verify_pdf(content, trust, session)
    for answer, good in ((verdict.whole, WHOLE["ok"]), (verdict.genuine, GENUINE["ok"])):
        if answer != good:
            yield Problem(licence.number, answer.code, answer.text)


def list_problems(session: Session, trust: TrustList) -> Iterator[Problem]:
    """What does not hold for the signed status lists: each is as it was signed, and the newest says what the register says."""
    for authority in authorities(session):
        for place, row in enumerate(status_list.history(session, authority.code)):
            subject = f"{authority.code}/{row.id}"
            try:
                token = status_list.verified(row, trust, trust.status_uri(authority.code))
            except LeizhengError as error:
                yield Problem(subject, error.code, error.sentence)
                continue
            if (token.as_of, token.expires_at) != (row.issued_at.replace(microsecond=0), row.expires_at):
                yield Problem(subject, "list-differs", say("The dates of a status list are not those that were signed."))
            if place == 0 and status_list.differences(session, authority.id, token, local_date(row.issued_at)):
                yield Problem(subject, "list-differs", say("The newest status list does not say what the register says."))


def _facts(row: Licence, events: list[LicenceEvent]) -> Iterator[Fact]:
    yield Fact(actions.INTENT_LEAF, row.identifier, from_hex(row.record_sha256))
    yield Fact(actions.ROW_LEAF, row.identifier, row_digest(row, without=actions.LATER))
    if row.file_sha256 is not None:
        yield Fact(actions.ISSUED_LEAF, row.identifier, from_hex(row.file_sha256))
    if row.status == Status.VOID:
        yield Fact(actions.VOID_LEAF, row.identifier, actions.void_digest(row))
    for event in events:
        yield Fact(actions.EVENT_LEAF, actions.event_subject(row, event), row_digest(event))


def _record(row: Licence) -> Iterator[tuple[str, Said]]:
    try:
        record = from_canonical(row.record)
    except ValueError:
        yield "record-unreadable", say("The record is damaged.")
        return
    if record.digest.hex() != row.record_sha256:
        yield "record-differs", say("The record is not the one whose hash was kept.")
    if not _repeats(row, record):
        yield "columns-differ", say("A column of the register says something else than the record.")


def _repeats(row: Licence, record: LicenceRecord) -> bool:
    """Whether the columns by which licences are found say what the record says."""
    dates = (row.issued_on.isoformat(), row.valid_until.isoformat() if row.valid_until else None)
    column = (row.type, row.number, row.identifier, row.version, row.holder, row.holder_code, row.project, row.check_code)
    said = (record.type, record.number, record.identifier, record.version, record.holder, record.holder_code, record.project)
    return (*column, row.status_index, *dates) == (*said, record.check_code, record.status_index, record.issued_on, record.valid_until)


def _life(row: Licence, events: list[LicenceEvent], rows: Mapping[int, Licence]) -> Iterator[tuple[str, Said]]:
    if not _follows(row, events, rows):
        yield "licence-differs", say("The status of the licence is not what its events say.")


def _follows(row: Licence, events: list[LicenceEvent], rows: Mapping[int, Licence]) -> bool:
    """Whether status, moment, reason, file and successor are those of the events, and each event goes where the table leads."""
    if not events:
        waiting = row.sequence == 0 and row.file_sha256 is None and row.successor_id is None
        intent = row.status == Status.INTENT and not row.status_reason and row.status_since == row.created_at
        return waiting and (intent or row.status == Status.VOID)
    last, successor = events[-1], rows.get(row.successor_id or 0)
    walks = all(_TARGETS.get(event.operation) == event.target for event in events)
    chained = [event.source for event in events] == [Status.INTENT, *(event.target for event in events[:-1])]
    numbered = [event.sequence for event in events] == list(range(1, row.sequence + 1))
    said = (last.target, last.at, str(last.data.get("reason", ""))[: actions.LONGEST_REASON], last.data.get("successor"))
    column = (row.status, row.status_since, row.status_reason, successor.identifier if successor else None)
    return walks and chained and numbered and said == column and events[0].data.get("file") == row.file_sha256


def _made(row: Licence, files: FileStore, trust: TrustList) -> Iterator[tuple[str, Said]]:
    if row.status not in PUBLIC:
        return
    if row.prepared_sha256 is None or not was_prepared_as(files, row.file_sha256, row.prepared_sha256):
        yield "file-differs", say("The stored files are not those that were sealed.")
    if not _says(row, trust):
        yield "qr-differs", say("The stored text of the QR code is not that of this licence.")


def _says(row: Licence, trust: TrustList) -> bool:
    try:
        decoded = lz1.verify(lz1.from_text(row.qr_text or "", [urlsplit(row.qr_text or "").hostname or ""]), trust.public_key)
    except (LeizhengError, ValueError):
        return False
    return decoded.lz1.digest == from_hex(row.record_sha256)[: lz1.DIGEST_SIZE]
