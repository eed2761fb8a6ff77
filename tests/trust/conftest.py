"""A small authority with keys, made once; a rendered PDF/A-3u with its record attached."""

from __future__ import annotations

import gc
import hashlib
import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import weasyprint

from licensing.trust import keys, pades, private_keys, test_tsa, trust_list
from licensing.trust.signer import LocalSigner
from licensing.trust.trust_list import TrustList

CODE = "320000"
NAME = "江苏省气象局"
USCC = "11320000014000100X"
KID = b"\x07"
NOT_BEFORE = datetime(2025, 1, 1, tzinfo=UTC)
SIGNED_AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
RECORD = json.dumps({"holder": "某某防雷检测技术服务有限公司", "number": "苏气雷验(2026)第0001号"}, ensure_ascii=False).encode()

Stamp = Callable[[bytes], bytes]


@pytest.fixture(scope="session")
def keys_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trust") / "keys"
    keys.ensure_authority_keys(folder, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    keys.ensure_test_tsa(folder, not_before=NOT_BEFORE)
    return folder


@pytest.fixture(scope="session")
def plain_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys without a time-stamping authority, in the first version of their list: for tests of keys and lists."""
    folder = tmp_path_factory.mktemp("plain") / "keys"
    keys.ensure_authority_keys(folder, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    return folder


@pytest.fixture(scope="session")
def trust(keys_dir: Path) -> TrustList:
    return trust_list.load(keys_dir)


@pytest.fixture(scope="session")
def other_trust(tmp_path_factory: pytest.TempPathFactory) -> TrustList:
    """The list of another installation: the same names under another root."""
    folder = tmp_path_factory.mktemp("other") / "keys"
    keys.ensure_authority_keys(folder, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    return trust_list.load(folder)


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
def signed(keys_dir: Path, trust: TrustList, rendered: bytes) -> bytes:
    return seal(rendered, keys_dir, trust)


@pytest.fixture(scope="session")
def stamped(keys_dir: Path, trust: TrustList, rendered: bytes) -> bytes:
    """The same with a time stamp of the test authority, two seconds later."""
    return seal(rendered, keys_dir, trust, stamp=time_stamp(keys_dir, trust, SIGNED_AT + timedelta(seconds=2)))


def seal(pdf: bytes, keys_dir: Path, trust: TrustList, signed_at: datetime = SIGNED_AT, *, stamp: Stamp | None = None) -> bytes:
    """``pdf`` sealed without the signer and its rules: the tests of the check need files that it would never make."""
    chain = trust.seal_chain(CODE)
    authority = trust.timestamp_key
    assert authority is not None
    prepared = pades.prepare(
        pdf,
        chain,
        field_name="Seal",
        reason="电子证照签发",
        location="南京",
        signing_time=signed_at,
        revocation_list=trust.crl,
        authority=authority.certificate if stamp else None,
    )
    attributes = pades.signed_attributes(prepared, chain[0])
    signature = private_keys.open_key(keys_dir, trust.seals[0].id).sign(attributes)
    return pades.embed(prepared, attributes, signature, chain, stamp(signature) if stamp else None)


def time_stamp(keys_dir: Path, trust: TrustList, moment: datetime) -> Stamp:
    """The test authority: gives the token for a signature value."""
    authority = trust.timestamp_key
    assert authority is not None
    key = private_keys.open_key(keys_dir, authority.id)
    return lambda signature: test_tsa.token(hashlib.sha256(signature).digest(), moment, authority.der, key.sign)
