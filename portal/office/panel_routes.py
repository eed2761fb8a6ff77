"""The panel of a case: remind its members, replace one, and the list from which it was drawn."""

from __future__ import annotations

import re

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from licensing.cases import panels, reviews
from licensing.cases.journal import not_found
from licensing.errors import Conflict, Invalid
from licensing.policy import Action
from licensing.words import say
from portal.office.opening import open_case, open_case_to
from portal.security import Access, access, current_actor
from portal.typed import complaint_about, typed_text

blueprint = Blueprint("office_panels", __name__, url_prefix="/office/cases")
ID = "int(max=2147483647)"
LONGEST_REASON = 500
_NUMBER = re.compile(r"PS\d{4,20}", re.ASCII)


@blueprint.post(f"/<{ID}:case_id>/panel/remind")
@access(Access.OFFICER)
def remind(case_id: int) -> ResponseReturnValue:
    """Write to everybody whose vote is missing."""
    open_case_to(Action.PANEL_REPLACE, case_id)
    try:
        count = panels.remind(current_actor(), case_id)
        flash(ngettext("One expert was reminded.", "%(num)s experts were reminded.", count))
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
    return _to_panel(case_id)


@blueprint.post(f"/<{ID}:case_id>/panel/<{ID}:person_id>/replace")
@access(Access.OFFICER)
def replace(case_id: int, person_id: int) -> ResponseReturnValue:
    """Replace a member with a reason; the next of the draw takes the seat."""
    open_case_to(Action.PANEL_REPLACE, case_id)
    reason = typed_text(request.form, "reason")
    complaint = complaint_about(reason, say("Say why this expert is replaced."), LONGEST_REASON)
    if complaint is not None:
        flash(complaint.in_words(gettext))
        return _to_panel(case_id)
    try:
        panels.replace_member(current_actor(), case_id, person_id, reason)
        flash(gettext("The expert was replaced, and the successor was told."))
    except (Invalid, Conflict) as error:
        flash(error.sentence.in_words(gettext) + (" " + error.next_step.in_words(gettext) if error.next_step else ""))
    return _to_panel(case_id)


@blueprint.get(f"/<{ID}:case_id>/panel/<number>.json")
@access(Access.OFFICER)
def listing(case_id: int, number: str) -> ResponseReturnValue:
    """The frozen list, byte for byte as the log holds its digest."""
    open_case(case_id)
    if not _NUMBER.fullmatch(number):
        raise not_found()
    content = reviews.panel_list(current_actor(), case_id, number)
    return Response(content, mimetype="application/json", headers={"Content-Disposition": f'attachment; filename="{number}.json"'})


def _to_panel(case_id: int) -> ResponseReturnValue:
    return redirect(url_for("office.case", case_id=case_id, _anchor="experts"), 303)
