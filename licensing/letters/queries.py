"""Reads on letters."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.documents.check_codes import canonical_check_code, canonical_number
from licensing.errors import NotFound
from licensing.letters.rules import canonical
from licensing.letters.tables import Letter
from licensing.words import say


def of_case(session: Session, case_id: int) -> list[Letter]:
    """The letters of a case, oldest first."""
    return list(session.scalars(select(Letter).where(Letter.case_id == case_id).order_by(Letter.id)))


def of_licences(session: Session, licence_ids: Collection[int]) -> list[Letter]:
    """The letters about any of these licences, oldest first."""
    return list(session.scalars(select(Letter).where(Letter.licence_id.in_(licence_ids)).order_by(Letter.id)))


def letter(session: Session, case_id: int, letter_id: int) -> Letter:
    """One letter of a case. Raises ``NotFound``."""
    found = session.get(Letter, letter_id)
    if found is None or found.case_id != case_id:
        raise not_found()
    return found


def genuine(session: Session, letter_id: int, check_code: str) -> Letter | None:
    """The letter under this id on which ``check_code`` is printed, compared in constant time; None for every other pair."""
    return _fitting(session.get(Letter, letter_id), check_code)


def by_number_and_code(session: Session, number: str, check_code: str) -> Letter | None:
    """The letter with this number on which ``check_code`` is printed; spelling as people type it."""
    return _fitting(session.scalar(select(Letter).where(Letter.number == canonical_number(number))), check_code)


def is_as_written(letter: Letter) -> bool:
    """Whether the words of the letter are still those whose digest was kept when it was written."""
    return hashlib.sha256(canonical(letter.content)).hexdigest() == letter.content_sha256


def _fitting(found: Letter | None, check_code: str) -> Letter | None:
    wanted, printed = canonical_check_code(check_code), str(found.content.get("check_code", "")) if found else ""
    return found if printed and hmac.compare_digest(printed.encode(), wanted.encode()) else None


def not_found() -> NotFound:
    return NotFound(say("There is no such letter."))
