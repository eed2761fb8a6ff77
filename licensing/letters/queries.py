"""Reads on letters."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.errors import NotFound
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


def not_found() -> NotFound:
    return NotFound(say("There is no such letter."))
