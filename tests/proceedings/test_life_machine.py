"""The machine's table, and what the events say."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licensing.clock import answer_term, load_calendar
from licensing.errors import Conflict, Invalid
from licensing.licences.operations import LONGEST_ANSWER_DAYS, OPERATIONS, Operation
from licensing.policy import POLICY
from licensing.proceedings.letters import TOLD
from licensing.proceedings.machine import (
    EVENT_NAMES,
    FINAL,
    STATE_NAMES,
    TRANSITIONS,
    TURNS,
    Event,
    State,
    possible,
    transition,
)
from licensing.proceedings.rules import Happened, ProceedingView, apply, check_term, checked_days

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DATA = {"reason": "理由", "due_on": "2026-03-09", "version_id": 7, "recommendation": "grant"}


def test_each_state_and_event_has_a_name_and_each_step_a_policy_row() -> None:
    assert set(TURNS) == set(STATE_NAMES) == set(State)
    assert set(EVENT_NAMES) == set(Event)
    assert {row.action for row in TRANSITIONS} <= set(POLICY)
    assert set(TOLD) <= set(Event)


@pytest.mark.parametrize("asked", [True, False])
def test_final_states_have_no_way_out_others_have_and_all_are_reached(asked: bool) -> None:
    reached: set[State | None] = {None}
    waiting: list[State | None] = [None]
    while waiting:
        for row in possible(waiting.pop(), asked=asked):
            if row.target not in reached:
                reached.add(row.target)
                waiting.append(row.target)
    ours = {State.NOTIFIED, State.HEARING, State.DROPPED}
    theirs = {State.REQUESTED, State.REFUSED, State.WITHDRAWN}
    assert reached - {None} == set(State) - (ours if asked else theirs)
    assert {state for state in reached if state is not None and not possible(state, asked=asked)} == FINAL & reached


def test_no_step_is_listed_twice() -> None:
    steps = [(source, row.event, row.asked) for row in TRANSITIONS for source in row.sources]
    assert len(steps) == len(set(steps))


def test_every_decision_follows_a_proposal_of_somebody() -> None:
    decisions = {Event.DECIDED, Event.VERSION_DECIDED, Event.REFUSED}
    assert {source for row in TRANSITIONS if row.event in decisions for source in row.sources} == {State.PROPOSED, State.NOTIFIED}


@settings(max_examples=300, deadline=None)
@given(asked=st.booleans(), events=st.lists(st.sampled_from(Event), max_size=14))
def test_replay_follows_the_table_and_refuses_everything_else(asked: bool, events: list[Event]) -> None:
    view = ProceedingView(Operation.CHANGE, asked)
    for sequence, event in enumerate(events, start=1):
        row = transition(view.state, event, asked=asked)
        happened = Happened(sequence, event, START, 7, DATA)
        if row is None:
            with pytest.raises(Conflict) as refused:
                apply(view, happened)
            assert refused.value.code == "proceeding-moved-on"
        else:
            view = apply(view, happened)
            assert view.state is row.target


@pytest.mark.parametrize("event", [Event.DECIDED, Event.ANSWERED, Event.HEARING_DEMANDED])
@pytest.mark.parametrize(("today", "over"), [(date(2026, 3, 2), False), (date(2026, 3, 9), False), (date(2026, 3, 10), True)])
def test_the_last_day_of_the_term_belongs_to_the_holder(event: Event, today: date, over: bool) -> None:
    view = apply(ProceedingView(Operation.SUSPEND, False), Happened(1, Event.NOTICE_SERVED, START, 7, DATA))
    row = transition(view.state, event, asked=False)
    assert row is not None
    if over == (event is Event.DECIDED):
        check_term(row, view, today)
        return
    with pytest.raises(Conflict) as refused:
        check_term(row, view, today)
    assert refused.value.code == ("answer-pending" if event is Event.DECIDED else "answer-too-late")


def test_the_time_to_answer_counts_working_days() -> None:
    friday_before_tomb_sweeping = date(2026, 4, 3)
    assert answer_term(5, friday_before_tomb_sweeping, load_calendar()).due == date(2026, 4, 13)


def test_no_notice_gives_less_than_the_table() -> None:
    rule = OPERATIONS[Operation.REVOKE_AS_PENALTY]
    assert rule.notice is not None
    assert checked_days(rule, None) == rule.notice.days == 5
    assert checked_days(rule, LONGEST_ANSWER_DAYS) == LONGEST_ANSWER_DAYS
    for days in (0, rule.notice.days - 1, LONGEST_ANSWER_DAYS + 1, -3):
        with pytest.raises(Invalid) as refused:
            checked_days(rule, days)
        assert refused.value.code == "answer-days"
