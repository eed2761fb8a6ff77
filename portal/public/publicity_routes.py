"""What is to be granted, made public before it is 公示: the list, one page each, and the form by which anybody objects."""

from __future__ import annotations

import re

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import publicising
from licensing.errors import Conflict, Invalid, NotFound
from licensing.words import Said, say
from portal.accounts import limits
from portal.components import errors_by_field
from portal.deadlines import clock_card
from portal.security import Access, access
from portal.typed import Filled, typed_text

blueprint = Blueprint("public_publicity", __name__, url_prefix="/publicity")
LONGEST = 2000
OBJECTIONS = limits.Limit("public-objection", 5, 60 * 60)
_NUMBER = re.compile(r"LZ\d{4,20}", re.ASCII)


@blueprint.get("")
@access(Access.PUBLIC)
def running() -> ResponseReturnValue:
    """Every publicity that was opened and is not decided yet."""
    return render_template("portal/public/publicities.html", rows=publicising.public_publicities())


@blueprint.get("/<number>")
@access(Access.PUBLIC)
def one(number: str) -> ResponseReturnValue:
    return _sheet(number, Filled({}))


@blueprint.post("/<number>")
@access(Access.PUBLIC)
def object_to_it(number: str) -> ResponseReturnValue:
    """Object; the receipt is the number of the objection. What was typed stays when something is wrong with it."""
    typed = {name: typed_text(request.form, name)[:LONGEST] for name in ("name", "contact", "text")}
    allowance = limits.hit((OBJECTIONS, request.remote_addr or ""))
    if not allowance:
        sentence = say("That was too often. Try again in %(minutes)s minutes.", minutes=-(-allowance.retry_after // 60))
        return _sheet(number, Filled(typed, {"text": sentence}), status=429)
    try:
        made = publicising.object_publicly(_known(number), **typed)
    except Invalid as error:
        return _sheet(number, Filled(typed, errors_by_field(error)), error.next_step, error.http_status)
    except Conflict as error:
        return _sheet(number, Filled(typed), status=error.http_status, problem=error)
    flash(gettext("Your objection was received as %(number)s. Keep this number; the authority answers before it decides.", number=made))
    return redirect(url_for("public_publicity.one", number=number), 303)


def _known(number: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise NotFound(say("Nothing is made public under this number."), next_step=say("Look for it in the list."))
    return number


def _sheet(
    number: str, given: Filled, next_step: Said | None = None, status: int = 200, problem: Conflict | None = None
) -> ResponseReturnValue:
    page = publicising.public_publicity(_known(number))
    return render_template(
        "portal/public/publicity.html",
        page=page,
        clock=clock_card(page.term),
        values=given.values,
        errors=given.errors,
        next_step=next_step,
        problem=problem,
    ), status
