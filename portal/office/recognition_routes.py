"""Qualifications that are to be reported to the China Meteorological Administration: until when, and that it was done."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import recognitions
from licensing.errors import Conflict, Invalid
from licensing.words import Said
from portal.components import errors_by_field
from portal.office.opening import open_case
from portal.security import Access, access, current_actor
from portal.typed import day_of, is_dated_key, typed_text

blueprint = Blueprint("office_recognitions", __name__, url_prefix="/office/recognitions")
ID = "int(max=2147483647)"
FIELDS = ("number", "reported_on")
"""Each duty has its own, with the id of its case behind the name."""


@blueprint.get("")
@access(Access.OFFICER)
def duties() -> ResponseReturnValue:
    return _page(None, {}, {})


@blueprint.post(f"/<{ID}:case_id>")
@access(Access.OFFICER)
def report(case_id: int) -> ResponseReturnValue:
    """Record that a qualification was reported; what was typed stays when something is wrong with it."""
    open_case(case_id)
    values = {name: typed_text(request.form, f"{name}_{case_id}")[:200] for name in FIELDS}
    try:
        recognitions.report(current_actor(), case_id, values["number"], day_of(values["reported_on"]))
    except Invalid as error:
        complaints = {f"{name}_{case_id}": sentence for name, sentence in errors_by_field(error).items()}
        return _page(case_id, values, complaints, error.http_status)
    except Conflict as error:
        return _page(case_id, values, {}, error.http_status, error)
    flash(gettext("The report was recorded."))
    return redirect(url_for("office_recognitions.duties"), 303)


def _page(
    case_id: int | None, values: dict[str, str], errors: dict[str, Said], status: int = 200, problem: Conflict | None = None
) -> ResponseReturnValue:
    after = request.args.get("after", "")
    after = after if after[:2] in ("0_", "1_") and is_dated_key(after[2:]) else ""
    return render_template(
        "portal/office/recognitions.html",
        page=recognitions.duties(current_actor(), after=after or None),
        after=after,
        typed=case_id,
        values=values,
        errors=errors,
        problem=problem,
    ), status
