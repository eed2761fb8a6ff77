"""The one reader of private keys: it signs structured requests, never two payloads for one number.

Order: journal the intent (fsync), sign, journal the answer (fsync), answer. A crash anywhere leaves a record of what may exist.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from licensing.errors import Conflict, Invalid, Misconfigured
from licensing.trust import attributes, certificates, cose, lz1
from licensing.trust.journal import Entry, Journal, OpenJournal
from licensing.trust.layout import KeyFolder, exposed
from licensing.words import say

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

QR: Final = "qr"
SEAL: Final = "seal"
DIGEST_SIZE: Final = 32


class SecondPayload(Conflict):
    """This number was already signed, or meant to be, with other content."""

    code = "second-payload"


@dataclass(frozen=True, slots=True)
class QrRequest:
    """Sign the QR of a licence: ``payload`` is an LZ1 payload that carries the first 16 bytes of ``record_digest`` (SHA-256)."""

    authority_code: str
    number: str
    record_digest: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class SealRequest:
    """Seal a PDF, licence or letter: ``file_digest`` is the SHA-256 of the byte range, named again in ``signed_attributes`` (DER)."""

    authority_code: str
    number: str
    record_digest: bytes
    file_digest: bytes
    signed_attributes: bytes


class Signer(Protocol):
    """Signs in the name of an authority; may live in another process or on another machine."""

    def sign_qr(self, request: QrRequest) -> bytes:
        """The COSE_Sign1 of the QR; the same request has the same answer. Raises ``SecondPayload``, ``Invalid``, ``Misconfigured``."""

    def sign_seal(self, request: SealRequest) -> bytes:
        """The CMS signature value over the attributes; the same request has the same answer.

        Raises ``SecondPayload``, ``Invalid``, ``Misconfigured``.
        """


@dataclass(frozen=True, slots=True)
class _QrKey:
    kid: bytes
    key: PrivateKey
    not_before: datetime
    not_after: datetime


class LocalSigner:
    """Signs with the keys in a folder of this machine; safe to share between threads and to run in several processes."""

    def __init__(self, keys_dir: Path, journal_path: Path) -> None:
        self._folder = KeyFolder(keys_dir)
        self._journal = Journal(journal_path)
        self._lock = threading.Lock()
        self._seals: dict[str, tuple[PrivateKey, bytes]] = {}
        self._qr_keys: dict[str, list[_QrKey]] = {}

    def sign_qr(self, request: QrRequest) -> bytes:
        """See ``Signer.sign_qr``. The key is the authority's newest one that is valid at the time of issue in the payload."""
        said = lz1.parse_payload(request.payload)
        if len(request.record_digest) != DIGEST_SIZE or said.digest != request.record_digest[: lz1.DIGEST_SIZE]:
            raise Invalid(say("The QR payload does not carry the digest of the licence record."), code="payload-mismatch")
        entry = Entry(
            kind=QR,
            number=request.number,
            authority=request.authority_code,
            record=request.record_digest.hex(),
            file="",
            body=hashlib.sha256(request.payload).hexdigest(),
        )
        return self._once(entry, lambda: self._sign_payload(request.authority_code, request.payload, said.issued_at))

    def sign_seal(self, request: SealRequest) -> bytes:
        """See ``Signer.sign_seal``. The attributes must be the three of PAdES B-B, for this file and this seal (ETSI EN 319 142-1 6.3)."""
        key, certificate = self._seal(request.authority_code)
        expected = attributes.signed_attributes(request.file_digest, certificate)
        if len(request.record_digest) != DIGEST_SIZE or request.signed_attributes != expected:
            raise Invalid(say("The attributes to be signed do not fit this file and this seal."), code="payload-mismatch")
        entry = Entry(
            kind=SEAL,
            number=request.number,
            authority=request.authority_code,
            record=request.record_digest.hex(),
            file=request.file_digest.hex(),
            body=hashlib.sha256(request.signed_attributes).hexdigest(),
        )
        return self._once(entry, lambda: sign_der(key, request.signed_attributes))

    def _once(self, entry: Entry, sign: Callable[[], bytes]) -> bytes:
        with self._lock, self._journal.alone() as journal:
            _refuse_second_payload(journal, entry)
            answer = journal.answer(entry.name)
            if answer is not None:
                return answer
            if journal.intent(entry.name) is None:
                journal.write_intent(entry)
            answer = sign()
            journal.write_answer(entry, answer)
            return answer

    def _sign_payload(self, authority_code: str, payload: bytes, issued_at: int) -> bytes:
        own = self._qr_key(authority_code, datetime.fromtimestamp(issued_at, UTC))
        header = {cose.ALG: cose.algorithm_of(own.key.public_key()), cose.KID: own.kid}
        return cose.sign1(payload, header, lambda data: sign_raw(own.key, data))

    def _qr_key(self, authority_code: str, moment: datetime) -> _QrKey:
        valid = _valid_at(self._qr_keys.get(authority_code, []), moment)
        if not valid:
            self._qr_keys[authority_code] = self._load_qr_keys(authority_code)
            valid = _valid_at(self._qr_keys[authority_code], moment)
        if not valid:
            raise Misconfigured(
                say("The authority %(code)s has no QR key for the date of issue.", code=authority_code),
                next_step=say("An operator has to make a key for this period."),
            )
        return max(valid, key=lambda key: key.not_before)

    def _load_qr_keys(self, authority_code: str) -> list[_QrKey]:
        found = []
        for path in self._folder.qr_certificates():
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
            pair = self._folder.qr(certificates.kid_of(certificate))
            if certificates.holder_of(certificate).code == authority_code and pair.key.exists():
                key = read_private_key(pair.key)
                found.append(
                    _QrKey(certificates.kid_of(certificate), key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)
                )
        return found

    def _seal(self, authority_code: str) -> tuple[PrivateKey, bytes]:
        if authority_code not in self._seals:
            pair = self._folder.seal(authority_code)
            key = read_private_key(pair.key)
            certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
            self._seals[authority_code] = key, certificate.public_bytes(serialization.Encoding.DER)
        return self._seals[authority_code]


def read_private_key(path: Path) -> PrivateKey:
    """The private key in a PEM file; raises ``Misconfigured`` when it is missing, broken, of a foreign kind or readable by others."""
    if not path.exists():
        raise Misconfigured(say("The private key %(name)s is missing.", name=path.name), next_step=say("Run leizheng init."))
    if exposed(path):
        raise Misconfigured(
            say("The private key %(name)s can be read by others.", name=path.name),
            next_step=say("Give the file mode 0600 and its folder mode 0700, and think about a new key."),
        )
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise Misconfigured(say("The private key %(name)s cannot be read.", name=path.name)) from error
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise Misconfigured(say("The private key %(name)s is neither P-256 nor Ed25519.", name=path.name))


def sign_raw(key: PrivateKey, data: bytes) -> bytes:
    """64 raw bytes: r‖s (ECDSA with SHA-256) or EdDSA. Source: RFC 9053 2."""
    return cose.raw_signature(sign_der(key, data)) if isinstance(key, ec.EllipticCurvePrivateKey) else key.sign(data)


def sign_der(key: PrivateKey, data: bytes) -> bytes:
    """The signature as CMS carries it: DER for ECDSA with SHA-256 (RFC 5753), raw for EdDSA (RFC 8419)."""
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data)
    return cose.smaller_s(key.sign(data, ec.ECDSA(hashes.SHA256())))


def _valid_at(keys: Iterable[_QrKey], moment: datetime) -> list[_QrKey]:
    return [key for key in keys if key.not_before <= moment <= key.not_after]


def _refuse_second_payload(journal: OpenJournal, entry: Entry) -> None:
    first = journal.intent(entry.name)
    if first is not None and first != entry:
        raise SecondPayload(
            say("The number %(number)s was already signed with other content.", number=entry.number),
            next_step=say("Void this number and take the next one."),
        )
