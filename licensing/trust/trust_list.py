"""The trust list: the pinned root, the seal certificates and the QR keys of the authorities, all public."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from licensing.errors import Misconfigured
from licensing.trust import certificates, cose
from licensing.trust.certificates import TrustAnchor
from licensing.trust.layout import KeyFolder
from licensing.words import say


@dataclass(frozen=True, slots=True)
class SealCertificate:
    """A seal that may sign documents between ``not_before`` and ``not_after`` (aware, UTC)."""

    certificate: x509.Certificate
    authority_code: str
    issuer: str
    uscc: str
    not_before: datetime
    not_after: datetime

    def valid_at(self, moment: datetime) -> bool:
        return self.not_before <= moment <= self.not_after


@dataclass(frozen=True, slots=True)
class QrKey:
    """A key that may sign QR codes between ``not_before`` and ``not_after`` (aware, UTC)."""

    kid: bytes
    public_key: cose.PublicKey
    certificate: x509.Certificate
    authority_code: str
    issuer: str
    uscc: str
    not_before: datetime
    not_after: datetime

    def valid_at(self, moment: datetime) -> bool:
        return self.not_before <= moment <= self.not_after


@dataclass(frozen=True, slots=True)
class TrustList:
    """Whom a verifier believes; everything in it chains to ``root``."""

    root: TrustAnchor
    seals: tuple[SealCertificate, ...]
    qr_keys: Mapping[bytes, QrKey]

    def seal(self, certificate_der: bytes) -> SealCertificate | None:
        """The pinned seal with exactly these bytes, or ``None``."""
        return next((seal for seal in self.seals if seal.certificate.public_bytes(Encoding.DER) == certificate_der), None)

    def seal_chain(self, authority_code: str) -> tuple[x509.Certificate, ...]:
        """The authority's newest seal certificate and the root, as ``pades`` wants them; raises ``Misconfigured`` when it has none."""
        own = [seal for seal in self.seals if seal.authority_code == authority_code]
        if not own:
            raise Misconfigured(say("The authority %(code)s has no seal.", code=authority_code), next_step=say("Run leizheng init."))
        return (max(own, key=lambda seal: seal.not_before).certificate, self.root.certificate)

    def qr_key(self, kid: bytes) -> QrKey | None:
        """The QR key with this kid, or ``None``."""
        return self.qr_keys.get(kid)

    def public_key(self, kid: bytes) -> cose.PublicKey | None:
        """The public key with this kid, as ``lz1.verify`` asks for it."""
        key = self.qr_keys.get(kid)
        return key.public_key if key else None

    def to_pem(self) -> bytes:
        """One PEM file: root, seals, QR keys, in a fixed order."""
        members = [self.root.certificate]
        members += [seal.certificate for seal in self.seals]
        members += [key.certificate for _, key in sorted(self.qr_keys.items())]
        return b"".join(member.public_bytes(Encoding.PEM) for member in members)


def load(keys_dir: Path) -> TrustList:
    """The trust list of this installation from its public certificates; raises ``Misconfigured`` when there is none or one is foreign."""
    folder = KeyFolder(keys_dir)
    paths = [folder.root.certificate, *folder.seal_certificates(), *folder.qr_certificates()]
    try:
        pem = b"".join(path.read_bytes() for path in paths)
    except OSError as error:
        raise Misconfigured(say("The certificates cannot be read."), next_step=say("Run leizheng init.")) from error
    return from_pem(pem)


def from_pem(pem: bytes) -> TrustList:
    """The trust list in one PEM file. It pins the one self-signed certificate as root; all others must be signed by it.

    Raises ``Misconfigured`` when a certificate is broken, foreign or without a purpose, or when two share a kid.
    """
    try:
        members = x509.load_pem_x509_certificates(pem)
        return _from_certificates(members)
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise Misconfigured(say("The trust list is not a file of certificates.")) from error


def _from_certificates(members: Iterable[x509.Certificate]) -> TrustList:
    members = list(members)
    roots = [member for member in members if certificates.is_root(member)]
    if len(roots) != 1 or not TrustAnchor(roots[0]).issued(roots[0]):
        raise Misconfigured(say("The trust list must hold exactly one root certificate."))
    root = TrustAnchor(roots[0])
    others = [member for member in members if member is not roots[0]]
    foreign = [member for member in others if not root.issued(member)]
    if foreign:
        raise Misconfigured(say("A certificate in the trust list was not issued by the root: %(name)s.", name=_name(foreign[0])))
    seals = tuple(_seal(member) for member in others if certificates.has_purpose(member, certificates.DOCUMENT_SIGNING))
    keys = [_qr_key(member) for member in others if certificates.has_purpose(member, certificates.QR_SIGNING)]
    by_kid = {key.kid: key for key in keys}
    if len(by_kid) != len(keys) or len(seals) + len(keys) != len(others):
        raise Misconfigured(say("The trust list holds two keys with one identifier, or a certificate without a purpose."))
    return TrustList(root, seals, by_kid)


def _seal(certificate: x509.Certificate) -> SealCertificate:
    holder = certificates.holder_of(certificate)
    return SealCertificate(
        certificate, holder.code, holder.name, holder.uscc, certificate.not_valid_before_utc, certificate.not_valid_after_utc
    )


def _qr_key(certificate: x509.Certificate) -> QrKey:
    holder = certificates.holder_of(certificate)
    public_key = certificate.public_key()
    if not isinstance(public_key, cose.PublicKey):
        raise TypeError(public_key)
    return QrKey(
        certificates.kid_of(certificate),
        public_key,
        certificate,
        holder.code,
        holder.name,
        holder.uscc,
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
    )


def _name(certificate: x509.Certificate) -> str:
    return certificates.holder_of(certificate).name or certificate.subject.rfc4514_string()
