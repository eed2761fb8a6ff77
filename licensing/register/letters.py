"""Whether a letter is genuine: what the register says of it to whoever holds it, with personal data masked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from licensing.cases.tables import Case
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import LetterKind, Matter
from licensing.clock import local_date
from licensing.letters import queries
from licensing.letters.tables import Letter
from licensing.licences.tables import Licence
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM
from licensing.register.rules import masked_holder
from licensing.storage import reading


@dataclass(frozen=True, slots=True)
class CheckedLetter:
    """A genuine letter: its number, heading and day, who sent it to whom, about what, and the digests to compare.

    ``about`` is the number of the case or licence; ``file_sha256`` is empty until the file was made. ``as_written`` is false when the
    register was tampered with, so that nothing can be confirmed.
    """

    number: str
    title: str
    kind: LetterKind
    issued_on: date
    authority: Authority
    addressee: str
    about: str
    matter: Matter | None
    content_sha256: str
    file_sha256: str
    as_written: bool


def scanned(letter_id: int, check_code: str) -> CheckedLetter | None:
    """The letter whose QR holds these; None when there is no such letter."""
    with reading(SYSTEM) as look:
        return _checked(look.session, queries.genuine(look.session, letter_id, check_code))


def typed(number: str, check_code: str) -> CheckedLetter | None:
    """The letter on which both are printed; None when there is no such letter."""
    with reading(SYSTEM) as look:
        return _checked(look.session, queries.by_number_and_code(look.session, number, check_code))


def _checked(session: Session, letter: Letter | None) -> CheckedLetter | None:
    if letter is None:
        return None
    case = session.get(Case, letter.case_id) if letter.case_id is not None else None
    licence = session.get(Licence, letter.licence_id) if letter.licence_id is not None else None
    company = session.get(Company, case.company_id) if case else None
    return CheckedLetter(
        number=letter.number,
        title=str(letter.content.get("title", "")),
        kind=load_catalogue().letter(letter.kind),
        issued_on=local_date(letter.written_at),
        authority=session.get_one(Authority, letter.authority_id),
        addressee=masked_holder(str(letter.content.get("addressee", "")), company.legal_representative if company else ""),
        about=case.public_number if case else licence.number if licence else "",
        matter=load_catalogue().matter(case.matter) if case else None,
        content_sha256=letter.content_sha256,
        file_sha256=letter.file_sha256 or "",
        as_written=queries.is_as_written(letter),
    )
