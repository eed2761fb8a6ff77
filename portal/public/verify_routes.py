"""Is it true? The QR's address, the number with its check code, and the file itself: always a verdict, never an error."""

from __future__ import annotations

from datetime import date, datetime

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from licensing.clock import CHINA, now
from licensing.licences.verdict import Overall, Verdict, Weight
from licensing.licences.verify import verify_file, verify_number, verify_qr
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading
from licensing.trust.current import current_trust_list
from licensing.words import N_, Said, say
from portal.accounts import limits
from portal.components import NavLink
from portal.security import Access, access

blueprint = Blueprint("verify", __name__)
NAVIGATION = [NavLink("verify.form", N_("Check a licence"), Access.PUBLIC)]

NUMBERS = limits.Limit("verify-number", 30, 10 * 60)
FILES = limits.Limit("verify-file", 30, 10 * 60)
LONGEST_QR = 1300

HEADLINES = {
    Overall.VALID: ("ok", say("Genuine and in force")),
    Overall.UNKNOWN: ("unsure", say("Cannot be confirmed")),
    Overall.INVALID: ("no", say("Not valid")),
}
COLOURS = {Weight.GOOD: "ok", Weight.OPEN: "warn", Weight.BAD: "bad"}
MISSING = {
    "number": say("Type the number printed on the licence."),
    "code": say("Type the check code printed beside the QR code."),
}


@blueprint.after_request
def never_kept(response: Response) -> Response:
    """What was true when it was asked may be false in a second: no cache may answer in our place (threat C11)."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/verify")
@access(Access.PUBLIC)
def form() -> ResponseReturnValue:
    return _form()


@blueprint.get("/v/<path:digits>")
@access(Access.PUBLIC)
def scanned(digits: str) -> ResponseReturnValue:
    """Where the QR leads. The digits are the licence's own signed statement, so there is nothing to guess and nothing to count."""
    trust = current_trust_list(_settings())
    text = f"https://{trust.hosts[0]}/v/{digits[:LONGEST_QR]}"
    with reading(SYSTEM) as look:
        return _result(verify_qr(text, trust, trust.hosts, look.session))


@blueprint.get("/verify/number")
@access(Access.PUBLIC)
def number() -> ResponseReturnValue:
    """A GET, so that the answer can be loaded again and sent on; number and code are printed on the paper anyway."""
    typed = {name: request.args.get(name, "").strip() for name in MISSING}
    missing = {name: sentence for name, sentence in MISSING.items() if not typed[name]}
    if missing:
        return _form(typed, missing)
    allowance = limits.hit((NUMBERS, request.remote_addr or ""))
    if not allowance:
        return _too_often("number", allowance, typed)
    with reading(SYSTEM) as look:
        return _result(verify_number(typed["number"], typed["code"], look.session))


@blueprint.post("/verify/file")
@access(Access.PUBLIC)
def file() -> ResponseReturnValue:
    settings = _settings()
    content = read_upload(request.files.get("file"), settings.upload_limit)
    if not content:
        return _form(errors={"file": say("Choose a file that is not empty.")})
    if len(content) > settings.upload_limit:
        return _form(errors={"file": say("The file is larger than %(limit)s MB.", limit=settings.upload_limit // (1024 * 1024))})
    allowance = limits.hit((FILES, request.remote_addr or ""))
    if not allowance:
        return _too_often("file", allowance)
    trust = current_trust_list(settings)
    with reading(SYSTEM) as look:
        return _result(verify_file(content, trust, trust.hosts, look.session))


def read_upload(upload: FileStorage | None, limit: int) -> bytes:
    """The bytes of an upload, one more than ``limit`` at most; nothing when there is none."""
    if upload is None:
        return b""
    with upload.stream as stream:
        return stream.read(limit + 1)


def _form(typed: dict[str, str] | None = None, errors: dict[str, Said] | None = None, status: int = 422) -> tuple[str, int]:
    settings = _settings()
    page = render_template(
        "portal/public/verify.html",
        typed=typed or dict.fromkeys(MISSING, ""),
        errors=errors or {},
        limit=settings.upload_limit,
        host=settings.public_host,
    )
    return page, status if errors else 200


def _too_often(field: str, allowance: limits.Allowance, typed: dict[str, str] | None = None) -> Response:
    sentence = say("That was too often. Try again in %(minutes)s minutes.", minutes=-(-allowance.retry_after // 60))
    page, status = _form(typed, {field: sentence}, 429)
    return Response(page, status, headers={"Retry-After": str(allowance.retry_after)})


def _result(verdict: Verdict) -> str:
    kind, headline = HEADLINES[verdict.overall]
    return render_template(
        "portal/public/verify_result.html",
        verdict=verdict,
        kind=kind,
        headline=headline,
        why=_why(verdict),
        issued_on=_day(verdict.paper.valid_from) if verdict.paper else None,
        valid_until=_day(verdict.paper.valid_until) if verdict.paper else None,
        colours=COLOURS,
        checked_at=_clock(now()),
        as_of=_clock(verdict.as_of) if verdict.as_of else None,
        host=_settings().public_host,
    )


def _why(verdict: Verdict) -> Said | None:
    """The answer that decided: the first bad one, else the first open one."""
    answers = (verdict.whole, verdict.genuine, verdict.in_force)
    return next((answer.text for weight in (Weight.BAD, Weight.OPEN) for answer in answers if answer.weight is weight), None)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _clock(moment: datetime) -> str:
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _settings() -> Settings:
    settings: Settings = current_app.config["LEIZHENG"]
    return settings
