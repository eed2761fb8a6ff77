"""Changes of single bytes, additions before and after, other ranges, other spellings of the signature value."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from typing import NamedTuple

from anatomy import BYTE_RANGE, Span, cms_bytes, content_number, gap, object_number, page_number, stream, with_gap
from subjects import Subject

Change = Callable[[Subject], bytes]


# -- one byte, somewhere ------------------------------------------------------------------------------------------------------------


def _flipped(subject: Subject, span: Span) -> bytes:
    changed = bytearray(subject.pdf)
    changed[subject.chance.randrange(*span)] ^= 1 << subject.chance.randrange(8)
    return bytes(changed)


def _word(word: bytes) -> Callable[[bytes], Span]:
    def span(pdf: bytes) -> Span:
        place = pdf.index(word)
        return place, place + len(word)

    return span


def _last_word(word: bytes) -> Callable[[bytes], Span]:
    def span(pdf: bytes) -> Span:
        place = pdf.rindex(word)
        return place, place + len(word)

    return span


def _stream(pattern: bytes) -> Callable[[bytes], Span]:
    return lambda pdf: stream(pdf, object_number(pdf, pattern))


def _digits(pdf: bytes) -> Span:
    start, _ = gap(pdf)
    return start + 1, start + 1 + 2 * len(cms_bytes(pdf))


def _padding(pdf: bytes) -> Span:
    return _digits(pdf)[1], gap(pdf)[1] - 1


def _range_digits(pdf: bytes) -> Span:
    found = BYTE_RANGE.search(pdf)
    assert found is not None
    return found.start(1), found.end(3)


def _range_padding(pdf: bytes) -> Span:
    found = BYTE_RANGE.search(pdf)
    assert found is not None
    return found.start() + found[0].index(b"]") + 1, found.end()


_REGIONS: Mapping[str, Callable[[bytes], Span]] = {
    "header": lambda _: (0, 8),
    "header-comment": lambda pdf: (9, pdf.index(b"1 0 obj")),
    "catalog": _word(b"/Type /Catalog"),
    "page-tree": _word(b"/Type /Pages"),
    "page-object": _word(b"/MediaBox"),
    "page-content": lambda pdf: stream(pdf, content_number(pdf)),
    "font-program": lambda pdf: stream(pdf, _font_program(pdf)),
    "attached-record": _stream(rb"/Type /EmbeddedFile"),
    "metadata": _stream(rb"/Type /Metadata"),
    "colour-profile": _stream(rb"/N 3\b"),
    "info": _word(b"/Producer (WeasyPrint"),
    "signature-dictionary": _word(b"/SubFilter /ETSI.CAdES.detached"),
    "signature-time": lambda pdf: (pdf.index(b"/M (D") + 4, pdf.index(b"/M (D") + 20),
    "certification-level": _word(b"/P 1\n"),
    "opening-bracket": lambda pdf: (gap(pdf)[0], gap(pdf)[0] + 1),
    "closing-bracket": lambda pdf: (gap(pdf)[1] - 1, gap(pdf)[1]),
    "contents-digits": _digits,
    "contents-padding": _padding,
    "byte-range-digits": _range_digits,
    "byte-range-padding": _range_padding,
    "after-the-gap": lambda pdf: (gap(pdf)[1], len(pdf)),
    "xref-stream": _stream(rb"/Type /XRef"),
    "trailer": _last_word(b"/Root 1 0 R"),
    "file-identifier": _last_word(b"/ID ["),
    "startxref": _last_word(b"startxref"),
    "end-marker": _last_word(b"%%EOF"),
    "last-byte": lambda pdf: (len(pdf) - 1, len(pdf)),
    "anywhere": lambda pdf: (0, len(pdf)),
}


def _font_program(pdf: bytes) -> int:
    place = pdf.index(b"/FontFile3 ")
    return int(pdf[place + 11 : place + 20].split()[0])


def _flip(span: Callable[[bytes], Span]) -> Change:
    return lambda subject: _flipped(subject, span(subject.pdf))


def _byte_deleted(subject: Subject) -> bytes:
    place = subject.chance.randrange(len(subject.pdf))
    return subject.pdf[:place] + subject.pdf[place + 1 :]


def _byte_inserted(subject: Subject) -> bytes:
    place = subject.chance.randrange(len(subject.pdf))
    return subject.pdf[:place] + subject.chance.randbytes(1) + subject.pdf[place:]


def _blocks_swapped(subject: Subject) -> bytes:
    pdf, size = subject.pdf, 512
    one, two = sorted(subject.chance.sample(range(0, len(pdf) - size, size), 2))
    return pdf[:one] + pdf[two : two + size] + pdf[one + size : two] + pdf[one : one + size] + pdf[two + size :]


def _block_zeroed(subject: Subject) -> bytes:
    place = subject.chance.randrange(len(subject.pdf) - 4096)
    return subject.pdf[:place] + bytes(4096) + subject.pdf[place + 4096 :]


def _page_box(subject: Subject) -> bytes:
    pdf = subject.pdf
    place = pdf.index(b"/MediaBox [", pdf.index(b"\n%d 0 obj" % page_number(pdf)))
    return pdf[:place] + pdf[place:].replace(b"/MediaBox", b"/CropBoxx", 1)


BYTES: dict[str, Change] = {f"flip-{name}": _flip(span) for name, span in _REGIONS.items()} | {
    "byte-deleted": _byte_deleted,
    "byte-inserted": _byte_inserted,
    "blocks-swapped": _blocks_swapped,
    "block-zeroed": _block_zeroed,
    "page-box-renamed": _page_box,
    "line-ends-to-crlf": lambda subject: subject.pdf.replace(b"\nendobj", b"\r\nendobj"),
    "cut-last-byte": lambda subject: subject.pdf[:-1],
    "cut-end-marker": lambda subject: subject.pdf[: subject.pdf.rindex(b"%%EOF")],
    "cut-after-the-gap": lambda subject: subject.pdf[: gap(subject.pdf)[1]],
    "cut-in-half": lambda subject: subject.pdf[: len(subject.pdf) // 2],
    "head-of-one-tail-of-another": lambda subject: subject.pdf[: gap(subject.pdf)[0]] + subject.other[gap(subject.other)[0] :],
}


# -- before and after ---------------------------------------------------------------------------------------------------------------


def _zipped(subject: Subject) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("licence.pdf", subject.other)
    return out.getvalue()


def _after(tail: bytes) -> Change:
    return lambda subject: subject.pdf + tail


def _before(head: bytes) -> Change:
    return lambda subject: head + subject.pdf


ADDED: dict[str, Change] = {
    "appended-newline": _after(b"\n"),
    "appended-crlf": _after(b"\r\n"),
    "appended-space": _after(b" "),
    "appended-spaces": _after(b" " * 4096),
    "appended-nul": _after(b"\0"),
    "appended-end-marker": _after(b"%%EOF\n"),
    "appended-comment": _after(b"% checked and found correct\n"),
    "appended-startxref": lambda subject: subject.pdf + subject.pdf[subject.pdf.rindex(b"startxref") :],
    "appended-junk": lambda subject: subject.pdf + subject.chance.randbytes(10_000),
    "appended-second-pdf": lambda subject: subject.pdf + subject.other,
    "appended-itself": lambda subject: subject.pdf * 2,
    "appended-zip": lambda subject: subject.pdf + _zipped(subject),
    "prepended-newline": _before(b"\n"),
    "prepended-byte-order-mark": _before(b"\xef\xbb\xbf"),
    "prepended-junk": lambda subject: subject.chance.randbytes(900) + subject.pdf,
    "prepended-header": _before(b"%PDF-2.0\n"),
    "prepended-html": _before(b"<html><script>alert(1)</script></html>\n"),
    "prepended-second-pdf": lambda subject: subject.other + subject.pdf,
    "prepended-zip": lambda subject: _zipped(subject) + subject.pdf,
}


# -- the byte range -----------------------------------------------------------------------------------------------------------------


class Range(NamedTuple):
    """The three numbers of a true range; the first of the four is 0."""

    first: int
    second: int
    rest: int


def _ranged(spelled: Callable[[Range], str]) -> Change:
    """The range spelled otherwise. The file keeps its length where the new spelling fits into the room of the old one."""

    def change(subject: Subject) -> bytes:
        found = BYTE_RANGE.search(subject.pdf)
        assert found is not None
        value = spelled(Range(int(found[1]), int(found[2]), int(found[3]))).encode()
        return subject.pdf[: found.start()] + value.ljust(len(found[0])) + subject.pdf[found.end() :]

    return change


BYTE_RANGES: dict[str, Change] = {
    "range-starts-later": _ranged(lambda at: f"/ByteRange [1 {at.first - 1} {at.second} {at.rest}]"),
    "range-stops-earlier": _ranged(lambda at: f"/ByteRange [0 {at.first - 1} {at.second} {at.rest}]"),
    "range-ends-earlier": _ranged(lambda at: f"/ByteRange [0 {at.first} {at.second} {at.rest - 1}]"),
    "range-gap-wider": _ranged(lambda at: f"/ByteRange [0 {at.first - 40} {at.second + 40} {at.rest - 40}]"),
    "range-gap-moved": _ranged(lambda at: f"/ByteRange [0 {at.first - 500} {at.second - 500} {at.rest + 500}]"),
    "range-beyond-the-end": _ranged(lambda at: f"/ByteRange [0 {at.first} {at.second} {at.rest + 100}]"),
    "range-null": _ranged(lambda _: "/ByteRange null"),
    "range-empty": _ranged(lambda _: "/ByteRange []"),
    "range-gone": _ranged(lambda _: ""),
    "range-renamed": _ranged(lambda at: f"/ByteRangs [0 {at.first} {at.second} {at.rest}]"),
    "range-negative-start": _ranged(lambda at: f"/ByteRange [-1 {at.first} {at.second} {at.rest}]"),
    "range-negative-length": _ranged(lambda at: f"/ByteRange [0 {at.first} {at.second} -{at.rest}]"),
    "range-overlapping": _ranged(lambda at: f"/ByteRange [0 {at.second} {at.first} {at.second + at.rest - at.first}]"),
    "range-inside-out": _ranged(lambda at: f"/ByteRange [{at.second} {at.rest} 0 {at.first}]"),
    "range-three-parts": _ranged(lambda at: f"/ByteRange [0 {at.first} {at.second} {at.rest - 9} {at.second + at.rest - 9} 9]"),
    "range-three-parts-same-bytes": _ranged(lambda at: f"/ByteRange [0 9 9 {at.first - 9} {at.second} {at.rest}]"),
    "range-one-part": _ranged(lambda at: f"/ByteRange [0 {at.first}]"),
    "range-without-gap": _ranged(lambda at: f"/ByteRange [0 {at.second + at.rest} {at.second + at.rest} 0]"),
    "range-nothing": _ranged(lambda _: "/ByteRange [0 0 0 0]"),
    "range-huge": _ranged(lambda at: f"/ByteRange [0 {at.first} {at.second} 99999999999999999999]"),
    "range-leading-zeros": _ranged(lambda at: f"/ByteRange [00 0{at.first} 0{at.second} 0{at.rest}]"),
    "range-plus-signs": _ranged(lambda at: f"/ByteRange [+0 +{at.first} +{at.second} +{at.rest}]"),
    "range-fractions": _ranged(lambda at: f"/ByteRange [0.0 {at.first}.0 {at.second}.0 {at.rest}.0]"),
    "range-tabs": _ranged(lambda at: f"/ByteRange[0\t{at.first}\t{at.second}\t{at.rest}]"),
    "range-with-comment": _ranged(lambda at: f"/ByteRange [0 {at.first} %\n{at.second} {at.rest}]"),
    "range-twice": _ranged(lambda at: f"/ByteRange [0 {at.first} {at.second} {at.rest}]/ByteRange [0 {at.first} {at.second} {at.rest}]"),
    "range-by-reference": _ranged(lambda _: "/ByteRange 27 0 R"),
    "range-escaped-name": _ranged(lambda at: f"/Byte#52ange [0 {at.first} {at.second} {at.rest}]"),
}


# -- the signature value, which no signature covers ---------------------------------------------------------------------------------


def _respelled(spell: Callable[[bytes, int], bytes]) -> Change:
    """The gap filled with ``spell(digits of the signature value, size of the gap)``; every signed byte stays."""

    def change(subject: Subject) -> bytes:
        start, end = gap(subject.pdf)
        return with_gap(subject.pdf, spell(cms_bytes(subject.pdf).hex().upper().encode(), end - start))

    return change


def _hex(digits: bytes, size: int, filler: bytes = b"0") -> bytes:
    return b"<" + digits.ljust(size - 2, filler) + b">"


def _literal(digits: bytes, size: int) -> bytes:
    value = bytes.fromhex(digits.decode())
    for plain in (b"\\", b"(", b")", b"\r"):
        value = value.replace(plain, b"\\" + (b"r" if plain == b"\r" else plain))
    return (b"(" + value + b")").ljust(size)


def _closed_early(inside: bytes) -> Change:
    """The value ends, and other things stand in the zeros after it; the gap still ends with a bracket."""
    return _respelled(lambda digits, size: b"<" + digits + b">" + inside + b"/Z<".ljust(size - len(digits) - len(inside) - 3, b"0") + b">")


def _lengthened(subject: Subject, *, follow: bool) -> bytes:
    start, end = gap(subject.pdf)
    longer = subject.pdf[: end - 1] + b"00" * 8 + subject.pdf[end - 1 :]
    return longer.replace(b"%d %d" % (start, end), b"%d %d" % (start, end + 16), 1) if follow else longer


def _gap_cut(subject: Subject, *, follow: bool) -> bytes:
    start, end = gap(subject.pdf)
    shorter = subject.pdf[: end - 33] + subject.pdf[end - 1 :]
    return shorter.replace(b"%d %d" % (start, end), b"%d %d" % (start, end - 32), 1) if follow else shorter


CONTENTS: dict[str, Change] = {
    "contents-emptied": _respelled(lambda _, size: b"<>".ljust(size)),
    "contents-zeros": _respelled(lambda _, size: _hex(b"", size)),
    "contents-null": _respelled(lambda _, size: b"null".ljust(size)),
    "contents-blank": _respelled(lambda _, size: b" " * size),
    "contents-shortened": _respelled(lambda digits, size: _hex(digits[:-20], size)),
    "contents-cut-to-half": _respelled(lambda digits, size: _hex(digits[: len(digits) // 4 * 2], size)),
    "contents-ends-early": _respelled(lambda digits, size: (b"<" + digits + b">").ljust(size)),
    "contents-gap-shorter": lambda subject: _gap_cut(subject, follow=False),
    "contents-gap-shorter-range-follows": lambda subject: _gap_cut(subject, follow=True),
    "contents-lengthened": lambda subject: _lengthened(subject, follow=False),
    "contents-lengthened-range-follows": lambda subject: _lengthened(subject, follow=True),
    "contents-bytes-after-value": _respelled(lambda digits, size: _hex(digits + b"DEADBEEF", size)),
    "contents-lower-case": _respelled(lambda digits, size: _hex(digits.lower(), size)),
    "contents-one-lower-case": _respelled(lambda digits, size: _hex(digits[:-60] + digits[-60:].lower(), size)),
    "contents-spaces-in-padding": _respelled(lambda digits, size: _hex(digits, size, b" ")),
    "contents-space-inside": _respelled(lambda digits, size: _hex(digits[:100] + b"  " + digits[100:], size)),
    "contents-newlines-inside": _respelled(lambda digits, size: _hex(digits[:64] + b"\r\n" + digits[64:], size)),
    "contents-odd-digits": _respelled(lambda digits, size: b"<" + digits.ljust(size - 3, b"0") + b" >"),
    "contents-padding-of-f": _respelled(lambda digits, size: _hex(digits, size, b"F")),
    "contents-literal-string": _respelled(_literal),
    "contents-of-another-licence": lambda subject: with_gap(
        subject.pdf, _hex(cms_bytes(subject.other).hex().upper().encode(), gap(subject.pdf)[1] - gap(subject.pdf)[0])
    ),
    "gap-holds-second-contents": _closed_early(b"/Contents<3000>"),
    "gap-holds-other-time": _closed_early(b"/M(D:20300101000000Z)"),
    "gap-holds-other-reference": _closed_early(b"/Reference[]"),
    "gap-holds-second-range": _closed_early(b"/ByteRange [0 0 0 0]"),
    "gap-holds-an-object": _closed_early(b">>endobj\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n99 0 obj<<"),
    "gap-holds-a-comment": _closed_early(b"%hidden\n"),
}
