"""Messages: the inbox of everybody who is signed in, and where else messages go."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.errors import Invalid
from licensing.notices import actions, queries
from licensing.notices.rules import Channel
from licensing.notices.tables import Notice
from licensing.parties.queries import company as company_of
from licensing.policy import Actor, Role
from licensing.words import N_, Said, say
from portal.components import errors_by_field
from portal.database import db
from portal.language import language
from portal.security import Access, access, current_actor, current_sign_in

blueprint = Blueprint("messages", __name__)
PAGE_SIZE = 30
ID = "int(max=2147483647)"
LANGUAGE_NAMES = {"zh": N_("Chinese"), "en": N_("English")}


@blueprint.get("/messages")
@access(Access.SIGNED_IN)
def inbox() -> ResponseReturnValue:
    """My messages, unread ones first; those of one company when the address names it."""
    actor, key = current_actor(), request.args.get("after", "")
    company_id = _my_company(actor)
    after = key if queries.is_key(key) else None
    found = queries.inbox(actor, company_id=company_id, after=after, size=PAGE_SIZE)
    return render_template(
        "portal/accounts/messages.html",
        rows=[(notice, Said(notice.sentence, notice.facts), _target(actor, notice)) for notice in found.rows],
        unread=found.unread,
        companies={one: company_of(db.session, one).name for one in sorted(actor.company_ids)},
        company_id=company_id,
        first_url=url_for("messages.inbox", company=company_id) if after else None,
        next_url=url_for("messages.inbox", company=company_id, after=found.next_key) if found.next_key else None,
    )


@blueprint.post(f"/messages/<{ID}:notice_id>")
@access(Access.SIGNED_IN)
def read(notice_id: int) -> ResponseReturnValue:
    """The message counts as read, and its matter is opened."""
    notice = actions.mark_read(current_actor(), notice_id)
    return redirect(_target(current_actor(), notice) or url_for("messages.inbox"), 303)


@blueprint.post("/messages")
@access(Access.SIGNED_IN)
def read_all() -> ResponseReturnValue:
    actions.mark_all_read(current_actor())
    return redirect(url_for("messages.inbox"), 303)


@blueprint.get("/account/messages")
@access(Access.SIGNED_IN)
def channels() -> ResponseReturnValue:
    chosen = queries.chosen(db.session, current_actor().person_id or 0)
    values = {
        "email": "yes" if chosen and chosen.email else "",
        "phone": chosen.phone if chosen else "",
        "language": chosen.language if chosen else language(),
    }
    return _channels_page(values, {})


@blueprint.post("/account/messages")
@access(Access.SIGNED_IN)
def channels_send() -> ResponseReturnValue:
    """Keep the choice; e-mail goes to the address of the account, so nobody can have messages sent to somebody else."""
    values = {name: request.form.get(name, "").strip()[:40] for name in ("email", "phone", "language")}
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("accounts.login"))
    email = signed_in.email if values["email"] == "yes" else ""
    try:
        actions.choose_channels(current_actor(), email=email, phone=values["phone"], language=values["language"])
    except Invalid as error:
        return _channels_page(values, errors_by_field(error), error.http_status)
    flash(gettext("Your choice was kept."))
    return redirect(url_for("accounts.account"), 303)


def _channels_page(values: dict[str, str], errors: dict[str, Said], status: int = 200) -> ResponseReturnValue:
    available = queries.open_channels(current_app.config["LEIZHENG"])
    return render_template(
        "portal/accounts/channels.html",
        values=values,
        errors=errors,
        has_email=Channel.EMAIL in available,
        has_sms=Channel.SMS in available,
        languages=[(code, say(name), None) for code, name in LANGUAGE_NAMES.items()],
    ), status


def _my_company(actor: Actor) -> int | None:
    typed = request.args.get("company", "")
    return next((one for one in actor.company_ids if str(one) == typed), None)


def _target(actor: Actor, notice: Notice) -> str | None:
    """The page of the matter, on the side of the house on which the reader got the message."""
    if notice.company_id is not None and notice.company_id in actor.company_ids:
        if notice.commission_id is not None:
            return url_for("applicant_commissions.commission", commission_id=notice.commission_id)
        if notice.licence_id is not None:
            return url_for("applicant_licences.licence", licence_id=notice.licence_id)
        return url_for("applicant.case", case_id=notice.case_id) if notice.case_id is not None else None
    if notice.authority_id is not None:
        return _office_target(notice)
    if notice.case_id is not None and actor.is_officer:
        return url_for("office.case", case_id=notice.case_id)
    return url_for("accounts.account")


def _office_target(notice: Notice) -> str:
    if notice.case_id is not None:
        return url_for("office.case", case_id=notice.case_id)
    return url_for("office_ratings.ratings" if notice.role == Role.SUPERVISOR else "office.worklist")
