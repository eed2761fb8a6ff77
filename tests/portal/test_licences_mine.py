"""The holder's licences: the list, the page, requests, answers to notices, messages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from applicant_tools import held
from life import REASON, Life
from office_tools import Desk, text
from portal_tools import parse
from werkzeug.test import TestResponse

from licensing.licences.operations import Operation
from licensing.licences.status import Status
from licensing.proceedings.machine import State
from portal.applicant import licence_routes

pytestmark = pytest.mark.slow


@pytest.fixture
def life(desk: Desk) -> Life:
    return Life(desk.world)


def url(licence_id: int, *more: object) -> str:
    return "/".join(("/my/licences", str(licence_id), *map(str, more)))


def asks(page: TestResponse) -> set[str]:
    return {node.get("href", "").rsplit("/", 1)[1] for node in parse(page.text).iter("a") if "/ask/" in node.get("href", "")}


def test_the_list_and_the_page_of_a_licence(desk: Desk, life: Life) -> None:
    browser = desk.browser(desk.world.applicant)
    assert "You have no licence yet" in browser.get("/my/licences").text
    licence_id = life.issued()
    assert "宁气雷审字(2026)第0001号" in browser.get("/my/licences").text
    page = browser.get(url(licence_id))
    for words in ("In force", "滨江路 18 号", life.licence(licence_id).check_code, "经审查，予以核准。"):
        assert words in text(page), words
    assert asks(page) == {"change", "replace", "cancel"}
    assert browser.get(url(licence_id, "file")).data.startswith(b"%PDF-1.7")
    assert asks(browser.get(url(life.quick("qualification_certificate")))) == {"change", "replace", "cancel", "renew"}


def test_a_change_is_asked_for_what_was_typed_stays_and_it_can_be_withdrawn(desk: Desk, life: Life) -> None:
    licence_id = life.quick()
    browser, path = desk.browser(desk.world.applicant), url(licence_id, "ask", "change")
    form = held(browser.get(path))
    assert form["answers.project.address"] == "滨江路 18 号"
    del form["csrf_token"]
    same = browser.send(path, {**form, "reason": "门牌更改"})
    assert same.status_code == 422
    assert "Nothing differs" in same.text
    assert held(same)["reason"] == "门牌更改"
    empty = browser.send(path, {**form, "answers.project.address": "滨江路 20 号", "reason": ""})
    assert empty.status_code == 422
    assert held(empty)["answers.project.address"] == "滨江路 20 号"
    smuggled = {**form, "answers.project.address": "滨江路 20 号", "answers.project.use": "油库", "reason": "门牌更改"}
    assert browser.send(path, smuggled).status_code == 303
    assert life.at(1).view.changes == {"answers.project.address": "滨江路 20 号"}
    page = browser.get(url(licence_id))
    assert "滨江路 20 号" in text(page)
    assert asks(page) == set()
    assert browser.get(path).status_code == 303
    assert browser.send(url(licence_id, "ask", "replace"), {"reason": "丢失"}).status_code == 409
    assert browser.get(url(licence_id, "requests", 1, "withdraw")).status_code == 200
    assert browser.send(url(licence_id, "requests", 1, "withdraw")).status_code == 303
    assert life.at(1).view.state is State.WITHDRAWN
    assert browser.send(url(licence_id, "requests", 1, "withdraw")).status_code == 409
    assert browser.get(url(licence_id, "requests", 1, "withdraw")).status_code == 303
    assert browser.send(url(licence_id, "ask", "replace"), {"reason": "丢失"}).status_code == 303


def test_a_notice_arrives_and_is_answered_in_time(desk: Desk, life: Life, morning: time_machine.Traveller) -> None:
    licence_id = life.quick()
    proceeding_id = life.propose(licence_id, Operation.REVOKE_AS_PENALTY)
    browser, path = desk.browser(desk.world.applicant), url(licence_id, "notices", proceeding_id, "answer")
    inbox = browser.get("/my")
    assert "you can answer until 2026-03-09" in text(inbox)
    assert url(licence_id) in inbox.text
    page = browser.get(url(licence_id))
    assert "Yours" in text(page)
    assert "Left to answer" in text(page)
    assert path in page.text
    letter = next(node.get("href") for node in parse(page.text).iter("a") if "/letters/" in node.get("href", ""))
    assert browser.get(letter).data.startswith(b"%PDF-")
    form = text(browser.get(path))
    assert REASON in form
    assert "We demand a hearing" in form
    empty = browser.send(path, {"reason": " ", "hearing": "yes"})
    assert empty.status_code == 422
    assert held(empty).get("hearing") == "yes"
    assert browser.send(path, {"reason": "不属实。", "hearing": "yes"}).status_code == 303
    assert life.at(proceeding_id).view.state is State.HEARING
    assert browser.send(path, {"reason": "再说一次"}).status_code == 409
    assert browser.get(path).status_code == 303


def test_an_answer_after_the_time_says_so_and_shows_the_licence(desk: Desk, life: Life, morning: time_machine.Traveller) -> None:
    licence_id = life.quick()
    proceeding_id = life.propose(licence_id, Operation.SUSPEND)
    morning.move_to(datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    browser = desk.browser(desk.world.applicant)
    late = browser.send(url(licence_id, "notices", proceeding_id, "answer"), {"reason": "不属实。"})
    assert late.status_code == 409
    assert "The time to answer ended on 2026-03-09." in late.text
    assert "Answer the notice" not in text(browser.get(url(licence_id)))


def test_what_officers_say_inside_is_not_said_outside(desk: Desk, life: Life) -> None:
    licence_id = life.quick()
    life.recommend(life.ask(licence_id, Operation.CANCEL))
    page = desk.browser(desk.world.applicant).get(url(licence_id))
    assert "Decision proposed" in text(page)
    assert REASON not in page.text
    assert "赵志强" not in page.text


def test_the_new_version_and_the_old_one(desk: Desk, life: Life) -> None:
    old_id = life.issued()
    new = life.grant(life.requested(old_id, Operation.REPLACE))
    browser = desk.browser(desk.world.applicant)
    listed = text(browser.get("/my/licences"))
    assert listed.count("宁气雷审字(2026)第0001号") == 1
    old = browser.get(url(old_id))
    assert "This version no longer counts" in text(old)
    assert asks(old) == set()
    assert "A new version of licence" in text(browser.get("/my"))
    page = text(browser.get(url(new.id)))
    assert "Version 2" in page
    assert "Decided" in page
    assert life.status(old_id) is Status.REPLACED


def test_strangers_and_officers_find_nothing_here(desk: Desk, life: Life) -> None:
    licence_id = life.quick()
    proceeding_id = life.propose(licence_id, Operation.SUSPEND)
    stranger = desk.browser(desk.world.stranger)
    for path in (
        url(licence_id),
        url(licence_id, "file"),
        url(licence_id, "ask", "cancel"),
        url(licence_id, "letters", 1),
        url(licence_id, "notices", proceeding_id, "answer"),
        url(life.intended()),
        url(licence_id, "ask", "suspend"),
    ):
        assert stranger.get(path).status_code == 404, path
    for path in (url(licence_id, "ask", "cancel"), url(licence_id, "notices", proceeding_id, "answer")):
        assert stranger.send(path, {"reason": "x"}).status_code == 404, path
    assert desk.browser(desk.world.approver).get(url(licence_id)).status_code == 403


def test_a_changed_design_is_applied_for_from_the_approval(desk: Desk) -> None:
    licence = desk.world.granted()
    browser = desk.browser(desk.world.applicant)
    assert "Apply for a change of the design" in browser.get(url(licence.id)).text
    begun = browser.send(url(licence.id, "change-design"))
    assert begun.status_code == 303
    assert f"It changes the design that was approved as {licence.number}." in text(browser.get(begun.location))
    again = browser.send(url(licence.id, "change-design"))
    assert again.status_code == 409
    assert "applied for already" in again.text
    page = browser.get(url(licence.id)).text
    assert "Apply for a change of the design" not in page
    assert "A change of the design is applied for" in page
    assert desk.browser(desk.world.stranger).send(url(licence.id, "change-design")).status_code == 404


def test_many_licences_come_in_pages(desk: Desk, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [life.quick() for _ in range(3)]
    monkeypatch.setattr(licence_routes, "PAGE_SIZE", 2)
    browser = desk.browser(desk.world.applicant)
    first = browser.get("/my/licences")
    assert f"/my/licences?after={ids[1]}" in first.text
    second = browser.get(f"/my/licences?after={ids[1]}").text
    assert f"/my/licences/{ids[0]}" in second
    assert f"/my/licences/{ids[2]}" not in second
    assert browser.get("/my/licences?after=nonsense").status_code == 200
