"""Is this PDF whole and genuine? Parses untrusted bytes: import and run it only in the disposable child process.

The rule: exactly one signature, over the whole file, nothing after it, one revision, no change of any kind, certified against change,
signed by a pinned seal that chains to the pinned root and was valid at the signing time, with the validation data that belong to it and,
where it announces one, a time stamp by a pinned authority. What the signature cannot cover (its own value, the stamp) has one spelling.
Source: ISO 32000-2 12.8; ETSI EN 319 142-1; the attacks of pdf-insecurity.org, which all pass a bare "signature is valid".

One thing no verifier can see: whoever may ask the same authority for a later time stamp over the same signature can exchange the two. The
content is the same then, the time later; the register knows only the file that was issued.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from licensing.errors import LeizhengError
from licensing.trust import cose, pades, pdf_form, timestamp_token, trust_list, validation_data
from licensing.trust.timestamp_token import Token
from licensing.trust.trust_list import TrustList
from licensing.trust.trusted_key import TrustedKey

OK: Final = "ok"
NO_SIGNATURE: Final = "no-signature"
SEVERAL_SIGNATURES: Final = "several-signatures"
NOT_WHOLE_FILE: Final = "not-whole-file"
BYTES_AFTER_END: Final = "bytes-after-end"
ALTERED: Final = "altered"
NOT_CERTIFIED: Final = "not-certified"
UNREADABLE: Final = "unreadable"
UNKNOWN_SIGNER: Final = "unknown-signer"
EXPIRED_SIGNER: Final = "expired-signer"
KEY_COMPROMISED: Final = "key-compromised"
KEY_COMPROMISED_BEFORE: Final = "key-compromised-before"
NO_TRUST_LIST: Final = "no-trust-list"

RECORD_LIMIT: Final = 1024 * 1024
# How far the time stamp may lie from the signing time: clocks differ, and an issue that a crash or an outage stopped is resumed later.
STAMP_BEFORE: Final = timedelta(minutes=5)
STAMP_AFTER: Final = timedelta(days=31)
_BYTE_RANGE: Final = re.compile(rb"/ByteRange\s{0,9}\[\s{0,9}(\d{1,10})\s{1,9}(\d{1,10})\s{1,9}(\d{1,10})\s{1,9}(\d{1,10})\s{0,9}\]")


@dataclass(frozen=True, slots=True)
class _Finding:
    signatures: int
    whole: str
    genuine: str
    seal: TrustedKey | None = None
    signed_at: datetime | None = None
    record: bytes | None = None
    key: str | None = None
    stamped_at: datetime | None = None


def check(data: bytes, *, trust_pem: str) -> dict[str, Any]:
    """What the file is, as plain JSON values; never raises, whatever the bytes are.

    ``signatures``: how many; ``whole``: ``ok``, ``no-signature``, ``several-signatures``, ``bytes-after-end``, ``not-whole-file``,
    ``altered``, ``not-certified``, ``unreadable``; ``genuine``: ``ok``, ``unknown-signer``, ``expired-signer``, ``key-compromised``,
    ``key-compromised-before`` (sealed, as it says, before the key fell into other hands: only the register can vouch), ``no-trust-list``,
    or the code of ``whole`` when that is why nothing can be said; ``signer``: the pinned authority or null; ``key``: what its key is worth
    at the signing time (``TrustedKey.judge``) or null; ``timestamp``: when a trusted authority saw the signature (ISO, UTC) or null;
    ``record``: base64 of the attached canonical record, only from a file that is whole and ``ok`` or ``key-compromised-before``;
    ``file_sha256``.
    """
    try:
        finding = _examine(data, trust_list.from_pem(trust_pem.encode()))
    except LeizhengError:
        finding = _Finding(0, UNREADABLE, NO_TRUST_LIST)
    except Exception:  # parsers fail in many ways on hostile files, and each of them means: no
        finding = _refused(UNREADABLE, len(_BYTE_RANGE.findall(data)))
    return {
        "signatures": finding.signatures,
        "whole": finding.whole,
        "genuine": finding.genuine,
        "signer": _signer(finding),
        "key": finding.key,
        "timestamp": finding.stamped_at.isoformat() if finding.stamped_at else None,
        "record": base64.b64encode(finding.record).decode() if finding.record is not None else None,
        "file_sha256": hashlib.sha256(data).hexdigest(),
    }


def _examine(data: bytes, trust: TrustList) -> _Finding:
    early = _without_parser(data)
    if early is not None:
        return _refused(early, len(_BYTE_RANGE.findall(data)))
    reader = PdfFileReader(io.BytesIO(data), strict=True)
    signatures = list(reader.embedded_signatures)
    if len(signatures) != 1:
        return _refused(SEVERAL_SIGNATURES if signatures else NO_SIGNATURE, len(signatures))
    return _examine_signature(data, reader, signatures[0], trust)


def _without_parser(data: bytes) -> str | None:
    """The plain reasons, found in the bytes themselves so that a damaged file still gets the right one."""
    ranges = _BYTE_RANGE.findall(data)
    if len(ranges) != 1:
        return SEVERAL_SIGNATURES if ranges else None
    start, length, resume, rest = (int(number) for number in ranges[0])
    if start != 0 or not length < resume <= len(data) or resume + rest > len(data):
        return NOT_WHOLE_FILE
    if resume + rest < len(data):
        return BYTES_AFTER_END
    if data[length : length + 1] != b"<" or data[resume - 1 : resume] != b">":
        return NOT_WHOLE_FILE
    digest = hashlib.sha256(data[:length] + data[resume:]).digest()
    return None if _names_digest(data[length + 1 : resume - 1], digest) else ALTERED


def _names_digest(digits: bytes, digest: bytes) -> bool:
    try:
        signer = cms.ContentInfo.load(bytes.fromhex(digits.decode("ascii")))["content"]["signer_infos"][0]
        if signer["digest_algorithm"]["algorithm"].native != "sha256":
            return True  # not ours; the full check says so
        named = next(attribute for attribute in signer["signed_attrs"] if attribute["type"].native == "message_digest")
        return bool(named["values"][0].native == digest)
    except Exception:  # the damaged part may be the signature itself
        return False


def _examine_signature(data: bytes, reader: PdfFileReader, signature: EmbeddedPdfSignature, trust: TrustList) -> _Finding:
    try:
        certificate = signature.signer_cert.dump()
        token = _token(signature)
        status = _finished(async_validate_pdf_signature(signature, *_contexts(trust, signature.self_reported_timestamp, token)))
    except Exception:  # the library has no one family for a signature it cannot make sense of
        return _refused(ALTERED, 1)
    seal = trust.seal(certificate)
    whole = _whole(data, reader, signature, status)
    if seal is None:
        return _Finding(1, whole, UNKNOWN_SIGNER)
    if whole == OK and not _as_we_make_it(data, reader, signature, seal, trust, token):
        whole = ALTERED
    if whole != OK:
        return _refused(whole, 1)
    return _judged(reader, signature, seal, trust, token, status)


def _judged(
    reader: PdfFileReader,
    signature: EmbeddedPdfSignature,
    seal: TrustedKey,
    trust: TrustList,
    token: Token | None,
    status: PdfSignatureStatus,
) -> _Finding:
    signed_at = signature.self_reported_timestamp
    key = _worth(seal, signed_at)
    genuine = key if key in {EXPIRED_SIGNER, KEY_COMPROMISED} or status.bottom_line else UNKNOWN_SIGNER
    record = _record(reader) if genuine in {OK, KEY_COMPROMISED_BEFORE} else None
    if record is not None and not _in_own_name(record, seal):
        return _Finding(1, OK, UNKNOWN_SIGNER)
    authority = trust.timestamp(token.certificate) if token else None
    stamped_at = token.moment if token and authority and authority.judge(token.moment) == OK else None
    return _Finding(1, OK, genuine, seal, signed_at, record, key, stamped_at)


def _worth(seal: TrustedKey, signed_at: datetime | None) -> str:
    return EXPIRED_SIGNER if signed_at is None or signed_at.tzinfo is None else seal.judge(signed_at)


def _finished(validation: Coroutine[Any, Any, PdfSignatureStatus]) -> PdfSignatureStatus:
    """What ``validation`` returns. Without fetching it never waits, so it needs no event loop: a loop opens sockets, which are refused."""
    try:
        validation.send(None)
    except StopIteration as done:
        status: PdfSignatureStatus = done.value
        return status
    validation.close()
    raise RuntimeError("the validation wanted to wait for something")


def _whole(data: bytes, reader: PdfFileReader, signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> str:
    seen = tuple(int(number) for number in _BYTE_RANGE.findall(data)[0]) if _BYTE_RANGE.search(data) else ()
    if tuple(int(number) for number in signature.byte_range) != seen:
        return NOT_WHOLE_FILE
    if reader.xrefs.total_revisions != 1 or status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        return NOT_WHOLE_FILE
    # With one revision there is nothing to compare: any level but NONE (or none at all) is a change.
    unchanged = status.modification_level is None or status.modification_level.name == "NONE"
    if not (status.intact and status.valid and unchanged and status.docmdp_ok):
        return ALTERED
    return OK if signature.docmdp_level == MDPPerm.NO_CHANGES else NOT_CERTIFIED


def _in_own_name(record: bytes, seal: TrustedKey) -> bool:
    """An authority seals its own licences only: the seal of another one proves nothing about them."""
    said = json.loads(record)
    return isinstance(said, dict) and said.get("issuer_code", seal.uscc) == seal.uscc


def _as_we_make_it(
    data: bytes, reader: PdfFileReader, signature: EmbeddedPdfSignature, seal: TrustedKey, trust: TrustList, token: Token | None
) -> bool:
    return (
        _spelled_as_ours(data, signature, seal, trust, token)
        and _stamped_as_announced(reader, signature, seal, trust, token)
        and pdf_form.in_our_form(reader)
    )


def _spelled_as_ours(data: bytes, signature: EmbeddedPdfSignature, seal: TrustedKey, trust: TrustList, token: Token | None) -> bool:
    """The signature value itself is outside the byte range: there is one spelling of it, so nothing can be hidden there."""
    prepared = pades.prepared_from_bytes(data)
    start, end = prepared.reserved
    expected_attributes = pades.signed_attributes(prepared, seal.certificate)
    value = signature.signer_info["signature"].native
    chain = (seal.certificate, trust.root.certificate)
    spelled = pades.contents(expected_attributes, value, chain, end - start, token.der if token else None)
    return value == cose.smaller_s(value) and spelled == data[start:end]


def _stamped_as_announced(
    reader: PdfFileReader, signature: EmbeddedPdfSignature, seal: TrustedKey, trust: TrustList, token: Token | None
) -> bool:
    """The signed part holds the chain, a list of the root and, if there is to be a time stamp, its authority; then there is one."""
    store = validation_data.read(reader)
    if store is None or not validation_data.lists_of(store, trust.root.certificate):
        return False
    # Keys may change between preparing and sealing: then the chain names the earlier seal of the same authority.
    named, root, *announced = store.certificates
    earlier = trust.seal(named)
    if earlier is None or earlier.authority_code != seal.authority_code or root != trust.root.certificate.public_bytes(Encoding.DER):
        return False
    if len(announced) != (token is not None):
        return False
    return token is None or (trust.timestamp(announced[0]) is not None and _stamps(token, signature, trust))


def _stamps(token: Token, signature: EmbeddedPdfSignature, trust: TrustList) -> bool:
    """A pinned authority stamped this very signature value, at a moment that fits the signing time."""
    authority, signed_at = trust.timestamp(token.certificate), signature.self_reported_timestamp
    if authority is None or authority.judge(token.moment) == EXPIRED_SIGNER or signed_at is None or signed_at.tzinfo is None:
        return False
    imprint = hashlib.sha256(signature.signer_info["signature"].native).digest()
    return token.imprint == imprint and -STAMP_BEFORE <= token.moment - signed_at <= STAMP_AFTER


def _token(signature: EmbeddedPdfSignature) -> Token | None:
    """The time stamp in its one spelling; whatever else stands beside it shows when the signature value is spelled again."""
    stamps = [each for each in signature.signer_info["unsigned_attrs"] if each["type"].native == "signature_time_stamp_token"]
    return timestamp_token.read(stamps[0]["values"][0].dump()) if stamps else None


def _contexts(trust: TrustList, moment: datetime | None, token: Token | None) -> tuple[ValidationContext, ValidationContext | None]:
    seal = _context(trust.root.certificate.public_bytes(Encoding.DER), moment)
    return seal, _context(token.certificate, token.moment) if token else None


def _context(anchor: bytes, moment: datetime | None) -> ValidationContext:
    return ValidationContext(trust_roots=[asn1_x509.Certificate.load(anchor)], allow_fetching=False, moment=moment)


def _record(reader: PdfFileReader) -> bytes | None:
    """The one attached JSON file that ISO 19005-3 marks as data of the document."""
    found = [content for content in _attached_json(reader) if len(content) <= RECORD_LIMIT]
    return found[0] if len(found) == 1 else None


def _attached_json(reader: PdfFileReader) -> Iterator[bytes]:
    seen = {}
    for reference in reader.root.get("/AF", ()):
        specification = reference.get_object()
        name = str(specification.get("/UF", specification.get("/F", "")))
        if specification.get("/AFRelationship") == "/Data" and name.endswith(".json"):
            seen[name] = bytes(specification["/EF"]["/F"].data)
    for content in seen.values():
        json.loads(content)
        yield content


def _signer(finding: _Finding) -> dict[str, Any] | None:
    if finding.seal is None or finding.signed_at is None:
        return None
    return {
        "name": finding.seal.issuer,
        "uscc": finding.seal.uscc,
        "authority_code": finding.seal.authority_code,
        "signed_at": finding.signed_at.isoformat(),
        "certificate_sha256": hashlib.sha256(finding.seal.certificate.public_bytes(Encoding.DER)).hexdigest(),
    }


def _refused(code: str, signatures: int) -> _Finding:
    return _Finding(signatures, code, code)
