"""How officers share the work: who works on a case, what was seen, and filters they keep."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import assigning
from licensing.errors import Forbidden, Invalid
from portal.components import say_filter
from portal.office.opening import open_case
from portal.office.worklist_filter import read_filter
from portal.security import Access, access, current_actor
from portal.typed import number_of

blueprint = Blueprint("office_desk", __name__, url_prefix="/office/desk")
ID = "int(max=2147483647)"
MOST_AT_ONCE = 200


@blueprint.post("/together")
@access(Access.OFFICER)
def together() -> ResponseReturnValue:
    """Do to all ticked cases what needs no judgement: give them to a colleague, or mark them as read. The list stays as it was."""
    ticked = [found for text in request.form.getlist("case")[:MOST_AT_ONCE] if (found := number_of(text)) is not None]
    if not ticked:
        flash(gettext("Tick the cases first; nothing was done."))
        return _back()
    if request.form.get("do") == "seen":
        assigning.mark_seen(current_actor(), ticked)
        flash(gettext("Marked as read: %(count)s.", count=len(ticked)))
        return _back()
    chosen = number_of(request.form.get("colleague", ""))
    if chosen is None:
        flash(gettext("Choose a colleague first; nothing was done."))
        return _back()
    try:
        assigning.assign(current_actor(), ticked, chosen)
    except (Invalid, Forbidden) as error:
        flash(" ".join(say_filter(words) for words in (error.sentence, error.next_step) if words))
        return _back()
    flash(gettext("Given to the colleague: %(count)s.", count=len(ticked)))
    return _back()


@blueprint.post(f"/cases/<{ID}:case_id>/take")
@access(Access.OFFICER)
def take(case_id: int) -> ResponseReturnValue:
    """Work on the case myself, whoever did before."""
    open_case(case_id)
    actor = current_actor()
    assigning.assign(actor, [case_id], actor.person_id or 0)
    flash(gettext("You work on this case now."))
    return redirect(url_for("office.case", case_id=case_id), 303)


@blueprint.post(f"/cases/<{ID}:case_id>/release")
@access(Access.OFFICER)
def release(case_id: int) -> ResponseReturnValue:
    open_case(case_id)
    assigning.release(current_actor(), case_id)
    flash(gettext("Nobody works on this case now."))
    return redirect(url_for("office.case", case_id=case_id), 303)


@blueprint.post("/filters")
@access(Access.OFFICER)
def keep() -> ResponseReturnValue:
    """Keep the filter of the address under a name."""
    try:
        assigning.save_filter(current_actor(), request.form.get("name", ""), read_filter(request.args).parts())
    except Invalid as error:
        flash(" ".join(say_filter(words) for words in (error.sentence, error.next_step) if words))
        return _back()
    flash(gettext("The filter was kept."))
    return _back()


@blueprint.post(f"/filters/<{ID}:filter_id>/delete")
@access(Access.OFFICER)
def drop(filter_id: int) -> ResponseReturnValue:
    assigning.drop_filter(current_actor(), filter_id)
    flash(gettext("The filter was deleted."))
    return _back()


def _back() -> ResponseReturnValue:
    asked = read_filter(request.args)
    return redirect(asked.url(asked.after), 303)
