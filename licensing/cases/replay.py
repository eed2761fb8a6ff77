"""How each event changes what a case is: the events are replayed, one after the other, and the state is what comes out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from licensing.cases.machine import INTERRUPTING, Clock, Event, State, transition
from licensing.cases.view import CaseView, Happened, Interruption, Submission
from licensing.catalogue.model import Step
from licensing.clock import local_date
from licensing.clock.rules import Stop
from licensing.errors import Conflict
from licensing.words import Said, say

_STOP_REASONS = {
    Event.EVALUATION_COMMISSIONED: say("Evaluation or inspection commissioned by the authority"),
    Event.PROMISE_WITHDRAWN: say("The applicant withdrew a promise and has the proof to hand in"),
    Event.PROOF_REQUIRED: say("The applicant has a proof to hand in"),
    Event.UNTRUTH_NOTIFIED: say("A promise was found untrue and the applicant is heard"),
    Event.CORRECTION_ORDERED: say("The applicant has a proof to hand in"),
}
_HANDLERS = {
    Event.ACCEPTED: "acceptor",
    Event.CORRECTION_REQUESTED: "corrector",
    Event.EVALUATION_COMMISSIONED: "examiner",
    Event.UNTRUTH_NOTIFIED: "finder",
    Event.DECISION_PROPOSED: "proposer",
    Event.EXTENDED: "extender",
    Event.GRANTED: "decider",
    Event.REFUSED: "decider",
    Event.CLOSED: "decider",
}


def seated_after(panel: Iterable[int], gone: Mapping[str, Any]) -> tuple[int, ...]:
    """Who sits on a panel after the event in which an expert was ``gone`` and the next of the draw took the seat."""
    return tuple(gone["successor"] if person == gone["expert"] else person for person in panel)


def replay(events: Iterable[Happened]) -> CaseView:
    """Reduce the events of a case to what it is now. Raises ``Conflict`` when an event cannot follow what came before."""
    view = CaseView()
    for happened in events:
        view = apply(view, happened)
    return view


def apply(view: CaseView, happened: Happened) -> CaseView:
    """``view`` after one more event."""
    if happened.type is Event.STARTED:
        return _started(view, happened)
    row = transition(view.state, happened.type, view.steps)
    if row is None:
        raise Conflict(
            say("This cannot be done any more: the case has moved on."),
            next_step=say("Load the page again and look at the new state."),
            code="case-moved-on",
        )
    back = view.interrupted
    state = row.landing(back.state if back else None)
    changed = _APPLY.get(happened.type, _unchanged)(view, happened)
    if back is not None and state in row.back_to:
        changed = _clock(changed, Clock.STOP, happened, back.reason)
    else:
        changed = _clock(changed, row.clock, happened, _stop_reason(view, happened.type))
    handlers = dict(view.handlers)
    person = happened.data.get("found_by", happened.actor_id)
    if happened.type in _HANDLERS and person is not None:
        handlers[_HANDLERS[happened.type]] = person
    interrupted = _interruption(view) if happened.type in INTERRUPTING else back
    return replace(changed, state=state, handlers=handlers, interrupted=interrupted)


def _started(view: CaseView, happened: Happened) -> CaseView:
    data = happened.data
    steps = frozenset(Step(step) for step in data.get("steps", ()))
    return replace(view, steps=steps, proof_versions=dict(data.get("proofs", {})), changes=data.get("changes"), renews=data.get("renews"))


def _stop_reason(view: CaseView, event: Event) -> Said | None:
    experts = event is Event.EVALUATION_COMMISSIONED and Step.EXPERT_REVIEW in view.steps
    return say("Expert review under way") if experts else _STOP_REASONS.get(event)


def _interruption(view: CaseView) -> Interruption | None:
    """Where handling is now. A proposal falls with the notice that comes after it, so what it had interrupted counts."""
    if view.state in (State.PROPOSED, State.PUBLICITY):
        return view.interrupted
    return Interruption(view.state, view.standing.reason if view.standing else None)


def _clock(view: CaseView, effect: Clock, happened: Happened, reason: Said | None) -> CaseView:
    """The stops after one more event: a stop begins on the day of its event and ends the day before the event that ends it."""
    if effect not in (Clock.STOP, Clock.RESUME, Clock.END):
        return view
    today, stops = local_date(happened.at), view.stops
    if view.standing is not None and view.standing.first < today:
        stops = (*stops, replace(view.standing, last=today - timedelta(days=1)))
    standing = Stop(today, None, reason) if effect is Clock.STOP and reason is not None else None
    return replace(view, stops=stops, standing=standing)


def _unchanged(view: CaseView, _: Happened) -> CaseView:
    return view


def _submitted(view: CaseView, happened: Happened) -> CaseView:
    data = happened.data
    submission = Submission(happened.at, data["answers"], tuple(data["documents"]), data["proofs"])
    return replace(
        view, submissions=(*view.submissions, submission), received_on=local_date(happened.at), correction_items=(), owed=frozenset()
    )


def _settled(view: CaseView, happened: Happened) -> CaseView:
    return replace(_submitted(view, happened), received_on=view.received_on)


def _withdrawn_promise(view: CaseView, happened: Happened) -> CaseView:
    items = tuple(happened.data["items"]) if view.state is State.SUBMITTED else ()
    owed = view.owed if items else view.owed | {happened.data["proof"]}
    return replace(view, owed=owed, correction_items=items, proposal=None, publicity=None)


def _proof_required(view: CaseView, happened: Happened) -> CaseView:
    """What was owed already was promised by choice and withdrawn by choice; only what is new is demanded."""
    proofs = frozenset(happened.data["proofs"])
    return replace(view, owed=view.owed | proofs, demanded=view.demanded | (proofs - view.owed))


def _untruth_notified(view: CaseView, happened: Happened) -> CaseView:
    due = date.fromisoformat(happened.data["due_on"])
    return replace(view, untruth=happened.data, answer=None, answer_due=due, proposal=None, publicity=None)


def _untruth_answered(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, answer=happened.data)


def _correction_ordered(view: CaseView, _: Happened) -> CaseView:
    proof = frozenset({view.untruth["proof"]} if view.untruth else ())
    return replace(view, owed=view.owed | proof, demanded=view.demanded | proof, untruth=None)


def _finding_dropped(view: CaseView, _: Happened) -> CaseView:
    return replace(view, untruth=None)


def _correction_requested(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, correction_items=tuple(happened.data["items"]))


def _accepted(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, accepted_on=local_date(happened.at))


def _deemed_accepted(view: CaseView, _: Happened) -> CaseView:
    return replace(view, accepted_on=view.received_on, deemed=True)


def _commissioned(view: CaseView, happened: Happened) -> CaseView:
    data = happened.data
    if "draw" not in data:
        return view
    return replace(view, review={**data, "sequence": happened.sequence}, draws=(data["draw"],), panel=tuple(data["panel"]), stepped_down=())


def _expert_gone(view: CaseView, happened: Happened) -> CaseView:
    """The next of the draw takes the seat; where the draw was used up, another one was made for it."""
    data = happened.data
    panel = seated_after(view.panel, data)
    draws = (*view.draws, data["draw"]) if "draw" in data else view.draws
    return replace(view, draws=draws, panel=panel, stepped_down=(*view.stepped_down, data["expert"]))


def _site_checked(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, site_checks=(*view.site_checks, happened.data))


def _publicised(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, publicity={**happened.data, "sequence": happened.sequence})


def _evaluated(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, evaluation=happened.data)


def _proposed(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, proposal=happened.data)


def _returned(view: CaseView, _: Happened) -> CaseView:
    return replace(view, proposal=None, publicity=None)


def _decided(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, decision=happened.data, decided_at=happened.at)


def _granted(view: CaseView, happened: Happened) -> CaseView:
    return replace(_decided(view, happened), licence_id=happened.data["licence_id"])


def _transferred(view: CaseView, happened: Happened) -> CaseView:
    earlier = view.authorities or (int(happened.data["from"]),)
    return replace(view, authorities=(*earlier, int(happened.data["to"])))


def _extended(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, extension=happened.data)


def _voided(view: CaseView, _: Happened) -> CaseView:
    return replace(view, decision=None, decided_at=None, licence_id=None)


_APPLY = {
    Event.SUBMITTED: _submitted,
    Event.CORRECTED: _submitted,
    Event.CORRECTION_REQUESTED: _correction_requested,
    Event.ACCEPTED: _accepted,
    Event.DEEMED_ACCEPTED: _deemed_accepted,
    Event.NOT_ACCEPTED: _decided,
    Event.SITE_CHECKED: _site_checked,
    Event.EVALUATION_COMMISSIONED: _commissioned,
    Event.EXPERT_DECLINED: _expert_gone,
    Event.EXPERT_REPLACED: _expert_gone,
    Event.EVALUATION_RECORDED: _evaluated,
    Event.PROMISE_WITHDRAWN: _withdrawn_promise,
    Event.PROOF_REQUIRED: _proof_required,
    Event.PROOF_SETTLED: _settled,
    Event.UNTRUTH_NOTIFIED: _untruth_notified,
    Event.UNTRUTH_ANSWERED: _untruth_answered,
    Event.CORRECTION_ORDERED: _correction_ordered,
    Event.FINDING_DROPPED: _finding_dropped,
    Event.TERMINATED: _decided,
    Event.DECISION_PROPOSED: _proposed,
    Event.PROPOSAL_RETURNED: _returned,
    Event.PUBLICITY_OPENED: _publicised,
    Event.GRANTED: _granted,
    Event.LICENCE_VOIDED: _voided,
    Event.REFUSED: _decided,
    Event.WITHDRAWN: _decided,
    Event.TRANSFERRED: _transferred,
    Event.EXTENDED: _extended,
    Event.CLOSED: _decided,
}
