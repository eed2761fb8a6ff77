"""A sign-in that ends half way: nothing is done, nothing typed is lost, and nobody else sees it."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from applicant_tools import accepting, held, promise_path, typed
from office_tools import Desk, text
from portal_tools import PASSWORD, CheckingClient, Someone, parse
from sqlalchemy import select
from werkzeug.test import TestResponse
from world import acceptance_answers, facts, tiny_pdf

from licensing.cases import drafts, promises
from licensing.commitments.queries import of_case
from licensing.policy import SYSTEM
from licensing.storage import reading
from portal.accounts import actions as accounts
from portal.accounts import kept_forms
from portal.accounts.tables import KeptForm

PROOF = "factory_certificate"
LATER = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
ENDED = "Your sign-in has ended, so nothing was sent or signed"
SHOWN = "Here is what you typed"


@pytest.fixture
def case_id(desk: Desk) -> int:
    """A draft in which the facts of a promise are stated."""
    member = desk.world.actor(desk.world.member)
    made = drafts.start(member, desk.world.company, "completion_acceptance")
    drafts.save_section(member, made, "project", {"region": "320104"}, 1)
    promises.keep_facts(member, made, PROOF, facts(PROOF))
    return made


def enter(desk: Desk, browser: CheckingClient, person: int, answer: TestResponse) -> TestResponse:
    """Sign in by the forms, on the way that ``answer`` leads; the page at the end of it."""
    who = desk.people[person]
    door = browser.get(answer.location)
    sent = browser.post("/login", data={**held(door), "email": who.email, "password": PASSWORD})
    code = browser.get(sent.location)
    done = browser.post("/login/code", data={**held(code), "second_factor_code": who.code()})
    return browser.get(done.location)


def signed(case_id: int) -> int:
    with reading(SYSTEM) as look:
        return len(of_case(look.session, case_id))


def test_a_promise_half_way_is_not_signed_and_comes_back_as_it_was_ticked(
    desk: Desk, case_id: int, morning: time_machine.Traveller
) -> None:
    browser, path = desk.browser(desk.world.applicant), promise_path(case_id, PROOF)
    form = {**accepting(browser.get(path)), "accepted": ["notice", "1", "3"]}
    morning.move_to(LATER)
    answer = browser.post(path, data=form, headers={"Referer": f"http://localhost{path}"})
    assert answer.status_code == 303
    assert answer.location == f"/login?next={path}"
    assert ENDED in text(browser.get(answer.location))
    page = enter(desk, browser, desk.world.applicant, answer)
    assert page.request.path == path
    assert SHOWN in text(page)
    assert signed(case_id) == 0, "signing in sends nothing"
    ticked = [name for name in ("notice", "1", "2", "3", "4") if f'value="{name}" checked' in page.text]
    assert ticked == ["notice", "1", "3"]
    again = {**accepting(page), **{name: value for name, value in held(page).items() if name != "accepted"}}
    assert browser.post(path, data=again).status_code == 303
    assert signed(case_id) == 1
    assert browser.post(path, data=again).status_code == 303
    assert signed(case_id) == 1, "nothing is signed twice"
    assert SHOWN not in text(browser.get(path.removesuffix("/promise")))


def test_facts_that_changed_meanwhile_are_not_signed_by_the_ticks_of_before(
    desk: Desk, case_id: int, morning: time_machine.Traveller
) -> None:
    browser, path = desk.browser(desk.world.applicant), promise_path(case_id, PROOF)
    form = accepting(browser.get(path))
    morning.move_to(LATER)
    answer = browser.post(path, data=form)
    promises.keep_facts(desk.world.actor(desk.world.member), case_id, PROOF, {**facts(PROOF), "model": "SPD-II"})
    page = enter(desk, browser, desk.world.applicant, answer)
    refused = browser.post(path, data=accepting(page))
    assert refused.status_code == 409
    assert "The facts were changed" in text(refused)
    assert signed(case_id) == 0


def test_the_facts_just_typed_stand_in_the_form_again(desk: Desk, case_id: int, morning: time_machine.Traveller) -> None:
    browser, path = desk.browser(desk.world.member), f"/my/cases/{case_id}/proofs/{PROOF}/facts"
    form = {**held(browser.get(path)), f"{PROOF}.model": '"><b>SPD', f"{PROOF}.certificate_date": "昨天"}
    morning.move_to(LATER)
    page = enter(desk, browser, desk.world.member, browser.post(path, data=form))
    assert SHOWN in text(page)
    assert held(page)[f"{PROOF}.model"] == '"><b>SPD'
    assert held(page)[f"{PROOF}.certificate_date"] == "昨天", "what a date field would drop is asked as text"
    assert desk.world.page(case_id).choices[PROOF].facts["model"] == facts(PROOF)["model"], "nothing was kept in the case"
    mended = browser.post(path, data={**held(page), f"{PROOF}.certificate_date": "2025-08-01"})
    assert mended.status_code == 303
    assert desk.world.page(case_id).choices[PROOF].facts["model"] == '"><b>SPD'
    assert SHOWN not in text(browser.get(path)), "once it is sent, what is stored is shown"


def test_rows_that_were_added_come_back_too_and_a_change_elsewhere_is_still_seen(
    desk: Desk, case_id: int, morning: time_machine.Traveller
) -> None:
    browser, path = desk.browser(desk.world.applicant), f"/my/cases/{case_id}/sections/buildings"
    rows = acceptance_answers("")["buildings"]
    form = {**held(browser.get(path)), **typed("buildings", rows), "then": "continue"}
    morning.move_to(LATER)
    drafts.save_section(desk.world.actor(desk.world.member), case_id, "synopsis", {"text": "另一个窗口"}, int(form["draft_version"]))
    page = enter(desk, browser, desk.world.applicant, browser.post(path, data=form))
    assert [held(page)[f"buildings.{number}.name"] for number in (0, 1)] == [row["name"] for row in rows]
    refused = browser.post(path, data={**held(page), "then": "continue"})
    assert refused.status_code == 409
    assert "another window" in text(refused)
    assert held(refused)["buildings.1.name"] == rows[1]["name"]


def test_a_form_of_the_sign_in_before_the_present_one_is_shown_again(desk: Desk, case_id: int, morning: time_machine.Traveller) -> None:
    browser, path = desk.browser(desk.world.applicant), f"/my/cases/{case_id}/proofs/{PROOF}/facts"
    form = {**held(browser.get(path)), f"{PROOF}.model": "SPD-II"}
    morning.move_to(LATER)
    enter(desk, browser, desk.world.applicant, browser.get("/my"))
    answer = browser.post(path, data=form)
    assert (answer.status_code, answer.location) == (303, path)
    page = browser.get(path)
    assert SHOWN in text(page)
    assert held(page)[f"{PROOF}.model"] == "SPD-II"


def test_another_person_at_the_same_browser_sees_nothing_of_it(desk: Desk, case_id: int, morning: time_machine.Traveller) -> None:
    desk.browser(desk.world.applicant)
    browser, path = desk.browser(desk.world.member), f"/my/cases/{case_id}/proofs/{PROOF}/facts"
    form = {**held(browser.get(path)), f"{PROOF}.model": "GEHEIM-7"}
    morning.move_to(LATER)
    answer = browser.post(path, data=form)
    assert "GEHEIM-7" not in browser.get(answer.location).text, "the door shows nothing"
    page = enter(desk, browser, desk.world.applicant, answer)
    assert page.status_code == 200
    assert "GEHEIM-7" not in page.text
    assert SHOWN not in text(page)
    refused = browser.post(path, data=form)
    assert refused.status_code == 400, "nor is it taken for theirs"
    assert "GEHEIM-7" not in browser.get(path).text


def test_a_note_that_this_server_did_not_write_keeps_nothing(desk: Desk, case_id: int, morning: time_machine.Traveller) -> None:
    browser, path = desk.browser(desk.world.applicant), f"/my/cases/{case_id}/proofs/{PROOF}/facts"
    form = {**held(browser.get(path)), "typed_by": "MQ.made.up"}
    morning.move_to(LATER)
    answer = browser.post(path, data=form)
    assert answer.location.startswith("/login?next=")
    assert ENDED in text(browser.get(answer.location))
    with reading(SYSTEM) as look:
        assert look.session.scalars(select(KeptForm)).all() == []


def test_files_are_not_kept_and_the_page_says_so(desk: Desk, case_id: int, morning: time_machine.Traveller) -> None:
    browser, path = desk.browser(desk.world.applicant), f"/my/cases/{case_id}/documents/as_built_drawings"
    form = held(browser.get(path))
    form.pop("files", None)
    morning.move_to(LATER)
    answer = browser.post(path, data={**form, "files": (io.BytesIO(tiny_pdf()), "图纸.pdf")}, content_type="multipart/form-data")
    page = enter(desk, browser, desk.world.applicant, answer)
    assert "Files are not kept. Choose them again." in text(page)
    assert "as_built_drawings" not in desk.world.page(case_id).documents


def test_what_is_kept_is_unreadable_in_the_database_bounded_and_gone_after_an_hour(desk: Desk, morning: time_machine.Traveller) -> None:
    desk.browser(desk.world.member)
    account = desk.people[desk.world.member].account_id
    for number in range(kept_forms.MOST_FORMS + 3):
        assert kept_forms.keep(account, f"/my/cases/{number}", [("finding", "保密内容")], files=False)
    assert not kept_forms.keep(account, "/my", [("finding", "字" * kept_forms.MOST_BYTES)], files=False)
    with reading(SYSTEM) as look:
        rows = look.session.scalars(select(KeptForm)).all()
        assert len(rows) == kept_forms.MOST_FORMS
        assert not any("finding" in row.content or "保密" in row.content for row in rows)
        assert kept_forms.find(look.session, account, "/my/cases/7") is not None
        assert kept_forms.find(look.session, account, "/my/cases/0") is None, "the oldest made room"
    morning.move_to(datetime(2026, 3, 2, 1, 0, tzinfo=UTC) + kept_forms.KEPT_FOR + timedelta(minutes=1))
    with reading(SYSTEM) as look:
        assert not kept_forms.waits(look.session, account)
        assert kept_forms.find(look.session, account, "/my/cases/7") is None
    kept_forms.keep(account, "/my", [], files=False)
    with reading(SYSTEM) as look:
        assert [row.path for row in look.session.scalars(select(KeptForm))] == ["/my"]


def test_a_second_factor_that_is_no_longer_fresh_loses_nothing_of_a_promise(
    desk: Desk, case_id: int, morning: time_machine.Traveller
) -> None:
    browser, path = desk.browser(desk.world.applicant), promise_path(case_id, PROOF)
    form = accepting(browser.get(path))
    morning.move_to(datetime(2026, 3, 2, 1, 10, tzinfo=UTC))
    asked = browser.post(path, data=form)
    assert asked.status_code == 403
    waiting = _every(asked)
    repeated = browser.post("/confirm", data={**waiting, "second_factor_code": desk.people[desk.world.applicant].code()})
    assert (repeated.status_code, repeated.location) == (307, path)
    assert browser.post(path, data=waiting).status_code == 303
    assert signed(case_id) == 1


def test_a_confirmation_that_came_after_the_sign_in_ended_loses_nothing_either(
    desk: Desk, case_id: int, morning: time_machine.Traveller
) -> None:
    browser, path = desk.browser(desk.world.applicant), promise_path(case_id, PROOF)
    form = accepting(browser.get(path))
    morning.move_to(datetime(2026, 3, 2, 1, 10, tzinfo=UTC))
    waiting = _every(browser.post(path, data=form))
    morning.move_to(LATER)
    answer = browser.post("/confirm", data={**waiting, "second_factor_code": "123456"})
    assert answer.location == f"/login?next={path}"
    page = enter(desk, browser, desk.world.applicant, answer)
    assert SHOWN in text(page)
    assert "accepted" in held(page)
    assert signed(case_id) == 0


def test_who_has_no_second_factor_yet_sets_it_up_and_finds_the_form_as_it_was(desk: Desk, case_id: int) -> None:
    person, path = desk.world.applicant, promise_path(case_id, PROOF)
    desk.people[person] = Someone(accounts.create_account("new@example.org", PASSWORD, person), person, "new@example.org", None)
    browser = desk.browser(person)
    form = accepting(browser.get(path))
    answer = browser.post(path, data=form)
    assert answer.location == "/account/second-factor"
    page = browser.get(answer.location)
    assert "your account has none yet" in text(page)
    secret = (parse(page.text).findtext(".//b[@class='num wide']") or "").replace(" ", "")
    done = browser.post(answer.location, data={**held(page), "second_factor_code": replace(desk.people[person], secret=secret).code()})
    assert done.location == path
    back = browser.get(path)
    assert "accepted" in held(back)
    assert signed(case_id) == 0
    assert browser.post(path, data=accepting(back)).status_code == 303
    assert signed(case_id) == 1


def test_an_officers_draft_decision_comes_back_on_the_page_it_was_typed_on(desk: Desk, morning: time_machine.Traveller) -> None:
    world = desk.world
    case_id = world.accepted("design_review")
    browser, path = desk.browser(world.examiner), f"/office/cases/{case_id}/commission"
    form = {**held(browser.get(path)), "body": "江苏防雷检测中心", "expected_days": "7"}
    morning.move_to(LATER)
    page = enter(desk, browser, world.examiner, browser.post(path, data=form))
    assert SHOWN in text(page)
    assert held(page)["body"] == "江苏防雷检测中心"
    assert desk.state(case_id) == "accepted"


def _every(page: TestResponse) -> dict[str, object]:
    """Every field of a confirm page, repeated ones too."""
    found: dict[str, list[str]] = {}
    form = next(node for node in parse(page.text).iter("form") if node.get("action") == "/confirm")
    for node in form.iter("input"):
        found.setdefault(node.get("name", ""), []).append(node.get("value", ""))
    return dict(found)
