"""PAdES seals on PDF files that this service rendered: one revision, one certification signature over the whole file.

With validation data under the signature and a time stamp inside it the level is B-LT, without a time stamp B-B. Source: ISO 32000-2
12.8 (signatures, DocMDP), ETSI EN 319 142-1 (PAdES), RFC 5652 (CMS), RFC 5753 (ECDSA in CMS), RFC 3161 appendix A (time stamp).
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from licensing.errors import Invalid
from licensing.trust import attributes, timestamp_token, validation_data
from licensing.words import say

Box = tuple[float, float, float, float]

CHAIN_LENGTH: Final = 2
# Attributes and signature need about 700 bytes; the rest is the chain.
_CMS_BYTES: Final = 1024
# A token has the authority's certificate, its name again, and a signature of up to 4096 bits.
_TOKEN_BYTES: Final = 2048
_BYTE_RANGE: Final = re.compile(rb"/ByteRange ?\[ ?(\d{1,10}) (\d{1,10}) (\d{1,10}) (\d{1,10}) ?\]")
# What a document of ours never has, and what could make it show or do something else later (shadow attacks, CVE-2020-9592).
_FORBIDDEN: Final = ("/AcroForm", "/OpenAction", "/AA", "/OCProperties", "/Perms", "/Collection")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A whole file but for the signature value: ``digest`` is its SHA-256 without ``reserved``, the place of ``<…>``."""

    document: bytes
    digest: bytes
    reserved: tuple[int, int]


def prepare(
    pdf: bytes,
    chain: Sequence[x509.Certificate],
    *,
    field_name: str,
    reason: str,
    location: str,
    signing_time: datetime,
    box: Box | None = None,
    revocation_list: bytes = b"",
    authority: x509.Certificate | None = None,
) -> Prepared:
    """``pdf`` rewritten as one revision with an empty certification signature (DocMDP P=1); the same input gives the same bytes.

    ``chain`` is the seal certificate and the root; ``signing_time`` is aware; ``box`` is the visible seal on the first page, in points
    from its lower left corner, ``None`` for no visible field. ``revocation_list`` (DER) of the root goes into the file with the chain;
    ``authority`` announces that a time stamp of this authority will be embedded, and then one must be. Raises ``Invalid`` when the file
    has form fields, actions, layers or annotations other than links: only files rendered here are signed.
    """
    reader = PdfFileReader(io.BytesIO(pdf))
    _lint(reader)
    writer = _one_revision(reader)
    members = [_der(member) for member in chain]
    time_stamping = _der(authority) if authority else None
    if revocation_list:
        validation_data.write(writer, validation_data.store_of(members, revocation_list, time_stamping))
    elif time_stamping:
        raise Invalid(say("A time stamp needs the validation data beside it."), code="pdf-unfit")
    room = _CMS_BYTES + sum(map(len, members)) + (_TOKEN_BYTES + len(time_stamping) if time_stamping else 0)
    spec = SigFieldSpec(field_name, on_page=0, box=box)  # type: ignore[arg-type]
    placeholder = SignatureObject(
        timestamp=signing_time,
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        location=location,
        bytes_reserved=2 * room,
    )
    steps: Any = PdfCMSEmbedder(new_field_spec=spec).write_cms(field_name, writer)
    next(steps)
    certify = SigMDPSetup(md_algorithm="sha256", certify=True, docmdp_perms=MDPPerm.NO_CHANGES)
    steps.send(SigObjSetup(sig_placeholder=placeholder, mdp_setup=certify))
    _, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    return prepared_from_bytes(output.getvalue())


def prepared_from_bytes(document: bytes) -> Prepared:
    """A prepared (or signed) file taken up again; raises ``Invalid`` unless its one byte range covers all but the signature value."""
    ranges = _BYTE_RANGE.findall(document)
    if len(ranges) != 1:
        raise _not_prepared()
    start, length, resume, rest = (int(number) for number in ranges[0])
    whole = start == 0 and length < resume and resume + rest == len(document)
    if not whole or document[length : length + 1] != b"<" or document[resume - 1 : resume] != b">":
        raise _not_prepared()
    digest = hashlib.sha256(document[:length] + document[resume:]).digest()
    return Prepared(document, digest, (length, resume))


def signed_attributes(prepared: Prepared, certificate: x509.Certificate) -> bytes:
    """The DER of the attributes that the signer signs for this file and this seal certificate."""
    return attributes.signed_attributes(prepared.digest, _der(certificate))


def awaits_timestamp(prepared: Prepared) -> bool:
    """True when the file was prepared for a time stamp: it is whole only with one. Raises ``Invalid`` for a file of another make."""
    return validation_data.awaits_timestamp(prepared.document, CHAIN_LENGTH)


def embed(
    prepared: Prepared, attributes_der: bytes, signature: bytes, chain: Sequence[x509.Certificate], timestamp: bytes | None = None
) -> bytes:
    """The signed file: the CMS with ``signature``, ``chain`` (seal certificate first) and the token ``timestamp`` in its reserved place.

    Raises ``Invalid`` when the attributes are not those of this file and certificate, the signature over them does not hold, the token
    is not one over this signature in its one spelling, or the file awaits a token and there is none, or the other way round.
    """
    if attributes_der != signed_attributes(prepared, chain[0]):
        raise Invalid(say("The signed attributes belong to another file."), code="payload-mismatch")
    public_key = chain[0].public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        raise Invalid(say("A seal needs a P-256 key."), code="payload-mismatch")
    try:
        public_key.verify(signature, attributes_der, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise Invalid(say("The signature does not match the file."), code="payload-mismatch") from error
    _check_timestamp(prepared, signature, timestamp)
    start, end = prepared.reserved
    return prepared.document[:start] + contents(attributes_der, signature, chain, end - start, timestamp) + prepared.document[end:]


def contents(
    attributes_der: bytes, signature: bytes, chain: Sequence[x509.Certificate], size: int, timestamp: bytes | None = None
) -> bytes:
    """The one spelling of the signature value: ``<`` CMS in upper-case hexadecimal, zeros up to ``size`` bytes in all ``>``."""
    digits = _signed_data(attributes_der, signature, chain, timestamp).hex().upper().encode()
    if len(digits) > size - 2:
        raise Invalid(say("The signature does not fit into the place reserved for it."), code="payload-mismatch")
    return b"<" + digits.ljust(size - 2, b"0") + b">"


def _check_timestamp(prepared: Prepared, signature: bytes, timestamp: bytes | None) -> None:
    if awaits_timestamp(prepared) != (timestamp is not None):
        raise Invalid(say("The file was prepared for a time stamp and there is none, or the other way round."), code="timestamp-missing")
    if timestamp is not None and timestamp_token.read(timestamp).imprint != hashlib.sha256(signature).digest():
        raise Invalid(say("The time stamp belongs to another signature."), code="payload-mismatch")


def _signed_data(attributes_der: bytes, signature: bytes, chain: Sequence[x509.Certificate], timestamp: bytes | None) -> bytes:
    members = [asn1_x509.Certificate.load(_der(member)) for member in chain]
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            cms.IssuerAndSerialNumber({"issuer": members[0].issuer, "serial_number": members[0].serial_number}),
        ),
        "digest_algorithm": sha256,
        "signed_attrs": cms.CMSAttributes.load(attributes_der),
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        "signature": signature,
    }
    if timestamp is not None:
        stamped = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [cms.ContentInfo.load(timestamp)]})
        signer["unsigned_attrs"] = cms.CMSAttributes([stamped])
    signed_data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": cms.DigestAlgorithms([sha256]),
            "encap_content_info": {"content_type": "data"},
            "certificates": [cms.CertificateChoices("certificate", member) for member in members],
            "signer_infos": [cms.SignerInfo(signer)],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed_data}).dump())


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _one_revision(reader: PdfFileReader) -> PdfFileWriter:
    # A copy into a new file has one cross-reference section; an incremental writer would append a second revision.
    writer = copy_into_new_writer(reader, {"stream_xrefs": True})
    writer.output_version = reader.input_version
    identifier = reader.trailer_view.get("/ID")
    if identifier is None:
        raise Invalid(say("The rendered PDF has no file identifier."), code="pdf-unfit")
    # The library would stamp the present moment into /Info and XMP and draw a random /ID: the file would differ each time, and XMP
    # would lose its PDF/A part.
    writer._update_meta = _leave_metadata  # type: ignore[method-assign]
    writer._document_id = generic.ArrayObject(generic.ByteStringObject(_original(part)) for part in identifier)
    return writer


def _leave_metadata() -> None:
    """The rendered metadata stay as they are."""


def _original(part: Any) -> bytes:
    return bytes(part.original_bytes)


def _lint(reader: PdfFileReader) -> None:
    found = [name for name in _FORBIDDEN if name in reader.root]
    names = reader.root.get("/Names", {})
    if "/JavaScript" in names:
        found.append("/JavaScript")
    for index in range(int(reader.root["/Pages"]["/Count"])):
        page = reader.find_page_for_modification(index)[0].get_object()  # type: ignore[no-untyped-call]
        found += [f"{kind}" for kind in _annotation_kinds(page) if kind != "/Link"]
        if "/AA" in page:
            found.append("/AA")
    if found or reader.encrypted:
        raise Invalid(say("The PDF has parts that may not be signed: %(parts)s.", parts=", ".join(found) or "/Encrypt"), code="pdf-unfit")


def _annotation_kinds(page: Any) -> list[str]:
    return [str(annotation.get_object().get("/Subtype", "?")) for annotation in page.get(pdf_name("/Annots"), ())]


def _not_prepared() -> Invalid:
    return Invalid(say("The file is not one that was prepared for signing."), code="pdf-unfit")
