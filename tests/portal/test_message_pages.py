"""The inbox, the number in the masthead, and the choice of channels."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from office_tools import Desk, text
from portal_tools import parse
from world import World

from licensing.notices import actions, queries
from licensing.policy import SYSTEM, Role
from licensing.settings import Settings
from licensing.storage import reading, unit_of_work
from licensing.words import say
from portal.accounts import message_routes


def tell(world: World, count: int = 1, case_id: int | None = None) -> None:
    with unit_of_work(SYSTEM) as work:
        for number in range(count):
            said = say("Licence %(number)s was issued. You can download it.", number=f"N{number}")
            actions.notify_company(work, world.company, said, case_id=case_id, reference=f"LZ{number}")


def test_an_empty_inbox_says_what_comes(desk: Desk) -> None:
    page = desk.browser(desk.world.applicant).get("/messages")
    assert "No message has come yet." in text(page)


def test_a_message_is_opened_counts_and_leads_to_its_case(desk: Desk) -> None:
    case_id = desk.world.draft()
    tell(desk.world, 2, case_id)
    browser = desk.browser(desk.world.applicant)
    page = browser.get("/messages")
    assert "2 unread" in text(page)
    assert "Messages 2" in " ".join("".join(next(parse(page.text).iter("nav")).itertext()).split())
    assert "Licence N1 was issued." in text(page)
    notice = queries.inbox(desk.world.actor(desk.world.applicant)).rows[0]
    answer = browser.send(f"/messages/{notice.id}")
    assert answer.location == f"/my/cases/{case_id}"
    assert "1 unread" in text(browser.get("/messages"))
    browser.send("/messages")
    assert "unread" not in text(browser.get("/messages"))


def test_a_foreign_message_is_not_there(desk: Desk) -> None:
    tell(desk.world)
    notice = queries.inbox(desk.world.actor(desk.world.applicant)).rows[0]
    browser = desk.browser(desk.world.stranger)
    assert browser.send(f"/messages/{notice.id}").status_code == browser.send("/messages/999999").status_code == 404
    assert queries.inbox(desk.world.actor(desk.world.applicant)).unread == 1


def test_a_message_to_an_office_without_a_case_leads_to_where_its_reader_works(desk: Desk) -> None:
    for role, person, page in (
        (Role.EXAMINER, desk.world.examiner, "/office"),
        (Role.SUPERVISOR, desk.world.supervisor, "/office/ratings"),
    ):
        with unit_of_work(SYSTEM) as work:
            actions.notify_post(work, desk.world.authority, role, say("For the office."))
        notice = queries.inbox(desk.world.actor(person)).rows[0]
        assert desk.browser(person).send(f"/messages/{notice.id}").location == page


def test_the_message_of_acceptance_says_by_when_it_is_decided(desk: Desk) -> None:
    desk.world.accepted("design_review")
    shown = text(desk.browser(desk.world.applicant).get("/messages"))
    assert "was accepted. The decision is due by 2026-03-16." in shown


def test_officers_have_messages_of_their_post(desk: Desk) -> None:
    with unit_of_work(SYSTEM) as work:
        actions.notify_post(work, desk.world.authority, Role.SUPERVISOR, say("For the supervisors."))
    assert "For the supervisors." in text(desk.browser(desk.world.supervisor).get("/messages"))
    assert "For the supervisors." not in text(desk.browser(desk.world.intake).get("/messages"))


def test_pages_lead_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(desk.world, 5)
    monkeypatch.setattr(message_routes, "PAGE_SIZE", 2)
    browser, path, seen = desk.browser(desk.world.applicant), "/messages", 0
    while path:
        page = browser.get(path)
        seen += text(page).count("was issued")
        path = next((node.get("href") for node in parse(page.text).iter("a") if node.get("rel") == "next"), "")
    assert seen == 5
    assert browser.get("/messages?after=x&company=99999").status_code == 200


def test_an_installation_without_channels_says_so(desk: Desk) -> None:
    assert "sends no e-mail and no SMS" in text(desk.browser(desk.world.applicant).get("/account/messages"))


@pytest.fixture
def sending_desk(settings: Settings, make_app: Callable[[Settings], Flask], desk: Desk) -> Desk:
    more = Settings(**{**settings.model_dump(), "smtp_host": "file", "sms_gateway": "file"})
    return Desk(make_app(more), desk.world, desk.log_in)


def test_channels_are_chosen_and_mail_goes_to_the_own_address_alone(sending_desk: Desk) -> None:
    world = sending_desk.world
    browser = sending_desk.browser(world.applicant)
    wrong = browser.send("/account/messages", {"email": "yes", "phone": "12345", "language": "en"})
    assert wrong.status_code == 422
    assert "not a mobile number" in text(wrong)
    assert 'value="12345"' in wrong.text
    done = browser.send("/account/messages", {"email": "yes", "phone": "138 0000 0001", "language": "en", "address": "evil@example.org"})
    assert done.status_code == 303
    with reading(SYSTEM) as look:
        chosen = queries.chosen(look.session, world.applicant)
    assert chosen is not None
    assert (chosen.email, chosen.phone, chosen.language) == (f"desk{world.applicant}@example.org", "13800000001", "en")
    assert "checked" in browser.get("/account/messages").text


def test_operators_see_what_could_not_be_sent(sending_desk: Desk, someone: Callable[..., object]) -> None:
    world = sending_desk.world
    actions.choose_channels(world.actor(world.applicant), email="li@example.org", phone="", language="zh")
    tell(world)
    admin = someone("系统", admin=Role.SYSTEM_ADMIN)
    browser = sending_desk.browser(admin.person_id)  # type: ignore[attr-defined]
    page = text(browser.get("/admin/"))
    assert "Messages by e-mail and SMS" in page
    assert "email" in page
    assert "li@example.org" not in page
