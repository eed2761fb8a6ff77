"""Objections: those that wait for an answer, and the page on which one is answered."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import objection_queries, objections
from licensing.cases.objectable import OUTCOME_NAMES, Outcome
from licensing.catalogue import load_catalogue
from licensing.credit.rules import LONGEST_REASON
from licensing.errors import Conflict, Invalid
from licensing.words import Said, say
from portal.components import errors_by_field
from portal.deadlines import due_badge
from portal.security import Access, access, current_actor
from portal.typed import number_of, typed_text

blueprint = Blueprint("office_objections", __name__, url_prefix="/office/objections")
PAGE_SIZE = 30
ID = "int(max=2147483647)"


@blueprint.get("")
@access(Access.OFFICER)
def register() -> ResponseReturnValue:
    """Objections that wait, the oldest first; or those that were answered, the newest first."""
    key, answered = request.args.get("after", ""), request.args.get("answered") == "yes"
    after = number_of(key)
    found = objection_queries.register(current_actor(), answered=answered, after=after, size=PAGE_SIZE)
    shown = "yes" if answered else None
    return render_template(
        "portal/office/objections.html",
        rows=[(row, *due_badge(row.made.days_left)) for row in found.rows],
        answered=answered,
        outcome_names=OUTCOME_NAMES,
        first_url=url_for("office_objections.register", answered=shown) if after else None,
        next_url=url_for("office_objections.register", answered=shown, after=found.next_key) if found.next_key else None,
    )


@blueprint.get(f"/<{ID}:objection_id>")
@access(Access.OFFICER)
def objection(objection_id: int) -> ResponseReturnValue:
    return _page(objection_id, {})


@blueprint.post(f"/<{ID}:objection_id>")
@access(Access.OFFICER)
def objection_send(objection_id: int) -> ResponseReturnValue:
    """Answer, or show the letter with what was typed; what was typed is kept when something is wrong with it."""
    if request.form.get("do") == "preview":
        return _page(objection_id, {})
    try:
        objections.answer(current_actor(), objection_id, request.form.get("outcome", ""), typed_text(request.form, "answer"))
    except Invalid as error:
        return _page(objection_id, errors_by_field(error), error.http_status)
    except Conflict as error:
        return _page(objection_id, {}, error.http_status, error)
    page = objection_queries.objection_page(current_actor(), objection_id)
    if page.made.objection.company_id is None:
        flash(gettext("The objection was answered. Tell the person who made it."))
    else:
        flash(gettext("The objection was answered and the company was told."))
    return redirect(url_for("office_objections.objection", objection_id=objection_id), 303)


def _page(objection_id: int, errors: dict[str, Said], status: int = 200, problem: Conflict | None = None) -> ResponseReturnValue:
    actor, outcome, answer = current_actor(), request.form.get("outcome", ""), typed_text(request.form, "answer")
    page = objection_queries.objection_page(actor, objection_id)
    may_answer = page.made.objection.answered_at is None and (page.ruling.allowed or page.ruling.needs_second_factor)
    return render_template(
        "portal/office/objection.html",
        page=page,
        row=page.made.objection,
        badge=due_badge(page.made.days_left),
        letter_kind=load_catalogue().letter(page.letter.kind) if page.letter is not None else None,
        errors=errors,
        problem=problem,
        may_answer=may_answer,
        outcome=outcome,
        answer=answer,
        outcomes=_outcomes(renews=page.renews),
        outcome_names=OUTCOME_NAMES,
        preview=objection_queries.letter_preview(actor, objection_id, outcome, answer) if may_answer else None,
        limit=LONGEST_REASON,
    ), status


def _outcomes(*, renews: bool) -> list[tuple[str, Said, Said | None]]:
    """The two answers; what follows from an upheld one depends on whether the case has ended."""
    new = say("The ended case stays as it is. A new application with its answers is made for the company.")
    go_on = say("Nothing happens by itself: go on in the case with the ordinary acts.")
    return [
        (str(Outcome.UPHELD), say("Uphold the objection"), new if renews else go_on),
        (str(Outcome.REJECTED), say("Reject the objection"), None),
    ]
