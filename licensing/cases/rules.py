"""What the events of a case say: state, whose turn, clock, differences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from licensing.cases.machine import INTERRUPTING, STANDING, Clock, Event, State, Transition, Turn, transition, turn_in
from licensing.catalogue.answers import answer_at
from licensing.catalogue.model import Matter, Step
from licensing.clock import local_date
from licensing.clock.rules import Stop
from licensing.errors import Conflict
from licensing.words import Said, say


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
class Interruption:
    """The state in which handling was interrupted, and why the clock stood there, if it did."""

    state: State
    reason: Said | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its events tell it.

    ``steps`` are those that the procedure of the matter had when the case began. ``proof_versions`` are the versions of the replaceable
    proofs that were in force then. ``received_on`` is the day (in China) on which the complete materials of the latest submission arrived
    (domain 7.4). ``standing`` is the stop of the decision clock that has no end yet. ``owed`` are the proofs that must be handed in because
    their promise stands no more; those that the authority ``demanded`` are never promised again in this case. ``untruth`` is the notice
    that a promise was found untrue, ``answer`` what the applicant said to it, ``answer_due`` the last day for that. ``review`` is the
    expert review that was begun last, with the ``sequence`` of its event, ``draws`` are the draws for it, ``panel`` the experts who sit on
    it now, ``stepped_down`` those who were replaced. ``site_checks`` are what was found on site; ``publicity`` is what is made public now,
    with its last day and the ``sequence`` of its event. ``interrupted`` is where handling was before a notice or a proposal. ``changes``
    names the licence that this application changes, ``renews`` the ended case that it takes up again, because an objection was upheld.
    ``authorities`` are those through whose hands the case went, in order, when it was transferred; the last one has it. ``extension`` is
    what the head of the authority added to the time to decide (T6): days and reason.
    """

    state: State = State.DRAFT
    steps: frozenset[Step] = frozenset()
    proof_versions: Mapping[str, int] = field(default_factory=dict)
    submissions: tuple[Submission, ...] = ()
    received_on: date | None = None
    correction_items: tuple[Mapping[str, str], ...] = ()
    accepted_on: date | None = None
    deemed: bool = False
    standing: Stop | None = None
    stops: tuple[Stop, ...] = ()
    owed: frozenset[str] = frozenset()
    demanded: frozenset[str] = frozenset()
    interrupted: Interruption | None = None
    untruth: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] | None = None
    answer_due: date | None = None
    review: Mapping[str, Any] | None = None
    draws: tuple[Mapping[str, Any], ...] = ()
    panel: tuple[int, ...] = ()
    stepped_down: tuple[int, ...] = ()
    site_checks: tuple[Mapping[str, Any], ...] = ()
    evaluation: Mapping[str, Any] | None = None
    proposal: Mapping[str, Any] | None = None
    publicity: Mapping[str, Any] | None = None
    decision: Mapping[str, Any] | None = None
    decided_at: datetime | None = None
    licence_id: int | None = None
    extension: Mapping[str, Any] | None = None
    changes: Mapping[str, Any] | None = None
    renews: Mapping[str, Any] | None = None
    authorities: tuple[int, ...] = ()
    handlers: Mapping[str, int] = field(default_factory=dict)

    @property
    def turn(self) -> Turn:
        return turn_in(self.state, self.steps)

    @property
    def clock_stops(self) -> tuple[Stop, ...]:
        """All stops of the decision clock, the open one included."""
        return self.stops if self.standing is None else (*self.stops, self.standing)

    @property
    def extra_days(self) -> int:
        """The working days that the extension adds to the time to decide."""
        return int(self.extension["days"]) if self.extension else 0

    @property
    def publicity_until(self) -> date | None:
        """The last day of the publicity that was opened, if one was."""
        return date.fromisoformat(self.publicity["until"]) if self.publicity else None

    @property
    def term_ends_on(self) -> date | None:
        """The last day of the term that runs: of the publicity, or to answer a notice."""
        return self.publicity_until if self.state is State.PUBLICITY else self.answer_due


REGION_LENGTH = 6
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
    panel = tuple(data["successor"] if person == data["expert"] else person for person in view.panel)
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


def decided_on(view: CaseView) -> date | None:
    """The day (in China) on which the permit was granted or refused; None while it is not, and for every other end of a case."""
    if view.decided_at is None or view.state not in (State.GRANTED, State.REFUSED):
        return None
    return local_date(view.decided_at)


def region_of(view: CaseView, matter: Matter) -> str:
    """The GB/T 2260 code of the place that the latest submission names; empty when it names none."""
    code = answer_at(view.submissions[-1].answers, matter.region_at) if view.submissions else ""
    return code if len(code) <= REGION_LENGTH else ""


def check_term(row: Transition, view: CaseView, today: date) -> None:
    """Raise ``Conflict`` for a decision before the applicant or the public was heard, and for an answer after the time to answer."""
    over = view.term_ends_on is not None and today > view.term_ends_on
    if row.after_term and not over and view.state is State.PUBLICITY:
        raise Conflict(
            say("The publicity lasts until %(day)s; nothing can be granted before.", day=view.publicity_until),
            next_step=say("Grant on a day after, or return the proposal."),
            code="publicity-runs",
        )
    if row.after_term and not over:
        raise Conflict(
            say("The applicant has until %(day)s to answer; nothing can be decided before.", day=view.answer_due),
            next_step=say("Wait for the answer, or for the day after."),
            code="answer-pending",
        )
    if row.within_term and over:
        raise Conflict(
            say("The time to answer ended on %(day)s.", day=view.answer_due),
            next_step=say("Call the authority; it may already have decided."),
            code="answer-too-late",
        )


def check_once(row: Transition, view: CaseView) -> None:
    """Raise ``Conflict`` for a second extension: the law knows one (Licensing Law art. 42)."""
    if row.once and view.extension is not None:
        raise Conflict(
            say("The time to decide was extended once already; the law allows no second extension."),
            next_step=say("Decide by the date that the case shows."),
            code="already-extended",
        )


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


def is_filled_in(view: CaseView) -> bool:
    """Whether the applicant has something to fill in now: a draft, corrections, or a proof to hand in."""
    return view.state in (State.DRAFT, State.CORRECTION) or (view.state in STANDING and bool(view.owed))


def may_fill_in(view: CaseView, target: str) -> bool:
    """Whether the applicant may change ``target`` now: everything in a draft, afterwards what was asked for and nothing else."""
    if view.state is State.CORRECTION:
        return may_change(view.correction_items, target)
    return view.state is State.DRAFT or (view.state in STANDING and target.removeprefix("proof:") in view.owed)


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
