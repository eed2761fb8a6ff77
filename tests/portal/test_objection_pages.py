"""Objections in the portal: what can be objected to and until when, the form, the desk that answers, and what the company reads then."""

from __future__ import annotations

from office_tools import Desk, text

from licensing.cases import actions, objections
from licensing.cases.actions import Item
from licensing.cases.journal import load
from licensing.policy import SYSTEM
from licensing.storage import unit_of_work


def refused(desk: Desk) -> tuple[int, str]:
    """A refused case, and where its refusal is objected to."""
    world = desk.world
    case_id = world.proposed(grant=False)
    actions.refuse(world.actor(world.approver), case_id, "检测不合格。")
    return case_id, f"/my/cases/{case_id}/objections/{world.page(case_id).case.sequence}"


def waiting_page(desk: Desk, person: int) -> str:
    """Where the one objection that waits is answered."""
    listed = desk.browser(person).get("/office/objections").text
    return "/office/objections/" + listed.split('href="/office/objections/')[1].split('"')[0]


def test_the_case_says_what_can_be_objected_to_and_until_when(desk: Desk) -> None:
    case_id, path = refused(desk)
    browser = desk.browser(desk.world.applicant)
    page = browser.get(f"/my/cases/{case_id}")
    assert path in page.text
    assert "You can object from the day on which you open its letter" in text(page)
    browser.get(f"/my/cases/{case_id}/letters/{desk.world.page(case_id).letters[-1].id}")
    assert "You can object until 6 May 2026." in text(browser.get(f"/my/cases/{case_id}"))
    form = text(browser.get(path))
    assert "the meteorological authority above, until 6 May 2026." in form
    assert "An objection here does not prolong that time." in form
    assert "The last day was a day off" in form, "the date explains itself"


def test_an_objection_keeps_what_was_typed_and_is_made_once(desk: Desk) -> None:
    case_id, path = refused(desk)
    browser = desk.browser(desk.world.applicant)
    empty = browser.send(path, {"text": " "})
    assert empty.status_code == 422
    assert "Say what is wrong and why." in text(empty)
    long = browser.send(path, {"text": "长" * 1001})
    assert long.status_code == 422
    assert "长" * 1001 in long.text
    done = browser.send(path, {"text": "检测报告有误。"})
    assert done.status_code == 303
    assert "Somebody who took no part answers by 16 Mar 2026." in text(browser.get(f"/my/cases/{case_id}"))
    assert browser.get(path).status_code == 303
    again = browser.send(path, {"text": "再提一次。"})
    assert again.status_code == 409
    assert "再提一次。" in again.text, "nothing typed is lost"


def test_the_desk_answers_with_a_letter_and_the_company_goes_on_with_a_new_application(desk: Desk) -> None:
    case_id, path = refused(desk)
    browser = desk.browser(desk.world.applicant)
    browser.send(path, {"text": "检测报告有误。"})
    supervisor = desk.browser(desk.world.supervisor)
    assert "Objections to answer: 1. The first is due on 16 Mar 2026." in text(supervisor.get("/office"))
    answering = waiting_page(desk, desk.world.supervisor)
    assert answering in supervisor.get(f"/office/cases/{case_id}").text
    shown = supervisor.send(answering, {"outcome": "upheld", "answer": "报告引用的规范有误。", "do": "preview"})
    assert shown.status_code == 200
    assert "异议成立" in text(shown)
    assert shown.text.count("报告引用的规范有误。") == 2, "in the field and in the letter"
    wrong = supervisor.send(answering, {"answer": "报告引用的规范有误。"})
    assert wrong.status_code == 422
    assert "Choose one of the two." in text(wrong)
    assert "报告引用的规范有误。" in wrong.text
    assert supervisor.send(answering, {"outcome": "upheld", "answer": "报告引用的规范有误。"}).status_code == 303
    assert "No objection waits for an answer." in text(supervisor.get("/office/objections"))
    assert answering in supervisor.get("/office/objections?answered=yes").text
    late = supervisor.send(answering, {"outcome": "rejected", "answer": "再答。"})
    assert late.status_code == 409
    page = browser.get(f"/my/cases/{case_id}")
    assert "Upheld" in text(page)
    renewed = page.text.split("Go on with the new application")[0].rsplit('href="', 1)[1].split('"')[0]
    assert "because your objection was upheld" in text(browser.get(renewed))


def test_who_decided_reads_the_objection_and_does_not_answer(desk: Desk) -> None:
    _, path = refused(desk)
    desk.browser(desk.world.applicant).send(path, {"text": "检测报告有误。"})
    answering = waiting_page(desk, desk.world.supervisor)
    approver = desk.browser(desk.world.approver)
    assert "somebody else has to answer" in text(approver.get(answering))
    assert approver.send(answering, {"outcome": "rejected", "answer": "维持。"}).status_code == 403
    for person in (desk.world.applicant, desk.world.stranger):
        assert desk.browser(person).get(answering).status_code == 403


def test_a_request_for_corrections_can_be_objected_to_from_the_task_list(desk: Desk) -> None:
    world = desk.world
    case_id = world.submitted()
    actions.request_correction(world.actor(world.intake), case_id, [Item("project.use", "请写明用途")])
    path = f"/my/cases/{case_id}/objections/{world.page(case_id).case.sequence}"
    browser = desk.browser(world.applicant)
    assert path in browser.get(f"/my/cases/{case_id}").text
    assert "This step has no review of its own" in text(browser.get(path))
    assert browser.send(path, {"text": "用途已写明。"}).status_code == 303


def test_a_foreign_case_and_an_act_that_is_none_look_the_same(desk: Desk) -> None:
    case_id, path = refused(desk)
    assert desk.browser(desk.world.stranger).get(path).status_code == 404
    assert desk.browser(desk.world.stranger).send(path, {"text": "x"}).status_code == 404
    for sequence in (1, 999):
        assert desk.browser(desk.world.applicant).get(f"/my/cases/{case_id}/objections/{sequence}").status_code == 404


def test_only_officers_of_the_authority_see_who_objected_in_public(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted()
    with unit_of_work(SYSTEM) as work:
        case = load(work.session, case_id)
        objections.object_in_publicity(work, case, 3, name="林一鸣", contact="13900000009", text="安全间距不足。")
    supervisor = desk.browser(world.supervisor)
    answering = waiting_page(desk, world.supervisor)
    page = text(supervisor.get(answering))
    assert "林一鸣" in page
    assert "13900000009" in page
    assert "Tell the person who objected" in page
    company = text(desk.browser(world.applicant).get(f"/my/cases/{case_id}"))
    assert "of somebody else" in company
    for hidden in ("林一鸣", "13900000009", "安全间距不足"):
        assert hidden not in company
    assert supervisor.send(answering, {"outcome": "rejected", "answer": "间距符合规范。"}).status_code == 303
    assert "间距符合规范。" in text(desk.browser(world.applicant).get(f"/my/cases/{case_id}"))
