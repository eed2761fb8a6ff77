"""Where things are in a licence file, found in its bytes; and the bytes put back changed."""

from __future__ import annotations

import re
from collections.abc import Callable

from asn1crypto import cms

BYTE_RANGE = re.compile(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\] *")
Span = tuple[int, int]


def gap(pdf: bytes) -> Span:
    """The place of ``<…>``, the signature value that no signature covers."""
    found = BYTE_RANGE.search(pdf)
    assert found is not None
    return int(found[1]), int(found[2])


def with_gap(pdf: bytes, value: bytes) -> bytes:
    """Other bytes in the gap; the file keeps its length and every signed byte."""
    start, end = gap(pdf)
    assert len(value) == end - start, (len(value), end - start)
    return pdf[:start] + value + pdf[end:]


def cms_bytes(pdf: bytes) -> bytes:
    """The DER of the signature value, without the zeros after it."""
    start, end = gap(pdf)
    return bytes(cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode())).dump())


def with_cms(pdf: bytes, der: bytes) -> bytes:
    """Another signature value, spelled the way ours is spelled."""
    start, end = gap(pdf)
    digits = der.hex().upper().encode()
    assert len(digits) <= end - start - 2, f"{len(digits) // 2} bytes do not fit into {(end - start - 2) // 2}"
    return with_gap(pdf, b"<" + digits.ljust(end - start - 2, b"0") + b">")


def edited_cms(pdf: bytes, edit: Callable[[cms.ContentInfo], None]) -> bytes:
    """The signature value with a change inside; every signed byte stays, and so does the signature itself."""
    content = cms.ContentInfo.load(cms_bytes(pdf))
    edit(content)
    return with_cms(pdf, content.dump())


def object_number(pdf: bytes, pattern: bytes) -> int:
    """The number of the first object whose dictionary matches."""
    for found in re.finditer(rb"(?:^|\n)(\d+) 0 obj\n(.*?)(?:\nstream|endobj)", pdf, re.DOTALL):
        if re.search(pattern, found[2]):
            return int(found[1])
    raise AssertionError(pattern)


def object_body(pdf: bytes, number: int) -> bytes:
    """The dictionary (or array) of an object, without its stream."""
    found = re.search(rb"(?:^|\n)%d 0 obj\n(.*?)\n(?:stream|endobj)" % number, pdf, re.DOTALL)
    assert found is not None, number
    return found[1]


def stream(pdf: bytes, number: int) -> Span:
    """Where the raw bytes of an object's stream are."""
    found = re.search(rb"(?:^|\n)%d 0 obj\n" % number, pdf)
    assert found is not None, number
    start = pdf.index(b"stream\n", found.end()) + len(b"stream\n")
    return start, pdf.index(b"\nendstream", start)


def page_number(pdf: bytes) -> int:
    return object_number(pdf, rb"/Type /Page\b")


def content_number(pdf: bytes) -> int:
    found = re.search(rb"/Contents (\d+) 0 R", object_body(pdf, page_number(pdf)))
    assert found is not None
    return int(found[1])


def next_number(pdf: bytes) -> int:
    """The first object number that is free."""
    found = re.findall(rb"/Size (\d+)", pdf)
    return int(found[-1])


def updated(pdf: bytes, objects: dict[int, bytes | None], *, root: int = 1, trailer: bytes = b"") -> bytes:
    """An incremental update written by hand: objects (``None`` frees one) and a cross-reference stream that points back."""
    parts, entries = [pdf], {}
    size = len(pdf)
    for number, body in sorted(objects.items()):
        entries[number] = (0, 0) if body is None else (1, size)
        if body is not None:
            parts.append(b"%d 0 obj\n%b\nendobj\n" % (number, body))
            size += len(parts[-1])
    own = max(next_number(pdf), *objects) + 1
    entries[own] = (1, size)
    rows = b"".join(kind.to_bytes(1, "big") + place.to_bytes(8, "big") + b"\0\0" for kind, place in (entries[n] for n in sorted(entries)))
    index = b" ".join(b"%d 1" % number for number in sorted(entries))
    previous = re.findall(rb"startxref\s+(\d+)", pdf)[-1]
    identifier = re.findall(rb"/ID \[.*?\]", pdf)[-1]
    head = b"<< /Type /XRef /W [ 1 8 2 ] /Root %d 0 R %b /Size %d /Index [ %b ] /Prev %b /Length %d %b >>" % (
        root,
        identifier,
        own + 1,
        index,
        previous,
        len(rows),
        trailer,
    )
    parts.append(b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (own, head, rows, size))
    return b"".join(parts)


def stream_object(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (entries, len(data), data)
