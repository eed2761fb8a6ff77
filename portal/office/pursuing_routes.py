"""What follows a verification: verify a promise once more, or send the notice for a finding that waits."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import verifying
from licensing.commitments.consequences import CONSEQUENCES
from licensing.errors import Conflict
from licensing.licences.operations import Operation
from portal.security import Access, access, current_actor

blueprint = Blueprint("office_pursuing", __name__, url_prefix="/office/verifications")
ID = "int(max=2147483647)"


@blueprint.post(f"/again/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def again(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Verify a promise that stands once more."""
    verifying.verify_again(current_actor(), case_id, commitment_id)
    flash(gettext("A verification was opened."))
    return redirect(url_for("office.case", case_id=case_id), 303)


@blueprint.post(f"/pursue/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def pursue(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Send the notice for a finding that waits."""
    chosen = request.form.get("consequence", "")
    operation = next((one for one in CONSEQUENCES if str(one) == chosen), Operation.REVOKE_FOR_DECEIT)
    try:
        verifying.pursue_finding(current_actor(), case_id, commitment_id, operation)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
    else:
        flash(gettext("The notice was sent; the holder can answer it now."))
    return redirect(url_for("office.case", case_id=case_id), 303)
