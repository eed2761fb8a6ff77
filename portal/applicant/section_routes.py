"""The form, one section a page: what was typed is always kept, complete or not."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import drafts
from licensing.cases.journal import not_found
from licensing.cases.machine import State
from licensing.cases.queries import CasePage
from licensing.catalogue.model import Section
from licensing.errors import Conflict, Invalid
from licensing.words import Said
from portal.applicant import forms
from portal.applicant.pages import ID, is_open, my_page, next_url, open_page, to_case
from portal.components import errors_by_field
from portal.kept import kept_here
from portal.security import Access, access, current_actor

blueprint = Blueprint("applicant_sections", __name__, url_prefix="/my")


@blueprint.get(f"/cases/<{ID}:case_id>/sections/<section>")
@access(Access.APPLICANT)
def section(case_id: int, section: str) -> ResponseReturnValue:
    page = my_page(case_id)
    if page.state not in (State.DRAFT, State.CORRECTION):
        return to_case(case_id)
    part = _part(page, section)
    kept = kept_here()
    if kept:
        return _form_page(page, part, forms.read_section(part, kept), {})
    errors = _missing(page, part) if request.args.get("check") else {}
    return _form_page(page, part, page.case.answers.get(part.code), errors)


@blueprint.post(f"/cases/<{ID}:case_id>/sections/<section>")
@access(Access.APPLICANT)
def section_send(case_id: int, section: str) -> ResponseReturnValue:
    """Save first, judge afterwards: an answer that is wrong is still an answer that nobody wants to type twice."""
    page = open_page(case_id)
    part = _part(page, section)
    rows = forms.changed_rows(part, request.form) if part.repeats else None
    if rows is not None:
        return _form_page(page, part, rows, {})
    typed = forms.read_section(part, request.form)
    try:
        drafts.save_section(current_actor(), case_id, part.code, typed, _version())
    except Invalid as error:
        return _form_page(page, part, typed, errors_by_field(error), status=error.http_status, next_step=error.next_step)
    except Conflict as error:
        return _form_page(page, part, typed, {}, status=error.http_status, refusal=error)
    if request.form.get("then") == "draft":
        flash(gettext("The draft was saved."))
        return to_case(case_id)
    return _judge(case_id, part)


def _judge(case_id: int, part: Section) -> ResponseReturnValue:
    page = my_page(case_id)
    errors = _missing(page, part)
    if errors:
        return _form_page(page, part, page.case.answers.get(part.code), errors, status=422, saved=True)
    return redirect(next_url(page, part.code), 303)


def _form_page(
    page: CasePage,
    part: Section,
    values: Any,
    errors: dict[str, Said],
    *,
    status: int = 200,
    saved: bool = False,
    next_step: Said | None = None,
    refusal: Conflict | None = None,
) -> ResponseReturnValue:
    opened = None if page.state is State.DRAFT else forms.open_fields(part, page.view.correction_items)
    rows = forms.row_questions(part, values, errors) if part.repeats else []
    stored = page.case.answers.get(part.code)
    return render_template(
        "portal/applicant/section.html",
        page=page,
        section=part,
        errors=errors,
        next_step=next_step,
        saved=saved,
        refusal=refusal,
        changeable=bool(opened) if opened is not None else True,
        rows_open=is_open(page, part.code),
        questions=[] if part.repeats else forms.questions(part.fields, part.code, _merged(values, stored), errors, opened),
        rows=rows,
        blank=forms.questions(part.fields, f"{part.code}.__INDEX__", {}, {}) if part.repeats else [],
        notes=[item["note"] for item in page.view.correction_items if item["target"].split(".", 1)[0] == part.code],
        places=forms.places(),
        version=_version() if request.method == "POST" and not saved else page.case.draft_version,
        reload_url=url_for("applicant_sections.section", case_id=page.case.id, section=part.code),
    ), status


def _merged(typed: Any, stored: Any) -> dict[str, Any]:
    """What was typed, over what is stored: fields that are closed to changes are not in the form."""
    return {**(stored if isinstance(stored, dict) else {}), **(typed if isinstance(typed, dict) else {})}


def _missing(page: CasePage, part: Section) -> dict[str, Said]:
    return next((forms.complaints(task.missing) for task in page.tasks if task.kind == "section" and task.code == part.code), {})


def _part(page: CasePage, code: str) -> Section:
    part = page.matter.section(code)
    if part is None:
        raise not_found()
    return part


def _version() -> int:
    typed = request.form.get("draft_version", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 9 else 0
