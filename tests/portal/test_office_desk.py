"""Sharing the work: who works on a case, what is new, acts on many at once, and filters that are kept."""

from __future__ import annotations

from office_tools import Desk, case_url, text
from portal_tools import CheckingClient, parse
from test_office_worklist import case_links

from licensing.cases.worklist import saved_filters


def followed(browser: CheckingClient, url: str, data: dict[str, object]) -> str:
    """The words of the page to which a form leads."""
    answer = browser.send(url, data)
    assert answer.status_code == 303
    return text(browser.get(answer.location))


def test_one_press_takes_a_case_over_and_the_list_and_the_page_say_who_has_it(desk: Desk) -> None:
    case_id = desk.world.accepted()
    first, second = desk.browser(desk.world.examiner), desk.browser(desk.world.second_examiner)
    assert "nobody yet" in text(first.get(case_url(case_id)))
    assert "You work on this case now." in followed(first, f"/office/desk/cases/{case_id}/take", {})
    seen = text(second.get(case_url(case_id)))
    assert "赵志强" in seen
    assert "Take it over" in seen
    assert "赵志强" in text(second.get("/office"))
    followed(second, f"/office/desk/cases/{case_id}/take", {})
    assert case_links(second.get("/office?show=mine")) == [case_url(case_id)]
    assert case_links(first.get("/office?show=mine")) == []
    assert "Nobody works on this case now." in followed(second, f"/office/desk/cases/{case_id}/release", {})
    assert case_links(first.get("/office?show=free")) == [case_url(case_id)]


def test_ticked_cases_are_given_away_together_and_the_filter_stays(desk: Desk) -> None:
    cases = [desk.world.accepted(name=f"第{number}工程") for number in range(3)]
    browser = desk.browser(desk.world.examiner)
    given = {"case": cases[:2], "do": "assign", "colleague": desk.world.second_examiner}
    answer = browser.send("/office/desk/together?search=工程", given)
    assert answer.location.endswith("/office?search=%E5%B7%A5%E7%A8%8B")
    assert "Given to the colleague: 2." in text(browser.get(answer.location))
    assert case_links(browser.get(f"/office?show=open&officer={desk.world.second_examiner}")) == [case_url(one) for one in cases[:2]]


def test_acting_on_many_asks_for_what_is_missing_and_loses_nothing(desk: Desk) -> None:
    case_id = desk.world.accepted()
    browser = desk.browser(desk.world.examiner)
    together = "/office/desk/together"
    assert "Tick the cases first" in followed(browser, together, {"do": "assign", "colleague": desk.world.examiner})
    assert "Choose a colleague first" in followed(browser, together, {"case": [case_id], "do": "assign", "colleague": ""})
    assert "cannot be given" in followed(browser, together, {"case": [case_id], "do": "assign", "colleague": desk.world.applicant})
    assert browser.send(together, {"case": [999999], "do": "seen"}).status_code == 404
    assert case_links(browser.get("/office?show=free")) == [case_url(case_id)]


def test_nothing_that_needs_judgement_can_be_done_to_many(desk: Desk) -> None:
    desk.world.submitted()
    page = desk.browser(desk.world.intake).get("/office")
    offered = {node.get("value") for node in parse(page.text).iter("button") if node.get("name") == "do"}
    assert offered == {"assign", "seen"}
    assert "the law wants each application examined by itself" in text(page)


def test_what_is_new_is_marked_until_it_was_opened_or_marked_as_read(desk: Desk) -> None:
    first, second = desk.world.submitted(name="甲工程"), desk.world.submitted(name="乙工程")
    browser = desk.browser(desk.world.intake)

    def new() -> int:
        return sum(node.get("class") == "unread" for node in parse(browser.get("/office").text).iter("tr"))

    assert new() == 2
    browser.get(case_url(first))
    assert new() == 1
    assert "Marked as read: 1." in followed(browser, "/office/desk/together", {"case": [second], "do": "seen"})
    assert new() == 0


def test_a_filter_is_kept_opened_and_deleted(desk: Desk) -> None:
    desk.world.submitted()
    browser = desk.browser(desk.world.intake)
    assert "The filter was kept." in followed(browser, "/office/desk/filters?show=open&risk=late", {"name": "迟到的"})
    links = {"".join(node.itertext()): node.get("href") for node in parse(browser.get("/office").text).iter("a")}
    assert links["迟到的"] == "/office?show=open&risk=late"
    assert "No case fits this filter." in text(browser.get(links["迟到的"]))
    assert "Give the filter a name" in followed(browser, "/office/desk/filters?show=open", {"name": " "})
    (kept,) = saved_filters(desk.world.actor(desk.world.intake))
    assert desk.browser(desk.world.examiner).send(f"/office/desk/filters/{kept.id}/delete").status_code == 404
    assert "The filter was deleted." in followed(browser, f"/office/desk/filters/{kept.id}/delete", {})


def test_whoever_only_oversees_opens_the_list_on_everything_open(desk: Desk) -> None:
    case_id = desk.world.submitted()
    for person in (desk.world.supervisor, desk.world.verifier):
        page = desk.browser(person).get("/office")
        assert case_links(page) == [case_url(case_id)]
        assert "What waits for my posts" not in text(page), "nothing ever does"
