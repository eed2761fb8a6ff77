"""A deadline calculator for everybody: the clock that the cases run by, with the reason for every day."""

from __future__ import annotations

import re
from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from licensing.clock import LIMITS, Stop, explain, find_limit, parse_day, today
from licensing.clock.render import headline
from licensing.errors import Invalid, LeizhengError
from licensing.words import Said, say
from portal.deadlines import calendar_in_force, clock_card
from portal.security import Access, access

blueprint = Blueprint("public_deadline", __name__)
STOP_ROWS = 5
LONGEST = 20
ABOUT_EXTENSION = frozenset({"extension-too-long", "limit-not-extendable"})
_DAYS = re.compile(r"\d{1,3}", re.ASCII)


@blueprint.get("/deadline")
@access(Access.PUBLIC)
def deadline() -> ResponseReturnValue:
    """The form, and below it the date with its steps once a day was given. The address holds the question."""
    typed = {name: request.args.get(name, "").strip()[:LONGEST] for name in ("from", "limit", "extension")}
    stops = [(request.args.get(f"stop-{row}", "")[:LONGEST], request.args.get(f"until-{row}", "")[:LONGEST]) for row in range(STOP_ROWS)]
    errors: dict[str, Said] = {}
    explained = None
    if "from" in request.args:
        start, found = _day(typed["from"], "from", errors), _stops(stops, errors)
        extension = _extension(typed["extension"], errors)
        if start is not None and not errors:
            try:
                explained = explain(start, find_limit(typed["limit"]), calendar_in_force(), found, extension)
            except LeizhengError as error:
                errors["extension" if error.code in ABOUT_EXTENSION else "limit"] = error.sentence
    page = render_template(
        "portal/public/deadline.html",
        typed={"from": typed["from"] or today().isoformat(), "limit": typed["limit"] or "T3", "extension": typed["extension"]},
        stops=stops,
        shown_stops=max(1, sum(bool(first or last) for first, last in stops) + 1) if explained or errors else 1,
        errors=errors,
        limits=[(limit.id, limit) for limit in LIMITS.values()],
        card=clock_card(explained) if explained else None,
        explained=explained,
        headline=headline(explained) if explained else None,
    )
    return page, 422 if errors else 200


def _day(text: str, name: str, errors: dict[str, Said]) -> date | None:
    try:
        return parse_day(text)
    except Invalid as error:
        errors[name] = error.sentence
        return None


def _extension(text: str, errors: dict[str, Said]) -> int:
    """Working days; none where nothing was typed."""
    if text and not _DAYS.fullmatch(text):
        errors["extension"] = say("Enter whole working days, such as 5, or leave it empty.")
        return 0
    return int(text or 0)


def _stops(typed: list[tuple[str, str]], errors: dict[str, Said]) -> list[Stop]:
    """The stops that were typed; what cannot be one is complained about at its row."""
    found = []
    for row, (first, last) in enumerate(typed):
        if not first.strip() and not last.strip():
            continue
        try:
            found.append(Stop(parse_day(first), parse_day(last) if last.strip() else None, say("as you typed")))
        except Invalid as error:
            errors[f"stop-{row}"] = error.sentence
    return found
