"""A sign-in that ended half way loses nothing: what was typed waits behind the door for who typed it, and is sent by nobody else.

Every form names, signed by this server, whose page it stood on. When it arrives and that sign-in is no more, nothing is done; the fields
are kept for that account, and after signing in they stand in the same form again, to be looked at and sent by an explicit press.
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from itsdangerous import BadData, URLSafeTimedSerializer
from markupsafe import Markup

from portal.accounts import kept_forms
from portal.components import path_exists
from portal.database import db
from portal.refill import refill
from portal.security import Access, access_of, current_sign_in, safe_next

OWNER_LIFETIME = timedelta(days=3)
"""How long an open page is known to be somebody's: over a weekend."""
CONFIRMS = "accounts.confirm_send"
NEVER_KEPT = frozenset({"csrf_token", "typed_by", "again", "repeat", "confirm_next", "second_factor_code"})
"""Fields that belong to one page of one sign-in, and secrets."""


def furnish(app: Flask) -> None:
    """Let the form component name whose form it is, and show what was kept."""
    app.jinja_env.globals.update(typed_by=typed_by, refilled=refilled)


def repeat_signer() -> URLSafeTimedSerializer:
    """Signs the note that lets a confirmed form be sent once more; only this server can write one."""
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="repeat-after-second-factor")


def typed_fields() -> list[tuple[str, str]]:
    """What the person typed into the form, without the fields of a confirm page around it."""
    return [(name, value) for name, value in request.form.items(multi=True) if name not in NEVER_KEPT and "password" not in name]


def typed_by() -> str:
    """Whose form this is, as only this server can say it; empty for a page that nobody signed in for."""
    signed_in = current_sign_in()
    return "" if signed_in is None else _owner_signer().dumps(signed_in.account_id)


def refilled(action: str, fields: Markup) -> tuple[Markup, bool] | None:
    """The inside of the form for ``action`` with what was kept for it, and whether files have to be chosen again; None when nothing is."""
    signed_in = current_sign_in()
    if request.method != "GET" or signed_in is None or not session.get("kept"):
        return None
    kept = kept_forms.find(db.session, signed_in.account_id, urlsplit(action).path or request.path)
    filled = refill(str(fields), kept.fields) if kept is not None else None
    return None if kept is None or filled is None else (filled, kept.files)


def kept_here() -> dict[str, str]:
    """What was kept for the form at this address; empty when there is nothing."""
    signed_in = current_sign_in()
    if request.method != "GET" or signed_in is None or not session.get("kept"):
        return {}
    kept = kept_forms.find(db.session, signed_in.account_id, request.path)
    return dict(kept.fields) if kept is not None else {}


def forget_sent() -> None:
    """A form that was shown with what was kept is being sent again: nothing is kept of it any more."""
    signed_in = current_sign_in()
    if signed_in is not None and "again" in request.form:
        kept_forms.forget(signed_in.account_id, request.path)


def keep_for_later(account_id: int) -> bool:
    """Keep the form of this request for an account; False when it is too large for that."""
    files = any(file.filename for file in request.files.values())
    kept = kept_forms.keep(account_id, _addresses()[0], typed_fields(), files=files)
    session["kept"] = kept or session.get("kept", False)
    return kept


def page_of_form() -> str:
    """The address of the page on which the form of this request stood, as far as this site knows it."""
    return _addresses()[1]


def sign_in_again() -> ResponseReturnValue:
    """Say that nothing was done, keep what was typed for who typed it, and lead through the door back to the form."""
    owner = owner_of_form()
    if owner is None or not _is_kept():
        flash(gettext("Your sign-in has ended, so nothing was sent or signed. Sign in, then do it once more."))
    elif keep_for_later(owner):
        flash(gettext("Your sign-in has ended, so nothing was sent or signed. Sign in again: what you typed is kept for you for one hour."))
    else:
        flash(gettext("Your sign-in has ended, so nothing was sent or signed. This is too long to be kept: go back and copy it first."))
    return redirect(url_for("accounts.login", next=page_of_form()), 303)


def show_again() -> ResponseReturnValue | None:
    """For a form of another sign-in than the present one: keep it and show it anew when it is the same person's; None when it is not."""
    owner, signed_in = owner_of_form(), current_sign_in()
    if owner is None or not _is_kept():
        return None
    if signed_in is None:
        return sign_in_again()
    return redirect(page_of_form(), 303) if signed_in.account_id == owner and keep_for_later(owner) else None


def owner_of_form() -> int | None:
    """The account on whose page the form of this request stood, when this server said so not too long ago."""
    try:
        owner = _owner_signer().loads(request.form.get("typed_by", ""), max_age=int(OWNER_LIFETIME.total_seconds()))
    except BadData:
        return None
    return owner if isinstance(owner, int) else None


def _is_kept() -> bool:
    """Whether this address takes forms that are worth keeping: neither public ones nor those with passwords."""
    closed = access_of(current_app, request.endpoint or "") in {Access.SIGNED_IN, Access.APPLICANT, Access.OFFICER, Access.ADMIN}
    return closed and (request.blueprint != "accounts" or (request.endpoint == CONFIRMS and _waiting() is not None))


def _addresses() -> tuple[str, str]:
    """The address to which the form is sent, and that of the page on which it stands."""
    waiting = _waiting() if request.endpoint == CONFIRMS else None
    path = urlsplit(waiting).path if waiting else request.path
    came = urlsplit(request.referrer or "")
    page = came.path + (f"?{came.query}" if came.query else "") if came.netloc == request.host and not waiting else None
    pages = (safe_next(page), safe_next(waiting or path))
    return path, next((here for here in pages if here and path_exists(urlsplit(here).path)), url_for("public.home"))


def _waiting() -> str | None:
    """Where the form goes that waits for the second factor."""
    try:
        target, _sign_in = repeat_signer().loads(request.form.get("repeat", ""), max_age=int(OWNER_LIFETIME.total_seconds()))
    except BadData:
        return None
    return safe_next(target)


def _owner_signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="whose-form")
