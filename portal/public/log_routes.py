"""The public log: a page for people, and the files of c2sp.org/tlog-tiles for programs, below the same address."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping

from flask import Blueprint, Response, current_app, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from licensing.errors import NotFound
from licensing.ledger import export as exports
from licensing.ledger import queries as ledger
from licensing.ledger.export import ENTRIES, TileFile
from licensing.ledger.notes import to_base64
from licensing.ledger.proof_files import MEDIA_TYPE, SUFFIX
from licensing.ledger.tiles import WIDTH, parse_path, tile_width
from licensing.licences import queries as licences
from licensing.licences.log_proof import published_proof
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading
from licensing.trust import checkpoints
from licensing.trust.current import current_trust_list
from licensing.words import Said, say
from portal.accounts import limits
from portal.downloads import download
from portal.public import verify_routes
from portal.security import Access, access

blueprint = Blueprint("log", __name__)

FIELDS = ("number", "code", "identifier")
KINDS: Mapping[str, Said] = {
    "licence-intent": say("What the licence says was fixed"),
    "licence-issued": say("The signed file was issued"),
    "licence-void": say("The number was given up"),
    "licence-event": say("Its status changed"),
}
OPEN = {"Access-Control-Allow-Origin": "*"}
FULL_AGE = "public, max-age=31536000, immutable"
PARTIAL_AGE = "public, max-age=86400, immutable"
_LEVEL = re.compile(r"0|[1-9]|[1-5][0-9]|6[0-3]")


@blueprint.get("/log")
@access(Access.PUBLIC)
def page() -> ResponseReturnValue:
    """What the log is, its newest checkpoint, and the proof for one licence that was asked for."""
    typed = {name: request.args.get(name, "").strip() for name in FIELDS}
    if not any(typed.values()):
        return _page(typed)
    if not typed["identifier"]:
        missing = {name: verify_routes.MISSING[name] for name in ("number", "code") if not typed[name]}
        if missing:
            return _page(typed, missing), 422
        # The same counter as on the page that checks licences: this is not a second door for guesses.
        allowance = limits.hit((verify_routes.NUMBERS, request.remote_addr or ""))
        if not allowance:
            sentence = say("That was too often. Try again in %(minutes)s minutes.", minutes=-(-allowance.retry_after // 60))
            return Response(_page(typed, {"number": sentence}), 429, headers={"Retry-After": str(allowance.retry_after)})
    with reading(SYSTEM) as look:
        identifier = _identifier(look.session, typed)
        if identifier is None:
            return _page(typed, {"identifier" if typed["identifier"] else "number": _unknown(typed)}), 404
        return _proof(look.session, identifier)


@blueprint.get("/log/proof/<identifier>")
@access(Access.PUBLIC)
def proof(identifier: str) -> ResponseReturnValue:
    """The proof for the record of a licence, to keep (c2sp.org/tlog-proof)."""
    with reading(SYSTEM) as look:
        found = published_proof(look.session, identifier)
    if found is None:
        raise NotFound(_not_yet(), code="not-yet-in-log")
    return download(found[0].text().encode(), MEDIA_TYPE, f"{identifier}{SUFFIX}")


@blueprint.get("/log/checkpoint")
@access(Access.OPEN_API)
def checkpoint() -> ResponseReturnValue:
    with reading(SYSTEM) as look:
        found = ledger.latest_checkpoint(look.session)
    if found is None:
        raise NotFound(say("No checkpoint was published yet."), code="log-empty")
    return Response(found.note, content_type="text/plain; charset=utf-8", headers={**OPEN, "Cache-Control": "no-store"})


@blueprint.get("/log/tile/<level>/<path:name>")
@access(Access.OPEN_API)
def tile(level: str, name: str) -> ResponseReturnValue:
    """A tile or a bundle of entries, as far as the newest checkpoint reaches: what was not signed is not shown."""
    file = _tile_file(level, name)
    with reading(SYSTEM) as look:
        newest = ledger.latest_checkpoint(look.session)
        if file is None or newest is None or file.width > tile_width(newest.size, file.level or 0, file.number):
            raise NotFound(say("The log has no such tile."))
        content = exports.content(look.session, file)
    headers = {**OPEN, "Cache-Control": FULL_AGE if file.width == WIDTH else PARTIAL_AGE}
    if file.level is None:
        headers["Vary"] = "Accept-Encoding"
        if request.accept_encodings["gzip"]:
            content = gzip.compress(content, mtime=0)
            headers["Content-Encoding"] = "gzip"
    return Response(content, content_type="application/octet-stream", headers=headers)


def _tile_file(level: str, name: str) -> TileFile | None:
    parsed = parse_path(name)
    if parsed is None or not (level == ENTRIES or _LEVEL.fullmatch(level)):
        return None
    return TileFile(None if level == ENTRIES else int(level), *parsed)


def _identifier(session: Session, typed: Mapping[str, str]) -> str | None:
    found = (
        licences.by_identifier(session, typed["identifier"])
        if typed["identifier"]
        else licences.by_number_and_code(session, typed["number"], typed["code"])
    )
    return None if found is None else found.identifier


def _unknown(typed: Mapping[str, str]) -> Said:
    if typed["identifier"]:
        return say("The log has no licence with this identifier.")
    return say("No licence has this number together with this check code.")


def _not_yet() -> Said:
    return say("The record stands in the log; the next checkpoint, within a minute, will prove it.")


def _page(typed: Mapping[str, str], errors: Mapping[str, Said] | None = None) -> str:
    settings = _settings()
    with reading(SYSTEM) as look:
        newest = ledger.latest_checkpoint(look.session)
    return render_template(
        "portal/public/log.html",
        typed=typed,
        errors=errors or {},
        newest=newest,
        head=to_base64(newest.root) if newest else "",
        keys=[key.text for key in checkpoints.note_keys(current_trust_list(settings))] if newest else [],
        host=settings.public_host,
    )


def _proof(session: Session, identifier: str) -> str:
    found = published_proof(session, identifier)
    entries = ledger.leaves_under(session, identifier)
    return render_template(
        "portal/public/log_proof.html",
        identifier=identifier,
        proof=found[0] if found else None,
        newest=found[1] if found else None,
        head=to_base64(found[1].root) if found else "",
        path=[to_base64(step) for step in found[0].path] if found else [],
        not_yet=_not_yet(),
        entries=[(entry.position, KINDS.get(entry.kind, entry.kind), entry.at) for entry in entries],
        host=_settings().public_host,
    )


def _settings() -> Settings:
    settings: Settings = current_app.config["LEIZHENG"]
    return settings
