"""Draws of promises to verify: make one, see the list and the seed, and who was drawn."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import draws as drawn
from licensing.cases import sampling
from licensing.errors import Conflict, Invalid
from licensing.parties.queries import authority as authority_of
from licensing.policy import Action, Role, Subject
from licensing.storage import reading
from licensing.words import Said, say
from portal.security import Access, access, current_actor, refuse_early

blueprint = Blueprint("office_draws", __name__, url_prefix="/office/draws")
ID = "int(max=2147483647)"


@blueprint.get("")
@access(Access.OFFICER)
def draws() -> ResponseReturnValue:
    return _list_page({}, 200)


@blueprint.post("")
@access(Access.OFFICER)
def draw() -> ResponseReturnValue:
    """Draw now. What is drawn stands on the worklist of verifications."""
    refuse_early(Action.COMMITMENT_DRAW, Subject())
    typed, mine = request.form.get("percent", "").strip(), {str(post.authority_id): post.authority_id for post in current_actor().posts}
    authority = mine.get(request.form.get("authority", ""))
    if authority is None:
        return _list_page({"authority": say("Choose your authority.")}, 422)
    try:
        made = sampling.draw(current_actor(), authority, int(typed) if typed.isdecimal() and len(typed) < 4 else 0)
    except (Invalid, Conflict) as error:
        return _list_page({"percent": error.sentence}, error.http_status)
    flash(gettext("It was drawn; the verifications are open."))
    return redirect(url_for("office_draws.one", draw_id=made), 303)


@blueprint.get(f"/<{ID}:draw_id>")
@access(Access.OFFICER)
def one(draw_id: int) -> ResponseReturnValue:
    """One draw with the full names of its inspectors; the list to download is the public one."""
    return render_template("portal/office/draw.html", page=drawn.draw_page(current_actor(), draw_id))


def _list_page(errors: dict[str, Said], status: int) -> ResponseReturnValue:
    actor = current_actor()
    with reading(actor) as look:
        mine = [authority_of(look.session, post.authority_id) for post in actor.posts if post.role is Role.SUPERVISOR]
    return render_template(
        "portal/office/draws.html",
        rows=drawn.draws(actor),
        authorities=[(str(authority.id), authority.name) for authority in mine],
        errors=errors,
        percent=request.form.get("percent", "5"),
        chosen=request.form.get("authority", str(mine[0].id) if len(mine) == 1 else ""),
    ), status
