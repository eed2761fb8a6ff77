"""A body becomes qualified: applied for, checked on site, reviewed by experts drawn by lot, made public, objected to, granted, verified."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import applying
import checking
import deciding
import pytest
from live import Town
from people import Cast
from reviewing import EMPLOYER, NAMES, REASONS, fill_pool, view
from visitors import Visitor

from licensing.cases.queries import licence_file
from licensing.parties import actions as parties
from licensing.policy import SYSTEM
from licensing.storage import unit_of_work

pytestmark = pytest.mark.slow
OFFICE = ("intake", "examiner", "verifier", "approver", "second_approver", "supervisor")
OPINION = "评审委员会认为申请人符合乙级资质条件。"
LICENCE_OPINION = "经审查，符合《雷电防护装置检测资质管理办法》规定的条件，准予认定。"


def enter_the_last_expert(cast: Cast) -> None:
    """The supervisor fills in the form; the others of the pool are there already."""
    supervisor = cast.on(3, 2, "supervisor")
    supervisor.open("/office/experts")
    for name, value in {"address": "newcomer@example.com", "specialities": "防雷、电气", "employer": EMPLOYER}.items():
        supervisor.type(name, value)
    supervisor.press("Put into the pool")
    assert NAMES[-1] in supervisor.text()
    supervisor.picture("pool")


def vote(expert: Visitor, case_id: int, choice: str) -> None:
    """On a phone: from the list to the ballot, a reason for each group of conditions, the vote."""
    expert.open("/expert")
    expert.leave_by(expert.page.locator(f'a[href="/expert/reviews/{case_id}"]'))
    expert.picture("review")
    for code, words in REASONS.items():
        expert.type(f"reason_{code}", words)
    expert.type("meets", choice)
    expert.press("Cast the ballot")
    assert expert.says("You have voted")


def test_a_body_is_reviewed_published_objected_to_and_qualified(
    town: Town, arrive: Callable[..., Visitor], browser: object, tmp_path: Path
) -> None:
    world, province = town.world, town.world.province
    people = fill_pool(world, len(NAMES) - 1)
    with unit_of_work(SYSTEM) as work:
        newcomer = parties.register_person(work, name=NAMES[-1]).id
    experts = {f"expert{number}": person for number, person in enumerate(people)} | {"newcomer": newcomer}
    ids = {"applicant": world.applicant, **{who: getattr(province, who) for who in OFFICE}, **experts}
    cast = Cast.of(town, arrive, ids, phones=frozenset(experts))
    who_is = {person: who for who, person in ids.items()}
    enter_the_last_expert(cast)

    case_id = world.draft("qualification")
    case, office = f"/my/cases/{case_id}", f"/office/cases/{case_id}"
    applicant = cast.at_once("applicant")
    applying.submit(applicant, case)
    intake = cast.on(3, 3, "intake")
    intake.open(office)
    intake.press("Accept")

    examiner = cast.on(3, 4, "examiner")
    examiner.open(f"{office}/site-check")
    for officer in (province.examiner, province.verifier):
        examiner.page.locator(f"#officer_{officer}").check()
    examiner.type("day", "2026-03-04")
    for code, words in REASONS.items():
        examiner.type(f"finding_{code}", words)
    examiner.picture("site-check")
    examiner.press("Record the check")
    deciding.act(examiner, office, "panel", "Draw the panel and stop the clock", expected_days="20")
    assert examiner.says("Expert review under way")
    examiner.picture("panel")

    declining = who_is[view(world, case_id).panel[0]]
    expert = cast.on(3, 5, declining)
    expert.open(f"/expert/reviews/{case_id}")
    expert.type("reason", "曾为申请人提供技术咨询，申请回避。")
    expert.press("Decline this review")
    assert expert.says("You declined. Another expert takes your seat.")
    panel = [who_is[person] for person in view(world, case_id).panel]
    assert declining not in panel
    for place, who in enumerate(panel):
        vote(cast.at_once(who), case_id, "no" if place == 4 else "yes")

    examiner = cast.on(3, 9, "examiner")
    examiner.open(office)
    assert examiner.says("Does not meet them")
    examiner.picture("ballots")
    deciding.act(examiner, office, "opinion", "Record the opinion", opinion=OPINION)
    deciding.act(examiner, office, "propose", "Send to the approver", recommendation="grant", opinion="符合条件，建议认定。")
    approver = cast.on(3, 10, "approver")
    approver.open(f"{office}/publicity")
    approver.picture("publicity")
    approver.press("Publish it")
    assert approver.says("Published for objections")

    applicant = cast.on(3, 11, "applicant")
    applicant.open(case)
    assert OPINION in applicant.text()
    assert not [name for name in NAMES if name in applicant.text()], "who reviewed is not told"
    applicant.picture("published")
    stranger = arrive("stranger", phone=True)
    stranger.open("/publicity")
    stranger.picture("publicities")
    stranger.leave_by(stranger.page.locator('main a[href^="/publicity/"]').first)
    stranger.picture("public")
    for name, value in {"name": "林一鸣", "contact": "13900000009", "text": "技术负责人的从业年限不足。"}.items():
        stranger.type(name, value)
    stranger.press("Send the objection")

    second = cast.on(3, 12, "second_approver")
    second.open("/office/objections")
    second.leave_by(second.page.locator('main a[href^="/office/objections/"]').first)
    second.type("outcome", "rejected")
    second.type("answer", "经核查劳动合同和社会保险记录，年限符合规定。")
    second.press("Send the answer")

    approver = cast.on(3, 18, "approver")
    deciding.act(approver, office, "grant", "Grant and issue the licence", opinion=LICENCE_OPINION)
    assert approver.says("The permit was granted and its licence is in force.")
    approver.open("/office/recognitions")
    approver.picture("recognitions")
    _row, content = licence_file(world.actor(world.applicant), case_id)
    (pdf := tmp_path / "certificate.pdf").write_bytes(content)
    stranger.open(checking.path_of(checking.scan(pdf, tmp_path)))
    assert "南京金陵石化销售有限公司" in stranger.text()
    assert urlsplit(stranger.page.url).path.startswith("/v/")
    stranger.picture("certificate")
