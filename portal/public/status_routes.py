"""The status lists of the authorities, for programs: signed tokens that anyone may fetch and carry along."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotAcceptable

from licensing.errors import Invalid, NotFound
from licensing.ledger import gate
from licensing.licences import status_list
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.trust.status_token import CWT_TYPE, JWT_TYPE
from licensing.words import say
from portal.security import Access, access

blueprint = Blueprint("status", __name__)

_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)


@blueprint.after_request
def open_to_browsers(response: Response) -> Response:
    """Pages of other sites may read the lists too (draft-ietf-oauth-status-list-20, 8.1); nothing here depends on who asks."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag"
    return response


@blueprint.get("/status/<code>")
@access(Access.OPEN_API)
def token(code: str) -> ResponseReturnValue:
    """The list of one authority, as CWT or JWT by the Accept header; with ``?time=`` the one that counted then (draft 8.4).

    It may be kept, but must be asked for again each time: an unchanged list then costs a 304. A register that is behind gives none (503):
    it may have forgotten a revocation.
    """
    wanted = request.accept_mimetypes.best_match((CWT_TYPE, JWT_TYPE)) if request.accept_mimetypes else CWT_TYPE
    if wanted is None:
        raise NotAcceptable
    moment = _asked_moment(request.args.get("time"))
    with reading(SYSTEM) as look:
        gate.require_whole(look.session)
        found = status_list.newest(look.session, code) if moment is None else status_list.at(look.session, code, moment)
    if found is None:
        raise NotFound(say("There is no status list of this authority for this time."))
    response = Response(found.cwt if wanted == CWT_TYPE else found.jwt, content_type=wanted)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Vary"] = "Accept"
    response.add_etag()
    return response.make_conditional(request)


def _asked_moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise Invalid(
            say("The time must be seconds since 1970-01-01."), next_step=say("For example ?time=1772413200."), code="time-malformed"
        )
    return datetime.fromtimestamp(int(text), UTC)
