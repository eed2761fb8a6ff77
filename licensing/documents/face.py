"""The face of a licence: data + QR + seal + ground → one page. Long texts get smaller type; what still does not fit is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from licensing.documents.engine import Attachment, lay_out, write_pdf
from licensing.documents.ground import ground_svg
from licensing.documents.pictures import Picture, drawing
from licensing.documents.qr import Qr
from licensing.errors import Invalid
from licensing.words import say

# From generous to tight: the first one whose page count is one is taken.
DENSITIES = ("roomy", "even", "close", "tight")
LANDSCAPE = frozenset({"certificates/qualification/face.html"})


@dataclass(frozen=True, slots=True)
class Face:
    """What stands on a licence. Every text is printed as it is; ``rows`` are (label, value) from top to bottom."""

    type_name: str
    english_name: str
    number: str
    rows: Sequence[tuple[str, str]]
    issuer: str
    issued_on_text: str
    opinion: str
    identifier: str
    check_code: str
    host: str

    def texts(self) -> tuple[str, ...]:
        """All texts that a reader must be able to extract from the page again, as given."""
        values = [value for row in self.rows for value in row]
        ends = (self.issuer, self.issued_on_text, self.opinion, self.identifier, self.check_code, self.host)
        return tuple(text for text in (self.type_name, self.number, *values, *ends) if text)


def render_face(
    template: str, face: Face, *, qr: Qr, seal: bytes, attachments: Sequence[Attachment] = (), identifier: bytes, issued_at: datetime
) -> bytes:
    """One page of PDF/A-3u for ``face``; ``seal`` is SVG, ``identifier`` the PDF file identifier.

    Errors: ``Invalid`` ``face-too-long`` when the texts do not fit on one page in the tightest type, ``glyph-missing``.
    """
    ground = ground_svg(landscape=template in LANDSCAPE)
    pictures: dict[str, Picture] = {"qr": qr.picture, "seal": drawing(seal), "ground": drawing(ground)}
    label_em = 1.8 + max((len(label) for label, _ in face.rows), default=0)
    title = f"{face.type_name} {face.number}"
    for density in DENSITIES:
        context = {"face": face, "density": density, "label_em": label_em, "qr_mm": qr.millimetres, "issued_at": issued_at}
        document = lay_out(template, context, pictures=pictures, title=title)
        if len(document.pages) == 1:
            return write_pdf(document, attachments=attachments, identifier=identifier, issued_at=issued_at)
    raise Invalid(
        say("The texts of this licence do not fit on one page."),
        next_step=say("Shorten the longest value, for example by summarising the buildings; the full list stays in the record."),
        code="face-too-long",
    )
