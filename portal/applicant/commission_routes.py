"""Commissions of an inspection body: what authorities gave it to evaluate or inspect, and the report it hands in."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import commissions
from licensing.cases.commissions import Report
from licensing.errors import Invalid
from licensing.words import Said
from portal.applicant.pages import ID
from portal.components import errors_by_field
from portal.security import Access, access, current_actor
from portal.typed import Filled, day_of, number_of, typed_text

blueprint = Blueprint("applicant_commissions", __name__, url_prefix="/my/commissions")
PAGE_SIZE = 30


@blueprint.get("")
@access(Access.APPLICANT)
def commissioned() -> ResponseReturnValue:
    """The commissions of my companies, newest first."""
    after = request.args.get("after", "")
    found = commissions.mine(current_actor(), after=number_of(after), size=PAGE_SIZE)
    return render_template(
        "portal/applicant/commissions.html",
        rows=found.rows,
        first_url=url_for("applicant_commissions.commissioned") if after else None,
        next_url=url_for("applicant_commissions.commissioned", after=found.next_key) if found.next_key else None,
    )


@blueprint.get(f"/<{ID}:commission_id>")
@access(Access.APPLICANT)
def commission(commission_id: int) -> ResponseReturnValue:
    return _sheet(commission_id, Filled({}))


@blueprint.post(f"/<{ID}:commission_id>")
@access(Access.APPLICANT)
def send(commission_id: int) -> ResponseReturnValue:
    """Hand the report in; what was typed stays when something is wrong with it, but a file is chosen again."""
    typed = {name: typed_text(request.form, name) for name in ("number", "done_on", "passed", "opinion")}
    upload, limit = request.files.get("file"), current_app.config["LEIZHENG"].upload_limit
    file = (upload.filename, upload.stream.read(limit + 1)) if upload is not None and upload.filename else None
    passed = {"yes": True, "no": False}.get(typed["passed"])
    try:
        commissions.report(
            current_actor(), commission_id, Report(typed["number"], day_of(typed["done_on"]), passed, typed["opinion"], file)
        )
    except Invalid as error:
        return _sheet(commission_id, Filled(typed, errors_by_field(error) or {"file": error.sentence}), error.next_step, 422)
    flash(gettext("The report was handed in."))
    return redirect(url_for("applicant_commissions.commission", commission_id=commission_id), 303)


def _sheet(commission_id: int, filled: Filled, next_step: Said | None = None, status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "portal/applicant/commission.html",
        page=commissions.commission_page(current_actor(), commission_id),
        values=filled.values,
        errors=filled.errors,
        next_step=next_step,
        limit=current_app.config["LEIZHENG"].upload_limit,
    )
    return page, status
