"""Notes of officers on a case: for colleagues alone, never changed, and told to who is mentioned."""

from __future__ import annotations

from datetime import date

import pytest
from office_tools import Desk, case_url, text
from portal_tools import parse

from licensing.cases import evidence, notes
from licensing.cases.tables import CaseNote
from licensing.errors import Forbidden, Invalid, NotFound
from licensing.notices.queries import inbox
from licensing.parties import actions as parties
from licensing.parties.tables import Company, Person
from licensing.policy import SYSTEM, Role
from licensing.selfcheck import row_problems
from licensing.storage import reading, storage, unit_of_work
from licensing.trust.current import current_trust_list

pytestmark = pytest.mark.slow


def messages(desk: Desk, person: int) -> list[str]:
    """The messages about notes that a person has."""
    return [notice.reference for notice in inbox(desk.world.actor(person)).rows if "note" in notice.sentence]


def test_a_note_is_read_by_colleagues_and_never_by_the_applicant(desk: Desk) -> None:
    case_id = desk.world.accepted("completion_acceptance")
    sent = desk.browser(desk.world.examiner).send(case_url(case_id, "notes"), {"note": "现场照片看不清，先问一下。"})
    assert sent.status_code == 303
    assert "现场照片看不清" in text(desk.browser(desk.world.approver).get(case_url(case_id)))
    assert "现场照片看不清" not in desk.browser(desk.world.applicant).get(f"/my/cases/{case_id}").text
    made = desk.world.page(case_id).promises[0]
    pack = evidence.pack_for(desk.world.actor(desk.world.examiner), desk.world.settings, case_id, made.id)
    assert "现场照片看不清".encode() not in pack
    for person in (desk.world.applicant, desk.world.stranger):
        with pytest.raises((Forbidden, NotFound)):
            notes.write(desk.world.actor(person), case_id, "我也想写")
    assert notes.of_case(desk.world.actor(desk.world.applicant), case_id) is None


def test_who_is_mentioned_by_name_or_picked_gets_one_message_that_leads_to_the_case(desk: Desk) -> None:
    world = desk.world
    case_id = world.accepted()
    typed = {"note": "@冯秋实请看第三页，@周国华 也看一下。", "tell": [str(world.approver), str(world.intake)]}
    assert desk.browser(world.examiner).send(case_url(case_id, "notes"), typed).status_code == 303
    number = world.page(case_id).case.public_number
    for person in (world.verifier, world.approver, world.intake):
        assert messages(desk, person) == [number]
    assert messages(desk, world.second_approver) == messages(desk, world.examiner) == []
    notice = inbox(world.actor(world.verifier)).rows[0]
    assert desk.browser(world.verifier).send(f"/messages/{notice.id}").headers["Location"] == case_url(case_id)
    assert "Told: 张晓梅、冯秋实、周国华" in text(desk.browser(world.intake).get(case_url(case_id)))


def test_a_name_that_nobody_bears_is_complained_about_and_what_was_typed_stays(desk: Desk) -> None:
    case_id = desk.world.accepted()
    for typed, complaint in (("@李文静 请看", "is called"), ("", "Write the note."), ("字" * 1001, "At most 1000")):
        answer = desk.browser(desk.world.examiner).send(case_url(case_id, "notes"), {"note": typed, "tell": "7"})
        assert answer.status_code == 422
        assert complaint in text(answer)
        box = next(node for node in parse(answer.text).iter("textarea") if node.get("id") == "note")
        assert (box.text or "").strip() == typed
    assert messages(desk, desk.world.applicant) == []
    assert desk.browser(desk.world.examiner).send(case_url(case_id, "notes"), {"note": "写信给 a@example.org"}).status_code == 303


def test_a_colleague_who_belongs_to_the_applicant_cannot_be_mentioned(desk: Desk) -> None:
    case_id = desk.world.accepted()
    with unit_of_work(SYSTEM) as work:
        person, company = work.session.get_one(Person, desk.world.verifier), work.session.get_one(Company, desk.world.company)
        parties.give_seat(work, person, company, Role.APPLICANT, held_from=date(2020, 1, 1))
    with pytest.raises(Invalid, match="冯秋实"):
        notes.write(desk.world.actor(desk.world.examiner), case_id, "@冯秋实")


def test_only_its_author_strikes_a_note_out_and_its_words_stay(desk: Desk) -> None:
    case_id = desk.world.accepted()
    note_id = notes.write(desk.world.actor(desk.world.examiner), case_id, "已电话核实。")
    strike = case_url(case_id, f"notes/{note_id}/strike")
    assert desk.browser(desk.world.approver).send(strike).status_code == 404
    for _press in range(2):
        assert desk.browser(desk.world.examiner).send(strike).status_code == 303
    tree = parse(desk.browser(desk.world.approver).get(case_url(case_id)).text)
    assert "已电话核实。" in {"".join(node.itertext()) for node in tree.iter("del")}


def test_a_note_that_is_changed_or_lost_behind_our_back_is_found(desk: Desk) -> None:
    case_id = desk.world.accepted()
    note_id = notes.write(desk.world.actor(desk.world.examiner), case_id, "已电话核实。")
    trust = current_trust_list(desk.world.settings)
    with reading(SYSTEM) as look:
        assert [problem for problem in row_problems(look.session, storage().files, trust) if "note" in problem.sentence.in_words()] == []
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(CaseNote, note_id).text = "没有核实。"
    with reading(SYSTEM) as look:
        assert [problem for problem in row_problems(look.session, storage().files, trust) if "note" in problem.sentence.in_words()]


def test_longer_names_win_and_two_people_of_one_name_are_both_meant() -> None:
    names = {1: "张晓", 2: "张晓梅", 3: "张晓梅"}
    assert notes.mentions("@张晓梅请看", names) == ({2, 3}, [])
    assert notes.mentions("@张晓，请看 x@张晓梅", names) == ({1}, [])
    assert notes.mentions("@王五", names) == (set(), ["王五"])
