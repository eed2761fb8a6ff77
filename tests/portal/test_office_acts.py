"""Every act through its page: done, refused with a reason beside the field, forbidden to others, told when it came too late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from office_tools import ACTS, Desk, buttons, case_url, text
from portal_tools import CheckingClient, parse
from werkzeug.test import TestResponse
from world import BODY, result

from licensing.cases import actions
from licensing.clock import today
from licensing.errors import Unavailable
from licensing.licences.production import ProductionRefused
from licensing.parties import actions as parties
from licensing.parties.tables import Authority, Person
from licensing.policy import SYSTEM, Role
from licensing.storage import unit_of_work
from licensing.words import say

RESULT = {"report_number": "苏雷评2026-0001", "body": "江苏防雷检测中心", "passed": "yes", "opinion": "符合要求。"}
FORMS: dict[str, dict[str, object]] = {
    "correction": {"pick.project.address": "yes", "note.project.address": "地址与图纸不符"},
    "not-accept": {"reason": "不属于本机关职权范围。"},
    "commission": {"body": "江苏防雷检测中心", "expected_days": "5"},
    "result": RESULT,
    "propose": {"recommendation": "refuse", "opinion": "检测不合格。"},
    "grant": {"opinion": "符合规定，予以核准。"},
    "refuse": {"reason": "接地电阻不符合要求。"},
    "return": {"reason": "请补充说明。"},
}


def done(answer: TestResponse, case_id: int) -> None:
    assert answer.status_code == 303, text(answer)
    assert urlsplit(answer.location).path == case_url(case_id)


def main_buttons(page: TestResponse) -> set[str]:
    """The acts whose button stands out in the panel, by the last part of their address."""
    tree = parse(page.text)
    panel = next(node for node in tree.iter("section") if node.get("id") == "panel")
    return {str(node.get("href")).rsplit("/", 1)[1] for node in panel.iter("a") if node.get("class", "").split() == ["btn"]}


def complaint(page: TestResponse, field: str) -> str:
    """The complaint beside a field, which the summary also links to."""
    tree = parse(page.text)
    links = {node.get("href"): "".join(node.itertext()) for node in tree.iter("a")}
    assert f"#{field}" in links
    beside = ["".join(node.itertext()) for node in tree.iter("p") if node.get("class") == "why-bad"]
    assert links[f"#{field}"] in beside
    return links[f"#{field}"]


def test_accepting_sends_the_receipt_and_is_told_once(desk: Desk) -> None:
    case_id = desk.world.submitted()
    browser = desk.browser(desk.world.intake)
    shown = next(node for node in parse(browser.get(case_url(case_id)).text).iter("section") if node.get("class") == "letter")
    words = ["".join(node.itertext()) for node in shown.iter("p")]
    done(browser.send(case_url(case_id, "accept")), case_id)
    receipt = desk.world.page(case_id).letters[-1].content
    assert set(receipt["paragraphs"]) <= set(words), "what will be sent was shown before"
    after = browser.get(case_url(case_id))
    assert "The application was accepted" in after.text
    assert "Receipt of acceptance" in after.text
    again = browser.send(case_url(case_id, "accept"))
    assert again.status_code == 409
    assert "the case has moved on" in again.text
    assert [entry.event for entry in desk.world.page(case_id).timeline].count("CaseAccepted") == 1


def test_corrections_are_asked_for_item_by_item(desk: Desk) -> None:
    case_id = desk.world.submitted()
    browser, url = desk.browser(desk.world.intake), case_url(case_id, "correction")
    form = browser.get(url)
    assert form.status_code == 200
    assert "pick.buildings" in form.text
    items = [" ".join("".join(node.itertext()).split()) for node in parse(form.text).iter("div") if node.get("class") == "pick"]
    slot = desk.world.page(case_id).matter.materials[0].code
    filename = desk.world.page(case_id).documents[slot][0].filename
    assert "Name of the project 城东加油站改扩建工程" in items, "each item stands beside what was handed in for it"
    assert any(item.endswith("站房、油罐区") for item in items), "of rows, what each is called"
    assert any(item.endswith(filename) for item in items)
    nothing = browser.send(url)
    assert nothing.status_code == 422
    assert "Choose at least one item" in complaint(nothing, "items")

    typed = {"pick.project.address": "yes", "note.project.use": "请写明用途"}
    without_note = browser.send(url, typed)
    assert without_note.status_code == 422
    assert complaint(without_note, "note.project.address") == "Say what is wrong: Address of the project."
    assert "请写明用途" in without_note.text

    preview = browser.send(url, {**typed, "note.project.address": "地址与图纸不符", "do": "preview"})
    assert preview.status_code == 200
    assert "项目地址：地址与图纸不符" in text(preview)
    assert desk.state(case_id) == "submitted"

    done(browser.send(url, {**typed, "note.project.address": "地址与图纸不符"}), case_id)
    page = desk.world.page(case_id)
    assert page.state == "correction"
    assert {item["target"]: item["note"] for item in page.view.correction_items} == {
        "project.address": "地址与图纸不符",
        "project.use": "请写明用途",
    }
    assert page.letters[-1].content["items"] == ["项目地址：地址与图纸不符", "使用性质：请写明用途"]


def test_not_accepting_sends_the_reason_with_the_remedy(desk: Desk) -> None:
    case_id = desk.world.submitted()
    browser, url = desk.browser(desk.world.intake), case_url(case_id, "not-accept")
    assert "六十日内依法申请行政复议" in text(browser.get(url))
    empty = browser.send(url)
    assert empty.status_code == 422
    assert complaint(empty, "reason") == "Give the reason."
    done(browser.send(url, {"canned": "not_ours"}), case_id)
    page = desk.world.page(case_id)
    assert page.state == "not_accepted"
    assert page.letters[-1].content["items"] == ["申请事项依法不属于本机关职权范围，请向有关行政机关申请。"]


def test_examining_from_commission_to_proposal(desk: Desk) -> None:
    case_id = desk.world.accepted()
    browser = desk.browser(desk.world.examiner)
    too_long = browser.send(case_url(case_id, "commission"), {"body": "江苏防雷检测中心", "expected_days": "500"})
    assert too_long.status_code == 422
    assert "1 to 120" in complaint(too_long, "expected_days")
    assert "江苏防雷检测中心" in too_long.text
    done(browser.send(case_url(case_id, "commission"), FORMS["commission"]), case_id)
    assert desk.world.page(case_id).letters[-1].kind == "D4"

    form = browser.get(case_url(case_id, "result"))
    assert 'value="江苏防雷检测中心"' in form.text
    for wrong in ({}, {"done_on": "2026-02-30"}, {"done_on": "2030-01-01", **RESULT}, {"done_on": "2020-01-01", **RESULT}):
        answer = browser.send(case_url(case_id, "result"), dict(wrong))
        assert answer.status_code == 422
        assert complaint(answer, "done_on")
    done(browser.send(case_url(case_id, "result"), {**RESULT, "done_on": today().isoformat()}), case_id)
    assert "苏雷评2026-0001" in browser.get(case_url(case_id)).text

    url = case_url(case_id, "propose")
    nothing = browser.send(url)
    assert nothing.status_code == 422
    assert complaint(nothing, "recommendation")
    assert complaint(nothing, "opinion")
    done(browser.send(url, {"recommendation": "grant", "canned": "grant_design", "opinion": "我的意见。"}), case_id)
    assert desk.world.page(case_id).view.proposal == {"recommendation": "grant", "opinion": "我的意见。"}


def test_what_a_proposal_and_a_decision_rest_on_stands_beside_their_form(desk: Desk) -> None:
    for grant, acts in ((True, ("grant", "return")), (False, ("refuse",))):
        case_id = desk.world.proposed(grant=grant)
        opinion = (desk.world.page(case_id).view.proposal or {})["opinion"]
        for act in acts:
            shown = text(desk.browser(desk.world.approver).get(case_url(case_id, act)))
            for words in (BODY, result().report_number, "The examiner proposes", opinion):
                assert words in shown, (act, words)
    case_id, examiner = desk.world.accepted(), desk.world.actor(desk.world.examiner)
    actions.commission(examiner, case_id, body=BODY, expected_days=5)
    actions.record_result(examiner, case_id, result())
    assert result().opinion in text(desk.browser(desk.world.examiner).get(case_url(case_id, "propose")))


def test_the_main_button_is_the_commission_before_its_result_and_the_proposal_after(desk: Desk) -> None:
    case_id, examiner = desk.world.accepted(), desk.world.actor(desk.world.examiner)
    browser = desk.browser(desk.world.examiner)
    assert main_buttons(browser.get(case_url(case_id))) == {"commission"}
    actions.commission(examiner, case_id, body=BODY, expected_days=5)
    actions.record_result(examiner, case_id, result())
    assert main_buttons(browser.get(case_url(case_id))) == {"propose"}


def test_a_ready_text_counts_when_nothing_was_typed(desk: Desk) -> None:
    case_id, examiner = desk.world.accepted(), desk.world.actor(desk.world.examiner)
    actions.commission(examiner, case_id, body=BODY, expected_days=5)
    actions.record_result(examiner, case_id, result(passed=False))
    browser = desk.browser(desk.world.examiner)
    done(browser.send(case_url(case_id, "propose"), {"recommendation": "refuse", "canned": "refuse_evaluation", "opinion": " "}), case_id)
    assert "不合格" in (desk.world.page(case_id).view.proposal or {})["opinion"]


def test_a_grant_is_not_proposed_without_a_passed_evaluation(desk: Desk) -> None:
    case_id = desk.world.accepted()
    answer = desk.browser(desk.world.examiner).send(case_url(case_id, "propose"), {"recommendation": "grant", "opinion": "齐全。"})
    assert answer.status_code == 422
    assert "only after a passed evaluation" in complaint(answer, "recommendation")
    assert "齐全。" in answer.text


def test_extending_shows_each_date_and_the_letter_first(desk: Desk, morning: time_machine.Traveller) -> None:
    case_id = desk.world.accepted()
    browser, url = desk.browser(desk.world.approver), case_url(case_id, "extend")
    assert "extend" in buttons(browser.get(case_url(case_id)))
    form = browser.get(url)
    assert "5 working days, until" in form.text
    assert "办理期限延长" not in text(form).replace("决定延长办理期限", ""), "no length is named before one is chosen"
    empty = browser.send(url, {})
    assert empty.status_code == 422
    assert complaint(empty, "days") == "Choose by how many working days."
    preview = text(browser.send(url, {"days": "5", "canned": "extend_complex", "do": "preview"}))
    assert "延长后的截止日为2026年3月23日" in preview
    assert desk.world.page(case_id).view.extension is None
    done(browser.send(url, {"days": "5", "canned": "extend_complex"}), case_id)
    after = browser.get(case_url(case_id))
    assert "Time to decide extended by the head of the authority" in after.text
    assert "extend" not in buttons(after)


def test_returning_gives_the_case_back(desk: Desk) -> None:
    case_id = desk.world.proposed()
    done(desk.browser(desk.world.approver).send(case_url(case_id, "return"), FORMS["return"]), case_id)
    page = desk.browser(desk.world.examiner).get(case_url(case_id))
    assert "请补充说明。" in page.text
    assert buttons(page) == {"commission", "propose", "transfer"}


def test_refusing_shows_the_letter_first_and_sends_it(desk: Desk) -> None:
    case_id = desk.world.proposed(grant=False)
    browser, url = desk.browser(desk.world.approver), case_url(case_id, "refuse")
    form = text(browser.get(url))
    assert "不予行政许可决定书" in form
    assert "行政诉讼" in form
    assert "检测不合格。" in form
    done(browser.send(url, FORMS["refuse"]), case_id)
    assert desk.world.page(case_id).letters[-1].content["items"] == ["接地电阻不符合要求。"]


@pytest.mark.parametrize(("slug", "granting"), [("refuse", False), ("grant", True)])
def test_a_late_decision_asks_why_and_keeps_what_was_typed(desk: Desk, morning: time_machine.Traveller, slug: str, granting: bool) -> None:
    case_id = desk.world.proposed(grant=granting)
    url = case_url(case_id, slug)
    assert 'name="late"' not in desk.browser(desk.world.approver).get(url).text
    morning.move_to(datetime(2026, 3, 17, 1, 0, tzinfo=UTC))
    browser = desk.browser(desk.world.approver)
    assert 'name="late"' in browser.get(url).text
    unsaid = browser.send(url, FORMS[slug])
    assert unsaid.status_code == 422
    assert complaint(unsaid, "late") == "Choose why the decision is late."
    assert next(iter(FORMS[slug].values())) in unsaid.text
    done(browser.send(url, {**FORMS[slug], "late": "staff_shortage"}), case_id)
    assert "Too few people were on duty" in browser.get(case_url(case_id)).text


def test_ending_a_case_says_what_is_gone_in_its_letter(desk: Desk) -> None:
    case_id = desk.world.accepted()
    browser, url = desk.browser(desk.world.approver), case_url(case_id, "close")
    empty = browser.send(url)
    assert complaint(empty, "cause") == "Choose what is gone."
    assert complaint(empty, "reason")
    typed = {"cause": "object_gone", "canned": "project_cancelled"}
    assert "申请许可的对象已经灭失：经核实，该项目已取消" in text(browser.send(url, {**typed, "do": "preview"}))
    done(browser.send(url, typed), case_id)
    assert "what was applied for is gone" in browser.get(case_url(case_id)).text
    assert desk.state(case_id) == "closed"


def test_granting_shows_what_is_issued_and_issues_it(desk: Desk) -> None:
    case_id = desk.world.proposed()
    browser, url = desk.browser(desk.world.approver), case_url(case_id, "grant")
    form = text(browser.get(url))
    for words in ("雷电防护装置设计核准意见书", "南京金陵石化销售有限公司", "城东加油站改扩建工程", "1240.5 m²", "材料齐全，符合规定。"):
        assert words in form, words
    empty = browser.send(url)
    assert empty.status_code == 422
    assert complaint(empty, "opinion")
    looked = browser.send(url, {**FORMS["grant"], "do": "preview"})
    assert looked.status_code == 200
    face = next(node for node in parse(looked.text).iter("section") if node.get("class") == "letter")
    assert "符合规定，予以核准。" in "".join(face.itertext()), "the licence is shown with the opinion before it is issued"
    assert desk.world.page(case_id).licence is None
    done(browser.send(url, FORMS["grant"]), case_id)
    licence = desk.world.page(case_id).licence
    assert licence is not None
    page = browser.get(case_url(case_id))
    for words in ("宁气雷审字(2026)第0001号", licence.check_code, licence.identifier, "The permit was granted"):
        assert words in page.text, words
    assert buttons(page) == set()
    file = browser.get(case_url(case_id, "licence"))
    assert file.mimetype == "application/pdf"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    again = browser.send(url, FORMS["grant"])
    assert again.status_code == 409
    assert licence.number in again.text


def test_a_decision_against_the_proposal_has_no_button_and_is_refused(desk: Desk) -> None:
    case_id = desk.world.proposed(grant=False)
    browser = desk.browser(desk.world.approver)
    assert "Who disagrees returns the proposal" in browser.get(case_url(case_id)).text
    answer = browser.send(case_url(case_id, "grant"), FORMS["grant"])
    assert answer.status_code == 409
    assert "The examiner proposed otherwise." in answer.text
    assert desk.state(case_id) == "proposed"


def test_the_proposer_cannot_decide_even_with_both_posts(desk: Desk) -> None:
    world = desk.world
    with unit_of_work(SYSTEM) as work:
        person, authority = work.session.get_one(Person, world.examiner), work.session.get_one(Authority, world.authority)
        parties.give_post(work, person, authority, Role.APPROVER, held_from=today())
    case_id = world.proposed()
    browser = desk.browser(world.examiner)
    page = browser.get(case_url(case_id))
    assert buttons(page) == set()
    assert "another person has to decide" in text(page)
    for act in ("grant", "refuse", "return"):
        assert browser.get(case_url(case_id, act)).status_code == 403
        assert browser.send(case_url(case_id, act), FORMS[act]).status_code == 403
    assert desk.state(case_id) == "proposed"


def test_other_posts_are_refused_when_they_force_an_act(desk: Desk) -> None:
    world = desk.world
    owners = {"correction": "intake", "not-accept": "intake", "commission": "examiner", "result": "examiner", "propose": "examiner"}
    case_id = world.submitted()
    for person in ("intake", "examiner", "approver"):
        browser = desk.browser(getattr(world, person))
        for act in ACTS:
            if owners.get(act, "approver") != person:
                assert browser.send(case_url(case_id, act), FORMS[act]).status_code == 403, (person, act)
                assert browser.get(case_url(case_id, act)).status_code == 403, (person, act)
        if person != "intake":
            assert browser.send(case_url(case_id, "accept")).status_code == 403
    assert desk.state(case_id) == "submitted"


def test_an_act_that_came_too_late_shows_the_new_state(desk: Desk) -> None:
    world = desk.world
    case_id = world.submitted()
    actions.withdraw(world.actor(world.applicant), case_id, "项目取消")
    for person, act in ((world.intake, "correction"), (world.examiner, "propose"), (world.approver, "return")):
        browser = desk.browser(person)
        for answer in (browser.get(case_url(case_id, act)), browser.send(case_url(case_id, act), FORMS[act])):
            assert answer.status_code == 409
            assert "the case has moved on" in answer.text
            assert "Withdrawn" in answer.text


def confirm(browser: CheckingClient, desk: Desk, page: TestResponse) -> TestResponse:
    """Type the newest code on the confirm page, with every hidden field that it holds."""
    tree = parse(page.text)
    form = next(node for node in tree.iter("form") if node.get("action") == "/confirm")
    kept = {node.get("name"): node.get("value", "") for node in form.iter("input") if node.get("type") == "hidden"}
    return browser.post("/confirm", data={**kept, "second_factor_code": desk.people[desk.world.approver].code()})


@pytest.mark.parametrize("act", ["grant", "refuse"])
def test_a_stale_second_factor_is_asked_for_before_the_form(desk: Desk, morning: time_machine.Traveller, act: str) -> None:
    case_id = desk.world.proposed(grant=act == "grant")
    browser = desk.browser(desk.world.approver)
    morning.shift(timedelta(minutes=6))
    assert act in buttons(browser.get(case_url(case_id)))
    sent_away = browser.get(case_url(case_id, act))
    assert sent_away.status_code == 302
    assert sent_away.location == f"/confirm?next={case_url(case_id, act)}"
    back = confirm(browser, desk, browser.get(sent_away.location))
    assert back.status_code == 302
    assert back.location == case_url(case_id, act)
    assert browser.get(back.location).status_code == 200


def test_what_was_typed_survives_a_second_factor_that_went_stale_meanwhile(desk: Desk, morning: time_machine.Traveller) -> None:
    case_id = desk.world.proposed(grant=False)
    browser, url = desk.browser(desk.world.approver), case_url(case_id, "refuse")
    assert browser.get(url).status_code == 200
    morning.shift(timedelta(minutes=6))
    asked = browser.send(url, FORMS["refuse"])
    assert asked.status_code == 403
    assert desk.state(case_id) == "proposed"
    repeated = confirm(browser, desk, asked)
    assert repeated.status_code == 307
    done(browser.send(repeated.location, FORMS["refuse"]), case_id)
    assert desk.state(case_id) == "refused"


@pytest.mark.parametrize("error", [Unavailable(say("The signer does not answer.")), ProductionRefused(say("The face is not right."))])
def test_a_licence_that_could_not_be_made_now_is_told_on_the_case(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Unavailable | ProductionRefused
) -> None:
    def fail(_licence_id: int) -> str:
        raise error

    case_id = desk.world.proposed()
    monkeypatch.setattr("licensing.licences.issuing.produce", fail)
    answer = desk.browser(desk.world.approver).send(case_url(case_id, "grant"), FORMS["grant"])
    assert answer.status_code == error.http_status
    assert str(error.sentence) in answer.text
    assert "Licence being issued" in answer.text


@pytest.mark.parametrize("typed", ["x" * 1001, "a\x00b", "\u202e反"])
def test_words_that_no_letter_may_carry_are_refused_and_kept(desk: Desk, typed: str) -> None:
    case_id = desk.world.submitted()
    browser = desk.browser(desk.world.intake)
    for act, field in (("not-accept", "reason"), ("correction", "note.project.address")):
        answer = browser.send(case_url(case_id, act), {field: typed})
        assert answer.status_code == 422
        assert complaint(answer, field)
    assert desk.state(case_id) == "submitted"
