"""The officers' register, the page of a licence, and the acts on it."""

from __future__ import annotations

import pytest
from life import REASON, Life
from office_tools import Desk, text
from portal_tools import parse
from werkzeug.test import TestResponse
from world import LONG_AGO

from licensing.licences.operations import OPERATIONS, Operation
from licensing.licences.status import Status
from licensing.parties import actions as parties
from licensing.parties.tables import Company, Person
from licensing.policy import SYSTEM, Role
from licensing.proceedings import actions, issuing, queries
from licensing.proceedings.licence_page import licence_page
from licensing.proceedings.machine import State
from licensing.storage import unit_of_work

pytestmark = pytest.mark.slow


@pytest.fixture
def life(desk: Desk) -> Life:
    return Life(desk.world)


def url(licence_id: int, *more: object) -> str:
    return "/".join(("/office/licences", str(licence_id), *map(str, more)))


def act(licence_id: int, proceeding_id: int, name: str) -> str:
    return url(licence_id, "proceedings", proceeding_id, name)


def links(page: TestResponse, part: str) -> set[str]:
    """The last parts of the links that hold ``part``."""
    return {node.get("href", "").rsplit("/", 1)[1] for node in parse(page.text).iter("a") if part in node.get("href", "")}


def complaint(page: TestResponse, name: str) -> str:
    found = next((node for node in parse(page.text).iter("p") if node.get("id") == f"{name}-error"), None)
    return "".join(found.itertext()) if found is not None else ""


def test_the_register_is_searched_filtered_and_paged(desk: Desk, life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    from portal.office import licence_routes

    monkeypatch.setattr(licence_routes, "PAGE_SIZE", 2)
    ids = [life.quick() for _ in range(3)] + [life.quick("qualification_certificate")]
    life.done(ids[0], Operation.SUSPEND)
    browser = desk.browser(desk.world.examiner)
    first = browser.get("/office/licences")
    assert "1102026001" in first.text
    assert "第0003号" in first.text
    assert "第0002号" not in first.text
    following = next(node.get("href") for node in parse(first.text).iter("a") if node.get("rel") == "next")
    assert {"第0002号" in browser.get(following).text, "第0001号" in browser.get(following).text} == {True}
    assert "第0001号" in text(browser.get("/office/licences?status=suspended"))
    assert "第0002号" not in text(browser.get("/office/licences?status=suspended"))
    assert "1102026001" in text(browser.get("/office/licences?kind=qualification_certificate"))
    assert "第0003号" not in text(browser.get("/office/licences?kind=qualification_certificate"))
    assert "第0003号" in text(browser.get("/office/licences?search=0003"))
    for nonsense in ("?kind=x&status=y&after=z", "?after=99999999999999999999", "?search=%25%5F%00'", "?status=intent"):
        assert browser.get(f"/office/licences{nonsense}").status_code == 200
    assert "No licence fits this filter." in browser.get("/office/licences?search=nirgends").text


def test_a_revocation_from_the_notice_to_the_decision(desk: Desk, life: Life) -> None:
    world, licence_id = desk.world, life.quick()
    examiner = desk.browser(world.examiner)
    page = examiner.get(url(licence_id))
    assert links(page, "/propose/") == {
        "suspend",
        "cancel",
        "revoke_for_deceit",
        "revoke_as_penalty",
        "withdraw_permission",
        "replace",
        "change",
    }
    path = url(licence_id, "propose", "revoke_as_penalty")
    form = text(examiner.get(path))
    for words in ("作出吊销决定事先告知书", "你单位有权要求举行听证", "2026年3月9日"):
        assert words in form, words
    empty = examiner.send(path, {"answer_days": "2"})
    assert empty.status_code == 422
    assert complaint(empty, "reason") == "Give the reason."
    assert "5 to 30" in complaint(empty, "answer_days")
    preview = examiner.send(path, {"reason": "出借证件。", "answer_days": "10", "do": "preview"})
    assert preview.status_code == 200
    assert "2026年3月16日" in text(preview)
    assert examiner.send(path, {"reason": "出借证件。", "answer_days": "5"}).status_code == 303
    page = examiner.get(url(licence_id))
    assert "Waiting for the holder" in text(page)
    assert links(page, "/propose/") == set()
    proceeding_id = life.at(1).row.id

    approver = desk.browser(world.approver)
    page = approver.get(url(licence_id))
    assert links(page, f"/proceedings/{proceeding_id}/") == {"drop"}
    early = approver.send(act(licence_id, proceeding_id, "decide"), {"reason": REASON})
    assert early.status_code == 409
    assert "The holder has until 2026-03-09 to answer" in early.text
    life.answer(proceeding_id, hearing=True)
    assert links(approver.get(url(licence_id)), f"/proceedings/{proceeding_id}/") == {"drop"}
    assert "Hearing to be held" in text(examiner.get("/office/licences"))
    hearing = act(licence_id, proceeding_id, "hearing")
    assert examiner.send(hearing, {"held_on": "2026-02-30", "reason": ""}).status_code == 422
    assert examiner.send(hearing, {"held_on": "2026-03-01", "reason": "笔录"}).status_code == 422
    assert examiner.send(hearing, {"held_on": "2026-03-02", "reason": "听证笔录。"}).status_code == 303

    assert "Waiting for you" in text(approver.get("/office/licences"))
    assert links(approver.get(url(licence_id)), f"/proceedings/{proceeding_id}/") == {"decide", "drop"}
    form = approver.get(act(licence_id, proceeding_id, "decide"))
    for words in ("吊销行政许可证件决定书", "六十日", "出借证件。", "我单位认为处理过重。"):
        assert words in text(form), words
    done = approver.send(act(licence_id, proceeding_id, "decide"), {"reason": REASON})
    assert done.status_code == 303
    page = approver.get(done.location)
    assert "It was decided and carried out." in text(page)
    assert "Revoked as a penalty" in text(page)
    assert life.status(licence_id) is Status.REVOKED_AS_PENALTY
    letters = [node.get("href") for node in parse(page.text).iter("a") if "/letters/" in node.get("href", "")]
    assert len(letters) == 2
    again = approver.send(act(licence_id, proceeding_id, "decide"), {"reason": REASON})
    assert again.status_code == 409
    assert "the proceeding has moved on" in again.text


def test_the_page_tells_who_opened_a_letter_about_the_licence_and_when(desk: Desk, life: Life) -> None:
    licence_id, world = life.quick(), desk.world
    actions.propose(world.actor(world.examiner), licence_id, Operation.SUSPEND, reason=REASON)
    officer = desk.browser(world.examiner)
    assert "Not opened yet" in text(officer.get(url(licence_id)))
    [letter] = licence_page(world.actor(world.examiner), licence_id).letters
    queries.letter_for(world.actor(world.member), licence_id, letter.id)
    shown = text(officer.get(url(licence_id)))
    assert "First opened by 方小雨 on 2 Mar 2026" in shown
    assert "Opened by the holder" in shown
    assert "First opened by" not in text(desk.browser(world.applicant).get(f"/my/licences/{licence_id}"))


def test_a_change_that_the_holder_asked_for_becomes_a_new_version(desk: Desk, life: Life) -> None:
    world, licence_id = desk.world, life.issued()
    proceeding_id = life.ask(licence_id, Operation.CHANGE, changes={"answers.project.address": "滨江路 18-2 号"})
    examiner, approver = desk.browser(world.examiner), desk.browser(world.approver)
    recommend = act(licence_id, proceeding_id, "recommend")
    assert "滨江路 18-2 号" in text(examiner.get(recommend))
    refused = examiner.send(recommend, {"reason": "我的意见"})
    assert refused.status_code == 422
    assert "我的意见" in refused.text
    assert examiner.send(recommend, {"recommendation": "grant", "canned": "request_fits"}).status_code == 303
    assert links(approver.get(url(licence_id)), f"/proceedings/{proceeding_id}/") == {"grant", "return"}
    form = approver.get(act(licence_id, proceeding_id, "grant"))
    assert "滨江路 18-2 号" in text(form)
    assert "滨江路 18 号" in text(form)
    assert approver.send(act(licence_id, proceeding_id, "refuse"), {"reason": "不行"}).status_code == 409
    done = approver.send(act(licence_id, proceeding_id, "grant"), {"reason": REASON})
    assert done.status_code == 303
    new = life.licence(int(done.location.rsplit("/", 1)[1]))
    assert (new.version, new.status) == (2, Status.IN_FORCE)
    page = text(approver.get(done.location))
    assert "Version 2" in page
    assert "滨江路 18-2 号" in page
    old = text(approver.get(url(licence_id)))
    assert "This version was replaced." in old
    assert approver.get(url(new.id, "file")).data.startswith(b"%PDF-1.7")


def test_a_request_is_returned_refused_and_an_act_dropped(desk: Desk, life: Life) -> None:
    world, licence_id = desk.world, life.quick()
    approver = desk.browser(world.approver)
    proceeding_id = life.recommend(life.ask(licence_id, Operation.CANCEL), grant=False)
    assert links(approver.get(url(licence_id)), f"/proceedings/{proceeding_id}/") == {"refuse", "return"}
    assert approver.send(act(licence_id, proceeding_id, "return"), {"reason": "再看看"}).status_code == 303
    life.recommend(proceeding_id, grant=False)
    assert "不予注销决定书" in text(approver.get(act(licence_id, proceeding_id, "refuse")))
    assert approver.send(act(licence_id, proceeding_id, "refuse"), {"reason": "有未了结事项。"}).status_code == 303
    assert life.at(proceeding_id).view.state is State.REFUSED
    other = life.propose(licence_id, Operation.SUSPEND)
    assert approver.send(act(licence_id, other, "drop"), {"reason": ""}).status_code == 422
    assert approver.send(act(licence_id, other, "drop"), {"reason": "证据不足"}).status_code == 303
    page = text(approver.get(url(licence_id)))
    assert "Not pursued" in page
    assert "Refused" in page


def test_an_officer_proposes_a_change_and_sees_what_cannot_be(desk: Desk, life: Life) -> None:
    licence_id = life.quick()
    browser, path = desk.browser(desk.world.examiner), url(licence_id, "propose", "change")
    form = browser.get(path)
    assert 'name="answers.project.address"' in form.text
    assert 'name="answers.project.use"' not in form.text
    same = browser.send(path, {"reason": "笔误", **life_values()})
    assert same.status_code == 422
    assert "Nothing differs" in same.text
    wrong = browser.send(path, {"reason": "笔误", **life_values(), "answers.project.address": ""})
    assert complaint(wrong, "answers.project.address") == "This part of the licence cannot be left empty."
    assert "笔误" in wrong.text
    assert browser.send(path, {"reason": "笔误", **life_values(), "answers.project.address": "滨江路 81 号"}).status_code == 303
    assert life.at(1).view.changes == {"answers.project.address": "滨江路 81 号"}


def life_values() -> dict[str, object]:
    return {
        "record.holder_name": "南京金陵石化销售有限公司",
        "answers.project.name": "城东加油站",
        "answers.project.address": "滨江路 18 号",
    }


@pytest.mark.parametrize("status", [status for status in Status if status not in (Status.INTENT, Status.VOID)])
def test_the_buttons_are_those_of_the_table(desk: Desk, life: Life, status: Status) -> None:
    licence_id = life.in_status(life.quick(), status)
    offered = links(desk.browser(desk.world.examiner).get(url(licence_id)), "/propose/")
    assert offered == {
        str(operation) for operation, rule in OPERATIONS.items() if rule.propose and not rule.on_request_only and status in rule.sources
    }
    assert links(desk.browser(desk.world.approver).get(url(licence_id)), "/propose/") == set()


def test_other_posts_and_people_are_kept_out(desk: Desk, life: Life) -> None:
    world, licence_id = desk.world, life.quick()
    proceeding_id = life.answer(life.propose(licence_id, Operation.SUSPEND))
    for person, status in ((world.intake, 403), (world.examiner, 403), (world.applicant, 403)):
        browser = desk.browser(person)
        for name in ("decide", "drop"):
            assert browser.send(act(licence_id, proceeding_id, name), {"reason": REASON}).status_code == status
    approver = desk.browser(world.approver)
    assert approver.send(url(licence_id, "propose", "cancel"), {"reason": REASON, "answer_days": "5"}).status_code == 403
    assert approver.send(act(licence_id, 987654, "decide"), {"reason": REASON}).status_code == 404
    assert approver.send(act(life.quick(), proceeding_id, "decide"), {"reason": REASON}).status_code == 404
    assert approver.get(url(life.intended())).status_code == 404
    assert approver.get(url(licence_id, "propose", "nothing")).status_code == 404
    assert approver.get(url(licence_id, "letters", 987654)).status_code == 404


def test_an_officer_with_a_seat_sees_nothing_of_the_company(desk: Desk, life: Life) -> None:
    world, licence_id = desk.world, life.quick()
    proceeding_id = life.answer(life.propose(licence_id, Operation.SUSPEND))
    with unit_of_work(SYSTEM) as work:
        company = work.session.get_one(Company, world.company)
        parties.give_seat(work, work.session.get_one(Person, world.approver), company, Role.APPLICANT, held_from=LONG_AGO)
    browser = desk.browser(world.approver)
    assert "第0001号" not in browser.get("/office/licences").text
    assert browser.get(url(licence_id)).status_code == 403
    assert browser.send(act(licence_id, proceeding_id, "decide"), {"reason": REASON}).status_code == 403
    assert life.status(licence_id) is Status.IN_FORCE


def test_the_proposer_is_told_why_there_is_no_button(desk: Desk, life: Life) -> None:
    world, licence_id = desk.world, life.quick()
    with unit_of_work(SYSTEM) as work:
        from licensing.parties.tables import Authority

        person, authority = work.session.get_one(Person, world.examiner), work.session.get_one(Authority, world.authority)
        parties.give_post(work, person, authority, Role.APPROVER, held_from=LONG_AGO)
    proceeding_id = life.answer(life.propose(licence_id, Operation.SUSPEND))
    page = desk.browser(world.examiner).get(url(licence_id))
    assert links(page, f"/proceedings/{proceeding_id}/") == set()
    assert "another person has to decide" in text(page)


def test_an_act_that_came_too_late_shows_the_licence_as_it_is(desk: Desk, life: Life) -> None:
    world, licence_id = desk.world, life.quick()
    proceeding_id = life.requested(licence_id, Operation.REPLACE)
    issuing.decide_version(world.actor(world.second_approver), proceeding_id, REASON)
    answer = desk.browser(world.approver).send(act(licence_id, proceeding_id, "grant"), {"reason": REASON})
    assert answer.status_code == 409
    assert "New version being issued" in text(answer)
    actions.propose(world.actor(world.examiner), licence_id, Operation.SUSPEND, reason=REASON)
    blocked = desk.browser(world.examiner).send(url(licence_id, "propose", "cancel"), {"reason": REASON, "answer_days": "5"})
    assert blocked.status_code == 409
