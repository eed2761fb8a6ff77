"""What the signer is asked to sign in tests: a licence record and a letter that keep the schema, and the requests for them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from licensing.licences import identifier
from licensing.licences.record import LicenceRecord
from licensing.trust import schema
from licensing.trust.requests import QrRequest, SealRequest

from .conftest import CODE, NAME, SIGNED_AT, USCC

TYPE_CODE = "11100000MB0000000P902"
FILE = b"\x01" * 32


def number(serial: int) -> str:
    return f"苏气雷验(2026)第{serial:04d}号"


def record(serial: int = 1, **changes: Any) -> LicenceRecord:
    """A first version in order; ``changes`` go in as they are."""
    made = identifier.make(TYPE_CODE, USCC, f"2026{serial:04d}", changes.get("version", 1))
    whole = LicenceRecord(
        type="acceptance_opinion",
        type_code=TYPE_CODE,
        type_name="雷电防护装置验收意见书",
        identifier=str(made),
        number=number(serial),
        version=1,
        issuer=NAME,
        issuer_code=USCC,
        holder="南京金陵石化销售有限公司",
        holder_code="91320104MA1NXY7R8L",
        project="城东加油站改扩建工程",
        issued_on="2026-03-04",
        valid_from="2026-03-04",
        valid_until="2031-03-03",
        decided_at=SIGNED_AT.isoformat(timespec="seconds"),
        case_number="320100-2026-000001",
        check_code="7K3F-9QWD",
        status_index=7,
        face=(("建设单位", "南京金陵石化销售有限公司"), ("项目名称", "城东加油站改扩建工程")),
        opinion="经审查，符合规定，予以核准。",
    )
    return replace(whole, **changes)


def second_version(serial: int = 1, **changes: Any) -> LicenceRecord:
    """The next version under the same number."""
    return record(serial, version=2, previous=record(serial).identifier, **changes)


def letter(serial: int = 1, **changes: Any) -> bytes:
    """The canonical content of a letter."""
    said = {
        "kind": "D1",
        "title": "雷电防护装置设计审核受理回执",
        "number": f"苏气防雷受(2026)第{serial:04d}号",
        "addressee": "南京金陵石化销售有限公司",
        "paragraphs": ["经审查，申请材料齐全、符合法定形式。"],
        "items": [],
        "remedy": "",
        "issuer": NAME,
        "date_text": "2026年3月4日",
    }
    return canonical({**said, **changes})


def canonical(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def fields_of(document: bytes) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(document)
    return fields


def qr(serial: int = 1, **changes: Any) -> QrRequest:
    """The request for the QR code of ``record(serial, …)``."""
    return qr_of(record(serial, **changes))


def qr_of(said: LicenceRecord) -> QrRequest:
    return QrRequest(CODE, said.canonical(), schema.qr_payload(said.canonical()))


def seal(serial: int = 1, file: bytes = FILE, **changes: Any) -> SealRequest:
    """The request for the seal on a file that says ``record(serial, …)``."""
    return seal_of(record(serial, **changes).canonical(), file)


def seal_of(document: bytes, file: bytes = FILE, signed_at: datetime = SIGNED_AT) -> SealRequest:
    return SealRequest(CODE, document, file, signed_at.astimezone(UTC))
