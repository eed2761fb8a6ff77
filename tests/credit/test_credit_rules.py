"""What bars a promise and what ends the bar, for every kind of entry and every sequence of acts."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.credit.machine import (
    EVENT_NAMES,
    FINAL,
    PENDING,
    STATE_NAMES,
    TRANSITIONS,
    TURNS,
    Event,
    State,
    possible,
    transition,
)
from licensing.credit.rules import (
    KIND_NAMES,
    LONGEST_FACT,
    EntryView,
    Kind,
    Seen,
    bars_promises,
    complaint_about,
    eligibility,
    explain_bar,
    replay,
)
from licensing.errors import Conflict
from licensing.policy import COMPANY_ROLES, OFFICER_ROLES, POLICY, Action
from licensing.words import say

ENTERED_ON = date(2026, 3, 2)
COMPANY_EVENTS = frozenset(row.event for row in TRANSITIONS if POLICY[row.action].roles <= COMPANY_ROLES)
OFFICE_EVENTS = frozenset(Event) - COMPANY_EVENTS
days = st.dates(min_value=ENTERED_ON, max_value=date(2040, 12, 31))
entries = st.builds(
    Seen,
    number=st.integers(1, 999_999).map("CR2026{:06d}".format),
    kind=st.sampled_from(Kind),
    state=st.sampled_from(State),
    entered_on=days,
    ends_on=st.none() | days,
)


def seen(kind: Kind, state: State = State.STANDING, ends_on: date | None = None, number: str = "CR2026000001") -> Seen:
    return Seen(number, kind, state, ENTERED_ON, ends_on)


def after(events: list[Event], start: State = State.STANDING) -> State:
    """Where an entry stands after those of ``events`` that were possible when their turn came."""
    state = start
    for event in events:
        row = transition(state, event)
        state = row.target if row else state
    return state


@given(st.sampled_from(Kind), st.none() | days, days, st.lists(st.sampled_from(sorted(COMPANY_EVENTS))))
def test_what_a_company_does_alone_never_ends_the_bar(kind: Kind, ends_on: date | None, today: date, acts: list[Event]) -> None:
    untouched = seen(kind, State.STANDING, ends_on)
    assert bars_promises(seen(kind, after(acts), ends_on), today) == bars_promises(untouched, today)


@given(st.lists(st.sampled_from(sorted(OFFICE_EVENTS))))
def test_the_office_removes_and_repairs_nothing_for_which_nobody_asked(acts: list[Event]) -> None:
    assert after(acts) is State.STANDING


@given(st.lists(st.sampled_from(sorted(Event))), days)
def test_an_untrue_promise_bars_until_it_is_repaired_or_removed_whatever_its_last_day(acts: list[Event], today: date) -> None:
    state = after(acts)
    for ends_on in (None, today - timedelta(days=1), today):
        assert bars_promises(seen(Kind.FALSE_COMMITMENT, state, ends_on), today) == (state not in FINAL)


@given(days, st.sampled_from(sorted(set(State) - FINAL)))
def test_a_serious_bad_record_bars_through_its_last_day_and_not_a_day_longer(last: date, state: State) -> None:
    entry = seen(Kind.SERIOUS_BAD_RECORD, state, last)
    assert bars_promises(entry, last)
    assert not bars_promises(entry, last + timedelta(days=1))
    assert bars_promises(seen(Kind.SERIOUS_BAD_RECORD, state), last + timedelta(days=10_000))


@given(entries, days)
def test_another_breach_and_what_was_settled_bar_nothing(entry: Seen, today: date) -> None:
    if entry.kind is Kind.OTHER or entry.state in FINAL:
        assert not bars_promises(entry, today)


@given(st.lists(entries, max_size=5), days)
def test_a_company_may_promise_exactly_when_nothing_bars_it(found: list[Seen], today: date) -> None:
    answer = eligibility(found, today)
    assert answer.allowed == (not any(bars_promises(entry, today) for entry in found))
    assert answer.seen == tuple(found)
    assert set(answer.barring) <= set(answer.seen)
    assert json.loads(json.dumps([entry.as_dict() for entry in answer.seen])) == [entry.as_dict() for entry in found]


@given(st.lists(entries, max_size=5), days)
def test_the_sentence_names_an_entry_that_bars_as_long_as_any(found: list[Seen], today: date) -> None:
    answer = eligibility(found, today)
    facts = explain_bar(answer).facts
    if answer.allowed:
        assert facts == {}
        return
    named = [entry for entry in answer.barring if entry.number == facts["number"]]
    assert named
    assert "last" not in facts or not any(bars_promises(entry, facts["last"] + timedelta(days=1)) for entry in answer.barring)


def test_the_sentence_says_the_way_back() -> None:
    bad = seen(Kind.SERIOUS_BAD_RECORD, ends_on=date(2027, 3, 1), number="CR2026000007")
    false = seen(Kind.FALSE_COMMITMENT, ends_on=date(2026, 4, 1), number="CR2026000008")
    until = explain_bar(eligibility([bad], ENTERED_ON)).in_words()
    assert "CR2026000007" in until
    assert until.endswith("once it is repaired, or after 2027-03-01.")
    assert explain_bar(eligibility([bad, false], ENTERED_ON)).in_words() == (
        "The credit record holds CR2026000008 (Untrue promise) of 2026-03-02; a promise is possible again once it is repaired."
    )


@given(st.data())
def test_replay_follows_the_table_and_remembers_who_entered(data: st.DataObject) -> None:
    events: list[tuple[Event, int | None]] = [(Event.ENTERED, data.draw(st.integers(1, 9)))]
    state = State.STANDING
    while (rows := possible(state)) and data.draw(st.booleans()):
        row = data.draw(st.sampled_from(rows))
        events.append((row.event, data.draw(st.none() | st.integers(1, 9))))
        state = row.target
    assert replay(events) == EntryView(state, {"enterer": events[0][1]})


@given(st.lists(st.sampled_from(sorted(Event)), min_size=1, max_size=6))
def test_what_the_table_does_not_know_cannot_be_replayed(events: list[Event]) -> None:
    state: State | None = None
    for event in events:
        row = transition(state, event)
        if row is None:
            with pytest.raises(Conflict) as refused:
                replay((event, 1) for event in events)
            assert refused.value.code == "credit-moved-on"
            return
        state = row.target
    assert replay((event, 1) for event in events).state is state


def test_an_entry_that_nobody_made_in_person_has_no_enterer() -> None:
    assert replay([(Event.ENTERED, None)]) == EntryView(State.STANDING, {})


def test_a_second_objection_while_one_is_pending_is_impossible() -> None:
    assert transition(State.OBJECTED, Event.OBJECTED) is None
    assert transition(State.OBJECTED, Event.REPAIR_ASKED) is None
    assert transition(State.REPAIR_ASKED, Event.OBJECTED) is None
    assert all(possible(state) == () for state in FINAL)


def test_whoever_decides_is_an_officer_with_a_second_factor_who_did_not_enter_it() -> None:
    rows = [row for row in TRANSITIONS if row.source in PENDING]
    assert {row.action for row in rows} == {Action.CREDIT_DECIDE}
    grant = POLICY[Action.CREDIT_DECIDE]
    assert grant.roles <= OFFICER_ROLES
    assert grant.second_factor
    assert grant.not_by_handlers == {"enterer"}


def test_everything_has_a_name_and_a_turn() -> None:
    assert set(STATE_NAMES) == set(TURNS) == set(State)
    assert set(EVENT_NAMES) == {row.event for row in TRANSITIONS} == set(Event)
    assert set(KIND_NAMES) == set(Kind)
    assert {row.target for row in TRANSITIONS} == set(State)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "required"), ("长" * (LONGEST_FACT + 1), "text"), ("a\x00b", "text"), ("长" * LONGEST_FACT, None), ("两行\n文字", None)],
)
def test_texts_that_stay_in_the_record(text: str, code: str | None) -> None:
    complaint = complaint_about("source", text, say("Say where this comes from."), LONGEST_FACT)
    assert (complaint.code if complaint else None) == code
