"""Check the answers and hand the application in."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import actions
from licensing.cases.machine import State
from licensing.cases.queries import CasePage
from licensing.cases.submission import is_needed
from licensing.cases.targets import paper_target
from licensing.catalogue.answers import sections_asked
from licensing.catalogue.conditions import findings
from licensing.clock import today
from licensing.errors import Conflict, Invalid
from licensing.words import Said, say
from portal.applicant import pages
from portal.applicant.forms import shown
from portal.applicant.pages import ID, my_page, to_case
from portal.security import Access, access, current_actor

blueprint = Blueprint("applicant_check", __name__, url_prefix="/my")
SUBMITTABLE = frozenset({State.DRAFT, State.CORRECTION})


@blueprint.get(f"/cases/<{ID}:case_id>/check")
@access(Access.APPLICANT)
def check(case_id: int) -> ResponseReturnValue:
    page = my_page(case_id)
    return _check_page(page) if page.state in SUBMITTABLE else to_case(case_id)


@blueprint.post(f"/cases/<{ID}:case_id>/check")
@access(Access.APPLICANT)
def submit(case_id: int) -> ResponseReturnValue:
    """Hand in. A second press lands on the page of the case that is already handed in."""
    page = my_page(case_id)
    if page.state not in SUBMITTABLE:
        return to_case(case_id)
    if request.form.get("declared") != "yes":
        return _check_page(page, errors={"declared": say("Confirm the declaration first.")}, status=422)
    try:
        actions.submit(current_actor(), case_id)
    except Invalid as error:
        problems = [(found.path, found.sentence) for found in error.fields]
        return _check_page(page, problems=problems, refusal=error, status=error.http_status)
    except Conflict:
        if my_page(case_id).state in SUBMITTABLE:
            raise
        return to_case(case_id)
    flash(gettext("The application was submitted."))
    return to_case(case_id)


def _check_page(
    page: CasePage,
    *,
    errors: dict[str, Said] | None = None,
    problems: list[tuple[str, Said]] | None = None,
    refusal: Invalid | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    return render_template(
        "portal/applicant/check.html",
        page=page,
        errors=errors or {},
        problems=pages.problem_links(page, problems or []),
        refusal=refusal,
        unfinished=pages.unfinished(page),
        declared=request.form.get("declared") == "yes",
        url_of=lambda target: pages.target_url(page, target),
        changeable=lambda target: pages.is_open(page, target),
        target_of=paper_target,
        is_needed=lambda material: is_needed(material, page.case.answers),
        sections=sections_asked(page.matter, page.case.answers),
        against={error.path: error.sentence for task in page.tasks for error in task.missing if "." in error.path},
        findings=findings(page.matter, page.case.answers, today=today()),
        shown=shown,
    ), status
