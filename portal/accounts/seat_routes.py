"""Invitations to act for a company, answered in the account that they name."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.errors import Conflict
from licensing.seats import actions
from portal.accounts.rules import canonical_email
from portal.security import Access, access, current_actor, current_sign_in

blueprint = Blueprint("invitations", __name__)


@blueprint.post("/account/invitations/<int(max=2147483647):invitation_id>")
@access(Access.SIGNED_IN)
def answer(invitation_id: int) -> ResponseReturnValue:
    """Accept or decline."""
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("accounts.login"))
    agreed = request.form.get("answer") == "accept"
    try:
        (actions.accept if agreed else actions.decline)(current_actor(), canonical_email(signed_in.email), invitation_id)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
        return redirect(url_for("accounts.account"), 303)
    g.pop("leizheng_actor", None)
    flash(gettext("You act for the company from now on.") if agreed else gettext("You declined the invitation."))
    return redirect(url_for("accounts.account"), 303)
