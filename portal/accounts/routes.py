"""Sign in, second factor, confirm, own account, sign out."""

from __future__ import annotations

import base64
import io
from datetime import timedelta
from urllib.parse import quote

import qrcode
import qrcode.image.svg
from flask import Blueprint, current_app, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_security.utils import login_user
from itsdangerous import BadData

from licensing.cases.experts import is_expert
from licensing.clock import now as clock_now
from licensing.errors import FieldError, Invalid
from licensing.parties import queries as parties
from licensing.policy import Role
from licensing.seats.queries import invitations_to
from licensing.words import Said, say
from portal.accounts import actions, kept_forms, limits, queries
from portal.accounts.rules import canonical_email
from portal.accounts.secrets_at_rest import new_totp_secret, password_fits
from portal.accounts.tables import Account
from portal.components import errors_by_field, navigation
from portal.database import db
from portal.kept import repeat_signer, typed_fields
from portal.security import Access, access, current_actor, current_sign_in, drop_session, safe_next

blueprint = Blueprint("accounts", __name__)
PENDING_SECONDS = 5 * 60
Errors = dict[str, Said]


@blueprint.get("/login")
@access(Access.PUBLIC)
def login() -> ResponseReturnValue:
    if current_sign_in() is not None:
        return redirect(safe_next(request.args.get("next")) or _landing())
    return _login_page({}, email="", next_url=safe_next(request.args.get("next")))


@blueprint.post("/login")
@access(Access.PUBLIC)
def login_send() -> ResponseReturnValue:
    """Check the password. Unknown, closed and wrong get the same answer after the same work (threat A4)."""
    email, next_url = request.form.get("email", ""), safe_next(request.form.get("next"))
    counted = _login_counters(email)
    allowance = limits.hit(*counted)
    if not allowance:
        return _login_page({"email": _too_often(allowance)}, email=email, next_url=next_url, status=429)
    account = queries.account_by_email(db.session, email)
    if not password_fits(account.password if account else None, request.form.get("password", "")) or account is None:
        wrong = say("The e-mail address or the password is not right.")
        return _login_page({"email": wrong}, email=email, next_url=next_url, status=422)
    limits.forget(*counted[:2])
    if not account.totp_secret:
        return _enter(account, next_url, second_factor=False)
    session.clear()
    session["pending"] = {"account": account.fs_uniquifier, "until": (clock_now() + timedelta(seconds=PENDING_SECONDS)).timestamp()}
    return redirect(url_for("accounts.code", next=next_url))


@blueprint.get("/login/code")
@access(Access.PUBLIC)
def code() -> ResponseReturnValue:
    if _pending_account() is None:
        return redirect(url_for("accounts.login", next=safe_next(request.args.get("next"))))
    return render_template("portal/accounts/code.html", errors={}, next_url=safe_next(request.args.get("next")))


@blueprint.post("/login/code")
@access(Access.PUBLIC)
def code_send() -> ResponseReturnValue:
    next_url = safe_next(request.form.get("next"))
    account = _pending_account()
    if account is None:
        flash(_("That took too long. Please sign in again."))
        return redirect(url_for("accounts.login", next=next_url))
    error = _check_code(account.id)
    if error is not None:
        return render_template("portal/accounts/code.html", errors={"second_factor_code": error}, next_url=next_url), 422
    return _enter(account, next_url, second_factor=True)


@blueprint.post("/logout")
@access(Access.PUBLIC)
def logout() -> ResponseReturnValue:
    signed_in = current_sign_in()
    if signed_in is not None:
        actions.end_sign_in(signed_in.id)
    drop_session()
    flash(_("You are signed out."))
    return redirect(url_for("public.home"))


@blueprint.get("/account")
@access(Access.SIGNED_IN)
def account() -> ResponseReturnValue:
    actor, signed_in = current_actor(), current_sign_in()
    return render_template(
        "portal/accounts/account.html",
        invitations=invitations_to(actor, canonical_email(signed_in.email)) if signed_in else [],
        is_expert=is_expert(actor),
        may_sign=any(membership.role is Role.SIGNATORY for membership in actor.memberships),
        companies={company_id: parties.company(db.session, company_id).name for company_id in actor.company_ids},
        authorities={authority_id: parties.authority(db.session, authority_id) for authority_id in actor.authority_ids},
    )


@blueprint.get("/account/second-factor")
@access(Access.SIGNED_IN)
def enrol() -> ResponseReturnValue:
    signed_in = current_sign_in()
    if signed_in is None or signed_in.has_second_factor:
        return redirect(url_for("accounts.account"))
    session.setdefault("enrolling", new_totp_secret())
    return _enrol_page({})


@blueprint.post("/account/second-factor")
@access(Access.SIGNED_IN)
def enrol_send() -> ResponseReturnValue:
    signed_in, secret = current_sign_in(), session.get("enrolling")
    if signed_in is None or not secret:
        return redirect(url_for("accounts.enrol"))
    if not limits.hit((limits.SECOND_FACTOR, str(signed_in.account_id))):
        return _enrol_page({"second_factor_code": say("That was too often. Wait five minutes and try again.")}), 429
    typed = request.form.get("second_factor_code", "")
    if not actions.enrol_second_factor(signed_in.account_id, secret, typed, sign_in_id=signed_in.id):
        return _enrol_page(
            {"second_factor_code": say("This code is not right. Check the time of your phone and type the newest code.")}
        ), 422
    session.pop("enrolling")
    flash(_("Your second factor is set up."))
    return redirect(safe_next(session.pop("after_enrol", None)) or _landing_after_reload())


@blueprint.get("/account/password")
@access(Access.SIGNED_IN)
def password() -> ResponseReturnValue:
    return render_template("portal/accounts/password.html", errors={}, next_step=None)


@blueprint.post("/account/password")
@access(Access.SIGNED_IN)
def password_send() -> ResponseReturnValue:
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("accounts.login"))
    error = _change_password(signed_in.account_id, signed_in.email)
    if error is not None:
        return render_template("portal/accounts/password.html", errors=errors_by_field(error), next_step=error.next_step), 422
    drop_session()
    flash(_("Your password is changed and every session has ended. Please sign in again."))
    return redirect(url_for("accounts.login"))


@blueprint.get("/confirm")
@access(Access.SIGNED_IN)
def confirm() -> ResponseReturnValue:
    signed_in = current_sign_in()
    if signed_in is not None and not signed_in.has_second_factor:
        return redirect(url_for("accounts.enrol"))
    return _confirm_page({}, safe_next(request.args.get("next")) or _landing())


@blueprint.post("/confirm")
@access(Access.SIGNED_IN)
def confirm_send() -> ResponseReturnValue:
    """Take the code. A form that waited for it is sent once more by the browser (status 307), just as it was."""
    signed_in = current_sign_in()
    if signed_in is None:
        return redirect(url_for("accounts.login"))
    next_url = safe_next(request.form.get("confirm_next")) or _landing()
    error = _check_code(signed_in.account_id, sign_in_id=signed_in.id)
    if error is not None:
        return _confirm_page({"second_factor_code": error}, next_url, status=422)
    repeated = _repeat_target(signed_in.id)
    return redirect(repeated, 307) if repeated else redirect(next_url)


def _login_page(errors: Errors, *, email: str, next_url: str | None, status: int = 200) -> ResponseReturnValue:
    return render_template("portal/accounts/login.html", errors=errors, email=email, next_url=next_url), status


def _enrol_page(errors: Errors) -> str:
    secret, signed_in = session["enrolling"], current_sign_in()
    address = signed_in.email if signed_in else ""
    uri = f"otpauth://totp/Leizheng:{quote(address)}?secret={secret}&issuer=Leizheng"
    grouped_secret = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render_template("portal/accounts/enrol.html", errors=errors, secret=grouped_secret, picture=_qr_picture(uri))


def _confirm_page(errors: Errors, next_url: str, status: int = 200) -> ResponseReturnValue:
    kept = typed_fields()
    repeat = request.form.get("repeat", "")
    return render_template("portal/accounts/confirm.html", errors=errors, next_url=next_url, repeat=repeat, kept=kept), status


def _enter(account: Account, next_url: str | None, *, second_factor: bool) -> ResponseReturnValue:
    """A new session under a new name (threat A5)."""
    session.clear()
    login_user(account, remember=False, authn_via=["password"])
    session["sign_in"] = actions.begin_sign_in(account.id, second_factor=second_factor)
    session["kept"] = kept_forms.waits(db.session, account.id)
    db.session.rollback()
    g.pop("leizheng_sign_in", None)
    g.pop("leizheng_actor", None)
    return redirect(next_url or _landing())


def _pending_account() -> Account | None:
    pending = session.get("pending")
    if not isinstance(pending, dict) or pending.get("until", 0) < clock_now().timestamp():
        return None
    return queries.account_by_uniquifier(db.session, str(pending.get("account")))


def _check_code(account_id: int, *, sign_in_id: int | None = None) -> Said | None:
    allowance = limits.hit((limits.SECOND_FACTOR, str(account_id)))
    if not allowance:
        return _too_often(allowance)
    if not actions.use_second_factor(account_id, request.form.get("second_factor_code", ""), sign_in_id=sign_in_id):
        return say("This code is not right or was used already. Wait for the next code and type it.")
    limits.forget((limits.SECOND_FACTOR, str(account_id)))
    return None


def _change_password(account_id: int, email: str) -> Invalid | None:
    typed = request.form
    if not limits.hit((limits.LOGIN_ACCOUNT, canonical_email(email))):
        return _invalid("old_password", say("That was too often. Wait a quarter of an hour and try again."))
    account = queries.account_by_email(db.session, email)
    if account is None or not password_fits(account.password, typed.get("old_password", "")):
        return _invalid("old_password", say("This is not your present password."))
    if typed.get("new_password") != typed.get("new_password_again"):
        return _invalid("new_password_again", say("The two new passwords are not the same."))
    db.session.rollback()
    try:
        actions.change_password(account_id, typed.get("new_password", ""))
    except Invalid as error:
        return error
    return None


def _invalid(path: str, sentence: Said) -> Invalid:
    return Invalid(sentence, [FieldError(path, path, sentence)])


def _repeat_target(sign_in_id: int) -> str | None:
    """Where the waiting form goes, when this server wrote the note for this sign-in a short while ago."""
    try:
        target, owner = repeat_signer().loads(request.form.get("repeat", ""), max_age=current_app.config["LEIZHENG"].session_idle)
    except BadData:
        return None
    return safe_next(target) if owner == sign_in_id else None


def _login_counters(email: str) -> tuple[tuple[limits.Limit, str], ...]:
    account, address = canonical_email(email), request.remote_addr or "unknown"
    return (
        (limits.LOGIN_ACCOUNT_AND_ADDRESS, f"{account} {address}"),
        (limits.LOGIN_ACCOUNT, account),
        (limits.LOGIN_ADDRESS, address),
    )


def _too_often(allowance: limits.Allowance) -> Said:
    return say("That was too often. Try again in %(minutes)s minutes.", minutes=-(-allowance.retry_after // 60))


def _landing() -> str:
    """Where a person's work is: the first page of the masthead that is theirs alone."""
    own = [link.endpoint for link in navigation() if link.of_experts or link.who in {Access.OFFICER, Access.APPLICANT, Access.ADMIN}]
    return url_for(own[0] if own else "public.home")


def _landing_after_reload() -> str:
    db.session.rollback()
    g.pop("leizheng_sign_in", None)
    return _landing()


def _qr_picture(text: str) -> str:
    """The text as a QR picture in a data address."""
    image = qrcode.make(text, image_factory=qrcode.image.svg.SvgPathImage, border=2)
    stream = io.BytesIO()
    image.save(stream)
    return "data:image/svg+xml;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
