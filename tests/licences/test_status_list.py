"""The lists that are signed with every change: both databases, real keys, no PDF."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from world import KEYS_FROM, World

from licensing.catalogue import load_catalogue
from licensing.errors import Conflict, Unavailable
from licensing.licences import actions, rules, status_list
from licensing.licences.operations import Operation
from licensing.licences.status import Status
from licensing.licences.status_values import NAMES, NOT_ACTIVE, VALUES
from licensing.licences.tables import Licence, LicenceEvent, StatusListToken
from licensing.licences.verdict import LISTED_CODES
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM
from licensing.storage import reading, storage, unit_of_work
from licensing.storage.migrations import downgrade, upgrade
from licensing.trust import keys, status_token
from licensing.trust.certificates import SERVICE_HOLDERS, Purpose
from licensing.trust.current import current_trust_list
from licensing.trust.status_token import StatusRefused, StatusToken
from licensing.words import say

pytestmark = pytest.mark.slow

CODE = "320100"
URI = f"https://zz.example.gov.cn/status/{CODE}"
DIGEST = "ab" * 32
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def intended(world: World, kind: str = "design_approval") -> int:
    """A licence that nobody has rendered or signed yet: lists care for the register alone."""
    with unit_of_work(SYSTEM) as work:
        authority = work.session.get_one(Authority, world.authority)
        company = work.session.get_one(Company, world.company)
        parts = {"grade": "1", "province": "32"}
        licence_type = load_catalogue().licence_type(kind)
        return actions.intend(work, licence_type, authority, company, project="油库", opinion="", answers={}, number_parts=parts).id


def in_force(world: World, kind: str = "design_approval") -> int:
    licence_id = intended(world, kind)
    with unit_of_work(SYSTEM) as work:
        actions.put_in_force(work, licence_id, DIGEST)
    return licence_id


def perform(licence_id: int, operation: Operation) -> None:
    with unit_of_work(SYSTEM) as work:
        actions.perform(work, licence_id, operation, reason="测试")


def index_of(licence_id: int) -> int:
    with reading(SYSTEM) as look:
        return look.session.get_one(Licence, licence_id).status_index


def newest() -> StatusToken:
    with reading(SYSTEM) as look:
        row = status_list.newest(look.session, CODE)
        assert row is not None
        trust = current_trust_list(look.settings)
        token = status_list.verified(row, trust, trust.status_uri(CODE))
        assert status_token.verify(row.jwt.encode(), trust.status_keys).claims == token.claims
        return token


def value(licence_id: int) -> int | None:
    return newest().value(index_of(licence_id))


def count() -> int:
    with reading(SYSTEM) as look:
        return look.session.scalar(sa.select(sa.func.count()).select_from(StatusListToken)) or 0


def differing() -> list[int]:
    token = newest()
    with reading(SYSTEM) as look:
        authority = look.session.scalars(sa.select(Authority).where(Authority.code == CODE)).one()
        return status_list.differences(look.session, authority.id, token, date(2026, 3, 2))


def test_every_status_has_a_value_with_a_name_and_an_answer() -> None:
    assert set(VALUES) == set(Status)
    assert set(VALUES.values()) == set(NAMES) == set(LISTED_CODES)


def test_a_licence_stands_in_the_list_of_the_transaction_that_put_it_in_force(world: World) -> None:
    licence_id = intended(world)
    assert count() == 0
    with unit_of_work(SYSTEM) as work:
        actions.put_in_force(work, licence_id, DIGEST)
    token = newest()
    assert (token.uri, token.value(index_of(licence_id))) == (URI, 0)
    assert timedelta(0) <= token.as_of - MORNING < timedelta(minutes=5)
    assert token.expires_at == token.as_of + timedelta(hours=24)
    assert token.claims.ttl == 3600


def test_what_was_never_given_out_is_not_active_and_the_length_tells_nothing(world: World) -> None:
    in_force(world)
    short = newest()
    for _ in range(3):
        in_force(world)
    token = newest()
    assert len(token.packed) == len(short.packed) == 512
    assert [token.value(index) for index in range(6)] == [0, 0, 0, 0, NOT_ACTIVE, NOT_ACTIVE]
    assert {token.value(index) for index in range(4, 1024)} == {NOT_ACTIVE}
    assert token.value(1024) is None


@pytest.mark.parametrize(
    ("operations", "wanted"),
    [
        ([Operation.SUSPEND], 0x2),
        ([Operation.SUSPEND, Operation.LIFT_SUSPENSION], 0x0),
        ([Operation.CANCEL], 0x1),
        ([Operation.WITHDRAW_PERMISSION], 0x1),
        ([Operation.REVOKE_FOR_DECEIT], 0xC),
        ([Operation.REVOKE_AS_PENALTY], 0xD),
    ],
    ids=lambda part: "-".join(part) if isinstance(part, list) else None,
)
def test_every_operation_shows_at_once(world: World, operations: list[Operation], wanted: int) -> None:
    other, licence_id = in_force(world), in_force(world)
    for operation in operations:
        perform(licence_id, operation)
    assert (value(licence_id), value(other)) == (wanted, 0)
    assert differing() == []


def test_a_number_that_was_given_up_has_ended(world: World) -> None:
    licence_id = intended(world)
    with unit_of_work(SYSTEM) as work:
        actions.void(work, licence_id, "测试")
    assert value(licence_id) == 0x1


def test_a_new_version_and_the_old_one_change_in_one_list(world: World) -> None:
    old = in_force(world)
    with unit_of_work(SYSTEM) as work:
        new = actions.intend_version(work, old, Operation.REPLACE, changes={}, proceeding="P1").id
    assert value(old) == 0
    before = count()
    with unit_of_work(SYSTEM) as work:
        actions.put_in_force(work, new, DIGEST)
    assert (value(old), value(new)) == (0xE, 0x0)
    assert index_of(old) != index_of(new)
    assert count() == before + 1


def test_what_is_rolled_back_is_in_no_list(world: World) -> None:
    licence_id = in_force(world)
    with pytest.raises(KeyboardInterrupt), unit_of_work(SYSTEM) as work:
        actions.perform(work, licence_id, Operation.SUSPEND, reason="测试")
        raise KeyboardInterrupt
    assert value(licence_id) == 0


def test_without_a_signer_nothing_changes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    licence_id = in_force(world)
    with monkeypatch.context() as patch, pytest.raises(Unavailable):
        patch.setattr(status_list, "current_signer", _away)
        perform(licence_id, Operation.SUSPEND)
    with reading(SYSTEM) as look:
        assert look.session.get_one(Licence, licence_id).status == Status.IN_FORCE
    assert value(licence_id) == 0


def _away(_: object) -> object:
    raise Unavailable(say("Away."))


def test_two_at_once_both_stand_in_the_last_list(world: World) -> None:
    licences = [in_force(world) for _ in range(6)]
    operations = [Operation.SUSPEND, Operation.CANCEL, Operation.REVOKE_AS_PENALTY] * 2
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(perform, licences, operations))
    assert [value(licence_id) for licence_id in licences] == [0x2, 0x1, 0xD] * 2
    assert differing() == []


def test_an_index_is_never_used_twice(world: World) -> None:
    first, second = in_force(world), in_force(world)
    with pytest.raises(Conflict), unit_of_work(SYSTEM) as work:
        work.session.execute(sa.update(Licence).where(Licence.id == second).values(status_index=index_of(first)))


class TestRefreshing:
    """What the worker does each minute."""

    @pytest.fixture(autouse=True)
    def one(self, world: World) -> None:
        self.licence = in_force(world)

    def test_a_fresh_list_is_left_alone(self, morning: time_machine.Traveller) -> None:
        before = newest()
        morning.shift(timedelta(hours=11))
        assert status_list.refresh_all() == 0
        assert newest() == before

    def test_twelve_hours_later_it_is_signed_again(self, morning: time_machine.Traveller) -> None:
        before = newest()
        morning.shift(timedelta(hours=12, minutes=1))
        assert status_list.refresh_all() == 1
        assert status_list.refresh_all() == 0
        assert newest().as_of > before.as_of
        assert newest().packed == before.packed

    def test_a_new_day_in_china_is_enough(self, morning: time_machine.Traveller) -> None:
        morning.move_to(datetime(2026, 3, 2, 15, 59, tzinfo=UTC))
        status_list.refresh_all()
        morning.move_to(datetime(2026, 3, 2, 16, 1, tzinfo=UTC))
        assert status_list.refresh_all() == 1

    def test_the_day_after_the_last_it_has_ended_without_an_act(
        self, world: World, morning: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(rules, "valid_until", lambda *_: date(2026, 3, 3))
            short = in_force(world, "qualification_certificate")
        for hour, signed, wanted in ((15, 1, 0), (17, 1, 0x1)):  # 23:00 and 01:00 in China
            morning.move_to(datetime(2026, 3, 3, hour, 0, tzinfo=UTC))
            assert (status_list.refresh_all(), value(short), value(self.licence)) == (signed, wanted, 0)

    def test_the_first_change_of_a_day_counts_the_dates_of_all_others_too(self, world: World, morning: time_machine.Traveller) -> None:
        with unit_of_work(SYSTEM) as work:
            work.session.execute(sa.update(Licence).where(Licence.id == self.licence).values(valid_until=date(2026, 3, 2)))
        morning.move_to(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
        in_force(world)
        assert value(self.licence) == 0x1

    def test_what_begins_later_is_not_active_until_then(
        self, world: World, morning: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record = actions.LicenceRecord
        with monkeypatch.context() as patch:
            patch.setattr(actions, "LicenceRecord", lambda **said: record(**{**said, "valid_from": "2026-03-04"}))
            later = in_force(world)
        assert value(later) == NOT_ACTIVE
        for day, wanted in ((3, NOT_ACTIVE), (4, 0), (5, 0)):
            morning.move_to(datetime(2026, 3, day, 1, 0, tzinfo=UTC))
            status_list.refresh_all()
            assert (value(later), value(self.licence)) == (wanted, 0)

    def test_a_list_that_was_tampered_with_is_not_carried_on(self, world: World) -> None:
        perform(self.licence, Operation.REVOKE_FOR_DECEIT)
        with unit_of_work(SYSTEM) as work:
            rows = list(work.session.scalars(sa.select(StatusListToken).order_by(StatusListToken.id)))
            spoiled = bytearray(rows[-1].cwt)
            spoiled[-70] ^= 1
            rows[-1].cwt = bytes(spoiled)
        in_force(world)
        assert value(self.licence) == 0xC
        with unit_of_work(SYSTEM) as work:
            rows = list(work.session.scalars(sa.select(StatusListToken).order_by(StatusListToken.id)))
            rows[-1].cwt = rows[0].cwt[:-1]
        assert status_list.refresh_all() == 1
        assert value(self.licence) == 0xC

    def test_an_older_list_put_on_top_is_found(self) -> None:
        old = self.licence
        perform(old, Operation.CANCEL)
        with unit_of_work(SYSTEM) as work:
            rows = list(work.session.scalars(sa.select(StatusListToken).order_by(StatusListToken.id)))
            rows[-1].cwt, rows[-1].jwt = rows[0].cwt, rows[0].jwt
        assert differing() == [index_of(old)]

    def test_a_new_key_signs_at_once_when_the_old_one_is_lost(self, world: World) -> None:
        assert status_list.refresh_all() == 0
        before = newest()
        with keys.changing(world.settings.keys) as change:
            change.activate(change.create(Purpose.STATUS, SERVICE_HOLDERS[Purpose.STATUS], not_before=KEYS_FROM))
            change.compromise("status-1", KEYS_FROM)
        with pytest.raises(StatusRefused) as refused:
            newest()
        assert refused.value.code == "status-key"
        assert status_list.refresh_all() == 1
        assert newest().kid != before.kid

    def test_an_authority_without_keys_has_no_list(self, world: World) -> None:
        with unit_of_work(SYSTEM) as work:
            one = work.session.get_one(Authority, world.authority)
            names = {column.name for column in Authority.__table__.columns} - {"id", "code", "uscc", "kid"}
            facts = {name: getattr(one, name) for name in names}
            work.session.add(Authority(code="999999", uscc="123201004660075196", kid=99, **facts))
        assert status_list.refresh_all() == 0

    def test_an_authority_without_licences_has_an_empty_list(self) -> None:
        with unit_of_work(SYSTEM) as work:
            work.session.execute(sa.delete(StatusListToken))
            work.session.execute(sa.update(Licence).values(status=Status.VOID))
        assert status_list.refresh_all() == 1
        assert set(newest().packed[1:]) == {0xFF}


def test_the_history_answers_for_any_moment(world: World, morning: time_machine.Traveller) -> None:
    licence_id = in_force(world)
    start = newest().as_of
    morning.shift(timedelta(hours=2))
    perform(licence_id, Operation.SUSPEND)
    morning.shift(timedelta(hours=2))
    perform(licence_id, Operation.LIFT_SUSPENSION)
    index, trust = index_of(licence_id), current_trust_list(storage().settings)
    with reading(SYSTEM) as look:

        def said(hours: float) -> int | None:
            moment = start + timedelta(hours=hours)
            row = status_list.at(look.session, CODE, moment)
            if row is None:
                return None
            token = status_list.verified(row, trust, URI)
            assert token.as_of <= moment <= token.expires_at
            return token.value(index)

        assert [said(hours) for hours in (-1, 0, 1, 2.1, 3.9, 4.1, 28, 29)] == [None, 0, 0, 2, 2, 0, 0, None]
        assert status_list.at(look.session, "000000", start) is None


def test_an_older_register_learns_the_first_days_from_its_records(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        record = actions.LicenceRecord
        patch.setattr(actions, "LicenceRecord", lambda **said: record(**{**said, "valid_from": "2026-03-04"}))
        later = in_force(world)
    with unit_of_work(SYSTEM) as work:
        work.session.execute(sa.delete(LicenceEvent))
    engine = storage().engine
    downgrade(engine, "0003")
    upgrade(engine)
    with reading(SYSTEM) as look:
        assert look.session.get_one(Licence, later).valid_from == date(2026, 3, 4)
