"""Who acts for a company: invitations, acceptance, ends, and what the log keeps of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from world import World, tiny_pdf

from licensing.cases import drafts
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.parties import actions as parties
from licensing.policy import SYSTEM, Membership, Role
from licensing.seats import actions, queries
from licensing.seats.health import problems
from licensing.storage import reading, unit_of_work

ADDRESS = "agent@example.org"
UNTIL = date(2026, 12, 31)


@pytest.fixture
def agent(world: World) -> int:
    with unit_of_work(SYSTEM) as work:
        return parties.register_person(work, name="钱多多").id


def invite(world: World, **changes: Any) -> int:
    wanted = {"address": ADDRESS, "kind": "agent", "held_until": UNTIL, "letter": ("授权书.pdf", tiny_pdf()), **changes}
    return actions.invite(world.actor(world.applicant), world.company, **wanted)


def acts_for_company(world: World, person: int) -> bool:
    return Membership(world.company, Role.APPLICANT) in world.actor(person).memberships


def found() -> set[str]:
    with reading(SYSTEM) as look:
        return {problem.code for problem in problems(look.session)}


def test_whoever_accepts_acts_for_the_company_until_the_last_day(world: World, agent: int, morning: time_machine.Traveller) -> None:
    invitation = invite(world, person_id=agent)
    assert not acts_for_company(world, agent)
    assert [row.id for row, _ in queries.invitations_to(world.actor(agent), ADDRESS)] == [invitation]
    actions.accept(world.actor(agent), ADDRESS, invitation)
    assert acts_for_company(world, agent)
    assert drafts.start(world.actor(agent), world.company, "design_review")
    assert queries.invitations_to(world.actor(agent), ADDRESS) == []
    assert found() == set()
    morning.move_to("2027-01-01T01:00:00Z")
    assert not acts_for_company(world, agent)


def test_an_agent_never_signs(world: World, agent: int) -> None:
    actions.accept(world.actor(agent), ADDRESS, invite(world))
    assert Membership(world.company, Role.SIGNATORY) not in world.actor(agent).memberships
    with pytest.raises(Forbidden):
        actions.invite(world.actor(agent), world.company, address="x@y.cn", kind="agent", held_until=UNTIL, letter=("a.pdf", tiny_pdf()))


def test_only_a_signatory_with_a_fresh_second_factor_invites_and_ends(world: World, agent: int) -> None:
    wanted = {"address": ADDRESS, "kind": "agent", "held_until": UNTIL, "letter": ("a.pdf", tiny_pdf())}
    with pytest.raises(ReauthenticationNeeded):
        actions.invite(world.actor(world.applicant, second_factor=False), world.company, **wanted)
    with pytest.raises(Forbidden):
        actions.invite(world.actor(world.member), world.company, **wanted)
    for person in (world.stranger, world.supervisor, agent):
        with pytest.raises(NotFound):
            actions.invite(world.actor(person), world.company, **wanted)
    (seats,) = queries.seats_of_my_companies(world.actor(world.applicant))
    member = next(row for row in seats.seats if row.name == "方小雨")
    with pytest.raises(ReauthenticationNeeded):
        actions.end_seat(world.actor(world.applicant, second_factor=False), member.seat.id)
    with pytest.raises(Forbidden):
        actions.end_seat(world.actor(world.member), member.seat.id)
    with pytest.raises(NotFound):
        actions.end_seat(world.actor(world.stranger), member.seat.id)
    assert queries.seats_of_my_companies(world.actor(world.member)) == ()


def test_everything_that_is_wrong_is_told_at_once(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        invite(world, address="nobody", kind="boss", held_until=date(2026, 3, 2), letter=None)
    assert [field.path for field in refusal.value.fields] == ["address", "kind", "held_until", "letter"]
    with pytest.raises(Invalid):
        invite(world, held_until=date(2032, 1, 1))
    with pytest.raises(Invalid):
        invite(world, letter=("授权书.pdf", b"no pdf at all"))


def test_an_address_with_and_without_an_account_gets_the_same(world: World, agent: int) -> None:
    invite(world, address="known@example.org", person_id=agent)
    invite(world, address="unknown@example.org", person_id=None)
    (seats,) = queries.seats_of_my_companies(world.actor(world.applicant))
    assert [(row.address, row.outcome, row.seat_id) for row in seats.open] == [
        ("known@example.org", "", None),
        ("unknown@example.org", "", None),
    ]
    with pytest.raises(Conflict) as twice:
        invite(world, address="unknown@example.org")
    assert twice.value.code == "already-invited"


def test_an_invitation_is_for_its_address_alone_and_ends_once(world: World, agent: int) -> None:
    invitation = invite(world)
    with pytest.raises(NotFound):
        actions.accept(world.actor(world.stranger), "chen@example.org", invitation)
    actions.decline(world.actor(agent), ADDRESS, invitation)
    for verb in (actions.accept, actions.decline):
        with pytest.raises(Conflict) as over:
            verb(world.actor(agent), ADDRESS, invitation)
        assert over.value.code == "invitation-over"
    withdrawn = invite(world)
    actions.withdraw_invitation(world.actor(world.applicant), withdrawn)
    with pytest.raises(Conflict):
        actions.accept(world.actor(agent), ADDRESS, withdrawn)
    assert not acts_for_company(world, agent)
    assert found() == set()


def test_an_invitation_past_its_last_day_is_over(world: World, agent: int, morning: time_machine.Traveller) -> None:
    invitation = invite(world)
    morning.move_to("2027-01-01T01:00:00Z")
    assert queries.invitations_to(world.actor(agent), ADDRESS) == []
    with pytest.raises(Conflict):
        actions.accept(world.actor(agent), ADDRESS, invitation)


def test_a_seat_that_was_ended_counts_no_more_at_once(world: World, agent: int) -> None:
    actions.accept(world.actor(agent), ADDRESS, invite(world))
    (seats,) = queries.seats_of_my_companies(world.actor(world.applicant))
    row = next(row for row in seats.seats if row.name == "钱多多")
    assert (row.kind, row.held) == ("agent", True)
    actions.end_seat(world.actor(world.applicant), row.seat.id)
    assert not acts_for_company(world, agent)
    (seats,) = queries.seats_of_my_companies(world.actor(world.applicant))
    ended = seats.seats[-1]
    assert (ended.name, ended.held, ended.ended_by, ended.seat.held_until) == ("钱多多", False, "李文静", date(2026, 3, 1))
    with pytest.raises(Conflict) as again:
        actions.end_seat(world.actor(world.applicant), row.seat.id)
    assert again.value.code == "seat-over"
    assert found() == set()


def test_the_last_signatory_stays(world: World) -> None:
    (seats,) = queries.seats_of_my_companies(world.actor(world.applicant))
    own = next(row for row in seats.seats if row.role is Role.SIGNATORY)
    with pytest.raises(Conflict) as refusal:
        actions.end_seat(world.actor(world.applicant), own.seat.id)
    assert refusal.value.code == "last-signatory"


def test_the_letter_is_read_by_the_signatory_alone(world: World, agent: int) -> None:
    invitation = invite(world)
    row, content = queries.letter(world.actor(world.applicant), invitation)
    assert (row.letter_name, content) == ("授权书.pdf", tiny_pdf())
    with pytest.raises(Forbidden):
        queries.letter(world.actor(world.member), invitation)
    with pytest.raises(NotFound):
        queries.letter(world.actor(agent), invitation)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE seat_invitation SET held_until = '2036-12-31'",
        "UPDATE seat_invitation SET outcome = 'declined'",
        "DELETE FROM seat_end",
        "UPDATE seat SET held_until = '2036-12-31' WHERE id = (SELECT MAX(id) FROM seat)",
        "UPDATE seat SET role = 'signatory' WHERE id = (SELECT MAX(id) FROM seat)",
    ],
)
def test_a_seat_that_was_changed_behind_our_back_is_told(world: World, agent: int, change: str) -> None:
    actions.accept(world.actor(agent), ADDRESS, invite(world))
    (seats,) = queries.seats_of_my_companies(world.actor(world.applicant))
    actions.end_seat(world.actor(world.applicant), next(row for row in seats.seats if row.name == "钱多多").seat.id)
    with unit_of_work(SYSTEM) as work:
        work.session.execute(sa.text(change))
    assert found() != set()
