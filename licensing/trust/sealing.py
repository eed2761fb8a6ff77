"""Seal a PDF that this service rendered: prepare, ask the signer, embed. Used for licences and for letters."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from licensing.errors import LeizhengError
from licensing.settings import Settings
from licensing.storage import FileStore
from licensing.trust import pades, schema, timestamps
from licensing.trust.current import current_signer, current_trust_list
from licensing.trust.requests import Seal, SealRequest


@dataclass(frozen=True, slots=True)
class SealOrder:
    """Whose seal goes on a file, at which moment (aware). ``document`` is what the file says: a licence record or a letter, canonical."""

    authority_code: str
    authority_name: str
    document: bytes
    reason: str
    signed_at: datetime


def prepare(settings: Settings, order: SealOrder, pdf: bytes) -> bytes:
    """``pdf`` with validation data and the empty certification signature, in one revision: the bytes that will be signed."""
    trust = current_trust_list(settings)
    prepared = pades.prepare(
        pdf,
        trust.seal_chain(order.authority_code, order.signed_at),
        field_name="Seal",
        reason=order.reason,
        location=order.authority_name,
        signing_time=order.signed_at,
        revocation_list=trust.crl,
        authority=timestamps.authority(settings),
    )
    return prepared.document


def seal(settings: Settings, order: SealOrder, prepared_pdf: bytes) -> bytes:
    """The signed file for bytes that :func:`prepare` made. Asking again gives the same file; other bytes for the number are refused."""
    prepared = pades.prepared_from_bytes(prepared_pdf)
    given = current_signer(settings).sign_seal(SealRequest(order.authority_code, order.document, prepared.digest, order.signed_at))
    # The certificate is the one of the answer: keys may have changed since the seal was given first.
    chain = (x509.load_der_x509_certificate(given.certificate), current_trust_list(settings).root.certificate)
    timestamp = _timestamp(settings, order, given) if pades.awaits_timestamp(prepared) else None
    return pades.embed(prepared, pades.signed_attributes(prepared, chain[0]), given.signature, chain, timestamp)


def was_prepared_as(files: FileStore, signed_sha256: str | None, prepared_sha256: str | None) -> bool:
    """Whether the stored signed file is the stored prepared one with the seal filled in; of what does not exist yet, whether it may."""
    try:
        prepared = files.get(prepared_sha256) if prepared_sha256 is not None else None
        if signed_sha256 is None:
            return True
        signed = pades.prepared_from_bytes(files.get(signed_sha256))
    except LeizhengError:
        return False
    start, end = signed.reserved
    return prepared == signed.document[:start] + b"<" + b"0" * (end - start - 2) + b">" + signed.document[end:]


def _timestamp(settings: Settings, order: SealOrder, given: Seal) -> bytes:
    """The token that the signer keeps for this seal: of two asked for, the first one counts, so that there is one file."""
    if given.timestamp is not None:
        return given.timestamp
    token = timestamps.request(settings, hashlib.sha256(given.signature).digest())
    return current_signer(settings).keep_timestamp(schema.read(order.document).number, token)
