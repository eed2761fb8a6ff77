"""Promises in public: those that are published, figures, and the standard texts to read and download."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from licensing.cases.publicity import COLUMNS, Figures, promise_figures, published_promises
from licensing.catalogue.model import Matter, Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import today
from licensing.commitments.machine import STATE_NAMES
from licensing.errors import NotFound
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.words import say
from portal.downloads import download
from portal.promises import STATE_KINDS, fact_text
from portal.security import Access, access
from portal.typed import number_of

blueprint = Blueprint("public_promises", __name__)
PAGE_SIZE = 30
BAR_HEIGHT = 120


@blueprint.get("/promises")
@access(Access.PUBLIC)
def promises() -> ResponseReturnValue:
    """Published promises, newest first; personal data is masked."""
    after = request.args.get("after", "")
    found = published_promises(after=number_of(after), size=PAGE_SIZE)
    return render_template(
        "portal/public/promises.html",
        rows=found.rows,
        first_url=url_for("public_promises.promises") if after else None,
        next_url=url_for("public_promises.promises", after=found.next_key) if found.next_key else None,
        state_names=STATE_NAMES,
        state_kinds=STATE_KINDS,
        fact_text=fact_text,
    )


@blueprint.get("/promises/figures")
@access(Access.PUBLIC)
def figures() -> ResponseReturnValue:
    """What became of promises in the last twelve months, drawn and in numbers."""
    found = promise_figures()
    return render_template("portal/public/promise_figures.html", figures=[(one, _bars(one)) for one in found], columns=COLUMNS)


@blueprint.get("/guides/<matter>/promises/<proof>")
@access(Access.PUBLIC)
def text(matter: str, proof: str) -> ResponseReturnValue:
    """The standard text of a commitment letter, to be read (国办发〔2020〕42号)."""
    about, found = _in_force(matter, proof)
    return render_template("portal/public/promise_text.html", matter=about, proof=found)


@blueprint.get("/guides/<matter>/promises/<proof>.txt")
@access(Access.PUBLIC)
def text_file(matter: str, proof: str) -> ResponseReturnValue:
    """The same to keep; its SHA-256 is the one that a signed promise names."""
    _, found = _in_force(matter, proof)
    return download(found.notice_text().encode(), "text/plain; charset=utf-8", f"{found.code}.v{found.version}.txt")


def _in_force(matter: str, proof: str) -> tuple[Matter, Proof]:
    with reading(SYSTEM) as look:
        catalogue = catalogue_now(look.session)
    about = catalogue.matter(matter)
    for found in catalogue.promisable(about, today()):
        if found.code == proof:
            return about, found
    raise NotFound(say("There is no such proof, or a promise cannot replace it."))


def _bars(one: Figures) -> list[tuple[str, list[tuple[str, int, float, float]]]]:
    """The bars by month: column, count, top and height in the drawing, all on one scale."""
    most = max((count for _, counts in one.months for count in counts.values()), default=0) or 1

    def bar(column: str, count: int) -> tuple[str, int, float, float]:
        height = BAR_HEIGHT * count / most
        return column, count, BAR_HEIGHT - height, height

    return [(str(month.month), [bar(column, count) for column, count in counts.items()]) for month, counts in one.months]
