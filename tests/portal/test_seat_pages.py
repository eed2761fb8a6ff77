"""Who acts for a company, on the signatory's page and in the account of who is invited."""

from __future__ import annotations

import io

from office_tools import Desk, text
from portal_tools import parse
from world import tiny_pdf

from licensing.parties import actions as parties
from licensing.policy import SYSTEM, Membership, Role
from licensing.seats import queries
from licensing.storage import unit_of_work


def form(address: str, **changes: object) -> dict[str, object]:
    return {"address": address, "kind": "agent", "held_until": "2026-12-31", "letter": (io.BytesIO(tiny_pdf()), "授权书.pdf"), **changes}


def agent(desk: Desk) -> int:
    with unit_of_work(SYSTEM) as work:
        return parties.register_person(work, name="钱多多").id


def invite(desk: Desk, address: str, **changes: object):
    browser = desk.browser(desk.world.applicant)
    path = f"/my/company/{desk.world.company}/invite"
    return browser.send(path, form(address, **changes), content_type="multipart/form-data")


def test_an_invitation_is_accepted_in_the_account_and_ended_by_the_signatory(desk: Desk) -> None:
    person = agent(desk)
    invited = desk.browser(person)
    assert invite(desk, f" DESK{person}@example.org ").status_code == 303
    (row,) = queries.invitations_to(desk.world.actor(person), f"desk{person}@example.org")
    path = f"/account/invitations/{row[0].id}"
    assert path in invited.get("/account").text
    assert "A company invites you" in text(invited.get("/messages"))
    assert invited.send(path, {"answer": "accept"}).status_code == 303
    assert invited.get("/my").status_code == 200
    signatory = desk.browser(desk.world.applicant)
    page = signatory.get("/my/company")
    assert "钱多多" in text(page)
    (seat,) = [node.get("action") or "" for node in parse(page.text).iter("form") if "钱多多" in "".join(node.itertext())]
    assert signatory.send(seat).status_code == 303
    assert Membership(desk.world.company, Role.APPLICANT) not in desk.world.actor(person).memberships
    assert invited.get("/my").status_code == 403
    assert signatory.send(seat).status_code == 409


def test_the_answer_is_the_same_for_an_unknown_address(desk: Desk) -> None:
    person = agent(desk)
    desk.browser(person)
    known, unknown = invite(desk, f"desk{person}@example.org"), invite(desk, "nobody@example.org")
    assert (known.status_code, known.location, known.text) == (unknown.status_code, unknown.location, unknown.text)
    page = text(desk.browser(desk.world.applicant).get("/my/company"))
    assert "钱多多" not in page
    assert page.count("Agent · until 31 Dec 2026") == 2


def test_what_is_wrong_is_told_and_what_was_typed_is_kept(desk: Desk) -> None:
    page = invite(desk, "nobody", held_until="soon", letter=(io.BytesIO(b""), ""))
    assert page.status_code == 422
    for words in ("Enter the e-mail address", "Enter the last day", "Choose the signed letter"):
        assert words in text(page), words
    assert 'value="nobody"' in page.text


def test_members_who_may_not_sign_see_and_change_nothing(desk: Desk) -> None:
    member = desk.browser(desk.world.member)
    assert "Only an authorised signatory" in text(member.get("/my/company"))
    assert member.get(f"/my/company/{desk.world.company}/invite").status_code == 403
    assert desk.browser(desk.world.stranger).get(f"/my/company/{desk.world.company}/invite").status_code == 404
    assert "/my/company" not in member.get("/account").text


def test_a_stale_second_factor_is_asked_for_before_the_form(desk: Desk, morning) -> None:
    browser = desk.browser(desk.world.applicant)
    morning.shift(6 * 60)
    answer = browser.get(f"/my/company/{desk.world.company}/invite")
    assert answer.status_code == 302
    assert "/confirm" in answer.location
