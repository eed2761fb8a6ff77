"""Who acts for my company: its seats, invitations, and the end of a seat."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing import policy
from licensing.clock import now
from licensing.errors import Conflict, Invalid, LeizhengError
from licensing.policy import Action, Role, Subject
from licensing.seats import actions, queries
from licensing.seats.rules import KIND_NAMES, Kind
from licensing.words import N_, Said, say
from portal.accounts.queries import account_by_email
from portal.accounts.rules import canonical_email
from portal.applicant.pages import ID
from portal.components import errors_by_field
from portal.database import db
from portal.downloads import download
from portal.security import Access, access, current_actor
from portal.typed import day_of, typed_text

blueprint = Blueprint("applicant_seats", __name__, url_prefix="/my/company")
ROLE_NAMES = {Role.APPLICANT: N_("fills in and hands in"), Role.SIGNATORY: N_("signs for the company")}
HINTS = {
    Kind.COLLEAGUE: say("Somebody who works for the company."),
    Kind.AGENT: say("Somebody from outside whom the company charges with the application (经办代理)."),
}


@blueprint.get("")
@access(Access.APPLICANT)
def seats() -> ResponseReturnValue:
    """The seats of every company for which I may sign."""
    return _seats_page()


@blueprint.get(f"/<{ID}:company_id>/invite")
@access(Access.APPLICANT)
def invite(company_id: int) -> ResponseReturnValue:
    """The form, after the second factor: a file that was chosen would be lost while the code is asked for."""
    window = timedelta(seconds=current_app.config["LEIZHENG"].reauthentication_window)
    policy.require(current_actor(), Action.SEAT_GIVE, Subject(company_id=company_id, authority_id=-1), now=now(), window=window)
    return _invite_page(company_id, {}, {})


@blueprint.post(f"/<{ID}:company_id>/invite")
@access(Access.APPLICANT)
def invite_send(company_id: int) -> ResponseReturnValue:
    """Invite; the answer is the same whether the address belongs to an account or not."""
    values = {name: typed_text(request.form, name)[:300] for name in ("address", "kind", "held_until")}
    address, file = canonical_email(values["address"]), request.files.get("letter")
    letter = None
    if file is not None and file.filename:
        letter = (file.filename, file.stream.read(current_app.config["LEIZHENG"].upload_limit + 1))
    account = account_by_email(db.session, address)
    person_id = account.person_id if account is not None else None
    db.session.rollback()
    try:
        actions.invite(
            current_actor(),
            company_id,
            address=address,
            kind=values["kind"],
            held_until=day_of(values["held_until"]),
            letter=letter,
            person_id=person_id,
        )
    except Invalid as error:
        return _invite_page(company_id, values, errors_by_field(error) or {"letter": error.sentence}, error.http_status)
    except Conflict as error:
        return _invite_page(company_id, values, {"address": error.sentence}, error.http_status)
    flash(gettext("The invitation waits for the holder of this address, who accepts it on the page of the account."))
    return redirect(url_for("applicant_seats.seats"), 303)


@blueprint.post(f"/invitations/<{ID}:invitation_id>/withdraw")
@access(Access.APPLICANT)
def withdraw(invitation_id: int) -> ResponseReturnValue:
    try:
        actions.withdraw_invitation(current_actor(), invitation_id)
    except Conflict as error:
        return _seats_page(error)
    flash(gettext("The invitation was withdrawn."))
    return redirect(url_for("applicant_seats.seats"), 303)


@blueprint.post(f"/seats/<{ID}:seat_id>/end")
@access(Access.APPLICANT)
def end(seat_id: int) -> ResponseReturnValue:
    try:
        actions.end_seat(current_actor(), seat_id)
    except Conflict as error:
        return _seats_page(error)
    flash(gettext("The seat was ended; the person can do nothing more for the company."))
    return redirect(url_for("applicant_seats.seats"), 303)


@blueprint.get(f"/invitations/<{ID}:invitation_id>/letter")
@access(Access.APPLICANT)
def letter(invitation_id: int) -> ResponseReturnValue:
    row, content = queries.letter(current_actor(), invitation_id)
    return download(content, row.letter_type, row.letter_name)


def _seats_page(problem: LeizhengError | None = None) -> ResponseReturnValue:
    return render_template(
        "portal/applicant/seats.html",
        companies=queries.seats_of_my_companies(current_actor()),
        problem=problem,
        role_names=ROLE_NAMES,
        kind_names=KIND_NAMES,
    ), problem.http_status if problem else 200


def _invite_page(company_id: int, values: dict[str, str], errors: dict[str, Said], status: int = 200) -> ResponseReturnValue:
    return render_template(
        "portal/applicant/seat_invite.html",
        company_id=company_id,
        values=values,
        errors=errors,
        kinds=[(str(kind), say(name), HINTS[kind]) for kind, name in KIND_NAMES.items()],
        limit=current_app.config["LEIZHENG"].upload_limit,
    ), status
