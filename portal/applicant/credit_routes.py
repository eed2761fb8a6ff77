"""The credit record of my companies: what stands in it, objection, and repair."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.credit import actions, queries
from licensing.credit.journal import not_found
from licensing.credit.queries import EntryPage
from licensing.credit.rules import LONGEST_REASON
from licensing.errors import Conflict
from licensing.policy import Action
from licensing.words import N_, Said, say
from portal.components import NavLink
from portal.credit import words
from portal.security import Access, access, current_actor
from portal.typed import complaint_about, typed_text

blueprint = Blueprint("applicant_credit", __name__, url_prefix="/my/credit")
NAVIGATION = [NavLink("applicant_credit.credit", N_("Credit"), Access.APPLICANT)]
ID = "int(max=2147483647)"
ACTS = {"object": Action.CREDIT_OBJECT, "repair": Action.CREDIT_ASK_REPAIR}


@blueprint.get("")
@access(Access.APPLICANT)
def credit() -> ResponseReturnValue:
    rows = queries.credit_of_my_companies(current_actor())
    return render_template("portal/applicant/credit.html", rows=rows, **words())


@blueprint.get(f"/<{ID}:entry_id>")
@access(Access.APPLICANT)
def entry(entry_id: int) -> ResponseReturnValue:
    return _entry_page(_mine(entry_id), {}, "", 200)


@blueprint.post(f"/<{ID}:entry_id>")
@access(Access.APPLICANT)
def entry_send(entry_id: int) -> ResponseReturnValue:
    """Object, or ask for repair; what was typed is kept when something is wrong with it."""
    page, reason, wanted = _mine(entry_id), typed_text(request.form, "reason"), request.form.get("act", "")
    errors: dict[str, Said] = {}
    if wanted not in ACTS:
        errors["act"] = say("Choose what you ask for.")
    complaint = complaint_about(reason, say("Say why."), LONGEST_REASON)
    if complaint is not None:
        errors["reason"] = complaint
    if errors:
        return _entry_page(page, errors, reason, 422)
    try:
        verb = actions.object_to if wanted == "object" else actions.ask_repair
        verb(current_actor(), entry_id, reason)
    except Conflict as error:
        return _entry_page(_mine(entry_id), {}, reason, error.http_status, error)
    flash(gettext("It was handed in; another officer decides."))
    return redirect(url_for("applicant_credit.entry", entry_id=entry_id), 303)


def _mine(entry_id: int) -> EntryPage:
    """The entry, when it belongs to a company in which the person has a seat; a post does not open it here."""
    page = queries.entry_page(current_actor(), entry_id)
    if page.company.id not in current_actor().company_ids:
        raise not_found()
    return page


def _entry_page(page: EntryPage, errors: dict[str, Said], reason: str, status: int, problem: Conflict | None = None) -> ResponseReturnValue:
    choices = [
        ("object", say("Object: the entry should not be there"), say("Say what is not so. If it is upheld, the entry is removed.")),
        ("repair", say("Ask for repair"), say("Say what you did to make good. If it is granted, the entry has no effect any more.")),
    ]
    return render_template(
        "portal/applicant/credit_entry.html",
        page=page,
        errors=errors,
        problem=problem,
        reason=reason,
        chosen=request.form.get("act", ""),
        choices=[choice for choice in choices if page.can(ACTS[choice[0]])],
        **words(),
    ), status
