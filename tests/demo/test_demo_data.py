"""The data files of the demo world, and the pure parts: codes that hold, days that lie right."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from stdnum.cn import uscc

from licensing.cases.machine import FINAL, Event, State, transition
from licensing.cases.site_checks import FEWEST
from licensing.catalogue import load_catalogue
from licensing.catalogue.conditions import findings
from licensing.clock import CHINA, add_working_days, load_calendar
from licensing.demo import lives, rating
from licensing.demo.cast import Project, load_cast
from licensing.demo.certificates import moment_of
from licensing.demo.qualification import qualification_answers
from licensing.demo.steps import VERBS
from licensing.demo.stories import ACCEPTANCE, DESIGN, EVENTS, QUALIFICATION, STORIES, Act, timetable
from licensing.documents.fonts import missing_glyphs
from licensing.licences.operations import ANSWER_DAYS
from licensing.policy import Role
from licensing.ratings.rules import Level, check_answer, check_rating, is_bad

TODAY = date(2026, 11, 24)
DAYS = [TODAY, date(2026, 3, 7), date(2026, 10, 4), date(2026, 2, 14)]


def everything() -> tuple[Project, ...]:
    """Everything that is applied for."""
    return (*load_cast().projects, *load_cast().applications)


def end_of(story: str) -> State:
    """Where the machine stands after the steps of a story."""
    matter = QUALIFICATION if story in stories_of(QUALIFICATION) else DESIGN
    state, known = State.DRAFT, load_catalogue().matter(matter).procedure.steps
    for verb, _ in STORIES[story]:
        for event in EVENTS[verb]:
            row = transition(state, event, known)
            assert row is not None or event is Event.STARTED, f"{story}: {event} cannot follow in {state}"
            state = row.target if row else state
    return state


def test_credit_codes_hold_and_are_all_different() -> None:
    cast = load_cast()
    codes = [*(firm.uscc for firm in cast.firms), *(str(bureau.details["uscc"]) for bureau in cast.bureaus)]
    assert all(uscc.is_valid(code) for code in codes)
    assert len(set(codes)) == len(codes) == 55
    assert all(firm.uscc.startswith(f"91{firm.details['region_code']}") for firm in cast.firms)


def test_size_of_the_world() -> None:
    cast = load_cast()
    reviews = [project.design for project in cast.projects]
    acceptances = [project.acceptance for project in cast.projects if project.acceptance]
    licences = sum(story.startswith("granted") for story in (*reviews, *acceptances)) + len(cast.bodies)
    assert len(cast.firms) == 47
    assert 110 <= len(reviews) + len(acceptances) <= 130
    assert len(cast.applications) == 6
    assert len(cast.experts) == 8
    assert 75 <= licences <= 85
    assert Counter(firm.grade for firm in cast.bodies) == {"1": 3, "2": 5}


def test_where_promises_are_drawn_two_verifiers_can_go_whoever_examined_the_case() -> None:
    [nanjing] = [bureau for bureau in load_cast().bureaus if bureau.prefixes == ("3201",)]
    assert sum(Role.VERIFIER in officer.posts for officer in nanjing.officers) == 2
    assert any(Role.SUPERVISOR in officer.posts for officer in nanjing.officers)


@pytest.mark.parametrize("matter", [DESIGN, ACCEPTANCE])
def test_every_state_is_there_for_both_matters(matter: str) -> None:
    """A design review has no proof that may be promised, so nothing about promises happens there."""
    of_promises = {State.HAND_IN, State.NOTIFIED, State.ANSWERED, State.TERMINATED} if matter == DESIGN else set()
    assert {end_of(story) for story in stories_of(matter)} == set(State) - {State.ISSUING, State.PUBLICITY} - of_promises


def test_a_qualification_is_shown_from_its_application_to_both_ends() -> None:
    waiting = {State.SUBMITTED, State.ACCEPTED, State.EVALUATING, State.PUBLICITY}
    assert {end_of(story) for story in stories_of(QUALIFICATION)} == {*waiting, State.GRANTED, State.REFUSED}


def test_everything_that_can_happen_to_a_case_happens() -> None:
    """But for a number that was voided, and an expert who stepped down or was replaced."""
    verbs = {verb for matter in (DESIGN, ACCEPTANCE, QUALIFICATION) for story in stories_of(matter) for verb, _ in STORIES[story]}
    never = {Event.LICENCE_VOIDED, Event.EXPERT_DECLINED, Event.EXPERT_REPLACED}
    assert {event for verb in verbs for event in EVENTS[verb]} == set(Event) - never
    assert verbs == set(EVENTS) == set(VERBS)


def stories_of(matter: str) -> set[str]:
    """The stories that are told about a matter."""
    cast = load_cast()
    told = {
        DESIGN: (project.design for project in cast.projects),
        ACCEPTANCE: (project.acceptance for project in cast.projects),
        QUALIFICATION: (project.qualification for project in cast.applications),
    }
    return {story for story in told[matter] if story}


def test_a_panel_can_be_drawn_also_where_the_applicant_employs_an_expert() -> None:
    cast = load_cast()
    [province] = [bureau for bureau in cast.bureaus if bureau.experts]
    panel = load_catalogue().matter(QUALIFICATION).panel
    employers = Counter(adviser.employer for adviser in province.experts)
    assert {firm.name for firm in cast.firms if firm.application} & set(employers)
    assert panel is not None
    assert len(province.experts) - max(employers.values()) >= panel.size
    on_site = {officer.key for officer in province.officers if {Role.EXAMINER, Role.VERIFIER} & set(officer.posts)}
    assert len(on_site) >= FEWEST


@pytest.mark.parametrize("application", load_cast().applications, ids=lambda application: application.name)
def test_the_application_of_a_body_meets_every_condition(application: Project) -> None:
    answers = qualification_answers(load_cast(), application, TODAY)
    found = findings(load_catalogue().matter(QUALIFICATION), answers, today=TODAY)
    assert found
    assert all(finding.met for finding in found)


def test_an_acceptance_follows_a_granted_review() -> None:
    assert all(project.design.startswith("granted") for project in load_cast().projects if project.acceptance)


def test_regions_exist_and_have_an_authority() -> None:
    cast, catalogue = load_cast(), load_catalogue()
    prefixes = tuple(prefix for bureau in cast.bureaus if DESIGN in bureau.matters for prefix in bureau.prefixes)
    for project in cast.projects:
        assert catalogue.has_region(project.region)
        assert not catalogue.regions(project.region), f"{project.name}: the region is not the most precise one"
        assert project.region.startswith(prefixes)


def test_people_are_known_and_their_addresses_are_their_own() -> None:
    cast = load_cast()
    officers = [*(officer for bureau in cast.bureaus for officer in bureau.officers), *cast.experts]
    keys = [person.key for person in (*officers, *(somebody for somebody, _ in cast.administrators), *cast.applicants.values())]
    assert len(set(keys)) == len(keys)
    assert {key for firm in cast.firms for key in firm.people} == set(cast.applicants)
    assert all(key in keys and any(firm.name == company for firm in cast.firms) for key, company in cast.extra_seats)


def test_every_name_can_be_printed() -> None:
    names = "".join(value for firm in load_cast().firms for value in firm.details.values())
    assert "䶮" in names
    assert not missing_glyphs(names)


@pytest.mark.parametrize("today", DAYS)
def test_everything_happened_before_today_in_working_hours(today: date) -> None:
    calendar = load_calendar()
    acts = timetable(everything(), today, calendar)
    assert acts == sorted(acts, key=lambda act: act.at)
    for act in acts:
        moment = act.at.astimezone(CHINA)
        assert moment.date() < today, act
        assert calendar.is_working(moment.date())
        assert 9 <= moment.hour < 17


@pytest.mark.parametrize("today", DAYS)
def test_steps_of_a_case_follow_each_other(today: date) -> None:
    by_case: dict[tuple[int, str], list[Act]] = {}
    for act in timetable(everything(), today, load_calendar()):
        by_case.setdefault(act.key, []).append(act)
    assert len(by_case) == sum(1 + bool(project.acceptance) for project in everything())
    for (index, matter), acts in by_case.items():
        assert [act.place for act in acts] == list(range(len(acts)))
        if matter == ACCEPTANCE:
            assert by_case[index, DESIGN][-1].at < acts[0].at


@pytest.mark.parametrize("today", DAYS)
def test_what_happened_to_licences_happened_after_their_issue_and_before_today(today: date) -> None:
    cast, calendar = load_cast(), load_calendar()
    granted = {(act.project.name, act.matter): act.at for act in timetable(cast.projects, today, calendar) if act.verb == "grant"}
    issued = {firm.name: moment_of(firm) for firm in cast.bodies}
    deeds = lives.timetable(cast.lives, today, calendar)
    assert {deed.life.index for deed in deeds} == {life.index for life in cast.lives}
    for deed in deeds:
        begun = issued[deed.life.holder] if deed.life.project is None else granted[deed.life.project, deed.life.matter]
        at = deed.at.astimezone(CHINA)
        assert begun < deed.at, deed
        assert at.date() < today, deed
        assert calendar.is_working(at.date())


def test_the_lives_show_every_end_and_what_waits() -> None:
    stories = {life.story for life in load_cast().lives}
    assert stories == set(lives.STORIES) == {*lives.OPERATIONS, "rectifying"}
    assert set(lives.VERBS) == set(lives.EVENTS) == {verb for steps in lives.STORIES.values() for verb, _ in steps}
    assert len({(life.holder, life.project) for life in load_cast().lives}) == len(load_cast().lives)
    assert any(life.small for life in load_cast().lives)


def test_a_decision_lies_after_the_time_to_answer_where_nobody_answered() -> None:
    calendar = load_calendar()
    silent = [deed for deed in lives.timetable(load_cast().lives, TODAY, calendar) if deed.verb == "notice"]
    for notice in silent:
        decided = [deed for deed in lives.timetable((notice.life,), TODAY, calendar) if deed.verb in ("answer", "demand", "decide")]
        if decided and decided[0].verb == "decide":
            assert decided[0].at.date() > add_working_days(notice.at.date(), ANSWER_DAYS, calendar)


def test_the_past_is_about_a_year_long() -> None:
    first = timetable(everything(), TODAY, load_calendar())[0].at.date()
    assert 240 <= sum(1 for _ in _working_days(first)) <= 310


def _working_days(first: date) -> list[date]:
    calendar, days, day = load_calendar(), [], first
    while day < TODAY:
        days.append(day)
        day = add_working_days(day, 1, calendar)
    return days


def test_every_rating_is_one_that_people_could_give_and_each_bad_one_of_the_past_is_answered_or_waits() -> None:
    ratings = load_cast().wording["rating"]
    rated = {name: [verb for verb, _ in steps if verb in rating.VERBS] for name, steps in STORIES.items()}
    assert set(ratings) == {name for name, verbs in rated.items() if verbs}
    for name, said in ratings.items():
        level = check_rating(said["level"], said["words"])
        assert ("answer_rating" in rated[name]) == ("answer" in said)
        if "answer" in said:
            assert is_bad(level)
            check_answer(said["finding"], said["answer"])
    assert any(is_bad(Level(said["level"])) and "answer" not in said for said in ratings.values()), "one waits for its answer"


def test_no_story_leaves_the_machine() -> None:
    finished = {story for story in STORIES if end_of(story) in FINAL}
    assert finished == {name for name in STORIES if name.startswith("granted")} | {
        *("refused", "refused_objected", "refused_upheld", "review_refused", "recognised"),
        *("not_accepted", "withdrawn", "closed", "terminated", "terminated_repairing"),
    }
