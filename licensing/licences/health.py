"""Whether a stored licence is still what was issued: record, file, signature, log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.errors import LeizhengError
from licensing.ledger import protection as ledger
from licensing.ledger.queries import leaves_about
from licensing.licences.actions import EVENT_LEAF, LONGEST_REASON, event_subject
from licensing.licences.operations import OPERATIONS, Operation
from licensing.licences.record import from_canonical
from licensing.licences.status import PUBLIC, Status
from licensing.licences.tables import Licence, LicenceEvent
from licensing.licences.verdict import GENUINE, WHOLE
from licensing.licences.verify import verify_pdf
from licensing.storage import FileStore
from licensing.trust.trust_list import TrustList
from licensing.words import Said, say


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one licence."""

    number: str
    code: str
    sentence: Said


def issued(session: Session) -> list[Licence]:
    """Every licence that was ever put in force, oldest first."""
    return list(session.scalars(select(Licence).where(Licence.status.in_(PUBLIC)).order_by(Licence.id)))


def problems(session: Session, files: FileStore, trust: TrustList, licence: Licence) -> Iterator[Problem]:
    """What does not hold for ``licence``; nothing when all is well."""
    for code, sentence in (*_record(licence), *_file(session, files, trust, licence), *_log(session, licence)):
        yield Problem(licence.number, code, sentence)


def life(session: Session) -> Iterator[ledger.Problem]:
    """What does not hold for the events of all licences, and for the columns that follow from them; nothing when all is well."""
    rows = {row.id: row for row in session.scalars(select(Licence).order_by(Licence.id))}
    events: dict[int, list[LicenceEvent]] = {licence_id: [] for licence_id in rows}
    for event in session.scalars(select(LicenceEvent).order_by(LicenceEvent.licence_id, LicenceEvent.sequence)):
        events.setdefault(event.licence_id, []).append(event)
    known = [(rows[licence_id], event) for licence_id, found in events.items() if licence_id in rows for event in found]
    facts = (ledger.Fact(EVENT_LEAF, event_subject(row, event), ledger.row_digest(event)) for row, event in known)
    yield from ledger.unaccounted(session, {EVENT_LEAF}, facts)
    for row in rows.values():
        if not _follows(row, events[row.id], rows):
            yield ledger.Problem(row.identifier, "licence-differs", say("The status of the licence is not what its events say."))


def _follows(row: Licence, events: list[LicenceEvent], rows: Mapping[int, Licence]) -> bool:
    """Whether status, moment, reason and successor are those of the last event, and each event goes where the table leads."""
    if not events:
        return row.sequence == 0 and row.status in (Status.INTENT, Status.VOID) and row.successor_id is None
    last, successor = events[-1], rows.get(row.successor_id or 0)
    said = (last.target, last.at, str(last.data.get("reason", ""))[:LONGEST_REASON], last.data.get("successor"))
    targets = {operation: rule.target for operation, rule in OPERATIONS.items()}
    walks = all(targets.get(Operation(event.operation)) == event.target for event in events if event.operation in set(Operation))
    chained = [event.source for event in events] == [Status.INTENT, *(event.target for event in events[:-1])]
    numbered = [event.sequence for event in events] == list(range(1, row.sequence + 1))
    now = (row.status, row.status_since, row.status_reason, successor.identifier if successor else None)
    return walks and chained and numbered and said == now


def _record(licence: Licence) -> Iterator[tuple[str, Said]]:
    try:
        record = from_canonical(licence.record)
    except ValueError:
        yield "record-unreadable", say("The record is damaged.")
        return
    if record.digest.hex() != licence.record_sha256:
        yield "record-differs", say("The record is not the one whose hash was kept.")
    if (record.number, record.identifier, record.check_code) != (licence.number, licence.identifier, licence.check_code):
        yield "columns-differ", say("Number, identifier or check code differ from the record.")


def _file(session: Session, files: FileStore, trust: TrustList, licence: Licence) -> Iterator[tuple[str, Said]]:
    try:
        content = files.get(licence.file_sha256 or "")
    except LeizhengError as error:
        yield error.code, error.sentence
        return
    verdict = verify_pdf(content, trust, session)
    for answer, good in ((verdict.whole, WHOLE["ok"]), (verdict.genuine, GENUINE["ok"])):
        if answer != good:
            yield answer.code, answer.text


def _log(session: Session, licence: Licence) -> Iterator[tuple[str, Said]]:
    leaves = leaves_about(session, licence.identifier)
    if not any(leaf.kind == "licence-issued" and (licence.file_sha256 or "-").encode() in leaf.entry for leaf in leaves):
        yield "not-in-log", say("The log does not hold the issue of this file.")
