"""Two approvers decide at the same moment: exactly one decision, and the other is told so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from life import REASON, Life
from sqlalchemy import func, select

from licensing.errors import Conflict
from licensing.ledger.queries import check
from licensing.letters.tables import Letter
from licensing.licences.operations import Operation
from licensing.licences.status import Status
from licensing.licences.tables import Licence, LicenceEvent
from licensing.policy import SYSTEM, Actor
from licensing.proceedings import actions, issuing
from licensing.proceedings.machine import State
from licensing.proceedings.tables import Proceeding
from licensing.storage import reading

ROUNDS = 50
pytestmark = pytest.mark.slow


def at_once(life: Life, *acts: object) -> list[str]:
    """What came of acts begun together, each by its own approver: "done" or the code of the refusal."""
    together = Barrier(len(acts))
    people = [life.world.actor(person) for person in (life.world.approver, life.world.second_approver)]

    def press(act: object, actor: Actor) -> str:
        together.wait()
        try:
            act(actor)  # type: ignore[operator]
        except Conflict as refused:
            return refused.code
        return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return sorted(threads.map(press, acts, people))


def test_fifty_times_two_deciders_at_once_make_one_decision_each(life: Life) -> None:
    licence_ids = [life.quick() for _ in range(ROUNDS)]
    for licence_id in licence_ids:
        proceeding_id = life.answer(life.propose(licence_id, Operation.SUSPEND))

        def decide(actor: Actor, proceeding_id: int = proceeding_id) -> None:
            actions.decide(actor, proceeding_id, REASON)

        assert at_once(life, decide, decide) == ["done", "proceeding-moved-on"]
    with reading(SYSTEM) as look:
        assert set(look.session.scalars(select(Licence.status))) == {Status.SUSPENDED}
        suspended = select(func.count()).select_from(LicenceEvent).where(LicenceEvent.operation == Operation.SUSPEND)
        assert look.session.scalar(suspended) == ROUNDS
        assert look.session.scalar(select(func.count()).select_from(Letter).where(Letter.kind == "D8-1")) == ROUNDS
        assert check(look.session).holds


def test_a_cancellation_and_a_revocation_at_once_leave_one_end(life: Life) -> None:
    for _ in range(10):
        licence_id = life.quick()
        cancelling = life.requested(licence_id, Operation.CANCEL)
        dropped = life.propose(licence_id, Operation.REVOKE_FOR_DECEIT)
        life.answer(dropped)

        def cancel(actor: Actor, proceeding_id: int = cancelling) -> None:
            actions.decide(actor, proceeding_id, REASON)

        def revoke(actor: Actor, proceeding_id: int = dropped) -> None:
            actions.decide(actor, proceeding_id, REASON)

        assert at_once(life, cancel, revoke) in (["adverse-pending", "done"], ["done", "proceeding-moved-on"])
        assert life.status(licence_id) is Status.REVOKED_FOR_DECEIT
        assert life.at(cancelling).view.state is State.LAPSED


def test_two_who_grant_a_new_version_at_once_make_one(life: Life) -> None:
    licence_id = life.quick()
    proceeding_id = life.requested(licence_id, Operation.REPLACE)

    def grant(actor: Actor) -> None:
        issuing.decide_version(actor, proceeding_id, REASON)

    assert at_once(life, grant, grant) == ["done", "proceeding-moved-on"]
    with reading(SYSTEM) as look:
        assert look.session.scalars(select(Licence.version).order_by(Licence.version)).all() == [1, 2]
        assert look.session.scalars(select(Proceeding.state)).all() == [State.PRODUCING]
