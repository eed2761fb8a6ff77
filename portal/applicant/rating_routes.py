"""How I found the handling of a finished case, and a new application from an earlier one."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import drafts
from licensing.errors import Conflict, Invalid
from licensing.ratings import actions, queries
from licensing.ratings.rules import LEVEL_NAMES, LONGEST_WORDS
from licensing.words import Said, say
from portal.applicant.pages import ID, my_page, to_case
from portal.components import errors_by_field
from portal.security import Access, access, current_actor
from portal.typed import typed_text

blueprint = Blueprint("applicant_ratings", __name__, url_prefix="/my/cases")


@blueprint.get(f"/<{ID}:case_id>/rating")
@access(Access.APPLICANT)
def rating(case_id: int) -> ResponseReturnValue:
    my_page(case_id)
    _, may_rate = queries.of_case(current_actor(), case_id)
    return _rating_page(case_id, {}) if may_rate else to_case(case_id)


@blueprint.post(f"/<{ID}:case_id>/rating")
@access(Access.APPLICANT)
def rating_send(case_id: int) -> ResponseReturnValue:
    """Rate, once; what was typed is kept when something is wrong with it."""
    my_page(case_id)
    level = request.form.get("level", "")
    try:
        actions.rate(current_actor(), case_id, int(level) if level in "12345" and len(level) == 1 else 0, typed_text(request.form, "words"))
    except Invalid as error:
        return _rating_page(case_id, errors_by_field(error), error.http_status)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
        return to_case(case_id)
    flash(gettext("Thank you: your rating was kept."))
    return to_case(case_id)


@blueprint.post(f"/<{ID}:case_id>/copy")
@access(Access.APPLICANT)
def copy(case_id: int) -> ResponseReturnValue:
    """A new draft with the answers of this application."""
    my_page(case_id)
    copied = drafts.copy_of(current_actor(), case_id)
    flash(gettext("The answers were copied into a new draft. Add the documents and make the promises anew."))
    return redirect(url_for("applicant.case", case_id=copied), 303)


def _rating_page(case_id: int, errors: dict[str, Said], status: int = 200) -> ResponseReturnValue:
    return render_template(
        "portal/applicant/rating.html",
        page=my_page(case_id),
        errors=errors,
        level=request.form.get("level", ""),
        words=request.form.get("words", ""),
        levels=[(int(level), say(name), None) for level, name in LEVEL_NAMES.items()],
        limit=LONGEST_WORDS,
    ), status
