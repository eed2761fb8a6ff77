"""Ratings in figures, by authority: counts only."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from licensing.ratings.queries import Figures, figures
from licensing.ratings.rules import LEVEL_NAMES, Level
from portal.security import Access, access

blueprint = Blueprint("public_ratings", __name__)
WIDTH = 720.0


@blueprint.get("/ratings", endpoint="figures")
@access(Access.PUBLIC)
def figures_page() -> ResponseReturnValue:
    """How often each level was given, drawn and in numbers; who rated and what was written is told to nobody."""
    return render_template("portal/public/ratings.html", rows=[(one, _bar(one)) for one in figures()], level_names=LEVEL_NAMES)


def _bar(one: Figures) -> list[tuple[Level, int, float, float]]:
    """The parts of one bar: level, count, where it begins and how wide it is in the drawing."""
    parts, left = [], 0.0
    for level, count in one.counts.items():
        width = WIDTH * count / one.total
        if count:
            parts.append((level, count, left, width))
        left += width
    return parts
