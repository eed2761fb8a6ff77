"""Pages of the promise beside the journeys: the catalogue's editor, verification, credit, and what the public sees."""

from __future__ import annotations

from datetime import UTC, datetime

import time_machine
from applicant_tools import held
from office_tools import Desk, text

from licensing.cases import verifying
from licensing.catalogue.queries import catalogue_now
from licensing.commitments.queries import of_case, tasks_of
from licensing.commitments.rules import Result
from licensing.commitments.verification import OPEN
from licensing.credit import actions as credit
from licensing.credit.rules import Kind
from licensing.policy import SYSTEM
from licensing.storage import reading

PROOF = "factory_certificate"


def test_a_new_version_is_previewed_proposed_and_put_in_force_by_another(desk: Desk) -> None:
    writer, other = desk.browser(desk.world.supervisor), desk.browser(desk.world.second_supervisor)
    path = f"/office/catalogue/{PROOF}/new"
    form = {**held(writer.get(path)), "reason": "细化核查", "commitment.5.text": "本申请人另行承诺。", "answer_days": "7"}
    preview = writer.send(path, {**form, "do": "preview"})
    assert preview.status_code == 200
    assert "<ins>" in preview.text
    assert "本申请人另行承诺。" in preview.text
    assert held(preview)["answer_days"] == "7", "what was typed stays"
    bad = writer.send(path, {**form, "answer_days": "soon", "reason": ""})
    assert bad.status_code == 422
    assert held(bad)["commitment.5.text"] == "本申请人另行承诺。"
    sent = writer.send(path, form)
    assert sent.status_code == 303
    proposal = sent.location
    own = writer.get(proposal)
    assert "another supervisor puts it in force" in text(own)
    assert writer.send(proposal, {"valid_from": "2026-03-02", "draft_version": "1"}).status_code == 403
    page = other.get(proposal)
    assert "本申请人另行承诺。" in page.text
    late = other.send(proposal, {**held(page), "valid_from": "2026-03-01"})
    assert late.status_code == 422
    done = other.send(proposal, {**held(page), "valid_from": "2026-03-02"})
    assert done.location.endswith(f"/office/catalogue/{PROOF}/2")
    assert "本申请人另行承诺。" in other.get(done.location).text
    assert "v2" in text(other.get("/office/catalogue"))
    shown = desk.browser(desk.world.applicant).get(f"/guides/completion_acceptance/promises/{PROOF}.txt")
    assert "本申请人另行承诺。" in shown.text


def test_an_unfinished_version_says_why_it_has_no_preview_and_keeps_what_was_typed(desk: Desk) -> None:
    writer, path = desk.browser(desk.world.supervisor), f"/office/catalogue/{PROOF}/new"
    form = {**held(writer.get(path)), "reason": "", "do": "preview"}
    unread = writer.send(path, {**form, "answer_days": "soon"})
    assert unread.status_code == 200
    assert "There is no preview yet" in text(unread)
    assert 'id="answer_days-error"' in unread.text
    assert held(unread)["answer_days"] == "soon"
    published = writer.send(path, {**form, "published": "yes", "publication_days": "30", "valid_to": "2026-12-31"})
    assert "As the applicant will read it" in text(published), "what can be read is shown, with what is missing"
    assert 'href="#publication_place"' in published.text
    assert 'href="#reason"' in published.text
    assert held(published)["valid_to"] == "2026-12-31"


def test_what_is_published_where_and_until_when_can_be_written(desk: Desk) -> None:
    writer, path = desk.browser(desk.world.supervisor), f"/office/catalogue/{PROOF}/new"
    form = {
        **held(writer.get(path)),
        "reason": "公开",
        "published": "yes",
        "publication_days": "365",
        "publication_place.text": "承诺公开栏目",
        "publication_place.english": "Page of promises",
        "valid_to": "2026-12-31",
        "facts.2.personal": "yes",
    }
    sent = writer.send(path, form)
    assert sent.status_code == 303
    other = desk.browser(desk.world.second_supervisor)
    done = other.send(sent.location, held(other.get(sent.location)))
    shown = text(other.get(done.location))
    assert "Page of promises" in shown
    assert "365 days from the decision" in shown
    assert "31 Dec 2026" in shown
    with reading(SYSTEM) as look:
        assert catalogue_now(look.session).proof(PROOF).facts[2].personal


def test_a_dropped_proposal_is_shown_with_who_and_when(desk: Desk) -> None:
    writer, path = desk.browser(desk.world.supervisor), f"/office/catalogue/{PROOF}/new"
    proposal = writer.send(path, {**held(writer.get(path)), "reason": "细化核查", "answer_days": "7"}).location
    assert writer.send(proposal, {"do": "drop"}).status_code == 303
    page = writer.get(proposal)
    assert "Dropped by" in text(page)
    assert "Put it in force" not in text(page)
    assert "Dropped proposals" in text(writer.get("/office/catalogue"))
    assert writer.send(proposal, {"do": "drop"}).status_code == 404


def test_only_supervisors_write_and_a_stranger_sees_no_proposals(desk: Desk) -> None:
    form = held(desk.browser(desk.world.supervisor).get(f"/office/catalogue/{PROOF}/new"))
    del form["csrf_token"]
    examiner = desk.browser(desk.world.examiner)
    assert examiner.get("/office/catalogue").status_code == 200
    assert examiner.send(f"/office/catalogue/{PROOF}/new", {**form, "reason": "x", "answer_days": "9"}).status_code == 403
    for path in ("/office/catalogue/nothing/new", "/office/catalogue/nothing/1", "/office/catalogue/proposals/99"):
        assert examiner.get(path).status_code == 404, path
    assert desk.browser(desk.world.applicant).get("/office/catalogue").status_code == 403


def test_requiring_a_proof_shows_its_letter_first(desk: Desk) -> None:
    case_id = desk.world.accepted("completion_acceptance")
    browser, path = desk.browser(desk.world.examiner), f"/office/cases/{case_id}/require-proof"
    assert browser.send(path, {"reason": "无法核实。"}).status_code == 422
    preview = browser.send(path, {f"proof.{PROOF}": "yes", "reason": "无法核实。", "do": "preview"})
    assert "提交证明通知" in preview.text
    assert browser.send(path, {f"proof.{PROOF}": "yes", "reason": "无法核实。"}).status_code == 303
    page = desk.browser(desk.world.applicant).get(f"/my/cases/{case_id}")
    assert "What you have to hand in" in text(page)


def test_the_public_sees_masked_promises_credit_and_figures(desk: Desk, morning: time_machine.Traveller) -> None:
    morning.move_to(datetime(2026, 4, 1, 1, 0, tzinfo=UTC))
    world, stranger = desk.world, desk.app.test_client()
    stranger.set_cookie("lang", "en")
    assert "Nothing is published" in text(stranger.get("/promises"))
    licence = world.granted("completion_acceptance")
    assert licence.case_id is not None
    figures = stranger.get("/promises/figures")
    assert figures.status_code == 200
    assert "<svg" in figures.text
    assert "2026-04" in figures.text
    with reading(SYSTEM) as look:
        signed = next(made for made in of_case(look.session, licence.case_id) if made.published)
    verifying.verify_again(world.actor(world.verifier), licence.case_id, signed.id)
    with reading(SYSTEM) as look:
        task = next(task for task in tasks_of(look.session, licence.case_id) if task.state == OPEN)
    verifying.record_finding(world.actor(world.verifier), task.id, Result.UNTRUE, world.report(task.id, Result.UNTRUE, "型号不符"))
    promises = stranger.get("/promises")
    shown = text(promises)
    for words in ("城东加油站改扩建工程", "signed by 李** on 1 Apr 2026", "刘*", "站房配电间", "To be verified"):
        assert words in shown
    for words in ("李文静", "刘洋", "13800000001", "Found untrue", "型号不符"):
        assert words not in promises.text
    credit.enter_by_officer(
        world.actor(world.supervisor),
        world.authority,
        uscc="91320104MA1NXY7R8L",
        kind=Kind.SERIOUS_BAD_RECORD,
        source="信用中国",
        effect="不适用告知承诺制",
        published=True,
        ends_on=None,
    )
    page = stranger.get("/credit")
    assert "南京金陵石化销售有限公司" in page.text
    assert "蒋文博" not in page.text, "no person is named"
    assert "No entry fits" in text(stranger.get("/credit?search=nobody"))


def test_an_entry_is_its_companys_to_see_and_another_persons_to_decide(desk: Desk) -> None:
    world = desk.world
    entry = credit.enter_by_officer(
        world.actor(world.supervisor),
        world.authority,
        uscc="91320104MA1NXY7R8L",
        kind=Kind.OTHER,
        source="年度检查",
        effect="记录",
        published=False,
        ends_on=None,
    )
    assert desk.browser(world.stranger).get(f"/my/credit/{entry}").status_code == 404
    mine = desk.browser(world.applicant)
    assert "年度检查" in mine.get(f"/my/credit/{entry}").text
    assert mine.send(f"/my/credit/{entry}", {"act": "object", "reason": ""}).status_code == 422
    assert mine.send(f"/my/credit/{entry}", {"act": "object", "reason": "并无此事"}).status_code == 303
    path, decision = f"/office/credit/{entry}", {"decision": "yes", "reason": "查无此事"}
    own = desk.browser(world.supervisor)
    assert own.send(path, {**held(own.get(path)), **decision}).status_code == 403, "who entered it does not decide"
    other = desk.browser(world.second_supervisor)
    seen = held(other.get(path))
    assert other.send(path, {**seen, **decision, "seen": "1"}).status_code == 409, "what was decided on must be what was read"
    assert other.send(path, {**seen, **decision}).status_code == 303
    assert "Removed after an objection" in text(mine.get(f"/my/credit/{entry}"))


def test_the_calculator_explains_and_complains(desk: Desk) -> None:
    browser = desk.app.test_client()
    page = browser.get("/deadline?from=2026-03-02&limit=T4&stop-0=2026-03-03&until-0=2026-03-05")
    assert "2026-03-19" in page.text
    for query in ("from=gestern&limit=T3", "from=2026-03-02&limit=T99", "from=2026-03-02&limit=T3&stop-0=2026-03-05&until-0=2026-03-03"):
        refused = browser.get(f"/deadline?{query}")
        assert refused.status_code == 422, query
        assert "error-summary" in refused.text or "errors" in refused.text


def test_a_finding_after_the_permit_is_rectified_page_by_page(desk: Desk) -> None:
    world = desk.world
    case_id = world.granted("completion_acceptance").case_id or 0
    with reading(SYSTEM) as look:
        signed = of_case(look.session, case_id)[0]
    verifier, approver, mine = (desk.browser(person) for person in (world.verifier, world.approver, world.applicant))
    assert verifier.send(f"/office/verifications/again/{case_id}/{signed.id}", {}).status_code == 303
    with reading(SYSTEM) as look:
        task = next(task for task in tasks_of(look.session, case_id) if task.state == OPEN)
    seen = {f"fact.{code}": "yes" for code in signed.facts} | {"visited_on": "2026-03-02", "second": str(world.examiner)}
    found = {**seen, f"fact.{next(iter(signed.facts))}": "no", "finding": "型号不符。", "result": "untrue", "consequence": "rectify"}
    assert verifier.send(f"/office/verifications/{task.id}", found).status_code == 303
    waiting = verifier.get(f"/office/cases/{case_id}")
    assert "Send the notice to the holder" in text(waiting)
    assert "Verify it once more" in text(waiting), "the other promise"
    order = f"/office/verifications/rectify/{case_id}/{signed.id}"
    assert "Order the holder to rectify" in text(approver.get(f"/office/cases/{case_id}"))
    assert approver.get(order).status_code == 200
    assert verifier.get(order).status_code == 403
    assert approver.send(order, {"reason": ""}).status_code == 422
    assert approver.send(order, {"reason": "更换为所承诺的型号。"}).status_code == 303
    assert approver.get(order).status_code == 303, "it is ordered already"
    assert "orders you to rectify" in text(mine.get(f"/my/cases/{case_id}"))
    report = f"/my/cases/{case_id}/promises/{signed.id}/rectified"
    assert mine.get(report).status_code == 200
    assert mine.send(report, {"reason": " "}).status_code == 422
    assert mine.send(report, {"reason": "已更换并附照片。"}).status_code == 303
    assert mine.get(report).status_code == 303
    with reading(SYSTEM) as look:
        task = next(task for task in tasks_of(look.session, case_id) if task.state == OPEN)
    assert "已更换并附照片" in verifier.get(f"/office/verifications/{task.id}").text
    assert "after an order to rectify" in text(verifier.get("/office/verifications"))
    assert verifier.send(f"/office/verifications/{task.id}", {**seen, "finding": "已更换。", "result": "true"}).status_code == 303
    assert "Rectified in time" in text(mine.get(f"/my/cases/{case_id}"))


def test_a_demanded_proof_offers_only_to_hand_it_in(desk: Desk) -> None:
    case_id = desk.world.accepted("completion_acceptance")
    path = f"/office/cases/{case_id}/require-proof"
    assert desk.browser(desk.world.examiner).send(path, {f"proof.{PROOF}": "yes", "reason": "无法核实。"}).status_code == 303
    mine = desk.browser(desk.world.applicant)
    assert "cannot be promised again" in text(mine.get(f"/my/cases/{case_id}"))
    page = mine.get(f"/my/cases/{case_id}/proofs/{PROOF}")
    assert "cannot be promised again" in text(page)
    assert 'value="promise"' not in page.text
    refused = mine.send(f"/my/cases/{case_id}/proofs/{PROOF}", {"choice": "promise"})
    assert refused.status_code == 409
    assert "cannot be promised again" in text(refused)


def test_an_answer_where_nothing_was_asked_leads_to_the_case(desk: Desk) -> None:
    case_id = desk.world.accepted("completion_acceptance")
    mine = desk.browser(desk.world.applicant)
    for reason in ("", "我单位认为不对。"):
        sent = mine.send(f"/my/cases/{case_id}/answer", {"reason": reason})
        assert sent.status_code == 303
        assert sent.location == f"/my/cases/{case_id}"
