"""Objections 异议: to an act on a case, in its term, answered by somebody who took no part; and by anybody while a grant is public."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa
import time_machine
from world import World

from licensing.cases import actions, evidence, extension, objections, verifying
from licensing.cases.actions import Item
from licensing.cases.journal import load
from licensing.cases.objection_queries import of_case
from licensing.cases.tables import Objection
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.ledger.tables import LedgerLeaf
from licensing.notices.queries import inbox
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work


def last(world: World, case_id: int) -> int:
    """The number of the last event of the case."""
    return world.page(case_id).case.sequence


def stored(number: str) -> Objection:
    with reading(SYSTEM) as look:
        return look.session.scalars(sa.select(Objection).where(Objection.number == number)).one()


def refused(world: World) -> int:
    case_id = world.proposed(grant=False)
    actions.refuse(world.actor(world.approver), case_id, "检测不合格。")
    return case_id


def objected(world: World, case_id: int, text: str = "检测报告的结论与现场不符。") -> Objection:
    return stored(objections.object_to(world.actor(world.applicant), case_id, last(world, case_id), text))


def test_a_refusal_is_objected_to_once_and_the_office_is_told_until_when_to_answer(world: World) -> None:
    case_id = refused(world)
    row = objected(world, case_id)
    assert (row.about, row.company_id, row.filed_by, row.name, row.contact) == ("CaseRefused", world.company, world.applicant, "", "")
    assert row.answer_due == date(2026, 3, 16), "ten working days"
    with reading(SYSTEM) as look:
        assert [one.id for one in objections.open_objections(look.session, case_id)] == [row.id]
    for person in (world.approver, world.supervisor):
        assert any(row.number in notice.facts.get("number", "") for notice in inbox(world.actor(person)).rows)
    with pytest.raises(Conflict) as again:
        objections.object_to(world.actor(world.member), case_id, last(world, case_id), "再提")
    assert again.value.code == "already-objected"


def test_a_case_that_ended_owes_no_proof_so_there_is_nothing_to_object_to_any_more(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    proof = world.page(case_id).promises[0].proof
    verifying.require_proof(world.actor(world.examiner), case_id, [proof], "现场无法核实，请提交证书。")
    required = last(world, case_id)
    assert [act.sequence for act in of_case(world.actor(world.applicant), case_id).possible] == [required]
    actions.withdraw(world.actor(world.applicant), case_id, "改期再报。")
    assert of_case(world.actor(world.applicant), case_id).possible == ()
    with pytest.raises(Conflict) as over:
        objections.object_to(world.actor(world.applicant), case_id, required, "没有依据。")
    assert over.value.code == "objection-too-late"


def test_who_took_part_does_not_answer_and_the_second_factor_is_asked(world: World) -> None:
    row = objected(world, refused(world))
    with pytest.raises(Forbidden) as own:
        objections.answer(world.actor(world.approver), row.id, "rejected", "维持。")
    assert "took part" in str(own.value)
    with pytest.raises(Forbidden):
        objections.answer(world.actor(world.examiner), row.id, "rejected", "维持。")
    for outside in (world.applicant, world.stranger):
        with pytest.raises(NotFound):
            objections.answer(world.actor(outside), row.id, "upheld", "成立。")
    with pytest.raises(ReauthenticationNeeded):
        objections.answer(world.actor(world.supervisor, second_factor=False), row.id, "rejected", "维持。")


def test_who_took_part_once_does_not_answer_though_somebody_else_did_the_same_later(world: World) -> None:
    case_id = world.proposed(grant=False)
    actions.return_proposal(world.actor(world.second_approver), case_id, "请补充说明。")
    actions.propose(world.actor(world.second_examiner), case_id, grant=False, opinion="检测不合格。")
    actions.refuse(world.actor(world.approver), case_id, "检测不合格。")
    row = objected(world, case_id)
    with pytest.raises(Forbidden):
        objections.answer(world.actor(world.second_approver), row.id, "rejected", "维持。")
    objections.answer(world.actor(world.supervisor), row.id, "rejected", "维持。")


def test_an_answer_needs_its_reasons_and_is_given_once(world: World) -> None:
    case_id = refused(world)
    row = objected(world, case_id)
    with pytest.raises(Invalid) as incomplete:
        objections.answer(world.actor(world.second_approver), row.id, "", " ")
    assert [field.path for field in incomplete.value.fields] == ["outcome", "answer"]
    before = world.page(case_id).case.sequence
    objections.answer(world.actor(world.second_approver), row.id, "rejected", "检测报告经复核无误。")
    page = world.page(case_id)
    assert page.case.sequence == before, "the ended case is not changed"
    letter = page.letters[-1]
    assert (letter.kind, letter.content["items"]) == ("D15", ["检测报告经复核无误。"])
    assert "异议不成立" in "".join(letter.content["paragraphs"])
    assert page.letters[-2].number in "".join(letter.content["paragraphs"]), "it names the letter of the refusal"
    assert "六十日" in letter.content["remedy"]
    assert any("was not upheld" in notice.sentence for notice in inbox(world.actor(world.applicant)).rows)
    with pytest.raises(Conflict) as again:
        objections.answer(world.actor(world.supervisor), row.id, "upheld", "成立。")
    assert again.value.code == "already-answered"


def test_upheld_a_new_application_takes_the_ended_case_up(world: World) -> None:
    case_id = refused(world)
    row = objected(world, case_id)
    objections.answer(world.actor(world.supervisor), row.id, "upheld", "检测报告引用了错误的规范。")
    renewed = stored(row.number).renewed_by
    assert renewed is not None
    old, new = world.page(case_id), world.page(renewed)
    assert (old.state, new.state) == ("refused", "draft")
    assert new.case.answers == dict(old.view.submissions[-1].answers)
    assert (new.documents, new.choices, new.promises) == ({}, {}, ())
    assert new.view.renews == {"case_id": case_id, "number": old.case.public_number, "objection": row.number}
    assert new.case.public_number in "".join(old.letters[-1].content["paragraphs"])
    actor = world.actor(world.applicant)
    assert evidence.letter_for(actor, case_id, old.letters[-1].id)[1].startswith(b"%PDF")


def test_the_term_is_that_of_the_remedy_from_the_day_the_letter_was_opened(world: World, morning: time_machine.Traveller) -> None:
    late, in_time, unread = (refused(world) for _ in range(3))
    for case_id in (late, in_time):
        evidence.letter_for(world.actor(world.applicant), case_id, world.page(case_id).letters[-1].id)
    # Sixty days after 2 March is 1 May, a holiday until the 5th.
    morning.move_to("2026-05-06T01:00:00Z")
    assert objected(world, in_time)
    morning.move_to("2026-05-07T01:00:00Z")
    with pytest.raises(Conflict) as refusal:
        objected(world, late)
    assert refusal.value.code == "objection-too-late"
    assert "2026-05-06" in str(refusal.value)
    assert objected(world, unread), "a letter that nobody opened has not been received"


def test_a_request_for_corrections_is_objected_to_while_it_is_open(world: World) -> None:
    case_id = world.submitted()
    actions.request_correction(world.actor(world.intake), case_id, [Item("project.use", "请写明用途")])
    asked = last(world, case_id)
    row = objected(world, case_id)
    objections.answer(world.actor(world.approver), row.id, "upheld", "用途已写明，无需补正。")
    page = world.page(case_id)
    assert (page.state, stored(row.number).renewed_by) == ("correction", None), "the ordinary acts go on"
    actions.submit(world.actor(world.applicant), case_id)
    with pytest.raises(Conflict) as refusal:
        objections.object_to(world.actor(world.applicant), case_id, asked, "再提")
    assert refusal.value.code == "already-objected"
    actions.request_correction(world.actor(world.intake), case_id, [Item("project.use", "仍请写明用途")])
    second = last(world, case_id)
    actions.submit(world.actor(world.applicant), case_id)
    with pytest.raises(Conflict) as refusal:
        objections.object_to(world.actor(world.applicant), case_id, second, "不同意")
    assert refusal.value.code == "objection-too-late"


def test_an_extension_is_objected_to_until_the_case_is_decided(world: World) -> None:
    case_id = world.proposed()
    extension.extend(world.actor(world.approver), case_id, days=5, reason="等待第三方意见。")
    extended = last(world, case_id)
    row = objected(world, case_id)
    with pytest.raises(Forbidden):
        objections.answer(world.actor(world.approver), row.id, "rejected", "维持。")
    objections.answer(world.actor(world.second_approver), row.id, "rejected", "延长有据。")
    world.grant(case_id)
    with pytest.raises(Conflict):
        objections.object_to(world.actor(world.applicant), case_id, extended, "不同意")


def test_what_is_not_against_the_applicant_is_not_objected_to(world: World) -> None:
    case_id = world.accepted()
    for sequence in (0, 1, last(world, case_id), 99):
        with pytest.raises(NotFound):
            objections.object_to(world.actor(world.applicant), case_id, sequence, "不同意")
    with pytest.raises(NotFound):
        objections.object_to(world.actor(world.stranger), refused(world), 1, "不同意")
    with pytest.raises(Forbidden):
        objections.object_to(world.actor(world.intake), case_id, 1, "不同意")


def test_anybody_objects_to_a_grant_that_is_public_with_a_name_and_a_way_to_be_reached(world: World) -> None:
    case_id = world.accepted()
    with unit_of_work(SYSTEM) as work:
        case = load(work.session, case_id)
        with pytest.raises(Invalid) as incomplete:
            objections.object_in_publicity(work, case, 3, name="", contact="请来电", text="")
        assert [field.path for field in incomplete.value.fields] == ["name", "text", "contact"]
        numbers = [
            objections.object_in_publicity(work, case, 3, name=name, contact=contact, text="安全间距不足。")
            for name, contact in (("林一鸣", "13900000009"), ("何安", "hean@example.org"))
        ]
    row = stored(numbers[0])
    assert (row.about, row.company_id, row.name, row.contact) == ("publicity", None, "林一鸣", "13900000009")
    letters = len(world.page(case_id).letters)
    objections.answer(world.actor(world.supervisor), row.id, "rejected", "间距符合规范。")
    assert len(world.page(case_id).letters) == letters, "the applicant does not read who objected"
    with reading(SYSTEM) as look:
        assert [one.number for one in objections.open_objections(look.session, case_id)] == numbers[1:]
        said = b"".join(look.session.scalars(sa.select(LedgerLeaf.entry)))
    assert "林一鸣".encode() not in said
    assert b"13900000009" not in said


def test_no_objection_is_changed_added_or_lost_unseen(world: World) -> None:
    row = objected(world, refused(world))
    with unit_of_work(SYSTEM) as work:
        assert list(objections.problems(work.session)) == []
        work.session.execute(sa.update(Objection).values(text="我同意。"))
        assert {problem.code for problem in objections.problems(work.session)} == {"not-in-log", "not-in-tables"}
        work.session.rollback()
    objections.answer(world.actor(world.supervisor), row.id, "rejected", "维持。")
    with unit_of_work(SYSTEM) as work:
        assert list(objections.problems(work.session)) == []
        work.session.execute(sa.update(Objection).values(outcome="upheld"))
        assert list(objections.problems(work.session))
        work.session.rollback()
