"""The machine's table, and what the events say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licensing.cases.machine import (
    EVENT_NAMES,
    FINAL,
    REVIEW_NAMES,
    STATE_NAMES,
    TRANSITIONS,
    TURN_NAMES,
    TURNS,
    Event,
    State,
    Turn,
    event_name,
    possible,
    state_name,
    transition,
    turn_in,
)
from licensing.cases.replay import apply, replay
from licensing.cases.rules import differences, may_change
from licensing.cases.view import Happened, Submission
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Step
from licensing.errors import Conflict
from licensing.policy import POLICY

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ALL = frozenset(Step)
PROCEDURES = [frozenset(chosen) for count in range(len(Step) + 1) for chosen in combinations(Step, count)]
"""Every procedure that a matter could have."""
CORRECTION = [{"target": "proof:factory_certificate", "note": "撤回"}]
DATA = {
    Event.SUBMITTED: {"answers": {}, "documents": [], "proofs": {}},
    Event.CORRECTED: {"answers": {}, "documents": [], "proofs": {}},
    Event.CORRECTION_REQUESTED: {"items": [{"target": "project.address", "note": "缺门牌号"}]},
    Event.DECISION_PROPOSED: {"recommendation": "grant", "opinion": "同意"},
    Event.GRANTED: {"licence_id": 1, "opinion": "同意"},
    Event.EVALUATION_COMMISSIONED: {"draw": {"order": ["11", "12", "13", "14", "15"]}, "panel": [11, 12, 13]},
    Event.EVALUATION_RECORDED: {"passed": True},
    Event.SITE_CHECKED: {"day": "2026-03-02", "officers": [5, 6]},
    Event.EXPERT_DECLINED: {"expert": 11, "successor": 14, "reason": "曾任职"},
    Event.EXPERT_REPLACED: {"expert": 12, "successor": 15, "reason": "未投票"},
    Event.PUBLICITY_OPENED: {"until": "2026-03-09", "days": 5},
    Event.PROMISE_WITHDRAWN: {"proof": "factory_certificate", "reason": "找到了证书", "items": CORRECTION},
    Event.EXTENDED: {"days": 5, "reason": "情况复杂"},
    Event.TRANSFERRED: {"from": 1, "to": 2, "to_name": "昆山市气象局", "reason": "项目在昆山"},
    Event.PROOF_REQUIRED: {"proofs": ["factory_certificate"], "reason": "无法核实"},
    Event.PROOF_SETTLED: {"answers": {}, "documents": [], "proofs": {}},
    Event.UNTRUTH_NOTIFIED: {"proof": "factory_certificate", "reason": "型号不符", "days": 5, "due_on": "2026-03-09"},
}


def happened(sequence: int, event: Event, at: datetime = START) -> Happened:
    return Happened(sequence, event, at, 7, DATA.get(event, {"reason": "理由"}))


def test_each_state_has_a_turn_and_a_name() -> None:
    assert set(TURNS) == set(STATE_NAMES) == set(State)
    assert set(EVENT_NAMES) == set(Event)
    assert set(TURN_NAMES) == set(Turn)


@pytest.mark.parametrize("steps", PROCEDURES)
def test_no_step_is_listed_twice_and_each_has_a_policy_row(steps: frozenset[Step]) -> None:
    ways = [(source, row.event) for row in TRANSITIONS if row.belongs_to(steps) for source in row.sources]
    assert len(ways) == len(set(ways))
    assert {row.action for row in TRANSITIONS} <= set(POLICY)


@pytest.mark.parametrize("steps", PROCEDURES)
def test_final_states_have_no_way_out_and_others_have(steps: frozenset[Step]) -> None:
    assert {state for state in State if not possible(state, steps)} == FINAL


@pytest.mark.parametrize("steps", PROCEDURES)
def test_every_state_is_reached_from_the_draft_but_publicity_where_there_is_none(steps: frozenset[Step]) -> None:
    reached, waiting = {State.DRAFT}, [State.DRAFT]
    while waiting:
        for row in possible(waiting.pop(), steps):
            if row.target not in reached:
                reached.add(row.target)
                waiting.append(row.target)
    assert set(State) - reached == (set() if Step.PUBLICITY in steps else {State.PUBLICITY})


def test_a_procedure_without_steps_knows_nothing_of_them() -> None:
    assert all(row.step is None for state in State for row in possible(state))
    assert (turn_in(State.EVALUATING), turn_in(State.EVALUATING, ALL)) == (Turn.EVALUATOR, Turn.EXPERTS)
    for thing, name in REVIEW_NAMES.items():
        called = state_name if isinstance(thing, State) else event_name
        assert called(thing, ALL) == name != called(thing)  # type: ignore[operator,arg-type]


def test_only_the_qualification_has_steps_of_its_own() -> None:
    steps = {matter.code: set(matter.procedure.steps) for matter in load_catalogue().matters if matter.procedure.steps}
    assert steps == {"qualification": set(Step)}


def test_a_grant_waits_for_the_publicity_where_there_is_one() -> None:
    before_grant = {
        steps: {state for state in State if transition(state, Event.GRANTED, steps)} for steps in (frozenset(), frozenset({Step.PUBLICITY}))
    }
    assert before_grant == {frozenset(): {State.PROPOSED}, frozenset({Step.PUBLICITY}): {State.PUBLICITY}}
    row = transition(State.PUBLICITY, Event.GRANTED, ALL)
    assert row is not None
    assert row.after_term
    assert transition(State.PROPOSED, Event.REFUSED, ALL)
    assert not transition(State.PUBLICITY, Event.REFUSED, ALL)


def started(*steps: Step) -> Happened:
    return Happened(1, Event.STARTED, START, 7, {"steps": list(steps)})


PUBLIC = (Event.SUBMITTED, Event.ACCEPTED, Event.DECISION_PROPOSED, Event.PUBLICITY_OPENED)


@pytest.mark.parametrize(
    ("further", "state"),
    [
        ((Event.PROPOSAL_RETURNED,), State.ACCEPTED),
        ((Event.PROMISE_WITHDRAWN,), State.HAND_IN),
        ((Event.UNTRUTH_NOTIFIED, Event.UNTRUTH_ANSWERED, Event.FINDING_DROPPED), State.ACCEPTED),
    ],
)
def test_what_ends_a_proposal_ends_its_publicity(further: tuple[Event, ...], state: State) -> None:
    events = [happened(sequence, event) for sequence, event in enumerate((*PUBLIC, *further), start=2)]
    view = replay([started(*Step), *events])
    assert (view.state, view.proposal, view.publicity) == (state, None, None)


def test_a_number_that_was_voided_leads_back_to_the_publicity_that_was() -> None:
    events = (*PUBLIC, Event.GRANTED, Event.LICENCE_VOIDED)
    view = replay([started(*Step), *(happened(sequence, event) for sequence, event in enumerate(events, start=2))])
    assert (view.state, view.publicity_until, view.standing) == (State.PUBLICITY, date(2026, 3, 9), None)


def test_the_panel_is_as_it_was_drawn_and_replaced() -> None:
    events = (Event.SUBMITTED, Event.ACCEPTED, Event.EVALUATION_COMMISSIONED, Event.EXPERT_DECLINED, Event.EXPERT_REPLACED)
    view = replay([started(*Step), *(happened(sequence, event) for sequence, event in enumerate(events, start=2))])
    assert (view.panel, view.turn) == ((14, 15, 13), Turn.EXPERTS)
    assert view.standing is not None
    assert view.standing.reason is not None
    assert "Expert review" in view.standing.reason.text


@settings(max_examples=300, deadline=None)
@given(
    events=st.lists(st.sampled_from([event for event in Event if event is not Event.STARTED]), max_size=25),
    steps=st.sampled_from(PROCEDURES),
)
def test_replay_follows_the_table_and_refuses_everything_else(events: list[Event], steps: frozenset[Step]) -> None:
    view = replay([started(*steps)])
    for sequence, event in enumerate(events, start=2):
        row = transition(view.state, event, steps)
        if row is None:
            with pytest.raises(Conflict) as refused:
                apply(view, happened(sequence, event))
            assert refused.value.code == "case-moved-on"
        else:
            before, view = view, apply(view, happened(sequence, event))
            assert view.state is row.landing(before.interrupted.state if before.interrupted else None)


def test_a_grant_needs_a_proposal_before_it_on_every_way() -> None:
    before_grant = {source for row in TRANSITIONS if row.event is Event.GRANTED for source in row.sources}
    assert before_grant == {State.PROPOSED, State.PUBLICITY}
    assert {row.event for row in TRANSITIONS if row.target is State.PUBLICITY and row.target not in row.sources} == {
        Event.PUBLICITY_OPENED,
        Event.LICENCE_VOIDED,
    }
    assert {row.event for row in TRANSITIONS if row.target is State.PROPOSED and row.target not in row.sources} == {
        Event.DECISION_PROPOSED,
        Event.LICENCE_VOIDED,
    }


@pytest.mark.parametrize(
    ("days", "stopped"), [(0, None), (1, (date(2026, 3, 3), date(2026, 3, 3))), (9, (date(2026, 3, 3), date(2026, 3, 11)))]
)
def test_the_clock_stands_from_the_commission_to_the_day_before_the_result(days: int, stopped: tuple[date, date] | None) -> None:
    second = START + timedelta(days=1)
    view = replay(
        [
            happened(1, Event.STARTED),
            happened(2, Event.SUBMITTED),
            happened(3, Event.ACCEPTED),
            happened(4, Event.EVALUATION_COMMISSIONED, second),
            happened(5, Event.EVALUATION_RECORDED, second + timedelta(days=days)),
        ]
    )
    assert [(stop.first, stop.last) for stop in view.stops] == ([stopped] if stopped else [])
    assert view.standing is None


@pytest.mark.parametrize(
    ("before", "judgement", "state", "stands"),
    [
        ((), Event.FINDING_DROPPED, State.ACCEPTED, False),
        ((), Event.CORRECTION_ORDERED, State.HAND_IN, True),
        ((Event.EVALUATION_COMMISSIONED,), Event.FINDING_DROPPED, State.EVALUATING, True),
        ((Event.EVALUATION_COMMISSIONED,), Event.CORRECTION_ORDERED, State.EVALUATING, True),
        ((Event.PROOF_REQUIRED,), Event.FINDING_DROPPED, State.HAND_IN, True),
        ((Event.PROOF_REQUIRED, Event.DECISION_PROPOSED), Event.FINDING_DROPPED, State.HAND_IN, True),
        ((Event.DECISION_PROPOSED,), Event.FINDING_DROPPED, State.ACCEPTED, False),
    ],
)
def test_handling_goes_on_where_the_notice_interrupted_it(before: tuple[Event, ...], judgement: Event, state: State, stands: bool) -> None:
    events = (Event.SUBMITTED, Event.ACCEPTED, *before, Event.UNTRUTH_NOTIFIED, Event.UNTRUTH_ANSWERED, judgement)
    view = replay(happened(sequence, event) for sequence, event in enumerate(events, start=2))
    assert (view.state, view.standing is not None) == (state, stands)


STANDING = {State.EVALUATING, State.HAND_IN, State.NOTIFIED, State.ANSWERED}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(Event)), st.integers(0, 4)), max_size=40), st.sampled_from(PROCEDURES))
def test_the_clock_stands_on_exactly_the_days_that_end_in_a_standing_state(
    choices: list[tuple[Event, int]], steps: frozenset[Step]
) -> None:
    """Withdrawing a promise, promising again, being heard: no day is lost and none is counted twice."""
    view, at, sequence = replay([started(*steps)]), START, 1
    for event in (Event.SUBMITTED, Event.ACCEPTED):
        view, sequence = apply(view, happened(sequence + 1, event, at)), sequence + 1
    ends: dict[date, State] = {at.date(): view.state}
    for event, days in choices:
        if event is Event.STARTED or transition(view.state, event, steps) is None:
            continue
        for gone in range(1, days + 1):
            ends[(at + timedelta(days=gone)).date()] = view.state
        at += timedelta(days=days)
        view, sequence = apply(view, happened(sequence + 1, event, at)), sequence + 1
        ends[at.date()] = view.state
    stopped = {day for day in ends if any(stop.covers(day) for stop in view.clock_stops)}
    if view.state not in FINAL:
        assert stopped == {day for day, state in ends.items() if state in STANDING}
    assert all(earlier.last is not None and earlier.last < later.first for earlier, later in pairwise(view.clock_stops))


def test_acceptance_by_silence_is_dated_back_to_the_latest_receipt() -> None:
    days = [START + timedelta(days=count) for count in (0, 1, 3, 20)]
    events = [Event.SUBMITTED, Event.CORRECTION_REQUESTED, Event.CORRECTED, Event.DEEMED_ACCEPTED]
    view = replay(happened(sequence, event, at) for sequence, (event, at) in enumerate(zip(events, days, strict=True), start=2))
    assert view.accepted_on == date(2026, 3, 5)
    assert view.deemed


def test_moments_near_midnight_count_on_the_day_in_china() -> None:
    late = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    view = replay([happened(2, Event.SUBMITTED, late)])
    assert view.received_on == date(2026, 3, 3)


def submission(**answers: object) -> Submission:
    return Submission(START, answers, (), {})


def test_differences_name_each_changed_place_once() -> None:
    before = submission(project={"name": "加油站", "address": "1 号"}, buildings=[{"name": "站房"}, {"name": "罐区"}])
    after = submission(project={"name": "加油站", "address": "2 号"}, buildings=[{"name": "站房"}])
    changed = differences(before, after)
    assert [(one.path, one.before, one.after) for one in changed] == [("buildings.2.name", "罐区", ""), ("project.address", "1 号", "2 号")]
    assert all(first.path < second.path for first, second in pairwise(changed))


def test_a_correction_notice_opens_what_it_names_and_nothing_else() -> None:
    items = [{"target": "project.address", "note": "缺门牌号"}, {"target": "buildings", "note": "缺高度"}]
    assert may_change(items, "project.address")
    assert may_change(items, "buildings.2.height_m")
    assert not may_change(items, "project.name")
    assert not may_change(items, "document:as_built_drawings")
