"""Bad ratings: those that wait for an answer, and the page on which one is answered."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.errors import Conflict, Invalid
from licensing.ratings import actions, queries
from licensing.ratings.rules import FINDING_NAMES, LEVEL_NAMES, LONGEST_ANSWER, Level
from licensing.words import N_, Said, say
from portal.components import NavLink, errors_by_field
from portal.security import Access, access, current_actor
from portal.typed import number_of, typed_text

blueprint = Blueprint("office_ratings", __name__, url_prefix="/office/ratings")
NAVIGATION = [NavLink("office_ratings.ratings", N_("Ratings"), Access.OFFICER)]
PAGE_SIZE = 30
ID = "int(max=2147483647)"


@blueprint.get("")
@access(Access.OFFICER)
def ratings() -> ResponseReturnValue:
    """Bad ratings that wait, the oldest first; or those that were answered, the newest first."""
    key, answered = request.args.get("after", ""), request.args.get("answered") == "yes"
    after = number_of(key)
    found = queries.waiting(current_actor(), answered=answered, after=after, size=PAGE_SIZE)
    shown = "yes" if answered else None
    return render_template(
        "portal/office/ratings.html",
        rows=found.rows,
        answered=answered,
        level_names=_level_names(),
        first_url=url_for("office_ratings.ratings", answered=shown) if after else None,
        next_url=url_for("office_ratings.ratings", answered=shown, after=found.next_key) if found.next_key else None,
    )


@blueprint.get(f"/<{ID}:rating_id>")
@access(Access.OFFICER)
def rating(rating_id: int) -> ResponseReturnValue:
    return _rating_page(rating_id, {})


@blueprint.post(f"/<{ID}:rating_id>")
@access(Access.OFFICER)
def rating_send(rating_id: int) -> ResponseReturnValue:
    """Answer; what was typed is kept when something is wrong with it."""
    queries.rating_page(current_actor(), rating_id)
    try:
        actions.answer(current_actor(), rating_id, request.form.get("finding", ""), typed_text(request.form, "answer"))
    except Invalid as error:
        return _rating_page(rating_id, errors_by_field(error), error.http_status)
    except Conflict as error:
        return _rating_page(rating_id, {}, error.http_status, error)
    flash(gettext("The rating was answered and the company was told."))
    return redirect(url_for("office_ratings.ratings"), 303)


def _rating_page(rating_id: int, errors: dict[str, Said], status: int = 200, problem: Conflict | None = None) -> ResponseReturnValue:
    page = queries.rating_page(current_actor(), rating_id)
    return render_template(
        "portal/office/rating.html",
        page=page,
        errors=errors,
        problem=problem,
        finding=request.form.get("finding", ""),
        answer=request.form.get("answer", ""),
        findings=[(str(found), say(name), None) for found, name in FINDING_NAMES.items()],
        finding_names=FINDING_NAMES,
        level_names=_level_names(),
        limit=LONGEST_ANSWER,
    ), status


def _level_names() -> dict[int, str]:
    return {int(level): LEVEL_NAMES[level] for level in Level}
