"""One key of the trust list: whose it is, in what state, and what a signature of it is worth at a moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from licensing.trust import certificates
from licensing.trust.certificates import Holder, PublicKey, Purpose
from licensing.trust.layout import purpose_of_id

KID_SIZE: Final = 8


class KeyState(StrEnum):
    """What may be done with a key. The order is that of its life: no key ever goes back."""

    PREPARED = "prepared"
    ACTIVE = "active"
    RETIRED = "retired"
    COMPROMISED = "compromised"


@dataclass(frozen=True)
class TrustedKey:
    """One key of the list. All moments are aware, in UTC, in whole seconds; the certificate says what the list does not."""

    id: str
    certificate: x509.Certificate
    active_from: datetime
    state: KeyState
    since: datetime
    status_list: str | None

    @cached_property
    def purpose(self) -> Purpose:
        return purpose_of_id(self.id)

    @cached_property
    def kid(self) -> bytes:
        """The key identifier in signatures: of a QR key that of profile LZ1, of the others 8 bytes of the subject key identifier."""
        return certificates.kid_of(self.certificate)[:KID_SIZE]

    @cached_property
    def public_key(self) -> PublicKey:
        key = self.certificate.public_key()
        if not isinstance(key, PublicKey):
            raise TypeError(key)
        return key

    @cached_property
    def holder(self) -> Holder:
        return certificates.holder_of(self.certificate)

    @property
    def authority_code(self) -> str:
        return self.holder.code

    @property
    def issuer(self) -> str:
        return self.holder.name

    @property
    def uscc(self) -> str:
        return self.holder.uscc

    @cached_property
    def not_before(self) -> datetime:
        return self.certificate.not_valid_before_utc

    @cached_property
    def not_after(self) -> datetime:
        return self.certificate.not_valid_after_utc

    @cached_property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def judge(self, moment: datetime) -> str:
        """What a signature that names ``moment`` is worth.

        ``ok``; ``expired-signer`` outside the time in which the key could sign; ``key-compromised`` at or after the moment from which
        others may have it; ``key-compromised-before`` before that, where a thief may have dated it back: only the register can vouch.
        """
        if self.state is KeyState.COMPROMISED and moment >= self.since:
            return "key-compromised"
        if not max(self.not_before, self.active_from) <= moment <= self.not_after:
            return "expired-signer"
        if self.state is KeyState.RETIRED and moment >= self.since:
            return "expired-signer"
        return "key-compromised-before" if self.state is KeyState.COMPROMISED else "ok"

    def valid_at(self, moment: datetime) -> bool:
        """True when a signature of ``moment`` needs no other witness."""
        return self.judge(moment) == "ok"

    def signs_at(self, moment: datetime) -> bool:
        """True when the key may make a new signature that names ``moment``."""
        return self.state is KeyState.ACTIVE and self.valid_at(moment)
