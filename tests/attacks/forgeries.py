"""Licences sealed by somebody else: strangers with our names, and keys of this very installation that may not seal."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from functools import lru_cache

import pikepdf
from anatomy import cms_bytes, edited_cms, gap, with_cms
from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from bytes_changes import Change
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from subjects import BAD_KEYS, NAME, PrivateKey, Subject

from licensing.trust import pades, test_tsa
from licensing.trust.certificates import Purpose

STAMP = "signature_time_stamp_token"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

# Keys and certificates of the attackers, made once: making keys is not what is tested.
P256 = ec.generate_private_key(ec.SECP256R1())
_OWN_CA = ec.generate_private_key(ec.SECP256R1())


def lookalike(model: x509.Certificate, public_key: ec.EllipticCurvePublicKey, issuer: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """A certificate with every name, date, number and extension of ``model``, for another key."""
    made = x509.CertificateBuilder(
        model.issuer,
        model.subject,
        public_key,
        model.serial_number,
        model.not_valid_before_utc,
        model.not_valid_after_utc,
        list(model.extensions),
    )
    return made.sign(issuer, hashes.SHA256())


def resealed(subject: Subject, pdf: bytes, certificate: x509.Certificate, key: PrivateKey, root: x509.Certificate | None = None) -> bytes:
    """``pdf`` as it is, with a complete signature by another key in its reserved place: all that a forger can do without our seal.

    A time stamp costs him nothing: authorities stamp what they are given. So a stamped file gets a genuine stamp again.
    """
    start, end = gap(pdf)
    seal = as_asn1(certificate)
    attributes = _attributes(hashlib.sha256(pdf[:start] + pdf[end:]).digest(), seal.dump())
    content = cms.ContentInfo.load(cms_bytes(pdf))
    signed = content["content"]
    signer = signed["signer_infos"][0]
    stamped = bool(signer["unsigned_attrs"].contents)
    signer["sid"] = cms.SignerIdentifier(
        "issuer_and_serial_number", cms.IssuerAndSerialNumber({"issuer": seal.issuer, "serial_number": seal.serial_number})
    )
    signer["signed_attrs"] = attributes
    signer["signature"], name = _value(key, attributes.untag().dump())
    signer["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": name})
    signed["certificates"] = [seal, as_asn1(root or subject.scene.root)]
    if stamped:
        token = genuine_token(subject, signer["signature"].native, signed_at(pdf))
        signer["unsigned_attrs"] = [cms.CMSAttribute({"type": STAMP, "values": [cms.ContentInfo.load(token)]})]
    return with_cms(pdf, content.dump())


def remade(subject: Subject, certificate: x509.Certificate, key: PrivateKey) -> bytes:
    """The licence made anew by the code that makes licences, sealed with another key: nothing but the key tells it from one of ours."""
    bare, moment = _unsealed(subject.pdf), signed_at(subject.pdf)
    stamped = bool(cms.ContentInfo.load(cms_bytes(subject.pdf))["content"]["signer_infos"][0]["unsigned_attrs"].contents)
    authority = subject.scene.certificate(Purpose.TIMESTAMP) if stamped else None
    chain = (certificate, subject.scene.root)
    prepared = pades.prepare(
        bare,
        chain,
        field_name="Seal",
        reason="电子证照签发",
        location=NAME,
        signing_time=moment,
        revocation_list=subject.scene.trust.crl,
        authority=authority,
    )
    attributes = pades.signed_attributes(prepared, certificate)
    value, _ = _value(key, attributes)
    return pades.embed(prepared, attributes, value, chain, genuine_token(subject, value, moment) if stamped else None)


@lru_cache(maxsize=64)
def _unsealed(pdf: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for entry in ("/AcroForm", "/Perms", "/DSS"):
            if entry in opened.Root:
                del opened.Root[entry]
        for page in opened.pages:
            kept = [annotation for annotation in page.get("/Annots", ()) if annotation.get("/FT") != "/Sig"]
            page.Annots = pikepdf.Array(kept)
        opened.Root.Lang = "qu"
        opened.save(out, static_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


def signed_at(pdf: bytes) -> datetime:
    """The moment that the file names as that of its seal."""
    place = pdf.index(b"/M (D\\072") + 9
    return datetime.strptime(pdf[place : place + 14].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def new_token(value: bytes, moment: datetime, certificate: x509.Certificate, key: PrivateKey) -> bytes:
    """A time-stamp token over a signature value."""
    imprint = hashlib.sha256(value).digest()
    return test_tsa.token(imprint, moment, certificate.public_bytes(Encoding.DER), lambda data: _value(key, data)[0])


def genuine_token(subject: Subject, value: bytes, moment: datetime) -> bytes:
    """A token by the very authority that the trust list pins."""
    authority = subject.scene.certificate(Purpose.TIMESTAMP)
    return new_token(value, moment, authority, subject.scene.key_of(authority))


def _attributes(digest: bytes, certificate: bytes) -> cms.CMSAttributes:
    """The attributes that a seal of ours signs: a forger copies them to the letter (ETSI EN 319 142-1 6.3)."""
    seal = asn1_x509.Certificate.load(certificate)
    named = {"issuer": [asn1_x509.GeneralName("directory_name", seal.issuer)], "serial_number": seal.serial_number}
    told = {"certs": [{"cert_hash": hashlib.sha256(certificate).digest(), "issuer_serial": named}]}
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [digest]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [told]}),
        ]
    )


def _value(key: PrivateKey, data: bytes) -> tuple[bytes, str]:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data), "ed25519"
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return encode_dss_signature(r, min(s, P256_ORDER - s)), "sha256_ecdsa"


def _changed(pdf: bytes) -> bytes:
    """Something else is certified than was issued: that is what a forger wants."""
    place = pdf.index(b"/Lang (zh")
    return pdf[: place + 7] + b"q" + pdf[place + 8 :]


def _same_name_below_our_root(subject: Subject) -> bytes:
    forged = lookalike(subject.scene.certificate(Purpose.SEAL), P256.public_key(), _OWN_CA)
    return resealed(subject, _changed(subject.pdf), forged, P256)


def _own_authority(subject: Subject) -> bytes:
    root = lookalike(subject.scene.root, _OWN_CA.public_key(), _OWN_CA)
    return resealed(
        subject, _changed(subject.pdf), lookalike(subject.scene.certificate(Purpose.SEAL), P256.public_key(), _OWN_CA), P256, root
    )


def _shows_our_certificate(subject: Subject) -> bytes:
    return resealed(subject, _changed(subject.pdf), subject.scene.certificate(Purpose.SEAL), P256)


def _unchanged_by_stranger(subject: Subject) -> bytes:
    return resealed(subject, subject.pdf, lookalike(subject.scene.certificate(Purpose.SEAL), P256.public_key(), _OWN_CA), P256)


def _with_our_key(purpose: Purpose, name: str = "own") -> Change:
    """A key of this very installation, used for what it is not for, or no longer; on content that was changed before."""

    def change(subject: Subject) -> bytes:
        chosen = subject.scene.certificate(purpose, name)
        return resealed(subject, _changed(subject.pdf), chosen, subject.scene.key_of(chosen))

    return change


def _by_the_root(subject: Subject) -> bytes:
    return resealed(subject, _changed(subject.pdf), subject.scene.root, subject.scene.key_of(subject.scene.root))


def _issued_in_secret(subject: Subject) -> bytes:
    """A certificate that the root did sign, for a key that no list ever named."""
    root_key = subject.scene.key_of(subject.scene.root)
    assert isinstance(root_key, ec.EllipticCurvePrivateKey)
    secret = lookalike(subject.scene.certificate(Purpose.SEAL), P256.public_key(), root_key)
    return resealed(subject, _changed(subject.pdf), secret, P256)


def _remade_by(name: str) -> Change:
    def change(subject: Subject) -> bytes:
        chosen = subject.scene.certificate(Purpose.SEAL, name)
        return remade(subject, chosen, subject.scene.key_of(chosen))

    return change


def _remade_by_lookalike(subject: Subject) -> bytes:
    return remade(subject, lookalike(subject.scene.certificate(Purpose.SEAL), P256.public_key(), _OWN_CA), P256)


def _rsa_label(subject: Subject) -> bytes:
    def edit(content: cms.ContentInfo) -> None:
        content["content"]["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})

    return edited_cms(_same_name_below_our_root(subject), edit)


FORGED: dict[str, Change] = {
    "resealed-same-name": _same_name_below_our_root,
    "resealed-same-name-unchanged": _unchanged_by_stranger,
    "resealed-own-authority-same-names": _own_authority,
    "resealed-shows-our-certificate": _shows_our_certificate,
    "resealed-same-name-other-algorithm": _rsa_label,
    "resealed-by-the-root": _by_the_root,
    "resealed-by-a-secret-key-of-the-root": _issued_in_secret,
    "resealed-by-another-authority": _with_our_key(Purpose.SEAL, "neighbour"),
    "remade-by-another-authority": _remade_by("neighbour"),
    "remade-by-a-lookalike": _remade_by_lookalike,
    **{f"remade-by-a-key-{state}": _remade_by(state) for state in BAD_KEYS},
    **{
        f"resealed-by-the-{purpose}-key": _with_our_key(purpose) for purpose in (Purpose.QR, Purpose.STATUS, Purpose.LOG, Purpose.TIMESTAMP)
    },
    **{f"resealed-by-a-key-{state}": _with_our_key(Purpose.SEAL, state) for state in BAD_KEYS},
}


def as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """The certificate as the CMS library wants it."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
