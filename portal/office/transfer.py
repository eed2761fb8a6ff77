"""The form with which a case is transferred: to which authority, and why."""

from __future__ import annotations

from licensing.cases import transfer
from licensing.cases.queries import CasePage
from licensing.policy import Actor
from licensing.words import say
from portal.office.opinions import typed_or_chosen
from portal.security import current_actor
from portal.typed import Filled, Form, Values, complaint_about, filled

REASON_LIMIT = 1000


def start(page: CasePage) -> Values:
    """The authority that the region of the project points to is chosen already."""
    values = _choices(page)
    return {**values, "target": values["fitting"], "body": values["names"].get(values["fitting"], "")}


def read(form: Form, page: CasePage) -> Filled:
    values, target, reason = _choices(page), form.get("target", ""), typed_or_chosen(form, "reason")
    return filled(
        {**values, "target": target, "body": values["names"].get(target, ""), "reason": reason, "canned": form.get("canned", "")},
        target=None if target in values["names"] else say("Choose the authority that takes the case over."),
        reason=complaint_about(reason, say("Give the reason; it stands in the letter to the applicant."), REASON_LIMIT),
    )


def perform(actor: Actor, page: CasePage, values: Values) -> None:
    transfer.transfer(actor, page.case.id, int(values["target"]), values["reason"])


def _choices(page: CasePage) -> Values:
    others, fitting = transfer.targets_of(current_actor(), page.case.id)
    return {"names": {str(one.id): one.name for one in others}, "fitting": str(fitting.id) if fitting else ""}
