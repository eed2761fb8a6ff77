"""The file written anew by other tools, and signed once more."""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from bytes_changes import Change
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from forgeries import P256, lookalike
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore
from subjects import PrivateKey, Subject

from licensing.trust.certificates import Purpose


@cache
def _path(tool: str) -> str:
    found = shutil.which(tool)
    assert found is not None, f"{tool} is missing"
    return found


def _by(tool: str, *arguments: str) -> Change:
    """What a command makes of the file; ``IN`` and ``OUT`` in its arguments are the two files."""

    def change(subject: Subject) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            names = {"IN": f"{folder}/in.pdf", "OUT": f"{folder}/out.pdf"}
            Path(names["IN"]).write_bytes(subject.pdf)
            done = subprocess.run(
                [_path(tool), *(names.get(word, word) for word in arguments)], capture_output=True, check=False, timeout=60
            )
            assert done.returncode in {0, 3}, done.stderr  # 3: qpdf succeeded with warnings
            return Path(names["OUT"]).read_bytes()

    return change


def _saved(edit: Callable[[pikepdf.Pdf], object] = lambda _: None, **options: Any) -> Change:
    def change(subject: Subject) -> bytes:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(subject.pdf)) as pdf:
            edit(pdf)
            pdf.save(out, **options)
        return out.getvalue()

    return change


def _title(pdf: pikepdf.Pdf) -> None:
    pdf.docinfo["/Title"] = "Another licence"


def _copied(subject: Subject) -> bytes:
    out = io.BytesIO()
    copy_into_new_writer(PdfFileReader(io.BytesIO(subject.pdf))).write(out)
    return out.getvalue()


def _pages_only(subject: Subject) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(subject.pdf)) as old, pikepdf.new() as new, warnings.catch_warnings():
        warnings.simplefilter("ignore", pikepdf.PageCopyWarning)  # that the seal does not come along is the point
        new.pages.extend(old.pages)
        new.save(out)
    return out.getvalue()


REWRITES: dict[str, Change] = {
    "rewritten-by-qpdf": _by("qpdf", "IN", "OUT"),
    "linearised": _by("qpdf", "--linearize", "IN", "OUT"),
    "rewritten-by-qpdf-readable": _by("qpdf", "--qdf", "--object-streams=disable", "IN", "OUT"),
    "rewritten-by-qpdf-same-objects": _by("qpdf", "--static-id", "--stream-data=preserve", "--object-streams=preserve", "IN", "OUT"),
    "encrypted-by-qpdf": _by("qpdf", "--encrypt", "", "owner", "256", "--", "IN", "OUT"),
    "restrictions-removed-by-qpdf": _by("qpdf", "--remove-restrictions", "IN", "OUT"),
    "rewritten-by-poppler": _by("pdfunite", "IN", "IN", "OUT"),
    "rewritten-by-pikepdf": _saved(),
    "linearised-by-pikepdf": _saved(linearize=True),
    "rewritten-by-pikepdf-object-streams": _saved(object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "rewritten-by-pikepdf-title": _saved(_title),
    "rewritten-by-pyhanko": _copied,
    "pages-copied-by-pikepdf": _pages_only,
}


# -- signed once more ---------------------------------------------------------------------------------------------------------------


def simple_signer(certificate: x509.Certificate, key: PrivateKey, root: x509.Certificate) -> SimpleSigner:
    """A signer of the library with this key."""
    store = SimpleCertificateStore()
    store.register(asn1_x509.Certificate.load(root.public_bytes(Encoding.DER)))
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        cert_registry=store,
    )


def _stranger(subject: Subject) -> SimpleSigner:
    return simple_signer(_strange_certificate(subject.scene.certificate(Purpose.SEAL)), P256, subject.scene.root)


@cache
def _strange_certificate(model: x509.Certificate) -> x509.Certificate:
    return lookalike(model, P256.public_key(), ec.generate_private_key(ec.SECP256R1()))


def _insider(subject: Subject) -> SimpleSigner:
    seal = subject.scene.certificate(Purpose.SEAL)
    return simple_signer(seal, subject.scene.key_of(seal), subject.scene.root)


def _signed_again(signer: Callable[[Subject], SimpleSigner], *, certification_stays: bool = False) -> Change:
    """A second signature in an update. The certification forbids it, so the forger takes its entry away, and may put it back later."""

    def change(subject: Subject) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(subject.pdf))
        entry = writer.root["/Perms"]
        del writer.root["/Perms"]
        meta = PdfSignatureMetadata(field_name="Second", subfilter=SigSeedSubFilter.PADES)
        signed = PdfSigner(meta, signer=signer(subject)).sign_pdf(writer).getvalue()
        return _with_entry(signed, "/Perms", entry) if certification_stays else bytes(signed)

    return change


def _with_entry(pdf: bytes, name: str, value: Any) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    writer.root[name] = value
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _second_certification(subject: Subject) -> bytes:
    """The field of our seal taken away, then the file certified by somebody else."""
    writer = IncrementalPdfFileWriter(io.BytesIO(subject.pdf))
    del writer.root["/Perms"], writer.root["/AcroForm"]
    writer.update_root()
    bare = io.BytesIO()
    writer.write(bare)
    meta = PdfSignatureMetadata(field_name="Other", subfilter=SigSeedSubFilter.PADES, certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    return bytes(PdfSigner(meta, signer=_stranger(subject)).sign_pdf(IncrementalPdfFileWriter(bare)).getvalue())


def _signed_anew(signer: Callable[[Subject], SimpleSigner], *, certify: bool) -> Change:
    """The old signature thrown away, another tool's put in its place: by an update of a rewritten file."""

    def change(subject: Subject) -> bytes:
        bare = io.BytesIO()
        with pikepdf.open(io.BytesIO(subject.pdf)) as pdf:
            del pdf.Root.Perms, pdf.Root.AcroForm
            pdf.pages[0].Annots = pikepdf.Array()
            pdf.save(bare, deterministic_id=True)
        meta = PdfSignatureMetadata(
            field_name="Seal", subfilter=SigSeedSubFilter.PADES, certify=certify, docmdp_permissions=MDPPerm.NO_CHANGES
        )
        return bytes(PdfSigner(meta, signer=signer(subject)).sign_pdf(IncrementalPdfFileWriter(bare)).getvalue())

    return change


SIGNED_AGAIN: dict[str, Change] = {
    "second-signature": _signed_again(_stranger),
    "second-signature-by-our-seal": _signed_again(_insider),
    "second-certification": _second_certification,
    "second-signature-certification-kept": _signed_again(_stranger, certification_stays=True),
    "signed-anew-same-name": _signed_anew(_stranger, certify=True),
    "signed-anew-by-our-seal-in-an-update": _signed_anew(_insider, certify=True),
    "signed-anew-by-our-seal-not-certified": _signed_anew(_insider, certify=False),
}
