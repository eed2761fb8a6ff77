"""Whether a stored licence is still what was issued: record, file, signature, log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.errors import LeizhengError
from licensing.ledger.queries import leaves_about
from licensing.licences.record import from_canonical
from licensing.licences.status import PUBLIC
from licensing.licences.tables import Licence
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
