"""Pages about who decides where: the public look-up, the transfer at the desk, what a supervisor above sees, the administrators' tree."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from neighbours import Neighbours, settle
from office_tools import Desk, buttons, case_url, text
from portal_tools import CheckingClient, Someone

from licensing.parties.lists import listed
from licensing.policy import SYSTEM, Role
from licensing.storage import unit_of_work
from licensing.trust.offices import import_listed


@pytest.fixture
def neighbours(desk: Desk) -> Neighbours:
    return settle(desk.world)


def test_everybody_finds_the_authority_of_a_place(desk: Desk, neighbours: Neighbours) -> None:
    browser = desk.app.test_client()
    browser.set_cookie("lang", "en")
    assert "who-decides" in browser.get("/").text
    assert "Find the authority" in browser.get("/who-decides").text
    kunshan = text(browser.get("/who-decides?region=320583"))
    assert "Kunshan Meteorological Bureau" in kunshan
    assert "0512-57550000" in kunshan
    assert "江苏省苏州市昆山市" in kunshan
    assert "Jiangsu Meteorological Bureau" in kunshan, "inspection bodies apply to the province"
    nobody = text(browser.get("/who-decides?region=110000"))
    assert "No authority here yet" in nobody
    zone = text(browser.get("/who-decides?region=320583-01"))
    assert "昆山经济技术开发区" in zone
    assert "Kunshan Meteorological Bureau" in zone


@pytest.mark.parametrize("region", ["", "999999", "320103", "<script>", "0" * 500, "３２０１０４", "%00"])
def test_a_place_that_is_none_is_an_answer(desk: Desk, region: str) -> None:
    browser = desk.app.test_client()
    browser.set_cookie("lang", "en")
    answer = browser.get("/who-decides", query_string={"region": region})
    assert answer.status_code == 422
    assert "Choose a place from the list" in answer.text


def test_an_officer_transfers_a_case_and_sees_it_no_more(desk: Desk, neighbours: Neighbours) -> None:
    case_id = desk.world.accepted()
    browser, url = desk.browser(desk.world.examiner), case_url(case_id, "transfer")
    assert "transfer" in buttons(browser.get(case_url(case_id)))
    form = browser.get(url)
    assert "昆山市气象局" in form.text
    assert "points to your own authority" in form.text
    nothing = browser.send(url, {"reason": "项目在昆山市境内。"})
    assert nothing.status_code == 422
    assert "项目在昆山市境内。" in nothing.text, "nothing typed is lost"
    assert browser.send(url, {"target": str(neighbours.kunshan)}).status_code == 422
    typed = {"target": str(neighbours.kunshan), "reason": "项目在昆山市境内。"}
    preview = browser.send(url, {**typed, "do": "preview"})
    assert "现移送有管辖权的气象主管机构" in preview.text
    assert "昆山市气象局办理" in preview.text
    done = browser.send(url, typed)
    assert done.status_code == 303
    assert urlsplit(done.location).path == "/office"
    assert "was transferred" in browser.get("/office").text
    assert browser.get(case_url(case_id)).status_code == 404
    assert browser.send(url, typed).status_code == 404
    assert case_url(case_id) in desk.browser(neighbours.examiner).get("/office").text


def test_the_applicant_sees_the_transfer_in_the_history(desk: Desk, neighbours: Neighbours) -> None:
    case_id = desk.world.accepted()
    typed = {"target": str(neighbours.kunshan), "reason": "项目在昆山市境内。"}
    desk.browser(desk.world.examiner).send(case_url(case_id, "transfer"), typed)
    page = desk.browser(desk.world.applicant).get(f"/my/cases/{case_id}")
    assert page.status_code == 200
    assert "Transferred to the authority that is responsible" in page.text
    assert "昆山市气象局：项目在昆山市境内。" in page.text
    assert "Notice of transfer" in page.text


def test_a_supervisor_above_reads_the_subtree_without_a_button(desk: Desk, neighbours: Neighbours) -> None:
    case_id = desk.world.accepted("completion_acceptance")
    browser = desk.browser(neighbours.overseer)
    worklist = browser.get("/office?show=all")
    assert case_url(case_id) in worklist.text
    assert "Nanjing Meteorological Bureau" in worklist.text
    assert case_url(case_id) in browser.get("/office").text, "who oversees opens the list on everything open"
    assert case_url(case_id) in browser.get(f"/office?authority={desk.world.authority}").text
    elsewhere = browser.get(f"/office?authority={neighbours.kunshan}")
    assert "No case fits this filter." in elsewhere.text
    assert f'<option value="{neighbours.kunshan}" selected>' in elsewhere.text
    assert 'id="authority"' not in desk.browser(desk.world.examiner).get("/office").text, "there is nothing to choose"
    page = browser.get(case_url(case_id))
    assert page.status_code == 200
    assert buttons(page) == set()
    assert "You may read it as the level above" in page.text
    for act in ("commission", "propose", "transfer", "require-proof"):
        assert browser.get(case_url(case_id, act)).status_code == 403
    assert browser.send(case_url(case_id, "accept")).status_code == 403
    assert "宁气雷审字" in browser.get("/office/licences").text
    assert desk.browser(neighbours.province_examiner).get(case_url(case_id)).status_code == 404


@pytest.fixture
def admin(desk: Desk, someone: Callable[..., Someone], log_in: Callable[..., None]) -> CheckingClient:
    browser = desk.app.test_client()
    assert isinstance(browser, CheckingClient)
    log_in(browser, someone("何志远", admin=Role.SYSTEM_ADMIN))
    browser.set_cookie("lang", "en")
    return browser


def test_the_administrator_sees_the_tree_and_what_is_missing(desk: Desk, admin: CheckingClient) -> None:
    with unit_of_work(SYSTEM) as work:
        import_listed(work, listed())
    page = text(admin.get("/admin/authorities"))
    assert "Nanjing Meteorological Bureau" in page
    assert "Xinjiang Meteorological Bureau" in page
    assert "no active seal and QR key" in page
    assert "Authorities: 1, active: 0." in page, "each province has its line"
    one = text(admin.get(f"/admin/authorities/{desk.world.authority}"))
    assert "can seal" in one
    assert "江苏省南京市" in one
    assert admin.get("/admin/authorities/987654").status_code == 404


def test_the_administrator_switches_with_a_reason(desk: Desk, admin: CheckingClient) -> None:
    url = f"/admin/authorities/{desk.world.authority}"
    empty = admin.send(f"{url}/switch", {"to": "inactive", "reason": " "})
    assert empty.status_code == 422
    assert "Give a reason" in empty.text
    assert admin.send(f"{url}/switch", {"to": "nowhere"}).status_code == 422
    assert admin.send(f"{url}/switch", {"to": "inactive", "reason": "搬迁。"}).status_code == 303
    page = text(admin.get(url))
    assert "Deactivated: cases go to the level above" in page
    assert "何志远" in page
    again = admin.send(f"{url}/switch", {"to": "inactive", "reason": "再次。"})
    assert again.status_code == 409
    assert "再次。" not in text(admin.get(url))
    assert admin.send(f"{url}/switch", {"to": "active", "reason": "搬迁结束。"}).status_code == 303


@pytest.mark.parametrize("role", [Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
def test_other_administrators_look_and_do_not_switch(
    desk: Desk, someone: Callable[..., Someone], log_in: Callable[..., None], role: Role
) -> None:
    browser = desk.app.test_client()
    log_in(browser, someone("别人", admin=role))
    browser.set_cookie("lang", "en")
    url = f"/admin/authorities/{desk.world.authority}"
    assert "Deactivate" not in browser.get(url).text
    assert browser.send(f"{url}/switch", {"to": "inactive", "reason": "停用。"}).status_code == 403
