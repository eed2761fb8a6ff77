"""Which legal date a case has now, and why: the walk of the clock over the case's own events. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from licensing.cases.machine import State
from licensing.cases.view import CaseView
from licensing.catalogue.model import Matter
from licensing.clock.calendar import Calendar
from licensing.clock.rules import LIMITS, Explanation, answer_term, explain
from licensing.words import Said, say


@dataclass(frozen=True, slots=True)
class Deadline:
    """The legal date that runs now, and the promised one where the authority promised to be faster; each with its steps.

    ``extended`` says that the head of the authority extended the legal one. The promised one stays as it was made (decision 25).
    """

    legal: Explanation
    promised: Explanation | None
    extended: Said | None = None

    @property
    def due(self) -> date | None:
        return self.legal.due


PROMISE_SOURCE = "办事指南承诺时限"
_INTAKE = frozenset({State.SUBMITTED})
DECIDING = frozenset({State.ACCEPTED, State.EVALUATING, State.HAND_IN, State.ANSWERED, State.PROPOSED, State.PUBLICITY, State.ISSUING})


def deadline(view: CaseView, matter: Matter, calendar: Calendar) -> Deadline | None:
    """The deadline of the state that ``view`` is in, or None when no legal clock runs.

    The decision clock runs on during the publicity: art. 45 of the Licensing Law does not name it.

    Intake: T1 from the day the complete materials arrived. Decision: T3, T4 or T5 from the day of acceptance, standing while an
    evaluation or inspection is under way, a proof is to be handed in or the applicant is heard (Order 37 arts. 8, 11, 15; Administrative
    Licensing Law arts. 32, 42, 45, 82). Answer: the day that the notice of an untrue promise named.
    """
    if view.state is State.NOTIFIED and view.untruth is not None:
        return Deadline(answer_term(int(view.untruth["days"]), view.clock_stops[-1].first, calendar, named=view.answer_due), None)
    if view.state in _INTAKE and view.received_on is not None:
        return Deadline(explain(view.received_on, LIMITS[matter.limits.accept], calendar), None)
    if view.state in DECIDING and view.accepted_on is not None:
        legal = _decision(view.accepted_on, view, matter, calendar, view.extra_days)
        return Deadline(legal, _promised(view, matter, calendar), _extended(view, matter, calendar, legal.due))
    return None


def decision_due(view: CaseView, matter: Matter, calendar: Calendar, extension: int | None = None) -> date | None:
    """The legal date of the decision, whatever the state; None before acceptance and while the clock stands.

    ``extension`` asks what it would be with so many working days more (T6).
    """
    if view.accepted_on is None:
        return None
    extra = view.extra_days if extension is None else extension
    return _decision(view.accepted_on, view, matter, calendar, extra).due


def _decision(start: date, view: CaseView, matter: Matter, calendar: Calendar, extension: int) -> Explanation:
    return explain(start, LIMITS[matter.limits.decide], calendar, stops=view.clock_stops, extension=extension)


def _extended(view: CaseView, matter: Matter, calendar: Calendar, due: date | None) -> Said | None:
    """What the extension did to the legal date, if there was one; while the clock stands there is no date to name."""
    if not view.extra_days:
        return None
    before = decision_due(view, matter, calendar, extension=0)
    if before is None or due is None:
        return say("The head of the authority extended the time to decide; working days added: %(days)s.", days=view.extra_days)
    return say("The head of the authority extended the time to decide from %(old)s to %(new)s.", old=before, new=due)


def _promised(view: CaseView, matter: Matter, calendar: Calendar) -> Explanation | None:
    limit = LIMITS[matter.limits.decide]
    if view.accepted_on is None or limit.amount is None or matter.promised_days >= limit.amount:
        return None
    return explain(view.accepted_on, limit.promised(matter.promised_days, PROMISE_SOURCE), calendar, stops=view.clock_stops)
