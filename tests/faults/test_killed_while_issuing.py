"""Kill -9 at every moment of issuing, on both databases: the reconciler brings each number to one payload and one fate."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
import time_machine
from killing import in_child
from oracle import brought_out, everything_holds, half_visible, scraps
from sqlalchemy import select
from world import World, open_world

from licensing.cases import issuing
from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading, storage
from licensing.trust.keys import ensure_test_tsa

pytestmark = pytest.mark.slow

OPINION = "予以核准。"
# Far more moments than issuing has: a loop that does not end is a mistake of the test.
MOST = 300
STRIDE = 7


@pytest.fixture
def stamping(settings: Settings, morning: time_machine.Traveller) -> Iterator[World]:
    """The world of all tests, its licences stamped with the time: one part more that can be lost."""
    world = open_world(settings.model_copy(update={"tsa": "test"}))
    ensure_test_tsa(settings.keys)
    yield world
    storage().engine.dispose()


def test_a_process_killed_at_any_moment_of_issuing_leaves_one_licence(stamping: World) -> None:
    start = time.monotonic()
    world = stamping
    cases = iter(world.copies(world.proposed(), MOST))
    issuing.grant(world.actor(world.approver), world.proposed(), OPINION)  # so that no kill falls into what happens once
    approver, first = world.actor(world.approver), next(cases)
    moments = in_child(lambda: issuing.grant(approver, first, OPINION), None)
    assert moments is not None
    fates: Counter[str] = Counter()
    numbers = set()
    for fatal, case_id in enumerate(cases):
        approver = world.actor(world.approver)
        survived = in_child(lambda case_id=case_id, approver=approver: issuing.grant(approver, case_id, OPINION), fatal)
        assert half_visible(case_id) == [], (fatal, moments[fatal : fatal + 1])
        fates["survived" if survived else _fate(case_id)] += 1
        issuing.resume_all()
        if _state(case_id) is State.PROPOSED:
            issuing.grant(approver, case_id, OPINION)
        assert brought_out(case_id) not in numbers
        numbers.add(_number(case_id))
        if survived:
            break
    assert fates["survived"] == 1
    kills = sum(fates.values()) - 1
    assert kills >= len(moments) - 4, "the enumeration ended early"
    everything_holds(kills + 3)
    effects = Counter(moment.partition(" ")[2] for moment in moments[::2])
    print(f"\n{storage().engine.dialect.name}: {kills} kills at {len(moments)} moments in {time.monotonic() - start:.0f} s: {dict(fates)}")
    print(f"  moments: {dict(Counter(moment.partition(' ')[2] for moment in moments))}; scraps left: {len(scraps())}")
    assert {"commit", "os.fsync", "os.replace", "os.pwrite", "signer.sign_qr", "signer.sign_seal", "files.put"} <= effects.keys()


def test_a_second_kill_while_the_first_is_mended_changes_nothing(stamping: World) -> None:
    world = stamping
    cases = iter(world.copies(world.proposed(), MOST))
    issuing.grant(world.actor(world.approver), world.proposed(), OPINION)
    approver, kills = world.actor(world.approver), 0
    for case_id in cases:
        issuing.decide_grant(approver, case_id, OPINION)
        survived = in_child(issuing.resume_all, kills * STRIDE)
        assert half_visible(case_id) == [], kills * STRIDE
        issuing.resume_all()
        brought_out(case_id)
        if survived:
            break
        kills += 1
    assert kills > MOST // STRIDE // 4
    everything_holds(kills + 2)
    print(f"\n{storage().engine.dialect.name}: {kills} second kills, at every {STRIDE}th moment of resuming")


def _fate(case_id: int) -> str:
    with reading(SYSTEM) as look:
        licence = look.session.scalar(select(Licence).where(Licence.case_id == case_id))
        if licence is None:
            return "nothing was decided"
        return {True: "resumed", False: "in force already"}[licence.status == "intent"]


def _state(case_id: int) -> State:
    with reading(SYSTEM) as look:
        return State(look.session.get_one(Case, case_id).state)


def _number(case_id: int) -> str:
    with reading(SYSTEM) as look:
        return look.session.scalars(select(Licence.number).where(Licence.case_id == case_id)).one()
