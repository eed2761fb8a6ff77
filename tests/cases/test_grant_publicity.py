"""What is to be granted is made public first, and everybody may object; what was granted is reported upwards."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import time_machine
from reviewing import publicised
from world import World

from licensing.cases import actions, closing, extension, objections, publicising, recognitions
from licensing.cases.machine import State
from licensing.cases.tables import RecognitionReport
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work

GOING = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
OVER = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
"""The day after the five working days from Monday 2 March."""
WORDS = {"name": "林一鸣", "contact": "13900000009", "text": "技术负责人的从业年限不足。"}


def number(world: World, case_id: int) -> str:
    return world.page(case_id).case.public_number


def filed(case_id: int) -> int:
    with reading(SYSTEM) as look:
        (made,) = objections.open_objections(look.session, case_id)
        return made.id


def answer(world: World, case_id: int, outcome: str) -> None:
    objections.answer(world.actor(world.province.second_approver), filed(case_id), outcome, "经核查，年限符合规定。")


@pytest.mark.parametrize(
    ("opened", "until"),
    [
        (datetime(2026, 3, 2, 1, 0, tzinfo=UTC), date(2026, 3, 9)),
        (datetime(2026, 4, 1, 1, 0, tzinfo=UTC), date(2026, 4, 9)),  # Qingming: the 4th to the 6th are off
        (datetime(2026, 4, 29, 1, 0, tzinfo=UTC), date(2026, 5, 9)),  # Labour Day: the 1st to the 5th are off, the 9th is made up
        (datetime(2026, 9, 23, 1, 0, tzinfo=UTC), date(2026, 10, 8)),  # Mid-autumn: the 25th to the 27th; National Day: the 1st to the 7th
    ],
)
def test_the_publicity_lasts_five_working_days_and_every_day_is_explained(
    world: World, morning: time_machine.Traveller, opened: datetime, until: date
) -> None:
    morning.move_to(opened)
    case_id = publicised(world)
    shown = publicising.public_publicity(number(world, case_id))
    assert (shown.until, shown.term.due) == (until, until)
    assert [step.ordinal for step in shown.term.steps if step.counts] == [1, 2, 3, 4, 5]
    assert world.page(case_id).view.publicity_until == until


def test_it_is_granted_only_after_the_last_day_and_the_clock_runs_on(world: World, morning: time_machine.Traveller) -> None:
    case_id = publicised(world)
    assert world.page(case_id).case.due_on == date(2026, 3, 30)
    morning.move_to(GOING)
    with pytest.raises(Conflict) as early:
        world.grant(case_id)
    assert (early.value.code, world.page(case_id).state) == ("publicity-runs", State.PUBLICITY)
    morning.move_to(OVER)
    world.grant(case_id)
    assert world.page(case_id).state is State.GRANTED
    assert publicising.public_publicities() == ()
    with pytest.raises(NotFound):
        publicising.public_publicity(number(world, case_id))


def test_an_approver_opens_it_for_a_grant_and_nobody_grants_around_it(world: World) -> None:
    province = world.province
    case_id = world.proposed("qualification")
    with pytest.raises(Conflict) as around:
        world.grant(case_id)
    assert around.value.code == "case-moved-on"
    for nobody in (province.examiner, province.intake, world.approver, world.applicant):
        with pytest.raises((Forbidden, NotFound)):
            publicising.open_publicity(world.actor(nobody), case_id)
    with pytest.raises(ReauthenticationNeeded):
        publicising.open_publicity(world.actor(province.approver, second_factor=False), case_id)
    refused = world.proposed("qualification", grant=False)
    with pytest.raises(Conflict) as against:
        publicising.open_publicity(world.actor(province.approver), refused)
    assert against.value.code == "against-proposal"
    actions.refuse(world.actor(province.approver), refused, "不符合条件。")
    page = world.page(refused)
    assert (page.state, page.letters[-1].kind, page.letters[-1].written_at.date()) == (State.REFUSED, "D7", page.view.decided_at.date())


def test_where_there_is_no_publicity_none_is_opened(world: World) -> None:
    with pytest.raises(Conflict) as refused:
        publicising.open_publicity(world.actor(world.approver), world.proposed())
    assert refused.value.code == "case-moved-on"


def test_everybody_sees_what_will_be_granted_with_personal_names_masked(world: World) -> None:
    case_id = publicised(world)
    (shown,) = publicising.public_publicities()
    told = {row.english_label: value for row, value in shown.rows}
    assert "南京金陵石化销售有限公司" in told.values()
    assert "乙级" in told.values()
    assert "王建国" not in told.values()
    assert "王**" in told.values()
    assert not shown.is_over
    assert shown.case.id == case_id


def test_nothing_is_granted_while_an_objection_waits_for_its_answer(world: World, morning: time_machine.Traveller) -> None:
    case_id = publicised(world)
    assert publicising.object_publicly(number(world, case_id), **WORDS).startswith("OB")
    morning.move_to(OVER)
    with pytest.raises(Conflict) as waiting:
        world.grant(case_id)
    assert waiting.value.code == "objection-open"
    with pytest.raises(Conflict) as late:
        publicising.object_publicly(number(world, case_id), **WORDS)
    assert late.value.code == "publicity-over"
    with pytest.raises(Forbidden):
        objections.answer(world.actor(world.province.approver), filed(case_id), "rejected", "符合规定。")
    answer(world, case_id, "rejected")
    assert world.grant(case_id).number


def test_what_was_objected_to_rightly_is_returned_and_made_public_anew(world: World, morning: time_machine.Traveller) -> None:
    case_id = publicised(world)
    publicising.object_publicly(number(world, case_id), **WORDS)
    answer(world, case_id, "upheld")
    morning.move_to(OVER)
    with pytest.raises(Conflict) as upheld:
        world.grant(case_id)
    assert upheld.value.code == "objection-upheld"
    actions.return_proposal(world.actor(world.province.approver), case_id, "异议成立，请重新审查。")
    page = world.page(case_id)
    assert (page.state, page.view.publicity, page.view.proposal) == (State.ACCEPTED, None, None)
    actions.propose(world.actor(world.province.examiner), case_id, grant=True, opinion="已更正，符合条件。")
    publicising.open_publicity(world.actor(world.province.approver), case_id)
    morning.move_to(datetime(2026, 3, 18, 2, 0, tzinfo=UTC))
    assert world.grant(case_id).number, "what was said against the earlier publicity does not bar the new one"


def test_an_objection_to_an_earlier_publicity_is_answered_before_the_grant_and_bars_it_when_upheld(
    world: World, morning: time_machine.Traveller
) -> None:
    for outcome, code in (("rejected", ""), ("upheld", "objection-upheld")):
        morning.move_to(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
        case_id = publicised(world)
        publicising.object_publicly(number(world, case_id), **WORDS)
        actions.return_proposal(world.actor(world.province.approver), case_id, "异议需要核实，请重新审查。")
        actions.propose(world.actor(world.province.examiner), case_id, grant=True, opinion="经核实，符合条件。")
        publicising.open_publicity(world.actor(world.province.approver), case_id)
        morning.move_to(OVER)
        with pytest.raises(Conflict) as waiting:
            world.grant(case_id)
        assert waiting.value.code == "objection-open"
        answer(world, case_id, outcome)
        if code:
            with pytest.raises(Conflict) as upheld:
                world.grant(case_id)
            assert upheld.value.code == code
        else:
            assert world.grant(case_id).number


def test_an_objection_gives_a_name_a_contact_and_a_reason(world: World) -> None:
    case_id = publicised(world)
    with pytest.raises(Invalid) as incomplete:
        publicising.object_publicly(number(world, case_id), name="", contact="nobody", text="")
    assert {field.path for field in incomplete.value.fields} == {"name", "contact", "text"}
    with pytest.raises(NotFound):
        publicising.object_publicly(number(world, world.submitted()), **WORDS)


def test_it_can_be_withdrawn_closed_and_extended_during_the_publicity(world: World) -> None:
    withdrawn, closed, extended = (publicised(world) for _ in range(3))
    actions.withdraw(world.actor(world.applicant), withdrawn, "不办了。")
    closing.close(world.actor(world.province.approver), closed, "applicant_ended", "申请人已办理注销登记。")
    extension.extend(world.actor(world.province.approver), extended, days=5, reason="异议需要核查。")
    assert [world.page(one).state for one in (withdrawn, closed, extended)] == [State.WITHDRAWN, State.CLOSED, State.PUBLICITY]
    assert world.page(extended).case.due_on == date(2026, 4, 7)


def test_a_granted_qualification_is_reported_within_thirty_working_days(world: World, morning: time_machine.Traveller) -> None:
    province = world.province
    case_id = publicised(world)
    morning.move_to(OVER)
    world.grant(case_id)
    (duty,) = recognitions.duties(world.actor(province.examiner)).rows
    assert (duty.case.id, duty.due_on, duty.days_left, duty.report) == (case_id, date(2026, 4, 22), 30, None)
    assert recognitions.open_duties(world.actor(province.examiner)) == 1
    assert recognitions.duties(world.actor(world.examiner)).rows == ()
    with pytest.raises(Forbidden):
        recognitions.report(world.actor(province.intake), case_id, "苏气函〔2026〕12号", date(2026, 3, 10))
    with pytest.raises(NotFound):
        recognitions.report(world.actor(world.examiner), case_id, "苏气函〔2026〕12号", date(2026, 3, 10))
    with pytest.raises(Invalid) as incomplete:
        recognitions.report(world.actor(province.examiner), case_id, "", date(2026, 3, 9))
    assert {field.path for field in incomplete.value.fields} == {"number", "reported_on"}
    recognitions.report(world.actor(province.examiner), case_id, "苏气函〔2026〕12号", date(2026, 3, 10))
    with pytest.raises(Conflict):
        recognitions.report(world.actor(province.approver), case_id, "苏气函〔2026〕13号", date(2026, 3, 10))
    (done,) = recognitions.duties(world.actor(province.supervisor)).rows
    assert done.report is not None
    assert (done.report.number, done.recorded_by) == ("苏气函〔2026〕12号", "邵振邦")
    assert world.page(case_id).view.state is State.GRANTED
    with unit_of_work(SYSTEM) as work:
        work.session.query(RecognitionReport).update({"number": "改过"})
    with reading(SYSTEM) as look:
        assert {problem.code for problem in recognitions.problems(look.session)} == {"not-in-log", "not-in-tables"}


def test_the_duties_are_read_page_by_page_what_is_open_first(world: World, morning: time_machine.Traveller) -> None:
    cases = [publicised(world) for _ in range(3)]
    morning.move_to(OVER)
    for case_id in cases:
        world.grant(case_id)
    office = world.actor(world.province.examiner)
    recognitions.report(office, cases[0], "苏气函〔2026〕12号", date(2026, 3, 10))
    seen, after = [], None
    for _ in cases:
        page = recognitions.duties(office, after=after, size=1)
        seen.extend(duty.case.id for duty in page.rows)
        after = page.next_key
    assert (seen, after) == ([cases[1], cases[2], cases[0]], None)
    assert recognitions.open_duties(office) == 2
