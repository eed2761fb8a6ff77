"""The pages of an application for a qualification: the form, the conditions of the law for applicant and officer, guide and specimen."""

from __future__ import annotations

from typing import Any

from applicant_tools import save, typed, upload
from office_tools import Desk, text
from portal_tools import CheckingClient, parse
from qualifying import identity_number, qualification_answers
from world import COMPANY

from licensing.cases import actions
from licensing.cases.actions import Item
from licensing.catalogue import load_catalogue

MATTER = load_catalogue().matter("qualification")


def filled(desk: Desk, answers: dict[str, Any]) -> tuple[CheckingClient, int]:
    """A draft that was filled in on its pages, without documents."""
    browser = desk.browser(desk.world.applicant)
    _ = desk.world.province
    answer = browser.send("/my/start/qualification", {"company": desk.world.company})
    assert answer.status_code == 303
    case_id = int(answer.location.rsplit("/", 1)[1])
    for section, values in answers.items():
        assert save(browser, case_id, section, values).status_code in (303, 422), section
    return browser, case_id


def listed(page: str) -> dict[str, str]:
    """The conditions on a page, each with its tag."""
    names, found = {condition.english_name for condition in MATTER.conditions}, {}
    for item in parse(page).iter("li"):
        link, tag = item.find("div/a"), item.find("span")
        if link is not None and tag is not None and link.text in names:
            found[link.text] = (tag.text or "").strip()
    return found


def test_the_whole_form_is_filled_in_uploaded_and_handed_in(desk: Desk) -> None:
    browser, case_id = filled(desk, qualification_answers(COMPANY, "1"))
    assert "Proofs that a promise may replace" not in text(browser.get(f"/my/cases/{case_id}"))
    for material in MATTER.materials:
        assert upload(browser, case_id, material.code).status_code == 303
    assert "Everything is there" in text(browser.get(f"/my/cases/{case_id}"))
    check = text(browser.get(f"/my/cases/{case_id}/check"))
    assert "Met by the answers: 15 of 15" in check
    assert "Not chosen yet" not in check
    assert "Lightning protection devices of buildings of class 1, 2 and 3 of GB 50057" in check
    assert browser.send(f"/my/cases/{case_id}/check", {"declared": "yes"}).status_code == 303
    assert desk.state(case_id) == "submitted"
    assert "江苏省南京市秦淮区" in text(browser.get(f"/my/cases/{case_id}"))


def test_only_grade_a_is_asked_for_grade_b(desk: Desk) -> None:
    browser, case_id = filled(desk, {"qualification": {"grade": "2"}})
    title = "Grade B held and work done"
    assert title not in text(browser.get(f"/my/cases/{case_id}"))
    assert title not in text(browser.get(f"/my/cases/{case_id}/check"))
    assert save(browser, case_id, "qualification", {"grade": "1"}).status_code == 303
    assert title in text(browser.get(f"/my/cases/{case_id}"))


def test_what_is_not_met_stands_on_the_page_of_the_section_and_is_kept(desk: Desk) -> None:
    answers = qualification_answers(COMPANY)
    browser, case_id = filled(desk, {name: answers[name] for name in ("body", "qualification")})
    page = save(browser, case_id, "staff", answers["staff"][:2])
    assert page.status_code == 422
    assert "Grade B needs at least 3 intermediate titles; the list has 1." in text(page)
    assert len(desk.world.page(case_id).case.answers["staff"]) == 2


def test_the_check_page_shows_each_condition_and_leads_to_its_answers(desk: Desk) -> None:
    answers = qualification_answers(COMPANY, "1")
    answers["instruments"][0]["valid_until"] = "2026-03-01"
    answers["grade_b"]["projects"] = "150"
    browser, case_id = filled(desk, answers)
    page = browser.get(f"/my/cases/{case_id}/check").text
    found = listed(page)
    assert found["Every instrument must be in date"] == found["Grade A needs at least 200 projects in the last three years"] == "Not met"
    assert found["Grade A needs at least 2 senior titles"] == "Met"
    assert f"/my/cases/{case_id}/sections/instruments" in page
    refused = browser.send(f"/my/cases/{case_id}/check", {"declared": "yes"})
    assert refused.status_code == 422
    assert "Every instrument must be in date; no. 1 has: 2026-03-01." in text(refused)
    assert f"/my/cases/{case_id}/sections/instruments?check=1#instruments.0.valid_until" in refused.text


def test_the_check_page_says_what_the_register_knows_of_a_certificate(desk: Desk) -> None:
    held = desk.world.granted("qualification")
    answers = qualification_answers(COMPANY, "1")
    answers["grade_b"]["certificate_number"] = held.number
    browser, case_id = filled(desk, answers)
    page = browser.get(f"/my/cases/{case_id}/check")
    assert listed(page.text)["Grade A needs a grade-B certificate"] == "Not met"
    assert "grade A can follow it from 2029-03-10 on" in text(page)


def test_an_officer_sees_the_conditions_what_the_register_says_and_no_whole_identity_number(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("qualification", grade="1")
    page = desk.browser(world.province.examiner).get(f"/office/cases/{case_id}")
    found = listed(page.text)
    assert set(found.values()) == {"Met"}
    assert len(found) == 15
    shown = text(page)
    assert "The certificate 2102019001 was not issued here. Look it up where it was issued." in shown
    assert "To look up" in shown
    assert identity_number(0) not in page.text
    assert "320100********0005" in shown
    assert 'href="#part-staff"' in page.text


def test_a_project_has_no_conditions_beside_its_form(desk: Desk) -> None:
    case_id = desk.world.submitted()
    assert "Conditions of the law" not in text(desk.browser(desk.world.intake).get(f"/office/cases/{case_id}"))


def test_a_correction_of_a_paper_leads_to_its_upload(desk: Desk) -> None:
    world = desk.world
    case_id = world.submitted("qualification")
    items = [Item("proof:premises_proof", "租赁合同已经到期。")]
    actions.request_correction(world.actor(world.province.intake), case_id, items)
    browser = desk.browser(world.applicant)
    page = browser.get(f"/my/cases/{case_id}")
    assert f"/my/cases/{case_id}/documents/premises_proof" in page.text
    assert "To correct" in text(page)
    assert upload(browser, case_id, "premises_proof").status_code == 303


def test_wrong_identity_numbers_stay_as_typed_beside_the_error(desk: Desk) -> None:
    answers = qualification_answers(COMPANY)
    answers["staff"][0]["id_number"] = "320100198001010000"
    browser, case_id = filled(desk, {"qualification": {"grade": "2"}})
    page = save(browser, case_id, "staff", answers["staff"])
    assert "is not valid: copy all 18 characters from the identity card" in text(page)
    assert 'value="320100198001010000"' in page.text
    assert typed("staff", answers["staff"])["staff.0.id_number"] == "320100198001010000"


def test_the_guide_offers_the_application_and_the_specimen_is_a_whole_certificate(client: CheckingClient) -> None:
    guide = client.get("/guides/qualification?lang=en")
    assert "/my/start/qualification" in guide.text
    assert "cannot be applied for online" not in text(guide)
    specimen = text(client.get("/guides/qualification/result"))
    for words in ("2102026001", "江苏示例防雷检测有限公司", "乙级", "第三类防雷建筑物", "2031年5月31日"):
        assert words in specimen
    sheet = text(client.get("/guides/qualification/form?sample=1"))
    for section in MATTER.sections:
        assert section.english_name in sheet
