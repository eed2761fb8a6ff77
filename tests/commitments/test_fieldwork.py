"""Verification in the field through its actions: who came along, what is kept, and what is verified after the decision."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from PIL import Image
from sqlalchemy import select
from world import LONG_AGO, World

from licensing.cases import actions, fieldwork, promises, verifying
from licensing.cases.fieldwork import Show
from licensing.catalogue import load_catalogue
from licensing.commitments import editions
from licensing.commitments.queries import tasks_of
from licensing.commitments.rules import Result
from licensing.commitments.tables import Verification, VerificationDraft
from licensing.commitments.verification import OPEN
from licensing.documents.previews import preview
from licensing.errors import Conflict, Forbidden, Invalid, NotFound
from licensing.parties import actions as parties
from licensing.parties.tables import Company, Person
from licensing.policy import SYSTEM, Role
from licensing.selfcheck import row_problems
from licensing.storage import reading, storage, unit_of_work
from licensing.trust.current import current_trust_list

PROOF = "factory_certificate"
GPS, MAKER, ORIENTATION = 0x8825, 0x010F, 0x0112


def task_of(case_id: int, proof: str = PROOF) -> Verification:
    with reading(SYSTEM) as look:
        return next(task for task in reversed(tasks_of(look.session, case_id)) if task.commitment.proof == proof)


def photograph(width: int = 640, height: int = 480) -> bytes:
    """A picture with the place, the device and a quarter turn written into it, as telephones do."""
    exif = Image.Exif()
    exif[MAKER], exif[ORIENTATION] = "Telephone of 冯秋实", 6
    exif[GPS] = {1: "N", 2: (32.0, 3.0, 30.0), 3: "E", 4: (118.0, 46.0, 40.0)}
    content = io.BytesIO()
    Image.new("RGB", (width, height), (180, 190, 200)).save(content, "JPEG", exif=exif, comment=b"Telephone")
    return content.getvalue()


def test_a_photograph_is_kept_as_it_came_and_shown_without_place_and_device(world: World) -> None:
    task, verifier, original = task_of(world.accepted("completion_acceptance")), world.actor(world.verifier), photograph(4000, 3000)
    assert b"Telephone" in original
    fieldwork.add_material(verifier, task.id, "铭牌.jpg", original)
    [file] = fieldwork.task_page(verifier, task.id).files
    assert fieldwork.material_of(verifier, task.id, file.id)[1] == original
    shown = fieldwork.preview_of(world.actor(world.examiner), task.id, file.id)
    with Image.open(io.BytesIO(shown)) as picture:
        assert (picture.size, dict(picture.getexif()), set(picture.info) & {"exif", "comment", "icc_profile"}) == ((900, 1200), {}, set())
    assert b"Telephone" not in shown
    with pytest.raises(NotFound):
        fieldwork.preview_of(world.actor(world.stranger), task.id, file.id)


def test_a_preview_is_drawn_of_every_kind_that_is_taken() -> None:
    for mode, kind in (("RGBA", "PNG"), ("P", "PNG"), ("L", "JPEG"), ("CMYK", "JPEG")):
        content = io.BytesIO()
        Image.new(mode, (20, 10)).save(content, kind)
        assert (preview(content.getvalue()) or b"").startswith(b"\xff\xd8"), (mode, kind)
    assert preview(b"no picture") is None


def test_who_comes_along_is_an_officer_of_the_authority_and_not_of_the_company(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    task, verifier = task_of(case_id), world.actor(world.verifier)
    with unit_of_work(SYSTEM) as work:
        parties.give_seat(
            work,
            work.session.get_one(Person, world.intake),
            work.session.get_one(Company, world.company),
            Role.APPLICANT,
            held_from=LONG_AGO,
        )
    offered = fieldwork.task_page(verifier, task.id).colleagues
    assert world.examiner in offered
    assert not {world.verifier, world.intake, world.stranger, world.applicant} & set(offered)
    for second in (None, world.verifier, world.intake, world.applicant, 10**6, "x"):
        with pytest.raises(Invalid) as refused:
            verifying.record_finding(verifier, task.id, Result.TRUE, {**world.report(task.id), "second": second})
        assert [field.code for field in refused.value.fields] == ["second-needed"], second
    verifying.record_finding(verifier, task.id, Result.TRUE, world.report(task.id))
    assert task_of(case_id).report["second_name"] == "赵志强"


def test_what_was_typed_is_kept_for_each_person_until_the_result_is_recorded(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    task = task_of(case_id)
    mine, other = world.actor(world.verifier), world.actor(world.examiner)
    fieldwork.add_material(mine, task.id, "铭牌.jpg", photograph())
    [file] = fieldwork.task_page(mine, task.id).files
    fieldwork.keep_typed(mine, task.id, {"finding": "铭牌"}, {file.id: "配电间铭牌", 999: "nothing"})
    fieldwork.keep_typed(mine, task.id, {"finding": "铭牌一致"}, {})
    assert fieldwork.task_page(mine, task.id).typed == {"finding": "铭牌一致"}
    assert fieldwork.task_page(other, task.id).typed == {}
    assert fieldwork.task_page(other, task.id).files[0].caption == "配电间铭牌"
    for person in (world.intake, world.approver):
        with pytest.raises(Forbidden):
            fieldwork.keep_typed(world.actor(person), task.id, {}, {})
    verifying.record_finding(other, task.id, Result.TRUE, {**world.report(task.id), "second": world.verifier})
    with reading(SYSTEM) as look:
        assert look.session.scalars(select(VerificationDraft)).all() == []
    assert task_of(case_id).report["files"] == [{"filename": "铭牌.jpg", "sha256": file.sha256, "caption": "配电间铭牌"}]
    with pytest.raises(Conflict) as late:
        fieldwork.keep_typed(mine, task.id, {"finding": "x"}, {})
    assert late.value.code == "verification-done"


def test_a_file_of_a_recorded_verification_that_is_exchanged_is_found(world: World) -> None:
    task = task_of(world.accepted("completion_acceptance"))
    fieldwork.add_material(world.actor(world.verifier), task.id, "铭牌.jpg", photograph())
    verifying.record_finding(world.actor(world.verifier), task.id, Result.TRUE, world.report(task.id))

    def found() -> set[str]:
        with reading(SYSTEM) as look:
            return {problem.code for problem in row_problems(look.session, storage().files, current_trust_list(world.settings))}

    before = found()
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Verification, task.id).files[0].caption = "另一处"
    assert found() - before == {"verification-files-differ"}


def test_what_is_verified_after_the_decision_holds_up_no_permit_and_is_due_thirty_working_days_later(
    world: World, morning: time_machine.Traveller
) -> None:
    proposal = editions.draft(world.actor(world.supervisor), PROOF, {"verified": "after"}, "先证后核")
    editions.put_in_force(world.actor(world.second_supervisor), proposal, date(2026, 3, 2), 1)
    case_id = world.proposed("completion_acceptance")
    with reading(SYSTEM) as look:
        assert [task.commitment.proof for task in tasks_of(look.session, case_id)] == ["installation_record"], "before: only the other one"
    licence = world.grant(case_id)
    task = task_of(case_id)
    assert (task.occasion, task.state, task.due_on) == ("after_decision", OPEN, date(2026, 4, 14))
    assert load_catalogue().proof(PROOF).verification_days == 30
    morning.move_to(datetime(2026, 4, 15, 1, 0, tzinfo=UTC))
    late = fieldwork.verification_worklist(world.actor(world.verifier), show=Show.LATE)
    assert [(row.task.id, row.days_left) for row in late.rows] == [(task.id, -1)]
    verifying.record_finding(world.actor(world.verifier), task.id, Result.UNTRUE, world.report(task.id, Result.UNTRUE, "型号不符。"))
    with reading(SYSTEM) as look:
        from licensing.proceedings.tables import Proceeding

        [proceeding] = look.session.scalars(select(Proceeding).where(Proceeding.licence_id == licence.id))
    assert proceeding.state == "notified"


def test_a_case_that_is_refused_leaves_nothing_to_verify_afterwards(world: World) -> None:
    proposal = editions.draft(world.actor(world.supervisor), PROOF, {"verified": "after"}, "先证后核")
    editions.put_in_force(world.actor(world.second_supervisor), proposal, date(2026, 3, 2), 1)
    case_id = world.proposed("completion_acceptance", grant=False)
    actions.refuse(world.actor(world.approver), case_id, "检测不合格。")
    with reading(SYSTEM) as look:
        assert [task.occasion for task in tasks_of(look.session, case_id)] == ["before_decision"]


def test_the_worklist_is_read_in_parts_and_page_by_page(world: World, morning: time_machine.Traveller) -> None:
    cases = [world.accepted("completion_acceptance", name=f"{place}号站") for place in range(3)]
    verifier = world.actor(world.verifier)
    promises.withdraw_promise(world.actor(world.applicant), cases[0], "installation_record", "找到了原件")
    seen, days, after = [], [], None
    while True:
        page = fieldwork.verification_worklist(verifier, after=after, size=2)
        seen += [row.task.id for row in page.rows]
        days += [row.due_on or date.max for row in page.rows]
        if page.next_key is None:
            break
        after = page.next_key
    assert days == sorted(days), "where the clock stands comes last"
    assert len(seen) == len(set(seen)) == 5, "six promises, one of them withdrawn"
    fieldwork.keep_typed(verifier, seen[3], {"finding": "begun"}, {})
    assert [row.task.id for row in fieldwork.verification_worklist(verifier, show=Show.MINE).rows] == [seen[3]]
    assert fieldwork.verification_worklist(world.actor(world.examiner), show=Show.MINE).rows == ()
    assert fieldwork.verification_worklist(verifier, show=Show.LATE).rows == ()
    verifying.record_finding(verifier, seen[0], Result.TRUE, world.report(seen[0]))
    assert [row.task.id for row in fieldwork.verification_worklist(verifier, show=Show.DONE).rows] == [seen[0]]
    morning.shift(timedelta(days=60))
    assert len(fieldwork.verification_worklist(world.actor(world.verifier), show=Show.LATE).rows) >= 2
