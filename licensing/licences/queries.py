"""Reads on the register. What the public may find is limited to licences that were put in force."""

from __future__ import annotations

import hmac

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.documents.check_codes import canonical_check_code, canonical_number
from licensing.errors import NotFound
from licensing.licences.status import PUBLIC, Status
from licensing.licences.tables import Licence
from licensing.words import say


def licence(session: Session, licence_id: int) -> Licence:
    """The licence, whatever its status. Raises ``NotFound``."""
    found = session.get(Licence, licence_id)
    if found is None:
        raise NotFound(say("There is no such licence."))
    return found


def intents(session: Session) -> list[Licence]:
    """First versions that were intended and neither issued nor voided, oldest first; later ones wait in their proceedings."""
    query = select(Licence).where(Licence.status == Status.INTENT, Licence.version == 1)
    return list(session.scalars(query.order_by(Licence.id)))


def by_identifier(session: Session, identifier: str) -> Licence | None:
    return _public(session, Licence.identifier == identifier)


def by_file(session: Session, sha256: str) -> Licence | None:
    return _public(session, Licence.file_sha256 == sha256)


def by_number(session: Session, number: str) -> Licence | None:
    """The latest version under a number as a person may have typed it."""
    return _public(session, Licence.number == canonical_number(number))


def by_number_and_code(session: Session, number: str, check_code: str) -> Licence | None:
    """The version under ``number`` on which ``check_code`` is printed; every version is compared, in constant time (threat C5)."""
    wanted = canonical_check_code(check_code).encode()
    query = select(Licence).where(Licence.number == canonical_number(number), Licence.status.in_(PUBLIC))
    fitting = [found for found in session.scalars(query) if hmac.compare_digest(found.check_code.encode(), wanted)]
    return fitting[0] if fitting else None


def in_force_by_number(session: Session, number: str, type_code: str) -> Licence | None:
    """The licence in force of one type under ``number``, or None."""
    found = by_number(session, number)
    return found if found is not None and found.type == type_code and found.status == Status.IN_FORCE else None


def of_case(session: Session, case_id: int) -> Licence | None:
    """The licence that a case led to, if it is out."""
    return _public(session, Licence.case_id == case_id)


def versions(session: Session, licence: Licence) -> list[Licence]:
    """All versions under the number of ``licence``, whatever their status, the newest first."""
    same = (getattr(Licence, name) == getattr(licence, name) for name in ("authority_id", "type", "year", "serial"))
    return list(session.scalars(select(Licence).where(*same).order_by(Licence.version.desc())))


def of_holder(session: Session, holder_code: str) -> list[Licence]:
    query = select(Licence).where(Licence.holder_code == holder_code, Licence.status.in_(PUBLIC)).order_by(Licence.id.desc())
    return list(session.scalars(query))


def _public(session: Session, condition: object) -> Licence | None:
    query = select(Licence).where(condition, Licence.status.in_(PUBLIC)).order_by(Licence.version.desc(), Licence.id.desc())  # type: ignore[arg-type]
    return session.scalars(query.limit(1)).first()
