"""Evaluation and inspection by a body from the list: who may be chosen, what the body sees, and how its report becomes the result."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from office_tools import Desk, case_url, text
from PIL import Image
from portal_tools import parse
from world import World, tiny_pdf

from licensing.cases import actions, bodies, commissions
from licensing.cases.tables import CommissionReport
from licensing.catalogue import load_catalogue
from licensing.errors import Invalid, NotFound
from licensing.licences import actions as licences
from licensing.notices.queries import inbox
from licensing.parties import actions as parties
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM, Role
from licensing.selfcheck import row_problems
from licensing.storage import reading, storage, unit_of_work
from licensing.trust.current import current_trust_list
from portal.applicant import commission_routes

pytestmark = pytest.mark.slow
HIGH, LOW = "江苏苏云防雷检测有限公司", "南京紫金雷安检测技术有限公司"
CODES = {HIGH: "91320102MA1MUHM054", LOW: "91320111MA1NXK7D04"}
REPORT = {"number": "苏雷评2026-0007", "done_on": "2026-03-02", "passed": "yes", "opinion": "符合设计规范要求。"}


def qualified(world: World, name: str, code: str, grade: str = "甲级") -> int:
    """A body with a qualification in force; the id of the person who acts for it."""
    with unit_of_work(SYSTEM) as work:
        known = work.session.query(Company).filter_by(uscc=code).one_or_none()
        company = known or parties.register_company(work, uscc=code, name=name)
        person = parties.register_person(work, name="顾明远")
        parties.give_seat(work, person, company, Role.APPLICANT, held_from=date(2020, 1, 1))
        answers: dict[str, Any] = {"grade": grade, "legal_representative": "王建国", "address": "南京市", "scope": "检测"}
        licence = licences.intend(
            work,
            load_catalogue().licence_type(bodies.QUALIFICATION),
            work.session.get_one(Authority, world.authority),
            company,
            project=None,
            opinion="准予。",
            answers={"qualification": answers},
            number_parts={"grade": "1" if grade == "甲级" else "2", "province": "10"},
        )
        licences.put_in_force(work, licence.id, f"{licence.id:064x}")
        return person.id


def test_without_a_qualified_body_on_record_any_name_is_typed(desk: Desk) -> None:
    case_id = desk.world.accepted()
    page = desk.browser(desk.world.examiner).get(case_url(case_id, "commission"))
    assert [node.get("id") for node in parse(page.text).iter("input") if node.get("name") == "body"] == ["body"]
    actions.commission(desk.world.actor(desk.world.examiner), case_id, body="江苏防雷检测中心", expected_days=5)
    assert desk.state(case_id) == "evaluating"


def test_only_bodies_whose_grade_covers_the_class_are_offered(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("completion_acceptance")
    qualified(world, HIGH, CODES[HIGH])
    qualified(world, LOW, CODES[LOW], "乙级")
    lower = world.page(case_id).company.name
    browser = desk.browser(world.examiner)
    page = browser.get(case_url(case_id, "commission"))
    offered = [node.get("value") for node in parse(page.text).iter("option") if node.get("value")]
    assert offered == [HIGH]
    assert "Its grade allows only buildings of class 3." in text(page)
    name = next(body.name for body in bodies.bodies_for(world.actor(world.examiner), case_id) if body.refusal)
    for typed, why in ((name, "only buildings of class 3"), ("某某检测公司", "no qualification in force"), (lower, "no qualification")):
        answer = browser.send(case_url(case_id, "commission"), {"body": typed, "expected_days": "5"})
        assert answer.status_code == 422
        assert why in text(answer)
    assert desk.state(case_id) == "accepted"
    assert browser.send(case_url(case_id, "commission"), {"body": HIGH, "expected_days": "5"}).status_code == 303


def test_who_applies_designs_or_builds_is_refused_with_the_reason(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("completion_acceptance")
    applicant = world.page(case_id).company
    qualified(world, applicant.name, applicant.uscc)
    qualified(world, "江苏华东建筑设计研究院有限公司", "913200001347524560")
    qualified(world, "江苏苏安建设工程有限公司", "913201067482003475")
    reasons = {body.name: str(body.refusal) for body in bodies.bodies_for(world.actor(world.examiner), case_id)}
    assert "applies itself" in reasons[applicant.name]
    assert "design unit" in reasons["江苏华东建筑设计研究院有限公司"]
    assert "builder" in reasons["江苏苏安建设工程有限公司"]
    for name in reasons:
        with pytest.raises(Invalid) as refused:
            actions.commission(world.actor(world.examiner), case_id, body=name, expected_days=5)
        assert refused.value.code == "body-refused"


def commissioned(desk: Desk) -> tuple[int, int, int]:
    """A case with the body at work: case, the body's person, commission."""
    case_id = desk.world.accepted()
    person = qualified(desk.world, HIGH, CODES[HIGH])
    actions.commission(desk.world.actor(desk.world.examiner), case_id, body=HIGH, expected_days=5)
    return case_id, person, commissions.mine(desk.world.actor(person)).rows[0].commission.id


def hand_in(desk: Desk, person: int, commission: int, content: bytes = b"", **changed: str) -> Any:
    form = {**REPORT, **changed, "file": (io.BytesIO(content or tiny_pdf()), "评价报告.pdf")}
    return desk.browser(person).send(f"/my/commissions/{commission}", form, content_type="multipart/form-data")


def test_the_body_sees_its_commission_and_hands_its_report_in(desk: Desk) -> None:
    case_id, person, commission = commissioned(desk)
    assert "城东加油站改扩建工程" in text(desk.browser(person).get("/my/commissions"))
    assert "Commissions of your company: 1" in text(desk.browser(person).get("/my"))
    assert "The report is in" not in text(desk.browser(desk.world.examiner).get("/office"))
    assert hand_in(desk, person, commission).status_code == 303
    assert "The report is in" in text(desk.browser(desk.world.examiner).get("/office"))
    page = text(desk.browser(desk.world.examiner).get(case_url(case_id)))
    for words in ("苏雷评2026-0007", "Waits for you", "符合设计规范要求。"):
        assert words in page
    assert hand_in(desk, person, commission).status_code == 409, "one report waits already"
    for stranger in (desk.world.applicant, desk.world.stranger):
        assert desk.browser(stranger).get(f"/my/commissions/{commission}").status_code == 404
        assert hand_in(desk, stranger, commission).status_code == 404


def test_a_message_about_a_commission_opens_the_commission_itself(desk: Desk) -> None:
    case_id, person, commission = commissioned(desk)
    body = desk.browser(person)
    [told] = [notice for notice in inbox(desk.world.actor(person)).rows if "commissioned" in notice.sentence]
    assert body.send(f"/messages/{told.id}").headers["Location"] == f"/my/commissions/{commission}"
    hand_in(desk, person, commission)
    report = commissions.reports_of(desk.world.actor(desk.world.examiner), case_id)[0]
    commissions.return_report(desk.world.actor(desk.world.examiner), case_id, report.id, "缺少检测数据附表。")
    assert "The report is in" not in text(desk.browser(desk.world.examiner).get("/office"))
    [returned] = [notice for notice in inbox(desk.world.actor(person)).rows if "returned" in notice.sentence]
    assert body.send(f"/messages/{returned.id}").headers["Location"] == f"/my/commissions/{commission}"


def test_the_examiner_records_the_result_with_one_press(desk: Desk) -> None:
    case_id, person, commission = commissioned(desk)
    hand_in(desk, person, commission)
    browser = desk.browser(desk.world.examiner)
    report = commissions.reports_of(desk.world.actor(desk.world.examiner), case_id)[0]
    assert browser.get(case_url(case_id, f"reports/{report.id}/pages/1")).mimetype == "image/jpeg"
    assert browser.get(case_url(case_id, f"reports/{report.id}")).data == tiny_pdf()
    tree = parse(browser.get(case_url(case_id)).text)
    form = next(node for node in tree.iter("form") if (node.get("action") or "").endswith("/result"))
    sent = {str(node.get("name")): node.get("value") for node in form.iter("input") if node.get("name") != "csrf_token"}
    assert browser.send(case_url(case_id, "result"), sent).status_code == 303
    assert desk.world.page(case_id).view.evaluation == {
        "report_number": "苏雷评2026-0007",
        "body": HIGH,
        "done_on": "2026-03-02",
        "passed": True,
        "opinion": "符合设计规范要求。",
    }
    assert "Recorded" in text(browser.get(case_url(case_id)))
    assert hand_in(desk, person, commission).status_code == 409


def test_a_report_that_is_returned_can_be_handed_in_anew(desk: Desk) -> None:
    case_id, person, commission = commissioned(desk)
    hand_in(desk, person, commission)
    report = commissions.reports_of(desk.world.actor(desk.world.examiner), case_id)[0]
    give_back = case_url(case_id, f"reports/{report.id}/return")
    assert desk.browser(desk.world.intake).send(give_back, {"return_reason": "x"}).status_code == 403
    desk.browser(desk.world.examiner).send(give_back, {"return_reason": ""})
    assert commissions.waiting_report(desk.world.actor(desk.world.examiner), case_id) is not None
    assert desk.browser(desk.world.examiner).send(give_back, {"return_reason": "缺少检测数据附表。"}).status_code == 303
    assert "缺少检测数据附表。" in text(desk.browser(person).get(f"/my/commissions/{commission}"))
    assert hand_in(desk, person, commission, number="苏雷评2026-0008").status_code == 303
    found = commissions.waiting_report(desk.world.actor(desk.world.examiner), case_id)
    assert found is not None
    assert found.number == "苏雷评2026-0008"


def test_what_is_missing_is_told_beside_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    _, person, commission = commissioned(desk)
    wrong = hand_in(desk, person, commission, done_on="2026-03-09", opinion="")
    assert wrong.status_code == 422
    assert "Enter the date of the report" in text(wrong)
    assert "苏雷评2026-0007" in wrong.text
    assert "Hand in the report as a PDF." in text(hand_in(desk, person, commission, content=_png()))
    assert "The report is dated between" in text(hand_in(desk, person, commission, done_on="2026-02-27"))


def test_the_applicant_does_not_read_the_reports(desk: Desk) -> None:
    case_id, person, commission = commissioned(desk)
    hand_in(desk, person, commission)
    with pytest.raises(NotFound):
        commissions.reports_of(desk.world.actor(desk.world.applicant), case_id)


def test_a_report_that_is_changed_behind_our_back_is_found(desk: Desk) -> None:
    _, person, commission = commissioned(desk)
    hand_in(desk, person, commission, passed="no")
    trust = current_trust_list(desk.world.settings)
    with unit_of_work(SYSTEM) as work:
        work.session.query(CommissionReport).one().passed = True
    with reading(SYSTEM) as look:
        found = [problem.sentence.in_words() for problem in row_problems(look.session, storage().files, trust)]
    assert any("commission-report" in sentence for sentence in found)


def _png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(out, "PNG")
    return out.getvalue()


def test_many_commissions_come_in_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    world = desk.world
    cases = [world.accepted() for _ in range(3)]
    person = qualified(world, HIGH, CODES[HIGH])
    for case_id in cases:
        actions.commission(world.actor(world.examiner), case_id, body=HIGH, expected_days=5)
    newest, middle, oldest = (row.commission.id for row in commissions.mine(world.actor(person)).rows)
    monkeypatch.setattr(commission_routes, "PAGE_SIZE", 2)
    browser = desk.browser(person)
    first = browser.get("/my/commissions")
    assert f"/my/commissions/{newest}" in first.text
    assert f"/my/commissions?after={middle}" in first.text
    second = browser.get(f"/my/commissions?after={middle}")
    assert f"/my/commissions/{oldest}" in second.text
    assert f"/my/commissions/{newest}" not in second.text
    assert browser.get("/my/commissions?after=nonsense").status_code == 200


def test_who_may_not_return_a_report_hears_that_before_the_reason_is_read(desk: Desk) -> None:
    case_id, person, commission = commissioned(desk)
    hand_in(desk, person, commission)
    report = commissions.reports_of(desk.world.actor(desk.world.examiner), case_id)[0].id
    assert desk.browser(desk.world.intake).send(case_url(case_id, f"reports/{report}/return")).status_code == 403
    assert desk.browser(desk.world.examiner).send(case_url(case_id, "reports/987654/return")).status_code == 404
    assert desk.browser(desk.world.examiner).send(case_url(case_id, f"reports/{report}/return")).status_code == 303
