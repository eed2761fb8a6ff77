"""A crash between the intent and the coming in force of a new version: the worker ends it, and the old one counts until then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from life import NEW_ADDRESS, REASON, Life
from sqlalchemy import func, select

from licensing.errors import Invalid
from licensing.ledger.queries import check
from licensing.ledger.tables import LedgerLeaf
from licensing.letters import actions as letter_actions
from licensing.licences import actions as licences
from licensing.licences import issuing as bringing_out
from licensing.licences import production, status_list
from licensing.licences.operations import Operation
from licensing.licences.status import Status
from licensing.licences.tables import Licence, LicenceEvent
from licensing.notices.tables import Notice
from licensing.policy import SYSTEM
from licensing.proceedings import actions, consequences, issuing, journal
from licensing.proceedings import letters as proceeding_letters
from licensing.proceedings.machine import State
from licensing.proceedings.tables import ProceedingEvent
from licensing.storage import Work, reading
from licensing.storage.tables import OutboxMessage
from licensing.trust import sealing
from licensing.words import say
from licensing.worker import tidy

pytestmark = pytest.mark.slow


class Crash(BaseException):
    """The process dies here: nothing between this point and the next start runs."""


def dies_before(_: Callable[..., Any]) -> Callable[..., Any]:
    def dead(*_arguments: Any, **_options: Any) -> Any:
        raise Crash

    return dead


def dies_after(original: Callable[..., Any]) -> Callable[..., Any]:
    def dying(*arguments: Any, **options: Any) -> Any:
        original(*arguments, **options)
        raise Crash

    return dying


POINTS = {
    "after the intent": (bringing_out, "produce", dies_before),
    "before the prepared file is remembered": (production, "_remember", dies_before),
    "after the prepared file is remembered": (production, "_remember", dies_after),
    "after the file is sealed": (sealing, "seal", dies_after),
    "after the signed file is stored": (bringing_out, "produce", dies_after),
    "after the old one was marked as replaced": (licences, "_apply", dies_after),
    "before the status list is signed": (status_list, "changed", dies_before),
    "after the status list is signed": (status_list, "changed", dies_after),
    "before the holder is told": (issuing, "tell", dies_before),
    "before other proceedings are carried over": (issuing, "carry_over", dies_before),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_is_resumed_to_one_new_version(life: Life, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    old_id = life.issued()
    proceeding_id = life.requested(old_id, Operation.CHANGE, changes=NEW_ADDRESS)
    owner, name, death = POINTS[point]
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(owner, name, death(getattr(owner, name)))
        life.grant(proceeding_id)
    assert life.at(proceeding_id).view.state is State.PRODUCING
    assert life.status(old_id) is Status.IN_FORCE, "the old one counts until the new one does"
    assert tidy()["resumed"] == 1
    assert tidy()["resumed"] == 0
    with reading(SYSTEM) as look:
        versions = look.session.execute(select(Licence.version, Licence.status).order_by(Licence.version)).all()
        assert [tuple(row) for row in versions] == [(1, Status.REPLACED), (2, Status.IN_FORCE)]
        assert check(look.session).holds
    assert life.at(proceeding_id).view.state is State.DONE


def test_a_face_that_cannot_be_made_voids_the_version_and_the_decision_waits_again(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    old_id = life.issued()
    proceeding_id = life.requested(old_id, Operation.REPLACE)
    with monkeypatch.context() as patch, pytest.raises(Invalid):
        patch.setattr(production, "render_face", _too_long)
        life.grant(proceeding_id)
    assert (life.at(proceeding_id).view.state, life.status(old_id)) == (State.PROPOSED, Status.IN_FORCE)


def _too_long(*_: Any, **__: Any) -> bytes:
    raise Invalid(say("The texts of this licence do not fit on one page."), code="face-too-long")


def house() -> dict[str, int]:
    """How many rows of everything there are."""
    tables = (LicenceEvent, ProceedingEvent, LedgerLeaf, OutboxMessage, Notice, letter_actions.Letter, status_list.StatusListToken)
    with reading(SYSTEM) as look:
        return {table.__tablename__: look.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


FAULTS = [
    (journal, "_compare_and_set"),
    (journal, "append_leaf"),
    (licences, "append"),
    (licences, "row_digest"),
    (status_list, "changed"),
    (Work, "tell"),
    (letter_actions, "write"),
    (letter_actions, "append"),
    (proceeding_letters, "notify_company"),
    (consequences, "open_about"),
]


@pytest.mark.parametrize(("owner", "name"), FAULTS)
def test_a_fault_in_any_part_of_a_decision_rolls_everything_back(
    life: Life, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    licence_id = life.quick()
    request = life.ask(licence_id, Operation.REPLACE)
    proceeding_id = life.answer(life.propose(licence_id, Operation.REVOKE_FOR_DECEIT))
    before = house()
    with monkeypatch.context() as patch, pytest.raises(OSError, match="fault"):
        patch.setattr(owner, name, _fault)
        actions.decide(life.world.actor(life.world.approver), proceeding_id, REASON)
    assert house() == before
    assert (life.status(licence_id), life.at(proceeding_id).view.state) == (Status.IN_FORCE, State.PROPOSED)
    life.decide(proceeding_id)
    grown = {name: number - before[name] for name, number in house().items()}
    assert grown["licence_event"] == grown["letter"] == grown["status_list_token"] == 1
    assert grown["proceeding_event"] == grown["notice"] == 2
    assert life.at(request).view.state is State.LAPSED


def _fault(*_: object, **__: object) -> None:
    raise OSError("fault")
