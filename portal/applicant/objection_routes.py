"""Object to an act on one's own case: what it is, until when, and where review is asked for instead."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import objection_queries, objections
from licensing.cases.objectable import ANSWER_DAYS
from licensing.clock import today
from licensing.credit.rules import LONGEST_REASON
from licensing.errors import Conflict, Invalid
from licensing.words import Said
from portal.applicant.pages import ID, my_page, to_case
from portal.components import errors_by_field
from portal.deadlines import clock_card
from portal.security import Access, access, current_actor
from portal.typed import typed_text

blueprint = Blueprint("applicant_objections", __name__, url_prefix="/my/cases")


@blueprint.get(f"/<{ID}:case_id>/objections/<{ID}:sequence>")
@access(Access.APPLICANT)
def objection(case_id: int, sequence: int) -> ResponseReturnValue:
    my_page(case_id)
    if not objection_queries.act_of(current_actor(), case_id, sequence).possible:
        return to_case(case_id)
    return _page(case_id, sequence, {})


@blueprint.post(f"/<{ID}:case_id>/objections/<{ID}:sequence>")
@access(Access.APPLICANT)
def objection_send(case_id: int, sequence: int) -> ResponseReturnValue:
    """Object, once; what was typed is kept when something is wrong with it, or when it came too late."""
    my_page(case_id)
    try:
        number = objections.object_to(current_actor(), case_id, sequence, typed_text(request.form, "text"))
    except Invalid as error:
        return _page(case_id, sequence, errors_by_field(error), error.http_status)
    except Conflict as error:
        return _page(case_id, sequence, {}, error.http_status, error)
    flash(gettext("Your objection was handed in. Its number is %(number)s.", number=number))
    return redirect(url_for("applicant.case", case_id=case_id, _anchor="objections"), 303)


def _page(case_id: int, sequence: int, errors: dict[str, Said], status: int = 200, problem: Conflict | None = None) -> ResponseReturnValue:
    against = objection_queries.act_of(current_actor(), case_id, sequence)
    last = against.review.due if against.review is not None and against.opened else None
    return render_template(
        "portal/applicant/objection.html",
        page=my_page(case_id),
        against=against,
        review=clock_card(against.review) if last is not None and against.review is not None else None,
        days_left=(last - today()).days if last is not None else None,
        errors=errors,
        problem=problem,
        text=request.form.get("text", ""),
        limit=LONGEST_REASON,
        answer_days=ANSWER_DAYS,
    ), status
