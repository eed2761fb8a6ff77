"""The applicant's whole way in the portal: from the list of matters to the downloaded licence."""

from __future__ import annotations

import pytest
from applicant_tools import save, sign, state_facts, upload
from office_tools import Desk, text
from portal_tools import CheckingClient
from world import acceptance_answers, design_answers, result

from licensing.cases import actions, issuing
from licensing.cases.actions import Item
from licensing.licences import actions as licences
from licensing.licences.operations import Operation
from licensing.policy import SYSTEM
from licensing.storage import unit_of_work

pytestmark = pytest.mark.slow


def start(desk: Desk, matter: str) -> tuple[CheckingClient, int]:
    browser = desk.browser(desk.world.applicant)
    page = browser.get(f"/my/start/{matter}")
    assert page.status_code == 200
    answer = browser.send(f"/my/start/{matter}", {"company": desk.world.company})
    assert answer.status_code == 303
    return browser, int(answer.location.rsplit("/", 1)[1])


def test_acceptance_on_two_promises_and_the_licence_is_downloaded(desk: Desk) -> None:
    world = desk.world
    approval = world.granted("design_review").number
    browser, case_id = start(desk, "completion_acceptance")
    assert "Still to do" in text(browser.get(f"/my/cases/{case_id}"))
    for section, values in acceptance_answers(approval).items():
        assert save(browser, case_id, section, values).status_code == 303, section
    assert upload(browser, case_id, "as_built_drawings").status_code == 303
    for proof in ("factory_certificate", "installation_record"):
        chosen = browser.send(f"/my/cases/{case_id}/proofs/{proof}", {"choice": "promise"})
        assert chosen.location.endswith(f"/proofs/{proof}/facts")
        assert state_facts(browser, case_id, proof).location.endswith(f"/proofs/{proof}/promise")
        assert sign(browser, case_id, proof).status_code == 303
        assert world.page(case_id).choices[proof].commitment is not None
    assert "Everything is there" in text(browser.get(f"/my/cases/{case_id}"))
    assert browser.get(f"/my/cases/{case_id}/check").status_code == 200
    assert browser.send(f"/my/cases/{case_id}/check", {"declared": "yes"}).status_code == 303
    assert desk.state(case_id) == "submitted"

    actions.accept(world.actor(world.intake), case_id)
    actions.commission(world.actor(world.examiner), case_id, body="江苏防雷检测中心", expected_days=5)
    standing = text(browser.get(f"/my/cases/{case_id}"))
    assert "the commissioned body" in standing
    assert "Stopped" in standing
    actions.record_result(world.actor(world.examiner), case_id, result())
    world.verify(case_id)
    actions.propose(world.actor(world.examiner), case_id, grant=True, opinion="内部意见")
    assert "内部意见" not in browser.get(f"/my/cases/{case_id}").text
    licence = issuing.grant(world.actor(world.approver), case_id, "经审查，予以核准。")

    page = browser.get(f"/my/cases/{case_id}")
    assert licence.number in page.text
    assert licence.check_code in page.text
    file = browser.get(f"/my/cases/{case_id}/licence.pdf")
    assert file.data.startswith(b"%PDF-1.7")
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''%E5%AE%81" in file.headers["Content-Disposition"]
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    letters = world.page(case_id).letters
    receipt = browser.get(f"/my/cases/{case_id}/letters/{letters[0].id}")
    assert receipt.data.startswith(b"%PDF-")
    assert licence.number in text(browser.get("/my"))


def test_a_correction_opens_only_what_it_names(desk: Desk) -> None:
    world = desk.world
    case_id = world.submitted("design_review")
    items = [Item("project.address", "写明门牌号"), Item("document:design_documents", "缺接地平面图")]
    actions.request_correction(world.actor(world.intake), case_id, items)
    browser = desk.browser(world.applicant)
    tasks = browser.get(f"/my/cases/{case_id}")
    assert "写明门牌号" in tasks.text
    assert "缺接地平面图" in tasks.text
    page = browser.get(f"/my/cases/{case_id}/sections/project")
    assert 'name="project.address"' in page.text
    assert 'name="project.name"' not in page.text
    answer = save(browser, case_id, "project", {"address": "南京市秦淮区滨江路 18-2 号", "name": "偷改的名称"})
    assert answer.status_code == 303
    project = world.page(case_id).case.answers["project"]
    assert (project["address"], project["name"]) == ("南京市秦淮区滨江路 18-2 号", design_answers()["project"]["name"])
    closed = browser.get(f"/my/cases/{case_id}/sections/buildings")
    assert "stays as you submitted it" in text(closed)
    assert "<textarea" not in closed.text
    assert 'name="draft_version"' not in closed.text
    refused = upload(browser, case_id, "product_description")
    assert refused.status_code == 403
    assert upload(browser, case_id, "design_documents").status_code == 303
    assert browser.send(f"/my/cases/{case_id}/check", {"declared": "yes"}).status_code == 303
    assert desk.state(case_id) == "submitted"


def test_pressing_submit_twice_lands_on_the_case(desk: Desk) -> None:
    case_id = desk.world.draft("design_review")
    browser = desk.browser(desk.world.applicant)
    for _press in range(2):
        answer = browser.send(f"/my/cases/{case_id}/check", {"declared": "yes"})
        assert answer.status_code == 303
        assert answer.location.endswith(f"/my/cases/{case_id}")
    assert len(desk.world.page(case_id).view.submissions) == 1


def test_withdrawing_needs_a_reason_and_ends_the_case(desk: Desk) -> None:
    case_id = desk.world.submitted("design_review")
    browser = desk.browser(desk.world.applicant)
    path = f"/my/cases/{case_id}/withdraw"
    assert browser.get(path).status_code == 200
    assert browser.send(path, {"reason": " "}).status_code == 422
    assert browser.send(path, {"reason": "项目取消"}).status_code == 303
    assert desk.state(case_id) == "withdrawn"
    assert "项目取消" in browser.get(f"/my/cases/{case_id}").text
    assert browser.get(path).status_code == 303


def test_who_may_not_apply_reads_why_and_until_when_before_filling_in_anything(desk: Desk) -> None:
    with unit_of_work(SYSTEM) as work:
        licences.perform(work, desk.world.granted().id, Operation.REVOKE_FOR_DECEIT, reason="以欺骗手段取得。")
    answer = desk.browser(desk.world.applicant).send("/my/start/design_review", {"company": desk.world.company})
    assert answer.status_code == 409
    assert "was revoked for deceit, so your company cannot apply for this until" in text(answer)
