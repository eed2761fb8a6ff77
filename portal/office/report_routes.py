"""Reports of commissioned bodies: their pages as pictures, their files, and giving one back."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import commissions
from licensing.documents.previews import MEDIA_TYPE
from licensing.errors import Invalid
from portal.downloads import download
from portal.office.opening import open_case
from portal.security import Access, access, current_actor
from portal.typed import typed_text

blueprint = Blueprint("office_reports", __name__, url_prefix="/office/cases")
ID = "int(max=2147483647)"


@blueprint.get(f"/<{ID}:case_id>/reports/<{ID}:report_id>")
@access(Access.OFFICER)
def file(case_id: int, report_id: int) -> ResponseReturnValue:
    open_case(case_id)
    row, content = commissions.report_file(current_actor(), case_id, report_id)
    return download(content, commissions.PDF, row.filename)


@blueprint.get(f"/<{ID}:case_id>/reports/<{ID}:report_id>/pages/<{ID}:number>")
@access(Access.OFFICER)
def page(case_id: int, report_id: int, number: int) -> ResponseReturnValue:
    """The picture of a page of a report; where it could not be drawn, a picture that says so."""
    open_case(case_id)
    picture = commissions.report_page(current_actor(), case_id, report_id, number)
    if picture is None:
        return Response(render_template("portal/office/no_picture.svg"), mimetype="image/svg+xml")
    return Response(picture, mimetype=MEDIA_TYPE)


@blueprint.post(f"/<{ID}:case_id>/reports/<{ID}:report_id>/return")
@access(Access.OFFICER)
def give_back(case_id: int, report_id: int) -> ResponseReturnValue:
    """Return the report to the body with a reason."""
    open_case(case_id)
    reason = typed_text(request.form, "return_reason")
    try:
        commissions.return_report(current_actor(), case_id, report_id, reason)
        flash(gettext("The report was returned to the body."))
    except Invalid as error:
        flash(error.sentence.in_words(gettext))
    return redirect(url_for("office.case", case_id=case_id, _anchor="reports"), 303)
