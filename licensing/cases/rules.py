"""What the events of a case say: state, whose turn, clock, differences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from licensing.cases.machine import TURNS, Event, State, Turn, transition
from licensing.clock import local_date
from licensing.clock.rules import Stop
from licensing.errors import Conflict
from licensing.words import say


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a case: its type, moment (aware UTC), who, and its data."""

    sequence: int
    type: Event
    at: datetime
    actor_id: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Submission:
    """What was handed in once: answers, documents, and the choice for each replaceable proof, as they stood at ``at``."""

    at: datetime
    answers: Mapping[str, Any]
    documents: tuple[Mapping[str, Any], ...]
    proofs: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its events tell it."""

    state: State = State.DRAFT
    submissions: tuple[Submission, ...] = ()
    correction_items: tuple[Mapping[str, str], ...] = ()
    accepted_on: date | None = None
    deemed: bool = False
    stopped_since: date | None = None
    stops: tuple[Stop, ...] = ()
    evaluation: Mapping[str, Any] | None = None
    proposal: Mapping[str, Any] | None = None
    decision: Mapping[str, Any] | None = None
    decided_at: datetime | None = None
    licence_id: int | None = None
    handlers: Mapping[str, int] = field(default_factory=dict)

    @property
    def turn(self) -> Turn:
        return TURNS[self.state]

    @property
    def received_on(self) -> date | None:
        """The day on which the complete materials of the latest submission arrived (domain 7.4)."""
        return local_date(self.submissions[-1].at) if self.submissions else None

    @property
    def clock_stops(self) -> tuple[Stop, ...]:
        """All stops of the decision clock, the open one included."""
        if self.stopped_since is None:
            return self.stops
        return (*self.stops, Stop(self.stopped_since, None, _STOP_REASON))


_STOP_REASON = say("Evaluation or inspection commissioned by the authority")
_HANDLERS = {
    Event.ACCEPTED: "acceptor",
    Event.CORRECTION_REQUESTED: "corrector",
    Event.EVALUATION_COMMISSIONED: "examiner",
    Event.DECISION_PROPOSED: "proposer",
    Event.GRANTED: "decider",
    Event.REFUSED: "decider",
}


def replay(events: Iterable[Happened]) -> CaseView:
    """Reduce the events of a case to what it is now. Raises ``Conflict`` when an event cannot follow what came before."""
    view = CaseView()
    for happened in events:
        view = apply(view, happened)
    return view


def apply(view: CaseView, happened: Happened) -> CaseView:
    """``view`` after one more event."""
    if happened.type is Event.STARTED:
        return view
    row = transition(view.state, happened.type)
    if row is None:
        raise Conflict(
            say("This cannot be done any more: the case has moved on."),
            next_step=say("Load the page again and look at the new state."),
            code="case-moved-on",
        )
    changed = _APPLY.get(happened.type, _unchanged)(view, happened)
    handlers = dict(view.handlers)
    if happened.type in _HANDLERS and happened.actor_id is not None:
        handlers[_HANDLERS[happened.type]] = happened.actor_id
    return replace(changed, state=row.target, handlers=handlers)


def _unchanged(view: CaseView, _: Happened) -> CaseView:
    return view


def _submitted(view: CaseView, happened: Happened) -> CaseView:
    data = happened.data
    submission = Submission(happened.at, data["answers"], tuple(data["documents"]), data["proofs"])
    return replace(view, submissions=(*view.submissions, submission), correction_items=())


def _correction_requested(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, correction_items=tuple(happened.data["items"]))


def _accepted(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, accepted_on=local_date(happened.at))


def _deemed_accepted(view: CaseView, _: Happened) -> CaseView:
    return replace(view, accepted_on=view.received_on, deemed=True)


def _commissioned(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, stopped_since=local_date(happened.at))


def _evaluated(view: CaseView, happened: Happened) -> CaseView:
    first, last = view.stopped_since, local_date(happened.at) - timedelta(days=1)
    stops = (*view.stops, Stop(first, last, _STOP_REASON)) if first is not None and first <= last else view.stops
    return replace(view, stopped_since=None, stops=stops, evaluation=happened.data)


def _proposed(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, proposal=happened.data)


def _returned(view: CaseView, _: Happened) -> CaseView:
    return replace(view, proposal=None)


def _decided(view: CaseView, happened: Happened) -> CaseView:
    return replace(view, decision=happened.data, decided_at=happened.at)


def _granted(view: CaseView, happened: Happened) -> CaseView:
    return replace(_decided(view, happened), licence_id=happened.data["licence_id"])


def _voided(view: CaseView, _: Happened) -> CaseView:
    return replace(view, decision=None, decided_at=None, licence_id=None)


_APPLY = {
    Event.SUBMITTED: _submitted,
    Event.CORRECTED: _submitted,
    Event.CORRECTION_REQUESTED: _correction_requested,
    Event.ACCEPTED: _accepted,
    Event.DEEMED_ACCEPTED: _deemed_accepted,
    Event.NOT_ACCEPTED: _decided,
    Event.EVALUATION_COMMISSIONED: _commissioned,
    Event.EVALUATION_RECORDED: _evaluated,
    Event.DECISION_PROPOSED: _proposed,
    Event.PROPOSAL_RETURNED: _returned,
    Event.GRANTED: _granted,
    Event.LICENCE_VOIDED: _voided,
    Event.REFUSED: _decided,
    Event.WITHDRAWN: _decided,
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that changed between two submissions; ``path`` as in ``project.address`` or ``document:as_built_drawings``."""

    path: str
    before: str
    after: str


def differences(before: Submission, after: Submission) -> tuple[Difference, ...]:
    """What changed from one submission to the next, in the order of paths."""
    old, new = _flat(before), _flat(after)
    return tuple(
        Difference(path, old.get(path, ""), new.get(path, "")) for path in sorted({*old, *new}) if old.get(path, "") != new.get(path, "")
    )


def may_change(items: Sequence[Mapping[str, str]], target: str) -> bool:
    """Whether a correction notice with ``items`` opens ``target`` (``section``, ``section.field``, ``document:slot``, ``proof:code``)."""
    named = {item["target"] for item in items}
    return target in named or target.split(".", 1)[0] in named


def _flat(submission: Submission) -> dict[str, str]:
    flat = dict(_leaves("", submission.answers))
    for document in submission.documents:
        key = f"document:{document['slot']}"
        flat[key] = ", ".join(filter(None, (flat.get(key, ""), str(document["filename"]) + " #" + str(document["sha256"])[:8])))
    flat.update({f"proof:{code}": str(choice["choice"]) for code, choice in submission.proofs.items()})
    return flat


def _leaves(prefix: str, value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value, start=1):
            yield from _leaves(f"{prefix}.{index}", inner)
    else:
        yield prefix, str(value)
