"""A promise is signed as it was shown: by the signatory, on the facts of the page, once."""

from __future__ import annotations

from datetime import date

import pytest
from applicant_tools import accepting, held, promise_path, sign, state_facts
from office_tools import Desk, text
from sqlalchemy import select
from world import facts

from licensing.cases import actions, drafts, promises
from licensing.commitments.queries import of_case
from licensing.commitments.tables import Commitment
from licensing.letters.tables import Letter
from licensing.parties.tables import Seat
from licensing.policy import SYSTEM, Role
from licensing.storage import reading, storage, unit_of_work

PROOF = "factory_certificate"


@pytest.fixture
def case_id(desk: Desk) -> int:
    """A draft in which the facts are stated, ready to be signed."""
    member = desk.world.actor(desk.world.member)
    made = drafts.start(member, desk.world.company, "completion_acceptance")
    drafts.save_section(member, made, "project", {"region": "320104"}, 1)
    promises.keep_facts(member, made, PROOF, facts(PROOF))
    return made


def signed(case_id: int) -> list[Commitment]:
    with reading(SYSTEM) as look:
        return of_case(look.session, case_id)


def letters(case_id: int) -> int:
    with reading(SYSTEM) as look:
        return len(list(look.session.scalars(select(Letter).where(Letter.case_id == case_id))))


def test_facts_that_changed_after_the_page_was_opened_are_shown_and_not_signed(desk: Desk, case_id: int) -> None:
    browser, path = desk.browser(desk.world.applicant), promise_path(case_id, PROOF)
    form = accepting(browser.get(path))
    promises.keep_facts(desk.world.actor(desk.world.member), case_id, PROOF, {**facts(PROOF), "model": "SPD-II"})
    answer = browser.send(path, form)
    assert answer.status_code == 409
    assert "The facts were changed after you opened this page" in text(answer)
    assert "SPD-II" in text(answer), "the new facts are shown"
    assert "accepted" not in held(answer), "nothing is ticked below other facts"
    assert signed(case_id) == []
    assert browser.send(path, accepting(answer)).status_code == 303
    assert [made.facts["model"] for made in signed(case_id)] == ["SPD-II"]


def test_sign_pressed_twice_signs_once_and_shows_what_was_signed(desk: Desk, case_id: int) -> None:
    browser, path = desk.browser(desk.world.applicant), promise_path(case_id, PROOF)
    form = accepting(browser.get(path))
    first, second = browser.send(path, form), browser.send(path, form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location
    (made,) = signed(case_id)
    assert letters(case_id) == 1
    assert made.statement_sha256 in browser.get(second.location).text


def test_the_language_of_the_page_stands_in_what_was_signed(desk: Desk, case_id: int) -> None:
    sign(desk.browser(desk.world.applicant), case_id, PROOF)
    (made,) = signed(case_id)
    assert "with the English reading aid" in storage().files.get(made.statement_sha256).decode()


def test_a_signatory_whose_authorisation_ended_while_reading_is_told_so_and_keeps_the_ticks(desk: Desk, case_id: int) -> None:
    browser, path = desk.browser(desk.world.applicant), promise_path(case_id, PROOF)
    form = accepting(browser.get(path))
    with unit_of_work(SYSTEM) as work:
        seat = work.session.scalars(select(Seat).where(Seat.person_id == desk.world.applicant, Seat.role == Role.SIGNATORY)).one()
        seat.held_until = date(2026, 3, 1)
    answer = browser.send(path, form)
    assert answer.status_code == 403
    assert "your authorisation is not on record or has ended" in text(answer)
    assert "accepted" in held(answer)
    assert signed(case_id) == []
    assert "has no authorised signatory on record" in text(browser.get(path))


def test_a_member_reads_who_signs_and_who_takes_back(desk: Desk, case_id: int) -> None:
    member, path = desk.browser(desk.world.member), promise_path(case_id, PROOF)
    assert "Only the authorised signatory of the company can sign" in text(member.get(path))
    refused = member.send(path, accepting(member.get(path)))
    assert refused.status_code == 403
    assert "Only the authorised signatory of the company can do this" in text(refused)
    sign(desk.browser(desk.world.applicant), case_id, PROOF)
    choice = path.removesuffix("/promise")
    page = member.get(choice)
    assert "Only the authorised signatory of the company can take this promise back. Ask: 李文静." in text(page)
    assert "choice" not in held(page), "no button that leads to a refusal"
    refused = member.send(choice, {"choice": "hand_in"})
    assert refused.status_code == 403
    assert "Only the authorised signatory of the company can do this" in text(refused)
    assert [made.state for made in signed(case_id)] == ["promised"]


def test_after_submission_a_promise_is_taken_back_with_a_reason(desk: Desk) -> None:
    world = desk.world
    case_id = world.submitted("completion_acceptance")
    actions.request_correction(world.actor(world.intake), case_id, [actions.Item(f"proof:{PROOF}", "型号不清")])
    browser, path = desk.browser(world.applicant), f"/my/cases/{case_id}/proofs/{PROOF}"
    form = held(browser.get(path))
    missing = browser.send(path, form)
    assert missing.status_code == 422
    assert 'id="reason-error"' in missing.text
    long = browser.send(path, {**form, "reason": "字" * 501})
    assert long.status_code == 422
    assert held(long)["reason"] == "字" * 501
    assert browser.send(path, {**form, "reason": "提交证书原件"}).status_code == 303
    assert [made.state for made in signed(case_id) if made.proof == PROOF] == ["withdrawn"]


def test_facts_are_judged_alike_when_they_are_stated_and_when_they_are_signed(desk: Desk, case_id: int) -> None:
    desk.world.promise(case_id, "installation_record")
    browser = desk.browser(desk.world.applicant)
    late = {f"{PROOF}.certificate_date": "2026-01-05"}
    stated = state_facts(browser, case_id, PROOF, **late)
    assert stated.status_code == 422
    assert "cannot be before" in text(stated)
    assert browser.get(promise_path(case_id, PROOF)).location.endswith("/facts")
