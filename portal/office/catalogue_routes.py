"""The catalogue of proofs: every version, a new one beside the one before it, and putting it in force."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases.journal import not_found
from licensing.catalogue.changes import differences
from licensing.catalogue.model import Proof
from licensing.catalogue.queries import IN_FORCE, content_of, proof_from
from licensing.clock import today
from licensing.commitments import editions
from licensing.commitments.editions import Edition, ProposalPage
from licensing.errors import Conflict, Invalid
from licensing.words import N_, Said, say
from portal.components import NavLink, errors_by_field
from portal.office.catalogue_forms import KINDS, METHODS, read_version
from portal.office.verification_routes import METHOD_NAMES
from portal.security import Access, access, current_actor
from portal.typed import Errors, day_of, typed_text

blueprint = Blueprint("office_catalogue", __name__, url_prefix="/office/catalogue")
NAVIGATION = [NavLink("office_catalogue.proofs", N_("Proofs"), Access.OFFICER)]
ID = "int(max=2147483647)"
KIND_NAMES = {
    "text": N_("one line"),
    "long_text": N_("several lines"),
    "integer": N_("whole number"),
    "decimal": N_("number"),
    "date": N_("date"),
}
VERIFIED_NAMES = {"before": N_("before the decision"), "after": N_("after the decision")}


@blueprint.get("")
@access(Access.OFFICER)
def proofs() -> ResponseReturnValue:
    found = editions.editions(current_actor())
    return render_template(
        "portal/office/catalogue.html",
        proposed=[one for one in found if _stands(one) == editions.PROPOSED],
        rest=[one for one in found if _stands(one) == IN_FORCE],
        dropped=[one for one in found if _stands(one) == editions.DROPPED],
        **_words(),
    )


@blueprint.get(f"/<code>/<{ID}:version>")
@access(Access.OFFICER)
def version(code: str, version: int) -> ResponseReturnValue:
    found = editions.edition(current_actor(), code, version)
    return render_template(
        "portal/office/catalogue_version.html", edition=found, proof=found.proof, may_write=editions.may_write(current_actor()), **_words()
    )


@blueprint.get("/<code>/new")
@access(Access.OFFICER)
def new(code: str) -> ResponseReturnValue:
    before = _newest(code)
    editions.require_writer(current_actor())
    return _form_page(before, content_of(before) | {"valid_to": None}, {}, "", None, 200)


@blueprint.post("/<code>/new")
@access(Access.OFFICER)
def new_send(code: str) -> ResponseReturnValue:
    """Propose it, or show how it would look; what was typed is kept when something is wrong with it."""
    before, reason = _newest(code), typed_text(request.form, "reason")
    editions.require_writer(current_actor())
    typed = read_version(request.form, before)
    if request.form.get("do") == "preview":
        return _preview_page(before, {**content_of(before), **typed}, reason, None)
    try:
        proposal_id = editions.draft(current_actor(), code, typed, reason)
    except (Invalid, Conflict) as error:
        errors = errors_by_field(error) if isinstance(error, Invalid) else {}
        return _form_page(before, {**content_of(before), **typed}, errors or {"act": error.sentence}, reason, None, error.http_status)
    flash(gettext("The new version was proposed. Another person puts it in force."))
    return redirect(url_for("office_catalogue.proposal", proposal_id=proposal_id), 303)


@blueprint.get(f"/proposals/<{ID}:proposal_id>")
@access(Access.OFFICER)
def proposal(proposal_id: int) -> ResponseReturnValue:
    return _proposal_page(editions.proposal(current_actor(), proposal_id), {}, 200)


@blueprint.get(f"/proposals/<{ID}:proposal_id>/edit")
@access(Access.OFFICER)
def edit(proposal_id: int) -> ResponseReturnValue:
    editions.require_writer(current_actor())
    page = editions.proposal(current_actor(), proposal_id)
    return _form_page(page.before, content_of(page.edition.proof), {}, page.row.reason, page, 200)


@blueprint.post(f"/proposals/<{ID}:proposal_id>/edit")
@access(Access.OFFICER)
def edit_send(proposal_id: int) -> ResponseReturnValue:
    editions.require_writer(current_actor())
    page, reason = editions.proposal(current_actor(), proposal_id), typed_text(request.form, "reason")
    typed = read_version(request.form, page.edition.proof)
    shown = {**content_of(page.edition.proof), **typed}
    if request.form.get("do") == "preview":
        return _preview_page(page.before, shown, reason, page)
    try:
        editions.save(current_actor(), proposal_id, typed, reason, _number(request.form.get("draft_version", "")))
    except (Invalid, Conflict) as error:
        errors = errors_by_field(error) if isinstance(error, Invalid) else {}
        return _form_page(page.before, shown, errors or {"act": error.sentence}, reason, page, error.http_status)
    flash(gettext("The proposal was saved."))
    return redirect(url_for("office_catalogue.proposal", proposal_id=proposal_id), 303)


@blueprint.post(f"/proposals/<{ID}:proposal_id>")
@access(Access.OFFICER)
def decide(proposal_id: int) -> ResponseReturnValue:
    """Put it in force from a day on, or drop it."""
    editions.require_writer(current_actor())
    page = editions.proposal(current_actor(), proposal_id)
    if request.form.get("do") == "drop":
        editions.drop(current_actor(), proposal_id)
        flash(gettext("The proposal was dropped."))
        return redirect(url_for("office_catalogue.proofs"), 303)
    day = day_of(request.form.get("valid_from", ""))
    if day is None:
        return _proposal_page(page, {"valid_from": say("Enter a date such as 2027-03-31.")}, 422)
    try:
        editions.put_in_force(current_actor(), proposal_id, day, _number(request.form.get("draft_version", "")))
    except (Invalid, Conflict) as error:
        return _proposal_page(page, _decision_errors(error), error.http_status)
    flash(gettext("The new version is in force from the day you named. Open cases keep the one they began with."))
    return redirect(url_for("office_catalogue.version", code=page.edition.proof.code, version=page.edition.proof.version), 303)


def _newest(code: str) -> Proof:
    """The newest version that was put in force or came with the installation."""
    found = [one.proof for one in editions.editions(current_actor()) if one.proof.code == code and _stands(one) == IN_FORCE]
    if not found:
        raise not_found()
    return max(found, key=lambda proof: proof.version)


def _stands(one: Edition) -> str:
    return one.row.state if one.row else IN_FORCE


def _decision_errors(error: Invalid | Conflict) -> Errors:
    """All at the one question of the page; what does not fit in the text can only be mended by who wrote it."""
    complaints = error.fields[:1] if isinstance(error, Invalid) else ()
    return {"valid_from": complaints[0].sentence if complaints else error.sentence}


def _preview_page(before: Proof, shown: dict[str, Any], reason: str, page: ProposalPage | None) -> ResponseReturnValue:
    """How it would read, and what still keeps it from being proposed; nothing is stored."""
    errors: Errors = {}
    for complaint in editions.complaints(current_actor(), before.code, shown, reason):
        errors.setdefault(complaint.path, complaint.sentence)
    return _form_page(before, shown, errors, reason, page, 200, preview=_preview(shown))


def _form_page(
    before: Proof,
    shown: dict[str, Any],
    errors: Errors,
    reason: str,
    page: ProposalPage | None,
    status: int,
    *,
    preview: Proof | None = None,
) -> ResponseReturnValue:
    return render_template(
        "portal/office/catalogue_form.html",
        before=before,
        shown=shown,
        errors=errors,
        reason=reason,
        wanted=request.form.get("do") == "preview",
        preview=preview,
        changes=differences(before, preview) if preview else (),
        draft_version=page.row.draft_version if page else None,
        back=url_for("office_catalogue.proposal", proposal_id=page.row.id) if page else url_for("office_catalogue.proofs"),
        methods=[(method, METHOD_NAMES[method]) for method in METHODS],
        kinds=[(kind, KIND_NAMES[kind]) for kind in KINDS],
        **_words(),
    ), status


def _preview(shown: dict[str, Any]) -> Proof | None:
    """The version as it would read; None while it is not complete enough to be read."""
    try:
        return proof_from(shown)
    except ValueError:
        return None


def _proposal_page(page: ProposalPage, errors: dict[str, Said], status: int) -> ResponseReturnValue:
    return render_template(
        "portal/office/catalogue_proposal.html",
        page=page,
        proof=page.edition.proof,
        row=page.row,
        changes=differences(page.before, page.edition.proof),
        may_decide=page.open and (bool(page.decide) or page.decide.needs_second_factor),
        errors=errors,
        valid_from=request.form.get("valid_from", "") or today().isoformat(),
        **_words(),
    ), status


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _words() -> dict[str, object]:
    return {"method_names": METHOD_NAMES, "verified_names": VERIFIED_NAMES}
