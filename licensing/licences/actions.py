"""The acts that change the register: intend a licence, put it in force, or void its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from licensing.catalogue.model import LicenceType
from licensing.clock import local_date
from licensing.errors import Conflict
from licensing.ledger.actions import append
from licensing.licences import identifier, rules
from licensing.licences.face import chinese_date, face_rows
from licensing.licences.record import LicenceRecord
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.parties.tables import Authority, Company
from licensing.storage import Work
from licensing.storage.counters import next_value
from licensing.words import say


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
) -> Licence:
    """Take the next number and store what the licence will say, before anything is rendered or signed (design 3, step 4).

    ``answers`` are the printed answers that the face rows of the type point into; ``number_parts`` fills what the number pattern asks
    beyond place, year and serial. The record and its digest never change after this; a ledger leaf is appended in the same transaction.
    """
    issued_on = local_date(work.now)
    serial = next_value(work.session, f"number:{authority.code}:{licence_type.code}:{issued_on.year}")
    parts = {"place": authority.number_place, "year": issued_on.year, "serial": serial, **(number_parts or {})}
    number = licence_type.number_pattern.format(**parts)
    made = identifier.make(licence_type.type_code, authority.uscc, f"{issued_on.year}{serial:04d}", 1)
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
        issuer_code=authority.uscc,
        holder=holder.name,
        holder_code=holder.uscc,
        project=project,
        issued_on=issued_on.isoformat(),
        valid_from=issued_on.isoformat(),
        valid_until=last_day.isoformat() if last_day else None,
        decided_at=work.now.isoformat(timespec="seconds"),
        case_number=case_number,
        check_code=rules.new_check_code(),
        status_index=next_value(work.session, f"status:{authority.kid}") - 1,
        face=face_rows(licence_type, {"answers": answers, "record": printed}),
        opinion=opinion,
    )
    licence = Licence(
        case_id=case_id,
        authority_id=authority.id,
        type=record.type,
        year=issued_on.year,
        serial=serial,
        version=record.version,
        number=number,
        identifier=record.identifier,
        holder=holder.name,
        holder_code=holder.uscc,
        project=project,
        check_code=record.check_code,
        status_index=record.status_index,
        issued_on=issued_on,
        valid_until=last_day,
        status=Status.INTENT,
        status_since=work.now,
        record=record.canonical(),
        record_sha256=record.digest.hex(),
        created_at=work.now,
    )
    work.session.add(licence)
    work.session.flush()
    append(work, "licence-intent", record.identifier, record.digest)
    return licence


def put_in_force(work: Work, licence_id: int, file_sha256: str) -> Licence:
    """Make a produced licence valid and visible: status, ledger leaf and outbox in one transaction (design 3, step 6).

    Raises ``Conflict`` unless the licence is still an intent.
    """
    licence = _leave_intent(work, licence_id, Status.IN_FORCE, file_sha256=file_sha256)
    append(work, "licence-issued", licence.identifier, bytes.fromhex(file_sha256))
    work.tell("licence.issued", licence_id=licence.id, number=licence.number)
    return licence


def void(work: Work, licence_id: int, reason: str) -> Licence:
    """Give up a number whose licence could not be made; the number stays accounted for, with the reason (threat C10)."""
    licence = _leave_intent(work, licence_id, Status.VOID, status_reason=reason[:500])
    append(work, "licence-void", licence.identifier, bytes.fromhex(licence.record_sha256))
    return licence


def _leave_intent(work: Work, licence_id: int, status: Status, **changes: str) -> Licence:
    change = update(Licence).where(Licence.id == licence_id, Licence.status == Status.INTENT)
    done = work.session.execute(change.values(status=status, status_since=work.now, **changes).returning(Licence.id)).scalar_one_or_none()
    if done is None:
        raise Conflict(say("This licence is no longer waiting to be issued."), code="licence-not-intent")
    return work.session.scalars(select(Licence).where(Licence.id == licence_id).execution_options(populate_existing=True)).one()
