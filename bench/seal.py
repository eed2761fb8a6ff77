"""Sealing a rendered letter: our prepare–sign–embed against pyHanko's incremental signer that parses its key each time."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from bench.measure import Ratio, compare
from licensing.documents.letter import Letter, render_letter
from licensing.letters.rules import canonical
from licensing.settings import Settings
from licensing.trust import sealing
from licensing.trust.current import current_trust_list
from licensing.trust.keys import ensure_authority_keys
from licensing.trust.layout import KeyFolder
from licensing.trust.sealing import SealOrder

MOMENT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NAME = "示例市气象局"
LETTER = Letter("受理通知书", "示例", "示例公司", ["示例"] * 5, [], "", NAME, "2026年3月2日")


def run(folder: Path) -> list[Ratio]:
    settings = Settings(home=folder / "var", keys=folder / "keys")
    ensure_authority_keys(settings.keys, "bench", NAME, "123201004660075190", b"\x01", not_before=datetime(2026, 1, 1, tzinfo=UTC))
    pdf = render_letter("letters/receipt.html", LETTER, seal=None, identifier=bytes(16), issued_at=MOMENT)
    serial = count(1)

    def ours() -> bytes:
        order = SealOrder("bench", NAME, _document(next(serial)), "bench", MOMENT)
        return sealing.seal(settings, order, sealing.prepare(settings, order, pdf))

    naive = _library_signer(settings, pdf)
    return [
        compare("seal one PDF (P-256)", ("library signer, key parsed each time", naive), ("kept key, journal with fsync", ours), rounds=25)
    ]


def _document(serial: int) -> bytes:
    """The letter as the signer wants to read it: each has a number of its own, so that each gets a new seal."""
    said = {name: value for name, value in asdict(LETTER).items() if name not in ("parts", "check_code")}
    return canonical({**said, "kind": "D1", "number": f"示气防雷受(2026)第{serial:04d}号"})


def _library_signer(settings: Settings, pdf: bytes) -> Callable[[], bytes]:
    chain = [asn1_x509.Certificate.load(member.public_bytes(Encoding.DER)) for member in current_trust_list(settings).seal_chain("bench")]
    pem = KeyFolder(settings.keys).seal("bench").key.read_bytes()
    store = SimpleCertificateStore()
    store.register_multiple(chain)

    def sign() -> bytes:
        der = load_pem_private_key(pem, None).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        signer = signers.SimpleSigner(signing_cert=chain[0], signing_key=asn1_keys.PrivateKeyInfo.load(der), cert_registry=store)
        meta = signers.PdfSignatureMetadata(field_name="Seal", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256", certify=True)
        return signers.PdfSigner(meta, signer=signer).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf))).getvalue()

    return sign
