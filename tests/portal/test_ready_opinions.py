"""Ready opinions fill in the facts of the case, and a decision shows what will be sent before it is sent."""

from __future__ import annotations

import pytest
from office_tools import Desk, case_url, text
from portal_tools import parse

from licensing.catalogue import load_catalogue
from portal.office.opinions import all_opinions, case_facts, opinions_for

pytestmark = pytest.mark.slow


def texts(desk: Desk, person: int, case_id: int, act: str) -> dict[str, str]:
    """The ready texts on the page of an act, by code."""
    tree = parse(desk.browser(person).get(case_url(case_id, act)).text)
    return {str(node.get("value")): str(node.get("data-text")) for node in tree.iter("option") if node.get("data-text")}


def test_a_ready_text_names_project_class_approval_and_report_of_this_case(desk: Desk) -> None:
    case_id = desk.world.proposed("completion_acceptance")
    number = desk.world.page(case_id).view.submissions[-1].answers["project"]["design_approval_number"]
    offered = texts(desk, desk.world.approver, case_id, "grant")
    assert offered == {
        "granted_acceptance": "经审查，“城东加油站改扩建工程”雷电防护装置按照核准的设计"
        f"（{number}）施工，符合国家有关标准和规定，验收合格。"
    }
    facts = case_facts(desk.world.page(case_id))
    proposal = {one.code: one.text for one in opinions_for("propose", "completion_acceptance", facts)}
    for fact in ("城东加油站改扩建工程", "第二类", number, "江苏防雷检测中心", "苏雷评2026-0001"):
        assert fact in proposal["grant_acceptance"]


def test_a_ready_text_that_is_chosen_without_a_script_is_filled_in_too(desk: Desk) -> None:
    case_id = desk.world.proposed()
    answer = desk.browser(desk.world.approver).send(case_url(case_id, "grant"), {"canned": "granted_design"})
    assert answer.status_code == 303
    licence = desk.world.page(case_id).licence
    assert licence is not None
    assert "经审查，“城东加油站改扩建工程”雷电防护装置设计符合" in licence.record.decode()


def test_a_text_whose_facts_the_case_does_not_have_is_not_offered(desk: Desk) -> None:
    case_id = desk.world.accepted()
    assert "grant_design" not in texts(desk, desk.world.examiner, case_id, "propose"), "there is no report yet"


def test_every_place_in_a_ready_text_is_a_fact_of_a_case(desk: Desk) -> None:
    known = case_facts(desk.world.page(desk.world.submitted())).keys()
    matters = {matter.code for matter in load_catalogue().matters}
    for opinion in all_opinions():
        about_a_case = not any(act.startswith("licence-") for act in opinion.acts)
        assert set(opinion.places) <= (known if about_a_case else set()), opinion.code
        assert not about_a_case or set(opinion.matters) <= matters, opinion.code


def test_the_decision_shows_the_licence_or_the_letter_before_it_is_sent(desk: Desk) -> None:
    granting = text(desk.browser(desk.world.approver).get(case_url(desk.world.proposed(), "grant")))
    for words in ("This licence will be issued", "雷电防护装置设计核准意见书", "城东加油站改扩建工程", "南京市气象局"):
        assert words in granting
    refusing = text(desk.browser(desk.world.approver).get(case_url(desk.world.proposed(grant=False), "refuse")))
    for words in ("This letter will be sent", "不予行政许可决定书", "检测不合格。", "行政复议"):
        assert words in refusing
