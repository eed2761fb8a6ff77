"""Letters of a procedure (receipt, correction notice, clock-stop notice, refusals) as PDF/A-3u in official document style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from licensing.documents.engine import Attachment, render_pdf
from licensing.documents.pictures import drawing


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says. ``items`` are numbered; ``remedy`` tells where and until when to object, empty if there is none.

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


def render_letter(
    template: str, letter: Letter, *, seal: bytes | None, attachments: Sequence[Attachment] = (), identifier: bytes, issued_at: datetime
) -> bytes:
    """``letter`` as PDF/A-3u, portrait A4, as many pages as it needs; ``seal`` is SVG and lies over the date."""
    return render_pdf(
        template,
        {"letter": letter, "issued_at": issued_at},
        attachments=attachments,
        title=f"{letter.title} {letter.number}",
        identifier=identifier,
        pictures={"seal": drawing(seal)} if seal else {},
    )
