"""Incremental updates by hand, as the published attacks make them (pdf-insecurity.org)."""

from __future__ import annotations

import io

from anatomy import content_number, next_number, object_body, object_number, page_number, stream, stream_object, updated
from bytes_changes import Change
from pyhanko.pdf_utils.generic import ArrayObject, pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from subjects import Subject
from updates import OVERLAY, UPDATES


def _pages_reordered(subject: Subject) -> bytes:
    """Two updates: a second page, then both in the other order."""
    two = UPDATES["update-page-added"](subject)
    writer = IncrementalPdfFileWriter(io.BytesIO(two))
    tree = writer.root["/Pages"]
    tree[pdf_name("/Kids")] = ArrayObject(reversed(list(tree["/Kids"])))
    writer.update_container(tree)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _isa_without_xref(subject: Subject) -> bytes:
    return subject.pdf + b"%d 0 obj\n%b\nendobj\n" % (content_number(subject.pdf), stream_object(OVERLAY))


def _isa_with_trailer_only(subject: Subject) -> bytes:
    return _isa_without_xref(subject) + b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n0\n%%%%EOF\n" % next_number(subject.pdf)


def _isa_by_hand(subject: Subject) -> bytes:
    return updated(subject.pdf, {content_number(subject.pdf): stream_object(OVERLAY)})


def _other_root(subject: Subject) -> bytes:
    number = next_number(subject.pdf)
    page = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents %d 0 R >>" % (number + 1, number + 3)
    tree = b"<< /Type /Pages /Kids [ %d 0 R ] /Count 1 >>" % (number + 2)
    catalog = b"<< /Type /Catalog /Pages %d 0 R >>" % (number + 1)
    objects: dict[int, bytes | None] = {number: catalog, number + 1: tree, number + 2: page, number + 3: stream_object(OVERLAY)}
    return updated(subject.pdf, objects, root=number)


def _encrypted(subject: Subject) -> bytes:
    number = next_number(subject.pdf)
    settings = b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%b> /U <%b> >>" % (b"00" * 32, b"00" * 32)
    return updated(subject.pdf, {number: settings}, trailer=b"/Encrypt %d 0 R" % number)


def _signature_freed(subject: Subject) -> bytes:
    return updated(subject.pdf, {object_number(subject.pdf, rb"/SubFilter /ETSI"): None})


def _wrapped(subject: Subject) -> bytes:
    """Signature wrapping: the second signed part moves to the end, other objects and another range stand between."""
    found = subject.pdf.index(b"/Contents <")
    start, end = found + len(b"/Contents "), subject.pdf.index(b">", found) + 1
    tail = subject.pdf[end:]
    injected = b"\n" + b"%d 0 obj\n%b\nendobj\n" % (content_number(subject.pdf), stream_object(OVERLAY))
    fake = b"/ByteRange [0 %d %d %d]" % (start, end + len(injected), len(tail))
    moved = subject.pdf[:end] + injected + tail
    place = moved.index(b"/ByteRange [0")
    closing = moved.index(b"]", place) + 1
    return moved[:place] + fake + b" " * (closing - place - len(fake)) + moved[closing:]


def _form_number(pdf: bytes) -> int:
    return object_number(pdf, rb"/Type /XObject")


def _shadow_hide(subject: Subject) -> bytes:
    """What lay over something else vanishes: its object is freed."""
    return updated(subject.pdf, {_form_number(subject.pdf): None})


def _shadow_replace_form(subject: Subject) -> bytes:
    number = _form_number(subject.pdf)
    look = stream_object(b"0 0 1 rg 0 0 900 900 re f", b"/Type /XObject /Subtype /Form /BBox [ 0 0 1122 900 ]")
    return updated(subject.pdf, {number: look})


def _shadow_replace_font(subject: Subject) -> bytes:
    number = object_number(subject.pdf, rb"/Subtype /Type0")
    return updated(subject.pdf, {number: object_body(subject.pdf, number).replace(b"/Identity-H", b"/Identity-V")})


def _shadow_replace_widths(subject: Subject) -> bytes:
    number = object_number(subject.pdf, rb"/Subtype /CIDFontType0")
    return updated(subject.pdf, {number: object_body(subject.pdf, number).replace(b"/W [", b"/DW 1 /W9 [")})


def _shadow_hide_and_replace(subject: Subject) -> bytes:
    """First a hidden page tree that nothing points to, then one more section that makes the catalogue's number mean it."""
    number = next_number(subject.pdf)
    tree = b"<< /Type /Pages /Kids [ %d 0 R ] /Count 1 >>" % (number + 1)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents %d 0 R >>" % (number + 2)
    hidden = updated(subject.pdf, {number: tree, number + 1: page, number + 2: stream_object(OVERLAY)})
    return updated(hidden, {2: tree})


def _shadow_record(subject: Subject) -> bytes:
    number = object_number(subject.pdf, rb"/Type /EmbeddedFile")
    return updated(subject.pdf, {number: stream_object(b'{"holder":"Somebody else"}', b"/Type /EmbeddedFile")})


def _shadow_same_bytes(subject: Subject) -> bytes:
    """An object said once more exactly as it was: even an update without any effect is one."""
    number = page_number(subject.pdf)
    return updated(subject.pdf, {number: object_body(subject.pdf, number)})


def _range_follows_update(subject: Subject) -> bytes:
    """An update, and the range made to cover it."""
    longer = _isa_by_hand(subject)
    grown = len(longer) - len(subject.pdf)
    place = longer.index(b"/ByteRange [0")
    closing = longer.index(b"]", place)
    first, second, third = (int(part) for part in longer[place + 13 : closing].split())
    spelled = b"/ByteRange [0 %d %d %d]" % (first, second, third + grown)
    room = longer[closing + 1 :]
    return longer[:place] + spelled + room[len(spelled) - (closing + 1 - place) :]


def _stream_continues(subject: Subject) -> bytes:
    """The page's content points into bytes that stand after the end."""
    start, end = stream(subject.pdf, content_number(subject.pdf))
    return updated(subject.pdf, {content_number(subject.pdf): stream_object(subject.pdf[start:end][::-1], b"/Filter /FlateDecode")})


SHADOWS: dict[str, Change] = {
    "update-pages-reordered": _pages_reordered,
    "update-without-xref": _isa_without_xref,
    "update-with-trailer-only": _isa_with_trailer_only,
    "update-by-hand": _isa_by_hand,
    "update-range-follows": _range_follows_update,
    "update-other-catalogue": _other_root,
    "update-encryption": _encrypted,
    "update-signature-freed": _signature_freed,
    "update-content-reversed": _stream_continues,
    "wrapping": _wrapped,
    "shadow-hide": _shadow_hide,
    "shadow-replace-form": _shadow_replace_form,
    "shadow-replace-font": _shadow_replace_font,
    "shadow-replace-widths": _shadow_replace_widths,
    "shadow-replace-record": _shadow_record,
    "shadow-hide-and-replace": _shadow_hide_and_replace,
    "shadow-same-bytes": _shadow_same_bytes,
}
