"""What is attacked: the genuine codes, taken apart; and keys that are not theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from forgeries import P256_ORDER
from subjects import PrivateKey, Scene

from licensing.trust.certificates import Purpose

RECORD: Final = -65537
EDWARDS_KID: Final = b"\x0e"
EDWARDS = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CURVED = ec.derive_private_key(7, ec.SECP256R1())


@dataclass(frozen=True, slots=True)
class Code:
    """A genuine code in its parts."""

    host: str
    data: bytes

    @property
    def parts(self) -> list[Any]:
        """Protected header, unprotected header, payload, signature."""
        return list(cbor2.loads(self.data).value)

    @property
    def kid(self) -> bytes:
        return bytes(cbor2.loads(self.parts[0])[4])

    @property
    def digits(self) -> str:
        return str(int.from_bytes(self.data, "big"))

    @property
    def text(self) -> str:
        return f"https://{self.host}/v/{self.digits}"


@dataclass(frozen=True, slots=True)
class QrSubject:
    """One code under attack, another one beside it, and the dice."""

    scene: Scene
    code: Code
    other: Code
    chance: Random

    def text(self, data: bytes) -> str:
        """The address that carries other bytes."""
        return f"https://{self.code.host}/v/{int.from_bytes(data, 'big')}"

    def signed(self, payload: bytes, key: PrivateKey, header: Mapping[Any, Any]) -> str:
        protected = cbor2.dumps(dict(header), canonical=True)
        return self.text(sign1(protected, payload, raw_signature(key, structure(protected, payload))))

    @property
    def own_key(self) -> PrivateKey:
        """The very key that signed the code: what an insider would abuse, and what shows that the parser is strict by itself."""
        return self.scene.key_of(self.scene.certificate(Purpose.QR))


Change = Callable[[QrSubject], str]


def code_of(url: str) -> Code:
    host, digits = url.removeprefix("https://").split("/v/")
    number = int(digits)
    return Code(host, number.to_bytes((number.bit_length() + 7) // 8, "big"))


def edwards_certificate(scene: Scene) -> x509.Certificate:
    """The certificate of the Ed25519 key, as the root would make it."""
    model, root_key = scene.certificate(Purpose.QR), scene.key_of(scene.root)
    assert isinstance(root_key, ec.EllipticCurvePrivateKey)
    made = x509.CertificateBuilder(
        model.issuer, model.subject, EDWARDS.public_key(), 7, model.not_valid_before_utc, model.not_valid_after_utc
    )
    for extension in model.extensions:
        kept = not isinstance(extension.value, x509.SubjectKeyIdentifier)
        made = made.add_extension(extension.value if kept else x509.SubjectKeyIdentifier(EDWARDS_KID), critical=extension.critical)
    return made.sign(root_key, hashes.SHA256())


def sign1(*parts: Any) -> bytes:
    protected, payload, signature = parts
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]), canonical=True)


def structure(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def raw_signature(key: PrivateKey, data: bytes) -> bytes:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data)
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")
