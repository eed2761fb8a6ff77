"""The whole life of credit entries, on both databases: who may do what, what it changes, and that nothing is changed unseen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from world import COMPANY, NANJING, OTHER_COMPANY, World

from licensing.clock import today
from licensing.credit import actions, health, queries
from licensing.credit.machine import State
from licensing.credit.rules import Kind
from licensing.credit.tables import CreditEntry, CreditEvent
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.ledger.tables import LedgerLeaf
from licensing.notices.tables import Notice
from licensing.parties.queries import authority as authority_of
from licensing.parties.tables import Authority
from licensing.policy import SYSTEM, Action, Actor, Membership, Post, Role
from licensing.storage import reading, unit_of_work
from licensing.storage.tables import OutboxMessage

REASON = "经核实，情况属实。"
SOURCE = "信用中国公示的行政处罚决定书"


def entered(world: World, kind: Kind = Kind.FALSE_COMMITMENT, ends_on: date | None = None, **more: object) -> int:
    """An entry that the supervisor made."""
    facts: dict[str, object] = {"uscc": COMPANY["uscc"], "source": SOURCE, "effect": "不适用告知承诺制", "published": True, **more}
    return actions.enter_by_officer(world.actor(world.supervisor), world.authority, kind=kind, ends_on=ends_on, **facts)  # type: ignore[arg-type]


def may_promise(world: World) -> bool:
    with reading(SYSTEM) as look:
        return queries.eligibility_of(look.session, world.company, today()).allowed


def state(entry_id: int) -> State:
    with reading(SYSTEM) as look:
        return State(look.session.get_one(CreditEntry, entry_id).state)


def told(world: World) -> list[str]:
    with reading(SYSTEM) as look:
        return list(look.session.scalars(select(Notice.sentence).where(Notice.company_id == world.company).order_by(Notice.id)))


def troubles() -> set[str]:
    with reading(SYSTEM) as look:
        return {problem.code for problem in health.problems(look.session)}


def test_an_objection_that_is_upheld_removes_the_entry_and_only_then_ends_the_bar(world: World) -> None:
    assert may_promise(world)
    entry_id = entered(world)
    assert not may_promise(world)
    actions.object_to(world.actor(world.member), entry_id, "该处罚针对另一家公司。")
    assert not may_promise(world)
    actions.decide_objection(world.actor(world.approver), entry_id, uphold=True, reason=REASON)
    assert may_promise(world)
    assert state(entry_id) is State.REMOVED
    assert troubles() == set()


def test_repair_opens_the_way_back_after_an_objection_was_rejected_and_a_repair_refused(world: World) -> None:
    entry_id, applicant = entered(world), world.actor(world.applicant)
    actions.object_to(applicant, entry_id, "不属实。")
    actions.decide_objection(world.actor(world.second_supervisor), entry_id, uphold=False, reason=REASON)
    actions.ask_repair(applicant, entry_id, "已整改。")
    assert not may_promise(world)
    actions.decide_repair(world.actor(world.approver), entry_id, grant=False, reason="整改不到位。")
    assert not may_promise(world)
    actions.ask_repair(applicant, entry_id, "已重新整改并复检合格。")
    actions.decide_repair(world.actor(world.second_approver), entry_id, grant=True, reason="整改到位。")
    assert may_promise(world)
    assert state(entry_id) is State.REPAIRED
    assert told(world) == [actions.TOLD[event] for event in _events(entry_id)]
    assert troubles() == set()


def _events(entry_id: int) -> list[actions.Event]:
    with reading(SYSTEM) as look:
        return [actions.Event(event.type) for event in look.session.get_one(CreditEntry, entry_id).events]


def test_a_serious_bad_record_ends_with_its_last_day_in_china(world: World, morning: time_machine.Traveller) -> None:
    entered(world, Kind.SERIOUS_BAD_RECORD, ends_on=date(2026, 6, 30))
    entered(world, Kind.OTHER)
    morning.move_to(datetime(2026, 6, 30, 15, 59, tzinfo=UTC))
    assert not may_promise(world)
    morning.move_to(datetime(2026, 6, 30, 16, 1, tzinfo=UTC))
    assert may_promise(world)


def test_whoever_entered_it_does_not_decide(world: World) -> None:
    entry_id = entered(world)
    actions.ask_repair(world.actor(world.applicant), entry_id, "已整改。")
    with pytest.raises(Forbidden, match="another person"):
        actions.decide_repair(world.actor(world.supervisor), entry_id, grant=True, reason=REASON)
    assert state(entry_id) is State.REPAIR_ASKED
    actions.decide_repair(world.actor(world.second_supervisor), entry_id, grant=True, reason=REASON)


def test_an_entry_that_followed_from_a_decision_has_the_decider_as_its_enterer(world: World) -> None:
    with unit_of_work(world.actor(world.approver)) as work:
        entry_id = actions.enter(
            work,
            company_id=world.company,
            authority=authority_of(work.session, world.authority),
            kind=Kind.FALSE_COMMITMENT,
            source="核查认定承诺不实",
            effect="不适用告知承诺制",
        ).id
    actions.object_to(world.actor(world.applicant), entry_id, "不属实。")
    with pytest.raises(Forbidden, match="another person"):
        actions.decide_objection(world.actor(world.approver), entry_id, uphold=True, reason=REASON)
    actions.decide_objection(world.actor(world.second_approver), entry_id, uphold=True, reason=REASON)


def test_an_entry_goes_with_the_transaction_of_its_cause(world: World) -> None:
    def rows() -> list[int | None]:
        with reading(SYSTEM) as look:
            counts = (select(func.count()).select_from(table) for table in (CreditEntry, CreditEvent, Notice, LedgerLeaf, OutboxMessage))
            return [look.session.scalar(count) for count in counts]

    before = rows()
    with pytest.raises(Conflict), unit_of_work(world.actor(world.approver)) as work:
        authority = authority_of(work.session, world.authority)
        actions.enter(work, company_id=world.company, authority=authority, kind=Kind.OTHER, source="迟报", effect="提醒")
        raise actions.moved_on()
    assert rows() == before
    with reading(SYSTEM) as look:
        assert look.session.get_one(CreditEntry, entered(world)).number == "CR2026000001"
    assert [later - earlier for earlier, later in zip(before, rows(), strict=True)] == [1, 1, 1, 2, 1]


def test_a_second_factor_that_is_not_fresh_decides_and_enters_nothing(world: World) -> None:
    entry_id = entered(world)
    actions.ask_repair(world.actor(world.applicant, second_factor=False), entry_id, "已整改。")
    with pytest.raises(ReauthenticationNeeded):
        actions.decide_repair(world.actor(world.approver, second_factor=False), entry_id, grant=True, reason=REASON)
    with pytest.raises(ReauthenticationNeeded):
        actions.enter_by_officer(
            world.actor(world.supervisor, second_factor=False),
            world.authority,
            uscc=COMPANY["uscc"],
            kind=Kind.OTHER,
            source=SOURCE,
            effect="提醒",
            published=True,
            ends_on=None,
        )


def test_nobody_else_sees_or_touches_an_entry(world: World) -> None:
    entry_id, stranger = entered(world), world.actor(world.stranger)
    with unit_of_work(SYSTEM) as work:
        columns = {name: value for name, value in NANJING.items() if name != "kid"}
        elsewhere = Authority(
            **{**columns, "code": "SZ", "name": "苏州市气象局", "region_code": "320500", "uscc": "11320500MB00000000"}, kid=2
        )
        work.session.add(elsewhere)
        work.session.flush()
        foreign = replace(
            world.actor(world.approver), posts=frozenset({Post(elsewhere.id, Role.APPROVER), Post(elsewhere.id, Role.SUPERVISOR)})
        )
    for act in (
        lambda: actions.object_to(stranger, entry_id, REASON),
        lambda: actions.ask_repair(stranger, entry_id, REASON),
        lambda: queries.entry_page(stranger, entry_id),
        lambda: queries.entry_page(foreign, entry_id),
        lambda: actions.decide_objection(foreign, entry_id, uphold=True, reason=REASON),
        lambda: queries.entry_page(world.actor(world.applicant), entry_id + 1),
    ):
        with pytest.raises(NotFound):
            act()
    assert queries.register(foreign).rows == ()
    assert queries.credit_of_my_companies(stranger) == []
    assert [row.entry.id for row in queries.credit_of_my_companies(world.actor(world.applicant))] == [entry_id]


def test_an_officer_of_the_company_neither_enters_nor_decides_about_it(world: World) -> None:
    entry_id = entered(world)
    actions.object_to(world.actor(world.applicant), entry_id, "不属实。")
    seat = frozenset({Membership(world.company, Role.APPLICANT)})
    with pytest.raises(Forbidden, match="belong to the company"):
        actions.decide_objection(replace(world.actor(world.approver), memberships=seat), entry_id, uphold=True, reason=REASON)
    with pytest.raises(Forbidden, match="belong to the company"):
        actions.enter_by_officer(
            replace(world.actor(world.supervisor), memberships=seat),
            world.authority,
            uscc=COMPANY["uscc"],
            kind=Kind.OTHER,
            source=SOURCE,
            effect="提醒",
            published=False,
            ends_on=None,
        )
    assert queries.register(replace(world.actor(world.approver), memberships=seat)).rows == ()


@pytest.mark.parametrize("person", ["intake", "examiner", "verifier"])
def test_other_posts_read_and_decide_nothing(world: World, person: str) -> None:
    entry_id, officer = entered(world), world.actor(getattr(world, person))
    actions.object_to(world.actor(world.applicant), entry_id, "不属实。")
    page = queries.entry_page(officer, entry_id)
    assert not page.can(Action.CREDIT_DECIDE)
    with pytest.raises(Forbidden):
        actions.decide_objection(officer, entry_id, uphold=True, reason=REASON)


def test_a_form_sent_twice_does_it_once(world: World) -> None:
    entry_id, applicant = entered(world), world.actor(world.applicant)
    actions.object_to(applicant, entry_id, "不属实。")
    for again in (actions.object_to, actions.ask_repair):
        with pytest.raises(Conflict) as refused:
            again(applicant, entry_id, "不属实。")
        assert refused.value.code == "credit-moved-on"
    with pytest.raises(Conflict):
        actions.decide_repair(world.actor(world.approver), entry_id, grant=True, reason=REASON)
    actions.decide_objection(world.actor(world.approver), entry_id, uphold=True, reason=REASON)
    with pytest.raises(Conflict):
        actions.decide_objection(world.actor(world.second_approver), entry_id, uphold=False, reason=REASON)


def test_a_decision_about_what_is_no_longer_pending_is_not_taken_for_another(world: World) -> None:
    entry_id, applicant = entered(world), world.actor(world.applicant)
    actions.object_to(applicant, entry_id, "不属实。")
    before = queries.entry_page(world.actor(world.approver), entry_id).entry.sequence
    actions.decide_objection(world.actor(world.second_approver), entry_id, uphold=False, reason=REASON)
    actions.object_to(applicant, entry_id, "另有理由。")
    with pytest.raises(Conflict) as refused:
        actions.decide_objection(world.actor(world.approver), entry_id, uphold=True, reason=REASON, seen=before)
    assert refused.value.code == "credit-moved-on"
    assert state(entry_id) is State.OBJECTED


def test_two_who_decide_at_once_make_one_decision(world: World) -> None:
    entry_ids = [entered(world) for _ in range(10)]
    deciders = [world.actor(world.approver), world.actor(world.second_approver)]
    for entry_id in entry_ids:
        actions.ask_repair(world.actor(world.applicant), entry_id, "已整改。")
        together = Barrier(2)

        def decide(actor: Actor, entry_id: int = entry_id, together: Barrier = together) -> str:
            together.wait()
            try:
                actions.decide_repair(actor, entry_id, grant=actor is deciders[0], reason=REASON)
            except Conflict as refused:
                return refused.code
            return "done"

        with ThreadPoolExecutor(2) as threads:
            assert sorted(threads.map(decide, deciders)) == ["credit-moved-on", "done"]
    assert troubles() == set()


def test_all_that_is_wrong_with_an_entry_is_said_at_once(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        entered(world, ends_on=today(), uscc="12345", source=" ", effect="长" * 301)
    assert {field.path for field in refused.value.fields} == {"uscc", "source", "effect", "ends_on"}
    with pytest.raises(Invalid) as unknown:
        entered(world, uscc="91350100M000100Y43")
    assert [field.code for field in unknown.value.fields] == ["uscc-unknown"]


@pytest.mark.parametrize(("reason", "code"), [("  ", "reason-needed"), ("长" * 1001, "text"), ("a\x00b", "text")])
def test_a_reason_that_cannot_stay_in_the_record_is_refused(world: World, reason: str, code: str) -> None:
    entry_id = entered(world)
    with pytest.raises(Invalid) as refused:
        actions.object_to(world.actor(world.applicant), entry_id, reason)
    assert refused.value.code == code
    assert state(entry_id) is State.STANDING


def test_the_public_sees_what_is_published_and_stands(world: World, morning: time_machine.Traveller) -> None:
    hidden = entered(world, published=False)
    standing = entered(world, ends_on=date(2026, 6, 30))
    removed, repaired, pending = (entered(world) for _ in range(3))
    actions.object_to(world.actor(world.applicant), removed, "不属实。")
    actions.decide_objection(world.actor(world.approver), removed, uphold=True, reason=REASON)
    actions.ask_repair(world.actor(world.applicant), repaired, "已整改。")
    actions.decide_repair(world.actor(world.approver), repaired, grant=True, reason=REASON)
    actions.object_to(world.actor(world.applicant), pending, "不属实。")
    other = entered(world, Kind.OTHER, uscc=OTHER_COMPANY["uscc"])
    assert [row.entry.id for row in queries.public_entries().rows] == [other, pending, standing]
    assert [row.entry.id for row in queries.public_entries(COMPANY["uscc"].lower()).rows] == [pending, standing]
    assert queries.public_entries("%").rows == ()
    first = queries.public_entries(size=2)
    assert [row.entry.id for row in queries.public_entries(after=first.next_key, size=2).rows] == [standing]
    morning.move_to(datetime(2026, 7, 1, 1, 0, tzinfo=UTC))
    assert [row.entry.id for row in queries.public_entries().rows] == [other, pending]
    assert hidden in [row.entry.id for row in queries.register(world.actor(world.intake)).rows]


def test_the_register_pages_without_gaps_and_the_longest_wait_comes_first(world: World, morning: time_machine.Traveller) -> None:
    made = [entered(world) for _ in range(5)]
    for entry_id in (made[3], made[1]):
        actions.object_to(world.actor(world.applicant), entry_id, "不属实。")
        morning.shift(timedelta(minutes=1))
    officer, found, key = world.actor(world.examiner), [], None
    while True:
        page = queries.register(officer, after=key, size=2)
        found += [row.entry.id for row in page.rows]
        key = page.next_key
        if key is None:
            break
    assert found == made[::-1]
    assert [row.entry.id for row in queries.waiting(officer)] == [made[3], made[1]]
    assert [row.entry.id for row in queries.register(officer, search="cr2026000002").rows] == [made[1]]


def test_a_page_names_the_people_and_gives_the_reasons(world: World) -> None:
    entry_id = entered(world)
    actions.object_to(world.actor(world.applicant), entry_id, "不属实。")
    page = queries.entry_page(world.actor(world.approver), entry_id)
    assert [(line.actor, line.reason) for line in page.history] == [("蒋文博", SOURCE), ("李文静", "不属实。")]
    assert page.bars
    assert page.can(Action.CREDIT_DECIDE)
    assert not queries.entry_page(world.actor(world.supervisor), entry_id).can(Action.CREDIT_DECIDE)
    assert queries.entry_page(world.actor(world.approver, second_factor=False), entry_id).can(Action.CREDIT_DECIDE)


def _insert_event(session: Session) -> None:
    last = session.scalars(select(CreditEvent).order_by(CreditEvent.id.desc())).first()
    assert last is not None
    columns = {column.key: getattr(last, column.key) for column in CreditEvent.__table__.columns if column.key != "id"}
    session.add(CreditEvent(**{**columns, "sequence": last.sequence + 1, "type": "ObjectionUpheld"}))


def _delete_all(session: Session) -> None:
    session.execute(delete(CreditEvent))
    session.execute(delete(CreditEntry))


SPOILS: dict[str, Callable[[Session], object]] = {
    "state": lambda session: session.execute(update(CreditEntry).values(state="repaired")),
    "sequence": lambda session: session.execute(update(CreditEntry).values(sequence=1)),
    "kind": lambda session: session.execute(update(CreditEntry).values(kind="other")),
    "last day": lambda session: session.execute(update(CreditEntry).values(ends_on=date(2026, 3, 1))),
    "publication": lambda session: session.execute(update(CreditEntry).values(published=False)),
    "event edited": lambda session: session.execute(update(CreditEvent).where(CreditEvent.sequence == 1).values(actor_id=None)),
    "event of another kind": lambda session: session.execute(update(CreditEvent).where(CreditEvent.sequence == 2).values(type="made-up")),
    "event deleted": lambda session: session.execute(delete(CreditEvent).where(CreditEvent.sequence == 2)),
    "event inserted": _insert_event,
    "entry deleted": _delete_all,
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_whatever_somebody_writes_into_the_tables_is_found(world: World, spoil: str) -> None:
    actions.object_to(world.actor(world.applicant), entered(world, Kind.SERIOUS_BAD_RECORD, date(2027, 3, 1)), "不属实。")
    assert troubles() == set()
    with unit_of_work(SYSTEM) as work:
        SPOILS[spoil](work.session)
    assert troubles()
