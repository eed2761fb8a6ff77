"""Experts review a qualification: pool, recusal, a draw that anybody can repeat, signed ballots, an opinion by rule."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from reviewing import REASONS, add_expert, drawn, fill_pool, review, view, vote
from sqlalchemy import update
from world import COMPANY, World

from licensing.cases import actions, ballots, experts, panels, reviews, site_checks
from licensing.cases.ballots import Vote
from licensing.cases.experts import Entry
from licensing.cases.machine import Event, State, Turn
from licensing.cases.recusals import Recusal
from licensing.cases.site_checks import SiteCheck
from licensing.cases.tables import Ballot, Expert
from licensing.commitments import draws
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.parties import actions as parties
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import SYSTEM, Actor, Role
from licensing.selfcheck import PROTECTED
from licensing.storage import reading, storage, unit_of_work

OPINION = "评审委员会认为申请人符合条件。"


def examiner(world: World) -> Actor:
    return world.actor(world.province.examiner)


def record_opinion(world: World, case_id: int) -> None:
    panels.record_opinion(examiner(world), case_id, OPINION)


def problem_codes() -> set[str]:
    with reading(SYSTEM) as look:
        rooms = (*experts.problems(look.session), *panels.problems(look.session, storage().files), *ballots.problems(look.session))
        return {problem.code for problem in rooms}


# The pool


def test_a_supervisor_keeps_the_pool_and_nobody_else(world: World) -> None:
    person = add_expert(world, "顾怀远")
    (pool,) = experts.pools(world.actor(world.province.supervisor))
    assert [(entry.person_id, entry.ended_at) for entry in pool.entries] == [(person, None)]
    assert pool.may_keep
    (read,) = experts.pools(examiner(world))
    assert not read.may_keep
    for nobody in (world.province.examiner, world.province.approver, world.supervisor, world.applicant, person):
        with pytest.raises((Forbidden, NotFound)):
            experts.enter(world.actor(nobody), world.province.authority, person, Entry("防雷", "某校"))
        with pytest.raises((Forbidden, NotFound)):
            experts.end(world.actor(nobody), pool.entries[0].id)
    experts.end(world.actor(world.province.supervisor), pool.entries[0].id)
    experts.end(world.actor(world.province.supervisor), pool.entries[0].id)
    assert experts.pools(examiner(world))[0].entries[0].ended_at is not None
    add_expert(world, "顾怀远", person=person)
    assert problem_codes() == set()


def test_an_entry_says_who_for_what_and_by_whom_employed(world: World) -> None:
    supervisor = world.actor(world.province.supervisor)
    with pytest.raises(Invalid) as incomplete:
        experts.enter(supervisor, world.province.authority, None, Entry("", "", "91320104MA1NXY7R8X"))
    assert {field.path for field in incomplete.value.fields} == {"address", "specialities", "employer", "employer_uscc"}
    person = add_expert(world, "顾怀远")
    with pytest.raises(Conflict) as twice:
        add_expert(world, "顾怀远", person=person)
    assert twice.value.code == "already-expert"


# The draw


def test_the_draw_stops_the_clock_tells_everybody_and_can_be_repeated_from_its_list(world: World) -> None:
    case_id = world.accepted("qualification")
    panel = drawn(world, case_id)
    page = world.page(case_id)
    assert (page.state, page.view.turn, page.case.due_on) == (State.EVALUATING, Turn.EXPERTS, None)
    assert "资质评审委员会" in json.dumps(page.letters[-1].content, ensure_ascii=False)
    (one,) = page.view.draws
    listing = reviews.panel_list(examiner(world), case_id, one["number"])
    assert hashlib.sha256(listing).hexdigest() == one["list_sha256"]
    items = json.loads(listing)["items"]
    assert [str(person) for person in panel] == draws.drawn(items, 5, one["seed"])
    found = reviews.panel_page(examiner(world), case_id)
    assert found is not None
    assert found.draws[0].same
    assert problem_codes() == set()


def test_conflicts_are_stated_before_anybody_is_drawn(world: World) -> None:
    case_id = world.accepted("qualification")
    fill_pool(world, 5)
    employed = add_expert(world, "雇员甲", employer=COMPANY["name"])
    coded = add_expert(world, "雇员乙", employer="另一名称", uscc=COMPANY["uscc"])
    seated = add_expert(world, "成员", person=world.member)
    officer = add_expert(world, "本局人员", person=world.province.intake)
    panel = drawn(world, case_id)
    assert not set(panel) & {employed, coded, seated, officer}
    found = reviews.panel_page(examiner(world), case_id)
    assert found is not None
    listing = found.draws[0].listing["excluded"]
    assert listing[str(employed)] == listing[str(coded)] == [Recusal.EMPLOYED]
    assert listing[str(seated)] == [Recusal.BELONGS]
    assert listing[str(officer)] == [Recusal.HANDLED, Recusal.OFFICER]


@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["free", "employed", "coded", "seated", "officer", "checked", "ended"]), min_size=5, max_size=12))
def test_who_has_a_conflict_never_sits_there_whatever_the_pool_and_however_many_step_down(world: World, kinds: list[str]) -> None:
    case_id = world.accepted("qualification")
    with unit_of_work(SYSTEM) as work:
        work.session.execute(update(Expert).values(ended_at=work.now, ended_by=world.province.supervisor))
    people = {_kind_of_expert(world, case_id, kind): kind for kind in kinds}
    free = [person for person, kind in people.items() if kind == "free"]
    if len(free) < 5:
        with pytest.raises(Conflict) as few:
            panels.draw_panel(examiner(world), case_id, expected_days=20)
        assert few.value.code == "too-few-experts"
        return
    panels.draw_panel(examiner(world), case_id, expected_days=20)
    for step in range(len(free) - 5):
        panel = view(world, case_id).panel
        assert set(panel) <= set(free)
        panels.decline(world.actor(panel[step % 5]), case_id, "与申请人有合作关系。")
    last = view(world, case_id)
    assert len(set(last.panel)) == 5
    assert set(last.panel) <= set(free) - set(last.stepped_down)
    with pytest.raises(Conflict) as empty:
        panels.decline(world.actor(last.panel[0]), case_id, "与申请人有合作关系。")
    assert empty.value.code == "too-few-experts"


def _kind_of_expert(world: World, case_id: int, kind: str) -> int:
    person = add_expert(world, kind, employer=COMPANY["name"] if kind == "employed" else "某大学", uscc=COMPANY["uscc"] * (kind == "coded"))
    with unit_of_work(SYSTEM) as work:
        row = work.session.get_one(Person, person)
        if kind == "seated":
            parties.give_seat(work, row, work.session.get_one(Company, world.company), Role.APPLICANT, held_from=date(2020, 1, 1))
        if kind in ("officer", "checked"):
            authority = work.session.get_one(Authority, world.province.authority)
            parties.give_post(work, row, authority, Role.VERIFIER, held_from=date(2020, 1, 1))
        if kind == "ended":
            work.session.execute(update(Expert).where(Expert.person_id == person).values(ended_at=work.now))
    if kind == "checked":
        check = SiteCheck(date(2026, 3, 2), (person, world.province.examiner), REASONS)
        site_checks.record_site_check(examiner(world), case_id, check)
    return person


@given(st.sets(st.integers(1, 9999).map(str), min_size=5), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_equal_list_and_seed_make_equal_panels_whatever_the_order_of_the_list(items: set[str], seed: str) -> None:
    assert draws.drawn(sorted(items), 5, seed) == draws.drawn(sorted(items, reverse=True), 5, seed)
    assert draws.drawn(sorted(items), len(items), seed)[:5] == draws.drawn(sorted(items), 5, seed)


def test_too_few_experts_say_how_many_and_what_to_do(world: World) -> None:
    case_id = world.accepted("qualification")
    fill_pool(world, 4)
    with pytest.raises(Conflict) as few:
        panels.draw_panel(examiner(world), case_id, expected_days=20)
    assert (few.value.code, few.value.sentence.facts) == ("too-few-experts", {"wanted": 5, "there": 4})
    assert "supervisor" in few.value.next_step.text
    assert world.page(case_id).state is State.ACCEPTED


def test_who_declines_is_replaced_by_the_next_of_the_draw(world: World) -> None:
    case_id = world.accepted("qualification")
    panel = drawn(world, case_id)
    order = [int(one) for one in view(world, case_id).draws[0]["order"]]
    panels.decline(world.actor(panel[1]), case_id, "曾为申请人提供咨询。")
    assert view(world, case_id).panel == (panel[0], order[5], *panel[2:])
    with pytest.raises(NotFound):
        panels.decline(world.actor(panel[1]), case_id, "曾为申请人提供咨询。")
    with pytest.raises(NotFound):
        reviews.review_page(world.actor(panel[1]), case_id)
    with pytest.raises(Invalid):
        panels.decline(world.actor(panel[0]), case_id, " ")
    panels.replace_member(examiner(world), case_id, panel[0], "逾期未投票。")
    assert view(world, case_id).panel[0] == order[6]
    for nobody in (world.province.approver, world.applicant, panel[2]):
        with pytest.raises((Forbidden, NotFound)):
            panels.replace_member(world.actor(nobody), case_id, panel[3], "逾期未投票。")


def test_a_used_up_draw_is_followed_by_another_one(world: World) -> None:
    case_id = world.accepted("qualification")
    fill_pool(world, 5)
    panels.draw_panel(examiner(world), case_id, expected_days=20)
    first = view(world, case_id).panel[0]
    with pytest.raises(Conflict):
        panels.decline(world.actor(first), case_id, "有利害关系。")
    newcomer = add_expert(world, "后来者")
    panels.decline(world.actor(first), case_id, "有利害关系。")
    after = view(world, case_id)
    assert after.panel[0] == newcomer
    assert len({draw["number"] for draw in after.draws}) == 2
    assert problem_codes() == set()


def test_an_expert_handles_the_case_in_no_post(world: World) -> None:
    """Whoever gets a post after the draw still may not propose, decide or even read as an officer what they review."""
    case_id = world.accepted("qualification")
    member = drawn(world, case_id)[0]
    with unit_of_work(SYSTEM) as work:
        authority = work.session.get_one(Authority, world.province.authority)
        for role in (Role.EXAMINER, Role.APPROVER):
            parties.give_post(work, work.session.get_one(Person, member), authority, role, held_from=date(2020, 1, 1))
    with pytest.raises(Forbidden):
        reviews.panel_page(world.actor(member), case_id)
    with pytest.raises(Forbidden):
        record = panels.record_opinion
        record(world.actor(member), case_id, OPINION)
    assert reviews.review_page(world.actor(member), case_id).is_open


# The ballots


def test_all_vote_once_and_the_result_follows_from_the_votes(world: World) -> None:
    case_id = world.accepted("qualification")
    panel = drawn(world, case_id)
    for place, person in enumerate(panel):
        vote(world, case_id, person, meets=place != 2)
    with pytest.raises(Conflict) as twice:
        vote(world, case_id, panel[2])
    assert twice.value.code == "voted-already"
    with pytest.raises(Conflict) as late:
        panels.decline(world.actor(panel[2]), case_id, "有利害关系。")
    assert late.value.code == "voted-already"
    with pytest.raises(Invalid):
        panels.record_opinion(examiner(world), case_id, "  ")
    record_opinion(world, case_id)
    page = world.page(case_id)
    told = page.view.evaluation
    assert (page.state, page.view.standing) == (State.ACCEPTED, None)
    assert told is not None
    assert (told["passed"], told["votes_for"], told["votes"], told["opinion"]) == (True, 4, 5, OPINION)


@pytest.mark.parametrize(("in_favour", "passed"), [(5, True), (4, True), (3, False), (0, False)])
def test_two_thirds_of_all_members_pass_it(world: World, in_favour: int, passed: bool) -> None:
    case_id = world.accepted("qualification")
    for place, person in enumerate(drawn(world, case_id)):
        vote(world, case_id, person, meets=place < in_favour)
    record_opinion(world, case_id)
    assert (view(world, case_id).evaluation or {})["passed"] is passed
    if passed:
        return
    world.verify(case_id)
    with pytest.raises(Conflict) as refused:
        actions.propose(examiner(world), case_id, grant=True, opinion="符合条件。")
    assert refused.value.code == "evaluation-needed"


def test_a_ballot_needs_a_vote_and_a_reason_for_every_group_of_conditions(world: World) -> None:
    case_id = world.accepted("qualification")
    person = drawn(world, case_id)[0]
    with pytest.raises(Invalid) as incomplete:
        ballots.cast(world.actor(person), case_id, Vote(None, {**REASONS, "premises": ""}))
    assert {field.path for field in incomplete.value.fields} == {"meets", "reason_premises"}
    with pytest.raises(ReauthenticationNeeded):
        ballots.cast(world.actor(person, second_factor=False), case_id, Vote(True, REASONS))


def test_who_does_not_sit_there_neither_votes_nor_looks(world: World) -> None:
    case_id = world.accepted("qualification")
    panel = drawn(world, case_id)
    outside = next(person for person in fill_pool(world) if person not in panel)
    for nobody in (outside, world.province.examiner, world.applicant, world.stranger):
        with pytest.raises(NotFound):
            ballots.cast(world.actor(nobody), case_id, Vote(True, REASONS))
        with pytest.raises(NotFound):
            reviews.review_page(world.actor(nobody), case_id)
    assert reviews.mine(world.actor(outside)) == []


def test_nobody_sees_the_ballot_of_another_before_all_have_voted(world: World) -> None:
    case_id = world.accepted("qualification")
    panel = drawn(world, case_id)
    for person in panel[:-1]:
        vote(world, case_id, person)
    before = reviews.panel_page(examiner(world), case_id)
    assert before is not None
    assert (before.missing, [member.ballot for member in before.members]) == (1, [None] * 5)
    assert reviews.review_page(world.actor(panel[-1]), case_id).ballot is None
    with pytest.raises(Conflict) as early:
        record_opinion(world, case_id)
    assert early.value.code == "ballots-missing"
    assert panels.remind(examiner(world), case_id) == 1
    vote(world, case_id, panel[-1], meets=False)
    after = reviews.panel_page(examiner(world), case_id)
    assert after is not None
    assert [member.ballot.meets for member in after.members if member.ballot] == [True] * 4 + [False]
    own = reviews.review_page(world.actor(panel[0]), case_id).ballot
    assert own is not None
    assert own.person_id == panel[0]
    with pytest.raises(NotFound):
        reviews.panel_page(world.actor(world.applicant), case_id)


def test_after_the_review_an_expert_has_only_the_own_ballot(world: World) -> None:
    case_id = world.accepted("qualification")
    review(world, case_id)
    person = view(world, case_id).panel[0]
    page = reviews.review_page(world.actor(person), case_id)
    assert (page.is_open, page.submission, page.ballot is not None) == (False, None, True)
    with pytest.raises(NotFound):
        reviews.document_page(world.actor(person), case_id, 1, 1)
    (line,) = reviews.mine(world.actor(person))
    assert (line.is_open, line.voted_at is not None) == (False, True)


@pytest.mark.parametrize("change", [{"meets": False}, {"reasons": {"staff": "改过"}}, {"person_id": 1}])
def test_a_ballot_that_somebody_edits_is_found(world: World, change: dict[str, object]) -> None:
    assert {"ballot", "expert", "recognition_report"} <= set(PROTECTED)
    case_id = world.accepted("qualification")
    review(world, case_id)
    assert problem_codes() == set()
    with unit_of_work(SYSTEM) as work:
        first = work.session.query(Ballot).order_by(Ballot.id).first()
        assert first is not None
        work.session.execute(update(Ballot).where(Ballot.id == first.id).values(**change))
    assert problem_codes() == {"not-in-log", "not-in-tables"}


def test_a_body_is_not_commissioned_where_experts_review(world: World) -> None:
    case_id = world.accepted("qualification")
    with pytest.raises(Conflict) as refused:
        actions.commission(examiner(world), case_id, body="某中心", expected_days=5)
    assert refused.value.code == "experts-review"
    with pytest.raises(Conflict) as other:
        panels.draw_panel(world.actor(world.examiner), world.accepted(), expected_days=5)
    assert other.value.code == "case-moved-on"


# The check on site


def test_two_officers_check_on_site_and_the_clock_runs_on(world: World) -> None:
    case_id = world.accepted("qualification")
    before = world.page(case_id).case.due_on
    there = (world.province.examiner, world.province.verifier)
    site_checks.record_site_check(examiner(world), case_id, SiteCheck(date(2026, 3, 2), there, REASONS))
    page = world.page(case_id)
    assert (page.state, page.case.due_on, page.timeline[-1].event) == (State.ACCEPTED, before, Event.SITE_CHECKED)
    (check,) = page.view.site_checks
    assert (check["officers"], check["findings"]) == (sorted(there), REASONS)
    member = drawn(world, case_id)[0]
    assert reviews.review_page(world.actor(member), case_id).site_checks == page.view.site_checks
    with pytest.raises(Conflict):
        site_checks.record_site_check(examiner(world), case_id, SiteCheck(date(2026, 3, 2), there, REASONS))


@pytest.mark.parametrize(
    ("officers", "day", "findings", "wrong"),
    [
        (("examiner", "examiner"), date(2026, 3, 2), REASONS, {"officers"}),
        (("examiner",), date(2026, 3, 2), REASONS, {"officers"}),
        (("examiner", "applicant"), date(2026, 3, 2), REASONS, {"officers"}),
        (("examiner", "verifier"), date(2026, 3, 1), REASONS, {"day"}),
        (("examiner", "verifier"), date(2026, 3, 3), REASONS, {"day"}),
        (("examiner", "verifier"), None, {**REASONS, "staff": ""}, {"day", "finding_staff"}),
    ],
)
def test_a_check_on_site_is_by_two_officers_within_the_examination(
    world: World, officers: tuple[str, ...], day: date | None, findings: dict[str, str], wrong: set[str]
) -> None:
    case_id = world.accepted("qualification")
    people = {"examiner": world.province.examiner, "verifier": world.province.verifier, "applicant": world.applicant}
    with pytest.raises(Invalid) as refused:
        check = SiteCheck(day, tuple(people[one] for one in officers), findings)
        site_checks.record_site_check(examiner(world), case_id, check)
    assert {field.path for field in refused.value.fields} == wrong
