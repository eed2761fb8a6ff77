"""Tasks that parse untrusted bytes. They run only inside the sandbox: the only module of this room that imports the parsers."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from typing import Any

import pikepdf
import pypdfium2  # type: ignore[import-untyped]
import zxingcpp
from PIL import Image, ImageOps

MOST_PAGES = 2000
MOST_PIXELS = 80_000_000
MOST_OBJECTS = 300_000
MOST_CONTENT = 192 * 1024 * 1024
LARGEST_RENDER = 24_000_000
LINT_DPI = 150
PREVIEW_SIDE = 1200

_ACTIVE_KEYS = frozenset({"/JS", "/JavaScript", "/RichMedia", "/XFA"})
_ACTIVE_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/GoToE", "/GoToR", "/SubmitForm", "/ImportData", "/Rendition", "/Movie", "/Sound", "/GoTo3DView"}
)
_MAGIC = ((b"%PDF-", "application/pdf"), (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"))
_PILLOW = {"image/jpeg": "JPEG", "image/png": "PNG"}


class Refused(Exception):
    """The bytes break a rule; ``code`` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def inspect_upload(data: bytes, **_options: Any) -> dict[str, Any]:
    """What ``data`` is: ``media_type``, ``pages``, ``width``, ``height`` (pixels, or points of page one) and ``problem`` or None.

    The type is told from the first bytes, then everything is decoded once. Problems: ``upload-type``, ``upload-broken``,
    ``upload-encrypted``, ``upload-active-content``, ``upload-embedded-files``, ``upload-too-many-pages``, ``upload-too-large-picture``,
    ``upload-too-complex``.
    """
    media_type = _media_type(data)
    answer: dict[str, Any] = {"media_type": media_type, "pages": 0, "width": 0, "height": 0, "problem": None}
    if media_type is None:
        return {**answer, "problem": "upload-type"}
    try:
        answer.update(_inspect_pdf(data) if media_type == "application/pdf" else _inspect_image(data, _PILLOW[media_type]))
    except Refused as refused:
        answer["problem"] = refused.code
    return answer


def page_count(data: bytes) -> int:
    """How many pages a PDF of our own has."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        return len(pdf.pages)


def lint_face(data: bytes, *, qr: str, texts: Sequence[str], attachments: Sequence[str] | None = None) -> dict[str, Any]:
    """Whether our own page one says what the record says: ``problem`` (first code or None), ``problems`` (code, detail), ``pages``.

    One QR, equal to ``qr``, read at 150 dpi; every one of ``texts`` extractable (white space aside); no script, action, form,
    layer, annotation; attached files only as listed (None: any, if each is an associated file). Source: threats C8, D3.
    """
    problems: list[dict[str, str]] = []
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pages = len(pdf.pages)
        problems += [{"code": code, "detail": detail} for code, detail in _structure(pdf, attachments)]
    document = pypdfium2.PdfDocument(data)
    found = _barcodes(_render(document[0], LINT_DPI, grey=True))
    if len(found) != 1:
        problems.append({"code": "qr-count", "detail": str(len(found))})
    elif found[0] != qr:
        problems.append({"code": "qr-differs", "detail": found[0][:80]})
    extracted = _without_space(document[0].get_textpage().get_text_range())
    problems += [{"code": "text-missing", "detail": text[:80]} for text in texts if _without_space(text) not in extracted]
    return {"problem": problems[0]["code"] if problems else None, "problems": problems, "pages": pages}


def scan_qr(data: bytes, *, max_pages: int = 3) -> list[str]:
    """The texts of all QR codes in a picture or on the first pages of a PDF; empty when there is none or the bytes are broken."""
    media_type = _media_type(data)
    if media_type is None:
        return []
    try:
        pictures = _pages(data, max_pages, 200) if media_type == "application/pdf" else iter([_image(data, _PILLOW[media_type])])
        return [text for picture in pictures for text in _barcodes(picture)]
    except (Refused, pypdfium2.PdfiumError):
        return []


def page_images(data: bytes, *, max_pages: int = 10, dpi: int = 90) -> dict[str, Any]:
    """Pictures of the first pages, so that a reader never opens the original: ``pages`` (all), ``images`` (PNG in base64)."""
    media_type = _media_type(data)
    if media_type == "application/pdf":
        count = len(pypdfium2.PdfDocument(data))
        pictures = _pages(data, max_pages, dpi)
    elif media_type is not None:
        count, pictures = 1, iter([_image(data, _PILLOW[media_type])])
    else:
        raise Refused("upload-type")
    return {"pages": count, "images": [base64.b64encode(_png(picture)).decode("ascii") for picture in pictures]}


def preview(data: bytes, *, side: int = PREVIEW_SIDE) -> str:
    """A picture, or the first page of a PDF, as JPEG in base64: upright, at most ``side`` pixels, and made of pixels alone.

    Place, time and device that a camera writes into a file are personal data; the new picture has nowhere to hold them.
    """
    return _drawn_anew(data, 1, (side, side))


def page_picture(data: bytes, *, page: int, width: int) -> str:
    """Page ``page`` (from 1) of a PDF, or a picture as its own page one, drawn anew as :func:`preview` does: at most ``width`` wide."""
    return _drawn_anew(data, page, (width, 2 * width))


def _drawn_anew(data: bytes, page: int, size: tuple[int, int]) -> str:
    media_type = _media_type(data)
    if media_type is None or (page != 1 and media_type != "application/pdf"):
        raise Refused("upload-type")
    picture = (
        _render(pypdfium2.PdfDocument(data)[page - 1], LINT_DPI) if media_type == "application/pdf" else _image(data, _PILLOW[media_type])
    )
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail(size)
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright.convert("RGB"), mask=upright.getchannel("A") if "A" in upright.getbands() else None)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=80)
    return base64.b64encode(out.getvalue()).decode("ascii")


def _media_type(data: bytes) -> str | None:
    return next((media_type for magic, media_type in _MAGIC if data.startswith(magic)), None)


def _inspect_image(data: bytes, kind: str) -> dict[str, Any]:
    picture = _image(data, kind)
    return {"pages": 1, "width": picture.width, "height": picture.height}


def _image(data: bytes, kind: str) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # our own limit below is an error, not a warning
    try:
        return _decoded(Image.open(io.BytesIO(data), formats=[kind]))
    except (Refused, MemoryError):
        raise
    except Exception as error:  # decoders raise far outside their own family
        raise Refused("upload-broken") from error


def _decoded(picture: Image.Image) -> Image.Image:
    if picture.width * picture.height > MOST_PIXELS:
        raise Refused("upload-too-large-picture")
    picture.load()
    return picture


def _inspect_pdf(data: bytes) -> dict[str, Any]:
    if b"%%EOF" not in data[-2048:]:
        raise Refused("upload-broken")
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            return _inspect_open(pdf)
    except pikepdf.PasswordError as error:
        raise Refused("upload-encrypted") from error
    except (Refused, MemoryError):
        raise
    except Exception as error:  # qpdf's bindings raise far outside their own family
        if "bad_alloc" in str(error):
            raise MemoryError from error
        raise Refused("upload-broken") from error


def _inspect_open(pdf: pikepdf.Pdf) -> dict[str, Any]:
    if pdf.is_encrypted:
        raise Refused("upload-encrypted")
    if not 0 < len(pdf.pages) <= MOST_PAGES:
        raise Refused("upload-too-many-pages" if pdf.pages else "upload-broken")
    _refuse_active(pdf)
    if any("deeply nested" in str(warning) for warning in pdf.get_warnings()):
        raise Refused("upload-too-complex")
    _decode_contents(pdf)
    box = [float(edge) for edge in pdf.pages[0].mediabox]
    return {"pages": len(pdf.pages), "width": round(abs(box[2] - box[0])), "height": round(abs(box[3] - box[1]))}


def _refuse_active(pdf: pikepdf.Pdf) -> None:
    for count, thing in enumerate(_dictionaries(pdf)):
        if count > MOST_OBJECTS:
            raise Refused("upload-too-complex")
        keys = set(thing.keys())
        if keys & _ACTIVE_KEYS or str(thing.get("/S", "")) in _ACTIVE_ACTIONS:
            raise Refused("upload-active-content")
        if "/EmbeddedFiles" in keys or "/EF" in keys:
            raise Refused("upload-embedded-files")


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """Every dictionary of the file: indirect objects, and what lies directly inside them."""
    heap: list[Any] = [pdf.trailer, *pdf.objects]
    while heap:
        thing = heap.pop()
        if isinstance(thing, pikepdf.Array):
            heap += [inner for inner in thing if _direct(inner)]
        elif isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
            held = thing.stream_dict if isinstance(thing, pikepdf.Stream) else thing
            yield held
            heap += [inner for inner in held.values() if _direct(inner)]


def _direct(thing: Any) -> bool:
    return isinstance(thing, (pikepdf.Array, pikepdf.Dictionary)) and not thing.is_indirect


def _decode_contents(pdf: pikepdf.Pdf) -> None:
    total = 0
    for page in pdf.pages:
        contents = page.obj.get("/Contents")
        for stream in contents if isinstance(contents, pikepdf.Array) else [contents]:
            if isinstance(stream, pikepdf.Stream):
                total += len(stream.read_bytes())
            if total > MOST_CONTENT:
                raise Refused("upload-too-complex")


def _structure(pdf: pikepdf.Pdf, attachments: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    root = pdf.Root
    for key, code in (("/OpenAction", "open-action"), ("/AA", "additional-actions"), ("/AcroForm", "form"), ("/OCProperties", "layers")):
        if key in root:
            yield code, key
    if pdf.is_encrypted:
        yield "encrypted", ""
    if len(pdf.pages) != 1:
        yield "pages", str(len(pdf.pages))
    for page in pdf.pages:
        if "/Annots" in page.obj:
            yield "annotations", ""
        if "/AA" in page.obj:
            yield "additional-actions", "page"
    held, specifications = set(), 0
    for thing in _dictionaries(pdf):
        held |= set(thing.keys()) & _ACTIVE_KEYS
        specifications += "/EF" in thing
        if str(thing.get("/S", "")) in _ACTIVE_ACTIONS:
            held.add(str(thing["/S"]))
    if held:
        yield "active-content", " ".join(sorted(held))
    names = sorted(pdf.attachments.keys())
    if attachments is not None and names != sorted(attachments):
        yield "attachments", ", ".join(names)
    if specifications != len(names) or len(list(root.get("/AF", []))) != len(names):
        yield "attachments", "a file that is not listed"


def _pages(data: bytes, max_pages: int, dpi: int) -> Iterator[Image.Image]:
    document = pypdfium2.PdfDocument(data)
    for number in range(min(len(document), max_pages)):
        yield _render(document[number], dpi)


def _render(page: Any, dpi: int, *, grey: bool = False) -> Image.Image:
    width, height = page.get_size()
    scale = min(dpi / 72, (LARGEST_RENDER / max(width * height, 1)) ** 0.5)
    picture: Image.Image = page.render(scale=scale, may_draw_forms=False, grayscale=grey).to_pil()
    return picture


def _barcodes(picture: Image.Image) -> list[str]:
    return [
        code.text for code in zxingcpp.read_barcodes(picture.convert("L"), formats=zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode]))
    ]


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.thumbnail((4000, 4000))
    (picture if picture.mode in {"L", "RGB"} else picture.convert("RGB")).save(out, "PNG")
    return out.getvalue()


def _without_space(text: str) -> str:
    # PDFium marks a hyphen at a line's end by U+FFFE (older: U+0002) instead of giving the hyphen.
    return "".join(text.replace("\ufffe", "-").replace("\x02", "-").split())
