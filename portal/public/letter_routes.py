"""Is this letter genuine? The QR's address, or the number with its check code: the register answers, with personal data masked."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue

from licensing.register import letters
from licensing.register.letters import CheckedLetter
from licensing.words import Said, say
from portal.accounts import limits
from portal.security import Access, access

blueprint = Blueprint("letters", __name__)
ID = "int(max=2147483647)"
LETTERS = limits.Limit("verify-letter", 30, 10 * 60)
MISSING = {
    "number": say("Type the number printed on the letter."),
    "code": say("Type the check code printed beside the QR code."),
}


@blueprint.after_request
def never_kept(response: Response) -> Response:
    """No cache may answer in the place of the register."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get(f"/l/<{ID}:letter_id>/<code>")
@access(Access.PUBLIC)
def scanned(letter_id: int, code: str) -> ResponseReturnValue:
    """Where the QR of a letter leads. A code could be guessed, so the questions of one address are counted."""
    return _answer({"number": "", "code": ""}, lambda: letters.scanned(letter_id, code))


@blueprint.get("/verify/letter")
@access(Access.PUBLIC)
def form() -> ResponseReturnValue:
    """The form, and the answer once number and code were typed."""
    typed = {name: request.args.get(name, "").strip() for name in MISSING}
    if not request.args:
        return _form(typed)
    missing = {name: sentence for name, sentence in MISSING.items() if not typed[name]}
    return _form(typed, missing, 422) if missing else _answer(typed, lambda: letters.typed(typed["number"], typed["code"]))


def _answer(typed: dict[str, str], ask: Callable[[], CheckedLetter | None]) -> ResponseReturnValue:
    allowance = limits.hit((LETTERS, request.remote_addr or ""))
    if not allowance:
        sentence = say("That was too often. Try again in %(minutes)s minutes.", minutes=-(-allowance.retry_after // 60))
        page, status = _form(typed, {"number": sentence}, 429)
        return Response(page, status, headers={"Retry-After": str(allowance.retry_after)})
    host = current_app.config["LEIZHENG"].public_host
    found = ask()
    return render_template("portal/public/letter.html", found=found, host=host), 200 if found else 404


def _form(typed: dict[str, str], errors: dict[str, Said] | None = None, status: int = 200) -> tuple[str, int]:
    return render_template("portal/public/letter_form.html", typed=typed, errors=errors or {}), status
