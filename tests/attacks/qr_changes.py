"""Changes of bits, bytes and digits; of what a code says; and codes signed by keys that are not theirs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, Final

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from forgeries import P256
from qr_subjects import CURVED, EDWARDS, EDWARDS_KID, RECORD, Change, QrSubject, raw_signature, sign1, structure
from subjects import BAD_KEYS, PrivateKey

from licensing.trust.certificates import Purpose

# -- bits, bytes and digits ---------------------------------------------------------------------------------------------------------


def _on_bytes(change: Callable[[bytearray, Random], object]) -> Change:
    def changed(subject: QrSubject) -> str:
        data = bytearray(subject.code.data)
        change(data, subject.chance)
        return subject.text(bytes(data))

    return changed


def _flip(data: bytearray, chance: Random, start: int = 0, end: int | None = None) -> None:
    data[chance.randrange(start, end or len(data))] ^= 1 << chance.randrange(8)


def _flips(data: bytearray, chance: Random) -> None:
    for _ in range(chance.randrange(2, 9)):
        _flip(data, chance)


def _replaced(data: bytearray, chance: Random) -> None:
    place = chance.randrange(len(data))
    data[place] = (data[place] + chance.randrange(1, 256)) % 256


def _deleted(data: bytearray, chance: Random) -> None:
    place = chance.randrange(len(data))
    del data[place : place + chance.randrange(1, 5)]


def _inserted(data: bytearray, chance: Random) -> None:
    place = chance.randrange(len(data))
    data[place:place] = chance.randbytes(chance.randrange(1, 5))


def _exchanged(data: bytearray, chance: Random) -> None:
    one, two = chance.sample(range(len(data)), 2)
    data[one], data[two] = data[two], data[one]


def _cut(data: bytearray, chance: Random) -> None:
    del data[chance.randrange(1, len(data)) :]


def _on_digits(change: Callable[[list[str], Random], object]) -> Change:
    def changed(subject: QrSubject) -> str:
        digits = list(subject.code.digits)
        change(digits, subject.chance)
        return f"https://{subject.code.host}/v/{''.join(digits)}"

    return changed


def _digit_changed(digits: list[str], chance: Random) -> None:
    place = chance.randrange(len(digits))
    digits[place] = str((int(digits[place]) + chance.randrange(1, 10)) % 10)


def _digits_exchanged(digits: list[str], chance: Random) -> None:
    place = chance.randrange(len(digits) - 1)
    digits[place], digits[place + 1] = digits[place + 1], digits[place]


BITS: dict[str, Change] = {
    "bit-flipped": _on_bytes(_flip),
    "bits-flipped": _on_bytes(_flips),
    "bit-of-header-flipped": _on_bytes(lambda data, chance: _flip(data, chance, 0, 14)),
    "bit-of-payload-flipped": _on_bytes(lambda data, chance: _flip(data, chance, 14, len(data) - 66)),
    "bit-of-signature-flipped": _on_bytes(lambda data, chance: _flip(data, chance, len(data) - 64)),
    "byte-replaced": _on_bytes(_replaced),
    "bytes-deleted": _on_bytes(_deleted),
    "bytes-inserted": _on_bytes(_inserted),
    "bytes-exchanged": _on_bytes(_exchanged),
    "truncated": _on_bytes(_cut),
    "trailing-bytes": _on_bytes(lambda data, chance: data.extend(chance.randbytes(chance.randrange(1, 9)))),
    "trailing-zeros": _on_bytes(lambda data, chance: data.extend(bytes(chance.randrange(1, 40)))),
    "leading-bytes": _on_bytes(lambda data, chance: data.insert(0, chance.randrange(1, 256))),
    "random-bytes": lambda subject: subject.text(b"\xd2" + subject.chance.randbytes(subject.chance.randrange(1, 300))),
    "digit-changed": _on_digits(_digit_changed),
    "digit-deleted": _on_digits(lambda digits, chance: digits.pop(chance.randrange(len(digits)))),
    "digit-inserted": _on_digits(lambda digits, chance: digits.insert(chance.randrange(len(digits)), chance.choice("0123456789"))),
    "digits-exchanged": _on_digits(_digits_exchanged),
    "digits-cut": _on_digits(lambda digits, chance: digits.__delitem__(slice(chance.randrange(1, len(digits)), None))),
    "digits-appended": _on_digits(lambda digits, chance: digits.extend(str(chance.randrange(10**9)))),
}


# -- what the code says, signed by nobody or by somebody else ----------------------------------------------------------------------


def _other_facts(subject: QrSubject) -> bytes:
    """The payload with one fact changed, in the one possible encoding."""
    chance, claims = subject.chance, dict(cbor2.loads(subject.code.parts[2]))
    record = list(claims[RECORD])
    other = cbor2.loads(subject.other.parts[2])[RECORD]
    place = chance.randrange(11)
    if place == 8:
        claims[6] += chance.choice((-1, 1)) * chance.randrange(1, 10**7)
    elif place == 9:
        claims[4] = claims.get(4, claims[6]) + chance.randrange(1, 10**9)
    elif place == 10:
        claims[RECORD] = [*record[:4], "某某" + chance.choice("甲乙丙丁戊己庚辛"), *record[5:]]
        return cbor2.dumps(claims, canonical=True)
    else:
        new = {
            0: chance.randrange(1, 4),
            1: chance.randrange(10**10),
            2: chance.randrange(2, 1000),
            3: other[3],
            4: record[4][:-1] + chance.choice("甲乙丙丁戊己庚辛"),
            5: "项目" + str(chance.randrange(10**6)),
            6: chance.randrange(1, 10**6),
            7: chance.randbytes(16),
        }[place]
        record[place] = new if new != record[place] else record[place]
        if record == claims[RECORD]:
            record[7] = chance.randbytes(16)
    claims[RECORD] = record
    return cbor2.dumps(claims, canonical=True)


def _facts_changed(subject: QrSubject) -> str:
    protected, _, _, signature = subject.code.parts
    return subject.text(sign1(protected, _other_facts(subject), signature))


def _parts_of_another(place: int) -> Change:
    """Header, payload or signature of another licence among the own parts."""

    def changed(subject: QrSubject) -> str:
        parts, other = subject.code.parts, subject.other.parts
        parts[place] = other[place]
        if place == 0:  # both were signed by one key: the header is the same, so the payload comes along
            parts[2] = other[2]
        return subject.text(sign1(parts[0], parts[2], parts[3]))

    return changed


def _by_stranger(kid: Callable[[QrSubject], bytes], key: PrivateKey, algorithm: int) -> Change:
    return lambda subject: subject.signed(_other_facts(subject), key, {1: algorithm, 4: kid(subject)})


def _unknown_kid(subject: QrSubject) -> bytes:
    known = set(subject.scene.trust.qr_keys) | {EDWARDS_KID}
    return next(kid for kid in iter(lambda: subject.chance.randbytes(subject.chance.randrange(1, 3)), None) if kid not in known)


def _own_kid(subject: QrSubject) -> bytes:
    return subject.code.kid


def _kid_of(name: str) -> Callable[[QrSubject], bytes]:
    return lambda subject: subject.scene.kid(name)


def _kid_exchanged(subject: QrSubject) -> str:
    """Header with another kid, payload and signature as they were."""
    kid = subject.chance.choice([_unknown_kid(subject), subject.scene.kid("neighbour"), EDWARDS_KID])
    _, _, payload, signature = subject.code.parts
    return subject.text(sign1(cbor2.dumps({1: -7, 4: kid}, canonical=True), payload, signature))


def _under_own_kid(purpose: Purpose, name: str = "own") -> Change:
    """A key of this very installation, but not the one that the kid names."""

    def changed(subject: QrSubject) -> str:
        key = subject.scene.key_of(subject.scene.certificate(purpose, name))
        algorithm = -7 if isinstance(key, ec.EllipticCurvePrivateKey) else -8
        return subject.signed(_other_facts(subject), key, {1: algorithm, 4: subject.code.kid})

    return changed


def _by_root_key(subject: QrSubject) -> str:
    return subject.signed(_other_facts(subject), subject.scene.key_of(subject.scene.root), {1: -7, 4: subject.code.kid})


def _by_bad_key(name: str) -> Change:
    """A key of the same authority, under its own kid, that may not sign (any more) at the moment which the code names."""

    def changed(subject: QrSubject) -> str:
        key = subject.scene.key_of(subject.scene.certificate(Purpose.QR, name))
        return subject.signed(_payload_now(subject), key, {1: -7, 4: subject.scene.kid(name)})

    return changed


def _payload_now(subject: QrSubject) -> bytes:
    """Other facts, but the moment of issue as it was."""
    claims = dict(cbor2.loads(_other_facts(subject)))
    claims[6] = cbor2.loads(subject.code.parts[2])[6]
    return cbor2.dumps(claims, canonical=True)


_NOT_OURS: Final[tuple[Any, ...]] = (
    None, 0, False, True, "none", "", "ES256", b"\xf9", -8, -19, -35, -36, -37, -38, -39, -47, -9, -51, -257, -258, -65535, -65538,
    4, 5, 6, 7, 14, 15, 1, 2, 3, 24, -6, -16, -7.0, [-7], {}, 2**64, -(2**64),
)  # fmt: skip


def _other_algorithm(subject: QrSubject) -> str:
    """The algorithm named otherwise; payload new, signature as it was, empty, or a digest: what “none” and “hash only” hope for."""
    payload = _other_facts(subject)
    protected = cbor2.dumps({1: subject.chance.choice(_NOT_OURS), 4: subject.code.kid}, canonical=True)
    digest = hashlib.sha256(structure(protected, payload)).digest()
    signature = subject.chance.choice([subject.code.parts[3], b"", bytes(64), digest, digest * 2])
    return subject.text(sign1(protected, payload, signature))


def _other_algorithm_by_own_key(subject: QrSubject) -> str:
    """Signed by the true key, but named as an algorithm that profile LZ1 does not have, or as none."""
    algorithm = subject.chance.choice([name for name in _NOT_OURS if name != -9])
    return subject.signed(_other_facts(subject), subject.own_key, {1: algorithm, 4: subject.code.kid})


def _without_algorithm(subject: QrSubject) -> str:
    return subject.signed(_other_facts(subject), subject.own_key, {4: subject.code.kid})


@cache
def _public_forms(key: PrivateKey) -> tuple[bytes, ...]:
    """The public key in every spelling that could be mistaken for the secret of a MAC."""
    public = key.public_key()
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo), (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    point = (Encoding.X962, PublicFormat.UncompressedPoint), (Encoding.X962, PublicFormat.CompressedPoint)
    forms = tuple(public.public_bytes(*form) for form in (*spki, *point))
    return (*forms, forms[2][1:33], forms[2][1:])


def _mac(subject: QrSubject) -> str:
    """Key confusion: a MAC with the public key as its secret, as COSE_Sign1 and as COSE_Mac0."""
    payload, (algorithm, size) = _other_facts(subject), subject.chance.choice([(4, 8), (5, 32), (6, 48), (7, 64)])
    protected = cbor2.dumps({1: algorithm, 4: subject.code.kid}, canonical=True)
    secret = subject.chance.choice(_public_forms(subject.own_key))
    hash_name = {4: "sha256", 5: "sha256", 6: "sha384", 7: "sha512"}[algorithm]
    context = subject.chance.choice(["Signature1", "MAC0"])
    told = hmac.new(secret, cbor2.dumps([context, protected, b"", payload], canonical=True), hash_name).digest()[:size]
    tag = subject.chance.choice([18, 17])
    return subject.text(cbor2.dumps(cbor2.CBORTag(tag, [protected, {}, payload, told]), canonical=True))


def _curve_confusion(subject: QrSubject) -> str:
    """ES256 by a key of one's own under the kid of an Ed25519 key, and EdDSA under the kid of a P-256 key."""
    key, kid, algorithm = subject.chance.choice(
        [(P256, EDWARDS_KID, -7), (P256, EDWARDS_KID, -8), (EDWARDS, subject.code.kid, -8), (EDWARDS, subject.code.kid, -7)]
    )
    return subject.signed(_other_facts(subject), key, {1: algorithm, 4: kid})


def _edwards_with_wrong_name(subject: QrSubject) -> str:
    """The true Ed25519 key, under an algorithm that is not its own."""
    algorithm = subject.chance.choice([-7, -9, -35, 5, "EdDSA", None])
    return subject.signed(_other_facts(subject), EDWARDS, {1: algorithm, 4: EDWARDS_KID})


def _edwards_plus_order(subject: QrSubject) -> str:
    """The malleable twin of an Ed25519 signature: S plus the order of the group (RFC 8032 5.1.7)."""
    order = 2**252 + 27742317777372353535851937790883648493
    protected, payload = cbor2.dumps({1: -8, 4: EDWARDS_KID}, canonical=True), _other_facts(subject)
    signature = EDWARDS.sign(structure(protected, payload))
    twin = (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    return subject.text(sign1(protected, payload, signature[:32] + twin))


def _header(subject: QrSubject) -> str:
    """A header with more, less or other than algorithm and kid, signed by the true key."""
    kid, chance = subject.code.kid, subject.chance
    header = chance.choice(
        [
            {1: -7},
            {1: -7, 4: b""},
            {1: -7, 4: kid + b"\0\0"},
            {1: -7, 4: kid.hex()},
            {1: -7, 4: int.from_bytes(kid, "big")},
            {1: -7, 4: kid, 2: [4]},
            {1: -7, 4: kid, 3: "application/cwt"},
            {1: -7, 4: kid, 5: chance.randbytes(8)},
            {1: -7, 4: kid, 33: chance.randbytes(30)},
            {1: -7, 4: kid, chance.randrange(100, 10**6): 0},
            {"1": -7, "4": kid},
        ]
    )
    return subject.signed(_other_facts(subject), subject.own_key, header)


def _in_the_open_header(subject: QrSubject) -> str:
    """Algorithm or kid where no signature protects them."""
    kid, payload = subject.code.kid, _other_facts(subject)
    protected, open_header = subject.chance.choice(
        [
            (b"", {1: -7, 4: kid}),
            (cbor2.dumps({1: -7}), {4: kid}),
            (cbor2.dumps({4: kid}), {1: -7}),
            (cbor2.dumps({1: -7, 4: kid}, canonical=True), {4: kid}),
            (cbor2.dumps({1: -7, 4: kid}, canonical=True), {1: None}),
            (cbor2.dumps({1: -7, 4: kid}, canonical=True), {subject.chance.randrange(10**6): b""}),
        ]
    )
    signature = raw_signature(subject.own_key, structure(protected, payload))
    return subject.text(cbor2.dumps(cbor2.CBORTag(18, [protected, open_header, payload, signature]), canonical=True))


FACTS: dict[str, Change] = {
    "facts-changed": _facts_changed,
    "payload-of-another": _parts_of_another(2),
    "signature-of-another": _parts_of_another(3),
    "header-and-payload-of-another": _parts_of_another(0),
    "kid-exchanged": _kid_exchanged,
    "stranger-under-own-kid": _by_stranger(_own_kid, P256, -7),
    "stranger-under-unknown-kid": _by_stranger(_unknown_kid, P256, -7),
    "stranger-with-ed25519": _by_stranger(_own_kid, EDWARDS, -8),
    "stranger-under-the-neighbours-kid": _by_stranger(_kid_of("neighbour"), CURVED, -7),
    "neighbour-under-own-kid": _under_own_kid(Purpose.QR, "neighbour"),
    "root-key": _by_root_key,
    **{f"{purpose}-key": _under_own_kid(purpose) for purpose in (Purpose.SEAL, Purpose.STATUS, Purpose.LOG, Purpose.TIMESTAMP)},
    **{f"key-{state}": _by_bad_key(state) for state in BAD_KEYS},
    "other-algorithm": _other_algorithm,
    "other-algorithm-by-own-key": _other_algorithm_by_own_key,
    "without-algorithm": _without_algorithm,
    "mac-with-public-key": _mac,
    "curve-confusion": _curve_confusion,
    "ed25519-with-wrong-name": _edwards_with_wrong_name,
    "ed25519-plus-order": _edwards_plus_order,
    "odd-header-by-own-key": _header,
    "open-header-by-own-key": _in_the_open_header,
}
