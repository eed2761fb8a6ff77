"""Certificates: one root that may be offline, and below it one certificate for each key, good for one purpose (RFC 5280).

The log signs with Ed25519 (signed notes of C2SP know no other common kind), everything else with P-256 and SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

# The root is kept offline and pinned by hand: its dates bound the others and protect nothing themselves.
ROOT_NOT_BEFORE: Final = datetime(2020, 1, 1, tzinfo=UTC)
ROOT_NOT_AFTER: Final = datetime(2050, 1, 1, tzinfo=UTC)
LIFETIME: Final = timedelta(days=5 * 366)
ROOT_NAME: Final = "雷证 Leizheng Root CA"
DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
TIME_STAMPING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.8")  # RFC 3161 2.3
# The others have no registered purpose: UUID arcs, X.667 clause 6.
QR_SIGNING: Final = x509.ObjectIdentifier("2.25.147698116462402364180427921893155164000")
STATUS_SIGNING: Final = x509.ObjectIdentifier("2.25.106097961228109854879399215161611427171")
LOG_SIGNING: Final = x509.ObjectIdentifier("2.25.75592094667703313560090500738561417037")
_COMMON_NAME_BYTES: Final = 64  # ub-common-name, RFC 5280 appendix A

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


class Purpose(StrEnum):
    """What a key is for, and nothing else is it good for."""

    ROOT = "root"
    SEAL = "seal"
    QR = "qr"
    STATUS = "status"
    LOG = "log"
    TIMESTAMP = "timestamp"


USAGE: Final[Mapping[Purpose, x509.ObjectIdentifier]] = {
    Purpose.SEAL: DOCUMENT_SIGNING,
    Purpose.QR: QR_SIGNING,
    Purpose.STATUS: STATUS_SIGNING,
    Purpose.LOG: LOG_SIGNING,
    Purpose.TIMESTAMP: TIME_STAMPING,
}
_PURPOSE: Final = {usage: purpose for purpose, usage in USAGE.items()}


@dataclass(frozen=True, slots=True)
class TrustAnchor:
    """The root that verifiers pin, by its bytes."""

    certificate: x509.Certificate

    def issued(self, certificate: x509.Certificate) -> bool:
        """True when the root signed ``certificate`` and both names agree."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except Exception:  # a name, a key type or a signature that does not fit: one answer
            return False
        return True


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a certificate is for: the authority's code in this system, its name and its unified social credit code.

    The service itself has the code ``service``, a name for each purpose and no credit code.
    """

    code: str
    name: str
    uscc: str


SERVICE: Final = "service"
SERVICE_HOLDERS: Final[Mapping[Purpose, Holder]] = {
    Purpose.STATUS: Holder(SERVICE, "雷证 Leizheng status list / 状态列表", ""),
    Purpose.LOG: Holder(SERVICE, "雷证 Leizheng log / 透明日志", ""),
    Purpose.TIMESTAMP: Holder(SERVICE, "TEST time-stamping - not for production / 测试时间戳", ""),
}


def new_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 private key."""
    return ec.generate_private_key(ec.SECP256R1())


def root_certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """The self-signed certificate of the root; it may sign certificates and lists, nothing else."""
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, ROOT_NAME)])
    builder = _builder(name, name, key.public_key(), ROOT_NOT_BEFORE, ROOT_NOT_AFTER)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(ca=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return builder.sign(key, hashes.SHA256())


@dataclass(frozen=True, slots=True)
class Issuer:
    """The root with its private key, for the moment in which it issues; certificates are valid from ``not_before`` for five years."""

    anchor: TrustAnchor
    key: ec.EllipticCurvePrivateKey
    not_before: datetime


def certificate(purpose: Purpose, holder: Holder, public_key: PublicKey, issuer: Issuer, *, kid: bytes = b"") -> x509.Certificate:
    """The certificate of a key for one ``purpose``. Raises ``ValueError`` for a kind of key that the purpose does not have.

    The subject key identifier of a QR key is its ``kid`` of profile LZ1 (RFC 5280 4.2.1.2 leaves the method free). A seal commits to
    content (RFC 9336); the usage of a time-stamping key is critical and alone (RFC 3161 2.3).
    """
    if not fits(purpose, public_key):
        raise ValueError(purpose)
    identifier = x509.SubjectKeyIdentifier(kid) if purpose is Purpose.QR else x509.SubjectKeyIdentifier.from_public_key(public_key)
    builder = _leaf(holder, public_key, issuer, identifier)
    builder = builder.add_extension(x509.ExtendedKeyUsage([USAGE[purpose]]), critical=purpose is Purpose.TIMESTAMP)
    return builder.add_extension(_usage(ca=False, commitment=purpose is Purpose.SEAL), critical=True).sign(issuer.key, hashes.SHA256())


def revocation_list(
    issuer: Issuer, number: int, issued_at: datetime, next_update: datetime, revoked: Iterable[tuple[x509.Certificate, datetime]]
) -> bytes:
    """The CRL of the root in DER: the certificates of compromised keys with the moment from which each is no longer believed.

    Source: RFC 5280 5; ``number`` is the CRL number (5.2.3), all moments are aware.
    """
    root = issuer.anchor.certificate
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject).last_update(issued_at).next_update(next_update)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for member, since in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(member.serial_number).revocation_date(since)
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def purpose_of(certificate: x509.Certificate) -> Purpose | None:
    """The one purpose of a certificate that is no root; ``None`` when it has several, none of ours, or a key of the wrong kind."""
    try:
        usages = list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        return None
    purpose = _PURPOSE.get(usages[0]) if len(usages) == 1 else None
    return purpose if purpose is not None and fits(purpose, certificate.public_key()) else None


def fits(purpose: Purpose, public_key: object) -> bool:
    """True when keys of this kind may have this purpose: Ed25519 for the log, P-256 for the others."""
    if purpose is Purpose.LOG:
        return isinstance(public_key, ed25519.Ed25519PublicKey)
    return isinstance(public_key, ec.EllipticCurvePublicKey) and isinstance(public_key.curve, ec.SECP256R1)


def is_root(certificate: x509.Certificate) -> bool:
    """True for a certificate that names itself as issuer."""
    return certificate.subject == certificate.issuer


def kid_of(certificate: x509.Certificate) -> bytes:
    """The subject key identifier; for a QR certificate it is the kid of profile LZ1."""
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def holder_of(certificate: x509.Certificate) -> Holder:
    """Who the certificate is for; a part that is missing is empty."""
    return Holder(
        code=_first(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME),
        name=_first(certificate, NameOID.ORGANIZATION_NAME),
        uscc=_first(certificate, NameOID.ORGANIZATION_IDENTIFIER),
    )


def _leaf(holder: Holder, public_key: PublicKey, issuer: Issuer, identifier: x509.SubjectKeyIdentifier) -> x509.CertificateBuilder:
    root = issuer.anchor.certificate
    not_after = min(issuer.not_before + LIFETIME, ROOT_NOT_AFTER)
    builder = _builder(_subject(holder), root.subject, public_key, issuer.not_before, not_after)
    root_identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(identifier, critical=False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_identifier), critical=False)


def _subject(holder: Holder) -> x509.Name:
    common_name = holder.name.encode()[:_COMMON_NAME_BYTES].decode(errors="ignore")
    parts = (
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, holder.name),
        (NameOID.ORGANIZATION_IDENTIFIER, holder.uscc),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, holder.code),
        (NameOID.COMMON_NAME, common_name),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: PublicKey, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
    )


def _usage(*, ca: bool, commitment: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _first(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    attributes = certificate.subject.get_attributes_for_oid(oid)
    return str(attributes[0].value) if attributes else ""
