"""The canonical licence record 照面信息记录: what the licence says, in the one form that is hashed, signed, attached and shown. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

FORMAT = "leizheng-licence-record/1"


@dataclass(frozen=True, slots=True)
class LicenceRecord:
    """Everything a licence says. Dates are ISO 8601; ``valid_until`` None means no end date; ``face`` is what is printed, in order.

    ``previous`` is the identifier of the version that this one replaces, None for the first (domain 6.2.4).
    """

    type: str
    type_code: str
    type_name: str
    identifier: str
    number: str
    version: int
    issuer: str
    issuer_code: str
    holder: str
    holder_code: str
    project: str | None
    issued_on: str
    valid_from: str
    valid_until: str | None
    decided_at: str
    case_number: str
    check_code: str
    status_index: int
    face: tuple[tuple[str, str], ...]
    opinion: str
    previous: str | None = None
    format: str = FORMAT

    def canonical(self) -> bytes:
        """The record as canonical JSON (RFC 8785; all keys are ASCII and no number is a fraction)."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> bytes:
        """SHA-256 over the canonical bytes."""
        return hashlib.sha256(self.canonical()).digest()

    def printed_texts(self) -> tuple[str, ...]:
        """Every text that must be found on the face exactly as it stands here."""
        fixed = (self.type_name, self.number, self.identifier, self.issuer, self.check_code, self.opinion)
        return tuple(text for text in (*fixed, *(value for _, value in self.face)) if text)


def from_canonical(data: bytes) -> LicenceRecord:
    """The record that ``data`` holds. Raises ``ValueError`` unless ``data`` is the canonical form of a record, byte for byte."""
    fields: Mapping[str, Any] = json.loads(data)
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise ValueError("not a licence record")
    try:
        record = LicenceRecord(**{**fields, "face": tuple((label, value) for label, value in fields["face"])})
    except (TypeError, KeyError) as error:
        raise ValueError("not a licence record") from error
    if record.canonical() != data:
        raise ValueError("not in canonical form")
    return record
