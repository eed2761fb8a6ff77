"""Does my project need this? One question to a page; the address holds the answers, so that a result can be sent on and printed."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from licensing.catalogue import load_catalogue
from licensing.catalogue.loader import load_need
from licensing.catalogue.need import Asked, Need, OutcomeKind, Way, follow
from licensing.words import Said, say
from portal.security import Access, access

blueprint = Blueprint("public_need", __name__)
KIND_TAGS: dict[OutcomeKind, tuple[Said, str]] = {
    "needed": (say("A permit is needed"), "go"),
    "sector": (say("Another department is in charge"), "warn"),
    "not_needed": (say("No permit is needed"), "ok"),
}


@blueprint.get("/need")
@access(Access.PUBLIC)
def need() -> ResponseReturnValue:
    """The first question without an answer, the one to be changed, or the result. Answers that no question knows are left out."""
    found = load_need()
    given = _given(found)
    way = follow(found, given, until=request.args.get("change"))
    if way.open is None:
        return _result(way)
    unanswered = request.args.get("asked") == way.open.code and "change" not in request.args
    errors = {f"{way.open.code}-1": say("Choose one answer.")} if unanswered else {}
    page = render_template(
        "portal/public/need.html",
        way=way,
        question=way.open,
        chosen=given.get(way.open.code, ""),
        kept=_kept(given, way.open),
        errors=errors,
    )
    return page, 422 if errors else 200


def _given(found: Need) -> dict[str, str]:
    """The answers in the address, by question."""
    answers = {question.code: request.args.get(question.code, "") for question in found.questions}
    return {question.code: answers[question.code] for question in found.questions if question.choice(answers[question.code])}


def _kept(given: dict[str, str], asked: Asked) -> dict[str, str]:
    """What the form takes along: every other answer, so that changing one does not mean answering all again."""
    return {code: answer for code, answer in given.items() if code != asked.code}


def _result(way: Way) -> str:
    outcome = way.outcome
    matter = load_catalogue().matter(outcome.matter) if outcome and outcome.matter else None
    return render_template("portal/public/need_result.html", way=way, outcome=outcome, matter=matter, tags=KIND_TAGS)
