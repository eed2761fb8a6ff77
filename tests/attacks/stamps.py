"""Changes to the time stamp, which lies beside the signature and is signed by somebody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from anatomy import cms_bytes, edited_cms
from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from bytes_changes import Change
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from forgeries import P256, P256_ORDER, STAMP, genuine_token, lookalike, new_token, signed_at
from subjects import Subject

from licensing.trust.certificates import Purpose


def token_of(pdf: bytes) -> bytes | None:
    """The token that a file carries."""
    attributes = cms.ContentInfo.load(cms_bytes(pdf))["content"]["signer_infos"][0]["unsigned_attrs"]
    return bytes(attributes[0]["values"][0].dump()) if attributes.contents else None


def with_tokens(pdf: bytes, *tokens: bytes, attributes: int = 1, name: str = STAMP) -> bytes:
    """The file with these tokens and no others; every signed byte stays. More ``attributes`` carry the same tokens again."""

    def edit(content: cms.ContentInfo) -> None:
        values = [cms.ContentInfo.load(token) for token in tokens]
        one = cms.CMSAttribute({"type": name, "values": values})
        content["content"]["signer_infos"][0]["unsigned_attrs"] = (
            cms.CMSAttributes([one.copy() for _ in range(attributes)]) if tokens else None
        )

    return edited_cms(pdf, edit)


def _value(pdf: bytes) -> bytes:
    return bytes(cms.ContentInfo.load(cms_bytes(pdf))["content"]["signer_infos"][0]["signature"].native)


def _own(subject: Subject) -> bytes:
    token = token_of(subject.pdf)
    assert token is not None
    return token


def _of_another(subject: Subject) -> bytes:
    token = token_of(subject.other)
    assert token is not None
    return with_tokens(subject.pdf, token)


def _and_another(subject: Subject) -> bytes:
    later = genuine_token(subject, _value(subject.pdf), signed_at(subject.pdf) + timedelta(minutes=9))
    return with_tokens(subject.pdf, _own(subject), later)


def _over_something_else(subject: Subject) -> bytes:
    return with_tokens(subject.pdf, genuine_token(subject, subject.pdf, signed_at(subject.pdf)))


def _by_lookalike(subject: Subject) -> bytes:
    forged = lookalike(subject.scene.certificate(Purpose.TIMESTAMP), P256.public_key(), P256)
    return with_tokens(subject.pdf, new_token(_value(subject.pdf), signed_at(subject.pdf), forged, P256))


def _by_our(purpose: Purpose) -> Change:
    """A key of this installation that stamps no time."""

    def change(subject: Subject) -> bytes:
        chosen = subject.scene.certificate(purpose)
        return with_tokens(subject.pdf, new_token(_value(subject.pdf), signed_at(subject.pdf), chosen, subject.scene.key_of(chosen)))

    return change


def stamped_later(subject: Subject, distance: timedelta) -> bytes:
    """A genuine stamp of the pinned authority over this very signature, of another moment."""
    return with_tokens(subject.pdf, genuine_token(subject, _value(subject.pdf), signed_at(subject.pdf) + distance))


def _respelled(edit: Callable[[cms.SignedData, Subject], None]) -> Change:
    """The same token, still valid, in another spelling."""

    def change(subject: Subject) -> bytes:
        token = cms.ContentInfo.load(_own(subject))
        edit(token["content"], subject)
        return with_tokens(subject.pdf, token.dump())

    return change


def _extra_certificate(signed: cms.SignedData, subject: Subject) -> None:
    root = asn1_x509.Certificate.load(subject.scene.root.public_bytes(Encoding.DER))
    signed["certificates"] = [*(member.chosen for member in signed["certificates"]), root]


def _without_certificate(signed: cms.SignedData, _: Subject) -> None:
    signed["certificates"] = []


def _unsigned_attribute(signed: cms.SignedData, subject: Subject) -> None:
    told = cms.CMSAttribute({"type": "1.3.6.1.4.1.99999.1", "values": [core.OctetString(subject.chance.randbytes(20))]})
    signed["signer_infos"][0]["unsigned_attrs"] = cms.CMSAttributes([told])


def _high_s(signed: cms.SignedData, _: Subject) -> None:
    r, s = decode_dss_signature(signed["signer_infos"][0]["signature"].native)
    signed["signer_infos"][0]["signature"] = encode_dss_signature(r, P256_ORDER - s)


def _broken(signed: cms.SignedData, _: Subject) -> None:
    r, s = decode_dss_signature(signed["signer_infos"][0]["signature"].native)
    signed["signer_infos"][0]["signature"] = encode_dss_signature(r, s ^ 1)


STAMPS: dict[str, Change] = {
    "stamp-removed": lambda subject: with_tokens(subject.pdf),
    "stamp-of-another-licence": _of_another,
    "stamp-twice": lambda subject: with_tokens(subject.pdf, _own(subject), _own(subject)),
    "stamp-and-another": _and_another,
    "stamp-attribute-twice": lambda subject: with_tokens(subject.pdf, _own(subject), attributes=2),
    "stamp-under-another-name": lambda subject: with_tokens(subject.pdf, _own(subject), name="1.2.840.113549.1.9.16.2.48"),
    "stamp-by-a-lookalike": _by_lookalike,
    "stamp-by-our-seal": _by_our(Purpose.SEAL),
    "stamp-by-our-status-key": _by_our(Purpose.STATUS),
    "stamp-over-something-else": _over_something_else,
    "stamp-too-early": lambda subject: stamped_later(subject, timedelta(hours=-1)),
    "stamp-too-late": lambda subject: stamped_later(subject, timedelta(days=40)),
    "stamp-broken": _respelled(_broken),
    "stamp-with-high-s": _respelled(_high_s),
    "stamp-with-more-certificates": _respelled(_extra_certificate),
    "stamp-without-certificate": _respelled(_without_certificate),
    "stamp-with-unsigned-attribute": _respelled(_unsigned_attribute),
}
