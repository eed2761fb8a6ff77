"""The worklist: whose work, in which order, through which filter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from office_tools import Desk, case_url, text
from portal_tools import parse

from licensing.parties import actions as parties
from licensing.policy import SYSTEM, Role
from licensing.storage import unit_of_work
from portal.office import routes


def case_links(page: object) -> list[str]:
    return [node.get("href", "") for node in parse(page.text).iter("a") if node.get("class") == "row-link"]  # type: ignore[attr-defined]


def test_an_empty_worklist_says_so_and_shows_a_way_on(desk: Desk) -> None:
    page = desk.browser(desk.world.intake).get("/office")
    assert page.status_code == 200
    assert "Nothing waits for you." in page.text
    assert "show=all" in page.text


def test_each_post_sees_its_own_work_the_least_time_left_first(desk: Desk, morning: time_machine.Traveller) -> None:
    first = desk.world.submitted(name="甲工程")
    morning.move_to(datetime(2026, 3, 4, 1, 0, tzinfo=UTC))
    second = desk.world.submitted(name="乙工程")
    third = desk.world.accepted(name="丙工程")
    intake = desk.browser(desk.world.intake).get("/office")
    assert case_links(intake) == [case_url(first), case_url(second)]
    assert "3 days" in text(intake)
    assert case_links(desk.browser(desk.world.examiner).get("/office")) == [case_url(third)]
    assert case_links(desk.browser(desk.world.approver).get("/office")) == []
    everything = desk.browser(desk.world.approver).get("/office?show=all")
    assert set(case_links(everything)) == {case_url(first), case_url(second), case_url(third)}


def test_days_left_have_words_and_colours(desk: Desk, morning: time_machine.Traveller) -> None:
    desk.world.submitted()
    for day, words, kind in (
        (2, "5 days", "go"),
        (4, "3 days", "warn"),
        (6, "1 day", "bad"),
        (9, "Today", "bad"),
        (10, "1 day late", "bad"),
    ):
        morning.move_to(datetime(2026, 3, day, 1, 0, tzinfo=UTC))
        page = desk.browser(desk.world.intake).get("/office")
        assert f'<span class="tag {kind}">{words}</span>' in page.text


def test_filters_keep_what_was_asked_and_find_by_project_company_and_number(desk: Desk) -> None:
    case_id = desk.world.submitted(name="城西码头工程")
    desk.world.submitted(name="城北油库工程")
    number = desk.world.page(case_id).case.public_number
    browser = desk.browser(desk.world.intake)
    for search in ("码头", number):
        page = browser.get("/office", query_string={"search": search, "show": "submitted", "matter": "design_review"})
        assert case_links(page) == [case_url(case_id)]
        assert f'value="{search}"' in page.text
    assert len(case_links(browser.get("/office?search=南京金陵"))) == 2
    nothing = browser.get("/office?search=%25&matter=completion_acceptance")
    assert "No case fits this filter." in nothing.text


def test_a_list_is_parted_by_who_works_on_it(desk: Desk) -> None:
    mine, free = desk.world.submitted(name="甲工程"), desk.world.submitted(name="乙工程")
    browser = desk.browser(desk.world.intake)
    browser.send(f"/office/desk/cases/{mine}/take")
    assert case_links(browser.get(f"/office?officer={desk.world.intake}")) == [case_url(mine)]
    assert case_links(browser.get("/office?officer=0")) == [case_url(free)]
    page = browser.get(f"/office?officer={desk.world.intake}")
    assert "Only these cases" not in page.text, "the field says it"
    assert f'<option value="{desk.world.intake}" selected>' in page.text
    behind = browser.get(f"/office?show=all&figure=accepted_by&officer={desk.world.intake}")
    assert 'id="officer"' not in behind.text, "there it is who accepted"
    assert f'<input type="hidden" name="officer" value="{desk.world.intake}">' in behind.text


def test_promises_to_verify_are_told_to_whom_may_verify_them(desk: Desk) -> None:
    desk.world.accepted("completion_acceptance")
    for person in (desk.world.verifier, desk.world.examiner):
        page = desk.browser(person).get("/office")
        assert "Promises to verify: 2." in text(page)
        assert 'href="/office/verifications"' in page.text.split("<main")[1]
    for person in (desk.world.intake, desk.world.approver, desk.world.supervisor):
        assert "Promises to verify" not in text(desk.browser(person).get("/office"))


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=2026-02-30_1", "after=2026-03-09_99999999999999999999", "show=draft", "show=nonsense", "matter=x", "search=%00"],
)
def test_a_filter_that_makes_no_sense_is_left_out(desk: Desk, query: str) -> None:
    case_id = desk.world.submitted()
    page = desk.browser(desk.world.intake).get(f"/office?{query}")
    assert page.status_code == 200
    assert case_links(page) == [case_url(case_id)]


def test_pages_follow_one_another_without_loss_or_doubles(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "PAGE_SIZE", 2)
    cases = [desk.world.submitted(name=f"第{number}工程") for number in range(5)]
    browser, url, seen = desk.browser(desk.world.intake), "/office?search=工程", []
    while url:
        page = browser.get(url)
        seen += case_links(page)
        url = next((node.get("href", "") for node in parse(page.text).iter("a") if node.get("rel") == "next"), "")
    assert seen == [case_url(case_id) for case_id in cases]


def test_a_stopped_clock_is_shown_as_such(desk: Desk) -> None:
    case_id = desk.world.accepted()
    browser = desk.browser(desk.world.examiner)
    browser.send(case_url(case_id, "commission"), {"body": "江苏防雷检测中心", "expected_days": "5"})
    assert "Clock stands" in browser.get("/office").text
    waiting = text(browser.get("/office"))
    assert "Technical evaluation under way" in waiting
    assert "expected by Mon 9 Mar" in waiting, "two March is a Monday; five working days"
    assert "The report is in" not in waiting


def test_cases_of_the_own_company_are_not_on_the_list(desk: Desk) -> None:
    desk.world.submitted()
    with unit_of_work(SYSTEM) as work:
        from licensing.parties.tables import Company, Person

        person = work.session.get_one(Person, desk.world.intake)
        company = work.session.get_one(Company, desk.world.company)
        parties.give_seat(work, person, company, Role.APPLICANT, held_from=datetime(2020, 1, 1, tzinfo=UTC).date())
    assert "Nothing waits for you." in desk.browser(desk.world.intake).get("/office").text


def test_an_applicant_finds_no_office(desk: Desk) -> None:
    assert desk.browser(desk.world.applicant).get("/office").status_code == 403
