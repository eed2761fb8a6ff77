"""The one policy function: default deny, the second person, one's own company, the fresh second factor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.errors import Forbidden, NotFound, ReauthenticationNeeded
from licensing.policy import OFFICER_ROLES, POLICY, Action, Actor, Membership, Post, Role, Subject, require, rule_on

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HERE, ELSEWHERE, OURS, THEIRS = 1, 2, 10, 20
CASE = Subject(company_id=OURS, authority_id=HERE, handlers={"acceptor": 101, "proposer": 102})


def officer(role: Role, *, person: int = 200, authority: int = HERE, company: int | None = None, shown: datetime | None = NOW) -> Actor:
    seats = frozenset({Membership(company, Role.APPLICANT)}) if company else frozenset()
    return Actor(person, "某人", seats, frozenset({Post(authority, role)}), second_factor_at=shown)


def applicant(company: int = OURS) -> Actor:
    return Actor(300, "申请人", frozenset({Membership(company, Role.APPLICANT)}))


@given(action=st.sampled_from(Action))
def test_whoever_holds_nothing_may_nothing_and_sees_nothing(action: Action) -> None:
    ruling = rule_on(Actor(1, "路人"), action, CASE, now=NOW)
    assert not ruling.allowed
    assert not ruling.visible


@given(action=st.sampled_from(Action), role=st.sampled_from(sorted(OFFICER_ROLES)))
def test_an_officer_of_another_authority_sees_nothing(action: Action, role: Role) -> None:
    with pytest.raises(NotFound):
        require(officer(role, authority=ELSEWHERE), action, CASE, now=NOW)


@given(action=st.sampled_from(Action))
def test_a_member_of_another_company_sees_nothing(action: Action) -> None:
    with pytest.raises(NotFound):
        require(applicant(THEIRS), action, CASE, now=NOW)


@given(action=st.sampled_from(Action), role=st.sampled_from(sorted(OFFICER_ROLES)))
def test_nobody_handles_a_case_of_their_own_company(action: Action, role: Role) -> None:
    ruling = rule_on(officer(role, company=OURS), action, CASE, now=NOW)
    granted = POLICY[action].roles
    assert ruling.allowed == (Role.APPLICANT in granted), "what the seat allows stays allowed, what only the post allows does not"


@given(action=st.sampled_from(Action), role=st.sampled_from(Role))
def test_a_role_that_is_not_granted_is_denied(action: Action, role: Role) -> None:
    if role in POLICY[action].roles or role not in OFFICER_ROLES:
        return
    assert not rule_on(officer(role), action, CASE, now=NOW).allowed


@pytest.mark.parametrize("action", [Action.CASE_GRANT, Action.CASE_REFUSE, Action.CASE_RETURN])
@pytest.mark.parametrize("handler", [101, 102])
def test_who_accepted_or_proposed_does_not_decide(action: Action, handler: int) -> None:
    with pytest.raises(Forbidden) as refused:
        require(officer(Role.APPROVER, person=handler), action, CASE, now=NOW)
    assert refused.value.code == "forbidden"


@pytest.mark.parametrize("action", [Action.CASE_GRANT, Action.CASE_REFUSE])
@pytest.mark.parametrize("shown", [None, NOW - timedelta(minutes=5, seconds=1), NOW + timedelta(seconds=1)])
def test_deciding_needs_a_fresh_second_factor(action: Action, shown: datetime | None) -> None:
    with pytest.raises(ReauthenticationNeeded):
        require(officer(Role.APPROVER, shown=shown), action, CASE, now=NOW)


def test_an_approver_with_a_fresh_second_factor_may_grant() -> None:
    require(officer(Role.APPROVER, shown=NOW - timedelta(minutes=5)), Action.CASE_GRANT, CASE, now=NOW)


def test_every_action_is_granted_to_somebody() -> None:
    assert set(POLICY) == set(Action)
    assert all(grant.roles for grant in POLICY.values())


def test_no_single_role_can_both_propose_and_decide() -> None:
    assert not POLICY[Action.CASE_PROPOSE].roles & POLICY[Action.CASE_GRANT].roles
