"""What an expert does: read the application for which one was drawn, vote once, or decline."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import ballots, panels, reviews
from licensing.cases.ballots import Vote
from licensing.cases.reviews import ReviewPage
from licensing.catalogue.answers import sections_asked
from licensing.documents.previews import MEDIA_TYPE, MOST_PAGES
from licensing.errors import Conflict, Invalid
from licensing.words import N_, Said, say
from portal.applicant.forms import shown
from portal.components import NavLink, errors_by_field
from portal.security import Access, access, current_actor
from portal.typed import Filled, complaint_about, typed_text

blueprint = Blueprint("experts", __name__, url_prefix="/expert")
NAVIGATION = [NavLink("experts.mine", N_("My reviews"), Access.SIGNED_IN, of_experts=True)]
ID = "int(max=2147483647)"
LONGEST_REASON = 500
VOTES = {"yes": True, "no": False}


@blueprint.get("")
@access(Access.SIGNED_IN)
def mine() -> ResponseReturnValue:
    """The reviews for which I was drawn."""
    return render_template("portal/experts/reviews.html", lines=reviews.mine(current_actor()))


@blueprint.get(f"/reviews/<{ID}:case_id>")
@access(Access.SIGNED_IN)
def review(case_id: int) -> ResponseReturnValue:
    return _sheet(case_id, Filled({}))


@blueprint.post(f"/reviews/<{ID}:case_id>/vote")
@access(Access.SIGNED_IN)
def vote(case_id: int) -> ResponseReturnValue:
    """Cast the ballot; what was typed stays when something is wrong with it."""
    page = reviews.review_page(current_actor(), case_id)
    reasons = {group.code: typed_text(request.form, f"reason_{group.code}") for group in page.matter.procedure.groups}
    typed = {"meets": request.form.get("meets", ""), **{f"reason_{code}": text for code, text in reasons.items()}}
    strange = {
        f"reason_{code}": complaint
        for code, text in reasons.items()
        if (complaint := complaint_about(text, say("Say what you found, and why it is enough or not."), ballots.LONGEST)) is not None
    }
    try:
        if strange and typed["meets"] in VOTES:
            return _sheet(case_id, Filled(typed, strange), status=422)
        ballots.cast(current_actor(), case_id, Vote(VOTES.get(typed["meets"]), reasons))
    except Invalid as error:
        return _sheet(case_id, Filled(typed, errors_by_field(error)), error.next_step, error.http_status)
    except Conflict as error:
        return _sheet(case_id, Filled(typed), status=error.http_status, problem=error)
    flash(gettext("Your vote was cast. It stands under your name and is never changed."))
    return redirect(url_for("experts.review", case_id=case_id), 303)


@blueprint.post(f"/reviews/<{ID}:case_id>/decline")
@access(Access.SIGNED_IN)
def decline(case_id: int) -> ResponseReturnValue:
    """Step down with a reason; the review is not mine any more afterwards."""
    reason = typed_text(request.form, "reason")
    complaint = complaint_about(reason, say("Say why you decline."), LONGEST_REASON)
    if complaint is not None:
        return _sheet(case_id, Filled({"reason": reason}, {"reason": complaint}), status=422)
    try:
        panels.decline(current_actor(), case_id, reason)
    except Conflict as error:
        return _sheet(case_id, Filled({"reason": reason}), status=error.http_status, problem=error)
    flash(gettext("You declined. Another expert takes your seat."))
    return redirect(url_for("experts.mine"), 303)


@blueprint.get(f"/reviews/<{ID}:case_id>/documents/<{ID}:document_id>/pages/<{ID}:number>")
@access(Access.SIGNED_IN)
def document_page(case_id: int, document_id: int, number: int) -> ResponseReturnValue:
    """The picture of a page of a document; where it could not be drawn, a picture that says so."""
    picture = reviews.document_page(current_actor(), case_id, document_id, number)
    if picture is None:
        return Response(render_template("portal/office/no_picture.svg"), mimetype="image/svg+xml")
    return Response(picture, mimetype=MEDIA_TYPE)


def _sheet(
    case_id: int, given: Filled, next_step: Said | None = None, status: int = 200, problem: Conflict | None = None
) -> ResponseReturnValue:
    page: ReviewPage = reviews.review_page(current_actor(), case_id)
    return render_template(
        "portal/experts/review.html",
        page=page,
        sections=sections_asked(page.matter, page.submission.answers) if page.submission else (),
        shown=shown,
        most_pages=MOST_PAGES,
        values=given.values,
        errors=given.errors,
        next_step=next_step,
        problem=problem,
    ), status
