"""COSE_Sign1 against the examples of the working group, and the strict profile."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519

from licensing.trust import cose
from licensing.trust.private_keys import FileKey, sign_raw

VECTORS = Path(__file__).parent.parent / "vectors" / "cose-sign1"
PASS = sorted(path.name for path in VECTORS.glob("*.json") if "fail" not in path.name and path.name != "CWT_A_4.json")
FAIL = sorted(path.name for path in VECTORS.glob("*fail*.json"))
CURVES: dict[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}


def _bytes(key: dict[str, str], name: str) -> bytes:
    if f"{name}_hex" in key:
        return bytes.fromhex(key[f"{name}_hex"])
    return base64.urlsafe_b64decode(key[name] + "=" * (-len(key[name]) % 4))


def _public_key(key: dict[str, str]) -> cose.PublicKey:
    if key["kty"] == "EC":
        x, y = (int.from_bytes(_bytes(key, name), "big") for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, CURVES[key["crv"]]).public_key()
    kind = {"Ed25519": ed25519.Ed25519PublicKey, "Ed448": ed448.Ed448PublicKey}[key["crv"]]
    return kind.from_public_bytes(_bytes(key, "x"))


def _load(name: str) -> tuple[bytes, cose.PublicKey, bytes, Any]:
    vector = json.loads((VECTORS / name).read_text(encoding="utf-8"))
    message = vector["input"]["sign0"]
    return bytes.fromhex(vector["output"]["cbor"]), _public_key(message["key"]), bytes.fromhex(message.get("external", "")), vector


def test_all_vectors_are_here() -> None:
    assert (len(PASS), len(FAIL)) == (10, 6)


@pytest.mark.parametrize("name", PASS)
def test_pass_vectors_verify(name: str) -> None:
    data, key, external, vector = _load(name)
    message = cose.verify1(data, key, strict=False, external=external)
    signed = cose.to_be_signed(message.protected_bytes, message.payload, external)
    assert signed.hex().upper() == vector["intermediates"]["ToBeSign_hex"].upper()


@pytest.mark.parametrize("name", FAIL)
def test_fail_vectors_are_refused(name: str) -> None:
    data, key, external, _ = _load(name)
    with pytest.raises(cose.CoseRefused):
        cose.verify1(data, key, strict=False, external=external)


def test_mac_is_not_a_signature() -> None:
    vector = json.loads((VECTORS / "CWT_A_4.json").read_text(encoding="utf-8"))
    with pytest.raises(cose.CoseRefused):
        cose.parse_sign1(bytes.fromhex(vector["output"]["cbor"]), strict=False)


def test_cwt_example_passes_the_strict_profile_too() -> None:
    data, key, _, _ = _load("CWT_A_3.json")
    assert cose.verify1(data, key).protected == {1: -7}


KEY = ec.generate_private_key(ec.SECP256R1())
GOOD = cose.sign1(b"payload", {1: -7, 4: b"\x07"}, lambda data: sign_raw(FileKey(KEY), data))


BROKEN = {
    "no tag": GOOD[1:],
    "tag 17": b"\xd1" + GOOD[1:],
    "trailing byte": GOOD + b"\x00",
    "cut": GOOD[:-1],
    "indefinite array": b"\xd2\x9f" + GOOD[2:] + b"\xff",
    "long length": GOOD.replace(b"\x47payload", b"\x58\x07payload"),
    "something unprotected": GOOD.replace(b"\xa0\x47payload", b"\xa1\x18\x2a\x00\x47payload"),
    "duplicate key": GOOD.replace(bytes.fromhex("46a20126044107"), bytes.fromhex("45a201260126")),
    "empty": b"",
    "deep": b"\x81" * 100_000,
}


@pytest.mark.parametrize("why", BROKEN)
def test_strict_profile_refuses(why: str) -> None:
    assert cose.verify1(GOOD, KEY.public_key()).payload == b"payload"
    assert BROKEN[why] != GOOD
    with pytest.raises(cose.CoseRefused):
        cose.verify1(BROKEN[why], KEY.public_key())


def test_algorithm_must_fit_the_key() -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(cose.CoseRefused) as refused:
        cose.verify1(GOOD, other.public_key())
    assert refused.value.code == "cose-algorithm"
    eddsa = cose.sign1(b"payload", {1: -8}, other.sign)
    assert cose.verify1(eddsa, other.public_key()).payload == b"payload"
    for algorithm in (0, None, "ES256", -999, True, -35):
        forged = cbor2.dumps(cbor2.CBORTag(18, [cbor2.dumps({1: algorithm}, canonical=True), {}, b"payload", bytes(64)]), canonical=True)
        with pytest.raises(cose.CoseRefused) as refused:
            cose.verify1(forged, KEY.public_key())
        assert refused.value.code == "cose-algorithm"
