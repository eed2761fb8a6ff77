"""What was typed is kept, whatever is wrong with it; what is not yours does not exist."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from applicant_tools import held, save, sign, state_facts, typed, upload
from office_tools import Desk, text
from world import LONG_AGO, acceptance_answers, design_answers, tiny_pdf

from licensing.cases import actions, drafts
from licensing.catalogue import load_catalogue
from licensing.parties import actions as parties
from licensing.parties.tables import Company, Person
from licensing.policy import SYSTEM, Role
from licensing.storage import unit_of_work
from portal.applicant import routes


@pytest.fixture
def case_id(desk: Desk) -> int:
    return drafts.start(desk.world.actor(desk.world.applicant), desk.world.company, "completion_acceptance")


def test_an_incomplete_section_is_saved_and_told(desk: Desk, case_id: int) -> None:
    browser = desk.browser(desk.world.applicant)
    answer = save(browser, case_id, "project", {"name": "城东加油站", "region": "320104", "commenced_on": "昨天", "completed_on": ""})
    assert answer.status_code == 422
    assert "What you typed is saved" in text(answer)
    assert 'href="#project.address"' in answer.text
    assert held(answer)["project.name"] == "城东加油站"
    assert held(answer)["project.commenced_on"] == "昨天"
    stored = desk.world.page(case_id).case
    assert stored.answers["project"]["commenced_on"] == "昨天"
    assert stored.project_name == "城东加油站"
    assert held(answer)["draft_version"] == str(stored.draft_version)
    as_draft = save(browser, case_id, "project", {"name": "城东加油站"}, then="draft")
    assert as_draft.status_code == 303
    assert as_draft.location.endswith(f"/my/cases/{case_id}")


def test_refused_characters_stay_in_the_field(desk: Desk, case_id: int) -> None:
    answer = save(desk.browser(desk.world.applicant), case_id, "project", {"name": "城东\u202e加油站", "address": "滨江路"})
    assert answer.status_code == 422
    assert held(answer)["project.name"] == "城东\u202e加油站"
    assert held(answer)["project.address"] == "滨江路"
    assert "cannot be printed" in text(answer)
    assert "project" not in desk.world.page(case_id).case.answers


def test_a_draft_changed_elsewhere_keeps_what_was_typed(desk: Desk, case_id: int) -> None:
    browser = desk.browser(desk.world.applicant)
    path = f"/my/cases/{case_id}/sections/project"
    version = held(browser.get(path))["draft_version"]
    save(browser, case_id, "synopsis", {"text": "另一个窗口", "agent": "李文静"})
    answer = browser.send(path, {"draft_version": version, **typed("project", {"name": "城东加油站"})})
    assert answer.status_code == 409
    assert held(answer)["project.name"] == "城东加油站"
    assert held(answer)["draft_version"] == version
    assert "another window" in text(answer)


def test_rows_are_added_and_removed_without_script(desk: Desk, case_id: int) -> None:
    browser = desk.browser(desk.world.applicant)
    path = f"/my/cases/{case_id}/sections/buildings"
    rows = acceptance_answers("")["buildings"]
    more = browser.send(path, {"add-row": "1", "draft_version": "1", **typed("buildings", rows)})
    assert more.status_code == 200
    assert held(more)["buildings.2.name"] == ""
    assert held(more)["buildings.1.name"] == rows[1]["name"]
    fewer = browser.send(path, {"remove-row-0": "1", "draft_version": "1", **typed("buildings", rows)})
    assert held(fewer)["buildings.0.name"] == rows[1]["name"]
    assert "buildings.1.name" not in held(fewer)
    assert "buildings" not in desk.world.page(case_id).case.answers
    gap = {name.replace("buildings.1.", "buildings.7."): value for name, value in typed("buildings", rows).items()}
    version = desk.world.page(case_id).case.draft_version
    assert browser.send(path, {"draft_version": version, "then": "continue", **gap}).status_code == 303
    assert [row["name"] for row in desk.world.page(case_id).case.answers["buildings"]] == [row["name"] for row in rows]


def test_an_unknown_approval_is_refused_with_a_sentence_that_helps(desk: Desk, case_id: int) -> None:
    answer = save(desk.browser(desk.world.applicant), case_id, "project", acceptance_answers("宁气雷审字(2026)第9999号")["project"])
    assert answer.status_code == 422
    assert "top right corner" in text(answer)


def test_uploads_are_judged_one_by_one(desk: Desk, case_id: int) -> None:
    browser = desk.browser(desk.world.applicant)
    answer = upload(browser, case_id, "as_built_drawings", (tiny_pdf(), "好.pdf"), (b"MZ not a drawing", "坏.exe"), (b"", "空.pdf"))
    assert answer.status_code == 422
    assert "坏.exe" in text(answer)
    assert "空.pdf" in text(answer)
    (kept,) = desk.world.page(case_id).documents["as_built_drawings"]
    assert kept.filename == "好.pdf"
    file = browser.get(f"/my/cases/{case_id}/files/{kept.id}")
    assert file.data == tiny_pdf()
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "No more" not in text(browser.get(f"/my/cases/{case_id}/documents/as_built_drawings"))
    assert browser.send(f"/my/cases/{case_id}/documents/as_built_drawings/{kept.id}/remove").status_code == 303
    assert "as_built_drawings" not in desk.world.page(case_id).documents
    assert browser.send(f"/my/cases/{case_id}/documents/as_built_drawings").status_code == 422


def test_a_file_over_the_limit_is_refused_beside_the_upload(desk: Desk, case_id: int) -> None:
    big = io.BytesIO(b"%PDF-1.4\n" + bytes(desk.world.settings.upload_limit))
    answer = desk.browser(desk.world.applicant).send(
        f"/my/cases/{case_id}/documents/as_built_drawings", {"files": (big, "大.pdf")}, content_type="multipart/form-data"
    )
    answer.request.environ["wsgi.input"].close()  # the test client leaves the temporary file of a large body open
    assert answer.status_code == 422
    assert "larger than 20 MB" in text(answer)


def test_a_promise_needs_every_clause_and_facts_that_hold(desk: Desk, case_id: int) -> None:
    browser = desk.browser(desk.world.applicant)
    proof = "factory_certificate"
    assert browser.send(f"/my/cases/{case_id}/proofs/{proof}", {"choice": "neither"}).status_code == 422
    assert browser.send(f"/my/cases/{case_id}/proofs/{proof}", {"choice": "promise"}).status_code == 303
    future = state_facts(browser, case_id, proof, **{f"{proof}.certificate_date": "2031-01-01"})
    assert future.status_code == 422
    assert "cannot be in the future" in text(future)
    assert held(browser.get(f"/my/cases/{case_id}/proofs/{proof}/facts"))[f"{proof}.model"] == "SPD-40/4P", "kept although wrong"
    back = browser.get(f"/my/cases/{case_id}/proofs/{proof}/promise")
    assert back.location.endswith(f"/proofs/{proof}/facts"), "nothing is signed on facts that do not hold"
    assert state_facts(browser, case_id, proof).status_code == 303
    nowhere = sign(browser, case_id, proof)
    assert nowhere.status_code == 422
    assert "in which place the project is" in text(nowhere)
    drafts.save_section(desk.world.actor(desk.world.applicant), case_id, "project", {"region": "320104"}, 1)
    unread = sign(browser, case_id, proof, accepted=["notice", "1"])
    assert unread.status_code == 422
    assert 'href="#accept-2"' in unread.text
    assert 'href="#accept-1"' not in unread.text
    stale = sign(browser, case_id, proof, accepted_notice="0" * 64)
    assert stale.status_code == 409
    assert desk.world.page(case_id).choices[proof].commitment is None
    assert sign(browser, case_id, proof).status_code == 303
    made = desk.world.page(case_id).choices[proof].commitment
    assert made is not None
    page = browser.get(f"/my/cases/{case_id}/proofs/{proof}")
    assert made.statement_sha256 in page.text
    kept = browser.get(f"/my/cases/{case_id}/promises/{made.id}")
    assert "SPD-40/4P" in kept.text
    back = browser.send(f"/my/cases/{case_id}/proofs/{proof}", {"choice": "hand_in"})
    assert back.location.endswith(f"/documents/{proof}")
    assert desk.world.page(case_id).choices[proof].commitment is None


def test_submitting_too_early_lists_what_is_missing_with_links(desk: Desk, case_id: int) -> None:
    browser = desk.browser(desk.world.applicant)
    path = f"/my/cases/{case_id}/check"
    assert "Confirm the declaration" in text(browser.send(path))
    answer = browser.send(path, {"declared": "yes"})
    assert answer.status_code == 422
    assert f"/my/cases/{case_id}/sections/project?check=1#project.name" in answer.text
    assert f'href="/my/cases/{case_id}/documents/as_built_drawings"' in answer.text
    assert f'href="/my/cases/{case_id}/proofs/factory_certificate"' in answer.text
    assert desk.state(case_id) == "draft"
    told = browser.get(f"/my/cases/{case_id}/sections/project?check=1")
    assert 'id="project.name-error"' in told.text


def test_what_is_handed_in_cannot_be_filled_in_any_more(desk: Desk) -> None:
    case_id = desk.world.submitted("design_review")
    browser = desk.browser(desk.world.applicant)
    for path in ("sections/project", "documents/design_documents", "check"):
        assert browser.get(f"/my/cases/{case_id}/{path}").location.endswith(f"/my/cases/{case_id}")
    answer = browser.send(f"/my/cases/{case_id}/sections/project", typed("project", design_answers()["project"]))
    assert answer.status_code == 409
    assert upload(browser, case_id, "design_documents").status_code == 409


def test_what_is_not_mine_does_not_exist(desk: Desk) -> None:
    case_id = desk.world.draft("design_review")
    (document,) = desk.world.page(case_id).documents["design_documents"]
    stranger = desk.browser(desk.world.stranger)
    paths = (
        "",
        "/check",
        "/withdraw",
        "/sections/project",
        "/documents/design_documents",
        f"/files/{document.id}",
        "/letters/1",
        "/licence.pdf",
    )
    for path in paths:
        assert stranger.get(f"/my/cases/{case_id}{path}").status_code == 404, path
    assert stranger.send(f"/my/cases/{case_id}/sections/project", {"project.name": "x"}).status_code == 404
    assert stranger.get("/my/cases/999999999999999999999").status_code == 404
    browser = desk.browser(desk.world.applicant)
    for path in ("sections/nothing", "documents/nothing", "proofs/nothing", "proofs/nothing/promise"):
        assert browser.get(f"/my/cases/{case_id}/{path}").status_code == 404, path
    assert stranger.send("/my/start/design_review", {"company": desk.world.company}).status_code == 422


def test_a_closed_matter_leads_to_its_guide(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = load_catalogue()
    closed = replace(catalogue, matters=tuple(replace(matter, open=False) for matter in catalogue.matters))
    for module in (drafts, routes):
        monkeypatch.setattr(module, "load_catalogue", lambda: closed)
    browser = desk.browser(desk.world.applicant)
    page = browser.get("/my/start/qualification")
    assert 'href="/guides/qualification"' in page.text
    assert browser.send("/my/start/qualification", {"company": desk.world.company}).status_code == 422
    assert "You have no cases yet" in text(browser.get("/my"))


def test_a_person_with_two_companies_chooses(desk: Desk) -> None:
    world = desk.world
    with unit_of_work(SYSTEM) as work:
        person, company = work.session.get_one(Person, world.applicant), work.session.get_one(Company, world.other_company)
        parties.give_seat(work, person, company, Role.APPLICANT, held_from=LONG_AGO)
    browser = desk.browser(world.applicant)
    page = browser.get("/my/start/design_review")
    assert 'type="radio"' in page.text
    answer = browser.send("/my/start/design_review", {"company": world.other_company})
    assert world.page(int(answer.location.rsplit("/", 1)[1])).company.id == world.other_company


def test_an_officer_does_not_read_a_case_through_the_applicants_door(desk: Desk) -> None:
    case_id = desk.world.submitted("design_review")
    assert desk.browser(desk.world.intake).get(f"/my/cases/{case_id}").status_code == 403
    actions.accept(desk.world.actor(desk.world.intake), case_id)
    assert desk.state(case_id) == "accepted"
