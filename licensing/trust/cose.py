"""COSE_Sign1 (RFC 9052) with raw signatures: ES256 and EdDSA to sign, ES384 and ES512 also to verify what others made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from licensing.errors import LeizhengError
from licensing.words import say

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey

TAG_SIGN1: Final = 18
ALG: Final = 1
KID: Final = 4

# RFC 9053 tables 1 and 2, and the fully specified numbers of RFC 9864.
_ECDSA: Final[dict[int, hashes.HashAlgorithm]] = {
    -7: hashes.SHA256(),
    -9: hashes.SHA256(),
    -35: hashes.SHA384(),
    -36: hashes.SHA512(),
}
_EDDSA: Final = frozenset({-8, -19})
_P256_ALGORITHMS: Final = frozenset({-7, -9})
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class CoseRefused(LeizhengError):
    """The bytes are not an acceptable COSE_Sign1: ``cose-malformed``, ``cose-algorithm`` or ``cose-signature``."""

    code = "cose-malformed"
    http_status = 422


@dataclass(frozen=True, slots=True)
class Sign1:
    """One COSE_Sign1: its headers, the exact protected bytes, payload and raw signature."""

    protected: Mapping[Any, Any]
    protected_bytes: bytes
    unprotected: Mapping[Any, Any]
    payload: bytes
    signature: bytes

    @property
    def algorithm(self) -> object:
        """The algorithm, the protected header first (RFC 9052 3.1)."""
        return self.protected.get(ALG, self.unprotected.get(ALG))

    @property
    def kid(self) -> object:
        """The key identifier, the protected header first; ``None`` where there is none."""
        return self.protected.get(KID, self.unprotected.get(KID))


def sign1(payload: bytes, protected: dict[int, Any], sign: Callable[[bytes], bytes]) -> bytes:
    """The tagged, deterministically encoded COSE_Sign1 of ``payload``.

    ``sign`` receives the Sig_structure and answers with the raw signature (r‖s or EdDSA). Source: RFC 9052 4.2, 4.4; RFC 8949 4.2.
    """
    header = encode(protected) if protected else b""
    signature = sign(to_be_signed(header, payload))
    return encode(cbor2.CBORTag(TAG_SIGN1, [header, {}, payload, signature]))


def to_be_signed(protected_bytes: bytes, payload: bytes, external: bytes = b"") -> bytes:
    """The Sig_structure of a COSE_Sign1. Source: RFC 9052 4.4."""
    return encode(["Signature1", protected_bytes, external, payload])


def parse_sign1(data: bytes, *, strict: bool = True) -> Sign1:
    """The parts of a COSE_Sign1, nothing verified yet; raises ``CoseRefused``.

    Strict (our profile): tag 18, deterministic CBOR in the message and in the protected header, nothing in the unprotected header, no
    duplicate keys, no trailing bytes. Tolerant: the tag may be absent and any well-formed encoding will do. Source: RFC 9052 2, 4.2.
    """
    body = _untagged(decode(data, deterministic=strict), tag_required=strict)
    if not isinstance(body, list | tuple) or len(body) != 4:
        _malformed()
    protected_bytes, unprotected, payload, signature = body
    if not (isinstance(protected_bytes, bytes) and isinstance(payload, bytes) and isinstance(signature, bytes)):
        _malformed()
    protected = decode(protected_bytes, deterministic=strict) if protected_bytes else {}
    if not isinstance(protected, Mapping) or not isinstance(unprotected, Mapping) or (strict and unprotected):
        _malformed()
    # An empty map enters the Sig_structure as a zero-length string (RFC 9052 4.4, step 2).
    return Sign1(protected, protected_bytes if protected else b"", unprotected, payload, signature)


def verify1(data: bytes, key: PublicKey, *, strict: bool = True, external: bytes = b"") -> Sign1:
    """The parts of a COSE_Sign1 whose signature by ``key`` holds; raises ``CoseRefused``. Source: RFC 9052 4.4."""
    message = parse_sign1(data, strict=strict)
    verify_parts(message, key, strict=strict, external=external)
    return message


def verify_parts(message: Sign1, key: PublicKey, *, strict: bool = True, external: bytes = b"") -> None:
    """Returns only when the signature of ``message`` by ``key`` holds; raises ``CoseRefused``.

    The algorithm must fit the key; strict accepts P-256 and Ed25519 with an algorithm in the protected header, and of the two values of s
    that an ECDSA signature may have only the smaller one: a signed code has one spelling.
    """
    algorithm = message.protected.get(ALG) if strict else message.algorithm
    if isinstance(algorithm, bool) or not isinstance(algorithm, int) or not _fits(algorithm, key, strict=strict):
        raise CoseRefused(say("The signature uses an algorithm that does not fit the key."), code="cose-algorithm")
    if strict and isinstance(key, ec.EllipticCurvePublicKey) and not has_smaller_s(message.signature):
        raise CoseRefused(say("The signature does not match the content."), code="cose-signature")
    data = to_be_signed(message.protected_bytes, message.payload, external)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_der(message.signature, key), data, ec.ECDSA(_ECDSA[algorithm]))
        else:
            key.verify(message.signature, data)
    except (InvalidSignature, ValueError) as error:
        raise CoseRefused(say("The signature does not match the content."), code="cose-signature") from error


def algorithm_of(key: object) -> int:
    """The COSE algorithm number that a public key signs with here: ES256 (−7) or EdDSA (−8)."""
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return -7
    if isinstance(key, ed25519.Ed25519PublicKey):
        return -8
    raise CoseRefused(say("This kind of key cannot sign a QR code."), code="cose-algorithm")


def raw_signature(der: bytes, size: int = 32) -> bytes:
    """The raw r‖s of a DER ECDSA signature, ``size`` bytes each. Source: RFC 9053 2.1."""
    r, s = decode_dss_signature(der)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def smaller_s(der: bytes) -> bytes:
    """A DER ECDSA signature on P-256 with the smaller of its two values of s.

    Both s and n − s verify; allowing one leaves one spelling, so that a signed file cannot be changed into another valid one.
    """
    r, s = decode_dss_signature(der)
    return encode_dss_signature(r, min(s, _P256_ORDER - s))


def has_smaller_s(raw: bytes) -> bool:
    """True when the raw signature on P-256 has the smaller of its two values of s: the other is a second spelling of the same."""
    return int.from_bytes(raw[len(raw) // 2 :], "big") <= _P256_ORDER // 2


def encode(value: object) -> bytes:
    """Deterministic CBOR. Source: RFC 8949 4.2."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes, *, deterministic: bool = True) -> Any:
    """The one CBOR item that ``data`` is; raises ``CoseRefused``.

    Deterministic also means: no duplicate keys and no trailing bytes, for neither survives encoding again.
    """
    try:
        value = cbor2.loads(data)
        same = not deterministic or encode(value) == data
    except Exception as error:  # the decoder builds dates, addresses and patterns from tags, each with its own exceptions
        raise CoseRefused(say("The data is not well-formed CBOR.")) from error
    if not same:
        _malformed()
    return value


def _untagged(message: Any, *, tag_required: bool) -> Any:
    if isinstance(message, cbor2.CBORTag):
        return message.value if message.tag == TAG_SIGN1 else _malformed()
    return _malformed() if tag_required else message


def _fits(algorithm: int, key: PublicKey, *, strict: bool) -> bool:
    if isinstance(key, ec.EllipticCurvePublicKey):
        if strict:
            return algorithm in _P256_ALGORITHMS and isinstance(key.curve, ec.SECP256R1)
        return algorithm in _ECDSA
    return algorithm in _EDDSA and (isinstance(key, ed25519.Ed25519PublicKey) or not strict)


def _der(raw: bytes, key: ec.EllipticCurvePublicKey) -> bytes:
    size = (key.curve.key_size + 7) // 8
    if len(raw) != 2 * size:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(raw[:size], "big"), int.from_bytes(raw[size:], "big"))


def _malformed() -> NoReturn:
    raise CoseRefused(say("The data is not a signed message of the expected form."))
