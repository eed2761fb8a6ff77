"""What may be handed in, what is refused, and that no file, however hostile, costs more than its limits."""

from __future__ import annotations

import hashlib
import io
import struct
import time
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from conftest import PREFIX
from PIL import Image

from licensing.documents import doctor
from licensing.documents.sandbox import SandboxFailure, ask
from licensing.documents.uploads import LONGEST_NAME, PROBLEMS, inspect, safe_filename
from licensing.errors import Invalid

LIMIT = 20 * 1024 * 1024


def pdf(change: Callable[[pikepdf.Pdf], object] | None = None, pages: int = 1, **options: object) -> bytes:
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page(page_size=(595, 842))
        if change:
            change(document)
        out = io.BytesIO()
        document.save(out, **options)  # type: ignore[arg-type]
        return out.getvalue()


def picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind)
    return out.getvalue()


def raw_pdf(*objects: bytes) -> bytes:
    """A PDF written by hand, so that it may hold what a library would not write."""
    out, offsets = io.BytesIO(b"%PDF-1.7\n"), []
    out.seek(0, io.SEEK_END)
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
    return out.getvalue()


CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"


def page_with(contents: bytes) -> bytes:
    return raw_pdf(CATALOGUE, PAGES, b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>", contents)


def deflated(megabytes: int, times: int = 1) -> bytes:
    data = zlib.compress(b" " * megabytes * 1024 * 1024, 9)
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    filters = b"/FlateDecode" * times
    return b"<</Length %d/Filter[%s]>>stream\n%s\nendstream" % (len(data), filters, data)


def png_flood(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def code_of(data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(Invalid) as caught:
        inspect("图纸.pdf", data, limit)
    assert str(caught.value).startswith("图纸.pdf: ")
    assert caught.value.next_step is not None
    return caught.value.code


def action(**parts: object) -> Callable[[pikepdf.Pdf], object]:
    return lambda document: document.Root.__setattr__("OpenAction", pikepdf.Dictionary(**parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("data", "media_type", "pages"),
    [(pdf(pages=3), "application/pdf", 3), (picture("PNG"), "image/png", 1), (picture("JPEG"), "image/jpeg", 1)],
    ids=["pdf", "png", "jpeg"],
)
def test_good_files_are_taken_whatever_their_name(data: bytes, media_type: str, pages: int) -> None:
    found = inspect("something.exe", data, LIMIT)
    assert (found.media_type, found.pages, found.size) == (media_type, pages, len(data))
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_a_plain_link_and_a_start_view_are_no_active_content() -> None:
    def change(document: pikepdf.Pdf) -> None:
        document.Root.OpenAction = pikepdf.Array([document.pages[0].obj, pikepdf.Name.Fit])
        link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9])
        link.A = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://a.example/")
        document.pages[0].obj.Annots = pikepdf.Array([link])

    assert inspect("a.pdf", pdf(change), LIMIT).pages == 1


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "upload-empty"),
    "text": (b"hello", "upload-type"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "upload-type"),
    "html": (b"<!doctype html><script>alert(1)</script>", "upload-type"),
    "zip": (b"PK\x03\x04" + bytes(100), "upload-type"),
    "gif": (picture("GIF"), "upload-type"),
    "tiff": (picture("TIFF"), "upload-type"),
    "pdf after html": (b"<html>" + pdf(), "upload-type"),
    "half a pdf": (pdf(pages=5)[:400], "upload-broken"),
    "only a head": (b"%PDF-1.7\n%%EOF", "upload-broken"),
    "noise with magic": (b"%PDF-1.7\n" + bytes(range(256)) * 8 + b"%%EOF", "upload-broken"),
    "half a png": (picture("PNG", (400, 300))[:200], "upload-broken"),
    "half a jpeg": (picture("JPEG", (400, 300))[:700], "upload-broken"),
    "png magic only": (b"\x89PNG\r\n\x1a\n", "upload-broken"),
    "no pages": (pdf(pages=0), "upload-broken"),
    "encrypted": (pdf(encryption=pikepdf.Encryption(owner="o", user="u")), "upload-encrypted"),
    "encrypted, empty password": (pdf(encryption=pikepdf.Encryption(owner="o", user="")), "upload-encrypted"),
    "script": (pdf(action(S=pikepdf.Name.JavaScript, JS="app.alert(1)")), "upload-active-content"),
    "launch": (pdf(action(S=pikepdf.Name.Launch, F="calc.exe")), "upload-active-content"),
    "submit": (pdf(action(S=pikepdf.Name.SubmitForm, F="http://a/")), "upload-active-content"),
    "remote": (pdf(action(S=pikepdf.Name.GoToR, F="//a/b.pdf")), "upload-active-content"),
    "chained": (pdf(action(S=pikepdf.Name.GoTo, Next=[pikepdf.Dictionary(S=pikepdf.Name.Launch)])), "upload-active-content"),
    "xfa": (pdf(lambda document: document.Root.__setattr__("AcroForm", pikepdf.Dictionary(XFA="x"))), "upload-active-content"),
    "embedded": (
        pdf(lambda document: document.attachments.__setitem__("a.exe", pikepdf.AttachedFileSpec(document, b"MZ", filename="a.exe"))),
        "upload-embedded-files",
    ),
    "pixel flood": (png_flood(60_000), "upload-too-large-picture"),
    "pixels missing": (png_flood(8_000), "upload-broken"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_files_are_refused_with_their_reason(data: bytes, code: str) -> None:
    assert code_of(data) == code
    assert code in PROBLEMS


BOMBS: dict[str, Callable[[], bytes]] = {
    "deflate bomb": lambda: page_with(deflated(1500)),
    "deflate bomb in three layers": lambda: page_with(deflated(900, times=3)),
    "many contents": lambda: page_with(deflated(100)).replace(b"/Contents 4 0 R", b"/Contents[4 0 R 4 0 R 4 0 R]"),
}
"""Made in the test: each takes seconds to pack."""


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_are_refused_before_they_go_off(bomb: Callable[[], bytes]) -> None:
    data = bomb()
    begin = time.monotonic()
    assert code_of(data) == "upload-too-complex"
    assert time.monotonic() - begin < 10


def test_too_many_pages() -> None:
    assert code_of(pdf(pages=2001)) == "upload-too-many-pages"


def test_the_limit_is_named() -> None:
    with pytest.raises(Invalid, match=r"larger than 1 MB") as caught:
        inspect("a.pdf", bytes(1024 * 1024 + 1), 1024 * 1024)
    assert caught.value.code == "upload-too-large"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (page_with(b"[" * 200_000 + b"]" * 200_000), "upload-too-complex"),
        (page_with(b"<</A" * 100_000 + b">>" * 100_000), "upload-too-complex"),
        (raw_pdf(CATALOGUE, b"<</Type/Pages/Kids[2 0 R]/Count 1>>"), "upload-broken"),
        (raw_pdf(CATALOGUE, b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"3 0 R"), "upload-broken"),
        (raw_pdf(b"<</Type/Catalog/Pages 1 0 R>>"), "upload-broken"),
    ],
    ids=["deep array", "deep dictionary", "page loop", "self reference", "catalogue loop"],
)
def test_deep_and_looping_files_end_quickly(data: bytes, code: str) -> None:
    begin = time.monotonic()
    assert code_of(data) == code
    assert time.monotonic() - begin < 10


def test_pictures_of_pages(licence: bytes) -> None:
    shown = ask("licensing.documents.child:page_images", pdf(pages=4), max_pages=2, dpi=40)
    assert (shown["pages"], len(shown["images"])) == (4, 2)
    assert ask("licensing.documents.child:page_images", picture("JPEG"))["pages"] == 1
    assert [text.startswith(PREFIX) for text in ask("licensing.documents.child:scan_qr", licence)] == [True]
    assert ask("licensing.documents.child:scan_qr", b"no picture") == []
    with pytest.raises(SandboxFailure):
        ask("licensing.documents.child:page_images", b"no picture")


def test_a_huge_page_is_drawn_small() -> None:
    huge = pdf(lambda document: document.pages[0].obj.__setattr__("MediaBox", pikepdf.Array([0, 0, 14400, 14400])))
    assert len(ask("licensing.documents.child:page_images", huge, dpi=300)["images"]) == 1


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("平面图 第1版.pdf", "平面图 第1版.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\图\\a.pdf", "a.pdf"),
        ("图\u202egpj.exe", "图gpj.exe"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie x.pdf"),
        ("a\x00.pdf", "a.pdf"),
        ("...", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("e\u0301.pdf", "é.pdf"),
        ("长" * 300 + ".pdf", "长" * (LONGEST_NAME - 4) + ".pdf"),
        ("长" * 300, "长" * LONGEST_NAME),
    ],
)
def test_file_names_become_safe(given: str, safe: str) -> None:
    assert safe_filename(given) == safe
    assert safe_filename(safe) == safe


@pytest.mark.slow
def test_the_doctor_finds_this_machine_well_and_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [check.name for check in doctor.checks() if not check.ok] == []
    monkeypatch.setitem(doctor.LIBRARIES, "libnothere.so.0", ("nothere", "libnothere0"))
    ill = [check for check in doctor.checks() if not check.ok]
    assert [(check.name, str(check.mend)) for check in ill] == [("libnothere.so.0", "Install the package libnothere0.")]
