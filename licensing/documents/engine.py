"""HTML → PDF/A-3u. The engine fetches nothing but the files it was handed; the same input gives the same bytes."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from threading import Lock
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from weasyprint import CSS, HTML, Document
from weasyprint import Attachment as EmbeddedFile
from weasyprint.css import ColorProfile
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from licensing.documents.fonts import COMMON, common_font, require_glyphs
from licensing.documents.pictures import SCHEME, Picture
from licensing.errors import Misconfigured
from licensing.settings import PROJECT_ROOT
from licensing.words import say

TEMPLATES = PROJECT_ROOT / "templates"

_MEDIA_TYPE = re.compile(r"[a-z0-9]+/[a-z0-9.+-]+")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_RELATIONSHIPS = frozenset({"Source", "Data", "Alternative", "Supplement", "Unspecified"})

# Pango's font map is not safe to share between threads that lay out at the same time.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file carried inside the PDF (PDF/A-3 associated file). ``relationship`` is one of ISO 32000-2, 7.11.3."""

    name: str
    media_type: str
    description: str
    content: bytes
    relationship: str = "Data"

    def __post_init__(self) -> None:
        fine = _PLAIN_NAME.fullmatch(self.name) and _MEDIA_TYPE.fullmatch(self.media_type) and self.relationship in _RELATIONSHIPS
        if not fine:
            raise Misconfigured(say("The attachment %(name)s has no plain name, media type or relationship.", name=repr(self.name)))


@dataclass(frozen=True, slots=True)
class Asset:
    """A listed file: a font, or what is carried inside the PDF."""

    media_type: str
    content: bytes


class ListedFilesOnly(URLFetcher):  # type: ignore[misc]
    """A fetcher that knows a fixed list of in-memory files; every other address, of any scheme, ends the rendering."""

    def __init__(self, assets: Mapping[str, Asset]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._assets = {f"{SCHEME}{name}": asset for name, asset in assets.items()}

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:  # noqa: ARG002
        """The listed file at ``url``. Errors: ``FatalURLFetchingError`` for anything else."""
        asset = self._assets.get(url)
        if asset is None:
            raise FatalURLFetchingError(f"not a listed file: {url[:80]}")
        return URLFetcherResponse(url, asset.content, {"Content-Type": asset.media_type})


def render_html(template: str, context: Mapping[str, Any], picture_names: Sequence[str] = ()) -> str:
    """``template`` filled with ``context``: every value is escaped, an unknown name is an error, ``pictures`` lists the pictures' names."""
    return _environment().get_template(template).render({**context, "pictures": tuple(picture_names)})


def lay_out(template: str, context: Mapping[str, Any], *, pictures: Mapping[str, Picture], title: str) -> Document:
    """The pages of ``template``, not yet written; it shows ``pictures`` as ``asset://<name>``.

    Errors: ``Invalid`` ``glyph-missing``; ``Misconfigured`` ``unlisted-file``.
    """
    text = render_html(template, context, tuple(pictures))
    require_glyphs(html.unescape(text) + title)
    known = {f"{SCHEME}{name}": picture for name, picture in pictures.items()}
    with _one_at_a_time:
        try:
            source = HTML(string=text, base_url=SCHEME, url_fetcher=ListedFilesOnly({}))
            document = source.render(font_config=_fonts(), cache=known)
        except FatalURLFetchingError as error:
            raise Misconfigured(
                say("A document template asks for a file that is not listed (%(detail)s).", detail=str(error)), code="unlisted-file"
            ) from error
    moment = _w3c(context["issued_at"])
    document.metadata.title = title
    document.metadata.created = document.metadata.modified = moment
    document.metadata.generator = "Leizheng"
    return document


def write_pdf(document: Document, *, attachments: Sequence[Attachment], identifier: bytes, issued_at: datetime) -> bytes:
    """The bytes of ``document`` as PDF/A-3u with ``attachments``; equal input gives equal bytes."""
    carried = {f"attachment/{attachment.name}": Asset(attachment.media_type, attachment.content) for attachment in attachments}
    fetcher = ListedFilesOnly(carried)
    moment = issued_at.astimezone(UTC)
    document.metadata.attachments = [
        EmbeddedFile(
            url=f"{SCHEME}attachment/{attachment.name}",
            url_fetcher=fetcher,
            name=attachment.name,
            description=attachment.description,
            created=moment,
            modified=moment,
            relationship=attachment.relationship,
        )
        for attachment in sorted(attachments, key=lambda attachment: attachment.name)
    ]
    # The library's own way leaves the profile's file open at each document; any other name makes it take ours.
    document.color_profiles["srgb"] = ColorProfile(BytesIO(_srgb()), "srgb", "relative-colorimetric", (["r"], ["g"], ["b"]))
    with _one_at_a_time:
        return bytes(document.write_pdf(pdf_variant="pdf/a-3u", pdf_identifier=identifier, output_intent="listed", finisher=_tidy))


def render_pdf(
    template: str,
    context: Mapping[str, Any],
    *,
    attachments: Sequence[Attachment] = (),
    title: str,
    identifier: bytes,
    pictures: Mapping[str, Picture] | None = None,
) -> bytes:
    """``template`` as PDF/A-3u (ISO 19005-3). ``context`` holds ``issued_at``, an aware datetime: the only date in the file.

    ``identifier`` becomes the PDF file identifier (16 bytes are usual). ``pictures`` are all that the page may show.
    Errors: ``Invalid`` ``glyph-missing``; ``Misconfigured`` ``unlisted-file``.
    """
    document = lay_out(template, context, pictures=pictures or {}, title=title)
    return write_pdf(document, attachments=attachments, identifier=identifier, issued_at=context["issued_at"])


def _tidy(_document: Document, pdf: Any) -> None:
    # The library lists each associated file twice.
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = list(dict.fromkeys(pdf.catalog["AF"]))
    # It also compresses each stream twice, once to digest the file and once to write it.
    for stream in (thing for thing in pdf.objects if getattr(thing, "compress", False)):
        content = stream.data
        start = content.index(b"stream\n") + len(b"stream\n")
        stream.extra["Filter"] = "/FlateDecode"
        stream.stream, stream.compress = [content[start : -len(b"\nendstream")]], False


def _w3c(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise Misconfigured(say("The date of issue has no time zone."), code="naive-date")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=1)
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@lru_cache(maxsize=1)
def _srgb() -> bytes:
    return (files("weasyprint") / "pdf" / "sRGB2014.icc").read_bytes()


@lru_cache(maxsize=1)
def _fonts() -> FontConfiguration:
    known, cuts = FontConfiguration(), {400: common_font(), 700: common_font(bold=True)}
    listed = ListedFilesOnly({f"{weight}.otf": Asset("font/otf", cut) for weight, cut in cuts.items()})
    faces = (f'@font-face {{font-family: "{COMMON}"; font-weight: {weight}; src: url({SCHEME}{weight}.otf)}}' for weight in cuts)
    CSS(string="".join(faces), base_url=SCHEME, font_config=known, url_fetcher=listed)
    return known
