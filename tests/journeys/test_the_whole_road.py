"""The main way, as people walk it: from an empty database through both matters to a licence that a stranger checks on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import applying
import checking
import deciding
import pytest
from live import Town
from people import Person
from visitors import Visitor
from world import BODY, acceptance_answers, design_answers, facts, tiny_pdf

from licensing.parties import actions as parties
from licensing.parties.tables import Authority
from licensing.parties.tables import Person as PersonRow
from licensing.policy import SYSTEM, Role
from licensing.storage import unit_of_work

pytestmark = pytest.mark.slow

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
UNKNOWN_APPROVAL = (
    "No design approval in force of your company has the number %(number)s. Copy it from the top right corner"
    " of the approval; without one, apply for design review first."
)
Arrive = Callable[..., Visitor]


@dataclass
class Cast:
    """The four people of the road, each with an account and a browser of their own. The examiner holds a post as approver, too."""

    town: Town
    applicant: Visitor
    intake: Visitor
    examiner: Visitor
    approver: Visitor
    people: dict[str, Person]

    def on(self, month: int, day: int, hour: int, who: str) -> Visitor:
        """Another day, an hour in China: the person signs in again, as everybody does after half an hour of silence."""
        self.town.clock.move_to(datetime(2026, month, day, hour - 8, tzinfo=UTC))
        visitor: Visitor = getattr(self, who)
        self.people[who].sign_in(visitor)
        return visitor


@pytest.fixture
def cast(town: Town, arrive: Arrive) -> Cast:
    """On SQLite everybody reads English, on PostgreSQL Chinese."""
    world, clock = town.world, town.clock
    language = "zh" if world.settings.database else "en"
    people = {
        "applicant": Person.with_account(world.applicant, "li.wenjing@example.com", clock, SECRET),
        "intake": Person.with_account(world.intake, "zhang.xiaomei@example.gov.cn", clock),
        "examiner": Person.with_account(world.examiner, "zhao.zhiqiang@example.gov.cn", clock, SECRET),
        "approver": Person.with_account(world.approver, "zhou.guohua@example.gov.cn", clock, SECRET),
    }
    with unit_of_work(SYSTEM) as work:
        person, authority = work.session.get_one(PersonRow, world.examiner), work.session.get_one(Authority, world.authority)
        parties.give_post(work, person, authority, Role.APPROVER, held_from=date(2020, 1, 1))
    browsers = {name: arrive(name, language=language) for name in people}
    return Cast(town=town, people=people, **browsers)


def test_from_an_empty_database_to_two_licences_that_a_stranger_checks(cast: Cast, arrive: Arrive, tmp_path: Path) -> None:
    case = apply_for_design_review(cast)
    correct_what_was_asked(cast, case)
    number = decide_on_the_design(cast, case)
    approval = download(cast.applicant, case, tmp_path / "approval.pdf")
    acceptance_case = apply_for_acceptance(cast, number)
    decide_on_the_works(cast, acceptance_case)
    acceptance = download(cast.on(4, 2, 10, "applicant"), acceptance_case, tmp_path / "acceptance.pdf")
    for pdf in (approval, acceptance):
        checking.second_opinions(pdf, cast.town.world.settings, tmp_path)
    stranger = arrive("stranger", language=cast.applicant.language, phone=True)
    check_on_the_phone(cast, stranger, acceptance, tmp_path)
    check_on_the_command_line(cast, acceptance, tmp_path)
    refuse_forgeries(cast, stranger, approval, acceptance, tmp_path)


def apply_for_design_review(cast: Cast) -> str:
    """Saved as a draft, left, taken up again the next day; what is missing or wrong is told where it is mended."""
    applicant, answers = cast.applicant, design_answers()
    assert "/login" in applicant.open("/my").url, "nothing of a company is open to strangers"
    applicant = cast.on(3, 2, 9, "applicant")
    assert applicant.says("You have no cases yet. Choose above what you apply for, or read first what it takes.")
    case = applying.start(applicant, "design_review")
    applicant.picture("empty-task-list")
    project = answers["project"]
    begun = {name: project[name] for name in ("name", "address")}
    applying.fill(applicant, case, "project", begun, button="Save the draft")
    assert applicant.says("The draft was saved.")
    applicant.press("Sign out")

    applicant = cast.on(3, 3, 9, "applicant")
    applicant.follow(project["name"])
    assert applying.here(applicant) == case
    assert applicant.says("Still to do: %(count)s", count=6)
    assert applicant.says("And %(count)s more.", count=6), "the task list says what is missing"
    applicant.open(f"{case}/sections/project")
    assert (applicant.held("project.name"), applicant.held("project.address")) == (project["name"], project["address"])
    applying.write(applicant, "project", {**project, "max_height_m": "eight"})
    applicant.press("Save and continue")
    assert applicant.complaint("project.max_height_m")
    assert applicant.page.locator(".errors a[href='#project.max_height_m']").is_visible()
    assert (applicant.held("project.max_height_m"), applicant.held("project.use")) == ("eight", project["use"])
    applicant.picture("bad-input")
    applicant.type("project.max_height_m", project["max_height_m"])
    applicant.press("Save and continue")

    applicant.open(f"{case}/sections/construction_unit")
    assert applicant.held("construction_unit.uscc") == answers["construction_unit"]["uscc"], "what is known is not asked again"
    applicant.press("Save and continue")
    for section in ("design_unit", "buildings", "synopsis"):
        applying.fill(applicant, case, section, answers[section])
    refuse_a_disguised_program(applicant, case)
    for material in ("design_documents", "product_description"):
        applying.upload(applicant, case, material, ("图纸.pdf", tiny_pdf()))
        assert applicant.says("The files were added.")
    applicant.open(case)
    assert applicant.says("Everything is there.")
    applicant.picture("full-task-list")
    applicant.open(f"{case}/check")
    applicant.press("Submit the application")
    assert applicant.complaint("declared")
    applicant.picture("check")
    applying.submit(applicant, case)
    assert applicant.says("The application was submitted.")
    return case


def refuse_a_disguised_program(applicant: Visitor, case: str) -> None:
    """A program that calls itself a PDF is refused with the reason, and nothing of it stays."""
    applying.upload(applicant, case, "design_documents", ("图纸.pdf", b"MZ\x90\x00" + bytes(2000)))
    assert applicant.words("This is not a PDF, JPEG or PNG file.") in applicant.complaint("files")
    assert not applicant.page.locator("table").is_visible()


def correct_what_was_asked(cast: Cast, case: str) -> None:
    """One complete notice; the applicant changes these items and nothing else; the officer sees what changed."""
    office_case = case.replace("/my/", "/office/")
    cast.town.clock.move_to(datetime(2026, 3, 4, 1, tzinfo=UTC))
    intake, person = cast.intake, cast.people["intake"]
    person.sign_in(intake)
    assert not cast.people["intake"].secret, "who holds a post must have a second factor first"
    person.enrol(intake)
    assert applying.here(intake) == "/office"
    intake.leave_by(intake.page.locator("a.row-link"))
    assert applying.here(intake) == office_case
    notes = {"project.address": "请写明门牌号", "document:design_documents": "缺少接地平面图"}
    deciding.ask_for_corrections(intake, office_case, notes)
    assert intake.says("The notice of correction was sent.")
    intake.picture("corrections-asked")

    applicant = cast.on(3, 5, 14, "applicant")
    applicant.open(case)
    assert all(note in applicant.text() for note in notes.values())
    applicant.picture("corrections-to-make")
    applicant.open(f"{case}/sections/project")
    names = {node.get_attribute("name") or "" for node in applicant.page.locator("main [name]").all()}
    assert {name for name in names if "." in name} == {"project.address"}, "only what was asked for can be changed"
    applicant.open(f"{case}/sections/buildings")
    assert applicant.page.locator("main [name]").count() == 0
    applying.fill(applicant, case, "project", {"address": "南京市秦淮区滨江路 18-2 号"})
    applying.upload(applicant, case, "design_documents", ("接地平面图.pdf", tiny_pdf("grounding")))
    applying.submit(applicant, case, button="Submit again")

    intake = cast.on(3, 6, 9, "intake")
    intake.open(office_case)
    assert intake.page.locator("del").all_inner_texts() == ["南京市秦淮区滨江路 18 号"]
    assert intake.page.locator("ins").all_inner_texts() == ["南京市秦淮区滨江路 18-2 号"]
    assert intake.says("Submission no. %(number)s; changes: %(count)s", number=2, count=2)
    intake.picture("what-changed")
    intake.press("Accept")
    assert intake.says("The application was accepted and the receipt was sent.")


def decide_on_the_design(cast: Cast, case: str) -> str:
    """The clock stands during the evaluation; who proposed cannot decide; the decision needs a fresh second factor. The number."""
    office_case = case.replace("/my/", "/office/")
    before = due(cast, case)
    examiner = cast.on(3, 9, 10, "examiner")
    deciding.act(examiner, office_case, "commission", "Commission and stop the clock", body=BODY, expected_days="5")
    assert examiner.page.locator(".clock.still").count() >= 1, "the clock stands"
    examiner.picture("clock-stopped")
    examiner.open("/office")
    assert examiner.says("Clock stands")

    examiner = cast.on(3, 16, 10, "examiner")
    report = {"report_number": "苏雷评2026-0001", "done_on": "2026-03-16", "opinion": "符合设计规范要求。"}
    deciding.act(examiner, office_case, "result", "Record the result", passed="yes", **report)
    assert examiner.page.locator(".clock.still").count() == 0, "the clock runs again"
    assert due(cast, case) - before == timedelta(days=7), "the days of the evaluation do not count"
    deciding.act(examiner, office_case, "propose", "Send to the approver", recommendation="grant", opinion="材料齐全，符合规定。")
    assert examiner.page.locator(f"a[href='{office_case}/grant']").count() == 0
    assert examiner.says("You handled or proposed this yourself; another person has to decide.")
    refused = examiner.open(f"{office_case}/grant")
    assert refused.status == 403
    assert examiner.says("You handled or proposed this yourself; another person has to decide.")

    approver = cast.on(3, 17, 10, "approver")
    approver.open(f"{office_case}/grant")
    approver.type("opinion", "经审查，该项目雷电防护装置设计符合要求，予以核准。")
    cast.town.clock.shift(6 * 60)
    approver.press("Grant and issue the licence")
    assert approver.says("Confirm that it is you")
    approver.picture("confirm")
    deciding.confirm(approver, cast.people["approver"])
    assert approver.says("The permit was granted and its licence is in force.")
    approver.picture("granted")
    return number_of(cast.on(3, 18, 9, "applicant"), case, "宁气雷审字(2026)第0001号")


def due(cast: Cast, case: str) -> date:
    """The last day that the law gives for the decision, as the page of the case shows it."""
    running = cast.town.world.page(int(case.rsplit("/", 1)[1])).deadline
    assert running is not None
    assert running.legal.due is not None
    return running.legal.due


def number_of(applicant: Visitor, case: str, expected: str) -> str:
    """The number that the applicant reads on the case's page."""
    applicant.open(case)
    (number,) = set(re.findall(r"宁气雷\w+\(\d{4}\)第\d{4}号", applicant.text()))
    assert number == expected
    applicant.picture("licence-received")
    return str(number)


def download(applicant: Visitor, case: str, target: Path) -> Path:
    """Save the licence."""
    applicant.open(case)
    target.write_bytes(applicant.download("Download the licence (PDF)"))
    return target


def apply_for_acceptance(cast: Cast, approval_number: str) -> str:
    """With the number of the approval; one proof promised, the other handed in."""
    applicant, answers = cast.applicant, acceptance_answers(approval_number)
    case = applying.start(applicant, "completion_acceptance")
    unknown = "宁气雷审字(2026)第9999号"
    applying.fill(applicant, case, "project", {**answers["project"], "design_approval_number": unknown})
    refused = applicant.complaint("project.design_approval_number")
    assert applicant.words(UNKNOWN_APPROVAL, number=unknown) == refused
    assert applicant.held("project.design_approval_number") == unknown
    applicant.picture("unknown-approval")
    applicant.type("project.design_approval_number", approval_number)
    applicant.press("Save and continue")
    applicant.open(f"{case}/sections/construction_unit")
    applicant.press("Save and continue")
    for section in ("design_unit", "builder", "buildings", "synopsis"):
        applying.fill(applicant, case, section, answers[section])
    applying.upload(applicant, case, "as_built_drawings", ("竣工图.pdf", tiny_pdf("as built")))

    applying.choose(applicant, case, "factory_certificate", "promise")
    applying.promise(applicant, facts("factory_certificate"), "factory_certificate", clauses=[0, 1])
    assert "SPD-40/4P" in applicant.text(), "a clause that was not accepted costs nothing that was typed"
    applicant.picture("promise")
    applying.sign(applicant)
    assert applicant.says("Your promise was signed and its evidence is kept.")
    applying.choose(applicant, case, "installation_record", "hand_in")
    applicant.choose_files("files", ("安装记录.pdf", tiny_pdf("installed")))
    applicant.press("Upload")
    applicant.open(f"{case}/check")
    assert applicant.says("Promised")
    assert "安装记录.pdf" in applicant.text()
    applying.submit(applicant, case)
    return case


def decide_on_the_works(cast: Cast, case: str) -> None:
    """Accept, inspect, propose, grant; the approver has just signed in, so nothing is asked twice."""
    office_case = case.replace("/my/", "/office/")
    intake = cast.on(3, 19, 10, "intake")
    intake.open(office_case)
    assert "安装记录.pdf" in intake.text()
    assert intake.says("Promises: %(count)s", count=1)
    intake.press("Accept")
    examiner = cast.on(3, 20, 10, "examiner")
    deciding.act(examiner, office_case, "commission", "Commission and stop the clock", body=BODY, expected_days="8")
    examiner = cast.on(3, 31, 10, "examiner")
    report = {"report_number": "苏雷检2026-0117", "done_on": "2026-03-31", "opinion": "经检测，各项指标符合要求。"}
    deciding.act(examiner, office_case, "result", "Record the result", passed="yes", **report)
    deciding.verify(examiner, "true", "现场核对实物与承诺一致。")
    deciding.act(examiner, office_case, "propose", "Send to the approver", recommendation="grant", opinion="检测合格，建议予以许可。")
    approver = cast.on(4, 1, 10, "approver")
    deciding.act(approver, office_case, "grant", "Grant and issue the licence", opinion="经验收，符合要求，予以许可。")
    assert approver.says("The permit was granted and its licence is in force.")
    number_of(cast.on(4, 2, 9, "applicant"), case, "宁气雷验(2026)第0001号")


def check_on_the_phone(cast: Cast, stranger: Visitor, pdf: Path, folder: Path) -> None:
    """By the QR of the printed page, by number and check code, and by the file."""
    stranger.open(checking.path_of(checking.scan(pdf, folder)))
    assert checking.headline(stranger) == stranger.words("Genuine and in force")
    assert checking.codes(stranger) == ("signed-code", "ok", "in-force")
    assert all(fact in stranger.text() for fact in ("南京金陵石化销售有限公司", "城东加油站改扩建工程", "宁气雷验(2026)第0001号"))
    stranger.picture("scanned")
    cast.applicant.open("/my")
    cast.applicant.leave_by(cast.applicant.page.locator("td a", has_text="城东加油站改扩建工程").first)
    code = re.search(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", cast.applicant.text())
    assert code is not None
    checking.type_number(stranger, "宁气雷验（2026）第0001号", code.group().lower())
    assert checking.codes(stranger) == ("register", "register", "in-force")
    checking.type_number(stranger, "宁气雷验（2026）第0001号", "AAAA-AAAA")
    assert checking.codes(stranger) == ("not-checked", "no-match", "not-checked")
    checking.upload(stranger, pdf.read_bytes())
    assert checking.codes(stranger) == ("ok", "ok", "in-force")
    stranger.picture("uploaded")


def check_on_the_command_line(cast: Cast, pdf: Path, folder: Path) -> None:
    """The same verdict for programs."""
    settings = cast.town.world.settings
    status, answer = checking.ask_command_line(settings, str(pdf))
    assert (status, answer["overall"]) == (0, "valid")
    assert answer["paper"]["number"] == "宁气雷验(2026)第0001号"
    status, answer = checking.ask_command_line(settings, checking.scan(pdf, folder))
    assert (status, answer["overall"]) == (0, "valid")
    status, answer = checking.ask_command_line(settings, "--offline", str(pdf))
    assert (status, answer["overall"], answer["in_force"]["code"]) == (2, "unknown", "offline")


def refuse_forgeries(cast: Cast, stranger: Visitor, approval: Path, acceptance: Path, folder: Path) -> None:
    """Page and command line refuse with the same reason."""
    settings, genuine = cast.town.world.settings, acceptance.read_bytes()
    own, foreign = (checking.scan(pdf, folder) for pdf in (acceptance, approval))
    forgeries = (
        ("one-byte", "altered", checking.one_byte_changed(genuine)),
        ("newline", "bytes-after-end", genuine + b"\n"),
        ("foreign-qr", "bytes-after-end", checking.with_foreign_qr(genuine, folder / "approval.png")),
    )
    for name, reason, content in forgeries:
        (forged := folder / f"{name}.pdf").write_bytes(content)
        checking.upload(stranger, content)
        assert checking.headline(stranger) == stranger.words("Not valid")
        assert checking.codes(stranger)[0] == reason
        status, answer = checking.ask_command_line(settings, str(forged))
        assert (status, answer["overall"], answer["whole"]["code"]) == (1, "invalid", reason)
        stranger.picture(name)

    host, digits = own.rsplit("/", 1)
    mixed = f"{host}/{checking.with_signature_of(digits, foreign.rsplit('/', 1)[1])}"
    stranger.open(checking.path_of(mixed))
    assert checking.codes(stranger)[0] == "qr-signature"
    status, answer = checking.ask_command_line(settings, mixed)
    assert (status, answer["whole"]["code"]) == (1, "qr-signature")

    stranger.open(checking.path_of(foreign))
    assert "宁气雷审字(2026)第0001号" in stranger.text(), "the QR of another licence names that licence: it is not this paper"
    assert "宁气雷验(2026)第0001号" not in stranger.text()
