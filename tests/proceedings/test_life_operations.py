"""Every operation in every status: allowed or refused exactly as the table says, with everything that belongs to it or nothing at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from life import REASON, Life
from sqlalchemy import func, select

from licensing.errors import Conflict, Invalid
from licensing.ledger.protection import row_digest
from licensing.ledger.queries import check, leaves_about
from licensing.ledger.tables import LedgerLeaf
from licensing.licences import actions as licences
from licensing.licences import status_list
from licensing.licences.operations import (
    NATIONAL_STATUS,
    OPERATION_NAMES,
    OPERATIONS,
    Operation,
    possible,
    still_possible,
)
from licensing.licences.status import PUBLIC, STATUS_NAMES, Status
from licensing.licences.tables import Licence, LicenceEvent
from licensing.policy import POLICY, SYSTEM, Role
from licensing.storage import Work, reading, unit_of_work
from licensing.storage.tables import OutboxMessage

PLAIN = [operation for operation, rule in OPERATIONS.items() if not rule.new_version and operation is not Operation.ISSUE]
VERSIONS = [operation for operation, rule in OPERATIONS.items() if rule.new_version]


def test_the_table_is_whole() -> None:
    assert set(OPERATIONS) == set(OPERATION_NAMES) == set(Operation)
    assert set(STATUS_NAMES) == set(NATIONAL_STATUS) == set(Status)
    codes = {operation: rule.code for operation, rule in OPERATIONS.items()}
    assert codes == {
        Operation.ISSUE: "01",
        Operation.RENEW: "02",
        Operation.SUSPEND: "03",
        Operation.EXPIRE: "04",
        Operation.CANCEL: "05",
        Operation.REVOKE_FOR_DECEIT: "05",
        Operation.REVOKE_AS_PENALTY: "05",
        Operation.WITHDRAW_PERMISSION: "05",
        Operation.LIFT_SUSPENSION: "06",
        Operation.REPLACE: "07",
        Operation.CHANGE: "09",
    }


def test_three_ways_to_lose_a_licence_have_three_grounds_three_ends_and_three_letters() -> None:
    three = [OPERATIONS[name] for name in (Operation.REVOKE_FOR_DECEIT, Operation.REVOKE_AS_PENALTY, Operation.WITHDRAW_PERMISSION)]
    for facts in ([rule.basis for rule in three], [rule.target for rule in three], [rule.letter for rule in three]):
        assert len(set(facts)) == 3
    assert [rule.chinese for rule in three] == ["撤销", "吊销", "撤回"]


def test_what_an_officer_decides_takes_two_people_and_what_is_adverse_a_notice() -> None:
    for operation, rule in OPERATIONS.items():
        assert rule.second_person == (operation not in (Operation.ISSUE, Operation.EXPIRE))
        if rule.second_person and rule.propose and rule.decide:
            assert not POLICY[rule.propose].roles & POLICY[rule.decide].roles
            assert POLICY[rule.decide].second_factor
            assert Role.SYSTEM not in POLICY[rule.decide].roles
        assert (rule.notice is not None) == (rule.letter is not None and operation is not Operation.LIFT_SUSPENSION)
    assert [operation for operation, rule in OPERATIONS.items() if rule.notice and rule.notice.oral] == [Operation.REVOKE_AS_PENALTY]


def test_what_was_ended_for_good_stays_ended() -> None:
    ended = {status for status in PUBLIC if not possible(status)}
    assert ended == {Status.REVOKED_FOR_DECEIT, Status.REVOKED_AS_PENALTY, Status.PERMISSION_WITHDRAWN, Status.CANCELLED, Status.REPLACED}
    assert not any(still_possible(status, operation) for status in ended for operation in Operation)
    assert still_possible(Status.SUSPENDED, Operation.CHANGE), "it may be lifted"
    assert not still_possible(Status.EXPIRED, Operation.CHANGE)


def counts() -> tuple[int, int, int]:
    with reading(SYSTEM) as look:
        tables = (LicenceEvent, LedgerLeaf, OutboxMessage)
        return tuple(look.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)  # type: ignore[return-value]


def test_every_operation_in_every_status(life: Life) -> None:
    licence_id = life.quick()
    for status in Status:
        for operation in PLAIN:
            life.in_status(licence_id, status)
            before = counts()
            if status in OPERATIONS[operation].sources:
                with unit_of_work(SYSTEM) as work:
                    assert licences.perform(work, licence_id, operation, reason=REASON).status == OPERATIONS[operation].target
                assert counts() == tuple(number + 1 for number in before)
            else:
                with pytest.raises(Conflict) as refused, unit_of_work(SYSTEM) as work:
                    licences.perform(work, licence_id, operation, reason=REASON)
                assert refused.value.code == "licence-moved-on"
                assert (life.status(licence_id), counts()) == (status, before)
        for operation in (*VERSIONS, Operation.ISSUE):
            life.in_status(licence_id, status)
            with pytest.raises(Conflict), unit_of_work(SYSTEM) as work:
                licences.perform(work, licence_id, operation, reason=REASON)
    with reading(SYSTEM) as look:
        assert check(look.session).holds


@pytest.mark.parametrize("operation", VERSIONS)
def test_a_new_version_can_be_intended_exactly_where_the_table_says(life: Life, operation: Operation) -> None:
    licence_id = life.quick("qualification_certificate")
    for status in Status:
        life.in_status(licence_id, status)
        if status in OPERATIONS[operation].sources:
            continue
        with pytest.raises(Conflict) as refused, unit_of_work(SYSTEM) as work:
            licences.intend_version(work, licence_id, operation, changes={}, proceeding="LP2026000001")
        assert refused.value.code == "licence-moved-on"
    life.in_status(licence_id, Status.IN_FORCE)
    with unit_of_work(SYSTEM) as work:
        version = licences.intend_version(work, licence_id, operation, changes={}, proceeding="LP2026000001")
        assert (version.version, version.previous_id, version.status) == (2, licence_id, Status.INTENT)


def test_an_operation_needs_a_reason(life: Life) -> None:
    with pytest.raises(Invalid) as refused, unit_of_work(SYSTEM) as work:
        licences.perform(work, life.quick(), Operation.SUSPEND, reason="  ")
    assert refused.value.code == "reason-needed"


def test_each_event_has_a_leaf_over_all_its_columns(life: Life) -> None:
    licence_id = life.quick()
    with unit_of_work(SYSTEM) as work:
        licences.perform(work, licence_id, Operation.SUSPEND, reason=REASON)
        licences.perform(work, licence_id, Operation.LIFT_SUSPENSION, reason=REASON)
    with reading(SYSTEM) as look:
        licence = look.session.get_one(Licence, licence_id)
        events = look.session.scalars(select(LicenceEvent).order_by(LicenceEvent.sequence)).all()
        steps = [(event.sequence, event.operation, event.source, event.target) for event in events]
        for event in events:
            leaves = leaves_about(look.session, f"{licence.identifier}/{event.sequence}")
            assert [row_digest(event).hex() in leaf.entry.decode() for leaf in leaves] == [True]
    assert steps == [
        (1, "issue", "intent", "in_force"),
        (2, "suspend", "in_force", "suspended"),
        (3, "lift_suspension", "suspended", "in_force"),
    ]


@pytest.mark.parametrize(("owner", "part"), [(licences, "append"), (licences, "row_digest"), (status_list, "changed"), (Work, "tell")])
def test_a_fault_in_any_part_leaves_nothing(life: Life, monkeypatch: pytest.MonkeyPatch, owner: object, part: str) -> None:
    licence_id = life.quick()
    before = counts()
    with monkeypatch.context() as patch, pytest.raises(OSError, match="fault"), unit_of_work(SYSTEM) as work:
        patch.setattr(owner, part, _fault)
        licences.perform(work, licence_id, Operation.SUSPEND, reason=REASON)
    assert (life.status(licence_id), counts()) == (Status.IN_FORCE, before)


def _fault(*_: object, **__: object) -> Callable[..., None]:
    raise OSError("fault")
