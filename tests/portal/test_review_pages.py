"""A qualification in the portal: pool, check on site, panel, ballots on a phone, opinion, publicity, report upwards."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import time_machine
from office_tools import Desk, buttons, case_url, text
from portal_tools import PASSWORD, CheckingClient, parse
from reviewing import EMPLOYER, REASONS, drawn, fill_pool, publicised, review, view, vote
from world import World

from licensing.cases import experts
from licensing.parties import actions as parties
from licensing.policy import SYSTEM
from licensing.storage import unit_of_work

pytestmark = pytest.mark.slow
OVER = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
BALLOT = {f"reason_{code}": words for code, words in REASONS.items()} | {"meets": "yes"}


def public_number(world: World, case_id: int) -> str:
    return world.page(case_id).case.public_number


def test_a_supervisor_enters_and_pauses_an_expert_by_the_address_of_the_account(desk: Desk) -> None:
    world = desk.world
    supervisor = desk.browser(world.province.supervisor)
    with unit_of_work(SYSTEM) as work:
        person = parties.register_person(work, name="顾怀远").id
    desk.browser(person)
    form = {"authority": str(world.province.authority), "address": "nobody@example.org", "specialities": "防雷", "employer": ""}
    refused = supervisor.send("/office/experts", form)
    assert refused.status_code == 422
    assert "No account has this address" in text(refused)
    assert "Enter the employer" in text(refused)
    assert "防雷" in refused.text, "nothing typed is lost"
    form |= {"address": f"desk{person}@example.org", "employer": EMPLOYER}
    assert supervisor.send("/office/experts", form).status_code == 303
    page = supervisor.get("/office/experts")
    assert "顾怀远" in text(page)
    assert "This person is in the pool already." in text(supervisor.send("/office/experts", form))
    examiner = desk.browser(world.province.examiner)
    assert "Enter an expert" not in text(examiner.get("/office/experts"))
    (pool,) = experts.pools(world.actor(world.province.supervisor))
    assert examiner.send(f"/office/experts/{pool.entries[0].id}/end", {}).status_code == 403
    assert supervisor.send(f"/office/experts/{pool.entries[0].id}/end", {}).status_code == 303
    assert "Not drawn any more" in text(supervisor.get("/office/experts"))
    assert desk.browser(world.province.approver).get("/office/experts").status_code == 403
    expert = desk.browser(person)
    assert "My reviews as an expert" in text(expert.get("/account"))
    assert 'href="/expert"' in expert.get("/").text, "the masthead leads there"
    assert 'href="/expert"' not in examiner.get("/").text
    fresh, who = desk.app.test_client(), desk.people[person]
    assert isinstance(fresh, CheckingClient)
    fresh.send("/login", {"email": who.email, "password": PASSWORD})
    assert fresh.send("/login/code", {"second_factor_code": who.code()}).location == "/expert"


def test_a_check_on_site_is_recorded_and_read_by_the_panel(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("qualification")
    examiner = desk.browser(world.province.examiner)
    assert {"site-check", "panel", "propose"} <= buttons(examiner.get(case_url(case_id)))
    assert not {"commission", "result", "opinion"} & buttons(examiner.get(case_url(case_id)))
    form = {f"finding_{code}": words for code, words in REASONS.items()} | {"day": "2026-03-02"}
    form[f"officer_{world.province.examiner}"] = "yes"
    alone = examiner.send(case_url(case_id, "site-check"), form)
    assert alone.status_code == 422
    assert "two at least" in text(alone)
    assert REASONS["staff"] in alone.text
    form[f"officer_{world.province.verifier}"] = "yes"
    assert examiner.send(case_url(case_id, "site-check"), form).status_code == 303
    shown = text(examiner.get(case_url(case_id)))
    assert "On site on 2 Mar 2026" in shown
    assert "闵致远" in shown
    assert "Checked on site" in text(desk.browser(world.applicant).get(f"/my/cases/{case_id}"))
    member = drawn(world, case_id)[0]
    assert REASONS["premises"] in text(desk.browser(member).get(f"/expert/reviews/{case_id}"))


def test_the_panel_is_drawn_with_the_letter_shown_and_its_list_downloaded(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("qualification")
    examiner = desk.browser(world.province.examiner)
    few = examiner.send(case_url(case_id, "panel"), {"expected_days": "20"})
    assert few.status_code == 409
    assert "The panel needs 5 experts, and 0 can be drawn for this case." in text(few)
    assert "Ask a supervisor" in text(few)
    fill_pool(world)
    sheet = examiner.get(case_url(case_id, "panel"))
    assert "资质评审委员会" in text(sheet)
    assert "4 of them must find the conditions met" in text(sheet)
    assert examiner.send(case_url(case_id, "panel"), {"expected_days": "x"}).status_code == 422
    assert examiner.send(case_url(case_id, "panel"), {"expected_days": "20"}).status_code == 303
    page = examiner.get(case_url(case_id))
    assert "Expert review under way" in text(page)
    assert "Vote missing" in text(page)
    assert "Expert review under way" in text(examiner.get("/office?show=open"))
    number = view(world, case_id).draws[0]["number"]
    assert examiner.get(f"{case_url(case_id)}/panel/{number}.json").json["panel"] == number
    for wrong in ("PS2026999999", "LZ2026000001"):
        assert examiner.get(f"{case_url(case_id)}/panel/{wrong}.json").status_code == 404
    assert desk.browser(world.examiner).get(f"{case_url(case_id)}/panel/{number}.json").status_code == 404
    mine = desk.browser(world.applicant)
    assert "the experts" in text(mine.get(f"/my/cases/{case_id}"))
    assert "the experts" in text(mine.get("/my"))


def test_an_expert_reads_votes_once_and_sees_nobody_elses_vote(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("qualification")
    panel = drawn(world, case_id)
    expert = desk.browser(panel[0])
    assert "Your vote is missing" in text(expert.get("/expert"))
    page = expert.get(f"/expert/reviews/{case_id}")
    assert "Go to the ballot" in text(page)
    assert "乙级" in text(page) or "Grade B" in text(page)
    picture = page.text.split('<img src="')[1].split('"')[0]
    assert expert.get(picture).mimetype in {"image/png", "image/webp", "image/svg+xml", "image/jpeg"}
    half = expert.send(f"/expert/reviews/{case_id}/vote", {**BALLOT, "reason_staff": ""})
    assert half.status_code == 422
    assert REASONS["premises"] in half.text
    assert expert.send(f"/expert/reviews/{case_id}/vote", {"meets": "yes"}).status_code == 422
    assert expert.send(f"/expert/reviews/{case_id}/vote", BALLOT).status_code == 303
    voted = expert.get(f"/expert/reviews/{case_id}")
    assert "You have voted" in text(voted)
    assert "Your ballot" not in text(voted)
    again = expert.send(f"/expert/reviews/{case_id}/vote", BALLOT)
    assert again.status_code == 409
    assert "a vote is never changed" in text(again)
    shown = text(desk.browser(world.province.examiner).get(case_url(case_id)))
    assert "Has voted" in shown
    assert "Votes missing: 4" in shown
    assert REASONS["premises"] not in shown
    for nobody in (world.stranger, world.applicant, world.province.examiner):
        assert desk.browser(nobody).get(f"/expert/reviews/{case_id}").status_code in {403, 404}
    assert "You were not drawn for a review." in text(desk.browser(world.stranger).get("/expert"))


def test_who_declines_or_does_not_vote_is_replaced(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("qualification")
    panel = drawn(world, case_id)
    expert = desk.browser(panel[0])
    assert expert.send(f"/expert/reviews/{case_id}/decline", {"reason": ""}).status_code == 422
    assert expert.send(f"/expert/reviews/{case_id}/decline", {"reason": "曾为申请人提供咨询。"}).status_code == 303
    assert expert.get(f"/expert/reviews/{case_id}").status_code == 404
    examiner = desk.browser(world.province.examiner)
    base = f"{case_url(case_id)}/panel"
    assert "5 experts were reminded." in text(examiner.get(examiner.send(f"{base}/remind", {}).location))
    assert "Say why" in text(examiner.get(examiner.send(f"{base}/{panel[1]}/replace", {"reason": ""}).location))
    for person in panel[1:3]:
        done = examiner.send(f"{base}/{person}/replace", {"reason": "逾期未投票。"})
        assert "The expert was replaced" in text(examiner.get(done.location))
    last = examiner.send(f"{base}/{panel[3]}/replace", {"reason": "逾期未投票。"})
    assert "No other expert can take this seat." in text(examiner.get(last.location))
    history = text(examiner.get(case_url(case_id)))
    assert "An expert declined" in history
    assert "曾为申请人提供咨询。" in history
    mine = text(desk.browser(world.applicant).get(f"/my/cases/{case_id}"))
    assert "An expert declined" not in mine
    assert "曾为申请人提供咨询。" not in mine


def test_the_opinion_shows_votes_with_names_to_officers_and_the_tally_to_the_applicant(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("qualification")
    panel = drawn(world, case_id)
    examiner = desk.browser(world.province.examiner)
    waiting = examiner.get(case_url(case_id))
    assert buttons(waiting) == set(), "no button leads where nothing can be done yet"
    assert "Now it is the turn of: the experts" in text(waiting)
    assert "Your post does not allow this." not in text(waiting)
    assert examiner.get(case_url(case_id, "opinion")).status_code == 409
    early = examiner.send(case_url(case_id, "opinion"), {"opinion": "符合。"})
    assert early.status_code == 409
    assert "0 of 5 experts have voted." in text(early)
    for place, person in enumerate(panel):
        assert "All have voted" not in text(examiner.get("/office"))
        vote(world, case_id, person, meets=place != 0)
    assert "All have voted" in text(examiner.get("/office"))
    assert "opinion" in buttons(examiner.get(case_url(case_id)))
    assert "4 of 5 experts find the conditions met" in text(examiner.get(case_url(case_id, "opinion")))
    assert examiner.send(case_url(case_id, "opinion"), {"opinion": "评审委员会同意。"}).status_code == 303
    shown = text(examiner.get(case_url(case_id)))
    assert "Does not meet them" in shown
    with_names = [name for name in ("顾怀远", "裴思敏", "尹长青", "柏松年", "翟雨晴", "霍启明", "虞静姝", "桂文渊") if name in shown]
    assert len(with_names) == 5
    mine = text(desk.browser(world.applicant).get(f"/my/cases/{case_id}"))
    assert "4 of 5 experts find the conditions met" in mine
    assert "评审委员会同意。" in mine
    assert not [name for name in with_names if name in mine]


def test_what_is_to_be_granted_is_published_objected_to_answered_and_granted(desk: Desk, morning: time_machine.Traveller) -> None:
    world = desk.world
    case_id = world.proposed("qualification")
    approver = desk.browser(world.province.approver)
    assert {"publicity", "return"} <= buttons(approver.get(case_url(case_id)))
    assert "grant" not in buttons(approver.get(case_url(case_id)))
    assert "9 Mar 2026" in text(approver.get(case_url(case_id, "publicity")))
    assert approver.send(case_url(case_id, "publicity"), {}).status_code == 303
    page = approver.get(case_url(case_id))
    assert "Published for objections" in text(page)
    assert "published until 9 Mar 2026; it can be granted after that" in text(page)
    assert "grant" not in buttons(page)
    assert "is published until 9 Mar 2026" in text(desk.browser(world.applicant).get(f"/my/cases/{case_id}"))

    visitor = desk.app.test_client()
    visitor.set_cookie("lang", "en")
    path = f"/publicity/{public_number(world, case_id)}"
    assert path in visitor.get("/publicity").text
    public = visitor.get(path)
    assert "南京金陵石化销售有限公司" in text(public)
    assert "王建国" not in public.text
    assert "Why this day?" in text(public)
    missing = visitor.send(path, {"name": "林一鸣", "contact": "", "text": ""})
    assert missing.status_code == 422
    assert "林一鸣" in missing.text
    words = {"name": "林一鸣", "contact": "13900000009", "text": "技术负责人年限不足。"}
    done = visitor.send(path, words)
    assert done.status_code == 303
    assert "Keep this number" in text(visitor.get(done.location))
    assert visitor.get("/publicity/LZ2026999999").status_code == visitor.get("/publicity/nothing").status_code == 404

    morning.move_to(OVER)
    approver = desk.browser(world.province.approver)
    assert "grant" in buttons(approver.get(case_url(case_id)))
    waiting = approver.send(case_url(case_id, "grant"), {"opinion": "准予。"})
    assert waiting.status_code == 409
    assert "An objection to the publicity is not answered yet." in text(waiting)
    second = desk.browser(world.province.second_approver)
    listed = second.get("/office/objections").text
    objection = "/office/objections/" + listed.split('href="/office/objections/')[1].split('"')[0]
    assert second.send(objection, {"outcome": "rejected", "answer": "经核查，年限符合规定。"}).status_code == 303
    over = visitor.get(path)
    assert "The publicity has ended" in text(over)
    assert "Send the objection" not in text(over)
    assert visitor.send(path, words).status_code == 409
    assert approver.send(case_url(case_id, "grant"), {"opinion": "准予。"}).status_code == 303
    assert desk.state(case_id) == "granted"
    assert visitor.get(path).status_code == 404


def test_objections_from_one_address_are_limited(desk: Desk) -> None:
    path = f"/publicity/{public_number(desk.world, publicised(desk.world))}"
    visitor = desk.app.test_client()
    visitor.set_cookie("lang", "en")
    words = {"name": "林一鸣", "contact": "13900000009", "text": "年限不足。"}
    codes = [visitor.send(path, words).status_code for _ in range(6)]
    assert codes == [303] * 5 + [429]


def test_officers_see_what_is_to_be_reported_and_record_it(desk: Desk, morning: time_machine.Traveller) -> None:
    world = desk.world
    case_id = publicised(world)
    morning.move_to(OVER)
    world.grant(case_id)
    examiner = desk.browser(world.province.examiner)
    assert "Qualifications to report to the China Meteorological Administration: 1." in text(examiner.get("/office"))
    listed = examiner.get("/office/recognitions")
    assert "Due by 22 Apr 2026" in text(listed)
    refused = examiner.send(f"/office/recognitions/{case_id}", {f"number_{case_id}": "", f"reported_on_{case_id}": "2026-03-01"})
    assert refused.status_code == 422
    assert "2026-03-01" in refused.text
    later = parse(examiner.get("/office/recognitions?after=0_2020-01-01_0").text)
    sent_to = [node.get("action", "") for node in later.iter("form") if str(case_id) in node.get("action", "")]
    assert sent_to == [f"/office/recognitions/{case_id}?after=0_2020-01-01_0"], (
        "what was typed is shown again on the page where it was typed"
    )
    form = {f"number_{case_id}": "苏气函〔2026〕12号", f"reported_on_{case_id}": "2026-03-10"}
    assert desk.browser(world.province.intake).send(f"/office/recognitions/{case_id}", form).status_code == 403
    assert examiner.send(f"/office/recognitions/{case_id}", form).status_code == 303
    assert "Reported as 苏气函〔2026〕12号 on 10 Mar 2026; recorded by 邵振邦." in text(examiner.get("/office/recognitions"))
    assert examiner.send(f"/office/recognitions/{case_id}", form).status_code == 409
    assert "to report" not in text(examiner.get("/office"))
    assert "There is nothing to report." in text(desk.browser(world.examiner).get("/office/recognitions"))


def test_a_failed_review_is_refused_without_publicity(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted("qualification")
    review(world, case_id, passed=False)
    examiner = desk.browser(world.province.examiner)
    against = examiner.send(case_url(case_id, "propose"), {"recommendation": "grant", "opinion": "同意。"})
    assert against.status_code == 422
    assert "an expert review that was passed" in text(against)
    assert examiner.send(case_url(case_id, "propose"), {"recommendation": "refuse", "opinion": "不符合条件。"}).status_code == 303
    approver = desk.browser(world.province.approver)
    assert {"refuse", "return"} <= buttons(approver.get(case_url(case_id)))
    assert not {"publicity", "grant"} & buttons(approver.get(case_url(case_id)))
    assert approver.send(case_url(case_id, "refuse"), {"reason": "不符合条件。"}).status_code == 303
    page = world.page(case_id)
    assert (page.letters[-1].kind, page.letters[-1].written_at) == ("D7", page.view.decided_at), "the letter goes at once (T9)"
