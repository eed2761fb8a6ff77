"""Documents to upload."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import drafts
from licensing.cases.journal import not_found
from licensing.cases.queries import CasePage
from licensing.cases.rules import is_filled_in
from licensing.cases.targets import paper_target
from licensing.catalogue.model import Material
from licensing.errors import Invalid
from licensing.words import Said, say
from portal.applicant.pages import ID, is_open, my_page, notes_on, open_page, to_case
from portal.security import Access, access, current_actor

blueprint = Blueprint("applicant_papers", __name__, url_prefix="/my")


@blueprint.get(f"/cases/<{ID}:case_id>/documents/<material>")
@access(Access.APPLICANT)
def documents(case_id: int, material: str) -> ResponseReturnValue:
    page = my_page(case_id)
    return _documents_page(page, _material(page, material)) if is_filled_in(page.view) else to_case(case_id)


@blueprint.post(f"/cases/<{ID}:case_id>/documents/<material>")
@access(Access.APPLICANT)
def documents_send(case_id: int, material: str) -> ResponseReturnValue:
    """Take the files one by one; what is good is kept even when another is refused."""
    page = open_page(case_id)
    slot = _material(page, material)
    limit = current_app.config["LEIZHENG"].upload_limit
    sent = [file for file in request.files.getlist("files") if file.filename]
    if not sent:
        return _documents_page(page, slot, [(say("Choose a file first."), None)], status=422)
    refused: list[tuple[Said, Said | None]] = []
    for file in sent:
        try:
            drafts.add_document(current_actor(), case_id, slot.code, file.filename or "", file.stream.read(limit + 1))
        except Invalid as error:
            refused.append((error.sentence, error.next_step))
    if refused:
        return _documents_page(my_page(case_id), slot, refused, status=422)
    flash(gettext("The files were added."))
    return redirect(url_for("applicant_papers.documents", case_id=case_id, material=material), 303)


@blueprint.post(f"/cases/<{ID}:case_id>/documents/<material>/<{ID}:document_id>/remove")
@access(Access.APPLICANT)
def remove(case_id: int, material: str, document_id: int) -> ResponseReturnValue:
    page = open_page(case_id)
    held = {document.id for document in page.documents.get(_material(page, material).code, ())}
    if document_id in held:
        drafts.remove_document(current_actor(), case_id, document_id)
        flash(gettext("The file was removed."))
    return redirect(url_for("applicant_papers.documents", case_id=case_id, material=material), 303)


def _documents_page(
    page: CasePage, slot: Material, refused: list[tuple[Said, Said | None]] | None = None, *, status: int = 200
) -> ResponseReturnValue:
    target = paper_target(slot)
    held = page.documents.get(slot.code, ())
    return render_template(
        "portal/applicant/documents.html",
        page=page,
        material=slot,
        held=held,
        room=slot.max_files - len(held),
        refused=refused or [],
        changeable=is_open(page, target),
        limit=current_app.config["LEIZHENG"].upload_limit,
        notes=notes_on(page, target),
    ), status


def _material(page: CasePage, code: str) -> Material:
    material = page.matter.material(code)
    if material is None:
        raise not_found()
    return material
