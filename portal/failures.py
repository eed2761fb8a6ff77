"""Errors as pages for people and as problem+json (RFC 9457) for programs under ``/api/``."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, flash, g, json, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from licensing.errors import LeizhengError, ReauthenticationNeeded, SignInEnded
from licensing.words import Said, say
from portal import kept
from portal.security import ANONYMOUS, current_sign_in, here

PAGES: dict[int, tuple[Said, Said]] = {
    400: (say("This request could not be understood."), say("Go back, load the page again and try once more.")),
    401: (say("You are not signed in."), say("Sign in and try again.")),
    403: (say("You may not open this page."), say("Sign in with the account that has this task.")),
    404: (say("This page does not exist, or it is not yours to see."), say("Check the address or start from the home page.")),
    405: (say("This page cannot be used in this way."), say("Start again from the home page.")),
    413: (say("What you sent is too large."), say("Send smaller files, at most 20 MB each.")),
    429: (say("That was too often."), say("Wait a little and try again.")),
    500: (say("Something went wrong on our side."), say("Nothing was lost that had been confirmed. Try again in a few minutes.")),
}


def register(app: Flask) -> None:
    """Answer every error with a sentence, a code and a next step."""
    app.register_error_handler(ReauthenticationNeeded, _ask_second_factor)
    app.register_error_handler(SignInEnded, _sign_in_again)
    app.register_error_handler(LeizhengError, _known)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _plain)
    app.register_error_handler(InternalServerError, _broken)


def answer(status: int, code: str, sentence: Said, next_step: Said | None, **more: Any) -> ResponseReturnValue:
    """One error in the form that the caller reads."""
    if request.path.startswith("/api/"):
        problem = {"type": "about:blank", "status": status, "code": code, "title": in_words(sentence)}
        if next_step is not None:
            problem["next_step"] = in_words(next_step)
        return Response(json.dumps(problem | more), status, mimetype="application/problem+json")
    page = render_template("portal/errors/error.html", status=status, code=code, sentence=sentence, next_step=next_step, **more)
    return page, status


def _known(error: LeizhengError) -> ResponseReturnValue:
    fields = [{"path": field.path, "code": field.code, "sentence": in_words(field.sentence)} for field in getattr(error, "fields", ())]
    return answer(error.http_status, error.code, error.sentence, error.next_step, **({"fields": fields} if fields else {}))


def _ask_second_factor(error: ReauthenticationNeeded) -> ResponseReturnValue:
    """Ask for the code. A form that was already sent is kept and sent once more after the code is right."""
    signed_in = current_sign_in()
    if signed_in is None or request.path.startswith("/api/"):
        return _known(error)
    if request.method == "GET":
        return redirect(url_for("accounts.confirm", next=here()))
    if not signed_in.has_second_factor:
        kept.keep_for_later(signed_in.account_id)
        session["after_enrol"] = kept.page_of_form()
        flash(
            gettext(
                "This takes a second factor and your account has none yet, so nothing was sent or signed. Set it up; what you typed waits."
            )
        )
        return redirect(url_for("accounts.enrol"), 303)
    note = kept.repeat_signer().dumps([here(), signed_in.id])
    page = render_template("portal/accounts/confirm.html", next_url=here(), repeat=note, kept=kept.typed_fields(), errors={})
    return page, error.http_status


def _sign_in_again(error: SignInEnded) -> ResponseReturnValue:
    return _known(error) if request.path.startswith("/api/") else kept.sign_in_again()


def _stale_form(_error: CSRFError) -> ResponseReturnValue:
    """A form of a sign-in that is no more: what was typed is shown anew to who typed it."""
    return kept.show_again() or answer(
        400,
        "stale-form",
        say("This form is no longer valid."),
        say("Go back, load the page again and send it once more; nothing was saved."),
    )


def _plain(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if status < 400:
        return error.get_response()
    sentence, next_step = PAGES.get(status, PAGES[400 if status < 500 else 500])
    return answer(status, f"http-{status}", sentence, next_step)


def _broken(_error: InternalServerError) -> ResponseReturnValue:
    g.leizheng_sign_in, g.leizheng_actor = None, ANONYMOUS
    sentence, next_step = PAGES[500]
    return answer(500, "internal", sentence, next_step)


def in_words(sentence: Said) -> str:
    """The sentence in the language of the page."""
    return sentence.in_words(gettext)
