"""Orders to rectify 限期整改, before the licence itself is touched."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import queries, rectifying
from licensing.errors import Conflict, Invalid
from licensing.words import say
from portal.office.opening import open_case
from portal.office.verification_forms import WORDS_LIMIT
from portal.security import Access, access, current_actor
from portal.typed import Errors, Values, complaint_about, typed_text

blueprint = Blueprint("office_rectification", __name__, url_prefix="/office/verifications")
ID = "int(max=2147483647)"


@blueprint.get(f"/rectify/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def rectify(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """The form of an order to rectify, for whoever may order it now."""
    open_case(case_id)
    try:
        rectifying.check_order(current_actor(), case_id, commitment_id)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
        return redirect(url_for("office.case", case_id=case_id), 303)
    return _rectify_page(case_id, {}, {})


@blueprint.post(f"/rectify/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def rectify_send(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Order the holder to rectify; what was typed is kept when something is wrong with it."""
    open_case(case_id)
    rectifying.check_order(current_actor(), case_id, commitment_id)
    reason = typed_text(request.form, "reason")
    complaint = complaint_about(reason, say("Say what is to be rectified."), WORDS_LIMIT)
    if complaint is not None:
        return _rectify_page(case_id, {"reason": reason}, {"reason": complaint}, status=422)
    try:
        rectifying.order_rectification(current_actor(), case_id, commitment_id, reason)
    except (Conflict, Invalid) as error:
        return _rectify_page(case_id, {"reason": reason}, {"reason": error.sentence}, status=error.http_status)
    flash(gettext("The order was sent; the holder can report the rectification now."))
    return redirect(url_for("office.case", case_id=case_id), 303)


def _rectify_page(case_id: int, values: Values, errors: Errors, *, status: int = 200) -> ResponseReturnValue:
    page = queries.case_page(current_actor(), case_id)
    return render_template("portal/office/rectify.html", page=page, values=values, errors=errors), status
