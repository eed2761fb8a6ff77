"""The pool of experts of an authority: who is in it, and a form by which a supervisor enters somebody or ends an entry."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import experts
from licensing.cases.experts import Entry
from licensing.errors import Conflict, Invalid
from licensing.policy import Action, Subject
from licensing.words import Said, say
from portal.accounts.queries import account_by_email
from portal.accounts.rules import canonical_email
from portal.components import errors_by_field
from portal.database import db
from portal.security import Access, access, current_actor, refuse_early
from portal.typed import typed_text

blueprint = Blueprint("office_experts", __name__, url_prefix="/office/experts")
ID = "int(max=2147483647)"
FIELDS = ("authority", "address", "specialities", "employer", "employer_uscc")


@blueprint.get("")
@access(Access.OFFICER)
def pool() -> ResponseReturnValue:
    return _pool_page({}, {}, 200)


@blueprint.post("")
@access(Access.OFFICER)
def enter() -> ResponseReturnValue:
    """Enter the holder of an account; what was typed stays when something is wrong with it."""
    refuse_early(Action.POOL_KEEP, Subject())
    values = {name: typed_text(request.form, name)[:300] for name in FIELDS}
    mine = {str(one.authority.id): one.authority.id for one in experts.pools(current_actor()) if one.may_keep}
    if values["authority"] not in mine:
        return _pool_page(values, {"authority": say("Choose your authority.")}, 422)
    account = account_by_email(db.session, canonical_email(values["address"]))
    person_id = account.person_id if account is not None else None
    db.session.rollback()
    entry = Entry(values["specialities"], values["employer"], values["employer_uscc"])
    try:
        experts.enter(current_actor(), mine[values["authority"]], person_id, entry)
    except Invalid as error:
        return _pool_page(values, errors_by_field(error), error.http_status)
    except Conflict as error:
        return _pool_page(values, {"address": error.sentence}, error.http_status)
    flash(gettext("The expert is in the pool and was told."))
    return redirect(url_for("office_experts.pool"), 303)


@blueprint.post(f"/<{ID}:expert_id>/end")
@access(Access.OFFICER)
def end(expert_id: int) -> ResponseReturnValue:
    experts.end(current_actor(), expert_id)
    flash(gettext("Nobody is drawn by this entry any more."))
    return redirect(url_for("office_experts.pool"), 303)


def _pool_page(values: dict[str, str], errors: dict[str, Said], status: int) -> ResponseReturnValue:
    pools = experts.pools(current_actor())
    kept = [(str(one.authority.id), one.authority.name) for one in pools if one.may_keep]
    return render_template(
        "portal/office/experts.html",
        pools=pools,
        kept=kept,
        chosen=values.get("authority") or (kept[0][0] if len(kept) == 1 else ""),
        values=values,
        errors=errors,
    ), status
