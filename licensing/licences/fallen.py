"""Which licences fall with a key that others may have, and which stand only because the register knows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.errors import LeizhengError
from licensing.licences.record import from_canonical
from licensing.licences.status import PUBLIC, Status
from licensing.licences.tables import Licence
from licensing.parties.tables import Authority
from licensing.storage import FileStore
from licensing.trust import lz1
from licensing.trust.certificates import Purpose
from licensing.trust.trusted_key import TrustedKey


@dataclass(frozen=True, slots=True)
class SignedLicence:
    """A licence that a key signed; ``falls`` when it names a moment from which the key is not believed."""

    number: str
    identifier: str
    holder: str
    issued_on: str
    status: Status
    falls: bool


def signed_by(session: Session, files: FileStore, key: TrustedKey) -> Iterator[SignedLicence]:
    """Every licence that was out and carries a signature of ``key``, judged as the key stands now; oldest first.

    Only seals and QR keys sign licences. A file that cannot be read counts as signed: in doubt it has to be looked at.
    """
    mark = _MARKS.get(key.purpose)
    if mark is None:
        return
    own = select(Licence).join(Authority, Authority.id == Licence.authority_id).where(Authority.code == key.authority_code)
    for licence in session.scalars(own.where(Licence.status.in_(PUBLIC)).order_by(Licence.id)):
        if mark(licence, files, key):
            yield SignedLicence(
                number=licence.number,
                identifier=licence.identifier,
                holder=licence.holder,
                issued_on=licence.issued_on.isoformat(),
                status=Status(licence.status),
                falls=key.judge(_moment(licence)) == "key-compromised",
            )


def _has_qr_of(licence: Licence, _: FileStore, key: TrustedKey) -> bool:
    text = licence.qr_text or ""
    try:
        return lz1.decode(lz1.from_text(text, {text.split("/")[2]})).kid == key.kid
    except (LeizhengError, IndexError):
        return True


def _has_seal_of(licence: Licence, files: FileStore, key: TrustedKey) -> bool:
    # The CMS carries the certificate, in hexadecimal; its serial number is random, so its bytes occur nowhere by chance.
    try:
        return key.der.hex().upper().encode() in files.get(licence.file_sha256 or "")
    except LeizhengError:
        return True


def _moment(licence: Licence) -> datetime:
    return datetime.fromisoformat(from_canonical(licence.record).decided_at).astimezone(UTC)


_MARKS = {Purpose.QR: _has_qr_of, Purpose.SEAL: _has_seal_of}
