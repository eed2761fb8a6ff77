"""Ratings: by the applicant on the finished case, answered at the desk, counted in public; and copies of an application."""

from __future__ import annotations

from office_tools import Desk, text
from portal_tools import parse

from licensing.cases import actions
from licensing.ratings import actions as ratings
from licensing.ratings import queries


def finished(desk: Desk) -> int:
    case_id = desk.world.submitted()
    actions.withdraw(desk.world.actor(desk.world.applicant), case_id, "改期再报")
    return case_id


def test_the_finished_case_asks_for_a_rating_and_shows_it_with_its_answer(desk: Desk) -> None:
    case_id, browser = finished(desk), desk.browser(desk.world.applicant)
    path = f"/my/cases/{case_id}/rating"
    assert path in browser.get(f"/my/cases/{case_id}").text
    assert len([node for node in parse(browser.get(path).text).iter("input") if node.get("name") == "level"]) == 5
    wrong = browser.send(path, {"level": "9", "words": "等了太久"})
    assert wrong.status_code == 422
    assert "Choose one of the five levels." in text(wrong)
    assert "等了太久" in wrong.text, "nothing typed is lost"
    assert browser.send(path, {"level": "1", "words": "等了太久"}).status_code == 303
    page = text(browser.get(f"/my/cases/{case_id}"))
    assert "Very dissatisfied 等了太久" in page
    assert "answers by 9 Mar 2026" in page
    assert browser.get(path).status_code == 303, "a second one is not possible"
    browser.send(path, {"level": "5"})
    supervisor = desk.browser(desk.world.supervisor)
    (row,) = queries.waiting(desk.world.actor(desk.world.supervisor)).rows
    office = f"/office/ratings/{row.rating.id}"
    assert office in supervisor.get("/office/ratings").text
    wrong = supervisor.send(office, {"answer": "已整改。"})
    assert wrong.status_code == 422
    assert "已整改。" in wrong.text
    assert supervisor.send(office, {"finding": "true", "answer": "已整改。"}).status_code == 303
    assert supervisor.send(office, {"finding": "true", "answer": "再答。"}).status_code == 409
    assert "No bad rating waits for an answer." in text(supervisor.get("/office/ratings"))
    assert office in supervisor.get("/office/ratings?answered=yes").text
    assert "What was criticised is so. 已整改。" in text(browser.get(f"/my/cases/{case_id}"))


def test_others_of_the_office_read_and_do_not_answer(desk: Desk) -> None:
    rating_id = ratings.rate(desk.world.actor(desk.world.applicant), finished(desk), 2)
    examiner = desk.browser(desk.world.examiner)
    page = examiner.get(f"/office/ratings/{rating_id}")
    assert "Your post does not allow this." in text(page)
    assert examiner.send(f"/office/ratings/{rating_id}", {"finding": "true", "answer": "x"}).status_code == 403
    assert desk.browser(desk.world.applicant).get(f"/office/ratings/{rating_id}").status_code == 403


def test_a_foreign_case_cannot_be_rated_or_copied(desk: Desk) -> None:
    case_id, stranger = finished(desk), desk.browser(desk.world.stranger)
    for act in ("rating", "copy"):
        assert stranger.send(f"/my/cases/{case_id}/{act}", {"level": "1"}).status_code == 404
    assert stranger.get(f"/my/cases/{case_id}/rating").status_code == 404


def test_figures_are_public_and_name_nobody(desk: Desk) -> None:
    visitor = desk.app.test_client()
    visitor.set_cookie("lang", "en")
    assert "No case was rated yet." in text(visitor.get("/ratings"))
    ratings.rate(desk.world.actor(desk.world.applicant), finished(desk), 2, "等了太久")
    page = text(visitor.get("/ratings"))
    assert "Nanjing Meteorological Bureau Ratings: 1" in page
    assert "0 of 1" in page
    assert "等了太久" not in page
    assert "金陵石化" not in page


def test_an_earlier_application_is_copied_from_its_page_and_from_the_start(desk: Desk) -> None:
    case_id, browser = finished(desk), desk.browser(desk.world.applicant)
    path = f"/my/cases/{case_id}/copy"
    assert path in browser.get(f"/my/cases/{case_id}").text
    assert path in browser.get("/my/start/design_review").text
    assert path not in browser.get("/my/start/completion_acceptance").text
    answer = browser.send(path)
    assert answer.status_code == 303
    assert "城东加油站改扩建工程" in text(browser.get(answer.location))
