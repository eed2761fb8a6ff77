"""People with accounts, and a browser that checks on every page it opens what every page of the portal must keep."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import tinyhtml5
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from licensing.clock import now
from portal.accounts import secrets_at_rest

PASSWORD = "vier Pferde im Regen"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
CHECKER_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
LOADING = ("src", "href", "action", "formaction", "poster", "srcset", "data", "background")
UNTYPED = {"hidden", "submit", "button", "reset", "image"}


@lru_cache(maxsize=8)
def parse(text: str) -> Element:
    """The page as a tree, read as a browser reads it. Whoever asks for the same page again gets the same tree: nobody changes it."""
    return tinyhtml5.parse(text, namespace_html_elements=False)


def check_headers(response: TestResponse) -> None:
    own = {CHECKER_POLICY} if response.request.path.startswith("/check/") else set()
    assert response.headers["Content-Security-Policy"] in {POLICY, *own}
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers.get("Cache-Control"), "a page must say whether it may be kept"


def check_page(text: str) -> None:
    """Unique ids, title, one h1, language, tokens in forms, labels, references that lead somewhere, nothing inline, nothing foreign."""
    page = parse(text)
    every = list(page.iter())
    ids = Counter(node.get("id") for node in every if node.get("id"))
    assert [name for name, times in ids.items() if times > 1] == [], "ids must be unique"
    assert page.get("lang") in {"zh-Hans", "en"}
    title = page.find(".//title")
    assert title is not None
    assert (title.text or "").strip(" -"), "a page needs a title"
    assert sum(node.tag == "h1" for node in every) == 1, "a page has one h1"
    for node in every:
        _check_nothing_inline(node)
        _check_nothing_foreign(node)
        for attribute in ("aria-describedby", "aria-labelledby", "for"):
            missing = [name for name in node.get(attribute, "").split() if name not in ids]
            assert missing == [], f"{attribute} leads nowhere: {missing}"
        if node.tag == "a" and node.get("href", "").startswith("#"):
            assert node.get("href")[1:] in ids, f"{node.get('href')} leads nowhere"
    for form in page.iter("form"):
        names = [field.get("name") for field in form.iter("input")]
        if form.get("method", "get").lower() == "post":
            assert "csrf_token" in names, "a form that changes something needs its token"
    labelled = {node.get("for") for node in page.iter("label")}
    for node in (*page.iter("input"), *page.iter("select"), *page.iter("textarea")):
        if node.get("type") not in UNTYPED:
            assert node.get("id") in labelled or node.get("aria-label"), f"{node.get('name')} has no label"


def _check_nothing_inline(node: Element) -> None:
    assert node.tag != "style"
    assert not [name for name in node.keys() if name == "style" or name.startswith("on")], f"inline on {node.tag}"  # noqa: SIM118
    if node.tag == "script":
        assert node.get("src"), "a script must be a file"


def _check_nothing_foreign(node: Element) -> None:
    for attribute in LOADING:
        target = node.get(attribute)
        if target and not (attribute == "src" and target.startswith("data:image/")):
            parts = urlsplit(target)
            assert not parts.netloc, f"{target} leads to another site"
            assert parts.scheme in {"", "tel", "mailto"}, f"{target} is no path of this site"


class CheckingClient(FlaskClient):
    """A browser that inspects every page it gets."""

    _token: tuple[str, str] | None = None

    def open(self, *args: object, **kwargs: object) -> TestResponse:
        response = super().open(*args, **kwargs)  # type: ignore[arg-type]
        if response.request.path.startswith("/static/"):
            return response
        check_headers(response)
        if response.mimetype == "text/html" and not 300 <= response.status_code < 400:
            check_page(response.get_data(as_text=True))
        return response

    def csrf(self) -> str:
        """The token of this session, which a page shows; one page is enough for a session."""
        with self.session_transaction() as session:
            secret = session.get("csrf_token")
        if self._token is None or self._token[0] != secret:
            token = self._shown_token()
            with self.session_transaction() as session:
                self._token = session["csrf_token"], token
        return self._token[1]

    def _shown_token(self) -> str:
        for path in ("/about", "/login"):
            page = parse(self.get(path).get_data(as_text=True))
            for field in page.iter("input"):
                if field.get("name") == "csrf_token":
                    return field.get("value", "")
        raise AssertionError("no form with a token was found")

    def send(self, path: str, data: dict[str, object] | None = None, **kwargs: object) -> TestResponse:
        """POST a form with the token of this session."""
        return self.post(path, data={"csrf_token": self.csrf(), **(data or {})}, **kwargs)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Someone:
    """A person with an account."""

    account_id: int
    person_id: int
    email: str
    secret: str | None
    password: str = PASSWORD

    def code(self) -> str:
        """The code that the authenticator shows now."""
        key = secrets_at_rest.totp_key(self.secret or "")
        return TOTP(key, 6, SHA1(), 30, enforce_key_length=False).generate(int(now().timestamp())).decode()  # noqa: S303
