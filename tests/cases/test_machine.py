"""The machine's table, and what the events say."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licensing.cases.machine import (
    EVENT_NAMES,
    FINAL,
    STATE_NAMES,
    TRANSITIONS,
    TURN_NAMES,
    TURNS,
    Event,
    State,
    Turn,
    possible,
    transition,
)
from licensing.cases.rules import CaseView, Happened, Submission, apply, differences, may_change, replay
from licensing.errors import Conflict
from licensing.policy import POLICY

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
CORRECTION = [{"target": "proof:factory_certificate", "note": "撤回"}]
DATA = {
    Event.SUBMITTED: {"answers": {}, "documents": [], "proofs": {}},
    Event.CORRECTED: {"answers": {}, "documents": [], "proofs": {}},
    Event.CORRECTION_REQUESTED: {"items": [{"target": "project.address", "note": "缺门牌号"}]},
    Event.DECISION_PROPOSED: {"recommendation": "grant", "opinion": "同意"},
    Event.GRANTED: {"licence_id": 1, "opinion": "同意"},
    Event.EVALUATION_RECORDED: {"passed": True},
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


def test_no_step_is_listed_twice_and_each_has_a_policy_row() -> None:
    steps = [(source, row.event) for row in TRANSITIONS for source in row.sources]
    assert len(steps) == len(set(steps))
    assert {row.action for row in TRANSITIONS} <= set(POLICY)


def test_final_states_have_no_way_out_and_others_have() -> None:
    assert {state for state in State if not possible(state)} == FINAL


def test_every_state_is_reached_from_the_draft() -> None:
    reached, waiting = {State.DRAFT}, [State.DRAFT]
    while waiting:
        for row in possible(waiting.pop()):
            if row.target not in reached:
                reached.add(row.target)
                waiting.append(row.target)
    assert reached == set(State)


@settings(max_examples=300, deadline=None)
@given(events=st.lists(st.sampled_from([event for event in Event if event is not Event.STARTED]), max_size=25))
def test_replay_follows_the_table_and_refuses_everything_else(events: list[Event]) -> None:
    view = CaseView()
    for sequence, event in enumerate(events, start=2):
        row = transition(view.state, event)
        if row is None:
            with pytest.raises(Conflict) as refused:
                apply(view, happened(sequence, event))
            assert refused.value.code == "case-moved-on"
        else:
            before, view = view, apply(view, happened(sequence, event))
            assert view.state is row.landing(before.interrupted.state if before.interrupted else None)


def test_a_grant_needs_a_proposal_before_it_on_every_way() -> None:
    before_grant = {source for row in TRANSITIONS if row.event is Event.GRANTED for source in row.sources}
    assert before_grant == {State.PROPOSED}
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
@given(st.lists(st.tuples(st.sampled_from(sorted(Event)), st.integers(0, 4)), max_size=40))
def test_the_clock_stands_on_exactly_the_days_that_end_in_a_standing_state(choices: list[tuple[Event, int]]) -> None:
    """Withdrawing a promise, promising again, being heard: no day is lost and none is counted twice."""
    view, at, sequence = CaseView(), START, 1
    for event in (Event.SUBMITTED, Event.ACCEPTED):
        view, sequence = apply(view, happened(sequence + 1, event, at)), sequence + 1
    ends: dict[date, State] = {at.date(): view.state}
    for event, days in choices:
        if event is Event.STARTED or transition(view.state, event) is None:
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
