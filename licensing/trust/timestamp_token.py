"""Time-stamp tokens in the one spelling that a file of ours carries: pure. Source: RFC 3161, RFC 5652, RFC 5816.

A token lies outside the bytes that a signature covers. What a time-stamping authority signed is kept as it is; everything around it is
written anew, so that nothing can be hidden there and no second file with the same token exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from licensing.errors import Invalid
from licensing.trust import cose
from licensing.words import say

IMPRINT_SIZE: Final = 32
TOKEN_LIMIT: Final = 64 * 1024
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_LEAST_RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature holds: its one spelling, who signed it, what over (SHA-256), when (aware, UTC)."""

    der: bytes
    certificate: bytes
    imprint: bytes
    moment: datetime
    nonce: int | None


def canonical(der: bytes) -> Token:
    """The token in its one spelling, from the spelling of any authority that signs with P-256 or RSA and sends its certificate.

    One signer, no unsigned attributes, no certificate but the signer's, DER, an ECDSA value with the smaller s. Raises ``Invalid`` with
    code ``timestamp-refused`` when the bytes are no such token or its signature does not hold. Whether the authority is one to believe
    is for the caller to ask.
    """
    try:
        return _canonical(der)
    except Invalid:
        raise
    except Exception as error:  # the decoder has no one family for bytes it cannot make sense of
        raise _refusal() from error


def read(der: bytes) -> Token:
    """The token in ``der``, which must already be in its one spelling; raises ``Invalid`` with code ``timestamp-refused``."""
    token = canonical(der)
    if token.der != der:
        _refuse()
    return token


def assemble(info: bytes, attributes: bytes, signature: bytes, certificate: bytes, digest_name: str = "sha256") -> bytes:
    """The one spelling of a token: the signed ``info`` (TSTInfo) and ``attributes`` (a SET) as they are, the rest written anew."""
    member = asn1_x509.Certificate.load(certificate)
    scheme = "rsa" if member.public_key.algorithm == "rsa" else "ecdsa"
    digest_algorithm = algos.DigestAlgorithm({"algorithm": digest_name})
    signer = cms.SignerInfo(
        {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                "issuer_and_serial_number",
                cms.IssuerAndSerialNumber({"issuer": member.issuer, "serial_number": member.serial_number}),
            ),
            "digest_algorithm": digest_algorithm,
            "signed_attrs": cms.CMSAttributes.load(attributes),
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": f"{digest_name}_{scheme}"}),
            "signature": signature,
        }
    )
    signed_data = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": cms.DigestAlgorithms([digest_algorithm]),
            "encap_content_info": cms.EncapsulatedContentInfo(
                {"content_type": cms.ContentType("tst_info"), "content": cms.ParsableOctetString(info)}
            ),
            "certificates": [cms.CertificateChoices("certificate", member)],
            "signer_infos": [signer],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump())


def _canonical(der: bytes) -> Token:
    if len(der) > TOKEN_LIMIT:
        _refuse()
    content = cms.ContentInfo.load(der, strict=True)
    signed_data = content["content"]
    signers = signed_data["signer_infos"]
    if content["content_type"].native != "signed_data" or signed_data["encap_content_info"]["content_type"].native != "tst_info":
        _refuse()
    if len(signers) != 1:
        _refuse()
    (signer,) = signers
    info = bytes(signed_data["encap_content_info"]["content"])
    attributes = _set_of(signer["signed_attrs"].contents)
    digest_name = str(signer["digest_algorithm"]["algorithm"].native)
    _check_attributes(attributes, info, digest_name)
    certificate = _signer_certificate(signed_data["certificates"], signer["sid"])
    signature = _one_signature(bytes(signer["signature"].native), attributes, digest_name, certificate)
    return _told(info, assemble(info, attributes, signature, certificate, digest_name), certificate)


def _told(info_der: bytes, der: bytes, certificate: bytes) -> Token:
    info = tsp.TSTInfo.load(info_der, strict=True)
    imprint = info["message_imprint"]
    moment = info["gen_time"].native
    if imprint["hash_algorithm"]["algorithm"].native != "sha256" or moment.tzinfo is None:
        _refuse()
    return Token(der, certificate, bytes(imprint["hashed_message"].native), moment, info["nonce"].native)


def _set_of(contents: bytes) -> bytes:
    # The attributes travel under a tag of their own and are signed as a SET (RFC 5652 5.4). Its length is written anew, the shortest way.
    return b"\x31" + bytes(core.OctetString(contents).dump())[1:]


def _check_attributes(attributes: bytes, info: bytes, digest_name: str) -> None:
    """Content type and message digest, each once, as RFC 5652 11 wants them."""
    found: dict[str, list[Any]] = {}
    for attribute in cms.CMSAttributes.load(attributes, strict=True):
        found.setdefault(attribute["type"].native, []).extend(attribute["values"].native)
    digest = hashlib.new(digest_name, info).digest() if digest_name in _HASHES else None
    if found.get("content_type") != ["tst_info"] or found.get("message_digest") != [digest]:
        _refuse()


def _signer_certificate(certificates: Any, sid: Any) -> bytes:
    for member in _plain_certificates(certificates):
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen["issuer"] == member.issuer and sid.chosen["serial_number"].native == member.serial_number
        else:
            named = sid.chosen.native == member.key_identifier
        if named:
            return bytes(member.dump())
    _refuse()


def _plain_certificates(certificates: Iterable[Any]) -> Iterator[asn1_x509.Certificate]:
    return (member.chosen for member in certificates if member.name == "certificate")


def _one_signature(signature: bytes, attributes: bytes, digest_name: str, certificate: bytes) -> bytes:
    key = x509.load_der_x509_certificate(certificate).public_key()
    digest = _HASHES[digest_name]
    try:
        if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
            key.verify(signature, attributes, padding.PKCS1v15(), digest)
            return signature
        if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
            key.verify(signature, attributes, ec.ECDSA(digest))
            return cose.smaller_s(signature)
    except InvalidSignature as error:
        raise _refusal() from error
    _refuse()


def _refuse() -> NoReturn:
    raise _refusal()


def _refusal() -> Invalid:
    return Invalid(say("The time stamp is not one that can be kept."), code="timestamp-refused")
