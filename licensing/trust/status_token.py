"""Token Status List: the status of every licence of one authority in one short signed list, as CWT and as JWT. Pure.

Source: draft-ietf-oauth-status-list-20 (sections 4, 5, 8), RFC 8392 (CWT), RFC 7519 (JWT), RFC 1950 (zlib).
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from licensing.errors import LeizhengError
from licensing.trust import cose
from licensing.words import Said, say

CWT_TYPE: Final = "application/statuslist+cwt"
JWT_TYPE: Final = "application/statuslist+jwt"
BITS: Final = 4
"""The width of a status in our lists; others read 1, 2 and 8 too."""
INFLATED_LIMIT: Final = 4 * 1024 * 1024
"""The largest unpacked list, in bytes: eight million statuses of 4 bits. A longer one is refused while it is unpacked, not afterwards."""
TOKEN_LIMIT: Final = 2 * INFLATED_LIMIT
CLOCK_SKEW: Final = timedelta(minutes=5)

_WIDTHS: Final = frozenset({1, 2, 4, 8})
_SUB, _EXP, _IAT, _TTL, _STATUS_LIST = 2, 4, 6, 65534, 65533
_TYP: Final = 16  # RFC 9596
_ES256: Final = -7
_P256_BYTES: Final = 32
_TIME_BITS: Final = 37  # every accepted moment is one that a datetime can hold
_NO_MATCH: Final = say("The signature of the status list does not match what it says.")

Sign = Callable[[bytes], bytes]
"""Gets the bytes to be signed and answers with the raw signature r‖s (ES256)."""


class StatusRefused(LeizhengError):
    """The token says nothing that can be trusted.

    Codes: ``status-malformed``, ``status-too-large``, ``status-unknown-key``, ``status-key``, ``status-signature``, ``status-other-list``.
    """

    code = "status-malformed"
    http_status = 422


class StatusKey(Protocol):
    """A key of the trust list that may sign status lists."""

    @property
    def public_key(self) -> Any: ...

    def judge(self, moment: datetime) -> str: ...


@dataclass(frozen=True, slots=True)
class StatusClaims:
    """What a token says; times are seconds since 1970-01-01T00:00Z, ``compressed`` is the zlib data of the packed statuses.

    ``uri`` is the list's own address, ``expires_at`` when it stops counting, ``ttl`` after how many seconds one should ask again.
    """

    uri: str
    issued_at: int
    expires_at: int
    ttl: int
    bits: int
    compressed: bytes


@dataclass(frozen=True, slots=True)
class StatusToken:
    """A list whose signature by a pinned status key holds. Whether it is fresh is asked for a moment."""

    claims: StatusClaims
    kid: bytes
    packed: bytes

    @property
    def uri(self) -> str:
        return self.claims.uri

    @property
    def as_of(self) -> datetime:
        """The moment for which the list speaks (aware UTC)."""
        return datetime.fromtimestamp(self.claims.issued_at, UTC)

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.claims.expires_at, UTC)

    def fresh_at(self, moment: datetime) -> bool:
        """True when ``moment`` lies between issue and expiry (draft 8.3, step 4); five minutes of a slow clock are forgiven."""
        return self.as_of - CLOCK_SKEW <= moment <= self.expires_at

    def value(self, index: int) -> int | None:
        """The status at ``index``; ``None`` beyond the end, where no statement can be made (draft 8.3, step 6)."""
        return value_at(self.packed, self.claims.bits, index)


def pack(values: Iterable[int], bits: int = BITS) -> bytes:
    """The statuses side by side, the first one in the lowest bits of the first byte (draft 4.1).

    Raises ``ValueError`` for a width other than 1, 2, 4, 8 or a status that does not fit into it.
    """
    _check_width(bits)
    statuses = list(values)
    if any(not 0 <= status < 1 << bits for status in statuses):
        raise ValueError("a status does not fit")
    per_byte = 8 // bits
    packed = bytearray(-(-len(statuses) // per_byte))
    for index, status in enumerate(statuses):
        place, offset = divmod(index, per_byte)
        packed[place] |= status << (offset * bits)
    return bytes(packed)


def compress(packed: bytes) -> bytes:
    """Packed statuses as zlib data, as short as zlib makes it (draft 4.1)."""
    return zlib.compress(packed, 9)


def inflate(compressed: bytes, limit: int = INFLATED_LIMIT) -> bytes:
    """The packed statuses in zlib data. Raises ``StatusRefused`` for broken data, anything after it, or more than ``limit`` bytes."""
    unpacking = zlib.decompressobj()
    try:
        packed = unpacking.decompress(compressed, limit + 1)
    except zlib.error as error:
        raise _refused(say("The status list is damaged.")) from error
    if len(packed) > limit:
        raise _refused(say("The status list is too large."), "status-too-large")
    if not unpacking.eof or unpacking.unused_data:
        raise _refused(say("The status list is damaged."))
    return packed


def value_at(packed: bytes, bits: int, index: int) -> int | None:
    """The status at ``index`` of a packed list; ``None`` beyond its end or before its beginning."""
    place, offset = divmod(index, 8 // bits)
    if index < 0 or place >= len(packed):
        return None
    return packed[place] >> (offset * bits) & ((1 << bits) - 1)


def with_value(packed: bytes, bits: int, index: int, status: int) -> bytes:
    """``packed`` with ``status`` at ``index``. Raises ``IndexError`` beyond its end."""
    place, offset = divmod(index, 8 // bits)
    mask = ((1 << bits) - 1) << (offset * bits)
    changed = bytearray(packed)
    changed[place] = changed[place] & ~mask & 0xFF | status << (offset * bits)
    return bytes(changed)


def cwt(claims: StatusClaims, kid: bytes, sign: Sign) -> bytes:
    """The list as a CWT: a tagged COSE_Sign1 in deterministic CBOR (draft 5.2). Raises ``ValueError`` for claims out of range."""
    return cose.sign1(_cwt_payload(claims), _cwt_header(kid), sign)


def jwt(claims: StatusClaims, kid: bytes, sign: Sign) -> str:
    """The list as a JWT in compact serialisation, ``kid`` in hexadecimal (draft 5.1). Raises ``ValueError`` for claims out of range."""
    signed = f"{_encoded(_jwt_header(kid))}.{_encoded(_jwt_payload(claims))}"
    return f"{signed}.{_encoded(sign(signed.encode()))}"


def verify(token: bytes, keys: Mapping[bytes, StatusKey], uri: str | None = None) -> StatusToken:
    """The list in a token of either kind, signed by one of ``keys`` (kid → entry of the trust list) that was good when it signed.

    ``uri`` is the address that the licence refers to; without it any list of a pinned key will do. Raises ``StatusRefused``.
    """
    if len(token) > TOKEN_LIMIT:
        raise _refused(say("The status list is too large."), "status-too-large")
    found = _verify_cwt(token, keys) if token[:1] == b"\xd2" else _verify_jwt(token, keys)
    if uri is not None and found.uri != uri:
        raise _refused(say("This is the status list of %(uri)s.", uri=found.uri), "status-other-list")
    return found


def claims_of_cwt(payload: bytes, *, strict: bool = True) -> StatusClaims:
    """The claims in a CWT payload; strict: in the one spelling that ``cwt`` writes. Raises ``StatusRefused``."""
    try:
        said = cose.decode(payload, deterministic=strict)
        status_list = said[_STATUS_LIST]
        claims = StatusClaims(said[_SUB], said[_IAT], said[_EXP], said[_TTL], status_list["bits"], status_list["lst"])
        same = _cwt_payload(claims) == payload or not strict
    except (cose.CoseRefused, LookupError, TypeError, ValueError) as error:
        raise _malformed() from error
    return claims if same else _refuse_malformed()


def claims_of_jwt(payload: bytes, *, strict: bool = True) -> StatusClaims:
    """The claims in a JWT payload; strict: in the one spelling that ``jwt`` writes. Raises ``StatusRefused``."""
    try:
        said = json.loads(payload)
        status_list = said["status_list"]
        compressed = _decoded(status_list["lst"])
        claims = StatusClaims(said["sub"], said["iat"], said["exp"], said["ttl"], status_list["bits"], compressed)
        same = _jwt_payload(claims) == payload or not strict
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise _malformed() from error
    return claims if same else _refuse_malformed()


def _verify_cwt(token: bytes, keys: Mapping[bytes, StatusKey]) -> StatusToken:
    try:
        message = cose.parse_sign1(token)
    except cose.CoseRefused as error:
        raise _malformed() from error
    kid = message.protected.get(cose.KID)
    if not isinstance(kid, bytes) or message.protected_bytes != cose.encode(_cwt_header(kid)):
        raise _malformed()
    claims = claims_of_cwt(message.payload)
    return _signed(claims, kid, keys, lambda key: cose.verify_parts(message, key))


def _verify_jwt(token: bytes, keys: Mapping[bytes, StatusKey]) -> StatusToken:
    try:
        header, payload, signature = (_decoded(part) for part in token.decode("ascii").split("."))
        kid = bytes.fromhex(json.loads(header)["kid"])
        same = header == _jwt_header(kid)
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise _malformed() from error
    if not same:
        raise _malformed()
    signed = token.rpartition(b".")[0]
    return _signed(claims_of_jwt(payload), kid, keys, lambda key: _verify_raw(key, signature, signed))


def _signed(
    claims: StatusClaims, kid: bytes, keys: Mapping[bytes, StatusKey], check: Callable[[ec.EllipticCurvePublicKey], None]
) -> StatusToken:
    key = keys.get(kid)
    if key is None:
        raise _refused(say("The status list was signed by a key that the authorities have not published."), "status-unknown-key")
    try:
        check(key.public_key)
    except cose.CoseRefused as error:
        raise _refused(_NO_MATCH, "status-signature") from error
    if key.judge(datetime.fromtimestamp(claims.issued_at, UTC)) != "ok":
        raise _refused(say("The key of the status list was not good when the list was signed."), "status-key")
    return StatusToken(claims, kid, inflate(claims.compressed))


def _verify_raw(key: ec.EllipticCurvePublicKey, signature: bytes, data: bytes) -> None:
    """Returns only when the raw r‖s of ES256 holds (RFC 7518 3.4), with the smaller of its two values of s."""
    half = _P256_BYTES
    if len(signature) != 2 * half or not cose.has_smaller_s(signature):
        raise cose.CoseRefused(_NO_MATCH, code="cose-signature")
    der = encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
    try:
        key.verify(der, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise cose.CoseRefused(_NO_MATCH, code="cose-signature") from error


def _cwt_header(kid: bytes) -> dict[int, Any]:
    return {cose.ALG: _ES256, cose.KID: kid, _TYP: CWT_TYPE}


def _cwt_payload(claims: StatusClaims) -> bytes:
    _check_ranges(claims)
    return cose.encode(
        {
            _SUB: claims.uri,
            _IAT: claims.issued_at,
            _EXP: claims.expires_at,
            _TTL: claims.ttl,
            _STATUS_LIST: {"bits": claims.bits, "lst": claims.compressed},
        }
    )


def _jwt_header(kid: bytes) -> bytes:
    return _json({"alg": "ES256", "kid": kid.hex(), "typ": "statuslist+jwt"})


def _jwt_payload(claims: StatusClaims) -> bytes:
    _check_ranges(claims)
    return _json(
        {
            "sub": claims.uri,
            "iat": claims.issued_at,
            "exp": claims.expires_at,
            "ttl": claims.ttl,
            "status_list": {"bits": claims.bits, "lst": _encoded(claims.compressed)},
        }
    )


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Base64url without padding, in its one spelling (RFC 7515 appendix C, RFC 4648 3.5)."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error
    if _encoded(data) != text:
        raise ValueError(text)
    return data


def _check_ranges(claims: StatusClaims) -> None:
    numbers = (claims.issued_at, claims.expires_at, claims.ttl, claims.bits)
    whole = all(isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << _TIME_BITS for number in numbers)
    if not whole or not isinstance(claims.uri, str) or not isinstance(claims.compressed, bytes):
        raise ValueError("claims out of range")
    if claims.expires_at < claims.issued_at:
        raise ValueError("a list that ends before it begins")
    _check_width(claims.bits)


def _check_width(bits: int) -> None:
    if bits not in _WIDTHS:
        raise ValueError(f"a status cannot have {bits} bits")


def _malformed() -> StatusRefused:
    return _refused(say("This is not a status list of the expected form."))


def _refuse_malformed() -> NoReturn:
    raise _malformed()


def _refused(sentence: Said, code: str = "status-malformed") -> StatusRefused:
    return StatusRefused(sentence, next_step=say("Fetch the list again from the official site."), code=code)
