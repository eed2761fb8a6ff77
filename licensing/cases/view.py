"""A case as its events tell it, and what those events are. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from licensing.cases.machine import Event, State, Turn, turn_in
from licensing.catalogue.model import Step
from licensing.clock.rules import Stop
from licensing.words import Said


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
