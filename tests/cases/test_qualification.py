"""An inspection body applies for a qualification at the bureau of its province; the conditions of the law are checked on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from qualifying import identity_number, qualification_answers
from world import COMPANY, OTHER_COMPANY, World, tiny_pdf

from licensing.cases import actions, conditions, drafts
from licensing.cases.actions import Item
from licensing.cases.health import problems
from licensing.cases.machine import State
from licensing.cases.submission import printed_answers
from licensing.cases.tables import CaseMeasure
from licensing.cases.worklist import Asked, worklist
from licensing.catalogue import load_catalogue
from licensing.errors import Conflict, FieldError, Invalid, NotFound
from licensing.licences.face import number_parts
from licensing.licences.record import from_canonical
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work


def refused(world: World, case_id: int) -> list[FieldError]:
    """What the door says to an application that is not complete."""
    with pytest.raises(Invalid) as caught:
        actions.submit(world.actor(world.applicant), case_id)
    assert caught.value.code == "incomplete"
    return list(caught.value.fields)


def changed(world: World, case_id: int, section: str, values: Any) -> None:
    version = world.page(case_id).case.draft_version
    drafts.save_section(world.actor(world.applicant), case_id, section, values, version)


def licence(licence_id: int, **values: Any) -> Licence:
    """The licence, with ``values`` written into the register behind the back of all actions."""
    with unit_of_work(SYSTEM) as work:
        found = work.session.get_one(Licence, licence_id)
        for name, value in values.items():
            setattr(found, name, value)
        return found


def second_body(world: World) -> World:
    """The same world, in which the other company applies."""
    return replace(world, company=world.other_company, applicant=world.stranger)


def remarks(world: World, case_id: int) -> list[tuple[str, str]]:
    found = conditions.checklist(world.actor(world.province.examiner), case_id)
    assert found is not None
    return [(remark.kind, str(remark.sentence)) for remark in found.remarks]


def raised(world: World, number: str) -> int:
    """A draft for grade A on the grade-B certificate ``number``."""
    case_id = world.draft("qualification", grade="1")
    changed(world, case_id, "grade_b", {**qualification_answers(COMPANY, "1")["grade_b"], "certificate_number": number})
    return case_id


def test_a_qualification_is_decided_by_the_province_where_the_body_is_registered(world: World) -> None:
    page = world.page(world.accepted("qualification"))
    assert (page.state, page.case.authority_id) == (State.ACCEPTED, world.province.authority)
    assert (page.case.region_code, page.case.project_name) == ("320104", COMPANY["name"])
    with pytest.raises(NotFound):
        world.page(page.case.id, world.examiner)
    with reading(SYSTEM) as look:
        assert look.session.get_one(CaseMeasure, page.case.id).region == "320104"
        assert list(problems(look.session)) == []


def test_a_body_of_a_province_without_a_bureau_is_told_so(world: World) -> None:
    with pytest.raises(Invalid) as caught:
        actions.submit(world.actor(world.applicant), world.draft("qualification", region="330106"))
    assert caught.value.code == "no-authority"


def test_worklists_name_the_body(world: World) -> None:
    case_id = world.submitted("qualification")
    [row] = worklist(world.actor(world.province.intake), Asked(search="金陵石化")).rows
    assert (row.case.id, row.case.project_name) == (case_id, COMPANY["name"])


def test_a_draft_has_its_name_from_the_start_and_keeps_what_is_known(world: World) -> None:
    case = world.page(drafts.start(world.actor(world.applicant), world.company, "qualification")).case
    assert case.project_name == COMPANY["name"]
    assert case.answers["body"]["region"] == COMPANY["region_code"]
    assert case.answers["body"]["legal_representative"] == COMPANY["legal_representative"]


@pytest.mark.parametrize("grade", ["1", "2"])
def test_whoever_meets_the_conditions_is_let_in(world: World, grade: str) -> None:
    page = world.page(world.submitted("qualification", grade=grade))
    found = conditions.checklist(world.actor(world.province.examiner), page.case.id)
    assert found is not None
    assert found.day == date(2026, 3, 2)
    assert all(finding.met for finding in found.findings)


def test_a_condition_that_is_not_met_closes_the_door_at_its_answer(world: World) -> None:
    case_id = world.draft("qualification")
    staff = qualification_answers(COMPANY)["staff"]
    changed(world, case_id, "staff", [staff[0], {**staff[1], "insured": "N"}])
    assert [(error.code, error.path) for error in refused(world, case_id)] == [
        ("intermediate-titles", "staff"),
        ("social-insurance", "staff.1.insured"),
    ]
    task = next(task for task in world.page(case_id).tasks if task.code == "staff")
    assert (task.state, [error.code for error in task.missing]) == ("incomplete", ["intermediate-titles", "social-insurance"])


def test_what_only_grade_a_needs_is_asked_of_grade_a_alone(world: World) -> None:
    case_id = world.draft("qualification", grade="1")
    changed(world, case_id, "qualification", {"grade": "2"})
    assert "grade_b" not in {task.code for task in world.page(case_id).tasks}
    actions.submit(world.actor(world.applicant), case_id)
    assert "grade_b" not in world.page(case_id).view.submissions[-1].answers


def test_no_promise_is_offered_and_every_paper_is_asked_for(world: World) -> None:
    case_id = world.draft("qualification", grade="1")
    page = world.page(case_id)
    assert (dict(page.proofs), {task.kind for task in page.tasks}) == ({}, {"section", "document"})
    for slot in ("social_insurance", "premises_proof", "grade_a_achievements"):
        drafts.remove_document(world.actor(world.applicant), case_id, page.documents[slot][0].id)
    assert [error.path for error in refused(world, case_id)] == [
        "document:social_insurance",
        "document:premises_proof",
        "document:grade_a_achievements",
    ]


def test_a_paper_that_no_promise_replaces_can_be_corrected(world: World) -> None:
    case_id = world.submitted("qualification")
    items = [Item("proof:social_insurance", "缺少最近一个月的缴费记录。"), Item("qualification.grade", "请核对等级。")]
    actions.request_correction(world.actor(world.province.intake), case_id, items)
    drafts.add_document(world.actor(world.applicant), case_id, "social_insurance", "补充.pdf", tiny_pdf())
    changed(world, case_id, "qualification", {"grade": "1"})
    assert world.page(case_id).case.answers["qualification"] == {"grade": "1", "scope": "1"}
    changed(world, case_id, "qualification", {"grade": "2"})
    actions.submit(world.actor(world.applicant), case_id)
    assert world.page(case_id).state is State.SUBMITTED


def test_what_ended_while_a_correction_was_open_is_no_trap(world: World, morning: time_machine.Traveller) -> None:
    case_id = world.draft("qualification")
    instruments = qualification_answers(COMPANY)["instruments"]
    changed(world, case_id, "instruments", [{**instruments[0], "valid_until": "2026-03-03"}, *instruments[1:]])
    actions.submit(world.actor(world.applicant), case_id)
    actions.request_correction(world.actor(world.province.intake), case_id, [Item("document:quality_system", "缺少安全制度。")])
    morning.move_to(datetime(2026, 3, 4, 1, tzinfo=UTC))
    drafts.add_document(world.actor(world.applicant), case_id, "quality_system", "安全制度.pdf", tiny_pdf())
    actions.submit(world.actor(world.applicant), case_id)
    found = conditions.checklist(world.actor(world.province.examiner), case_id)
    assert found is not None
    assert [finding.condition.code for finding in found.findings if not finding.met] == ["instruments-in-date"]


def test_a_certificate_from_elsewhere_is_taken_as_typed_and_an_officer_has_to_look_it_up(world: World) -> None:
    case_id = world.submitted("qualification", grade="1")
    assert remarks(world, case_id) == [("look", "The certificate 2102019001 was not issued here. Look it up where it was issued.")]


def test_a_certificate_of_here_has_to_be_three_years_old(world: World) -> None:
    held = world.granted("qualification")
    case_id = raised(world, held.number)
    [error] = refused(world, case_id)
    assert (error.code, error.path) == ("certificate-too-young", "grade_b.certificate_number")
    assert str(error.sentence) == f"The certificate {held.number} was issued on 2026-03-10; grade A can follow it from 2029-03-10 on."
    licence(held.id, issued_on=date(2023, 3, 2))
    actions.submit(world.actor(world.applicant), case_id)
    assert remarks(world, case_id) == [("ok", f"The certificate {held.number} was issued here on 2023-03-02 and is in force.")]
    licence(held.id, status=Status.SUSPENDED)
    assert remarks(world, case_id) == [("conflict", f"The certificate {held.number} is not in force, so grade A cannot follow it.")]


def test_only_the_own_certificate_in_force_of_grade_b_leads_to_grade_a(world: World) -> None:
    held = world.granted("qualification", grade="1")
    case_id = raised(world, held.number)
    assert [error.code for error in refused(world, case_id)] == ["certificate-of-another-grade"]
    licence(held.id, holder_code=OTHER_COMPANY["uscc"])
    assert [error.code for error in refused(world, case_id)] == ["certificate-of-another"]
    licence(held.id, holder_code=COMPANY["uscc"], valid_until=date(2026, 3, 1))
    assert [error.code for error in refused(world, case_id)] == ["certificate-not-in-force"]


def test_a_person_in_the_staff_of_two_bodies_is_named_to_the_officer(world: World) -> None:
    held = world.granted("qualification")
    other = second_body(world)
    case_id = other.submitted("qualification", name=OTHER_COMPANY["name"])
    said = remarks(other, case_id)
    assert [kind for kind, _ in said] == ["conflict"] * 4
    assert said[0][1] == f"赵明远 also stands in the staff of {COMPANY['name']}, whose certificate {held.number} is in force."
    licence(held.id, status=Status.SUSPENDED)
    assert remarks(other, case_id) == []


def test_a_technical_head_outside_the_staff_is_named_to_the_officer(world: World) -> None:
    case_id = world.draft("qualification")
    changed(world, case_id, "technical_head", {**qualification_answers(COMPANY)["technical_head"], "id_number": identity_number(30)})
    actions.submit(world.actor(world.applicant), case_id)
    assert remarks(world, case_id) == [("look", "The technical head is not in the list of specialists.")]


def test_other_matters_have_no_checklist(world: World) -> None:
    assert conditions.checklist(world.actor(world.examiner), world.submitted()) is None


@pytest.mark.parametrize(("grade", "name", "classes"), [("1", "甲级", "第一类、第二类、第三类"), ("2", "乙级", "的第三类")])
def test_a_qualification_leads_to_a_certificate(world: World, grade: str, name: str, classes: str) -> None:
    held = world.granted("qualification", grade=grade)
    assert (held.number, held.project, held.valid_until) == (f"{grade}102026001", None, date(2031, 3, 9))
    printed = dict(from_canonical(held.record).face)
    scope = printed.pop("检测范围")
    assert classes in scope
    assert printed == {
        "单位名称": COMPANY["name"],
        "统一社会信用代码": COMPANY["uscc"],
        "资质等级": name,
        "法定代表人": COMPANY["legal_representative"],
        "住所": COMPANY["address"],
        "发证机关": "江苏省气象局",
        "发证日期": "2026年3月10日",
        "有效期至": "2031年3月9日",
    }


def test_no_certificate_is_numbered_outside_a_province() -> None:
    kind = load_catalogue().licence_type("qualification_certificate")
    answers = qualification_answers(COMPANY)
    assert number_parts(kind, answers, "440000") == {"grade": "2", "province": "19"}
    assert number_parts(load_catalogue().licence_type("design_approval"), answers, "990100") == {}
    with pytest.raises(Conflict) as caught:
        number_parts(kind, answers, "990100")
    assert caught.value.code == "province-unknown"


def test_identity_numbers_are_kept_whole_and_shown_masked(world: World) -> None:
    case_id = world.submitted("qualification")
    page = world.page(case_id)
    assert page.view.submissions[-1].answers["staff"][0]["id_number"] == identity_number(0)
    printed = printed_answers(page.matter, page.view.submissions[-1].answers)
    assert printed["staff"][0]["id_number"] == printed["technical_head"]["id_number"] == "320100********0005"
