"""Traces of real acts on a real database, drawn at random: no order of acts signs for a member, grants on a promise that does not stand,
loses or doubles a day of the clock, or leaves a case from which no way leads to the permit.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from world import World, facts, open_world, result, tiny_pdf

from licensing.cases import actions, drafts, health, issuing, promises, verifying
from licensing.cases.journal import load
from licensing.cases.machine import FINAL, Event, State
from licensing.cases.view import CaseView
from licensing.catalogue import load_catalogue
from licensing.clock import LIMITS, load_calendar
from licensing.commitments import health as commitment_health
from licensing.commitments.queries import choices, of_case, tasks_of
from licensing.commitments.rules import Choice, Result, everything_accepted
from licensing.commitments.verification import OPEN
from licensing.documents.uploads import Inspected, inspect
from licensing.errors import LeizhengError
from licensing.moments import rehearse
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage

MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PROOFS = ("factory_certificate", "installation_record")
STANDING = {State.EVALUATING, State.HAND_IN, State.NOTIFIED, State.ANSWERED}
PAPER = tiny_pdf()
INSPECTED: list[Inspected] = []
WORDS = "理由"
LATE = "staff_shortage"
"""Kept only where the decision is late."""


@dataclass
class Trace:
    """One case on its way; ``days`` says in which state each day ended."""

    world: World
    case_id: int
    at: datetime = MONDAY
    days: dict[date, State] = field(default_factory=dict)
    received: date = date(2026, 3, 2)
    accepted: date | None = None

    @property
    def view(self) -> CaseView:
        with reading(SYSTEM) as look:
            return load(look.session, self.case_id).view

    def wait(self, days: int) -> None:
        """Let days go by in the state that the case is in."""
        state = self.view.state
        for _ in range(days):
            self.days[self.at.date()] = state
            self.at += timedelta(days=1)

    def try_to(self, act: str, proof: str) -> None:
        """Do an act as the person whose act it is; what is refused changes nothing."""
        before = self.view.state
        with rehearse(self.at), suppress(LeizhengError):
            ACTS[act](self, proof)
        state = self.view.state
        self.days[self.at.date()] = state
        if state is State.SUBMITTED and before is State.CORRECTION:
            self.received = self.at.date()
        if self.accepted is None and state is State.ACCEPTED:
            self.accepted = self.received if self.view.deemed else self.at.date()

    def paper(self, proof: str) -> None:
        if not INSPECTED:
            INSPECTED.append(inspect("证明.pdf", PAPER, 2**20))
        drafts.keep_document(self.world.actor(self.world.member), self.case_id, proof, "证明.pdf", PAPER, INSPECTED[0])

    def sign(self, person: int, proof: str) -> None:
        given = everything_accepted(self.world.page(self.case_id).proofs[proof], facts(proof))
        promises.sign_promise(self.world.actor(person), self.case_id, proof, facts=facts(proof), given=given)

    def task(self, proof: str) -> int:
        with reading(SYSTEM) as look:
            tasks = tasks_of(look.session, self.case_id)
            return next((task.id for task in tasks if task.state == OPEN and task.commitment.proof == proof), 0)

    def find(self, proof: str, outcome: Result) -> None:
        task_id = self.task(proof)
        report = self.world.report(task_id, outcome, WORDS) if task_id else {}
        verifying.record_finding(self.world.actor(self.world.verifier), task_id, outcome, report)

    def again(self, proof: str) -> None:
        made = [one.id for one in self.signed() if one.proof == proof]
        verifying.verify_again(self.world.actor(self.world.verifier), self.case_id, made[-1])

    def send(self) -> None:
        with suppress(LeizhengError):
            actions.submit(self.world.actor(self.world.member), self.case_id)
        promises.settle(self.world.actor(self.world.member), self.case_id)

    def hand_in(self, proof: str) -> None:
        """Hand in this proof and whatever else is owed."""
        for one in {proof, *self.view.owed}:
            with suppress(LeizhengError):
                self.paper(one)
        self.send()

    def promise_again(self, proof: str) -> None:
        promises.choose_proof(self.world.actor(self.world.applicant), self.case_id, proof, Choice.PROMISE)
        self.sign(self.world.applicant, proof)
        self.send()

    def signed(self) -> list[Any]:
        with reading(SYSTEM) as look:
            return of_case(look.session, self.case_id)

    def check(self) -> None:
        """What holds after every act."""
        assert {one.person_id for one in self.signed()} == {self.world.applicant}, "only the signatory ever signed"
        view = self.view
        if view.state is State.ISSUING:
            with reading(SYSTEM) as look:
                standing = [choice.commitment for choice in choices(look.session, self.case_id).values() if choice.commitment]
            assert {one.state for one in standing} <= {"true"}, "a permit rests on promises that were found true"
            assert not view.owed
        assert not (view.owed and view.state is State.ACCEPTED), "what is owed can always be sent"
        if self.commissioned():
            assert view.state in (State.EVALUATING, State.NOTIFIED, State.ANSWERED, *FINAL), "no commission is lost"
        if view.state in (State.ACCEPTED, State.PROPOSED):
            assert self.due() == self.counted(), (self.accepted, self.days)

    def commissioned(self) -> bool:
        """Whether an evaluation was commissioned whose result is not recorded yet."""
        with reading(SYSTEM) as look:
            told = [event.type for event in load(look.session, self.case_id).row.events]
        return told.count(Event.EVALUATION_COMMISSIONED) > told.count(Event.EVALUATION_RECORDED)

    def due(self) -> date | None:
        with reading(SYSTEM) as look:
            return load(look.session, self.case_id).row.due_on

    def counted(self) -> date:
        """The due date, counted by hand: working days after acceptance but for those that ended in a state in which the clock stands."""
        assert self.accepted is not None
        limit = LIMITS[load_catalogue().matter("completion_acceptance").limits.decide]
        stood = {day for day, state in self.days.items() if state in STANDING}
        day, left, calendar = self.accepted, int(limit.amount or 0), load_calendar()
        while left:
            day += timedelta(days=1)
            left -= calendar.is_working(day) and day not in stood
        return day

    def lead_to_permit(self) -> None:
        """Everybody does what is next, so that the permit is granted: possible from wherever the case is, unless it ended."""
        for _ in range(40):
            state = self.view.state
            if state in FINAL or state is State.ISSUING:
                return
            for act in NEXT[state]:
                for proof in PROOFS:
                    self.try_to(act, proof)
            self.check()
        pytest.fail(f"stuck in {self.view}")


def _of(person: str, verb: Callable[..., object], **more: object) -> Callable[[Trace, str], None]:
    def act(trace: Trace, _proof: str) -> None:
        verb(trace.world.actor(getattr(trace.world, person)), trace.case_id, **more)

    return act


ACTS: Mapping[str, Callable[[Trace, str], object]] = {
    "accept": _of("intake", actions.accept),
    "commission": _of("examiner", actions.commission, body="江苏防雷检测中心", expected_days=5),
    "result": lambda trace, _: actions.record_result(trace.world.actor(trace.world.examiner), trace.case_id, result()),
    "propose": _of("examiner", actions.propose, grant=True, opinion=WORDS),
    "propose refusal": _of("examiner", actions.propose, grant=False, opinion=WORDS),
    "return": _of("approver", actions.return_proposal, reason=WORDS),
    "refuse": _of("approver", actions.refuse, reason=WORDS, late=LATE),
    "grant": _of("approver", issuing.decide_grant, opinion=WORDS, late=LATE),
    "withdraw": lambda trace, proof: promises.withdraw_promise(trace.world.actor(trace.world.applicant), trace.case_id, proof, WORDS),
    "require": lambda trace, proof: verifying.require_proof(trace.world.actor(trace.world.examiner), trace.case_id, [proof], WORDS),
    "hand in": lambda trace, proof: trace.hand_in(proof),
    "promise again": lambda trace, proof: trace.promise_again(proof),
    "member signs": lambda trace, proof: trace.sign(trace.world.member, proof),
    "again": lambda trace, proof: trace.again(proof),
    "true": lambda trace, proof: trace.find(proof, Result.TRUE),
    "untrue": lambda trace, proof: trace.find(proof, Result.UNTRUE),
    "unclear": lambda trace, proof: trace.find(proof, Result.UNCLEAR),
    "answer": _of("member", promises.answer_untruth, text=WORDS),
    "drop": _of("approver", verifying.drop_finding, reason=WORDS),
    "order": _of("approver", verifying.order_correction, reason=WORDS),
    "terminate": _of("approver", verifying.terminate, reason=WORDS, late=LATE),
}
FITTING: Mapping[State, tuple[str, ...]] = {
    State.SUBMITTED: ("accept", "accept", "withdraw"),
    State.CORRECTION: ("hand in", "promise again", "member signs"),
    State.ACCEPTED: ("commission", "withdraw", "require", "untrue", "unclear", "true", "again", "propose", "propose refusal"),
    State.EVALUATING: ("result", "withdraw", "untrue", "untrue", "untrue", "true", "hand in"),
    State.HAND_IN: ("hand in", "promise again", "untrue", "untrue", "untrue", "member signs", "propose refusal"),
    State.NOTIFIED: ("answer", "untrue", "drop", "order"),
    State.ANSWERED: ("drop", "order", "drop", "order", "drop", "order", "untrue", "terminate"),
    State.PROPOSED: ("return", "grant", "untrue", "withdraw", "again", "refuse"),
}
NEXT: Mapping[State, tuple[str, ...]] = {
    State.SUBMITTED: ("accept",),
    State.CORRECTION: ("hand in",),
    State.EVALUATING: ("result",),
    State.HAND_IN: ("hand in",),
    State.NOTIFIED: ("answer", "drop"),
    State.ANSWERED: ("drop",),
    State.ACCEPTED: ("true", "propose", "require", "commission"),
    State.PROPOSED: ("grant", "true", "return"),
}
"""What leads on from each state to the permit."""
STARTS: tuple[tuple[tuple[str, int], ...], ...] = (
    (),
    (("accept", 0), ("withdraw", 0), ("untrue", 1), ("answer", 0), ("drop", 0)),
    (("accept", 0), ("commission", 0), ("untrue", 0), ("answer", 0), ("drop", 0)),
    (("accept", 0), ("commission", 0), ("untrue", 0), ("untrue", 1), ("answer", 0), ("order", 0)),
    (("accept", 0), ("withdraw", 0), ("propose refusal", 0), ("untrue", 1), ("answer", 0), ("order", 0)),
)
"""Beginnings that chance seldom finds: acts with the place of their proof."""


@pytest.mark.parametrize("count", [12, pytest.param(40, marks=pytest.mark.slow)])
def test_no_order_of_acts_breaks_a_promise_loses_a_day_or_gets_stuck(
    count: int, tmp_path: Path, empty_sqlite: Path, morning: object
) -> None:
    start = tmp_path / "start"
    start.mkdir()
    shutil.copy(empty_sqlite, start / "leizheng.sqlite3")
    world = open_world(Settings(home=start, keys=tmp_path / "keys", database="", demo=False, https=False))
    case_id = world.submitted("completion_acceptance")
    storage().engine.dispose()

    @examples(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def trace_of(data: st.DataObject) -> None:
        home = tmp_path / "trace"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(start, home)
        open_storage(world.settings.model_copy(update={"home": home}))
        trace = Trace(world, case_id)
        for act, place in data.draw(st.sampled_from(STARTS)):
            trace.wait(data.draw(st.integers(0, 2)))
            trace.try_to(act, PROOFS[place])
            trace.check()
        for _ in range(data.draw(st.integers(0, 12))):
            fitting = FITTING.get(trace.view.state, ())
            if not fitting:
                break
            trace.wait(data.draw(st.integers(0, 4)))
            trace.try_to(data.draw(st.sampled_from((*fitting, *fitting, *fitting, *ACTS))), data.draw(st.sampled_from(PROOFS)))
            trace.check()
        trace.lead_to_permit()
        with reading(SYSTEM) as look:
            found = [*health.problems(look.session), *commitment_health.problems(look.session, storage().files)]
        storage().engine.dispose()
        assert found == []

    trace_of()
