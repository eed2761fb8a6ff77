"""The worklist: parts by work, risk and name, pages that follow an index, who works on what, and the cases behind a number."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
import time_machine
from world import BODY, LONG_AGO, World

from licensing.cases import actions, assigning, verifying
from licensing.cases.actions import Item
from licensing.cases.counted import Behind, Figure
from licensing.cases.leading import NOBODY, leader_page
from licensing.cases.machine import State, Turn
from licensing.cases.measuring import measure_all
from licensing.cases.tables import Case, CaseMeasure, CaseMeasureCorrection
from licensing.cases.worklist import RUNNING, Asked, Risk, page_query, saved_filters, worklist
from licensing.commitments.queries import tasks_of
from licensing.commitments.rules import Result
from licensing.demo.rules import authority_uscc
from licensing.errors import Forbidden, Invalid, NotFound
from licensing.parties import actions as parties
from licensing.parties.tables import Company, Person
from licensing.policy import SYSTEM, Role
from licensing.storage import reading, storage, unit_of_work

OPEN = Asked(states=RUNNING)
YEAR = (date(2026, 1, 1), date(2027, 1, 1))


def ids(world: World, person: int, asked: Asked = OPEN) -> list[int]:
    return [row.case.id for row in worklist(world.actor(person), asked).rows]


@pytest.mark.parametrize(
    "asked",
    [
        OPEN,
        Asked(states=tuple(State)),
        Asked(states=(State.SUBMITTED,)),
        Asked(states=(State.GRANTED,)),
        Asked(),
        Asked(states=RUNNING, search="站"),
    ],
)
@pytest.mark.parametrize("after", [None, "2026-03-09_17", "9999-12-31_17"])
def test_a_page_of_one_authority_follows_an_index_and_sorts_nothing(world: World, asked: Asked, after: str | None) -> None:
    with reading(world.actor(world.intake)) as look:
        statement = page_query(look, asked, after).limit(31).compile(storage().engine, compile_kwargs={"literal_binds": True})
        if storage().engine.dialect.name == "postgresql":
            # A table with few rows is read whole; the question is what the planner does when that costs too much.
            look.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
            look.session.execute(sa.text("SET LOCAL enable_sort = off"))
            look.session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
            explain = "EXPLAIN "
        else:
            explain = "EXPLAIN QUERY PLAN "
        plan = "\n".join(str(tuple(row)) for row in look.session.connection().exec_driver_sql(explain + str(statement).replace("%", "%%")))
    assert "ix_case_file_everything" in plan or "ix_case_file_worklist" in plan, plan
    assert "TEMP B-TREE" not in plan, plan
    assert "Sort" not in plan, plan


def test_pages_follow_one_another_where_many_cases_share_a_day_or_have_none(world: World) -> None:
    first = world.submitted()
    standing = world.accepted()
    actions.commission(world.actor(world.examiner), standing, body=BODY, expected_days=5)
    expected = {first, standing, *world.copies(first, 7), *world.copies(standing, 6)}
    measure_all()
    seen: list[int] = []
    after: str | None = None
    while True:
        page = worklist(world.actor(world.intake), OPEN, after=after, size=4)
        seen += [row.case.id for row in page.rows]
        after = page.next_key
        if after is None:
            break
    assert len(seen) == len(expected)
    assert set(seen) == expected


def test_risk_parts_the_open_cases_by_their_day(world: World, morning: time_machine.Traveller) -> None:
    late = world.accepted()
    morning.move_to(datetime(2026, 3, 11, 1, tzinfo=UTC))
    standing = world.accepted()
    actions.commission(world.actor(world.examiner), standing, body=BODY, expected_days=5)
    morning.move_to(datetime(2026, 3, 12, 1, tzinfo=UTC))
    soon = world.accepted()
    # accepted on 2 and 12 March, ten working days each: until the 16th and the 26th
    morning.move_to(datetime(2026, 3, 23, 1, tzinfo=UTC))
    assert ids(world, world.examiner, replace(OPEN, risk=Risk.LATE)) == [late]
    assert ids(world, world.examiner, replace(OPEN, risk=Risk.SOON)) == [soon]
    assert ids(world, world.examiner, replace(OPEN, risk=Risk.STANDING)) == [standing]
    morning.move_to(datetime(2026, 3, 20, 1, tzinfo=UTC))
    assert ids(world, world.examiner, replace(OPEN, risk=Risk.SOON)) == []


def test_a_search_finds_whatever_the_case_of_its_letters(world: World) -> None:
    case_id = world.submitted(name="Dock 7 改造")
    world.submitted()
    number = world.page(case_id).case.public_number
    for search in ("dock 7", "DOCK", number.lower()):
        assert ids(world, world.intake, replace(OPEN, search=search)) == [case_id]
    assert ids(world, world.intake, replace(OPEN, search="%")) == []


def test_who_works_on_a_case_is_a_note_that_anybody_may_take_over(world: World) -> None:
    first, second = world.accepted(), world.accepted()
    assigning.assign(world.actor(world.approver), [first, second], world.examiner)
    assert ids(world, world.intake, replace(OPEN, holder=world.examiner)) == [first, second]
    assigning.assign(world.actor(world.second_examiner), [first], world.second_examiner)
    assert ids(world, world.intake, replace(OPEN, holder=world.second_examiner)) == [first]
    actions.commission(world.actor(world.examiner), first, body=BODY, expected_days=5)
    assert world.page(first, world.intake).holder.id == world.second_examiner
    assigning.release(world.actor(world.examiner), first)
    assert ids(world, world.intake, replace(OPEN, free=True)) == [first]


def test_cases_go_only_to_colleagues_outside_the_company_and_all_or_none(world: World) -> None:
    first, second = world.accepted(), world.accepted()
    with pytest.raises(Invalid) as refused:
        assigning.assign(world.actor(world.examiner), [first, second], world.applicant)
    assert refused.value.code == "not-a-colleague"
    with unit_of_work(SYSTEM) as work:
        person, company = work.session.get_one(Person, world.approver), work.session.get_one(Company, world.company)
        parties.give_seat(work, person, company, Role.APPLICANT, held_from=LONG_AGO)
    with pytest.raises(Invalid):
        assigning.assign(world.actor(world.examiner), [first], world.approver)
    with pytest.raises(Forbidden):
        assigning.assign(world.actor(world.approver), [first], world.examiner)
    with pytest.raises(NotFound):
        assigning.assign(world.actor(world.examiner), [first, 999], world.examiner)
    with pytest.raises(NotFound):
        assigning.assign(world.actor(world.stranger), [first], world.examiner)
    assert ids(world, world.intake, replace(OPEN, free=True)) == [first, second]


def test_a_case_is_new_until_it_was_seen_and_again_when_something_happens(world: World) -> None:
    case_id = world.submitted()

    def unseen(person: int) -> bool:
        return worklist(world.actor(person), OPEN).rows[0].unseen

    assert unseen(world.intake)
    assigning.mark_seen(world.actor(world.intake), [case_id])
    assert not unseen(world.intake)
    assert unseen(world.examiner)
    actions.accept(world.actor(world.intake), case_id)
    assert unseen(world.intake)


def test_filters_are_kept_by_name_and_are_ones_own(world: World) -> None:
    actor, other = world.actor(world.intake), world.actor(world.examiner)
    assigning.save_filter(actor, " 迟 ", {"risk": "late"})
    assigning.save_filter(actor, "迟", {"risk": "soon"})
    kept = saved_filters(actor)
    assert [(one.name, one.asked) for one in kept] == [("迟", {"risk": "soon"})]
    assert saved_filters(other) == []
    with pytest.raises(NotFound):
        assigning.drop_filter(other, kept[0].id)
    with pytest.raises(Invalid) as unnamed:
        assigning.save_filter(actor, "  ", {})
    assert unnamed.value.code == "name-needed"
    for number in range(assigning.MOST_FILTERS - 1):
        assigning.save_filter(actor, str(number), {})
    with pytest.raises(Invalid) as full:
        assigning.save_filter(actor, "one more", {})
    assert full.value.code == "too-many-filters"
    assigning.drop_filter(actor, kept[0].id)
    assigning.save_filter(actor, "one more", {})


def test_figures_of_a_small_year_by_hand(world: World, morning: time_machine.Traveller) -> None:
    corrected = world.submitted(region="320106")
    actions.request_correction(world.actor(world.intake), corrected, [Item("project.name", "名称不全")])
    refused = world.proposed(grant=False)
    open_case = world.accepted()
    assigning.assign(world.actor(world.intake), [open_case], world.examiner)
    morning.move_to(datetime(2026, 3, 18, 1, tzinfo=UTC))
    actions.refuse(world.actor(world.approver), refused, "检测不合格。", late="staff_shortage")
    page = leader_page(world.actor(world.supervisor))
    march = date(2026, 3, 1)
    assert page.monthly[Figure.RECEIVED] == {march: 3}
    assert page.monthly[Figure.ACCEPTED] == {march: 2}
    assert page.monthly[Figure.DECIDED] == {march: 1}
    (matter, found), *_ = page.spreads
    # proposed on the day of acceptance, decided twelve working days later: the approver was late
    assert (matter.code, found.median, found.ninetieth, found.late) == ("design_review", 12, 12, 1)
    assert page.late_by == {Turn.APPROVER: 1}
    assert page.late_now == {State.ACCEPTED: 1}
    assert page.open == 2
    assert page.corrected == {0: 2, 1: 1}
    assert [(target.code, count) for _, target, count in page.items] == [("project.name", 1)]
    assert page.proofs == (), "a design review knows no promises"
    loads = {load.person: (load.open, load.accepted, load.proposed, load.decided) for load in page.loads}
    assert loads[world.examiner] == (1, 0, 1, 0)
    assert loads[world.intake] == (0, 2, 0, 0)
    assert loads[world.approver] == (0, 0, 0, 1)
    assert loads[NOBODY] == (1, 0, 0, 0)
    assert {one.code: (one.received, one.decided, one.late) for one in page.regions} == {"320104": (2, 1, 1), "320106": (1, 0, 0)}
    assert leader_page(world.actor(world.supervisor), region="320106").total(Figure.RECEIVED) == 1
    assert leader_page(world.actor(world.supervisor), matter="completion_acceptance").total(Figure.RECEIVED) == 0
    behind = Asked(states=tuple(State), behind=Behind(Figure.LATE, *YEAR, item=Turn.APPROVER))
    assert ids(world, world.supervisor, behind) == [refused]


def test_promises_are_counted_by_proof_and_untrue_only_when_that_was_decided(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.accepted("completion_acceptance")

    def used() -> dict[str, tuple[int, int, int]]:
        page = leader_page(world.actor(world.supervisor), matter="completion_acceptance")
        return {use.proof.code: (use.promised, use.handed_in, use.untrue) for use in page.proofs}

    promised = {"factory_certificate": (1, 0, 0), "installation_record": (1, 0, 0)}
    assert used() == promised
    untrue = Asked(states=tuple(State), behind=Behind(Figure.UNTRUE, *YEAR))
    with reading(SYSTEM) as look:
        task = next(task for task in tasks_of(look.session, case_id) if task.commitment.proof == "factory_certificate")
    verifying.record_finding(world.actor(world.verifier), task.id, Result.UNTRUE, world.report(task.id, Result.UNTRUE))
    assert used() == promised
    assert ids(world, world.supervisor, untrue) == []
    morning.move_to(datetime(2026, 4, 2, 1, tzinfo=UTC))
    verifying.terminate(world.actor(world.approver), case_id, "承诺不实。")
    assert used() == {**promised, "factory_certificate": (1, 0, 1)}
    assert ids(world, world.supervisor, untrue) == [case_id]


def test_only_a_supervisor_reads_the_figures_and_only_those_of_the_own_authority(world: World) -> None:
    world.submitted()
    for person in (world.intake, world.approver, world.applicant):
        with pytest.raises(Forbidden):
            leader_page(world.actor(person))
    with unit_of_work(SYSTEM) as work:
        other = parties.register_authority(
            work,
            region_prefixes=("3202",),
            matters=(),
            code="WX",
            name="无锡市气象局",
            uscc=authority_uscc("320200"),
            level="city",
            region_code="320200",
            number_place="锡",
            kid=2,
        )
        person = parties.register_person(work, name="许静")
        parties.give_post(work, person, other, Role.SUPERVISOR, held_from=LONG_AGO)
    assert leader_page(world.actor(person.id)).total(Figure.RECEIVED) == 0


def test_measures_that_are_missing_are_made_up_for_and_come_out_the_same(world: World) -> None:
    world.proposed(grant=False)
    corrected = world.submitted()
    actions.request_correction(world.actor(world.intake), corrected, [Item("project.name", "名称不全")])
    world.draft()

    def measures() -> list[tuple[object, ...]]:
        with reading(SYSTEM) as look:
            rows = look.session.execute(sa.select(CaseMeasure.__table__).order_by(CaseMeasure.case_id)).all()
            items = look.session.execute(
                sa.select(CaseMeasureCorrection.__table__).order_by(*CaseMeasureCorrection.__table__.primary_key)
            ).all()
            return [tuple(row) for row in (*rows, *items)]

    before = measures()
    with unit_of_work(SYSTEM) as work:
        work.session.execute(sa.delete(CaseMeasureCorrection))
        work.session.execute(sa.delete(CaseMeasure))
    assert measure_all() == 2
    assert measures() == before
    assert measure_all() == 0


def test_the_order_of_a_case_is_its_day_or_the_end_of_days(world: World) -> None:
    running, draft = world.submitted(), world.draft()
    with reading(SYSTEM) as look:
        rows = {row.id: row for row in look.session.scalars(sa.select(Case))}
        assert rows[running].sort_on == rows[running].due_on
        assert rows[draft].sort_on == date(9999, 12, 31)
