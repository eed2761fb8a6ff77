"""LZ1: the signed text in the QR code of a licence, a COSE_Sign1 with a compact CWT written as decimal digits in a web address.

Source: docs/reference, profile LZ1; RFC 9052, RFC 8392 (claims 4 and 6), GB 32100-2015 (credit code).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from stdnum.cn import uscc

from licensing.errors import LeizhengError
from licensing.trust import cose
from licensing.words import Said, say

EXPIRES_AT: Final = 4
ISSUED_AT: Final = 6
RECORD: Final = -65537
DIGEST_SIZE: Final = 16
DIGITS_LIMIT: Final = 1200
# Measured: 208 bytes, a 64-byte signature and a 24-character host still make a QR of version 13 at level M.
PAYLOAD_LIMIT: Final = 208
ELLIPSIS: Final = "…"

_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC: Final = re.compile(f"[{_ALPHABET}]{{18}}")
_USCC_BYTES: Final = 11
_SERIAL: Final = re.compile(r"[0-9A-Z]{1,32}")
_ADDRESS: Final = re.compile(r"https://([^/?#]*)/v[/#](.*)", re.DOTALL)
_DIGITS: Final = re.compile(f"[1-9][0-9]{{0,{DIGITS_LIMIT - 1}}}")
_FIRST_BYTE: Final = 0xD2
_TIME_BITS: Final = 37  # to the year 6325: every accepted moment is one that a datetime can hold
_SAME_SITE: Final = say("Open the official site and type the licence number there.")


class QrRefused(LeizhengError):
    """The QR says nothing that can be trusted.

    Codes: ``qr-not-ours``, ``qr-foreign-host``, ``qr-malformed``, ``qr-unknown-key``, ``qr-signature``.
    """

    code = "qr-malformed"
    http_status = 422


@dataclass(frozen=True, slots=True)
class Lz1:
    """What a QR says about a licence.

    ``serial`` is a number or up to 32 characters of 0–9 A–Z; ``digest`` the first 16 bytes of the SHA-256 of the canonical record;
    times are seconds since 1970-01-01T00:00Z. A ``holder_id`` that is a valid credit code travels in 11 bytes, any other as text.
    """

    type_index: int
    serial: int | str
    version: int
    holder_id: str
    holder: str
    project: str | None
    status_index: int
    digest: bytes
    issued_at: int
    expires_at: int | None

    @property
    def abbreviated(self) -> bool:
        """True when a name was cut to fit; the digest still binds the whole name."""
        return self.holder.endswith(ELLIPSIS) or (self.project or "").endswith(ELLIPSIS)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A QR that was read, with the identifier of the key that is said to have signed it."""

    lz1: Lz1
    kid: bytes
    message: cose.Sign1


def payload_bytes(lz1: Lz1) -> bytes:
    """The CWT payload of ``lz1`` in deterministic CBOR, its names cut with ``…`` where it would not fit; raises ``QrRefused``."""
    _check_ranges(lz1)
    return _encode(fitted(lz1))


def fitted(lz1: Lz1) -> Lz1:
    """``lz1`` with its names cut so that the payload has at most ``PAYLOAD_LIMIT`` bytes; the longer name gives way first."""
    while len(_encode(lz1)) > PAYLOAD_LIMIT:
        if len((lz1.project or "").encode()) > len(lz1.holder.encode()):
            lz1 = replace(lz1, project=_shorter(lz1.project or ""))
        else:
            lz1 = replace(lz1, holder=_shorter(lz1.holder))
    return lz1


def parse_payload(payload: bytes) -> Lz1:
    """The facts in a payload that has the one possible encoding; raises ``QrRefused`` (``qr-malformed``)."""
    try:
        lz1 = _from_claims(cose.decode(payload))
        same = payload_bytes(lz1) == payload
    except (cose.CoseRefused, TypeError, ValueError, KeyError) as error:
        raise _malformed() from error
    if not same:
        raise _malformed()
    return lz1


def decode(data: bytes) -> Decoded:
    """What a QR says and which key is said to have signed it; the signature is not checked here. Raises ``QrRefused``."""
    try:
        message = cose.parse_sign1(data)
    except cose.CoseRefused as error:
        raise _malformed() from error
    kid = message.protected.get(cose.KID)
    if set(message.protected) != {cose.ALG, cose.KID} or not isinstance(kid, bytes) or not 1 <= len(kid) <= 2:
        raise _malformed()
    return Decoded(parse_payload(message.payload), kid, message)


def verify(data: bytes, key_of: Callable[[bytes], cose.PublicKey | None]) -> Decoded:
    """What a QR says, signed by the key that ``key_of`` knows under its kid.

    Raises ``QrRefused``: ``qr-malformed``, ``qr-unknown-key``, ``qr-signature``.
    """
    decoded = decode(data)
    key = key_of(decoded.kid)
    if key is None:
        raise _refused("qr-unknown-key", say("The QR code was signed by a key that the authorities have not published."))
    try:
        cose.verify_parts(decoded.message, key)
    except cose.CoseRefused as error:
        raise _refused("qr-signature", say("The signature in the QR code does not match what the code says.")) from error
    return decoded


def to_url(host: str, data: bytes) -> tuple[str, str]:
    """The two segments of the QR: the prefix ``https://host/v/`` (bytes) and the decimal digits (numeric)."""
    return f"https://{host}/v/", str(int.from_bytes(data, "big"))


def from_text(text: str, hosts: Collection[str]) -> bytes:
    """The COSE bytes in the text of a QR, ``https://host/v/digits`` or ``https://host/v#digits``.

    ``hosts`` are the official names; any other host, a port, a user part, capital letters or a query are refused.
    Raises ``QrRefused``: ``qr-not-ours``, ``qr-foreign-host``, ``qr-malformed``.
    """
    address = _ADDRESS.fullmatch(text)
    if address is None:
        raise _refused("qr-not-ours", say("This is not the QR code of a licence."))
    if address[1] not in hosts:
        raise _refused("qr-foreign-host", say("The QR code leads to a site that is not an official one."))
    if not _DIGITS.fullmatch(address[2]):
        raise _malformed()
    number = int(address[2])
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if data[0] != _FIRST_BYTE:
        raise _malformed()
    return data


def _encode(lz1: Lz1) -> bytes:
    record = [
        lz1.type_index,
        lz1.serial,
        lz1.version,
        _packed_holder_id(lz1.holder_id),
        lz1.holder,
        lz1.project,
        lz1.status_index,
        lz1.digest,
    ]
    claims: dict[int, Any] = {ISSUED_AT: lz1.issued_at, RECORD: record}
    if lz1.expires_at is not None:
        claims[EXPIRES_AT] = lz1.expires_at
    return cose.encode(claims)


def _from_claims(claims: Any) -> Lz1:
    if not isinstance(claims, Mapping) or not {ISSUED_AT, RECORD} <= set(claims) <= {EXPIRES_AT, ISSUED_AT, RECORD}:
        raise ValueError(claims)
    type_index, serial, version, holder_id, holder, project, status_index, digest = claims[RECORD]
    return Lz1(
        type_index=type_index,
        serial=serial,
        version=version,
        holder_id=_unpacked_holder_id(holder_id),
        holder=holder,
        project=project,
        status_index=status_index,
        digest=digest,
        issued_at=claims[ISSUED_AT],
        expires_at=claims.get(EXPIRES_AT),
    )


def _packed_holder_id(holder_id: str) -> bytes | str:
    if not _USCC.fullmatch(holder_id) or uscc.calc_check_digit(holder_id[:17]) != holder_id[17]:
        return holder_id
    number = 0
    for character in holder_id[:17]:
        number = number * len(_ALPHABET) + _ALPHABET.index(character)
    return number.to_bytes(_USCC_BYTES, "big")


def _unpacked_holder_id(packed: object) -> str:
    if isinstance(packed, str):
        return packed
    if not isinstance(packed, bytes) or len(packed) != _USCC_BYTES:
        raise ValueError(packed)
    number = int.from_bytes(packed, "big")
    if number >= len(_ALPHABET) ** 17:
        raise ValueError(packed)
    characters = []
    for _ in range(17):
        number, digit = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[digit])
    body = "".join(reversed(characters))
    return body + str(uscc.calc_check_digit(body))


def _check_ranges(lz1: Lz1) -> None:
    text_serial = isinstance(lz1.serial, str) and _SERIAL.fullmatch(lz1.serial) is not None
    right = (
        _is_uint(lz1.type_index, 16)
        and (text_serial or _is_uint(lz1.serial, 64))
        and _is_uint(lz1.version, 16)
        and _is_text(lz1.holder_id, 1, 32)
        and lz1.holder_id.isascii()
        and _is_text(lz1.holder, 1, 1000)
        and (lz1.project is None or _is_text(lz1.project, 1, 1000))
        and _is_uint(lz1.status_index, 32)
        and isinstance(lz1.digest, bytes)
        and len(lz1.digest) == DIGEST_SIZE
        and _is_uint(lz1.issued_at, _TIME_BITS)
        and (lz1.expires_at is None or _is_uint(lz1.expires_at, _TIME_BITS))
    )
    if not right:
        raise _malformed()


def _is_uint(value: object, bits: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << bits


def _is_text(value: object, shortest: int, longest: int) -> bool:
    return isinstance(value, str) and shortest <= len(value) <= longest


def _shorter(name: str) -> str:
    return name.removesuffix(ELLIPSIS)[:-1] + ELLIPSIS


def _malformed() -> QrRefused:
    return _refused("qr-malformed", say("The QR code is damaged or was not made by this service."))


def _refused(code: str, sentence: Said) -> QrRefused:
    return QrRefused(sentence, next_step=_SAME_SITE, code=code)
