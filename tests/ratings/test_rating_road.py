"""好差评: five levels, one for each finished case, and what the authority answers to bad ones."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
import time_machine
from world import World

from licensing.cases import actions as cases
from licensing.errors import Conflict, Forbidden, Invalid, NotFound
from licensing.notices.queries import inbox
from licensing.policy import SYSTEM
from licensing.ratings import actions, queries
from licensing.ratings.health import problems
from licensing.ratings.rules import Finding, Level, is_bad, satisfied_share
from licensing.ratings.tables import Rating
from licensing.storage import reading, unit_of_work


def finished(world: World) -> int:
    case_id = world.submitted()
    cases.withdraw(world.actor(world.applicant), case_id, "改期再报")
    return case_id


def rated(world: World, level: Level = Level.BAD, words: str = "等了太久") -> int:
    return actions.rate(world.actor(world.applicant), finished(world), level, words)


def waiting(world: World, person: int | None = None) -> list[int]:
    return [row.rating.id for row in queries.waiting(world.actor(person or world.supervisor)).rows]


def test_the_last_two_of_five_levels_are_bad() -> None:
    assert [level for level in Level if is_bad(level)] == [Level.BAD, Level.VERY_BAD]
    assert len(Level) == 5
    assert satisfied_share(dict.fromkeys(Level, 1)) == 60
    assert satisfied_share(dict.fromkeys(Level, 0)) is None


def test_a_finished_case_is_rated_once(world: World) -> None:
    case_id, actor = finished(world), world.actor(world.member)
    assert queries.of_case(actor, case_id) == (None, True)
    actions.rate(actor, case_id, 5, "  很好\u0000 ")
    rating, may_rate = queries.of_case(actor, case_id)
    assert rating is not None
    assert (rating.level, rating.words, rating.answer_due, may_rate) == (5, "很好", None, False)
    with pytest.raises(Conflict) as again:
        actions.rate(world.actor(world.applicant), case_id, 1)
    assert again.value.code == "already-rated"
    assert waiting(world) == [], "a good one needs no answer"


def test_a_running_case_and_a_draft_are_not_rated(world: World) -> None:
    for case_id in (world.submitted(), world.draft()):
        assert queries.of_case(world.actor(world.applicant), case_id) == (None, False)
        with pytest.raises(Conflict) as refusal:
            actions.rate(world.actor(world.applicant), case_id, 5)
        assert refusal.value.code == "not-finished"


@pytest.mark.parametrize("level", [0, 6, -1])
def test_only_the_five_levels_exist(world: World, level: int) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.rate(world.actor(world.applicant), finished(world), level)
    assert [field.path for field in refusal.value.fields] == ["level"]
    with pytest.raises(Invalid):
        actions.rate(world.actor(world.applicant), finished(world), 5, "长" * 501)


def test_only_the_company_rates_and_strangers_see_nothing(world: World) -> None:
    case_id = finished(world)
    with pytest.raises(NotFound):
        actions.rate(world.actor(world.stranger), case_id, 1)
    with pytest.raises(Forbidden):
        actions.rate(world.actor(world.intake), case_id, 5)


def test_a_bad_rating_waits_with_a_day_and_the_supervisors_are_told(world: World, morning: time_machine.Traveller) -> None:
    first = rated(world)
    morning.move_to("2026-03-03T01:00:00Z")
    second = rated(world, Level.VERY_BAD)
    assert waiting(world) == [first, second], "the oldest first"
    row = queries.waiting(world.actor(world.supervisor)).rows[0]
    assert (row.rating.answer_due, row.days_left) == (date(2026, 3, 9), 4)
    assert inbox(world.actor(world.supervisor)).unread == inbox(world.actor(world.second_supervisor)).unread == 2
    assert inbox(world.actor(world.examiner)).unread == 0
    morning.move_to("2026-03-11T01:00:00Z")
    assert (queries.waiting(world.actor(world.supervisor)).rows[0].days_left or 0) < 0


def test_pages_of_bad_ratings_follow_each_other(world: World) -> None:
    made = [rated(world) for _ in range(3)]
    page = queries.waiting(world.actor(world.supervisor), size=2)
    rest = queries.waiting(world.actor(world.supervisor), size=2, after=page.next_key)
    assert [row.rating.id for row in (*page.rows, *rest.rows)] == made
    assert rest.next_key is None


def test_it_is_answered_once_and_the_company_is_told(world: World) -> None:
    rating_id = rated(world)
    supervisor = world.actor(world.supervisor)
    with pytest.raises(Invalid) as incomplete:
        actions.answer(supervisor, rating_id, "", " ")
    assert [field.path for field in incomplete.value.fields] == ["finding", "answer"]
    actions.answer(supervisor, rating_id, Finding.TRUE, "已核实，向您致歉，已整改。")
    assert waiting(world) == []
    assert [row.rating.id for row in queries.waiting(supervisor, answered=True).rows] == [rating_id]
    rating, _ = queries.of_case(world.actor(world.applicant), queries.rating_page(supervisor, rating_id).case.id)
    assert rating is not None
    assert (rating.finding, rating.answer) == ("true", "已核实，向您致歉，已整改。")
    assert any("answered your rating" in notice.sentence for notice in inbox(world.actor(world.applicant)).rows)
    with pytest.raises(Conflict) as again:
        actions.answer(world.actor(world.second_supervisor), rating_id, Finding.NOT_TRUE, "再答")
    assert again.value.code == "already-answered"


def test_only_a_supervisor_answers_and_others_of_the_authority_read(world: World) -> None:
    rating_id = rated(world)
    assert queries.rating_page(world.actor(world.examiner), rating_id).ruling.allowed is False
    with pytest.raises(Forbidden):
        actions.answer(world.actor(world.examiner), rating_id, Finding.TRUE, "x")
    for person in (world.stranger, world.applicant):
        with pytest.raises(NotFound):
            queries.rating_page(world.actor(person), rating_id)
    with pytest.raises(Forbidden):
        actions.answer(world.actor(world.applicant), rating_id, Finding.TRUE, "x")


def test_figures_are_counts_only(world: World) -> None:
    for level in (Level.VERY_GOOD, Level.VERY_GOOD, Level.FAIR):
        rated(world, level)
    actions.answer(world.actor(world.supervisor), rated(world), Finding.PARTLY, "已答复")
    (figures,) = queries.figures()
    assert figures.authority.id == world.authority
    assert list(figures.counts.values()) == [2, 0, 1, 1, 0]
    assert (figures.total, figures.share, figures.to_answer, figures.answered) == (4, 75, 1, 1)


@pytest.mark.parametrize("change", ["level = 5", "words = '很好'", "answer = '别的'", "answered_at = NULL", "answer_due = NULL"])
def test_a_rating_that_was_changed_is_told(world: World, change: str) -> None:
    rating_id = rated(world)
    actions.answer(world.actor(world.supervisor), rating_id, Finding.TRUE, "已答复")
    with reading(SYSTEM) as look:
        assert list(problems(look.session)) == []
    with unit_of_work(SYSTEM) as work:
        work.session.execute(sa.text(f"UPDATE rating SET {change}"))  # noqa: S608 - the parameters above
    with reading(SYSTEM) as look:
        assert list(problems(look.session)) != []


def test_a_rating_that_was_deleted_is_told(world: World) -> None:
    rated(world)
    with unit_of_work(SYSTEM) as work:
        work.session.execute(sa.delete(Rating))
    with reading(SYSTEM) as look:
        assert {problem.code for problem in problems(look.session)} == {"not-in-tables"}
