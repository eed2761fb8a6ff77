"""What a new version of a licence says: the same number, and what the operation allows to differ. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from licensing.catalogue.cleaning import first_unprintable
from licensing.catalogue.model import FaceRow, LicenceType
from licensing.errors import Conflict, FieldError, Invalid
from licensing.licences import identifier, rules
from licensing.licences.face import chinese_date, rows_with
from licensing.licences.operations import Operation
from licensing.licences.record import LicenceRecord
from licensing.moments import local_date
from licensing.words import Said, say

LONGEST_VALUE = 100
LAST_VERSION = 999
HOLDER, PROJECT = "record.holder_name", "answers.project.name"


@dataclass(frozen=True, slots=True)
class Given:
    """What a new version gets from outside: the moment of the decision (aware), the proceeding, a fresh code and a fresh index."""

    decided_at: datetime
    proceeding: str
    check_code: str
    status_index: int


def changeable(licence_type: LicenceType) -> tuple[FaceRow, ...]:
    """The rows of a face that a change may touch; every other change needs a new application (Order 37 art. 11, Order 31 art. 22)."""
    return tuple(row for row in licence_type.face if row.changeable)


def values_now(licence_type: LicenceType, record: LicenceRecord) -> dict[str, str]:
    """What stands in the changeable rows today, by path."""
    printed = dict(record.face)
    return {row.path: printed.get(row.label, "") for row in changeable(licence_type)}


def clean_changes(licence_type: LicenceType, record: LicenceRecord, typed: Mapping[str, str]) -> dict[str, str]:
    """The values that really differ, by path. Raises ``Invalid`` (``change``) for a row that may not change, for a value that cannot be
    printed, and when nothing differs."""
    now = values_now(licence_type, record)
    wanted = {path: unicodedata.normalize("NFC", value).strip() for path, value in typed.items()}
    errors = list(_complaints(now, wanted))
    if errors:
        raise Invalid(say("This cannot be changed like that."), errors, code="change")
    changes = {path: value for path, value in wanted.items() if value != now[path]}
    if not changes:
        sentence = say("Nothing differs from what the licence says now.")
        raise Invalid(sentence, [FieldError(next(iter(now), "changes"), "unchanged", sentence)], code="change")
    return changes


def next_version(
    old: LicenceRecord, licence_type: LicenceType, operation: Operation, changes: Mapping[str, str], given: Given
) -> LicenceRecord:
    """The record of the version after ``old``. ``changes`` are clean, and empty but for a change of data.

    A renewal adds the years of the type to the last day, and counts from the day of issue, or from the day after the old last day when
    that has passed (Licensing Law art. 50; decision 0011). Raises ``Conflict`` when the type has no end date or the versions are used up.
    """
    if old.version >= LAST_VERSION:
        raise Conflict(say("This licence has had as many versions as its identifier can count."), code="versions-used-up")
    parts = identifier.parse(old.identifier)
    made = identifier.make(parts.type_code, parts.issuer, parts.serial, old.version + 1)
    issued_on = local_date(given.decided_at)
    valid_from, last_day = _validity(old, licence_type, operation, issued_on)
    printed = {
        **changes,
        "record.issued_on": chinese_date(issued_on),
        "record.valid_until": chinese_date(last_day) if last_day else "长期有效",
    }
    return replace(
        old,
        identifier=str(made),
        version=made.version,
        holder=changes.get(HOLDER, old.holder),
        project=changes.get(PROJECT, old.project) if old.project is not None else None,
        issued_on=issued_on.isoformat(),
        valid_from=valid_from.isoformat(),
        valid_until=last_day.isoformat() if last_day else None,
        decided_at=given.decided_at.isoformat(timespec="seconds"),
        case_number=given.proceeding,
        check_code=given.check_code,
        status_index=given.status_index,
        face=rows_with(licence_type, old.face, printed),
        previous=old.identifier,
    )


def _validity(old: LicenceRecord, licence_type: LicenceType, operation: Operation, issued_on: date) -> tuple[date, date | None]:
    last_day = date.fromisoformat(old.valid_until) if old.valid_until else None
    if operation is not Operation.RENEW:
        return issued_on, last_day
    if last_day is None or licence_type.valid_years is None:
        raise Conflict(say("This licence has no end date, so there is nothing to renew."), code="no-end-date")
    following = last_day + timedelta(days=1)
    return min(issued_on, following), rules.valid_until(following, licence_type.valid_years)


def _complaints(now: Mapping[str, str], typed: Mapping[str, str]) -> Iterator[FieldError]:
    for path, value in typed.items():
        sentence = _complaint(path in now, value)
        if sentence is not None:
            yield FieldError(path, "change", sentence)


def _complaint(known: bool, value: str) -> Said | None:
    if not known:
        return say("This part of the licence cannot be changed; apply anew.")
    if not value:
        return say("This part of the licence cannot be left empty.")
    if len(value) > LONGEST_VALUE:
        return say("At most %(limit)s characters are possible.", limit=LONGEST_VALUE)
    strange = first_unprintable(value)
    return say("One character here cannot be printed (U+%(code)s). Delete it.", code=f"{ord(strange):04X}") if strange else None
