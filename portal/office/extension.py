"""The form with which the time to decide is extended: by how much, until when, and why."""

from __future__ import annotations

from datetime import date

from licensing.cases import extension
from licensing.cases.queries import CasePage
from licensing.policy import Actor
from licensing.words import Said, say
from portal.office.opinions import typed_or_chosen
from portal.security import current_actor
from portal.typed import Filled, Form, Values, complaint_about, filled

REASON_LIMIT = 1000


def start(page: CasePage) -> Values:
    """Nothing is chosen: how much time is needed is for the head to say. Each length shows the date that it leads to."""
    dates = extension.new_dates(current_actor(), page.case.id)
    return {"dates": dates, "choices": [(str(days), _choice(days, due)) for days, due in dates.items()]}


def read(form: Form, page: CasePage) -> Filled:
    values, reason = start(page), typed_or_chosen(form, "reason")
    days = next((one for one in values["dates"] if str(one) == form.get("days", "")), None)
    return filled(
        {**values, "days": days, "due_on": values["dates"].get(days), "reason": reason, "canned": form.get("canned", "")},
        days=None if days else say("Choose by how many working days."),
        reason=complaint_about(reason, say("Give the reason; it stands in the letter to the applicant."), REASON_LIMIT),
    )


def perform(actor: Actor, page: CasePage, values: Values) -> None:
    extension.extend(actor, page.case.id, days=values["days"], reason=values["reason"])


def _choice(days: int, due: date | None) -> Said:
    if due is None:
        return say("%(days)s working days; the clock stands now", days=days)
    return say("%(days)s working days, until %(due)s", days=days, due=due)
