"""Who may open which page: every route declares its access class, everything else is closed (design invariant 1).

The classes decide who may *enter*; what may be done to an object is always asked of ``licensing.policy``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_security.utils import logout_user
from flask_wtf.csrf import CSRFProtect

from licensing import policy
from licensing.clock import now as clock_now
from licensing.clock import today
from licensing.errors import Forbidden, Misconfigured, SignInEnded
from licensing.parties.queries import actor_for
from licensing.policy import Action, Actor, Subject
from licensing.settings import Settings
from licensing.words import say
from portal.accounts.actions import end_sign_in, touch_sign_in
from portal.accounts.queries import SignedIn, alive_sign_in
from portal.accounts.rules import is_idle
from portal.database import db


class Access(StrEnum):
    """Who may open a page."""

    PUBLIC = "public"
    SIGNED_IN = "signed-in"
    APPLICANT = "applicant"
    OFFICER = "officer"
    ADMIN = "admin"
    OPEN_API = "open-api"
    API = "api"


SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

STATELESS = frozenset({Access.OPEN_API, Access.API})
"""No cookie is read and no CSRF token is asked: nothing is done in the name of a browser session."""

REVIEWED: Mapping[str, Access] = {"static": Access.PUBLIC}
"""Endpoints that libraries register. Flask-Security registers none: its blueprint is switched off."""

WITHOUT_SECOND_FACTOR = frozenset({"accounts.enrol", "accounts.enrol_send"})
"""Where staff may go before they have a second factor."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ANONYMOUS = Actor(person_id=None, name="")
TOUCH_EVERY = 60

csrf = CSRFProtect()
View = TypeVar("View", bound=Callable[..., Any])
ApiGate = Callable[[], Actor]


def access(who: Access) -> Callable[[View], View]:
    """Declare who may open the page that the view makes. Goes below ``@blueprint.get(...)``."""

    def mark(view: View) -> View:
        view.leizheng_access = who  # type: ignore[attr-defined]
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> Access | None:
    """The declared class of an endpoint, or None where nobody declared one."""
    return getattr(app.view_functions.get(endpoint), "leizheng_access", None) or REVIEWED.get(endpoint)


def check_every_route_declares_access(app: Flask) -> None:
    """Raise ``Misconfigured`` when a route has no access class: such an application does not start."""
    open_doors = sorted({rule.endpoint for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None})
    if open_doors:
        raise Misconfigured(
            say("These routes do not declare who may open them: %(routes)s.", routes=", ".join(open_doors)),
            next_step=say("Put @access(Access.…) below their route."),
        )


def protect(app: Flask, settings: Settings) -> None:
    """CSRF on every unsafe request of a browser, default deny before every view, strict headers after it."""
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=settings.https)
    csrf.init_app(app)
    app.before_request(_guard)
    app.after_request(_harden)


def set_api_gate(app: Flask, gate: ApiGate) -> None:
    """Let ``gate`` decide who calls the pages of class ``API``: it returns the actor or raises. Without a gate they are closed."""
    app.extensions["leizheng-api-gate"] = gate


def current_actor() -> Actor:
    """Who asks, with seats and posts as they are now; read once per request."""
    if "leizheng_actor" not in g:
        signed_in = current_sign_in()
        g.leizheng_actor = (
            ANONYMOUS
            if signed_in is None
            else actor_for(
                db.session,
                signed_in.person_id,
                on=today(),
                second_factor_at=signed_in.second_factor_at,
                sign_in=str(signed_in.id),
            )
        )
    actor: Actor = g.leizheng_actor
    return actor


def current_sign_in() -> SignedIn | None:
    """The sign-in of this browser, or None. Ends it when it was idle for too long."""
    if "leizheng_sign_in" not in g:
        g.leizheng_sign_in = _find_sign_in()
    found: SignedIn | None = g.leizheng_sign_in
    return found


def drop_session() -> None:
    """Forget the session of this browser: the cookie's content and what this request knew of it."""
    logout_user()
    session.clear()
    g.leizheng_sign_in = None
    g.leizheng_actor = ANONYMOUS


def refuse_early(action: Action, subject: Subject) -> None:
    """Raise for those who may not do ``action`` at all, before what they sent is read; the act itself asks for the second factor."""
    ruling = policy.rule_on(current_actor(), action, subject, now=clock_now())
    if not ruling and not ruling.needs_second_factor:
        policy.require(current_actor(), action, subject, now=clock_now())


def is_staff(actor: Actor) -> bool:
    """Whether the person holds a post or an administrator's role, and so must have a second factor."""
    return actor.is_officer or bool(actor.admin_roles)


def safe_next(target: str | None) -> str | None:
    """``target`` when it is a path of this site, else None (threat F5)."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(character) < 33 or character == "\\" for character in target):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else target


def here() -> str:
    """The address of this page, as a relative ``next``."""
    return request.full_path.rstrip("?") if request.query_string else request.path


def _find_sign_in() -> SignedIn | None:
    token, uniquifier = session.get("sign_in"), session.get("_user_id")
    if not isinstance(token, str) or not isinstance(uniquifier, str):
        return None
    found = alive_sign_in(db.session, token, uniquifier)
    if found is None:
        return None
    now = clock_now()
    if is_idle(found.seen_at, now, seconds=current_app.config["LEIZHENG"].session_idle):
        end_sign_in(found.id)
        return None
    if is_idle(found.seen_at, now, seconds=TOUCH_EVERY):
        touch_sign_in(found.id)
    return found


def _guard() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    who = access_of(current_app, request.endpoint)
    if who in STATELESS:
        _enter_stateless(who)
        return None
    if request.method not in SAFE:
        _refuse_foreign_origin()
        csrf.protect()
    if who is Access.PUBLIC:
        return None
    signed_in = current_sign_in()
    if signed_in is None:
        if session.get("sign_in"):
            drop_session()
        if request.method not in SAFE:
            raise SignInEnded(say("Your sign-in has ended, so nothing was sent or signed."), next_step=say("Sign in and try again."))
        return redirect(url_for("accounts.login", next=here() if request.method == "GET" else None))
    return _check(who, signed_in)


def _check(who: Access | None, signed_in: SignedIn) -> ResponseReturnValue | None:
    actor = current_actor()
    if is_staff(actor) and signed_in.second_factor_at is None and request.endpoint not in WITHOUT_SECOND_FACTOR:
        return redirect(url_for("accounts.enrol"))
    fits = {
        Access.SIGNED_IN: True,
        Access.APPLICANT: bool(actor.memberships),
        Access.OFFICER: actor.is_officer,
        Access.ADMIN: bool(actor.admin_roles),
    }
    if who is None or not fits[who]:
        raise Forbidden(say("This page is not for your account."), next_step=say("Sign in with the account that has this task."))
    return None


def _enter_stateless(who: Access | None) -> None:
    g.leizheng_sign_in = None
    g.leizheng_actor = ANONYMOUS
    if who is Access.OPEN_API:
        return
    gate: ApiGate | None = current_app.extensions.get("leizheng-api-gate")
    if gate is None:
        raise Forbidden(say("This interface is closed."))
    g.leizheng_actor = gate()


def _refuse_foreign_origin() -> None:
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise Forbidden(say("This request came from another site."), next_step=say("Open the page here and try again."))


def _harden(response: Response) -> Response:
    settings: Settings = current_app.config["LEIZHENG"]
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    if settings.https:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint != "static":
        private = (session.accessed and bool(session)) or access_of(current_app, request.endpoint or "") not in {
            Access.PUBLIC,
            Access.OPEN_API,
        }
        if private:
            headers["Cache-Control"] = "no-store"
        headers.setdefault("Cache-Control", "no-cache")
    return response
