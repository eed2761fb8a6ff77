"""LZ1: the published vector, the round trip, and that nothing but the signed bytes is ever accepted."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import pytest
import qrcode
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given, settings
from hypothesis import strategies as st
from qrcode.util import MODE_8BIT_BYTE, MODE_NUMBER, QRData
from stdnum.cn import uscc

from licensing.trust import cose, lz1
from licensing.trust.private_keys import FileKey, sign_raw

HOST = "zz.qxj.gov.cn"
HOSTS = {HOST}
# The vector of profile LZ1: key of RFC 8032 test 1.
VECTOR_KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
VECTOR = lz1.Lz1(
    type_index=2,
    serial=2025052201,
    version=1,
    holder_id="91350100M000100Y43",
    holder="某某某防雷检测技术服务有限公司",
    project=None,
    status_index=123456,
    digest=hashlib.sha256(b"canonical licence record").digest()[:16],
    issued_at=1763856000,
    expires_at=1921536000,
)
VECTOR_PAYLOAD = bytes.fromhex(
    "a3041a72885000061a69224e803a0001000088021a78b3d829014b056fd0f447b8f75fceb661782de69f90e69f90e69f90e998b2e99bb7e6a380e6b58be68a80"
    "e69cafe69c8de58aa1e69c89e99990e585ace58fb8f61a0001e24050cd88e688bbd06ad86c3930bd7e2009cf"
)
VECTOR_COSE = (
    bytes.fromhex("d28446a20127044107a0586c")
    + VECTOR_PAYLOAD
    + bytes.fromhex(
        "5840cb79caada57ccab5108e660419c9fedad47f19bed0b4c42ab2facfd13f71dba0a849258a44ad63ac8f9f9fc572ea2e13ee2858f4beebdb3b3373dd545d911800"
    )
)
VECTOR_URL = (
    "https://zz.qxj.gov.cn/v/"
    "70417425330271359997973964028454774954809019562299307967770402844358479943789013301090543464957417742582797199"
    "45892762993706556011199771638693402193448469985624424775135939425924113538155078713151058348328985374979072608"
    "32499314038115625004213881697451034308248568154759436150943510488545273854598339828430376147437913224991803706"
    "55027458075088783269714363511033451301080240316198893462380997404650065567299455828443810601740213670887847783"
    "00823552"
)

KEY = ec.generate_private_key(ec.SECP256R1())
KID = b"\x01\x02"


def key_of(kid: bytes) -> cose.PublicKey | None:
    return {b"\x07": VECTOR_KEY.public_key(), KID: KEY.public_key()}.get(kid)


def sign(payload: bytes) -> bytes:
    return cose.sign1(payload, {1: -7, 4: KID}, lambda data: sign_raw(FileKey(KEY), data))


def test_published_vector_is_reproduced_byte_for_byte() -> None:
    assert lz1.payload_bytes(VECTOR) == VECTOR_PAYLOAD
    data = cose.sign1(VECTOR_PAYLOAD, {1: -8, 4: b"\x07"}, VECTOR_KEY.sign)
    assert data == VECTOR_COSE
    assert len(data) == 186
    assert "".join(lz1.to_url(HOST, data)) == VECTOR_URL
    assert len(VECTOR_URL) == 472


@pytest.mark.parametrize("text", [VECTOR_URL, VECTOR_URL.replace("/v/", "/v#")])
def test_published_vector_verifies(text: str) -> None:
    decoded = lz1.verify(lz1.from_text(text, HOSTS), key_of)
    assert (decoded.lz1, decoded.kid) == (VECTOR, b"\x07")
    assert not decoded.lz1.abbreviated


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "qr-not-ours"),
        ("hello", "qr-not-ours"),
        ("https://zz.qxj.gov.cn/", "qr-not-ours"),
        ("https://zz.qxj.gov.cn/V/1", "qr-not-ours"),
        ("http://zz.qxj.gov.cn/v/1", "qr-not-ours"),
        (VECTOR_URL.replace("https", "HTTPS"), "qr-not-ours"),
        (" " + VECTOR_URL, "qr-not-ours"),
        (VECTOR_URL.replace("/v/", "/x?u=/v/"), "qr-not-ours"),
        (VECTOR_URL.replace("zz.qxj", "ZZ.qxj"), "qr-foreign-host"),
        (VECTOR_URL.replace(".cn/", ".cn:443/"), "qr-foreign-host"),
        (VECTOR_URL.replace("//", "//zz.qxj.gov.cn@"), "qr-foreign-host"),
        (VECTOR_URL.replace("//zz.qxj.gov.cn", "//zz.qxj.gov.cn@evil.example"), "qr-foreign-host"),
        (VECTOR_URL.replace("zz.qxj.gov.cn", "xn--zz-qxj.gov.cn"), "qr-foreign-host"),
        (VECTOR_URL.replace("zz.qxj", "zz.qхj"), "qr-foreign-host"),
        (VECTOR_URL.replace(".cn/", ".cn./"), "qr-foreign-host"),
        (VECTOR_URL.replace(".cn/", ".cn\\@evil.example/"), "qr-foreign-host"),
        ("https:///v/1", "qr-foreign-host"),
        (VECTOR_URL.replace("/v/7", "/v/07"), "qr-malformed"),
        (VECTOR_URL + "\n", "qr-malformed"),
        (VECTOR_URL + "?x=1", "qr-malformed"),
        (VECTOR_URL + "#1", "qr-malformed"),
        (VECTOR_URL.replace("/v/7", "/v/７"), "qr-malformed"),
        (f"https://{HOST}/v/", "qr-malformed"),
        (f"https://{HOST}/v/0", "qr-malformed"),
        (f"https://{HOST}/v/{'7' * 1201}", "qr-malformed"),
        (f"https://{HOST}/v/{'7' * 9_000_00}", "qr-malformed"),
    ],
)
def test_foreign_and_odd_texts_are_refused(text: str, code: str) -> None:
    with pytest.raises(lz1.QrRefused) as refused:
        lz1.verify(lz1.from_text(text, HOSTS), key_of)
    assert refused.value.code == code


def test_unknown_key_and_wrong_signature_have_their_own_codes() -> None:
    with pytest.raises(lz1.QrRefused) as refused:
        lz1.verify(VECTOR_COSE, {}.get)
    assert refused.value.code == "qr-unknown-key"
    other = ed25519.Ed25519PrivateKey.generate().public_key()
    with pytest.raises(lz1.QrRefused) as refused:
        lz1.verify(VECTOR_COSE, {b"\x07": other}.get)
    assert refused.value.code == "qr-signature"


def _uscc(body: str) -> str:
    return body + str(uscc.calc_check_digit(body))


usccs = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17).map(_uscc)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=120)
licences = st.builds(
    lz1.Lz1,
    type_index=st.integers(0, 2**16 - 1),
    serial=st.integers(0, 2**64 - 1) | st.from_regex(r"[0-9A-Z]{1,32}", fullmatch=True),
    version=st.integers(0, 2**16 - 1),
    holder_id=usccs | st.text(st.characters(codec="ascii"), min_size=1, max_size=32),
    holder=names,
    project=st.none() | names,
    status_index=st.integers(0, 2**32 - 1),
    digest=st.binary(min_size=16, max_size=16),
    issued_at=st.integers(0, 2**37 - 1),
    expires_at=st.none() | st.integers(0, 2**37 - 1),
)


@given(licences)
@settings(max_examples=200, deadline=None)
def test_round_trip(said: lz1.Lz1) -> None:
    payload = lz1.payload_bytes(said)
    assert len(payload) <= lz1.PAYLOAD_LIMIT
    found = lz1.parse_payload(payload)
    assert found == lz1.fitted(said)
    assert replace(found, holder=said.holder, project=said.project) == said
    if found != said:
        assert found.abbreviated


@given(licences)
@settings(max_examples=50, deadline=None)
def test_signed_round_trip_through_the_text(said: lz1.Lz1) -> None:
    data = sign(lz1.payload_bytes(said))
    decoded = lz1.verify(lz1.from_text("".join(lz1.to_url(HOST, data)), HOSTS), key_of)
    assert (decoded.lz1, decoded.kid) == (lz1.fitted(said), KID)


@pytest.mark.parametrize("number", range(20))
def test_cut_name_keeps_its_beginning(number: int) -> None:
    long = replace(VECTOR, holder="雷" * (40 + number), project="某市某某区某某路某某项目" * 6)
    short = lz1.fitted(long)
    assert short.abbreviated
    assert long.holder.startswith(short.holder.removesuffix("…"))
    assert (long.project or "").startswith((short.project or "").removesuffix("…"))
    assert abs(len(short.holder) - len(short.project or "")) <= 1


def test_largest_payload_fits_version_13() -> None:
    worst = lz1.Lz1(65535, "Z" * 32, 65535, "z" * 32, "雷" * 500, "电" * 500, 2**32 - 1, b"\xff" * 16, 2**37 - 1, 2**37 - 1)
    prefix, digits = lz1.to_url("zz.province.example.gov.cn"[:24], sign(lz1.payload_bytes(worst)))
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(QRData(prefix.encode(), mode=MODE_8BIT_BYTE))
    code.add_data(QRData(digits.encode(), mode=MODE_NUMBER))
    code.make(fit=True)
    assert code.version <= 13


@pytest.mark.parametrize(
    "change",
    [
        {"type_index": -1},
        {"type_index": True},
        {"serial": "lower"},
        {"serial": ""},
        {"version": 1.0},
        {"holder_id": "某"},
        {"holder": ""},
        {"digest": b"short"},
        {"issued_at": -1},
        {"issued_at": 2**37},
        {"expires_at": "2030"},
    ],
)
def test_payload_out_of_range_is_refused_when_made_and_when_read(change: dict[str, object]) -> None:
    odd = replace(VECTOR, **change)  # type: ignore[arg-type]
    with pytest.raises(lz1.QrRefused):
        lz1.payload_bytes(odd)
    with pytest.raises(lz1.QrRefused):
        lz1.parse_payload(lz1._encode(odd))


def test_other_spellings_of_the_same_facts_are_refused() -> None:
    claims = dict(cose.decode(VECTOR_PAYLOAD))
    record = list(claims[lz1.RECORD])
    text_code = cose.encode({**claims, lz1.RECORD: [*record[:3], "91350100M000100Y43", *record[4:]]})
    more = cose.encode({**claims, 7: b"id"})
    missing = cose.encode({lz1.RECORD: record})
    longer = cose.encode({**claims, lz1.RECORD: [*record, 1]})
    not_expiring = cose.encode({**claims, lz1.EXPIRES_AT: None})
    for payload in (text_code, more, missing, longer, not_expiring, b"", b"\x01", b"\xa0"):
        with pytest.raises(lz1.QrRefused):
            lz1.decode(sign(payload))


@pytest.mark.parametrize("protected", [{1: -7}, {1: -7, 4: b""}, {1: -7, 4: b"123"}, {1: -7, 4: "1"}, {1: -7, 4: KID, 5: 1}, {4: KID}])
def test_header_must_be_algorithm_and_kid(protected: dict[int, object]) -> None:
    data = cose.sign1(VECTOR_PAYLOAD, protected, lambda signed: sign_raw(FileKey(KEY), signed))
    with pytest.raises(lz1.QrRefused):
        lz1.verify(data, key_of)


def _mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        place = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[place] ^= 1 << chance.randrange(8)
            case 1:
                changed[place] = chance.randrange(256)
            case 2:
                del changed[place]
            case _:
                changed.insert(place, chance.randrange(256))
    return bytes(changed)


def test_thousands_of_mutations_are_never_accepted() -> None:
    chance = random.Random(20261123)  # noqa: S311
    genuine = sign(VECTOR_PAYLOAD)
    for _ in range(6000):
        changed = _mutated(genuine, chance)
        if changed == genuine:
            continue
        with pytest.raises(lz1.QrRefused):
            lz1.verify(changed, key_of)


@given(st.text() | st.from_regex(r"https://zz\.qxj\.gov\.cn/v[/#][0-9]{1,600}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_verdict(text: str) -> None:
    with pytest.raises(lz1.QrRefused):
        lz1.verify(lz1.from_text(text, HOSTS), key_of)
