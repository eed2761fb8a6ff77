"""The open interface: the verdict as JSON, the trust list, and their description. No account, no cookie."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.errors import FieldError, Invalid, LeizhengError
from licensing.licences.verdict import Verdict, as_json
from licensing.licences.verify import verify_file, verify_number, verify_qr
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading
from licensing.trust.current import current_trust_list
from licensing.words import say
from portal.accounts import limits
from portal.api.openapi import LONGEST_FIELD, description
from portal.public.verify_routes import read_upload
from portal.security import Access, access

blueprint = Blueprint("api", __name__)

CALLS = limits.Limit("api-verify", 120, 10 * 60)
JSON_LIMIT = 16 * 1024
FORM_ROOM = 64 * 1024
WAYS = ({"qr"}, {"number", "check_code"})


class TooOften(LeizhengError):
    """This address asked too often; ``retry_after`` in seconds."""

    code = "too-often"
    http_status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(say("That was too often."), next_step=say("Wait %(seconds)s seconds and ask more slowly.", seconds=retry_after))


@blueprint.post("/api/v1/verify")
@access(Access.OPEN_API)
def verify() -> ResponseReturnValue:
    """The four answers; status 200 for every verdict, also "invalid". 422 only when the request itself cannot be understood."""
    is_file = request.mimetype == "multipart/form-data"
    request.max_content_length = _settings().upload_limit + FORM_ROOM if is_file else JSON_LIMIT
    asked = _file() if is_file else _json_body()
    allowance = limits.hit((CALLS, request.remote_addr or ""))
    if not allowance:
        raise TooOften(allowance.retry_after)
    response = jsonify(as_json(_judge(asked), gettext))
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language"
    return response


@blueprint.get("/.well-known/leizheng/trust.pem")
@access(Access.OPEN_API)
def trust() -> ResponseReturnValue:
    """The trust list. Compare the fingerprint of its root with one that you got in another way before you pin it."""
    response = Response(current_trust_list(_settings()).to_pem(), mimetype="application/x-pem-file")
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/api/v1/openapi.json")
@access(Access.OPEN_API)
def openapi() -> ResponseReturnValue:
    return jsonify(description(_settings().public_host))


def _judge(asked: dict[str, Any]) -> Verdict:
    with reading(SYSTEM) as look:
        if "number" in asked:
            return verify_number(asked["number"], asked["check_code"], look.session)
        trust = current_trust_list(_settings())
        if "file" in asked:
            return verify_file(asked["file"], trust, trust.hosts, look.session)
        return verify_qr(asked["qr"], trust, trust.hosts, look.session)


def _file() -> dict[str, Any]:
    content = read_upload(request.files.get("file"), _settings().upload_limit)
    if not content:
        raise _malformed([FieldError("file", "required", say("Send the file as the part “file”."))])
    if len(content) > _settings().upload_limit:
        raise _malformed([FieldError("file", "too-large", say("The file is too large."))])
    return {"file": content}


def _json_body() -> dict[str, str]:
    try:
        body = json.loads(request.get_data(), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        raise Invalid(
            say("The body is not JSON, or it names a key twice."),
            next_step=say("Send one JSON object in UTF-8, or a file as multipart/form-data."),
            code="not-json",
        ) from error
    if not isinstance(body, dict) or set(body) not in WAYS:
        raise _malformed([])
    complaints = [
        FieldError(name, "text", say("This must be a text of 1 to %(length)s characters.", length=LONGEST_FIELD))
        for name, value in body.items()
        if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_FIELD
    ]
    if complaints:
        raise _malformed(complaints)
    return body


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers may pick different ones of two equal keys, so there must not be two (RFC 8259, 4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twin keys")
    return found


def _malformed(fields: list[FieldError]) -> Invalid:
    return Invalid(
        say("The request does not say what to check."),
        fields,
        next_step=say('Send {"qr": …}, or {"number": …, "check_code": …}, or a file as multipart/form-data.'),
        code="malformed-request",
    )


def _settings() -> Settings:
    settings: Settings = current_app.config["LEIZHENG"]
    return settings
