"""The one page of a case: what it shows, to whom, and its papers."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime

import pytest
import time_machine
from office_tools import ACTS, Desk, buttons, case_url, text
from portal_tools import parse
from world import NANJING, design_answers, tiny_pdf

from licensing.cases import actions, drafts
from licensing.parties import actions as parties
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import SYSTEM, Role
from licensing.storage import unit_of_work

pytestmark = pytest.mark.slow


def test_the_page_prints_answers_papers_promises_clock_and_history(desk: Desk) -> None:
    case_id = desk.world.submitted("completion_acceptance")
    page = desk.browser(desk.world.intake).get(case_url(case_id))
    shown = text(page)
    assert page.status_code == 200
    for words in (
        "城东加油站改扩建工程",
        "91320104MA1NXY7R8L",
        "江苏省南京市秦淮区",
        "第二类",
        "640.5 m²",
        "2 · 油罐区",
        "电涌保护器",
        "Promised by 李文静",
        "Application submitted",
        "Why this day?",
        "Promises: 2",
    ):
        assert words in shown, words
    assert "changed" not in shown


def test_the_clock_card_explains_the_legal_and_the_promised_day(desk: Desk) -> None:
    page = desk.browser(desk.world.examiner).get(case_url(desk.world.accepted()))
    shown = text(page)
    assert "Promised by the authority" in shown
    assert "The day of the event itself is not counted." in shown
    assert "第八十二条" in shown
    cards = [node for node in parse(page.text).iter("section") if "clock" in node.get("class", "")]
    assert len(cards) == 2


def test_the_clock_card_and_the_worklist_press_alike(desk: Desk, morning: time_machine.Traveller) -> None:
    case_id = desk.world.accepted()
    morning.move_to(datetime(2026, 3, 16, 1, 0, tzinfo=UTC))
    browser = desk.browser(desk.world.examiner)
    page, listed = browser.get(case_url(case_id)), browser.get("/office")
    card = next(node for node in parse(page.text).iter("section") if "clock" in node.get("class", ""))
    tag = next(node for node in parse(listed.text).iter("span") if "".join(node.itertext()).strip() == "Today")
    assert ("bad" in card.get("class", "").split(), "bad" in tag.get("class", "").split()) == (True, True)
    assert "Left 0 working days" in text(page)


def test_a_second_submission_shows_what_changed(desk: Desk) -> None:
    world = desk.world
    case_id = world.submitted(max_height_m="8.2")
    slot = world.page(case_id).matter.materials[0].code
    notes = {"project.max_height_m": "与图纸不符", "buildings": "缺一栋", f"document:{slot}": "图纸不清"}
    items = [actions.Item(target, note) for target, note in notes.items()]
    actions.request_correction(world.actor(world.intake), case_id, items)
    applicant = world.actor(world.applicant)
    answers = design_answers()
    drafts.save_section(
        applicant, case_id, "project", {**answers["project"], "max_height_m": "12.4"}, world.page(case_id).case.draft_version
    )
    new = {**answers["buildings"][1], "name": "新站房", "structure": "C"}
    drafts.save_section(applicant, case_id, "buildings", [answers["buildings"][0], new], world.page(case_id).case.draft_version)
    old = world.page(case_id).documents[slot][0]
    drafts.remove_document(applicant, case_id, old.id)
    added = drafts.add_document(applicant, case_id, slot, "新图纸.pdf", tiny_pdf("second"))
    browser = desk.browser(world.intake)

    waiting = browser.get(case_url(case_id))
    assert "12.4" not in waiting.text, "an officer never sees the open draft"
    assert browser.get(case_url(case_id, f"documents/{added.id}")).status_code == 404
    assert buttons(waiting) == set()

    actions.submit(world.actor(world.applicant), case_id)
    page = browser.get(case_url(case_id))
    tree = parse(page.text)
    assert "Submission no. 2; changes: 3" in page.text
    assert {"".join(node.itertext()) for node in tree.iter("del")} == {"8.2 m", "油罐区", old.filename}
    assert {"".join(node.itertext()) for node in tree.iter("ins")} == {"12.4 m", "新站房"}
    assert "与图纸不符" in text(page)
    assert browser.get(case_url(case_id, f"documents/{added.id}")).data == tiny_pdf("second")
    assert browser.get(case_url(case_id, f"documents/{old.id}")).data == tiny_pdf()


def test_papers_come_as_attachments_and_the_promise_word_for_word(desk: Desk) -> None:
    case_id = desk.world.accepted("completion_acceptance")
    page = desk.world.page(case_id)
    browser = desk.browser(desk.world.examiner)
    document = next(iter(page.documents.values()))[0]
    made = page.choices["factory_certificate"].commitment
    assert made is not None
    answers = {
        f"documents/{document.id}": "application/pdf",
        f"letters/{page.letters[0].id}": "application/pdf",
        f"promises/{made.id}": "text/plain",
    }
    for path, media_type in answers.items():
        response = browser.get(case_url(case_id, path))
        assert response.status_code == 200
        assert response.mimetype == media_type
        assert response.headers["Content-Disposition"].startswith("attachment;")
        assert response.headers["Cache-Control"] == "no-store"
    kept = browser.get(case_url(case_id, f"promises/{made.id}")).data
    assert hashlib.sha256(kept).hexdigest() == made.statement_sha256
    assert made.statement_sha256 in browser.get(case_url(case_id)).text
    assert browser.get(case_url(case_id, f"letters/{page.letters[0].id}")).data.startswith(b"%PDF-")


def test_what_does_not_exist_is_missing_and_so_are_drafts_and_foreign_cases(desk: Desk) -> None:
    world = desk.world
    draft, case_id = world.draft(), world.submitted()
    with unit_of_work(SYSTEM) as work:
        other = {
            **NANJING,
            "code": "320500",
            "name": "苏州市气象局",
            "uscc": "113205000141501123",
            "region_code": "320500",
            "kid": 2,
            "number_place": "苏",
        }
        elsewhere = parties.register_authority(work, region_prefixes=("3205",), matters=("design_review",), **other)
        person = parties.register_person(work, name="沈阳春")
        parties.give_post(work, person, elsewhere, Role.INTAKE, held_from=date(2020, 1, 1))
    missing = desk.browser(world.intake).get(case_url(987654))
    assert missing.status_code == 404
    for browser, number in ((desk.browser(world.intake), draft), (desk.browser(person.id), case_id)):
        for path in ("", "licence", "documents/1", "letters/1", "promises/1", *ACTS):
            assert browser.get(case_url(number, path)).status_code == 404, path
        assert browser.send(case_url(number, "accept")).status_code == 404
        assert parse(browser.get(case_url(number)).text).find(".//h1").text == parse(missing.text).find(".//h1").text  # type: ignore[union-attr]
    assert desk.browser(world.intake).get("/office/cases/99999999999999999999").status_code == 404
    for path in ("documents/987654", "letters/987654", "promises/987654", "licence"):
        assert desk.browser(world.intake).get(case_url(case_id, path)).status_code == 404, path


def test_an_officer_of_the_company_that_applies_is_kept_out(desk: Desk) -> None:
    world = desk.world
    case_id = world.submitted()
    with unit_of_work(SYSTEM) as work:
        person, company = work.session.get_one(Person, world.intake), work.session.get_one(Company, world.company)
        parties.give_seat(work, person, company, Role.APPLICANT, held_from=date(2020, 1, 1))
        elsewhere = work.session.get_one(Person, world.applicant)
        other = {**NANJING, "code": "320500", "name": "苏州市气象局", "uscc": "113205000141501123", "kid": 2}
        post = parties.register_authority(work, region_prefixes=("3205",), matters=("design_review",), **other)
        parties.give_post(work, elsewhere, work.session.get_one(Authority, post.id), Role.INTAKE, held_from=date(2020, 1, 1))
    own = desk.browser(world.intake)
    assert own.get(case_url(case_id)).status_code == 403
    assert own.send(case_url(case_id, "accept")).status_code == 403
    assert own.send(case_url(case_id, "not-accept"), {"reason": "x"}).status_code == 403
    assert desk.browser(world.applicant).get(case_url(case_id)).status_code == 404
    assert desk.state(case_id) == "submitted"


def test_each_post_sees_exactly_its_buttons(desk: Desk) -> None:
    world = desk.world
    expected = {
        world.submitted(): {world.intake: {"accept", "correction", "not-accept", "transfer"}, world.examiner: {"transfer"}},
        world.accepted(): {
            world.intake: {"transfer"},
            world.examiner: {"commission", "propose", "transfer"},
            world.approver: {"close", "extend"},
        },
        world.proposed(): {
            world.approver: {"grant", "return", "extend", "close"},
            world.second_approver: {"grant", "return", "extend", "close"},
        },
        world.proposed(grant=False): {world.approver: {"refuse", "return", "extend", "close"}},
    }
    for case_id, wanted in expected.items():
        for person in (world.intake, world.examiner, world.approver):
            page = desk.browser(person).get(case_url(case_id))
            assert buttons(page) == wanted.get(person, set()), (case_id, person)
            if person not in wanted:
                assert "Your post does not allow this." in text(page)


def test_what_was_found_stands_before_what_was_handed_in_and_each_part_is_named_at_the_top(desk: Desk) -> None:
    case_id = desk.world.proposed()
    tree = parse(desk.browser(desk.world.approver).get(case_url(case_id)).text)
    heads = [str(node.get("id")) for node in tree.iter("h2") if node.get("id") and node.get("id") != "panel-title"]
    assert heads == ["proposal", "result", "application", "documents", "letters", "notes", "history"]
    parts = next(node for node in tree.iter("nav") if node.get("class") == "parts")
    assert [node.get("href") for node in parts.iter("a")] == [f"#{head}" for head in heads]


def test_the_time_left_stands_above_everything_where_the_clock_card_comes_last(desk: Desk, morning: time_machine.Traveller) -> None:
    case_id = desk.world.accepted()
    browser = desk.browser(desk.world.examiner)
    line = next(node for node in parse(browser.get(case_url(case_id)).text).iter("p") if node.get("class") == "to-panel")
    assert "10 days" in "".join(line.itertext())


def test_late_intake_is_told_as_acceptance_by_silence(desk: Desk, morning: time_machine.Traveller) -> None:
    case_id = desk.world.submitted()
    morning.move_to(datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    answer = desk.browser(desk.world.intake).send(case_url(case_id, "not-accept"), {"reason": "材料不全"})
    assert answer.status_code == 409
    assert "the case has moved on" in answer.text
    assert "Accepted by silence" in answer.text
    assert desk.state(case_id) == "accepted"
