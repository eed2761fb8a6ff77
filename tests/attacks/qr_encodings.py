"""Other encodings of a genuine code, and other signature values."""

from __future__ import annotations

import struct
from collections.abc import Callable
from random import Random
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from forgeries import P256_ORDER
from qr_subjects import EDWARDS, EDWARDS_KID, RECORD, Change, QrSubject, raw_signature, sign1, structure

# -- the signature value ------------------------------------------------------------------------------------------------------------


def _with_signature(change: Callable[[bytes, Random], bytes]) -> Change:
    def changed(subject: QrSubject) -> str:
        protected, _, payload, signature = subject.code.parts
        return subject.text(sign1(protected, payload, change(signature, subject.chance)))

    return changed


def _numbers(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def _pair(r: int, s: int) -> bytes:
    return (r % 2**256).to_bytes(32, "big") + (s % 2**256).to_bytes(32, "big")


def _high_s(signature: bytes, _: Random) -> bytes:
    r, s = _numbers(signature)
    return _pair(r, P256_ORDER - s)


def _psychic(signature: bytes, chance: Random) -> bytes:
    """Zeros and the order of the curve, which some verifiers let pass (CVE-2022-21449)."""
    values = [0, 1, P256_ORDER, P256_ORDER - 1, P256_ORDER + 1, 2**256 - 1]
    return _pair(chance.choice(values), chance.choice(values))


def _der(signature: bytes, _: Random) -> bytes:
    return encode_dss_signature(*_numbers(signature))


def _padded(signature: bytes, chance: Random) -> bytes:
    return chance.choice([signature + b"\0", b"\0" + signature, signature[:32] + b"\0" + signature[32:], signature * 2, signature[:63]])


def _odd_signature(subject: QrSubject) -> str:
    """Not a byte string at all."""
    protected, _, payload, signature = subject.code.parts
    odd = subject.chance.choice([None, True, signature.hex(), list(signature), int.from_bytes(signature, "big"), {1: signature}])
    return subject.text(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, odd])))


SIGNATURES: dict[str, Change] = {
    "high-s": _with_signature(_high_s),
    "psychic-signature": _with_signature(_psychic),
    "der-signature": _with_signature(_der),
    "r-and-s-exchanged": _with_signature(lambda signature, _: signature[32:] + signature[:32]),
    "signature-padded": _with_signature(_padded),
    "signature-empty": _with_signature(lambda _, __: b""),
    "signature-random": _with_signature(lambda _, chance: chance.randbytes(64)),
    "signature-r-plus-order": _with_signature(lambda signature, _: _pair(_numbers(signature)[0] + P256_ORDER, _numbers(signature)[1])),
    "signature-of-another-kind": _odd_signature,
}


# -- the same content in another encoding (RFC 8949 4.2 knows one) -----------------------------------------------------------------


def _head(major: int, number: int, width: int) -> bytes:
    """The head of an item with its number written ``width`` bytes long, longer than needed."""
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[width]]) + number.to_bytes(width, "big")


def _loose(value: Any, chance: Random, odd: Callable[[Random], bool]) -> bytes:  # noqa: PLR0911 (one line for each kind of item)
    """``value`` in CBOR, with a head longer than needed or an open end wherever ``odd`` says so."""
    width = chance.choice([2, 4, 8])
    match value:
        case bool() | None:
            return cbor2.dumps(value)
        case int() if value >= 0:
            return _head(0, value, 8) if odd(chance) else cbor2.dumps(value)
        case int():
            return _head(1, -1 - value, 8) if odd(chance) else cbor2.dumps(value)
        case bytes() | str():
            return _loose_string(value, chance, odd, width)
        case list() | tuple():
            inside = b"".join(_loose(part, chance, odd) for part in value)
            if not odd(chance):
                return bytes([0x80 | len(value)]) + inside
            return chance.choice([b"\x9f" + inside + b"\xff", _head(4, len(value), width) + inside])
        case _:
            pairs = [_loose(key, chance, odd) + _loose(part, chance, odd) for key, part in value.items()]
            if not odd(chance):
                return bytes([0xA0 | len(value)]) + b"".join(pairs)
            chance.shuffle(pairs)
            return chance.choice([b"\xbf" + b"".join(pairs) + b"\xff", _head(5, len(value), width) + b"".join(pairs)])


def _loose_string(value: bytes | str, chance: Random, odd: Callable[[Random], bool], width: int) -> bytes:
    if not odd(chance):
        return cbor2.dumps(value)
    major, raw = (3, value.encode()) if isinstance(value, str) else (2, value)
    place = len(raw) if isinstance(value, str) else chance.randrange(len(raw) + 1)
    chunks = cbor2.dumps(raw[:place].decode() if isinstance(value, str) else raw[:place]) + cbor2.dumps(type(value)())
    rest = b"" if isinstance(value, str) else cbor2.dumps(raw[place:])
    return chance.choice([bytes([major << 5 | 31]) + chunks + rest + b"\xff", _head(major, len(raw), width) + raw])


def _claims(subject: QrSubject) -> dict[int, Any]:
    claims = cbor2.loads(subject.code.parts[2])
    return {key: claims[key] for key in (4, 6, RECORD) if key in claims}


def _by_own_key(payload: bytes, subject: QrSubject) -> str:
    """Signed by the very key of the authority: only the strictness of the encoding stands against it."""
    return subject.signed(payload, subject.own_key, {1: -7, 4: subject.code.kid})


def _loose_payload(subject: QrSubject) -> str:
    chance, plain = subject.chance, cbor2.dumps(_claims(subject), canonical=True)
    share = chance.choice([0.1, 0.5, 1.0])
    payload = plain
    while payload == plain:
        payload = _loose(_claims(subject), chance, lambda dice: dice.random() < share)
    return _by_own_key(payload, subject)


def _loose_message(subject: QrSubject) -> str:
    """The outer message in another encoding; header, payload and signature are the true ones."""
    chance, parts = subject.chance, subject.code.parts
    share = chance.choice([0.3, 1.0])
    data = subject.code.data
    while data == subject.code.data:
        tag = chance.choice([b"\xd2", b"\xd8\x12", b"\xd9\x00\x12", b"\xda\x00\x00\x00\x12"])
        data = tag + _loose(parts, chance, lambda dice: dice.random() < share)
    return subject.text(data)


def _loose_header(subject: QrSubject) -> str:
    chance, header = subject.chance, {1: -7, 4: subject.code.kid}
    plain = cbor2.dumps(header, canonical=True)
    protected = plain
    while protected == plain:
        pairs = list(header.items())
        chance.shuffle(pairs)
        protected = _loose(dict(pairs), chance, lambda dice: dice.random() < 0.5)
    payload = subject.code.parts[2]
    return subject.text(sign1(protected, payload, raw_signature(subject.own_key, structure(protected, payload))))


def _duplicate_keys(subject: QrSubject) -> str:
    """A claim said twice, with the same or another value, in payload or header."""
    claims, chance = _claims(subject), subject.chance
    key = chance.choice(list(claims))
    value = chance.choice([claims[key], chance.randrange(2**32)])
    pairs = [(each, claims[each]) for each in claims]
    pairs.insert(chance.randrange(len(pairs) + 1), (key, value))
    encoded = b"".join(cbor2.dumps(name) + cbor2.dumps(told) for name, told in pairs)
    if chance.random() < 0.7:
        return _by_own_key(bytes([0xA0 | len(pairs)]) + encoded, subject)
    kid = subject.code.kid
    twice = [(1, -7), (4, kid), (chance.choice([1, 4]), chance.choice([-7, -8, kid, b"\x01"]))]
    chance.shuffle(twice)
    protected = b"\xa3" + b"".join(cbor2.dumps(name) + cbor2.dumps(told) for name, told in twice)
    payload = subject.code.parts[2]
    return subject.text(sign1(protected, payload, raw_signature(subject.own_key, structure(protected, payload))))


def _unsorted_keys(subject: QrSubject) -> str:
    claims = list(_claims(subject).items())
    plain = cbor2.dumps(dict(claims), canonical=True)
    while cbor2.dumps(dict(claims)) == plain:
        subject.chance.shuffle(claims)
    return _by_own_key(cbor2.dumps(dict(claims)), subject)


def _trailing_in_payload(subject: QrSubject) -> str:
    tail = subject.chance.choice([b"\0", b"\xf6", b"\xa0", subject.chance.randbytes(subject.chance.randrange(1, 9))])
    return _by_own_key(subject.code.parts[2] + tail, subject)


def _odd_claims(subject: QrSubject) -> str:
    """Claims of other kinds or out of their ranges, in deterministic CBOR, signed by the true key."""
    chance, claims = subject.chance, _claims(subject)
    record = list(claims[RECORD])
    place = chance.randrange(len(record))
    odd: list[Any] = [None, True, -1, 1.0, 2**64, "", b"", [], {}, cbor2.CBORTag(2, b"\1"), chance.random(), chance.randbytes(17)]
    records: list[Any] = [
        record[:-1],
        [*record, 1],
        record[::-1],
        [],
        None,
        {},
        "record",
        [*record[:place], chance.choice(odd), *record[place + 1 :]],
    ]
    changed: dict[Any, Any] = chance.choice(
        [
            {**claims, RECORD: chance.choice(records)},
            {**claims, RECORD: records[-1]},
            {**claims, 4: chance.choice([None, -1, 1.5, 2**40, "2099", b"\x01", True])},
            {**claims, 6: chance.choice([None, -1, 1.5, 2**40, "2026", b"\x01", True])},
            {**claims, chance.choice([1, 2, 3, 5, 7, 8, -1, -65536, "4"]): chance.choice([0, "x", b"y"])},
            {key: value for key, value in claims.items() if key != 6},
            {key: value for key, value in claims.items() if key != RECORD},
        ]
    )
    payload = cbor2.dumps(changed, canonical=True)
    return (
        _by_own_key(payload, subject)
        if payload != subject.code.parts[2] and not _still_right(record, changed, place)
        else _unsorted_keys(subject)
    )


def _still_right(record: list[Any], changed: dict[Any, Any], place: int) -> bool:
    """A project may be absent: that is another licence, not another encoding."""
    told = changed.get(RECORD)
    return isinstance(told, list) and len(told) == len(record) and place == 5 and told[5] is None


def _holder_spelled(subject: QrSubject) -> str:
    """A credit code as text, which travels in eleven bytes; or in bytes that no credit code has."""
    claims = _claims(subject)
    record = list(claims[RECORD])
    record[3] = subject.chance.choice(["91990100MA0000015X", b"\xff" * 11, bytes(10), bytes(12), record[3] + b"\0", record[3][1:]])
    return _by_own_key(cbor2.dumps({**claims, RECORD: record}, canonical=True), subject)


def _deep(subject: QrSubject) -> str:
    """Nesting and lengths that would exhaust a careless decoder."""
    chance = subject.chance
    bomb = chance.choice(
        [
            b"\x81" * chance.randrange(50, 400),
            b"\xd2" * chance.randrange(50, 400),
            b"\x9f" * chance.randrange(50, 400),
            b"\xbf" * 200,
            b"\x9b" + b"\xff" * 8,
            b"\x5b" + struct.pack(">Q", 2 ** chance.randrange(31, 63)),
            b"\xbb" + b"\x7f" * 8,
            b"\xc2\x5b" + b"\x7f" * 8,
        ]
    )
    return subject.text(b"\xd2" + bomb + chance.randbytes(chance.randrange(9)))


def _tagged(subject: QrSubject) -> str:
    """Other tags around, above or instead of 18, and tagged parts."""
    chance, (protected, _, payload, signature) = subject.chance, subject.code.parts
    body = cbor2.dumps([protected, {}, payload, signature])
    odd_payload = (
        cbor2.dumps([protected, {}])[1:] + b"\xd8" + bytes([chance.randrange(24, 256)]) + cbor2.dumps(payload) + cbor2.dumps(signature)
    )
    data = chance.choice(
        [
            body,
            b"\xd1" + body,
            b"\xd0" + body,
            b"\xd8\x61" + body,
            b"\xd8\x62" + body,
            b"\xd8\x3d\xd2" + body,
            b"\xd2\xd2" + body,
            b"\xd9\xd9\xf7\xd2" + body,
            b"\xd9" + struct.pack(">H", chance.randrange(300, 60000)) + body,
            b"\xd2\x84" + odd_payload,
        ]
    )
    return subject.text(data)


def _shape(subject: QrSubject) -> str:
    """A message with more, fewer or other parts."""
    chance, (protected, _, payload, signature) = subject.chance, subject.code.parts
    body: Any = chance.choice(
        [
            [protected, {}, payload],
            [protected, {}, payload, signature, chance.randbytes(4)],
            [protected, {}, None, signature],
            [{1: -7, 4: subject.code.kid}, {}, payload, signature],
            [protected, None, payload, signature],
            [protected, b"\xa0", payload, signature],
            [protected, [], payload, signature],
            [protected, {}, payload.hex(), signature],
            [protected, {}, cbor2.loads(payload), signature],
            [protected, {}, payload, [[protected, {}, signature]]],
            {0: protected, 1: {}, 2: payload, 3: signature},
            signature,
            [protected + chance.randbytes(1), {}, payload, signature],
        ]
    )
    return subject.text(cbor2.dumps(cbor2.CBORTag(18, body)))


def _edwards_loose(subject: QrSubject) -> str:
    """The Ed25519 key of the list over a payload in another encoding."""
    payload = _loose(_claims(subject), subject.chance, lambda _: True)
    protected = cbor2.dumps({1: -8, 4: EDWARDS_KID}, canonical=True)
    return subject.text(sign1(protected, payload, EDWARDS.sign(structure(protected, payload))))


ENCODINGS: dict[str, Change] = {
    "payload-otherwise-encoded": _loose_payload,
    "message-otherwise-encoded": _loose_message,
    "header-otherwise-encoded": _loose_header,
    "payload-otherwise-encoded-ed25519": _edwards_loose,
    "duplicate-keys": _duplicate_keys,
    "unsorted-keys": _unsorted_keys,
    "trailing-bytes-in-payload": _trailing_in_payload,
    "odd-claims": _odd_claims,
    "holder-otherwise-spelled": _holder_spelled,
    "nested-deeply": _deep,
    "other-tags": _tagged,
    "other-shape": _shape,
}
