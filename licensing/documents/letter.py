"""Letters of a procedure (receipt, correction notice, clock-stop notice, refusals) as PDF/A-3u in official document style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from licensing.documents.engine import Attachment, render_pdf
from licensing.documents.pictures import Picture, drawing
from licensing.documents.qr import draw_link


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says. ``items`` are numbered; ``remedy`` tells where and until when to object, empty if there is none.

    With ``check_code`` anybody can ask the register whether the letter is genuine.
    ``parts`` are headed parts of a long letter: ``heading``, ``lines``, and whether these are ``numbered``.
    """

    title: str
    number: str
    addressee: str
    paragraphs: Sequence[str]
    items: Sequence[str]
    remedy: str
    issuer: str
    date_text: str
    parts: Sequence[Mapping[str, Any]] = ()
    check_code: str = ""


def render_letter(
    template: str,
    letter: Letter,
    *,
    seal: bytes | None,
    attachments: Sequence[Attachment] = (),
    identifier: bytes,
    issued_at: datetime,
    link: str = "",
) -> bytes:
    """``letter`` as PDF/A-3u, portrait A4, as many pages as it needs; ``seal`` is SVG and lies over the date.

    ``link`` is drawn as a QR that leads to the page where the letter is checked.
    """
    shown: dict[str, Picture] = {"seal": drawing(seal)} if seal else {}
    if link:
        shown["qr"] = draw_link(link).picture
    return render_pdf(
        template,
        {"letter": letter, "issued_at": issued_at, "host": urlsplit(link).netloc},
        attachments=attachments,
        title=f"{letter.title} {letter.number}",
        identifier=identifier,
        pictures=shown,
    )
