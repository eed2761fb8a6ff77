"""Draws that anyone can repeat: what is verified, and who verifies it."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from world import LONG_AGO, World

from licensing.cases import draws, fieldwork, sampling
from licensing.cases.fieldwork import Show
from licensing.commitments import editions
from licensing.commitments.draws import LIST_LEAF, assigned, drawn, share_of
from licensing.commitments.queries import tasks_of
from licensing.commitments.tables import Verification
from licensing.errors import Conflict, Forbidden, Invalid, NotFound
from licensing.ledger import queries as ledger
from licensing.licences import actions as licences
from licensing.licences.operations import Operation
from licensing.licences.tables import Licence
from licensing.parties import actions as parties
from licensing.parties.tables import Company, Person
from licensing.policy import SYSTEM, Role
from licensing.storage import reading, unit_of_work

ITEMS = st.lists(st.text("abc/123", min_size=1, max_size=12), unique=True, max_size=40)
SEEDS = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(ITEMS, st.integers(0, 50), SEEDS, st.randoms())
def test_a_draw_depends_on_the_set_and_the_seed_alone(items: list[str], count: int, seed: str, dice: object) -> None:
    mixed = list(items)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    found = drawn(items, count, seed)
    assert found == drawn(mixed, count, seed)
    assert len(found) == min(count, len(items))
    assert found == drawn(items, len(items), seed)[:count], "a larger draw only goes on"


@given(st.lists(st.integers(1, 500).map(str), unique=True, max_size=20), SEEDS, st.randoms())
def test_two_inspectors_are_drawn_for_an_item_by_set_seed_and_item_alone(people: list[str], seed: str, dice: object) -> None:
    mixed = list(people)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    found = assigned(people, "1/proof/1", seed)
    assert found == assigned(mixed, "1/proof/1", seed)
    assert len(found) == len(set(found)) == min(2, len(people))
    assert set(found) <= set(people)


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_a_share_is_rounded_up_and_never_more_than_all(population: int, percent: int) -> None:
    wanted = share_of(population, percent)
    assert 0 <= wanted <= population
    assert (wanted - 1) * 100 < population * percent <= wanted * 100 or population == 0


def granted(world: World, matter: str = "completion_acceptance") -> int:
    case_id = world.granted(matter).case_id
    assert case_id is not None
    return case_id


def sampled(case_id: int) -> list[Verification]:
    with reading(SYSTEM) as look:
        return [task for task in tasks_of(look.session, case_id) if task.occasion == "sample"]


def test_what_is_drawn_can_be_drawn_again_from_the_log_and_is_verified(world: World) -> None:
    with pytest.raises(Conflict) as empty:
        sampling.draw(world.actor(world.supervisor), world.authority, 50)
    assert empty.value.code == "nothing-to-draw"
    case_id = granted(world)
    with pytest.raises(Forbidden):
        sampling.draw(world.actor(world.approver), world.authority, 50)
    with pytest.raises(Invalid):
        sampling.draw(world.actor(world.supervisor), world.authority, 101)
    made = sampling.draw(world.actor(world.supervisor), world.authority, 50)
    page = draws.draw_page(world.actor(world.examiner), made)
    with pytest.raises(NotFound):
        draws.draw_page(world.actor(world.stranger), made)
    assert (page.draw.population, page.draw.wanted, page.same) == (2, 1, True)
    with reading(SYSTEM) as look:
        assert ledger.root_at(look.session, page.draw.tree_size).hex() == page.draw.seed
        leaf = ledger.leaf_of(look.session, LIST_LEAF, page.draw.number)
        assert leaf is not None
        assert leaf.position == page.draw.tree_size - 1
        assert hashlib.sha256(page.listing).hexdigest() in leaf.entry.decode()
        [task] = [task for task in tasks_of(look.session, case_id) if task.occasion == "sample"]
        item = f"{task.case_id}/{task.commitment.proof}/{task.commitment_id}"
    assert drawn(page.items, 1, page.draw.seed) == page.draw.drawn == [item]


def test_inspectors_are_drawn_who_have_nothing_to_do_with_case_and_company(world: World) -> None:
    case_id = granted(world)
    made = sampling.draw(world.actor(world.supervisor), world.authority, 100)
    page = draws.draw_page(world.actor(world.supervisor), made)
    unbiased = {world.second_verifier, world.second_examiner}, "the verifier found and the examiner proposed in this case"
    for item in page.items:
        assert {int(person) for person in page.frozen["inspectors"][item]} == unbiased[0], unbiased[1]
    for task in sampled(case_id):
        shown = fieldwork.task_page(world.actor(world.verifier), task.id)
        assert set(shown.inspectors) == {"孙立新", "沈佩兰"}
    assert {name for _, people in page.inspectors for _, name in people} == {"孙立新", "沈佩兰"}
    public = draws.public_draw(page.draw.number)
    assert {name for _, people in public.inspectors for _, name in people} == {"孙**", "沈**"}
    for person in ("孙立新", "沈佩兰", "冯秋实"):
        assert person not in public.listing.decode(), "names are masked in what everybody sees"
    mine = fieldwork.verification_worklist(world.actor(world.second_verifier), show=Show.MINE)
    assert {row.task.id for row in mine.rows} == {task.id for task in sampled(case_id)}
    first = fieldwork.task_page(world.actor(world.second_verifier), mine.rows[0].task.id)
    assert first.typed == {"second": str(world.second_examiner)}, "the other one comes along"


def test_a_list_is_complete_whoever_draws_and_who_belongs_to_the_company_does_not_verify(world: World) -> None:
    granted(world)
    with unit_of_work(SYSTEM) as work:
        company = work.session.get_one(Company, world.company)
        for person in (world.supervisor, world.second_examiner):
            parties.give_seat(work, work.session.get_one(Person, person), company, Role.APPLICANT, held_from=LONG_AGO)
    made = sampling.draw(world.actor(world.supervisor), world.authority, 100)
    page = draws.draw_page(world.actor(world.second_supervisor), made)
    assert page.draw.population == 2
    assert all(people == ((str(world.second_verifier), "孙立新"),) for _, people in page.inspectors), "fewer than two, and it is told"


def test_only_promises_of_permits_in_force_are_drawn(world: World, morning: time_machine.Traveller) -> None:
    licence = world.granted("completion_acceptance")
    for operation, drawable in ((Operation.SUSPEND, False), (Operation.LIFT_SUSPENSION, True), (Operation.REVOKE_FOR_DECEIT, False)):
        with unit_of_work(SYSTEM) as work:
            licences.perform(work, licence.id, operation, reason="现场检查。")
        if drawable:
            sampling.draw(world.actor(world.supervisor), world.authority, 1)
            continue
        with pytest.raises(Conflict) as nothing:
            sampling.draw(world.actor(world.supervisor), world.authority, 1)
        assert nothing.value.code == "nothing-to-draw"


def test_a_permit_older_than_a_year_is_not_drawn(world: World, morning: time_machine.Traveller) -> None:
    granted(world)
    morning.move_to(datetime(2027, 3, 3, 1, 0, tzinfo=UTC))
    with pytest.raises(Conflict):
        sampling.draw(world.actor(world.supervisor), world.authority, 100)


def test_what_is_verified_by_random_checks_is_verified_when_it_is_drawn(world: World) -> None:
    proof = "factory_certificate"
    proposal = editions.draft(world.actor(world.supervisor), proof, {"verification_method": "random"}, "改为随机抽查")
    editions.put_in_force(world.actor(world.second_supervisor), proposal, date(2026, 3, 2), 1)
    case_id = granted(world)
    with reading(SYSTEM) as look:
        assert proof not in {task.commitment.proof for task in tasks_of(look.session, case_id)}, "nothing is opened by itself"
    sampling.draw(world.actor(world.supervisor), world.authority, 100)
    with reading(SYSTEM) as look:
        assert proof in {task.commitment.proof for task in tasks_of(look.session, case_id) if task.occasion == "sample"}


def test_a_new_version_of_a_licence_keeps_its_promises_in_the_list(world: World) -> None:
    case_id = granted(world)
    with unit_of_work(SYSTEM) as work:
        first = work.session.query(Licence).filter_by(case_id=case_id).one()
        columns = {column.key: getattr(first, column.key) for column in Licence.__table__.columns if column.key != "id"}
        fresh = {"version": 2, "identifier": first.identifier + "X", "status_index": first.status_index + 1, "case_id": None}
        work.session.add(Licence(**{**columns, **fresh}))
        first.status = "replaced"
    sampling.draw(world.actor(world.supervisor), world.authority, 100)
    assert len(sampled(case_id)) == 2
