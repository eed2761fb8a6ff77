"""The head of the authority extends the time to decide, once (T6; Licensing Law art. 42)."""

from __future__ import annotations

from datetime import date

from licensing.cases.actions import deem_accepted
from licensing.cases.deadlines import decision_due
from licensing.cases.journal import Loaded, load_for, record
from licensing.cases.lateness import needs_reason
from licensing.cases.letters import send
from licensing.cases.machine import Event
from licensing.clock import local_date
from licensing.clock.limits import LONGEST_EXTENSION
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict, FieldError, Invalid
from licensing.policy import Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say


def extend(actor: Actor, case_id: int, *, days: int, reason: str) -> None:
    """Extend the time to decide by ``days`` working days, 1 to 10, and tell the applicant why.

    Raises ``Conflict``: ``already-extended``, and ``extension-too-late`` once the legal date has passed.
    """
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_EXTEND)
        if not 1 <= days <= LONGEST_EXTENSION:
            sentence = say("Enter by how many working days, 1 to %(most)s.", most=LONGEST_EXTENSION)
            raise Invalid(sentence, [FieldError("days", "invalid", sentence)])
        _must_be_in_time(work, case)
        record(work, case, Event.EXTENDED, {"days": days, "reason": reason.strip()})
        send(work, case, Event.EXTENDED, [reason.strip()], days=days)


def new_dates(actor: Actor, case_id: int) -> dict[int, date | None]:
    """The legal date for each length that an extension may have; None while the clock stands."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_EXTEND)
        calendar = calendar_now(look.session)
        return {days: decision_due(case.view, case.matter, calendar, days) for days in range(1, LONGEST_EXTENSION + 1)}


def _must_be_in_time(work: Work, case: Loaded) -> None:
    due = decision_due(case.view, case.matter, calendar_now(work.session))
    if needs_reason(due, local_date(work.now)):
        raise Conflict(
            say("The time to decide ended on %(day)s; what has ended cannot be extended.", day=due),
            next_step=say("Decide now and say why it is late."),
            code="extension-too-late",
        )
