"""Certificates: one offline root, per authority a seal certificate and QR key certificates. P-256 with SHA-256 throughout (RFC 5280)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# The root is kept offline and pinned by hand: its dates bound the others and protect nothing themselves.
ROOT_NOT_BEFORE: Final = datetime(2020, 1, 1, tzinfo=UTC)
ROOT_NOT_AFTER: Final = datetime(2050, 1, 1, tzinfo=UTC)
LIFETIME: Final = timedelta(days=5 * 366)
ROOT_NAME: Final = "雷证 Leizheng Root CA"
DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
QR_SIGNING: Final = x509.ObjectIdentifier("2.25.147698116462402364180427921893155164000")  # a UUID arc, X.667 clause 6
_COMMON_NAME_BYTES: Final = 64  # ub-common-name, RFC 5280 appendix A


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
    """Who a certificate is for: the authority's code in this system, its name and its unified social credit code."""

    code: str
    name: str
    uscc: str


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


def seal_certificate(holder: Holder, public_key: ec.EllipticCurvePublicKey, issuer: Issuer) -> x509.Certificate:
    """The certificate that seals PDF documents in the authority's name (content commitment, document signing: RFC 9336)."""
    identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
    builder = _leaf(holder, public_key, issuer, identifier).add_extension(x509.ExtendedKeyUsage([DOCUMENT_SIGNING]), critical=False)
    return builder.add_extension(_usage(ca=False, commitment=True), critical=True).sign(issuer.key, hashes.SHA256())


def qr_certificate(holder: Holder, kid: bytes, public_key: ec.EllipticCurvePublicKey, issuer: Issuer) -> x509.Certificate:
    """The certificate of a QR key; its subject key identifier is the kid of profile LZ1 (RFC 5280 4.2.1.2 leaves the method free)."""
    builder = _leaf(holder, public_key, issuer, x509.SubjectKeyIdentifier(kid))
    builder = builder.add_extension(x509.ExtendedKeyUsage([QR_SIGNING]), critical=False)
    return builder.add_extension(_usage(ca=False), critical=True).sign(issuer.key, hashes.SHA256())


def is_root(certificate: x509.Certificate) -> bool:
    """True for a certificate that names itself as issuer."""
    return certificate.subject == certificate.issuer


def has_purpose(certificate: x509.Certificate, purpose: x509.ObjectIdentifier) -> bool:
    """True when the extended key usage lists ``purpose``."""
    try:
        return purpose in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False


def kid_of(certificate: x509.Certificate) -> bytes:
    """The subject key identifier: for a QR certificate the kid."""
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def holder_of(certificate: x509.Certificate) -> Holder:
    """Who the certificate is for; a part that is missing is empty."""
    return Holder(
        code=_first(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME),
        name=_first(certificate, NameOID.ORGANIZATION_NAME),
        uscc=_first(certificate, NameOID.ORGANIZATION_IDENTIFIER),
    )


def _leaf(
    holder: Holder, public_key: ec.EllipticCurvePublicKey, issuer: Issuer, identifier: x509.SubjectKeyIdentifier
) -> x509.CertificateBuilder:
    root = issuer.anchor.certificate
    not_after = min(issuer.not_before + LIFETIME, ROOT_NOT_AFTER)
    builder = _builder(_subject(holder), root.subject, public_key, issuer.not_before, not_after)
    root_identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(identifier, critical=False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_identifier), critical=False)


def _subject(holder: Holder) -> x509.Name:
    common_name = holder.name.encode()[:_COMMON_NAME_BYTES].decode(errors="ignore")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder.name),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, holder.uscc),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, holder.code),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, not_before: datetime, not_after: datetime
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
