"""The public register as a page, as files and as a feed."""

from __future__ import annotations

import pytest
from office_tools import Desk, text
from portal_tools import CheckingClient, parse

from licensing.cases import actions
from licensing.parties.lists import listed
from licensing.policy import SYSTEM
from licensing.storage import unit_of_work
from licensing.trust.offices import import_listed
from portal.public import register_routes


def visitor(desk: Desk) -> CheckingClient:
    browser = desk.app.test_client()
    assert isinstance(browser, CheckingClient)
    browser.set_cookie("lang", "en")
    return browser


def refused(desk: Desk, **project: str) -> int:
    case_id = desk.world.proposed(grant=False, **project)
    actions.refuse(desk.world.actor(desk.world.approver), case_id, "检测不合格。")
    return case_id


def test_an_empty_register_says_so(desk: Desk) -> None:
    page = visitor(desk).get("/register")
    assert page.status_code == 200
    assert "No permit was decided yet." in text(page)


@pytest.mark.slow
def test_everybody_reads_it_and_each_licence_leads_to_its_check(desk: Desk) -> None:
    licence = desk.world.granted()
    refused(desk, name="西郊仓库")
    browser = visitor(desk)
    page = browser.get("/register")
    shown = text(page)
    for words in (
        "南京金陵石化销售有限公司",
        "城东加油站改扩建工程",
        "西郊仓库",
        "Granted",
        "Refused",
        licence.number,
        "In force",
        "11 Mar 2026",
    ):
        assert words in shown, words
    assert "检测不合格" not in shown
    (check,) = [node.get("href") for node in parse(page.text).iter("a") if (node.get("href") or "").startswith("/v/")]
    assert "Genuine and in force" in browser.get(check or "").text
    assert "西郊仓库" not in text(browser.get("/register?outcome=granted"))
    assert "No permit fits this search." in text(browser.get("/register?search=不存在"))


def test_only_authorities_that_decided_something_can_be_chosen(desk: Desk) -> None:
    with unit_of_work(SYSTEM) as work:
        import_listed(work, listed())
    assert "北京市气象局" not in visitor(desk).get("/register").text
    refused(desk)
    shown = [option.text for option in parse(visitor(desk).get("/register").text).iter("option")]
    assert "Nanjing Meteorological Bureau" in shown
    assert not {"Beijing Meteorological Bureau", "Suzhou Meteorological Bureau"} & set(shown)


def test_pages_lead_on_and_keep_the_search(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.world.copies(refused(desk), 4)
    monkeypatch.setattr(register_routes, "PAGE_SIZE", 2)
    browser, path, seen = visitor(desk), "/register?search=城东&outcome=refused", 0
    while path:
        page = browser.get(path)
        seen += text(page).count("城东加油站改扩建工程")
        path = next((node.get("href") for node in parse(page.text).iter("a") if node.get("rel") == "next"), "")
        assert not path or "outcome=refused" in path
    assert seen == 5


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=yesterday", "Enter a date"),
        ("to=2026-02-30", "Enter a date"),
        ("from=2026-03-02&to=2026-03-01", "The last day lies before the first."),
        ("region=999999", "There is no place with this code."),
    ],
)
def test_a_wrong_search_is_told_and_kept(desk: Desk, query: str, words: str) -> None:
    for path in ("/register", "/register/permits.csv", "/register/permits.xlsx"):
        page = visitor(desk).get(f"{path}?search=城东&{query}")
        assert page.status_code == 422
        assert words in text(page)
        assert 'value="城东"' in page.text


@pytest.mark.parametrize(
    "query", ["after=x", "after=2026-03-02_", "after=2026-99-99_1", "authority=x", "authority=²", "search=%00", "matter=no"]
)
def test_what_makes_no_sense_is_no_error(desk: Desk, query: str) -> None:
    assert visitor(desk).get(f"/register?{query}").status_code == 200


def test_files_and_feed_are_there_for_everybody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(desk)
    browser = visitor(desk)
    csv, xlsx, feed = (browser.get(f"/register/{name}") for name in ("permits.csv", "permits.xlsx", "feed.json"))
    assert csv.headers["Content-Disposition"].startswith("attachment")
    assert "城东加油站" in csv.text
    assert xlsx.data.startswith(b"PK")
    (item,) = feed.get_json()["items"]
    assert item["title"].startswith("不予")
    assert browser.get("/register/permits.csv?search=不存在").text.count("\r\n") == 1
    monkeypatch.setattr(register_routes, "EXPORTS", register_routes.limits.Limit("register-export", 0, 600))
    refusal = browser.get("/register/permits.csv")
    assert refusal.status_code == 409
    assert "Try again in ten minutes." in text(refusal)
