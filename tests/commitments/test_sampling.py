"""Draws that anyone can repeat."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import World

from licensing.cases import sampling
from licensing.cases.sampling import drawn, share_of
from licensing.commitments.queries import tasks_of
from licensing.errors import Conflict, Forbidden, Invalid, NotFound
from licensing.ledger import queries as ledger
from licensing.policy import SYSTEM
from licensing.storage import reading

ITEMS = st.lists(st.text("abc/123", min_size=1, max_size=12), unique=True, max_size=40)


@given(ITEMS, st.integers(0, 50), st.text("0123456789abcdef", min_size=64, max_size=64), st.randoms())
def test_a_draw_depends_on_the_set_and_the_seed_alone(items: list[str], count: int, seed: str, dice: object) -> None:
    mixed = list(items)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    found = drawn(items, count, seed)
    assert found == drawn(mixed, count, seed)
    assert len(found) == min(count, len(items))
    assert found == drawn(items, len(items), seed)[:count], "a larger draw only goes on"


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_a_share_is_rounded_up_and_never_more_than_all(population: int, percent: int) -> None:
    wanted = share_of(population, percent)
    assert 0 <= wanted <= population
    assert (wanted - 1) * 100 < population * percent <= wanted * 100 or population == 0


def test_what_is_drawn_can_be_drawn_again_from_the_log_and_is_verified(world: World) -> None:
    with pytest.raises(Conflict) as empty:
        sampling.draw(world.actor(world.supervisor), world.authority, 50)
    assert empty.value.code == "nothing-to-draw"
    licence = world.granted("completion_acceptance")
    assert licence.case_id is not None
    with pytest.raises(Forbidden):
        sampling.draw(world.actor(world.approver), world.authority, 50)
    with pytest.raises(Invalid):
        sampling.draw(world.actor(world.supervisor), world.authority, 101)
    made = sampling.draw(world.actor(world.supervisor), world.authority, 50)
    page = sampling.draw_page(world.actor(world.examiner), made)
    with pytest.raises(NotFound):
        sampling.draw_page(world.actor(world.stranger), made)
    assert (page.draw.population, page.draw.wanted) == (2, 1)
    with reading(SYSTEM) as look:
        assert ledger.root_at(look.session, page.draw.tree_size).hex() == page.draw.seed
        leaf = ledger.leaf_of(look.session, sampling.LIST_LEAF, page.draw.number)
        assert leaf is not None
        assert leaf.position == page.draw.tree_size - 1
        assert hashlib.sha256(page.listing).hexdigest() in leaf.entry.decode()
        [task] = [task for task in tasks_of(look.session, licence.case_id) if task.occasion == "sample"]
    assert drawn(page.items, 1, page.draw.seed) == page.draw.drawn == [f"{task.case_id}/{task.commitment.proof}/{task.commitment_id}"]
