"""Proceedings from their beginning to their end, without the web."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from life import NEW_ADDRESS, REASON, Life
from sqlalchemy import select
from world import LONG_AGO

from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.ledger.queries import check
from licensing.letters.actions import sealed_pdf
from licensing.letters.queries import of_licences
from licensing.letters.tables import Letter
from licensing.licences.operations import OPERATIONS, Operation
from licensing.licences.record import from_canonical
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.notices.queries import latest
from licensing.parties import actions as parties
from licensing.parties.tables import Company, Person
from licensing.policy import SYSTEM, Role
from licensing.proceedings import actions, issuing
from licensing.proceedings.expiry import expire_all, expire_if_due
from licensing.proceedings.machine import State
from licensing.proceedings.tables import Proceeding
from licensing.storage import reading, unit_of_work

pytestmark = pytest.mark.slow

ADVERSE = [operation for operation, rule in OPERATIONS.items() if rule.notice is not None]


def letters(licence_id: int) -> list[Letter]:
    with reading(SYSTEM) as look:
        return of_licences(look.session, [licence_id])


@pytest.mark.parametrize("operation", ADVERSE)
def test_the_holder_is_heard_before_an_adverse_decision(life: Life, morning: time_machine.Traveller, operation: Operation) -> None:
    licence_id = life.quick()
    proceeding_id = life.propose(licence_id, operation)
    found = life.at(proceeding_id)
    assert (found.view.state, found.view.due_on) == (State.NOTIFIED, date(2026, 3, 9))
    with pytest.raises(Conflict) as early:
        life.decide(proceeding_id)
    assert early.value.code == "answer-pending"
    life.answer(proceeding_id)
    life.decide(proceeding_id)
    assert life.status(licence_id) is OPERATIONS[operation].target
    notice, decision = letters(licence_id)
    assert (notice.kind, decision.kind) == ("D8-0", OPERATIONS[operation].letter)
    assert "2026年3月9日" in "".join(notice.content["paragraphs"])
    assert ("听证" in "".join(notice.content["paragraphs"])) == (operation is Operation.REVOKE_AS_PENALTY)
    assert decision.content["items"] == [REASON]
    assert "六十日" in decision.content["remedy"]
    with reading(SYSTEM) as look:
        assert [message.licence_id for message in latest(look.session, frozenset({life.world.company}))] == [licence_id] * 2
        assert check(look.session).holds


def test_silence_opens_the_decision_the_day_after_the_term_and_closes_the_answer(life: Life, morning: time_machine.Traveller) -> None:
    proceeding_id = life.propose(life.quick(), Operation.SUSPEND)
    morning.move_to(datetime(2026, 3, 9, 15, 0, tzinfo=UTC))
    with pytest.raises(Conflict, match="until 2026-03-09"):
        life.decide(proceeding_id)
    morning.move_to(datetime(2026, 3, 9, 16, 30, tzinfo=UTC))
    with pytest.raises(Conflict) as late:
        life.answer(proceeding_id)
    assert late.value.code == "answer-too-late"
    life.decide(proceeding_id)
    assert life.at(proceeding_id).view.state is State.DONE


def test_an_officer_may_give_more_time_but_not_less(life: Life) -> None:
    licence_id = life.quick()
    with pytest.raises(Invalid) as refused:
        life.propose(licence_id, Operation.SUSPEND, answer_days=4)
    assert refused.value.code == "answer-days"
    assert life.at(life.propose(licence_id, Operation.SUSPEND, answer_days=10)).view.due_on == date(2026, 3, 16)


def test_a_hearing_that_was_demanded_is_held_before_the_decision(life: Life) -> None:
    proceeding_id = life.answer(life.propose(life.quick(), Operation.REVOKE_AS_PENALTY), hearing=True)
    assert life.at(proceeding_id).view.state is State.HEARING
    with pytest.raises(Conflict):
        life.decide(proceeding_id)
    examiner = life.world.actor(life.world.examiner)
    with pytest.raises(Invalid):
        actions.record_hearing(examiner, proceeding_id, held_on=date(2026, 3, 1), summary="听证笔录")
    actions.record_hearing(examiner, proceeding_id, held_on=date(2026, 3, 2), summary="听证笔录")
    life.decide(proceeding_id)
    assert life.at(proceeding_id).view.state is State.DONE


def test_where_the_law_gives_no_hearing_the_demand_is_an_answer(life: Life) -> None:
    proceeding_id = life.answer(life.propose(life.quick(), Operation.SUSPEND), hearing=True)
    assert life.at(proceeding_id).view.state is State.PROPOSED


def test_what_was_proposed_may_be_dropped_and_the_holder_is_told(life: Life) -> None:
    licence_id = life.quick()
    proceeding_id = life.propose(licence_id, Operation.REVOKE_FOR_DECEIT)
    with pytest.raises(Forbidden):
        actions.drop(life.world.actor(life.world.examiner), proceeding_id, "不再追究")
    actions.drop(life.world.actor(life.world.approver), proceeding_id, "证据不足")
    assert (life.at(proceeding_id).view.state, life.status(licence_id)) == (State.DROPPED, Status.IN_FORCE)
    with reading(SYSTEM) as look:
        assert "does not pursue" in latest(look.session, frozenset({life.world.company}))[0].sentence
    assert life.propose(licence_id, Operation.SUSPEND) > proceeding_id, "the place is free again"


def test_a_suspension_is_lifted_when_the_holder_asks(life: Life) -> None:
    licence_id = life.quick()
    life.done(licence_id, Operation.SUSPEND)
    life.decide(life.requested(licence_id, Operation.LIFT_SUSPENSION))
    assert life.status(licence_id) is Status.IN_FORCE
    assert letters(licence_id)[-1].content["paragraphs"][0].startswith("2026年3月2日，你单位提出解除暂扣申请（LP2026000002）。")


def test_a_cancellation_that_the_holder_asked_for_needs_no_notice(life: Life) -> None:
    licence_id = life.quick()
    proceeding_id = life.requested(licence_id, Operation.CANCEL)
    assert [letter.kind for letter in letters(licence_id)] == []
    life.decide(proceeding_id)
    assert life.status(licence_id) is Status.CANCELLED
    assert [letter.kind for letter in letters(licence_id)] == ["D8-6"]


def test_a_request_is_withdrawn_refused_or_sent_back(life: Life) -> None:
    world, licence_id = life.world, life.quick()
    first = life.requested(licence_id, Operation.CANCEL)
    actions.withdraw(world.actor(world.applicant), first)
    assert life.at(first).view.state is State.WITHDRAWN
    with pytest.raises(Conflict):
        life.decide(first)
    second = life.recommend(life.ask(licence_id, Operation.CANCEL), grant=False)
    with pytest.raises(Conflict) as against:
        life.decide(second)
    assert against.value.code == "against-proposal"
    approver = world.actor(world.approver)
    actions.send_back(approver, second, "请再核实")
    assert life.at(second).view.state is State.REQUESTED
    life.recommend(second, grant=False)
    actions.refuse(approver, second, "存在未了结的处罚。")
    assert (life.at(second).view.state, life.status(licence_id)) == (State.REFUSED, Status.IN_FORCE)
    letter = letters(licence_id)[-1]
    assert (letter.kind, letter.content["title"], letter.content["items"]) == ("D8-7", "不予注销决定书", ["存在未了结的处罚。"])
    assert "六个月" in letter.content["remedy"]


def test_letters_become_sealed_files(life: Life) -> None:
    licence_id = life.quick()
    life.done(licence_id, Operation.REVOKE_AS_PENALTY)
    for letter in letters(licence_id):
        assert sealed_pdf(letter.id).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("operation", [Operation.CHANGE, Operation.REPLACE, Operation.RENEW])
def test_a_new_version_takes_the_place_of_the_old_one(life: Life, operation: Operation) -> None:
    kind = "qualification_certificate" if operation is Operation.RENEW else "design_approval"
    old_id = life.issued(kind)
    new = life.grant(life.requested(old_id, operation, changes=NEW_ADDRESS if operation is Operation.CHANGE else None))
    old = life.licence(old_id)
    before, after = from_canonical(old.record), from_canonical(new.record)
    assert (old.status, old.successor_id, new.status, new.previous_id) == (Status.REPLACED, new.id, Status.IN_FORCE, old.id)
    assert (after.number, after.version, after.previous) == (before.number, 2, before.identifier)
    assert after.identifier.split(".")[-2] == "002"
    for fresh in ("identifier", "check_code", "status_index"):
        assert getattr(after, fresh) != getattr(before, fresh)
    differing = {label for label, value in after.face if (label, value) not in before.face}
    assert differing == {Operation.CHANGE: {"项目地址"}, Operation.REPLACE: set(), Operation.RENEW: {"有效期至"}}[operation]
    assert after.case_number == "LP2026000001"
    with reading(SYSTEM) as look:
        assert look.files.get(new.file_sha256 or "").startswith(b"%PDF-1.7")
        assert check(look.session).holds


def test_a_renewal_adds_five_years_to_the_last_day(life: Life, morning: time_machine.Traveller) -> None:
    old_id = life.issued("qualification_certificate")
    morning.move_to(datetime(2026, 11, 20, 1, 0, tzinfo=UTC))
    new = life.grant(life.requested(old_id, Operation.RENEW))
    record = from_canonical(new.record)
    assert (record.issued_on, record.valid_from, record.valid_until) == ("2026-11-20", "2026-11-20", "2032-03-01")


def test_a_renewal_is_asked_for_three_months_before_the_last_day(life: Life, morning: time_machine.Traveller) -> None:
    licence_id = life.quick("qualification_certificate")
    morning.move_to(datetime(2026, 12, 2, 1, 0, tzinfo=UTC))
    with pytest.raises(Conflict) as late:
        life.ask(licence_id, Operation.RENEW)
    assert late.value.code == "renewal-too-late"
    morning.move_to(datetime(2026, 12, 1, 1, 0, tzinfo=UTC))
    assert life.ask(licence_id, Operation.RENEW)
    with pytest.raises(Conflict) as endless:
        life.ask(life.quick(), Operation.RENEW)
    assert endless.value.code == "no-end-date"
    with pytest.raises(Conflict):
        life.propose(licence_id, Operation.RENEW)


def test_a_licence_ends_by_its_date_unless_a_timely_renewal_waits(life: Life, morning: time_machine.Traveller) -> None:
    ending, renewed = life.quick("qualification_certificate"), life.issued("qualification_certificate")
    morning.move_to(datetime(2026, 11, 20, 1, 0, tzinfo=UTC))
    proceeding_id = life.requested(renewed, Operation.RENEW)
    assert expire_all() == 0
    morning.move_to(datetime(2027, 3, 1, 15, 59, tzinfo=UTC))
    assert expire_all() == 0
    morning.move_to(datetime(2027, 3, 1, 16, 0, tzinfo=UTC))
    assert (expire_all(), expire_all()) == (1, 0)
    assert (life.status(ending), life.status(renewed)) == (Status.EXPIRED, Status.IN_FORCE)
    morning.move_to(datetime(2027, 3, 10, 1, 0, tzinfo=UTC))
    record = from_canonical(life.grant(proceeding_id).record)
    assert (record.issued_on, record.valid_from, record.valid_until) == ("2027-03-10", "2027-03-02", "2032-03-01"), "without a gap"


def test_a_renewal_that_is_refused_after_the_last_day_ends_the_licence(life: Life, morning: time_machine.Traveller) -> None:
    licence_id = life.quick("qualification_certificate")
    morning.move_to(datetime(2026, 11, 20, 1, 0, tzinfo=UTC))
    proceeding_id = life.recommend(life.ask(licence_id, Operation.RENEW), grant=False)
    morning.move_to(datetime(2027, 3, 10, 1, 0, tzinfo=UTC))
    assert not expire_if_due(licence_id)
    actions.refuse(life.world.actor(life.world.approver), proceeding_id, "不再符合条件。")
    assert expire_if_due(licence_id)
    assert life.status(licence_id) is Status.EXPIRED


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"answers.project.address": " 滨江路 18 号 "},
        {"answers.project.use": "液化气站"},
        {"record.holder_uscc": "91320106MA20QKJ458"},
        {"answers.project.address": " "},
        {"answers.project.address": "路" * 101},
        {"answers.project.address": "滨江路\u202e18 号"},
    ],
)
def test_a_change_touches_only_what_it_may(life: Life, changes: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        life.ask(life.quick(), Operation.CHANGE, changes=changes)
    assert refused.value.code == "change"
    assert refused.value.fields


def test_a_changed_name_is_that_of_the_holder(life: Life) -> None:
    new = life.grant(life.requested(life.issued(), Operation.CHANGE, changes={"record.holder_name": "南京金陵能源有限公司"}))
    record = from_canonical(new.record)
    assert (new.holder, record.holder, dict(record.face)["建设单位"]) == ("南京金陵能源有限公司",) * 3
    assert record.holder_code == new.holder_code == from_canonical(life.licence(new.previous_id or 0).record).holder_code


def test_one_open_request_and_one_open_act_at_a_time(life: Life) -> None:
    licence_id = life.quick()
    life.ask(licence_id, Operation.CANCEL)
    life.propose(licence_id, Operation.SUSPEND)
    for again in (lambda: life.ask(licence_id, Operation.REPLACE), lambda: life.propose(licence_id, Operation.CANCEL)):
        with pytest.raises(Conflict) as refused:
            again()
        assert refused.value.code == "proceeding-open"


def test_nothing_is_granted_by_which_the_holder_could_evade(life: Life) -> None:
    licence_id = life.issued()
    change = life.requested(licence_id, Operation.CHANGE, changes=NEW_ADDRESS)
    adverse = life.propose(licence_id, Operation.REVOKE_FOR_DECEIT)
    with pytest.raises(Conflict) as refused:
        life.grant(change)
    assert refused.value.code == "adverse-pending"
    life.decide(life.answer(adverse))
    assert life.at(change).view.state is State.LAPSED
    other = life.quick()
    cancelling = life.requested(other, Operation.CANCEL)
    life.propose(other, Operation.REVOKE_AS_PENALTY)
    with pytest.raises(Conflict):
        life.decide(cancelling)


def test_an_act_against_the_old_version_goes_on_against_the_new_one(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    licence_id = life.issued()
    change = life.requested(licence_id, Operation.CHANGE, changes=NEW_ADDRESS)
    version_id = issuing.decide_version(life.world.actor(life.world.approver), change, REASON)
    adverse = life.propose(licence_id, Operation.REVOKE_FOR_DECEIT)
    new = issuing.finish(change, version_id)
    assert life.at(adverse).licence.id == new.id
    life.decide(life.answer(adverse))
    assert (life.status(licence_id), life.status(new.id)) == (Status.REPLACED, Status.REVOKED_FOR_DECEIT)


def test_a_version_that_is_being_made_falls_with_its_licence(life: Life, morning: time_machine.Traveller) -> None:
    licence_id = life.issued()
    change = life.requested(licence_id, Operation.CHANGE, changes=NEW_ADDRESS)
    version_id = issuing.decide_version(life.world.actor(life.world.approver), change, REASON)
    life.decide(life.answer(life.propose(licence_id, Operation.SUSPEND)))
    assert (life.at(change).view.state, life.status(version_id)) == (State.LAPSED, Status.VOID)
    with pytest.raises(Conflict) as refused:
        issuing.finish(change, version_id)
    assert refused.value.code == "licence-not-intent"
    assert issuing.resume_all() == 0


def test_who_proposed_does_not_decide_and_a_second_factor_is_needed(life: Life) -> None:
    world = life.world
    with unit_of_work(SYSTEM) as work:
        authority = work.session.get_one(Licence, life.quick()).authority_id
        person = work.session.get_one(Person, world.examiner)
        from licensing.parties.tables import Authority

        parties.give_post(work, person, work.session.get_one(Authority, authority), Role.APPROVER, held_from=LONG_AGO)
    proceeding_id = life.answer(life.propose(life.quick(), Operation.SUSPEND))
    with pytest.raises(Forbidden) as own:
        life.decide(proceeding_id, world.examiner)
    assert own.value.code == "forbidden"
    with pytest.raises(Forbidden):
        actions.drop(world.actor(world.examiner), proceeding_id, "算了")
    with pytest.raises(ReauthenticationNeeded):
        actions.decide(world.actor(world.approver, second_factor=False), proceeding_id, REASON)
    with pytest.raises(Forbidden):
        actions.propose(world.actor(world.approver), life.quick(), Operation.SUSPEND, reason=REASON)
    life.decide(proceeding_id)


def test_nobody_acts_on_a_licence_of_their_own_company(life: Life) -> None:
    world, licence_id = life.world, life.quick()
    proceeding_id = life.answer(life.propose(licence_id, Operation.SUSPEND))
    with unit_of_work(SYSTEM) as work:
        company = work.session.get_one(Company, world.company)
        for person in (world.examiner, world.approver):
            parties.give_seat(work, work.session.get_one(Person, person), company, Role.APPLICANT, held_from=LONG_AGO)
    for act in (
        lambda: life.propose(licence_id, Operation.CANCEL),
        lambda: life.decide(proceeding_id),
        lambda: actions.drop(world.actor(world.approver), proceeding_id, "算了"),
    ):
        with pytest.raises(Forbidden, match="You belong to the company"):
            act()
    life.decide(proceeding_id, world.second_approver)


def test_strangers_see_nothing_and_officers_do_not_ask(life: Life) -> None:
    world, licence_id = life.world, life.quick()
    stranger, officer = world.actor(world.stranger), world.actor(world.examiner)
    proceeding_id = life.propose(licence_id, Operation.SUSPEND)
    for act in (
        lambda: actions.ask(stranger, licence_id, Operation.CANCEL, reason="x"),
        lambda: actions.answer(stranger, proceeding_id, "x"),
        lambda: actions.propose(stranger, licence_id, Operation.CANCEL, reason="x"),
        lambda: actions.ask(stranger, life.intended(), Operation.CANCEL, reason="x"),
        lambda: actions.ask(stranger, 987654, Operation.CANCEL, reason="x"),
        lambda: actions.decide(stranger, 987654, "x"),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(Forbidden):
        actions.ask(officer, licence_id, Operation.CANCEL, reason="x")
    with pytest.raises(Forbidden):
        actions.answer(officer, proceeding_id, "x")
    with pytest.raises(Forbidden):
        life.decide(proceeding_id, world.applicant)


@pytest.mark.parametrize("operation", [operation for operation, rule in OPERATIONS.items() if not rule.holder_may_ask])
def test_a_holder_asks_only_for_what_the_table_opens(life: Life, operation: Operation) -> None:
    with pytest.raises(Conflict):
        life.ask(life.quick(), operation)


def test_what_is_not_about_a_licence_that_is_out_is_not_found(life: Life) -> None:
    for licence_id in (life.intended(), life.in_status(life.intended(), Status.VOID)):
        with pytest.raises(NotFound):
            life.propose(licence_id, Operation.CANCEL)


def test_numbers_of_proceedings_have_no_gap(life: Life) -> None:
    for _ in range(3):
        with pytest.raises(Invalid):
            life.propose(life.quick(), Operation.SUSPEND, answer_days=99)
        life.propose(life.quick(), Operation.SUSPEND)
    with reading(SYSTEM) as look:
        numbers = look.session.scalars(select(Proceeding.number).order_by(Proceeding.id)).all()
    assert numbers == ["LP2026000001", "LP2026000002", "LP2026000003"]
