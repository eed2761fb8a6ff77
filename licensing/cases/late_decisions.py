"""A decision after its legal date says why it is late, from the list that can be counted."""

from __future__ import annotations

from typing import Any

from licensing.cases.deadlines import decision_due
from licensing.cases.journal import Loaded
from licensing.cases.lateness import needs_reason, reason_from
from licensing.cases.machine import Event, transition
from licensing.clock import local_date
from licensing.clock.queries import calendar_now
from licensing.errors import FieldError, Invalid
from licensing.storage import Work
from licensing.words import say


def late_because(work: Work, case: Loaded, event: Event, code: str) -> dict[str, Any]:
    """What ``event`` keeps of its lateness: the reason with this code and the date that was missed; nothing when it is in time.

    Raises ``Invalid`` (``late-reason-needed``) when it is late and the list has no such reason. What cannot happen any more is not asked.
    """
    due = decision_due(case.view, case.matter, calendar_now(work.session))
    if due is None or transition(case.view.state, event, case.view.steps) is None or not needs_reason(due, local_date(work.now)):
        return {}
    reason = reason_from(code)
    if reason is None:
        sentence = say("The legal date was %(day)s. Choose why the decision is late.", day=due)
        raise Invalid(sentence, [FieldError("late", "late-reason-needed", sentence)], code="late-reason-needed")
    return {"late": {"reason": str(reason), "due_on": due.isoformat()}}
