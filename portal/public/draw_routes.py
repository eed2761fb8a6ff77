"""Draws of promises to verify, in public: what was frozen, what the log gave, what was drawn, and how anybody draws again."""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from licensing.cases import draws as drawn
from licensing.cases.draws import DrawPage
from licensing.errors import NotFound
from licensing.words import say
from portal.security import Access, access
from portal.typed import number_of

blueprint = Blueprint("public_draws", __name__)
PAGE_SIZE = 30
_NUMBER = re.compile(r"CJ\d{4,20}", re.ASCII)


@blueprint.get("/draws")
@access(Access.PUBLIC)
def draws() -> ResponseReturnValue:
    """All draws, newest first."""
    after = request.args.get("after", "")
    found = drawn.public_draws(after=number_of(after), size=PAGE_SIZE)
    return render_template(
        "portal/public/draws.html",
        rows=found.rows,
        first_url=url_for("public_draws.draws") if after else None,
        next_url=url_for("public_draws.draws", after=found.next_key) if found.next_key else None,
    )


@blueprint.get("/draws/<number>")
@access(Access.PUBLIC)
def one(number: str) -> ResponseReturnValue:
    """One draw; names of inspectors are masked."""
    return render_template("portal/public/draw.html", page=_draw(number))


@blueprint.get("/draws/<number>.json")
@access(Access.PUBLIC)
def told(number: str) -> ResponseReturnValue:
    """The same for programs."""
    page = _draw(number)
    return jsonify(
        number=page.draw.number,
        list_sha256=page.draw.list_sha256,
        tree_size=page.draw.tree_size,
        seed=page.draw.seed,
        drawn=[{"item": item, "inspectors": [person for person, _ in people]} for item, people in page.inspectors],
    )


@blueprint.get("/draws/<number>/list.json")
@access(Access.PUBLIC)
def listing(number: str) -> ResponseReturnValue:
    """The frozen list, byte for byte as the log holds its digest."""
    page = _draw(number)
    headers = {"Content-Disposition": f'attachment; filename="{page.draw.number}.json"'}
    return Response(page.listing, mimetype="application/json", headers=headers)


def _draw(number: str) -> DrawPage:
    if not _NUMBER.fullmatch(number):
        raise NotFound(say("There is no such draw."), next_step=say("Look for it in the list of draws."))
    return drawn.public_draw(number)
