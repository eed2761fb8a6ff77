"""What a verifier needs in ten years, inside the file: certificates and the revocation list of the root (document security store).

It is written before signing, so that it lies under the signature and the file keeps one revision. Source: ISO 32000-2 12.8.4.3,
ETSI EN 319 142-1 5.4. There is no VRI entry: its name is a digest of the signature, which does not exist yet.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1

from licensing.errors import Invalid
from licensing.words import say

_STORE: Final = "/DSS"
_CERTIFICATES: Final = "/Certs"
_LISTS: Final = "/CRLs"
_MOST: Final = 8


@dataclass(frozen=True, slots=True)
class Store:
    """The content of a document security store: DER of certificates and of revocation lists, in their order."""

    certificates: tuple[bytes, ...]
    revocation_lists: tuple[bytes, ...]


def write(writer: PdfFileWriter, store: Store) -> None:
    """Put ``store`` into a file that is about to be signed."""
    entries = {_CERTIFICATES: store.certificates, _LISTS: store.revocation_lists}
    streams = {pdf_name(name): generic.ArrayObject(_stream(writer, der) for der in members) for name, members in entries.items()}
    writer.root[pdf_name(_STORE)] = writer.add_object(generic.DictionaryObject(streams))  # type: ignore[no-untyped-call]
    writer.register_extension(ESIC_EXTENSION_1)


def read(reader: PdfFileReader) -> Store | None:
    """The store of a file, or ``None`` when it has none. Raises ``Invalid`` when it is not written as :func:`write` writes it."""
    if _STORE not in reader.root:
        return None
    found = reader.root[_STORE]
    if set(found) != {_CERTIFICATES, _LISTS}:
        raise _foreign()
    return Store(_read(found[_CERTIFICATES]), _read(found[_LISTS]))


def awaits_timestamp(document: bytes, chain_length: int) -> bool:
    """True when a prepared or signed file announces a time stamp: its store names an authority beside the chain.

    The announcement lies under the signature, so a time stamp can be neither taken away later nor added.
    """
    store = read(PdfFileReader(io.BytesIO(document), strict=True))
    return store is not None and len(store.certificates) > chain_length


def lists_of(store: Store, root: x509.Certificate) -> bool:
    """True when the store holds exactly one revocation list and the root signed it (RFC 5280 6.3.3)."""
    if len(store.revocation_lists) != 1:
        return False
    found = x509.load_der_x509_crl(store.revocation_lists[0])
    public_key: Any = root.public_key()
    return found.issuer == root.subject and found.is_signature_valid(public_key)


def store_of(chain: Sequence[bytes], revocation_list: bytes, authority: bytes | None) -> Store:
    """The store for a seal's ``chain``, the root's revocation list and, when a time stamp will come, the authority that gives it."""
    return Store((*chain, authority) if authority else tuple(chain), (revocation_list,))


def _stream(writer: PdfFileWriter, der: bytes) -> generic.IndirectObject:
    return writer.add_object(generic.StreamObject(stream_data=der))


def _read(members: Any) -> tuple[bytes, ...]:
    if len(members) > _MOST:
        raise _foreign()
    streams = [member.get_object() for member in members]
    if any("/Filter" in stream for stream in streams):
        raise _foreign()
    return tuple(bytes(stream.data) for stream in streams)


def _foreign() -> Invalid:
    return Invalid(say("The validation data in the file are not written as this service writes them."), code="pdf-unfit")
