"""Status lists as tokens: the published examples, one spelling, and everything else refused."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from licensing.trust import cose, status_token
from licensing.trust.status_token import StatusClaims, StatusRefused, compress, cwt, inflate, jwt, pack, value_at, verify, with_value

VECTORS = Path(__file__).parent.parent / "vectors" / "status-list"
PUBLISHED = {
    "encoding": (1, dict(enumerate([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])), 16),
    "encoding2": (2, dict(enumerate([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3])), 12),
    "encoding4": (
        4,
        {
            **{0: 1, 1993: 2, 35460: 3, 459495: 4, 595669: 5, 754353: 6, 845645: 7, 923232: 8, 924445: 9, 934534: 10},
            **{1004534: 11, 1000345: 12, 1030203: 13, 1030204: 14, 1030205: 15},
        },
        1 << 20,
    ),
}
EXAMPLE_KEY = ec.EllipticCurvePublicNumbers(
    int.from_bytes(base64.urlsafe_b64decode("I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo=")),
    int.from_bytes(base64.urlsafe_b64decode("6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M=")),
    ec.SECP256R1(),
).public_key()

KID = bytes.fromhex("0102030405060708")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
URI = "https://zz.example.gov.cn/status/320100"
PRIVATE = ec.derive_private_key(7, ec.SECP256R1())
OTHER = ec.derive_private_key(8, ec.SECP256R1())


class Key:
    """An entry of a trust list whose judgement the test decides."""

    def __init__(self, judgement: str = "ok", private: ec.EllipticCurvePrivateKey = PRIVATE) -> None:
        self.public_key = private.public_key()
        self._judgement = judgement

    def judge(self, moment: datetime) -> str:
        assert moment == NOW
        return self._judgement


KEYS = MappingProxyType({KID: Key()})


def sign(data: bytes, private: ec.EllipticCurvePrivateKey = PRIVATE) -> bytes:
    return cose.raw_signature(cose.smaller_s(private.sign(data, ec.ECDSA(hashes.SHA256()))))


def mirrored(data: bytes) -> bytes:
    """The other value that verifies as well: a second spelling of the same."""
    r, s = sign(data)[:32], int.from_bytes(sign(data)[32:], "big")
    return r + (0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 - s).to_bytes(32, "big")


def claims(**changes: object) -> StatusClaims:
    moment = int(NOW.timestamp())
    said = StatusClaims(URI, moment, moment + 86400, 3600, 4, compress(pack([0, 2, 0xC, 0xF])))
    return replace(said, **changes)  # type: ignore[arg-type]


def joined(name: str) -> str:
    text = (VECTORS / f"status_list_{name}.txt").read_text(encoding="utf-8")
    return re.sub(r"\s", "", text.split("encoded:")[-1])


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("form", ["json", "cbor"])
def test_the_published_lists_say_what_they_should(name: str, form: str) -> None:
    bits, wanted, count = PUBLISHED[name]
    said = json.loads(joined(f"{name}_json")) if form == "json" else cbor2.loads(bytes.fromhex(joined(f"{name}_cbor")))
    compressed = base64.urlsafe_b64decode(said["lst"] + "=" * (-len(said["lst"]) % 4)) if form == "json" else said["lst"]
    packed = inflate(compressed)
    assert said["bits"] == bits
    assert len(packed) * 8 // bits == count
    assert {index: value for index in range(count) if (value := value_at(packed, bits, index))} == {k: v for k, v in wanted.items() if v}
    assert pack([wanted.get(index, 0) for index in range(count)], bits) == packed
    assert len(compress(packed)) <= len(compressed)


def test_the_published_token_verifies_and_says_what_it_should() -> None:
    message = cose.verify1(bytes.fromhex(joined("cwt")), EXAMPLE_KEY, strict=False)
    assert message.protected[16] == status_token.CWT_TYPE
    said = status_token.claims_of_cwt(message.payload, strict=False)
    assert (said.uri, said.issued_at, said.expires_at) == ("https://example.com/statuslists/1", 1686920170, 2291720170)
    assert (said.ttl, said.bits, inflate(said.compressed)) == (43200, 1, b"\xb9\xa3")


def test_the_published_token_is_not_in_our_one_spelling() -> None:
    with pytest.raises(StatusRefused):
        verify(bytes.fromhex(joined("cwt")), {b"12": Key(private=PRIVATE)})


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@given(data=st.data())
def test_what_is_packed_comes_back(bits: int, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(0, (1 << bits) - 1), max_size=200))
    packed = inflate(compress(pack(values, bits)))
    assert [value_at(packed, bits, index) for index in range(len(values))] == values
    assert value_at(packed, bits, len(packed) * 8 // bits) is None
    assert value_at(packed, bits, -1) is None
    if values:
        index, value = data.draw(st.integers(0, len(values) - 1)), data.draw(st.integers(0, (1 << bits) - 1))
        values[index] = value
        assert with_value(packed, bits, index, value) == pack(values, bits)


@pytest.mark.parametrize(("values", "bits"), [([16], 4), ([-1], 4), ([2], 1), ([0], 3), ([0], 0), ([0], 16)])
def test_what_does_not_fit_is_not_packed(values: list[int], bits: int) -> None:
    with pytest.raises(ValueError, match=r"bits|fit"):
        pack(values, bits)


@pytest.mark.parametrize("token", [cwt(claims(), KID, sign), jwt(claims(), KID, sign).encode()], ids=["cwt", "jwt"])
class TestToken:
    """Both kinds."""

    def test_it_says_what_was_signed(self, token: bytes) -> None:
        found = verify(token, KEYS, URI)
        assert found.claims == claims()
        assert [found.value(index) for index in range(5)] == [0, 2, 0xC, 0xF, None]
        assert (found.as_of, found.expires_at, found.kid, found.uri) == (NOW, NOW + timedelta(days=1), KID, URI)

    def test_it_is_fresh_until_it_expires(self, token: bytes) -> None:
        found = verify(token, KEYS)
        moments = {-400: False, -200: True, 0: True, 86400: True, 86401: False}
        assert {offset: found.fresh_at(NOW + timedelta(seconds=offset)) for offset in moments} == moments

    def test_no_byte_can_be_changed_cut_or_added(self, token: bytes) -> None:
        for place in range(len(token)):
            for spoiled in (token[:place] + bytes([token[place] ^ 1]) + token[place + 1 :], token[:place]):
                with pytest.raises(StatusRefused):
                    verify(spoiled, KEYS)
        for more in (b"\x00", b"\n", b"=", b".", token):
            with pytest.raises(StatusRefused):
                verify(token + more, KEYS)

    @pytest.mark.parametrize(
        ("keys", "code"),
        [
            ({}, "status-unknown-key"),
            ({KID[:7]: Key()}, "status-unknown-key"),
            ({KID: Key(private=OTHER)}, "status-signature"),
            ({KID: Key("expired-signer")}, "status-key"),
            ({KID: Key("key-compromised")}, "status-key"),
            ({KID: Key("key-compromised-before")}, "status-key"),
        ],
    )
    def test_only_a_pinned_key_that_is_good_counts(self, token: bytes, keys: dict[bytes, Key], code: str) -> None:
        with pytest.raises(StatusRefused) as refused:
            verify(token, keys)
        assert refused.value.code == code

    def test_the_list_of_another_address_is_refused(self, token: bytes) -> None:
        with pytest.raises(StatusRefused) as refused:
            verify(token, KEYS, URI + "1")
        assert refused.value.code == "status-other-list"


@pytest.mark.parametrize(
    "junk", [b"", b"\xd2", b"..", b"a.b.c", b"\xff\xfe", b"{}", b"[" * 100_000, b"\xd2" + b"\x81" * 5000, b"e30.e30.e30", "é.a.b".encode()]
)
def test_anything_else_is_refused(junk: bytes) -> None:
    with pytest.raises(StatusRefused):
        verify(junk, KEYS)


def cwt_of(payload: object, header: dict[object, object] | None = None, unprotected: dict[object, object] | None = None) -> bytes:
    """A well-signed CWT that says something else than ours."""
    protected = cbor2.dumps(header if header is not None else {1: -7, 4: KID, 16: status_token.CWT_TYPE}, canonical=True)
    body = payload if isinstance(payload, bytes) else cbor2.dumps(payload, canonical=True)
    return cbor2.dumps(cbor2.CBORTag(18, [protected, unprotected or {}, body, sign(cose.to_be_signed(protected, body))]), canonical=True)


MOMENT = int(NOW.timestamp())
LIST = {"bits": 4, "lst": compress(b"\x00")}
SAID = {2: URI, 6: MOMENT, 4: MOMENT + 60, 65534: 60, 65533: LIST}


def test_what_the_next_test_changes_is_accepted_as_it_is() -> None:
    assert verify(cwt_of(SAID), KEYS).value(0) == 0


@pytest.mark.parametrize(
    "token",
    [
        *(cwt_of({name: value for name, value in SAID.items() if name != gone}) for gone in SAID),
        cwt_of({**SAID, 1: "issuer"}),
        cwt_of({**SAID, 2: 5}),
        cwt_of({**SAID, 4: MOMENT - 1}),
        cwt_of({**SAID, 6: MOMENT + 0.5}),
        cwt_of({**SAID, 6: -1}),
        cwt_of({**SAID, 6: 1 << 60, 4: 1 << 61}),
        cwt_of({**SAID, 65534: True}),
        cwt_of({**SAID, 65533: {**LIST, "bits": 3}}),
        cwt_of({**SAID, 65533: {**LIST, "lst": "text"}}),
        cwt_of({**SAID, 65533: {**LIST, "aggregation_uri": URI}}),
        cwt_of({**SAID, 65533: [4, b""]}),
        cwt_of([SAID]),
        cwt_of(cbor2.dumps(SAID) + b"\x00"),
        cwt_of(cbor2.dumps(SAID)),
        cwt_of(SAID, {1: -7, 4: KID, 16: "application/statuslist+jwt"}),
        cwt_of(SAID, {1: -7, 4: KID}),
        cwt_of(SAID, {1: -35, 4: KID, 16: status_token.CWT_TYPE}),
        cwt_of(SAID, {1: -7, 4: KID.hex(), 16: status_token.CWT_TYPE}),
        cwt_of(SAID, {1: -7, 4: KID, 16: status_token.CWT_TYPE, 2: [99]}),
        cwt_of(SAID, {1: -7, 16: status_token.CWT_TYPE}, {4: KID}),
        cbor2.dumps(cbor2.CBORTag(61, cbor2.loads(cwt_of(SAID)))),
    ],
)
def test_a_signed_token_that_is_not_of_our_form_is_refused(token: bytes) -> None:
    with pytest.raises(StatusRefused):
        verify(token, KEYS)


def jwt_of(header: str, payload: str) -> bytes:
    parts = ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in (header, payload))
    return f"{parts}.{base64.urlsafe_b64encode(sign(parts.encode())).rstrip(b'=').decode()}".encode()


HEADER = f'{{"alg":"ES256","kid":"{KID.hex()}","typ":"statuslist+jwt"}}'
BODY = base64.urlsafe_b64decode(jwt(claims(), KID, sign).split(".")[1] + "==").decode()


def test_what_the_next_test_changes_is_accepted_too() -> None:
    assert verify(jwt_of(HEADER, BODY), KEYS).claims == claims()


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (HEADER.replace("ES256", "none"), BODY),
        (HEADER.replace("ES256", "HS256"), BODY),
        (HEADER.replace("statuslist+jwt", "JWT"), BODY),
        (HEADER.replace("statuslist+jwt", "application/statuslist+jwt"), BODY),
        (HEADER.replace('{"alg"', '{"crit":["x"],"alg"'), BODY),
        (HEADER.replace(",", ", "), BODY),
        (HEADER.replace(KID.hex(), "zz"), BODY),
        (HEADER, BODY.replace('"ttl":3600', '"ttl":3600,"ttl":3600')),
        (HEADER, BODY.replace('"ttl":3600', '"ttl":3600.0')),
        (HEADER, BODY.replace('"ttl":3600', '"ttl":"3600"')),
        (HEADER, BODY.replace('"bits":4', '"bits":true')),
        (HEADER, BODY.replace('{"exp"', '{"aud":"x","exp"')),
        (HEADER, BODY + "\n"),
        (HEADER, "[]"),
        ("[]", BODY),
        ("null", "null"),
    ],
)
def test_a_signed_jwt_that_is_not_of_our_form_is_refused(header: str, body: str) -> None:
    with pytest.raises(StatusRefused):
        verify(jwt_of(header, body), KEYS)


@pytest.mark.parametrize("token", [cwt(claims(), KID, mirrored), jwt(claims(), KID, mirrored).encode()], ids=["cwt", "jwt"])
def test_a_signature_has_one_spelling(token: bytes) -> None:
    with pytest.raises(StatusRefused) as refused:
        verify(token, KEYS)
    assert refused.value.code == "status-signature"


def test_a_bomb_is_refused_while_it_is_unpacked() -> None:
    bomb = zlib.compress(bytes(64 * 1024 * 1024), 9)
    for token in (cwt(claims(compressed=bomb), KID, sign), jwt(claims(compressed=bomb), KID, sign).encode()):
        with pytest.raises(StatusRefused) as refused:
            verify(token, KEYS)
        assert refused.value.code == "status-too-large"
    with pytest.raises(StatusRefused):
        verify(b"\xd2" * (status_token.TOKEN_LIMIT + 1), KEYS)


@pytest.mark.parametrize("spoil", [lambda data: data + b"x", lambda data: data[:-1], lambda data: data[:0], lambda data: data[:2]])
def test_zlib_data_has_one_end(spoil) -> None:
    with pytest.raises(StatusRefused):
        inflate(spoil(compress(b"\x00" * 100)))


@pytest.mark.parametrize("changes", [{"bits": 3}, {"issued_at": -1}, {"expires_at": 0}, {"ttl": 1 << 40}, {"uri": 1}, {"compressed": "x"}])
def test_nothing_out_of_range_is_signed(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cwt(claims(**changes), KID, sign)
    with pytest.raises(ValueError, match=r".+"):
        jwt(claims(**changes), KID, sign)


def test_a_hundred_thousand_licences_fit_into_two_kilobytes() -> None:
    values = [0] * 100_000
    for index in range(0, 100_000, 1000):
        values[index] = 0xC
    assert len(cwt(claims(compressed=compress(pack(values))), KID, sign)) < 2048
