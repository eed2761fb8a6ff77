"""What belongs to a service guide: blank and sample forms, the specimen of the result."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from licensing.catalogue import Catalogue, Matter
from licensing.catalogue.parts import MaterialForm, MaterialKind
from licensing.catalogue.queries import catalogue_now
from licensing.clock import find_limit, today
from licensing.errors import NotFound
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.words import Said, say
from portal.downloads import download
from portal.public.form_sheet import sheet, sheet_pdf, specimen
from portal.security import Access, access

blueprint = Blueprint("guides", __name__)

MATERIAL_KINDS: Mapping[MaterialKind, Said] = {
    "original": say("Original"),
    "copy": say("Copy"),
    "original_or_copy": say("Original or copy"),
}
MATERIAL_FORMS: Mapping[MaterialForm, Said] = {
    "electronic": say("Electronic"),
    "paper": say("On paper"),
    "paper_or_electronic": say("Electronic or on paper"),
}
FILE_KINDS = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}


def guide_page(code: str) -> str:
    """All that the catalogue says of a matter, in the order in which people ask (what a service guide must publish)."""
    catalogue = _catalogue()
    matter = catalogue.matter(code)
    return render_template(
        "portal/public/guide.html",
        matter=matter,
        guide=matter.guide,
        promisable={proof.code: proof for proof in catalogue.promisable(matter, today())},
        accept_limit=find_limit(matter.limits.accept),
        decide_limit=find_limit(matter.limits.decide),
        result=None if matter.licence_type is None else catalogue.licence_type(matter.licence_type),
        kinds=MATERIAL_KINDS,
        forms=MATERIAL_FORMS,
        file_kinds=FILE_KINDS,
    )


@blueprint.get("/guides/<matter>/form")
@access(Access.PUBLIC)
def form(matter: str) -> ResponseReturnValue:
    """The application form on A4: blank, or filled with the sample where ``?sample=1`` asks for it."""
    found, promisable = _matter(matter)
    return render_template("portal/public/form.html", sheet=sheet(found, promisable, sample=_wants_sample()), matter=found)


@blueprint.get("/guides/<matter>/form.pdf")
@access(Access.PUBLIC)
def form_pdf(matter: str) -> ResponseReturnValue:
    """The same form as a file."""
    found, promisable = _matter(matter)
    sample = _wants_sample()
    name = f"{found.guide.form_name.text}{'（样表）' if sample else ''}.pdf"
    return download(sheet_pdf(found, promisable, sample=sample), "application/pdf", name)


@blueprint.get("/guides/<matter>/result")
@access(Access.PUBLIC)
def result(matter: str) -> ResponseReturnValue:
    """A specimen of what is granted. Raises ``NotFound`` for a matter that grants nothing to keep."""
    found, _ = _matter(matter)
    shown = specimen(found)
    if shown is None:
        raise NotFound(say("This matter has no licence to show."))
    return render_template("portal/public/guide_result.html", matter=found, specimen=shown)


def _matter(code: str) -> tuple[Matter, frozenset[str]]:
    catalogue = _catalogue()
    matter = catalogue.matter(code)
    return matter, frozenset(proof.code for proof in catalogue.promisable(matter, today()))


def _catalogue() -> Catalogue:
    with reading(SYSTEM) as look:
        return catalogue_now(look.session)


def _wants_sample() -> bool:
    return request.args.get("sample") == "1"
