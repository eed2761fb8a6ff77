"""A small authority with keys, made once; a rendered PDF/A-3u with its record attached."""

from __future__ import annotations

import gc
import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import weasyprint

from licensing.trust import keys, pades, trust_list
from licensing.trust.signer import LocalSigner, SealRequest
from licensing.trust.trust_list import TrustList

CODE = "320000"
NAME = "江苏省气象局"
USCC = "11320000014000100X"
KID = b"\x07"
NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
SIGNED_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RECORD = json.dumps({"holder": "某某防雷检测技术服务有限公司", "number": "苏气雷验(2026)第0001号"}, ensure_ascii=False).encode()

Seal = Callable[..., bytes]


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trust") / "keys"
    keys.ensure_authority_keys(folder, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    return folder


@pytest.fixture(scope="session")
def trust(keys_dir: Path) -> TrustList:
    return trust_list.load(keys_dir)


@pytest.fixture(scope="session")
def rendered() -> bytes:
    attachment = weasyprint.Attachment(string=RECORD.decode(), name="record.json", relationship="Data", description="record")
    html = "<html lang=zh><title>意见书</title><body><h1>雷电防护装置验收意见书</h1><a href='https://zz.example.gov.cn/'>查验</a></body></html>"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # WeasyPrint leaves its colour profile open
        pdf = weasyprint.HTML(string=html).write_pdf(pdf_variant="pdf/a-3u", attachments=[attachment])
        gc.collect()
    assert isinstance(pdf, bytes)
    return pdf


@pytest.fixture
def signer(keys_dir: Path, tmp_path: Path) -> LocalSigner:
    return LocalSigner(keys_dir, tmp_path / "journal" / "journal.jsonl")


@pytest.fixture(scope="session")
def signed(keys_dir: Path, trust: TrustList, rendered: bytes, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return seal(rendered, keys_dir, trust, tmp_path_factory.mktemp("journal") / "journal.jsonl")


def seal(pdf: bytes, keys_dir: Path, trust: TrustList, journal: Path, signed_at: datetime = SIGNED_AT) -> bytes:
    chain = trust.seal_chain(CODE)
    prepared = pades.prepare(pdf, chain, field_name="Seal", reason="电子证照签发", location="南京", signing_time=signed_at)
    attributes = pades.signed_attributes(prepared, chain[0])
    request = SealRequest(CODE, "苏气雷验(2026)第0001号", bytes(32), prepared.digest, attributes)
    return pades.embed(prepared, attributes, LocalSigner(keys_dir, journal).sign_seal(request), chain)
