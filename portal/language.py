"""Which language a page is in: ``?lang=`` decides and is remembered in a cookie; Chinese unless asked otherwise."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, Response, has_request_context, request
from flask_babel import Babel, get_locale

LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
DEFAULT = "zh"
COOKIE = "lang"
YEAR = 365 * 24 * 3600


def speak(app: Flask) -> None:
    """Set up translation. Catalogues lie in ``portal/translations``."""
    app.config.update(
        BABEL_DEFAULT_LOCALE=LANGUAGES[DEFAULT], BABEL_TRANSLATION_DIRECTORIES="translations", BABEL_DEFAULT_TIMEZONE="Asia/Shanghai"
    )
    Babel(app, locale_selector=lambda: LANGUAGES[chosen()])
    app.after_request(_remember)
    app.jinja_env.globals.update(language=language, html_lang=html_lang, other_language_url=other_language_url)


def chosen() -> str:
    """The key in ``LANGUAGES`` that this request asked for."""
    if not has_request_context():
        return DEFAULT
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match(LANGUAGES, DEFAULT)
    asked = request.args.get("lang") or request.cookies.get(COOKIE, "")
    return asked if asked in LANGUAGES else DEFAULT


def language() -> str:
    """``zh`` or ``en``: the language the page is being written in."""
    locale = get_locale()
    return str(locale.language) if locale is not None else DEFAULT


def html_lang() -> str:
    """The language tag of the page (BCP 47)."""
    return "zh-Hans" if language() == "zh" else "en"


def other_language_url() -> str:
    """This page in the other language; the home page where this one cannot simply be opened."""
    other = "en" if language() == "zh" else "zh"
    reopened = request.method == "GET" and request.routing_exception is None
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"] if reopened else []
    return f"{request.path if reopened else '/'}?{urlencode([*kept, ('lang', other)])}"


def _remember(response: Response) -> Response:
    asked = request.args.get("lang")
    if asked in LANGUAGES and request.cookies.get(COOKIE) != asked:
        response.set_cookie(COOKIE, asked, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response
