"""The office's side ways as people live them: corrections, silence, a clock that stands, refusal and objection, the wrong bureau."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import applying
import deciding
import pytest
from babel.dates import format_date
from live import Town
from neighbours import Neighbours, settle
from people import Cast
from visitors import Visitor
from world import BODY, result, tiny_pdf

from licensing.cases import actions
from licensing.worker import tidy
from portal.components import DATE
from portal.language import LANGUAGES

pytestmark = pytest.mark.slow

PEOPLE = ("applicant", "intake", "examiner", "approver", "supervisor")


@pytest.fixture
def neighbours(town: Town) -> Neighbours:
    return settle(town.world)


@pytest.fixture
def cast(town: Town, neighbours: Neighbours, arrive: Callable[..., Visitor]) -> Cast:
    ids = {who: getattr(town.world, who) for who in PEOPLE}
    return Cast.of(town, arrive, {**ids, "kunshan_intake": neighbours.intake})


def pages(case_id: int) -> tuple[str, str]:
    """Where the applicant and the office have the case."""
    return f"/my/cases/{case_id}", f"/office/cases/{case_id}"


def day(visitor: Visitor, month: int, of_month: int) -> str:
    """A day of 2026 as the visitor reads it."""
    return str(format_date(datetime(2026, month, of_month, tzinfo=UTC).date(), DATE[visitor.language], locale=LANGUAGES[visitor.language]))


def due(visitor: Visitor) -> str:
    """The legal date on the open page, as its card shows it: officers see it before what is promised, applicants after it."""
    dates = visitor.page.locator(".clock p b")
    return (dates.first if applying.here(visitor).startswith("/office") else dates.last).inner_text()


def why(visitor: Visitor) -> str:
    """The steps behind the legal date on the page of an applicant, opened as a reader opens them."""
    card = visitor.page.locator(".clock").last
    card.locator("summary").click()
    return " ".join(card.locator("li").all_inner_texts())


def number_of(cast: Cast, case_id: int, kind: str) -> str:
    """The number of the letter of this kind."""
    return next(one.number for one in cast.world.page(case_id).letters if one.kind == kind)


def letter(cast: Cast, case_id: int, kind: str) -> str:
    """The words of the latest letter of this kind."""
    (*_, last) = [one for one in cast.world.page(case_id).letters if one.kind == kind]
    return "".join((*last.content["paragraphs"], *last.content["items"], last.content["remedy"]))


def test_a_notice_opens_two_items_and_the_officer_sees_what_changed(cast: Cast) -> None:
    case_id = cast.world.submitted()
    case, office = pages(case_id)
    intake = cast.on(3, 4, "intake")
    deciding.ask_for_corrections(intake, office, {"project.use": "请写明储罐容量", "document:product_description": "缺少电涌保护器的说明"})
    assert intake.says("The notice of correction was sent.")

    applicant = cast.on(3, 6, "applicant")
    applicant.open(case)
    assert "请写明储罐容量" in applicant.text()
    assert "缺少电涌保护器的说明" in applicant.text()
    applicant.open(f"{case}/sections/project")
    asked = {node.get_attribute("name") or "" for node in applicant.page.locator("main [name]").all()}
    assert {name for name in asked if "." in name} == {"project.use"}, "nothing else can be changed"
    applicant.open(f"{case}/documents/design_documents")
    assert applicant.page.locator("input[type=file]").count() == 0, "nor another document be added"
    applying.fill(applicant, case, "project", {"use": "加油站，储罐容量 90 立方米"})
    applying.upload(applicant, case, "product_description", ("说明.pdf", b"%PDF-1.4 broken"))
    assert applicant.complaint("files")
    applying.upload(applicant, case, "product_description", ("电涌保护器.pdf", tiny_pdf()))
    applying.submit(applicant, case, button="Submit again")

    intake = cast.on(3, 9, "intake")
    intake.open(office)
    assert intake.page.locator("del").all_inner_texts() == ["加油站"]
    assert intake.page.locator("ins").all_inner_texts() == ["加油站，储罐容量 90 立方米"]
    assert intake.says("Submission no. %(number)s; changes: %(count)s", number=2, count=2)
    assert due(intake) == day(intake, 3, 13), "the five days run anew from the day on which everything was there"
    intake.press("Accept")
    applicant = cast.on(3, 10, "applicant")
    applicant.open(case)
    assert due(applicant) == day(applicant, 3, 23)
    assert "准予" not in letter(cast, case_id, "D1")


def test_silence_over_a_holiday_accepts_and_the_receipt_says_from_which_day(cast: Cast) -> None:
    cast.town.clock.move_to(datetime(2026, 4, 28, 2, tzinfo=UTC))
    case_id = cast.world.submitted()
    case, office = pages(case_id)
    applicant = cast.at_once("applicant")
    applicant.open(case)
    assert due(applicant) == day(applicant, 5, 8), "29 and 30 April, then 6 to 8 May: Labour Day is not counted"
    intake = cast.on(5, 8, "intake")
    tidy()
    intake.open(office)
    assert intake.page.get_by_role("button", name=intake.words("Accept"), exact=True).is_visible(), "the last day is still in time"

    applicant = cast.on(5, 9, "applicant")
    tidy()
    applicant.open(case)
    assert applicant.says("Accepted by silence: the authority did not answer in time")
    assert due(applicant) == day(applicant, 5, 14), "ten days from the day of receipt; 9 May is worked"
    assert "自收到申请材料之日（2026年4月28日）起即为受理" in letter(cast, case_id, "D1")
    assert applicant.download(f"{applicant.words('Receipt of acceptance')} (PDF) {number_of(cast, case_id, 'D1')}").startswith(b"%PDF")
    intake = cast.on(5, 11, "intake")
    intake.open(office)
    assert intake.says("Accepted by silence")
    assert intake.open(f"{office}/not-accept").status == 409, "what the law accepted nobody refuses to accept"


def test_the_clock_stands_while_a_body_works_and_the_new_date_explains_itself(cast: Cast) -> None:
    case_id = cast.world.accepted()
    case, office = pages(case_id)
    applicant = cast.at_once("applicant")
    applicant.open(case)
    assert due(applicant) == day(applicant, 3, 16)
    examiner = cast.on(3, 4, "examiner")
    deciding.act(examiner, office, "commission", "Commission and stop the clock", body=BODY, expected_days="10")

    applicant = cast.on(3, 5, "applicant")
    applicant.open(case)
    assert applicant.says("Stopped")
    assert applicant.says("Evaluation or inspection commissioned by the authority"), "why it stands"
    assert f"由{BODY}进行，预计需要10个工作日" in letter(cast, case_id, "D4")
    applicant.picture("stopped")

    examiner = cast.on(3, 18, "examiner")
    report = {"report_number": "苏雷评2026-0001", "done_on": "2026-03-17", "opinion": "符合设计规范要求。"}
    deciding.act(examiner, office, "result", "Record the result", passed="yes", **report)
    applicant = cast.on(3, 19, "applicant")
    applicant.open(case)
    # Day 1 is the 3rd; from the 4th to the 17th the clock stood; day 2 is the 18th, day 10 the 30th.
    assert due(applicant) == day(applicant, 3, 30)
    steps = why(applicant)
    assert "03-04–17" in steps
    assert (
        applicant.words("The clock stands: %(reason)s", reason=applicant.words("Evaluation or inspection commissioned by the authority"))
        in steps
    )
    applicant.picture("explained")


def test_a_refusal_is_objected_to_and_answered_by_somebody_else(cast: Cast) -> None:
    world = cast.world
    case_id = world.accepted()
    case, office = pages(case_id)
    examiner = world.actor(world.examiner)
    actions.commission(examiner, case_id, body=BODY, expected_days=5)
    actions.record_result(examiner, case_id, result(passed=False))
    actions.propose(examiner, case_id, grant=False, opinion="评价结论不合格，建议不予许可。")
    approver = cast.on(3, 9, "approver")
    deciding.act(approver, office, "refuse", "Refuse and send the letter", reason="接地电阻不符合规范要求。")
    for words in ("接地电阻不符合规范要求。", "六十日", "行政复议", "六个月", "行政诉讼"):
        assert words in letter(cast, case_id, "D7")

    applicant = cast.on(3, 10, "applicant")
    applicant.open(case)
    assert applicant.says("Refused")
    refusal = f"{applicant.words('Decision to refuse')} (PDF) {number_of(cast, case_id, 'D7')}"
    assert applicant.download(refusal).startswith(b"%PDF")
    applicant.open(case)
    assert applicant.says("You can object until %(day)s.", day=day(applicant, 5, 9)), "sixty days from the day on which it was opened"
    applicant.leave_by(applicant.page.locator(f'a[href^="{case}/objections/"]'))
    assert applicant.says("An objection here does not prolong that time.")
    applicant.picture("objecting")
    applicant.press("Hand in the objection")
    assert applicant.complaint("text")
    applicant.type("text", "复测接地电阻为 3.2 欧姆，符合规范。")
    applicant.press("Hand in the objection")
    assert applicant.says("Somebody who took no part answers by %(day)s.", day=day(applicant, 3, 24))

    approver = cast.on(3, 11, "approver")
    approver.follow("Open the objections")
    approver.leave_by(approver.page.locator("a.row-link"))
    assert approver.says("You took part in this case; somebody else has to answer.")
    supervisor = cast.at_once("supervisor")
    supervisor.open(applying.here(approver))
    supervisor.type("outcome", "upheld")
    supervisor.type("answer", "经复核，复测报告属实，原结论依据不足。")
    supervisor.press("Show the letter with what I typed")
    assert "异议成立" in supervisor.text()
    supervisor.picture("answering")
    supervisor.press("Send the answer")
    assert supervisor.says("The objection was answered and the company was told.")

    applicant = cast.on(3, 12, "applicant")
    applicant.open(case)
    assert applicant.says("Refused"), "the ended case stays as it ended"
    assert "异议成立" in letter(cast, case_id, "D15")
    applicant.picture("answered")
    applicant.follow("Go on with the new application %(number)s", number="LZ2026000002")
    assert applicant.says("Draft")
    assert "城东加油站改扩建工程" in applicant.text()
    applicant.picture("renewed")


def test_the_wrong_bureau_hands_the_case_over_with_its_clock(cast: Cast, neighbours: Neighbours) -> None:
    case_id = cast.world.submitted()
    case, office = pages(case_id)
    intake = cast.on(3, 4, "intake")
    intake.open(office)
    before = due(intake)
    assert before == day(intake, 3, 9)
    deciding.act(
        intake,
        office,
        "transfer",
        "Transfer the case and send the letter",
        target=str(neighbours.kunshan),
        reason="经核对，项目实际位于昆山市境内。",
    )
    assert applying.here(intake) == "/office", "it is not theirs to see any more"
    assert intake.open(office).status == 404

    applicant = cast.on(3, 5, "applicant")
    applicant.open(case)
    assert due(applicant) == before, "no limit starts anew"
    assert "昆山市气象局" in applicant.text()
    said = letter(cast, case_id, "D16")
    assert "现移送有管辖权的气象主管机构办理" in said
    assert "经核对，项目实际位于昆山市境内。" in said
    assert "截止日仍为2026年3月9日" in said
    applicant.picture("transferred")

    kunshan = cast.at_once("kunshan_intake")
    kunshan.open("/office")
    kunshan.leave_by(kunshan.page.locator("a.row-link"))
    assert due(kunshan) == before
    kunshan.press("Accept")
    assert kunshan.says("The application was accepted and the receipt was sent.")
    assert number_of(cast, case_id, "D1").startswith("昆气防雷受")
