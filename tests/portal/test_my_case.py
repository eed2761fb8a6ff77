"""The page of one's own case: where it is, whose turn it is, and both dates by their names, also when late or extended."""

from __future__ import annotations

from datetime import UTC, datetime

import time_machine
from office_tools import Desk, text

from licensing.cases import actions, extension, verifying
from licensing.commitments.rules import Result


def my_case(desk: Desk, case_id: int) -> str:
    return text(desk.browser(desk.world.applicant).get(f"/my/cases/{case_id}"))


def test_both_dates_have_their_names_also_when_both_have_passed(desk: Desk, morning: time_machine.Traveller) -> None:
    case_id = desk.world.accepted()
    said = my_case(desk, case_id)
    assert "Left, as the authority promises 5 working days" in said
    assert "Left by law 10 working days" in said
    morning.move_to(datetime(2026, 3, 17, 1, tzinfo=UTC))
    said = my_case(desk, case_id)
    assert "Decision as promised 6 working days overdue" in said
    assert "Decision by law 1 working day overdue" in said
    assert "Overdue by" not in said, "a date without its name says nothing"


def test_an_extension_is_told_beside_the_date_that_it_moved_and_leaves_the_promise(desk: Desk, morning: time_machine.Traveller) -> None:
    world = desk.world
    case_id = world.accepted()
    extension.extend(world.actor(world.approver), case_id, days=5, reason="情况复杂，需要进一步核实。")
    said = my_case(desk, case_id)
    promised, legal = said.split("Left, as the authority promises")[1].split("Left by law")
    assert "Due at the latest on 9 Mar 2026" in promised
    assert "The promise stands as it was made: an extension does not move it." in promised
    assert "Due at the latest on 23 Mar 2026" in legal
    assert "The head of the authority extended the time to decide from 2026-03-16 to 2026-03-23." in legal
    world.verify(case_id)
    actions.commission(world.actor(world.examiner), case_id, body="江苏防雷检测中心", expected_days=5)
    said = my_case(desk, case_id)
    assert "The head of the authority extended the time to decide; working days added: 5." in said
    assert "How are these days counted?" in said, "where the clock stands there is no day to ask about"
    assert "Why this day?" not in said


def test_what_the_applicant_has_to_do_comes_first_and_is_called_theirs(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("completion_acceptance")
    proof = world.page(case_id).promises[0].proof
    verifying.require_proof(world.actor(world.examiner), case_id, [proof], "现场无法核实，请提交证书。")
    browser = desk.browser(world.applicant)
    said = text(browser.get(f"/my/cases/{case_id}"))
    assert "Whose turn is it? Yours" in said
    assert said.index("What you have to hand in") < said.index("Objections"), "the act before the complaint"
    assert "Yours" in text(browser.get("/my"))


def test_the_list_says_what_is_due_soon_and_what_is_late(desk: Desk, morning: time_machine.Traveller) -> None:
    desk.world.accepted("design_review")
    browser = desk.browser(desk.world.applicant)
    assert "working days left" not in text(browser.get("/my")), "nothing presses"
    morning.move_to(datetime(2026, 3, 17, 1, tzinfo=UTC))
    assert "late by 1 working day" in text(desk.browser(desk.world.applicant).get("/my"))


def test_each_date_says_what_it_is_the_date_of(desk: Desk) -> None:
    world = desk.world
    assert "Accepted by this day at the latest; no answer counts as accepted." in my_case(desk, world.submitted())
    told = world.accepted("completion_acceptance")
    task = world.page(told).verifications[0].id
    verifying.record_finding(world.actor(world.verifier), task, Result.UNTRUE, world.report(task, Result.UNTRUE))
    assert "Left to answer 5 working days" in my_case(desk, told)
