"""The acts that change the register: intend a licence or a new version, put it in force, void its number, and every later operation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import select, update

from licensing.catalogue import load_catalogue
from licensing.catalogue.model import LicenceType
from licensing.clock import local_date
from licensing.documents.check_codes import new_check_code
from licensing.errors import Conflict, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.ledger.rules import entry_bytes
from licensing.licences import identifier, rules, status_list
from licensing.licences.face import chinese_date, face_rows
from licensing.licences.operations import OPERATIONS, Operation
from licensing.licences.queries import licence as licence_by_id
from licensing.licences.record import LicenceRecord, from_canonical
from licensing.licences.status import Status
from licensing.licences.tables import Licence, LicenceEvent
from licensing.licences.versions import Given, next_version
from licensing.parties.queries import authority as authority_of
from licensing.parties.tables import Authority, Company
from licensing.storage import Work
from licensing.storage.counters import next_value
from licensing.words import say

INTENT_LEAF: Final = "licence-intent"
"""Its digest is the record's: a stranger can prove it. The proof of this leaf lies in the PDF."""
ISSUED_LEAF: Final = "licence-issued"
"""Its digest is that of the signed file."""
ROW_LEAF: Final = "licence-row"
VOID_LEAF: Final = "licence-void"
EVENT_LEAF: Final = "licence-event"
LATER: Final = ("status", "status_reason", "status_since", "sequence", "successor_id", "prepared_sha256", "qr_text", "file_sha256")
"""The columns of a licence that change after the intent, each together with an event or with the making of the file."""
LONGEST_REASON = 500


def intend(
    work: Work,
    licence_type: LicenceType,
    authority: Authority,
    holder: Company,
    *,
    project: str | None,
    opinion: str,
    answers: Mapping[str, Any],
    number_parts: Mapping[str, str] | None = None,
    case_id: int | None = None,
    case_number: str = "",
    changes: Licence | None = None,
) -> Licence:
    """Take the next number and store what the licence will say, before anything is rendered or signed (design 3, step 4).

    ``answers`` are the printed answers that the face rows of the type point into; ``number_parts`` fills what the number pattern asks
    beyond place, year and serial; ``changes`` is the licence of another number that this one replaces once it is in force. The record and
    its digest never change after this; a ledger leaf is appended in the same transaction.
    """
    issued_on = local_date(work.now)
    serial = next_value(work.session, f"number:{authority.code}:{licence_type.code}:{issued_on.year}")
    parts = {"place": authority.number_place, "year": issued_on.year, "serial": serial, **(number_parts or {})}
    number = licence_type.number_pattern.format(**parts)
    made = identifier.make(licence_type.type_code, authority.credit_code, f"{issued_on.year}{serial:04d}", 1)
    last_day = rules.valid_until(issued_on, licence_type.valid_years)
    printed = {
        "holder_name": holder.name,
        "holder_uscc": holder.uscc,
        "issuer_name": authority.name,
        "issued_on": chinese_date(issued_on),
        "valid_until": chinese_date(last_day) if last_day else "长期有效",
    }
    record = LicenceRecord(
        type=licence_type.code,
        type_code=licence_type.type_code,
        type_name=licence_type.name,
        identifier=str(made),
        number=number,
        version=made.version,
        issuer=authority.name,
        issuer_code=authority.credit_code,
        holder=holder.name,
        holder_code=holder.uscc,
        project=project,
        issued_on=issued_on.isoformat(),
        valid_from=issued_on.isoformat(),
        valid_until=last_day.isoformat() if last_day else None,
        decided_at=work.now.isoformat(timespec="seconds"),
        case_number=case_number,
        check_code=new_check_code(),
        status_index=_next_index(work, authority),
        face=face_rows(licence_type, {"answers": answers, "record": printed}),
        opinion=opinion,
    )
    return _store(
        work,
        record,
        authority.id,
        year=issued_on.year,
        serial=serial,
        case_id=case_id,
        origin=Operation.CHANGE if changes else Operation.ISSUE,
        previous_id=changes.id if changes else None,
    )


def intend_version(work: Work, old_id: int, operation: Operation, *, changes: Mapping[str, str], proceeding: str) -> Licence:
    """Store what the next version of a licence will say: same number, new identifier, check code and status index.

    ``changes`` are clean (``versions.clean_changes``), ``proceeding`` is its number. The old version stays in force until the new one
    is. Raises ``Conflict`` when the licence is not in a status from which ``operation`` leads to a new version.
    """
    old = held(work, old_id)
    rule = OPERATIONS[operation]
    if not rule.new_version or old.status not in rule.sources:
        raise moved_on()
    authority = authority_of(work.session, old.authority_id)
    licence_type = load_catalogue().licence_type(old.type)
    given = Given(work.now, proceeding, new_check_code(), _next_index(work, authority))
    record = next_version(from_canonical(old.record), licence_type, operation, changes, given)
    return _store(
        work,
        record,
        old.authority_id,
        year=old.year,
        serial=old.serial,
        case_id=old.case_id,
        origin=operation,
        previous_id=old.id,
    )


def put_in_force(work: Work, licence_id: int, file_sha256: str) -> Licence:
    """Make a produced licence valid and visible: status, ledger leaves and outbox in one transaction (design 3, step 6).

    The version before it becomes *replaced*, with this one as its successor, in the same transaction. Raises ``Conflict`` unless the
    licence is still an intent and the version before it can still be replaced.
    """
    licence = held(work, licence_id)
    if licence.status != Status.INTENT:
        raise _not_intent()
    before = [held(work, licence.previous_id)] if licence.previous_id is not None else []
    for old in before:
        _apply(work, old, Operation(licence.origin), "", {}, successor=licence)
    _apply(work, licence, Operation.ISSUE, "", {"file": file_sha256, "origin": licence.origin}, file_sha256=file_sha256)
    append(work, ISSUED_LEAF, licence.identifier, bytes.fromhex(file_sha256))
    work.tell("licence.issued", licence_id=licence.id, number=licence.number)
    status_list.changed(work, *before, licence)
    return licence


def void(work: Work, licence_id: int, reason: str) -> Licence:
    """Give up a number, or a version, that could not be made; it stays accounted for, with the reason (threat C10)."""
    change = update(Licence).where(Licence.id == licence_id, Licence.status == Status.INTENT)
    values = {"status": Status.VOID, "status_since": work.now, "status_reason": reason[:LONGEST_REASON]}
    if work.session.execute(change.values(**values).returning(Licence.id)).scalar_one_or_none() is None:
        raise _not_intent()
    licence = held(work, licence_id)
    append(work, VOID_LEAF, licence.identifier, void_digest(licence))
    status_list.changed(work, licence)
    return licence


def perform(work: Work, licence_id: int, operation: Operation, *, reason: str, data: Mapping[str, Any] | None = None) -> Licence:
    """Do ``operation`` to a licence: status, event, ledger leaf, status list and outbox in this transaction.

    Raises ``Conflict`` (``licence-moved-on``) when the table does not lead from the licence's status, or somebody else was faster, and
    ``Invalid`` (``reason-needed``) without a reason. What makes a new version goes through :func:`intend_version` and
    :func:`put_in_force`.
    """
    if OPERATIONS[operation].new_version or operation is Operation.ISSUE:
        raise moved_on()
    if not reason.strip():
        raise Invalid(say("Please give a reason."), code="reason-needed")
    licence = _apply(work, held(work, licence_id), operation, reason.strip(), data or {})
    status_list.changed(work, licence)
    return licence


def held(work: Work, licence_id: int) -> Licence:
    """The licence as it is now. All versions under its number are held until the transaction ends: acts on them wait for one another.

    Raises ``NotFound``.
    """
    found = licence_by_id(work.session, licence_id)
    family = (Licence.authority_id == found.authority_id, Licence.type == found.type, Licence.year == found.year)
    first = select(Licence.id).where(*family, Licence.serial == found.serial, Licence.version == 1)
    work.session.execute(first.with_for_update())
    work.session.refresh(found)
    return found


def void_digest(licence: Licence) -> bytes:
    """What the log keeps of a number that was given up: when and why."""
    said = {"since": licence.status_since.isoformat(timespec="microseconds"), "reason": licence.status_reason}
    return hashlib.sha256(entry_bytes(said)).digest()


def event_subject(licence: Licence, event: LicenceEvent) -> str:
    """How the log names an event of a licence."""
    return f"{licence.identifier}/{event.sequence}"


def _apply(
    work: Work,
    licence: Licence,
    operation: Operation,
    reason: str,
    data: Mapping[str, Any],
    *,
    successor: Licence | None = None,
    file_sha256: str | None = None,
) -> Licence:
    rule = OPERATIONS[operation]
    if licence.status not in rule.sources:
        raise moved_on()
    event = LicenceEvent(
        licence_id=licence.id,
        sequence=licence.sequence + 1,
        operation=operation,
        source=licence.status,
        target=rule.target,
        at=work.now,
        actor_id=work.actor.person_id,
        data={**data, **({"reason": reason} if reason else {}), **({"successor": successor.identifier} if successor else {})},
    )
    values: dict[str, Any] = {"status": rule.target, "status_reason": reason[:LONGEST_REASON], "status_since": work.now}
    values |= {"successor_id": successor.id} if successor else {}
    values |= {"file_sha256": file_sha256} if file_sha256 else {}
    change = update(Licence).where(Licence.id == licence.id, Licence.status == licence.status, Licence.sequence == licence.sequence)
    if work.session.execute(change.values(sequence=event.sequence, **values).returning(Licence.id)).scalar_one_or_none() is None:
        raise moved_on()
    work.session.add(event)
    work.session.flush()
    work.session.refresh(licence)
    append(work, EVENT_LEAF, event_subject(licence, event), row_digest(event))
    work.tell("licence.changed", licence_id=licence.id, number=licence.number, operation=str(operation), status=licence.status)
    return licence


def _store(
    work: Work,
    record: LicenceRecord,
    authority_id: int,
    *,
    year: int,
    serial: int,
    case_id: int | None,
    origin: Operation,
    previous_id: int | None = None,
) -> Licence:
    licence = Licence(
        case_id=case_id,
        authority_id=authority_id,
        type=record.type,
        year=year,
        serial=serial,
        version=record.version,
        number=record.number,
        identifier=record.identifier,
        holder=record.holder,
        holder_code=record.holder_code,
        project=record.project,
        check_code=record.check_code,
        status_index=record.status_index,
        issued_on=date.fromisoformat(record.issued_on),
        valid_from=date.fromisoformat(record.valid_from),
        valid_until=date.fromisoformat(record.valid_until) if record.valid_until else None,
        status=Status.INTENT,
        status_since=work.now,
        sequence=0,
        origin=origin,
        previous_id=previous_id,
        record=record.canonical(),
        record_sha256=record.digest.hex(),
        created_at=work.now,
    )
    work.session.add(licence)
    work.session.flush()
    append(work, INTENT_LEAF, record.identifier, record.digest)
    append(work, ROW_LEAF, record.identifier, row_digest(licence, without=LATER))
    return licence


def _next_index(work: Work, authority: Authority) -> int:
    return next_value(work.session, f"status:{authority.code}") - 1


def moved_on() -> Conflict:
    """What is said when the table does not lead on from the licence's status."""
    return Conflict(
        say("The licence has moved on, so nothing was done."),
        next_step=say("Load the page again and look at its status."),
        code="licence-moved-on",
    )


def _not_intent() -> Conflict:
    return Conflict(say("This licence is no longer waiting to be issued."), code="licence-not-intent")
