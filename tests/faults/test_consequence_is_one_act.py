"""What follows from an untrue promise after the permit is one act: all of it happens, or none of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from world import World

from licensing.cases import verifying
from licensing.commitments import consequences
from licensing.commitments.queries import of_case, tasks_of
from licensing.commitments.rules import Result
from licensing.commitments.verification import OPEN
from licensing.credit import actions as credit
from licensing.ledger.tables import LedgerLeaf
from licensing.licences import actions as licences
from licensing.licences import queries, status_list
from licensing.licences.status import Status
from licensing.policy import SYSTEM
from licensing.proceedings import actions as proceedings
from licensing.proceedings.tables import Proceeding
from licensing.storage import Base, reading
from licensing.trust.current import current_trust_list


class Fault(Exception):
    """What an injected fault raises."""


@pytest.fixture
def noticed(world: World, morning: time_machine.Traveller) -> tuple[int, int]:
    """Case and proceeding of a licence whose holder was heard about an untrue promise; another promise is being verified."""
    case_id = world.granted("completion_acceptance").case_id or 0
    verifier = world.actor(world.verifier)
    with reading(SYSTEM) as look:
        signed = [made.id for made in of_case(look.session, case_id)]
    for commitment_id in signed:
        verifying.verify_again(verifier, case_id, commitment_id)
    with reading(SYSTEM) as look:
        task = next(task for task in tasks_of(look.session, case_id) if task.state == OPEN)
    verifying.record_finding(verifier, task.id, Result.UNTRUE, world.report(task.id, Result.UNTRUE, "安装记录系补造。"))
    morning.move_to(datetime(2026, 3, 23, 1, 0, tzinfo=UTC))
    with reading(SYSTEM) as look:
        return case_id, look.session.scalars(sa.select(Proceeding.id)).one()


def everything() -> dict[str, list[Any]]:
    """Every row of every table."""
    with reading(SYSTEM) as look:
        return {
            table.name: look.session.execute(sa.select(table).order_by(*table.primary_key)).all() for table in Base.metadata.sorted_tables
        }


def test_licence_log_status_list_credit_and_promises_change_in_one_transaction(world: World, noticed: tuple[int, int]) -> None:
    case_id, proceeding_id = noticed
    before = {name: len(rows) for name, rows in everything().items()}
    consequences.decide(world.actor(world.approver), proceeding_id, "欺骗取得，予以撤销。")
    with reading(SYSTEM) as look:
        licence = queries.of_case(look.session, case_id)
        assert licence is not None
        assert licence.status == Status.REVOKED_FOR_DECEIT
        newest, trust = status_list.newest(look.session, "320100"), current_trust_list(world.settings)
        assert newest is not None
        token = status_list.verified(newest, trust, trust.status_uri("320100"))
        assert status_list.differences(look.session, world.authority, token, datetime(2026, 3, 23, tzinfo=UTC).date()) == []
        leaves = look.session.scalars(sa.select(LedgerLeaf).where(LedgerLeaf.position >= before["ledger_leaf"])).all()
        assert len({leaf.at for leaf in leaves}) == 1, "one moment, one transaction"
        kinds = {leaf.kind for leaf in leaves}
        assert {"licence-event", "proceeding-event", "commitment-event", "credit-entry", "letter", "verification-done"} <= kinds
        assert [made.state for made in of_case(look.session, case_id)].count("false") == 1
        assert [task for task in tasks_of(look.session, case_id) if task.state == OPEN] == []


@pytest.mark.parametrize(
    ("owner", "verb"),
    [
        (proceedings, "overtake"),
        (proceedings, "send"),
        (licences, "perform"),
        (status_list, "changed"),
        (consequences, "record"),
        (consequences, "enter"),
        (credit, "append"),
        (consequences, "cancel"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_a_fault_in_the_middle_leaves_nothing(
    world: World, noticed: tuple[int, int], owner: Any, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, original = everything(), getattr(owner, verb)

    def breaks(*arguments: Any, **options: Any) -> None:
        original(*arguments, **options)
        raise Fault

    monkeypatch.setattr(owner, verb, breaks)
    with pytest.raises(Fault):
        consequences.decide(world.actor(world.approver), noticed[1], "欺骗取得，予以撤销。")
    assert everything() == before
