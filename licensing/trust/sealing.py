"""Seal a PDF that this service rendered: prepare, ask the signer, embed. Used for licences and for letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from licensing.settings import Settings
from licensing.trust import pades
from licensing.trust.current import current_signer, current_trust_list
from licensing.trust.signer import SealRequest


@dataclass(frozen=True, slots=True)
class SealOrder:
    """Whose seal goes on which number, over a record of which SHA-256, at which moment (aware)."""

    authority_code: str
    authority_name: str
    number: str
    record_digest: bytes
    reason: str
    signed_at: datetime


def prepare(settings: Settings, order: SealOrder, pdf: bytes) -> bytes:
    """``pdf`` with the empty certification signature, in one revision: the bytes that will be signed."""
    chain = current_trust_list(settings).seal_chain(order.authority_code)
    prepared = pades.prepare(
        pdf, chain, field_name="Seal", reason=order.reason, location=order.authority_name, signing_time=order.signed_at
    )
    return prepared.document


def seal(settings: Settings, order: SealOrder, prepared_pdf: bytes) -> bytes:
    """The signed file for bytes that :func:`prepare` made. Asking again gives the same file; other bytes for the number are refused."""
    chain = current_trust_list(settings).seal_chain(order.authority_code)
    prepared = pades.prepared_from_bytes(prepared_pdf)
    attributes = pades.signed_attributes(prepared, chain[0])
    request = SealRequest(order.authority_code, order.number, order.record_digest, prepared.digest, attributes)
    return pades.embed(prepared, attributes, current_signer(settings).sign_seal(request), chain)
