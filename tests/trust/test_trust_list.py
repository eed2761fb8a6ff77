"""The signed trust list: who it names, what a signature is worth at which moment, and that no other bytes pass for it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from licensing.errors import Misconfigured
from licensing.trust import certificates, cose, trust_list
from licensing.trust.certificates import Purpose
from licensing.trust.layout import KeyFolder
from licensing.trust.private_keys import FileKey, read_private_key, sign_raw
from licensing.trust.trust_list import TrustList, TrustListRefused
from licensing.trust.trusted_key import KeyState, TrustedKey

from .conftest import CODE, KID, NAME, NOT_BEFORE, USCC

DAY = timedelta(days=1)
LAST = NOT_BEFORE + certificates.LIFETIME
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Sign = Callable[..., bytes]


@pytest.fixture(scope="session")
def keys_dir(plain_dir: Path) -> Path:
    return plain_dir


@pytest.fixture(scope="session")
def trust(plain_dir: Path) -> TrustList:
    return trust_list.load(plain_dir)


@pytest.fixture(scope="session")
def sign(keys_dir: Path, trust: TrustList) -> Sign:
    """Signs any payload in the form of the list with the real root key: what an insider at the root could do."""
    root_key = FileKey(read_private_key(KeyFolder(keys_dir).root.key))

    def signed(payload: dict[str, Any] | bytes, header: dict[int, Any] | None = None) -> bytes:
        content = payload if isinstance(payload, bytes) else trust_list.canonical(payload)
        return cose.sign1(content, header or trust_list.protected_header(trust.root), lambda data: sign_raw(root_key, data))

    return signed


def test_the_list_says_who_signs(trust: TrustList) -> None:
    key = trust.qr_key(KID)
    assert key is not None
    assert (key.issuer, key.uscc, key.authority_code, key.not_before, key.kid, key.id) == (NAME, USCC, CODE, NOT_BEFORE, KID, "qr-07")
    assert trust.public_key(KID) == key.public_key
    assert trust.public_key(b"\x08") is None
    assert [(seal.id, seal.issuer) for seal in trust.seals] == [(f"seal-{CODE}-1", NAME)]
    assert (trust.version, trust.previous, trust.hosts, trust.origin) == (1, "", ("zz.example.gov.cn",), "zz.example.gov.cn/log")
    assert trust.next_update - trust.issued_at == timedelta(days=180)
    assert not trust.stale_at(trust.next_update)
    assert trust.stale_at(trust.next_update + timedelta(seconds=1))
    assert key.status_list == trust.seals[0].status_list == trust.status_uri(CODE) == f"https://zz.example.gov.cn/status/{CODE}"
    assert trust.log_key.status_list is None
    assert (trust.log_key.authority_code, len(trust.log_key.kid), list(trust.status_keys)) == (
        "service", 8, [trust.of(Purpose.STATUS)[0].kid],
    )  # fmt: skip
    assert trust.timestamp_key is None


def test_chain_and_pinned_bytes(trust: TrustList) -> None:
    leaf, root = trust.seal_chain(CODE)
    assert root == trust.root.certificate
    assert trust.seal(leaf.public_bytes(Encoding.DER)) == trust.seals[0]
    assert trust.seal(root.public_bytes(Encoding.DER)) is None
    assert trust.seal(trust.qr_keys[KID].der) is None
    assert trust.timestamp(leaf.public_bytes(Encoding.DER)) is None
    with pytest.raises(Misconfigured):
        trust.seal_chain("330000")


def test_the_revocation_list_is_of_the_root_and_empty(trust: TrustList) -> None:
    crl = x509.load_der_x509_crl(trust.crl)
    root_key = trust.root.certificate.public_key()
    assert isinstance(root_key, ec.EllipticCurvePublicKey)
    assert crl.is_signature_valid(root_key)
    assert (list(crl), crl.last_update_utc, crl.next_update_utc) == ([], trust.issued_at, trust.next_update)
    assert crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == trust.version


# What a signature is worth

moments = st.integers(-2000 * 86400, 4000 * 86400).map(lambda seconds: NOT_BEFORE + timedelta(seconds=seconds))


@given(moment=moments, active_from=moments, since=moments, state=st.sampled_from([KeyState.ACTIVE, KeyState.RETIRED, KeyState.COMPROMISED]))
@profile(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_signature_is_good_only_inside_the_time_of_its_key(
    trust: TrustList, moment: datetime, active_from: datetime, since: datetime, state: KeyState
) -> None:
    key = replace(trust.qr_keys[KID], active_from=active_from, state=state, since=since)
    able = max(NOT_BEFORE, active_from) <= moment <= LAST
    ended = state is not KeyState.ACTIVE and moment >= since
    answer = key.judge(moment)
    assert (answer == "ok") == key.valid_at(moment) == (able and not ended and state is not KeyState.COMPROMISED)
    assert (answer == "key-compromised") == (state is KeyState.COMPROMISED and moment >= since)
    assert (answer == "key-compromised-before") == (state is KeyState.COMPROMISED and moment < since and able)
    assert key.signs_at(moment) == (able and state is KeyState.ACTIVE)


def _key(trust: TrustList, state: KeyState, since: datetime) -> TrustedKey:
    return replace(trust.qr_keys[KID], state=state, since=since)


def test_the_edges_of_a_life(trust: TrustList) -> None:
    since, second = NOT_BEFORE + 30 * DAY, timedelta(seconds=1)
    active, retired, stolen = (_key(trust, state, since) for state in (KeyState.ACTIVE, KeyState.RETIRED, KeyState.COMPROMISED))
    assert [active.judge(at) for at in (NOT_BEFORE - second, NOT_BEFORE, LAST, LAST + second)] == [
        "expired-signer", "ok", "ok", "expired-signer",
    ]  # fmt: skip
    assert [retired.judge(at) for at in (since - second, since)] == ["ok", "expired-signer"]
    assert [stolen.judge(at) for at in (NOT_BEFORE - second, since - second, since, LAST + DAY)] == [
        "expired-signer", "key-compromised-before", "key-compromised", "key-compromised",
    ]  # fmt: skip


# The form


def test_the_signed_bytes_are_the_list(trust: TrustList) -> None:
    assert trust_list.load_signed(trust.signed, trust.root) == trust
    message = cose.parse_sign1(trust.signed)
    assert dict(message.protected) == {1: -7, 4: certificates.kid_of(trust.root.certificate)}
    data = json.loads(message.payload)
    assert list(data) == sorted(data)
    assert data["format"] == "leizheng-trust-list/1"
    assert [row["purpose"] for row in data["keys"]] == ["seal", "qr", "status", "log"]
    assert base64.b64decode(data["root"]) == trust.root.certificate.public_bytes(Encoding.DER)


def test_pem_round_trip(trust: TrustList) -> None:
    again = trust_list.from_pem(trust.to_pem())
    assert again == trust
    assert again.to_pem() == trust.to_pem()
    assert b"PRIVATE" not in trust.to_pem()
    first, *others = x509.load_pem_x509_certificates(trust.to_pem())
    assert first == trust.root.certificate
    assert others == [key.certificate for key in trust.keys]
    assert trust_list.from_pem(b"The trust list of a test\r\n" + trust.to_pem().replace(b"\n", b"\r\n")) == trust


def test_every_flipped_bit_is_refused(trust: TrustList) -> None:
    for position in range(len(trust.signed)):
        damaged = bytearray(trust.signed)
        damaged[position] ^= 1 << position % 8
        with pytest.raises(TrustListRefused):
            trust_list.load_signed(bytes(damaged), trust.root)


@given(cut=st.integers(0, 4000), tail=st.binary(max_size=4), head=st.binary(max_size=4))
@profile(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_other_bytes_are_refused(trust: TrustList, cut: int, head: bytes, tail: bytes) -> None:
    other = head + trust.signed[: len(trust.signed) - cut] + tail
    if other != trust.signed:
        with pytest.raises(TrustListRefused):
            trust_list.load_signed(other, trust.root)


def test_a_second_spelling_of_the_signature_is_refused(trust: TrustList) -> None:
    tag = cbor2.loads(trust.signed)
    header, unprotected, content, signature = tag.value
    mirrored = signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    other = cose.encode(cbor2.CBORTag(18, [header, unprotected, content, mirrored]))
    assert cose.verify1(other, trust.root.certificate.public_key(), strict=False).payload == content  # type: ignore[arg-type]
    with pytest.raises(TrustListRefused):
        trust_list.load_signed(other, trust.root)


def _payload(trust: TrustList) -> dict[str, Any]:
    return json.loads(json.dumps(trust_list.payload(trust)))  # type: ignore[no-any-return]


def _first(data: dict[str, Any], **change: object) -> dict[str, Any]:
    data["keys"][0] |= change
    return data


def _twice(data: dict[str, Any]) -> dict[str, Any]:
    data["keys"].append(data["keys"][0] | {"id": "seal-320000-2"})
    return data


def _exchanged(data: dict[str, Any]) -> dict[str, Any]:
    first, second = data["keys"][:2]
    first["certificate"], second["certificate"] = second["certificate"], first["certificate"]
    first["kid"], second["kid"] = second["kid"], first["kid"]
    return data


CONTRADICTIONS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda data: data | {"format": "leizheng-trust-list/2"},
    "something more": lambda data: data | {"note": ""},
    "something more in a key": lambda data: _first(data, note=""),
    "something less": lambda data: {name: value for name, value in data.items() if name != "previous"},
    "no host": lambda data: data | {"hosts": []},
    "version 0": lambda data: data | {"version": 0},
    "version true": lambda data: data | {"version": True},
    "version 1.0": lambda data: data | {"version": 1.0},
    "time with a zone": lambda data: data | {"issued_at": "2026-03-02T09:00:00+08:00"},
    "another name": lambda data: _first(data, issuer="别的气象局"),
    "another kid": lambda data: _first(data, kid="00"),
    "another purpose": lambda data: _first(data, purpose="qr"),
    "a purpose in the id alone": lambda data: _first(data, id="qr-01", purpose="qr"),
    "an id that no key has": lambda data: _first(data, id="root"),
    "certificates exchanged": _exchanged,
    "another status list": lambda data: _first(data, status_list="https://elsewhere.example/status/320000"),
    "prepared": lambda data: _first(data, state="prepared"),
    "unknown state": lambda data: _first(data, state="lost"),
    "compromised but not revoked": lambda data: _first(data, state="compromised"),
    "one certificate twice": _twice,
    "no certificate": lambda data: _first(data, certificate=""),
    "no revocation list": lambda data: data | {"crl": ""},
    "another root": lambda data: data | {"root": data["keys"][0]["certificate"]},
    "a list": list,
}


@pytest.mark.parametrize("why", CONTRADICTIONS)
def test_the_signature_of_the_root_does_not_excuse_a_contradiction(trust: TrustList, sign: Sign, why: str) -> None:
    changed = CONTRADICTIONS[why](_payload(trust))
    with pytest.raises(TrustListRefused):
        trust_list.load_signed(sign(changed), trust.root)


def test_the_root_signs_in_one_form_only(trust: TrustList, sign: Sign) -> None:
    good = trust_list.canonical(_payload(trust))
    kid = certificates.kid_of(trust.root.certificate)
    assert trust_list.load_signed(sign(good), trust.root).version == 1
    for header in ({1: -7}, {1: -9, 4: kid}, {1: -7, 4: kid[:8]}, {1: -7, 4: kid, 3: "json"}):
        with pytest.raises(TrustListRefused):
            trust_list.load_signed(sign(good, header), trust.root)
    for content in (b" " + good, good + b"\n", good.replace(b",", b", ", 1), json.dumps(_payload(trust)).encode(), b"null", b"\xff", b""):
        with pytest.raises(TrustListRefused):
            trust_list.load_signed(sign(content), trust.root)


def test_a_list_of_another_root_is_refused(trust: TrustList, other_trust: TrustList) -> None:
    with pytest.raises(TrustListRefused):
        trust_list.load_signed(other_trust.signed, trust.root)
    renamed = trust.root.certificate.public_bytes(Encoding.PEM) + other_trust.to_pem().split(b"-----END CERTIFICATE-----\n", 1)[1]
    with pytest.raises(TrustListRefused):
        trust_list.from_pem(renamed)


def test_a_certificate_of_another_root_is_refused(trust: TrustList, other_trust: TrustList, sign: Sign) -> None:
    seal = other_trust.seals[0]
    data = _first(_payload(trust), certificate=base64.b64encode(seal.der).decode(), kid=seal.kid.hex())
    with pytest.raises(TrustListRefused):
        trust_list.load_signed(sign(data), trust.root)


def test_a_revocation_list_of_another_root_is_refused(trust: TrustList, other_trust: TrustList, sign: Sign) -> None:
    with pytest.raises(TrustListRefused):
        trust_list.load_signed(sign(_payload(trust) | {"crl": base64.b64encode(other_trust.crl).decode()}), trust.root)


def _foreign(trust: TrustList) -> bytes:
    """A certificate with the seal's names, signed by another root of the same name."""
    root_key, key = certificates.new_key(), certificates.new_key()
    anchor = certificates.TrustAnchor(certificates.root_certificate(root_key))
    issuer = certificates.Issuer(anchor, root_key, NOT_BEFORE)
    return certificates.certificate(certificates.Purpose.SEAL, trust.seals[0].holder, key.public_key(), issuer).public_bytes(Encoding.PEM)


def test_odd_files_are_refused(trust: TrustList) -> None:
    pem = trust.to_pem()
    blocks = pem[: pem.index(b"-----BEGIN LEIZHENG")]
    signed = pem[len(blocks) :]
    root = trust.root.certificate.public_bytes(Encoding.PEM)
    other_root = certificates.root_certificate(certificates.new_key()).public_bytes(Encoding.PEM)
    odd = {
        "nothing": b"",
        "junk": b"junk",
        "no signed list": blocks,
        "no certificates": signed,
        "root and list alone": root + signed,
        "no root": pem[len(root) :],
        "two roots": other_root + pem,
        "the list twice": pem + signed,
        "a foreign certificate more": _foreign(trust) + pem,
        "another root": other_root + pem[len(root) :],
        "cut": pem[:-40],
    }
    for name, content in odd.items():
        with pytest.raises(TrustListRefused):
            pytest.fail(f"{name}: {trust_list.from_pem(content)}")
    assert trust_list.from_pem(pem) == trust


def test_a_root_that_signed_itself_wrongly_is_refused(trust: TrustList) -> None:
    name = trust.root.certificate.subject
    key, other = certificates.new_key(), certificates.new_key()
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    fake = builder.not_valid_before(NOT_BEFORE).not_valid_after(LAST).sign(other, hashes.SHA256())
    pem = trust.to_pem()
    with pytest.raises(TrustListRefused):
        trust_list.from_pem(fake.public_bytes(Encoding.PEM) + pem[len(trust.root.certificate.public_bytes(Encoding.PEM)) :])
