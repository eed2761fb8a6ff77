"""Sealed PDFs: what other tools say about a good one, and that the check refuses every change."""

from __future__ import annotations

import base64
import hashlib
import io
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from asn1crypto import cms
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import ModificationLevel, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from licensing.errors import Invalid
from licensing.trust import certificates, pades
from licensing.trust.layout import KeyFolder
from licensing.trust.pdf_check import check
from licensing.trust.private_keys import read_private_key
from licensing.trust.trust_list import TrustList

from .conftest import CODE, NAME, NOT_BEFORE, RECORD, SIGNED_AT, USCC, seal
from .outside import tool


def codes(data: bytes, trust: TrustList) -> tuple[str, str]:
    found = check(data, trust_pem=trust.to_pem().decode())
    assert (found["signer"] is None) == (found["genuine"] not in {"ok", "expired-signer"})
    assert found["genuine"] != "ok" or found["whole"] == "ok"
    assert found["record"] is None or found["genuine"] == "ok"
    return found["whole"], found["genuine"]


def test_good_file_passes_and_says_who_signed_what(signed: bytes, trust: TrustList) -> None:
    found = check(signed, trust_pem=trust.to_pem().decode())
    assert (found["signatures"], found["whole"], found["genuine"]) == (1, "ok", "ok")
    signer = found["signer"]
    assert (signer["name"], signer["uscc"], signer["authority_code"]) == (NAME, USCC, CODE)
    assert datetime.fromisoformat(signer["signed_at"]) == SIGNED_AT
    assert base64.b64decode(found["record"]) == RECORD
    assert found["file_sha256"] == hashlib.sha256(signed).hexdigest()


def test_preparing_is_deterministic_and_can_be_taken_up_again(rendered: bytes, trust: TrustList) -> None:
    prepared = [
        pades.prepare(rendered, trust.seal_chain(CODE), field_name="Seal", reason="签发", location="南京", signing_time=SIGNED_AT, box=box)
        for box in (None, None, (400, 100, 500, 200))
    ]
    assert prepared[0] == prepared[1]
    assert prepared[0].digest != prepared[2].digest
    for each in prepared:
        assert pades.prepared_from_bytes(each.document) == each
    for wrong in (rendered, prepared[0].document + b"\n", prepared[0].document[:-1], b""):
        with pytest.raises(Invalid):
            pades.prepared_from_bytes(wrong)


def test_metadata_attachment_and_identifier_survive(rendered: bytes, signed: bytes) -> None:
    before, after = (pikepdf.open(io.BytesIO(data)) for data in (rendered, signed))
    with before, after:
        assert after.Root.Metadata.read_bytes() == before.Root.Metadata.read_bytes()
        assert b'pdfaid:part="3" pdfaid:conformance="U"' in after.Root.Metadata.read_bytes()
        assert after.trailer.ID[0] == before.trailer.ID[0]
        assert after.attachments["record.json"].get_file().read_bytes() == RECORD
        assert after.Root.AF[0].AFRelationship == pikepdf.Name.Data
        assert after.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert len(after.pages) == len(before.pages)
        assert after.docinfo.get("/Title") == before.docinfo.get("/Title")
    assert signed.count(b"startxref") == signed.count(b"%%EOF") == 1


def test_pyhanko_agrees_with_the_root(signed: bytes, trust: TrustList) -> None:
    reader = PdfFileReader(io.BytesIO(signed), strict=True)
    (signature,) = reader.embedded_signatures
    root = asn1_x509.Certificate.load(trust.root.certificate.public_bytes(Encoding.DER))
    status = validate_pdf_signature(signature, ValidationContext(trust_roots=[root], allow_fetching=False, moment=SIGNED_AT))
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert status.modification_level == ModificationLevel.NONE
    assert signature.docmdp_level == MDPPerm.NO_CHANGES
    assert signature.sig_object["/SubFilter"] == SigSeedSubFilter.PADES.value
    assert {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]} == {
        "content_type",
        "message_digest",
        "signing_certificate_v2",
    }
    assert reader.xrefs.total_revisions == 1


@pytest.mark.slow
def test_pdfsig_and_qpdf_agree(signed: bytes, tmp_path: Path) -> None:
    path, longer = tmp_path / "signed.pdf", tmp_path / "longer.pdf"
    path.write_bytes(signed)
    longer.write_bytes(signed + b"\n")
    said = tool("pdfsig", "-nocert", path, home=tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert "Total document signed" not in tool("pdfsig", "-nocert", longer, home=tmp_path)
    assert "No syntax or stream encoding errors found" in tool("qpdf", "--check", path, home=tmp_path)


def test_one_flipped_byte_anywhere_is_refused(signed: bytes, trust: TrustList) -> None:
    chance = random.Random(1)  # noqa: S311
    start, end = pades.prepared_from_bytes(signed).reserved
    places = [0, len(signed) - 1, start, start + 1, start + 2, end - 2, end - 1]
    places += [chance.randrange(len(signed)) for _ in range(25)] + [chance.randrange(start, end) for _ in range(25)]
    for place in places:
        changed = bytearray(signed)
        # 0x20 turns A into a: the same hexadecimal value in another spelling.
        changed[place] ^= chance.choice((0x20, 0x01))
        assert "ok" not in codes(bytes(changed), trust), place


def test_the_plain_reason_for_the_plain_changes(signed: bytes, rendered: bytes, trust: TrustList) -> None:
    middle = len(signed) // 2
    flipped = signed[:middle] + bytes([signed[middle] ^ 1]) + signed[middle + 1 :]
    assert codes(flipped, trust) == ("altered", "altered")
    assert codes(signed + b"\n", trust) == ("bytes-after-end", "bytes-after-end")
    assert codes(signed + b"x" * 5000, trust) == ("bytes-after-end", "bytes-after-end")
    assert codes(signed[:-1], trust) == ("not-whole-file", "not-whole-file")
    assert codes(rendered, trust) == ("no-signature", "no-signature")
    for junk in (b"", b"%PDF-1.7", b"hello", bytes(1000), b"\xff" * 1000):
        assert codes(junk, trust) == ("unreadable", "unreadable")


def _update(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _rewrite(data: bytes) -> bytes:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(output)
    return output.getvalue()


def _simple_signer(certificate: Any, key: ec.EllipticCurvePrivateKey, root: Any) -> SimpleSigner:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()
    store.register(asn1_x509.Certificate.load(root.public_bytes(Encoding.DER)))
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(der),
        cert_registry=store,
    )


def _forger(trust: TrustList) -> tuple[Any, ec.EllipticCurvePrivateKey, Any]:
    """A seal with the same names, dates and extensions under a root of the same name."""
    root_key, key = certificates.new_key(), certificates.new_key()
    root = certificates.root_certificate(root_key)
    issuer = certificates.Issuer(certificates.TrustAnchor(root), root_key, NOT_BEFORE)
    return (
        certificates.certificate(certificates.Purpose.SEAL, certificates.holder_of(trust.seals[0].certificate), key.public_key(), issuer),
        key,
        root,
    )


def _second_signature(data: bytes, trust: TrustList) -> bytes:
    meta = PdfSignatureMetadata(field_name="Second", subfilter=SigSeedSubFilter.PADES)
    # DocMDP P=1 forbids it, so the forger hides the certification from the signing tool.
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    del writer.root["/Perms"]
    output = PdfSigner(meta, signer=_simple_signer(*_forger(trust))).sign_pdf(writer)
    return bytes(output.getvalue())


@pytest.mark.parametrize("change", [_update, _rewrite])
def test_updates_and_rewrites_are_refused(signed: bytes, trust: TrustList, change: Callable[[bytes], bytes]) -> None:
    whole, genuine = codes(change(signed), trust)
    assert whole in {"bytes-after-end", "altered", "not-whole-file"}
    assert genuine == whole


def test_the_mirrored_value_of_the_signature_is_refused(signed: bytes, trust: TrustList) -> None:
    prepared = pades.prepared_from_bytes(signed)
    start, end = prepared.reserved
    chain = trust.seal_chain(trust.seals[0].authority_code)
    content = cms.ContentInfo.load(bytes.fromhex(signed[start + 1 : end - 1].decode()))["content"]
    r, s = decode_dss_signature(content["signer_infos"][0]["signature"].native)
    mirrored = encode_dss_signature(r, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 - s)
    other = pades.embed(prepared, pades.signed_attributes(prepared, chain[0]), mirrored, chain)
    assert codes(signed, trust) == ("ok", "ok")
    assert codes(other, trust) == ("altered", "altered")


def test_second_signature_is_refused(signed: bytes, trust: TrustList) -> None:
    changed = _second_signature(signed, trust)
    found = check(changed, trust_pem=trust.to_pem().decode())
    assert (found["signatures"], found["whole"], found["genuine"]) == (2, "several-signatures", "several-signatures")


def test_foreign_key_with_the_same_names_is_refused(rendered: bytes, trust: TrustList) -> None:
    certificate, key, root = _forger(trust)
    chain = (certificate, root)
    prepared = pades.prepare(rendered, chain, field_name="Seal", reason="电子证照签发", location="南京", signing_time=SIGNED_AT)
    attributes = pades.signed_attributes(prepared, certificate)
    forged = pades.embed(prepared, attributes, key.sign(attributes, ec.ECDSA(hashes.SHA256())), chain)
    assert codes(forged, trust) == ("ok", "unknown-signer")
    # The same signature value, but naming and carrying our certificate.
    start, end = prepared.reserved
    ours = pades.contents(attributes, key.sign(attributes, ec.ECDSA(hashes.SHA256())), trust.seal_chain(CODE), end - start)
    assert "ok" not in codes(forged[:start] + ours + forged[end:], trust)


@pytest.mark.parametrize("signed_at", [datetime(2024, 12, 31, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)])
def test_signing_time_outside_the_certificate_is_refused(rendered: bytes, trust: TrustList, keys_dir: Path, signed_at: datetime) -> None:
    early = seal(rendered, keys_dir, trust, signed_at)
    assert codes(early, trust) == ("ok", "expired-signer")


def test_signature_that_allows_changes_is_refused(rendered: bytes, keys_dir: Path, trust: TrustList) -> None:
    key = read_private_key(KeyFolder(keys_dir).seal(CODE).key)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    leaf, root = trust.seal_chain(CODE)
    meta = PdfSignatureMetadata(field_name="Seal", subfilter=SigSeedSubFilter.PADES)
    output = PdfSigner(meta, signer=_simple_signer(leaf, key, root)).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(rendered)))
    assert codes(bytes(output.getvalue()), trust) == ("not-whole-file", "not-whole-file")


def test_other_trust_list_means_unknown(signed: bytes, other_trust: TrustList) -> None:
    found = check(signed, trust_pem=other_trust.to_pem().decode())
    assert (found["whole"], found["genuine"], found["signer"], found["record"]) == ("ok", "unknown-signer", None, None)
    assert check(signed, trust_pem="junk")["genuine"] == "no-trust-list"


def test_embed_refuses_what_does_not_belong_together(rendered: bytes, trust: TrustList) -> None:
    chain = trust.seal_chain(CODE)
    prepared = pades.prepare(rendered, chain, field_name="Seal", reason="签发", location="南京", signing_time=SIGNED_AT)
    attributes = pades.signed_attributes(prepared, chain[0])
    for wrong_attributes, signature in ((attributes, b""), (attributes, bytes(70)), (attributes[:-1], bytes(70))):
        with pytest.raises(Invalid):
            pades.embed(prepared, wrong_attributes, signature, chain)


def _with(data: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        pdf.save(output)
    return output.getvalue()


def _open_action(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="1")


def _form(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[])


def _layers(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OCProperties = pikepdf.Dictionary(OCGs=[], D=pikepdf.Dictionary())


def _script(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Names.JavaScript = pikepdf.Dictionary(Names=[])


def _note(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Annots = pikepdf.Array([pikepdf.Dictionary(Subtype=pikepdf.Name.FreeText, Rect=[0, 0, 9, 9])])


@pytest.mark.parametrize("change", [_open_action, _form, _layers, _script, _note])
def test_only_plain_documents_are_prepared(rendered: bytes, trust: TrustList, change: Callable[[pikepdf.Pdf], None]) -> None:
    with pytest.raises(Invalid) as refused:
        pades.prepare(
            _with(rendered, change), trust.seal_chain(CODE), field_name="Seal", reason="签", location="南京", signing_time=SIGNED_AT
        )
    assert refused.value.code == "pdf-unfit"
