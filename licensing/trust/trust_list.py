"""The trust list: whom a verifier believes. One signed, versioned document of the root, from which everything else is read.

It is the register of the states of all keys. A verifier pins the root alone: what the root did not sign in this form is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from licensing.errors import LeizhengError, Misconfigured
from licensing.trust import certificates, cose
from licensing.trust.certificates import Purpose, TrustAnchor
from licensing.trust.layout import KeyFolder, purpose_of_id
from licensing.trust.trusted_key import KeyState, TrustedKey
from licensing.words import Said, say

FORMAT: Final = "leizheng-trust-list/1"
LIFETIME: Final = timedelta(days=180)
_BLOCK: Final = re.compile(rb"-----BEGIN LEIZHENG TRUST LIST-----\s+([A-Za-z0-9+/=\s]+?)\s+-----END LEIZHENG TRUST LIST-----")
_HAS_STATUS_LIST: Final = frozenset({Purpose.SEAL, Purpose.QR})


class TrustListRefused(Misconfigured):
    """These bytes are no trust list of this root."""

    code = "trust-list-refused"


@dataclass(frozen=True)
class TrustList:
    """Whom a verifier believes; everything in it chains to ``root``. ``signed`` are the bytes that the root signed (COSE_Sign1)."""

    root: TrustAnchor
    version: int
    issued_at: datetime
    next_update: datetime
    previous: str
    hosts: tuple[str, ...]
    origin: str
    keys: tuple[TrustedKey, ...]
    crl: bytes
    signed: bytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the signed bytes in hexadecimal: what the next version names as ``previous``."""
        return hashlib.sha256(self.signed).hexdigest()

    @cached_property
    def by_id(self) -> Mapping[str, TrustedKey]:
        return {key.id: key for key in self.keys}

    @cached_property
    def seals(self) -> tuple[TrustedKey, ...]:
        return self.of(Purpose.SEAL)

    @cached_property
    def qr_keys(self) -> Mapping[bytes, TrustedKey]:
        return {key.kid: key for key in self.of(Purpose.QR)}

    @cached_property
    def status_keys(self) -> Mapping[bytes, TrustedKey]:
        return {key.kid: key for key in self.of(Purpose.STATUS)}

    @cached_property
    def log_keys(self) -> tuple[TrustedKey, ...]:
        return self.of(Purpose.LOG)

    @cached_property
    def timestamp_keys(self) -> tuple[TrustedKey, ...]:
        return self.of(Purpose.TIMESTAMP)

    @property
    def log_key(self) -> TrustedKey:
        """The newest active key of the log. Raises ``Misconfigured`` when there is none."""
        return self._newest(Purpose.LOG) or _none(say("The log has no active key."))

    @property
    def timestamp_key(self) -> TrustedKey | None:
        """The newest active time-stamping key, ``None`` where the service stamps no time."""
        return self._newest(Purpose.TIMESTAMP)

    def of(self, purpose: Purpose) -> tuple[TrustedKey, ...]:
        return tuple(key for key in self.keys if key.purpose is purpose)

    def signing_key(self, purpose: Purpose, authority_code: str, moment: datetime) -> TrustedKey | None:
        """The newest key of an authority (or of ``service``) that may make a signature that names ``moment``."""
        fitting = [key for key in self.of(purpose) if key.authority_code == authority_code and key.signs_at(moment)]
        return max(fitting, key=_age, default=None)

    def seal(self, certificate_der: bytes) -> TrustedKey | None:
        """The pinned seal with exactly these bytes, or ``None``."""
        return _with_bytes(self.seals, certificate_der)

    def timestamp(self, certificate_der: bytes) -> TrustedKey | None:
        """The pinned time-stamping certificate with exactly these bytes, or ``None``."""
        return _with_bytes(self.timestamp_keys, certificate_der)

    def seal_chain(self, authority_code: str, moment: datetime | None = None) -> tuple[x509.Certificate, ...]:
        """The seal certificate with which the authority signs at ``moment``, and the root; by default its newest one.

        Raises ``Misconfigured`` when it has none.
        """
        newest = self._newest(Purpose.SEAL, authority_code)
        seal = newest if moment is None else self.signing_key(Purpose.SEAL, authority_code, moment)
        found = seal or _none(say("The authority %(code)s has no seal.", code=authority_code))
        return (found.certificate, self.root.certificate)

    def qr_key(self, kid: bytes) -> TrustedKey | None:
        """The QR key with this kid, or ``None``."""
        return self.qr_keys.get(kid)

    def public_key(self, kid: bytes) -> cose.PublicKey | None:
        """The public key with this kid, as ``lz1.verify`` asks for it."""
        key = self.qr_keys.get(kid)
        return key.public_key if key else None

    def status_uri(self, authority_code: str) -> str:
        """The address of the authority's status list, which is also its subject."""
        return status_uri(self.hosts, authority_code)

    def stale_at(self, moment: datetime) -> bool:
        """True when a newer list should have been fetched by ``moment``."""
        return moment > self.next_update

    def to_pem(self) -> bytes:
        """One PEM file: the certificates (root first, for tools that know certificates alone) and the signed list."""
        members = [self.root.certificate, *(key.certificate for key in self.keys)]
        text = base64.encodebytes(self.signed)
        block = b"-----BEGIN LEIZHENG TRUST LIST-----\n" + text + b"-----END LEIZHENG TRUST LIST-----\n"
        return b"".join(member.public_bytes(Encoding.PEM) for member in members) + block

    def _newest(self, purpose: Purpose, authority_code: str | None = None) -> TrustedKey | None:
        own = [key for key in self.of(purpose) if authority_code in (None, key.authority_code) and key.state is KeyState.ACTIVE]
        return max(own, key=_age, default=None)


def status_uri(hosts: tuple[str, ...], authority_code: str) -> str:
    """``https://<first host>/status/<authority code>`` (standards 6.2)."""
    return f"https://{hosts[0]}/status/{authority_code}"


def trusted_key(
    key_id: str, certificate: x509.Certificate, active_from: datetime, state: KeyState, since: datetime, hosts: tuple[str, ...]
) -> TrustedKey:
    """A key as the list of these hosts names it."""
    has_status_list = purpose_of_id(key_id) in _HAS_STATUS_LIST
    uri = status_uri(hosts, certificates.holder_of(certificate).code) if has_status_list else None
    return TrustedKey(key_id, certificate, active_from, state, since, uri)


def load(keys_dir: Path) -> TrustList:
    """The trust list of this installation; raises ``Misconfigured`` when there is none or the root here did not sign it."""
    folder = KeyFolder(keys_dir)
    try:
        signed = folder.trust_list.read_bytes()
    except OSError as error:
        raise Misconfigured(say("There is no trust list here."), next_step=say("Run leizheng init."), code="trust-list-missing") from error
    return load_signed(signed, root_here(folder))


def root_here(folder: KeyFolder) -> TrustAnchor:
    """The root that this installation pins; raises ``Misconfigured`` when there is none."""
    try:
        return _root_of(folder.root.certificate.read_bytes())
    except OSError as error:
        raise Misconfigured(
            say("The certificate of the root is missing."), next_step=say("Run leizheng init."), code="root-missing"
        ) from error


def from_pem(pem: bytes) -> TrustList:
    """The trust list in a PEM file. The one self-signed certificate in it is the root; its fingerprint is what a verifier compares.

    Raises ``TrustListRefused`` without the signed list, and when the certificates in the file are not exactly those of the list.
    """
    blocks = _BLOCK.findall(pem)
    if len(blocks) != 1:
        _refuse(say("The file holds no signed trust list."))
    root = _root_of(pem)
    listed = load_signed(base64.b64decode(blocks[0]), root)
    named = {member.public_bytes(Encoding.DER) for member in x509.load_pem_x509_certificates(pem)}
    if named != {key.der for key in listed.keys} | {root.certificate.public_bytes(Encoding.DER)}:
        _refuse(say("The file holds other certificates than the signed trust list."))
    return listed


def load_signed(signed: bytes, root: TrustAnchor) -> TrustList:
    """The trust list in a COSE_Sign1 of ``root``; raises ``TrustListRefused`` unless every byte is as this code would write it."""
    try:
        message = cose.verify1(signed, _root_key(root))
        if dict(message.protected) != protected_header(root):
            _refuse(say("The trust list is signed in another form."))
        found = _parsed(message.payload, root, signed)
        same = canonical(payload(found)) == message.payload
        if not same:
            _refuse(say("The trust list does not have the one form that it can have."))
        _check(found)
    except TrustListRefused:
        raise
    except (LeizhengError, ValueError, TypeError, LookupError, AttributeError, x509.ExtensionNotFound) as error:
        raise TrustListRefused(say("This is not a trust list that the root signed.")) from error
    return found


def payload(listed: TrustList) -> dict[str, Any]:
    """What the root signs, before it is made canonical."""
    return {
        "format": FORMAT,
        "version": listed.version,
        "issued_at": instant(listed.issued_at),
        "next_update": instant(listed.next_update),
        "previous": listed.previous,
        "hosts": list(listed.hosts),
        "log": {"origin": listed.origin},
        "keys": [_row(key) for key in listed.keys],
        "crl": _text(listed.crl),
        "root": _text(listed.root.certificate.public_bytes(Encoding.DER)),
    }


def protected_header(root: TrustAnchor) -> dict[int, Any]:
    """The protected header of a list: ES256 and the subject key identifier of the root."""
    return {cose.ALG: -7, cose.KID: certificates.kid_of(root.certificate)}


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces (RFC 8785 for the types that occur here)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def instant(moment: datetime) -> str:
    """``2026-03-02T01:00:00Z``: UTC in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _parsed(content: bytes, root: TrustAnchor, signed: bytes) -> TrustList:
    data = json.loads(content)
    hosts = tuple(data["hosts"])
    return TrustList(
        root=root,
        version=data["version"],
        issued_at=_moment(data["issued_at"]),
        next_update=_moment(data["next_update"]),
        previous=data["previous"],
        hosts=hosts,
        origin=data["log"]["origin"],
        keys=tuple(_key(row, hosts) for row in data["keys"]),
        crl=base64.b64decode(data["crl"]),
        signed=signed,
    )


def _key(row: Mapping[str, Any], hosts: tuple[str, ...]) -> TrustedKey:
    certificate = x509.load_der_x509_certificate(base64.b64decode(row["certificate"]))
    return trusted_key(row["id"], certificate, _moment(row["active_from"]), KeyState(row["state"]), _moment(row["since"]), hosts)


def _row(key: TrustedKey) -> dict[str, str]:
    row = {
        "id": key.id,
        "purpose": key.purpose.value,
        "authority": key.authority_code,
        "issuer": key.issuer,
        "uscc": key.uscc,
        "kid": key.kid.hex(),
        "certificate": _text(key.der),
        "active_from": instant(key.active_from),
        "state": key.state.value,
        "since": instant(key.since),
    }
    return row if key.status_list is None else row | {"status_list": key.status_list}


def _check(listed: TrustList) -> None:
    """What a signature of the root does not excuse: a list that contradicts itself."""
    crl = x509.load_der_x509_crl(listed.crl)
    revoked = {entry.serial_number for entry in crl}
    compromised = {key.certificate.serial_number for key in listed.keys if key.state is KeyState.COMPROMISED}
    sound = (
        type(listed.version) is int
        and listed.version >= 1
        and bool(listed.hosts)
        and KeyState.PREPARED not in {key.state for key in listed.keys}
        and _unique(key.id for key in listed.keys)
        and _unique((key.purpose, key.kid) for key in listed.keys)
        and _unique(key.der for key in listed.keys)
        and crl.is_signature_valid(_root_key(listed.root))
        and revoked == compromised
    )
    if not sound:
        _refuse(say("The trust list contradicts itself."))
    for key in listed.keys:
        if key.purpose is not certificates.purpose_of(key.certificate) or not listed.root.issued(key.certificate):
            _refuse(say("The trust list names a key that the root did not certify for this purpose: %(id)s.", id=key.id))


def _root_of(pem: bytes) -> TrustAnchor:
    try:
        roots = [member for member in x509.load_pem_x509_certificates(pem) if certificates.is_root(member)]
    except ValueError as error:
        raise TrustListRefused(say("The file holds no certificates.")) from error
    if len(roots) != 1 or not TrustAnchor(roots[0]).issued(roots[0]):
        _refuse(say("The file must hold exactly one root certificate."))
    return TrustAnchor(roots[0])


def _root_key(root: TrustAnchor) -> ec.EllipticCurvePublicKey:
    key = root.certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError(key)
    return key


def _with_bytes(keys: Iterable[TrustedKey], certificate_der: bytes) -> TrustedKey | None:
    return next((key for key in keys if key.der == certificate_der), None)


def _age(key: TrustedKey) -> tuple[datetime, str]:
    return key.active_from, key.id


def _unique(values: Iterable[object]) -> bool:
    seen = list(values)
    return len(set(seen)) == len(seen)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _none(sentence: Said) -> NoReturn:
    raise Misconfigured(sentence, next_step=say("Run leizheng keys list, then create and activate a key."), code="key-not-active")


def _refuse(sentence: Said) -> NoReturn:
    raise TrustListRefused(sentence)
