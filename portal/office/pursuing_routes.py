"""What follows a verification: verify a promise once more, or send the notice for a finding that waits."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import verifying
from licensing.commitments.consequences import CONSEQUENCES
from licensing.errors import Conflict, Invalid
from licensing.licences.operations import Operation
from licensing.policy import Action
from licensing.words import say
from portal.office.opening import open_case, open_case_to
from portal.security import Access, access, current_actor

blueprint = Blueprint("office_pursuing", __name__, url_prefix="/office/verifications")
ID = "int(max=2147483647)"


@blueprint.post(f"/again/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def again(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Verify a promise that stands once more."""
    open_case(case_id)
    verifying.verify_again(current_actor(), case_id, commitment_id)
    flash(gettext("A verification was opened."))
    return redirect(url_for("office.case", case_id=case_id), 303)


@blueprint.post(f"/pursue/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def pursue(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Send the notice for a finding that waits."""
    open_case_to(Action.COMMITMENT_VERIFY, case_id)
    chosen = request.form.get("consequence", "")
    try:
        verifying.pursue_finding(current_actor(), case_id, commitment_id, _operation(chosen))
    except (Conflict, Invalid) as error:
        flash(error.sentence.in_words(gettext))
    else:
        flash(gettext("The notice was sent; the holder can answer it now."))
    return redirect(url_for("office.case", case_id=case_id), 303)


def _operation(chosen: str) -> Operation:
    """What the notice announces; nobody's permit is put at stake by a field that was left out. Raises ``Invalid``."""
    operation = next((one for one in CONSEQUENCES if str(one) == chosen), None)
    if operation is None:
        raise Invalid(say("Choose what the notice announces."), code="consequence-missing")
    return operation
