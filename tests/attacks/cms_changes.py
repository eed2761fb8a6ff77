"""Changes inside the signature value that leave the signature itself valid: it lies outside the bytes that are signed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from anatomy import cms_bytes, edited_cms, with_cms
from asn1crypto import algos, cms, core, crl
from bytes_changes import Change
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from forgeries import P256, P256_ORDER, as_asn1, lookalike
from subjects import Subject

from licensing.trust.certificates import Purpose

_SHA256 = bytes.fromhex("300b0609608648016503040201")
_SHA256_NULL = bytes.fromhex("300d06096086480165030402010500")


def _edited(edit: Callable[[cms.SignedData, Subject], None]) -> Change:
    def change(subject: Subject) -> bytes:
        return edited_cms(subject.pdf, lambda content: edit(content["content"], subject))

    return change


def _high_s(signed: cms.SignedData, _: Subject) -> None:
    r, s = decode_dss_signature(signed["signer_infos"][0]["signature"].native)
    signed["signer_infos"][0]["signature"] = encode_dss_signature(r, P256_ORDER - s)


def _longer_integers(signed: cms.SignedData, _: Subject) -> None:
    value = signed["signer_infos"][0]["signature"].native
    first = 2 + value[3] + 2
    r = b"\x02" + bytes([value[3] + 1]) + b"\0" + value[4:first]
    signed["signer_infos"][0]["signature"] = b"\x30" + bytes([len(r) + len(value) - first]) + r + value[first:]


def _without_root(signed: cms.SignedData, _: Subject) -> None:
    signed["certificates"] = list(signed["certificates"])[:1]


def _without_certificates(signed: cms.SignedData, _: Subject) -> None:
    signed["certificates"] = []


def _reversed(parts: Callable[[cms.SignedData], list[bytes]]) -> Change:
    """The members of a set in the other order, as tools write them that do not sort (DER does: X.690 11.6)."""

    def change(subject: Subject) -> bytes:
        der = cms_bytes(subject.pdf)
        members = parts(cms.ContentInfo.load(der)["content"])
        assert der.count(b"".join(members)) == 1
        return with_cms(subject.pdf, der.replace(b"".join(members), b"".join(reversed(members))))

    return change


def _extra_certificate(signed: cms.SignedData, subject: Subject) -> None:
    stranger = as_asn1(lookalike(subject.scene.certificate(Purpose.SEAL), P256.public_key(), P256))
    signed["certificates"] = [*(member.chosen for member in signed["certificates"]), stranger]


def _second_signer(signed: cms.SignedData, _: Subject) -> None:
    (one,) = signed["signer_infos"]
    signed["signer_infos"] = [one, one.copy()]


def _unsigned_attribute(signed: cms.SignedData, subject: Subject) -> None:
    told = cms.CMSAttribute({"type": "1.3.6.1.4.1.99999.1", "values": [core.OctetString(subject.chance.randbytes(20))]})
    _add_unsigned(signed, told)


def _counter_signature(signed: cms.SignedData, _: Subject) -> None:
    (one,) = signed["signer_infos"]
    _add_unsigned(signed, cms.CMSAttribute({"type": "counter_signature", "values": [one.copy()]}))


def _add_unsigned(signed: cms.SignedData, attribute: cms.CMSAttribute) -> None:
    signer = signed["signer_infos"][0]
    kept = list(signer["unsigned_attrs"]) if signer["unsigned_attrs"] else []
    signer["unsigned_attrs"] = cms.CMSAttributes([*kept, attribute])


def _other_digest_algorithm(signed: cms.SignedData, _: Subject) -> None:
    signed["digest_algorithms"] = [algos.DigestAlgorithm({"algorithm": "sha1"})]


def _signer_digest_sha1(signed: cms.SignedData, _: Subject) -> None:
    signed["signer_infos"][0]["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "sha1"})


def _two_digest_algorithms(signed: cms.SignedData, _: Subject) -> None:
    signed["digest_algorithms"] = [algos.DigestAlgorithm({"algorithm": name}) for name in ("sha256", "sha512")]


def _other_digest_parameters(subject: Subject) -> bytes:
    """The identifiers of SHA-256 with NULL where ours have no parameters, or the other way round: both are in use (RFC 5754 2)."""
    der = cms_bytes(subject.pdf)
    signed = cms.ContentInfo.load(der)["content"]
    one = signed["digest_algorithms"][0].dump()
    other = _SHA256 if one == _SHA256_NULL else _SHA256_NULL
    signed["digest_algorithms"] = [algos.DigestAlgorithm.load(other)]
    signed["signer_infos"][0]["digest_algorithm"] = algos.DigestAlgorithm.load(other)
    content = cms.ContentInfo({"content_type": "signed_data", "content": signed})
    return with_cms(subject.pdf, content.dump())


def _signature_algorithm(name: str) -> Callable[[cms.SignedData, Subject], None]:
    def edit(signed: cms.SignedData, _: Subject) -> None:
        signed["signer_infos"][0]["signature_algorithm"] = algos.SignedDigestAlgorithm({"algorithm": name})

    return edit


def _version(signed: cms.SignedData, _: Subject) -> None:
    signed["version"] = "v3"


def _by_key_identifier(signed: cms.SignedData, subject: Subject) -> None:
    identifier = subject.scene.certificate(Purpose.SEAL).extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    signed["signer_infos"][0]["sid"] = cms.SignerIdentifier("subject_key_identifier", identifier)
    signed["signer_infos"][0]["version"] = "v3"


def _content_inside(signed: cms.SignedData, subject: Subject) -> None:
    signed["encap_content_info"]["content"] = subject.chance.randbytes(64)


def _crl_inside(signed: cms.SignedData, subject: Subject) -> None:
    now = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    made = x509.CertificateRevocationListBuilder().issuer_name(subject.scene.root.subject).last_update(now)
    listed = made.next_update(now + timedelta(days=9)).sign(P256, hashes.SHA256())
    signed["crls"] = [crl.CertificateList.load(listed.public_bytes(Encoding.DER))]


def _attribute_repeated(signed: cms.SignedData, _: Subject) -> None:
    attributes = signed["signer_infos"][0]["signed_attrs"]
    signed["signer_infos"][0]["signed_attrs"] = cms.CMSAttributes([*attributes, attributes[0].copy()])


def _attribute_removed(signed: cms.SignedData, _: Subject) -> None:
    kept = [attribute for attribute in signed["signer_infos"][0]["signed_attrs"] if attribute["type"].native != "signing_certificate_v2"]
    signed["signer_infos"][0]["signed_attrs"] = cms.CMSAttributes(kept)


def _long_length(subject: Subject) -> bytes:
    der = cms_bytes(subject.pdf)
    assert der[:2] == b"\x30\x82"
    return with_cms(subject.pdf, b"\x30\x83\x00" + der[2:])


def _indefinite_length(subject: Subject) -> bytes:
    der = cms_bytes(subject.pdf)
    return with_cms(subject.pdf, b"\x30\x80" + der[4:] + b"\0\0")


WRAPPED: dict[str, Change] = {
    "cms-high-s": _edited(_high_s),
    "cms-longer-integers": _edited(_longer_integers),
    "cms-without-root": _edited(_without_root),
    "cms-without-certificates": _edited(_without_certificates),
    "cms-certificates-swapped": _reversed(lambda signed: [member.chosen.dump() for member in signed["certificates"]]),
    "cms-extra-certificate": _edited(_extra_certificate),
    "cms-second-signer": _edited(_second_signer),
    "cms-unsigned-attribute": _edited(_unsigned_attribute),
    "cms-counter-signature": _edited(_counter_signature),
    "cms-digest-list-sha1": _edited(_other_digest_algorithm),
    "cms-digest-list-of-two": _edited(_two_digest_algorithms),
    "cms-signer-digest-sha1": _edited(_signer_digest_sha1),
    "cms-digest-parameters": _other_digest_parameters,
    "cms-algorithm-sha1": _edited(_signature_algorithm("sha1_ecdsa")),
    "cms-algorithm-rsa": _edited(_signature_algorithm("sha256_rsa")),
    "cms-algorithm-ed25519": _edited(_signature_algorithm("ed25519")),
    "cms-version": _edited(_version),
    "cms-signer-by-key-identifier": _edited(_by_key_identifier),
    "cms-content-inside": _edited(_content_inside),
    "cms-list-of-revocations-inside": _edited(_crl_inside),
    "cms-attributes-reordered": _reversed(lambda signed: [attribute.dump() for attribute in signed["signer_infos"][0]["signed_attrs"]]),
    "cms-attribute-repeated": _edited(_attribute_repeated),
    "cms-attribute-removed": _edited(_attribute_removed),
    "cms-long-length": _long_length,
    "cms-indefinite-length": _indefinite_length,
}
