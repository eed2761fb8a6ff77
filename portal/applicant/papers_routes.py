"""Documents to upload, and for each replaceable proof the choice between handing it in and promising it."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import drafts
from licensing.cases.journal import not_found
from licensing.cases.queries import CasePage
from licensing.catalogue.answers import clean_facts
from licensing.catalogue.model import Material, Proof
from licensing.commitments.rules import Choice
from licensing.errors import Conflict, Invalid
from licensing.words import Said, say
from portal.applicant import forms
from portal.applicant.pages import ID, OPEN, is_open, my_page, open_page, to_case
from portal.components import errors_by_field
from portal.security import Access, access, current_actor

blueprint = Blueprint("applicant_papers", __name__, url_prefix="/my")


@blueprint.get(f"/cases/<{ID}:case_id>/documents/<material>")
@access(Access.APPLICANT)
def documents(case_id: int, material: str) -> ResponseReturnValue:
    page = my_page(case_id)
    return _documents_page(page, _material(page, material)) if page.state in OPEN else to_case(case_id)


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


@blueprint.get(f"/cases/<{ID}:case_id>/proofs/<proof>")
@access(Access.APPLICANT)
def proof(case_id: int, proof: str) -> ResponseReturnValue:
    page = my_page(case_id)
    return _proof_page(page, _proof(page, proof), {}) if page.state in OPEN else to_case(case_id)


@blueprint.post(f"/cases/<{ID}:case_id>/proofs/<proof>")
@access(Access.APPLICANT)
def proof_send(case_id: int, proof: str) -> ResponseReturnValue:
    page = open_page(case_id)
    chosen = _proof(page, proof)
    choice = request.form.get("choice", "")
    if choice not in set(Choice):
        return _proof_page(page, chosen, {"choice": say("Choose one of the two.")}, status=422)
    drafts.choose_proof(current_actor(), case_id, chosen.code, Choice(choice))
    material = page.matter.material_for(chosen.code)
    if choice == Choice.HAND_IN and material is not None:
        return redirect(url_for("applicant_papers.documents", case_id=case_id, material=material.code), 303)
    return redirect(url_for("applicant_papers.promise", case_id=case_id, proof=chosen.code), 303)


@blueprint.get(f"/cases/<{ID}:case_id>/proofs/<proof>/promise")
@access(Access.APPLICANT)
def promise(case_id: int, proof: str) -> ResponseReturnValue:
    """The notice clause by clause; once promised, what was promised."""
    page = my_page(case_id)
    if page.state not in OPEN:
        return to_case(case_id)
    chosen = _proof(page, proof)
    standing = page.choices.get(chosen.code)
    if standing is not None and standing.commitment is not None:
        return redirect(url_for("applicant_papers.proof", case_id=case_id, proof=chosen.code), 303)
    return _promise_page(page, chosen, {}, {})


@blueprint.post(f"/cases/<{ID}:case_id>/proofs/<proof>/promise")
@access(Access.APPLICANT)
def promise_send(case_id: int, proof: str) -> ResponseReturnValue:
    page = open_page(case_id)
    chosen = _proof(page, proof)
    typed = forms.read_facts(chosen, request.form)
    unread = _unread(chosen)
    if unread:
        return _promise_page(page, chosen, typed, unread, status=422)
    try:
        facts = clean_facts(chosen, typed)
        drafts.promise_proof(current_actor(), case_id, chosen.code, facts=facts, accepted_notice=request.form.get("accepted_notice", ""))
    except Invalid as error:
        return _promise_page(page, chosen, typed, errors_by_field(error), status=error.http_status)
    except Conflict as error:
        if error.code != "notice-changed":
            raise
        return _promise_page(page, chosen, typed, {"notice": error.sentence}, status=error.http_status)
    flash(gettext("Your promise was recorded."))
    return redirect(url_for("applicant_papers.proof", case_id=case_id, proof=chosen.code), 303)


def _documents_page(
    page: CasePage, slot: Material, refused: list[tuple[Said, Said | None]] | None = None, *, status: int = 200
) -> ResponseReturnValue:
    target = f"proof:{slot.proof}" if slot.proof else f"document:{slot.code}"
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
        notes=[item["note"] for item in page.view.correction_items if item["target"] == target],
    ), status


def _proof_page(page: CasePage, chosen: Proof, errors: dict[str, Said], *, status: int = 200) -> ResponseReturnValue:
    standing = page.choices.get(chosen.code)
    return render_template(
        "portal/applicant/proof.html",
        page=page,
        proof=chosen,
        material=page.matter.material_for(chosen.code),
        standing=standing,
        made=standing.commitment if standing else None,
        facts=forms.questions(chosen.facts, chosen.code, standing.commitment.facts, {}) if standing and standing.commitment else [],
        errors=errors,
        changeable=is_open(page, f"proof:{chosen.code}"),
        notes=[item["note"] for item in page.view.correction_items if item["target"] == f"proof:{chosen.code}"],
    ), status


def _promise_page(page: CasePage, chosen: Proof, typed: forms.Row, errors: dict[str, Said], *, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "portal/applicant/promise.html",
        page=page,
        proof=chosen,
        questions=forms.questions(chosen.facts, chosen.code, typed, errors),
        errors=errors,
        accepted=set(request.form.getlist("accepted")),
        changeable=is_open(page, f"proof:{chosen.code}"),
        places=forms.places(),
    ), status


def _unread(chosen: Proof) -> dict[str, Said]:
    """A promise holds only when the notice and every clause were accepted one by one."""
    accepted = set(request.form.getlist("accepted"))
    errors: dict[str, Said] = {}
    if "notice" not in accepted:
        errors["accept-notice"] = say("Read the notice and say that you understand it.")
    for place, _clause in enumerate(chosen.commitment, start=1):
        if str(place) not in accepted:
            errors[f"accept-{place}"] = say("Accept clause %(place)s, or hand in the proof instead.", place=place)
    return errors


def _material(page: CasePage, code: str) -> Material:
    material = page.matter.material(code)
    if material is None:
        raise not_found()
    return material


def _proof(page: CasePage, code: str) -> Proof:
    if code not in page.proofs:
        raise not_found()
    return page.proofs[code]
