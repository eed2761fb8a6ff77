"""The leader's page: every number leads to as many cases as it says, and the workbook holds the same and computes nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import time_machine
from neighbours import settle
from office_tools import Desk, case_url, text
from openpyxl import load_workbook
from portal_tools import CheckingClient, parse
from test_office_worklist import case_links
from world import BODY

from licensing.cases import actions, assigning, transfer
from licensing.cases.actions import Item
from licensing.cases.measuring import measure_all
from licensing.cases.tables import Case
from licensing.policy import SYSTEM
from licensing.storage import unit_of_work
from licensing.words import say
from portal.office import routes
from portal.office.figure_tables import Cell, Table
from portal.office.workbook import workbook


@pytest.fixture
def busy(desk: Desk, morning: time_machine.Traveller) -> Desk:
    """A desk with cases of every kind over two months, in two regions."""
    world = desk.world
    corrected = world.submitted(region="320106")
    items = [Item("project.name", "名称不全"), Item("project.address", "=1+1")]
    actions.request_correction(world.actor(world.intake), corrected, items)
    late = world.proposed(grant=False)
    world.submitted(region="320106")
    morning.move_to(datetime(2026, 3, 20, 1, tzinfo=UTC))
    actions.deem_accepted_all()
    actions.refuse(world.actor(world.approver), late, "检测不合格。", late="staff_shortage")
    assigning.assign(world.actor(world.intake), [world.accepted()], world.examiner)
    standing = world.accepted()
    actions.commission(world.actor(world.examiner), standing, body=BODY, expected_days=5)
    morning.move_to(datetime(2026, 4, 9, 1, tzinfo=UTC))
    quick = world.proposed(grant=False)
    actions.refuse(world.actor(world.approver), quick, "检测不合格。", late="staff_shortage")
    return desk


def numbers(browser: CheckingClient, url: str) -> Iterator[tuple[int, str]]:
    """Every linked number of a page with its address."""
    for node in parse(browser.get(url).text).iter("a"):
        words = "".join(node.itertext()).replace("\u202f", "")
        if words.isdecimal():
            yield int(words), node.get("href", "")


@pytest.mark.parametrize("asked", ["", "?matter=design_review", "?region=320106", "?matter=design_review&region=320104"])
def test_every_number_leads_to_as_many_cases(busy: Desk, asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "PAGE_SIZE", 1000)
    browser = busy.browser(busy.world.supervisor)
    found = list(numbers(browser, f"/office/figures{asked}"))
    assert len(found) > 10
    for count, url in dict.fromkeys(found):
        assert len(case_links(browser.get(url))) == count, url


@pytest.fixture
def overseer(busy: Desk) -> CheckingClient:
    """The supervisor of the province above the busy city and another one."""
    neighbours = settle(busy.world)
    actions.request_correction(busy.world.actor(busy.world.intake), busy.world.submitted(), [Item("project.name", "名称不全")])
    transfer.transfer(busy.world.actor(busy.world.examiner), busy.world.accepted(), neighbours.kunshan, "项目在昆山市境内。")
    return busy.browser(neighbours.overseer)


@pytest.mark.parametrize("asked", ["", "?region=320106", "?matter=design_review"])
def test_above_the_figures_cover_the_whole_tree_and_lead_to_its_cases(
    busy: Desk, overseer: CheckingClient, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "PAGE_SIZE", 1000)
    everything = text(overseer.get("/office/figures"))
    assert "Figures of my authorities" in everything
    assert "By authority" in everything
    found = dict.fromkeys(numbers(overseer, f"/office/figures{asked}"))
    assert len(found) > 10
    assert any("authority=" in url for _, url in found)
    for count, url in found:
        assert len(case_links(overseer.get(url))) == count, url


def test_one_authority_of_the_tree_can_be_asked_for(busy: Desk, overseer: CheckingClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "PAGE_SIZE", 1000)
    page = f"/office/figures?authority={busy.world.authority}"
    assert "By authority" not in text(overseer.get(page))
    for count, url in dict.fromkeys(numbers(overseer, page)):
        assert f"authority={busy.world.authority}" in url
        assert len(case_links(overseer.get(url))) == count, url
    assert f'<option value="{busy.world.authority}" selected>' in overseer.get(f"/office?show=all&authority={busy.world.authority}").text


def test_figures_of_an_authority_that_is_not_below_do_not_exist(busy: Desk) -> None:
    neighbours = settle(busy.world)
    browser = busy.browser(busy.world.supervisor)
    for stranger in (neighbours.kunshan, neighbours.province, 999):
        assert browser.get(f"/office/figures?authority={stranger}").status_code == 404
        assert browser.get(f"/office/figures.xlsx?authority={stranger}").status_code == 404
        listed = browser.get(f"/office?show=all&authority={stranger}")
        assert not case_links(listed)
        assert "an authority that is not yours to see" in text(listed)


def test_the_page_says_what_happened(busy: Desk) -> None:
    page = busy.browser(busy.world.supervisor).get("/office/figures")
    words = text(page)
    assert page.status_code == 200
    for sentence in ("the approver", "Open and late today", "Accepted", "江苏省南京市鼓楼区", "nobody yet", "nearest rank"):
        assert sentence in words, sentence
    tables = list(parse(page.text).iter("table"))
    assert all(table.find("caption") is not None for table in tables)


def test_a_list_behind_a_number_says_whose_it_is(busy: Desk) -> None:
    browser = busy.browser(busy.world.supervisor)
    words = text(browser.get("/office?show=all&figure=late&month=2026-03&item=approver&region=320104"))
    assert "decided after the legal limit · 2026-03 · the approver · 江苏省南京市秦淮区" in words
    assert "赵志强" in text(browser.get(f"/office?show=all&figure=proposed_by&officer={busy.world.examiner}"))


@pytest.mark.parametrize(
    "query", ["figure=x", "month=2026-13", "month=1", "officer=x", "times=-1", "item=%3Cb%3E", "region=x", "risk=x", "officer=99999999999"]
)
def test_a_part_that_makes_no_sense_is_left_out(desk: Desk, query: str) -> None:
    case_id = desk.world.submitted()
    page = desk.browser(desk.world.intake).get(f"/office?{query}")
    assert page.status_code == 200
    assert case_links(page) == [case_url(case_id)]


def test_without_cases_the_page_says_so_and_shows_a_way_on(desk: Desk) -> None:
    browser = desk.browser(desk.world.supervisor)
    assert "Nothing was handed in or decided here" in text(browser.get("/office/figures"))
    assert "Show all matters and regions" in text(browser.get("/office/figures?matter=design_review"))
    assert browser.get("/office/figures?matter=nonsense&region=x").status_code == 200


def test_figures_are_for_supervisors_and_only_they_see_the_link(desk: Desk) -> None:
    for person in (desk.world.intake, desk.world.approver):
        browser = desk.browser(person)
        assert browser.get("/office/figures").status_code == 403
        assert browser.get("/office/figures.xlsx").status_code == 403
        assert 'href="/office/figures"' not in browser.get("/office").text
    assert 'href="/office/figures"' in desk.browser(desk.world.supervisor).get("/office").text


def test_the_workbook_holds_each_table_as_it_stands_on_the_page(busy: Desk) -> None:
    browser = busy.browser(busy.world.supervisor)
    answer = browser.get("/office/figures.xlsx?matter=design_review")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=leizheng-2026-04-09.xlsx")
    book = load_workbook(io.BytesIO(answer.data))
    page = parse(browser.get("/office/figures?matter=design_review").text)
    shown = {"".join(table.find("caption").itertext()): table for table in page.iter("table")}  # type: ignore[union-attr]
    assert {title[:31].strip() for title in shown} <= set(book.sheetnames)
    for title, table in shown.items():
        sheet = book[title[:31].strip()]
        rows = [["".join(cell.itertext()).strip() for cell in row] for row in table.iter("tr")]
        assert [[str(cell.value) for cell in row] for row in sheet.iter_rows()] == rows
        assert sheet.freeze_panes == "B2"
        assert sheet.column_dimensions["A"].width >= 10


def test_what_looks_like_a_formula_stays_text() -> None:
    evil = ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://a.b")', "\t=1", "http://a.b", "0012", "{=1}")
    made = Table(
        "evil", say("A/B: [x]*?"), (say("What"), say("Count")), tuple((Cell(value), Cell(place)) for place, value in enumerate(evil))
    )
    book = load_workbook(io.BytesIO(workbook([made, made])))
    assert len(book.sheetnames) == 2
    for sheet in book.worksheets:
        cells = [row[0] for row in sheet.iter_rows(min_row=2)]
        assert [cell.value for cell in cells] == list(evil)
        assert {cell.data_type for cell in cells} == {"s"}
        assert all(cell.hyperlink is None for cell in cells)
        assert [row[1].value for row in sheet.iter_rows(min_row=2)] == list(range(len(evil)))


def test_cases_that_came_in_another_way_are_counted_once_they_are_measured(desk: Desk) -> None:
    case_id = desk.world.submitted()
    desk.world.copies(case_id, 4)
    assert measure_all() == 4
    browser = desk.browser(desk.world.supervisor)
    assert (5, "/office?show=all&figure=received") in set(numbers(browser, "/office/figures"))


def test_a_case_without_a_day_is_last_and_paging_reaches_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "PAGE_SIZE", 1)
    standing, running = desk.world.accepted(), desk.world.submitted()
    actions.commission(desk.world.actor(desk.world.examiner), standing, body=BODY, expected_days=5)
    with unit_of_work(SYSTEM) as work:
        assert work.session.get_one(Case, standing).sort_on == date(9999, 12, 31)
    browser = desk.browser(desk.world.supervisor)
    assert case_links(browser.get("/office?show=open")) == [case_url(running)]
    following = next(node.get("href", "") for node in parse(browser.get("/office?show=open").text).iter("a") if node.get("rel") == "next")
    assert case_links(browser.get(following)) == [case_url(standing)]
