"""A small world for the authorisation matrix: two companies before two authorities, and for each pair of them one of everything."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from life import Life
from matrix_qualifications import Bureau, Qualifications, apply_everywhere, bureau_of, newest, place_of
from neighbours import KUNSHAN, Neighbours, settle
from PIL import Image
from world import LONG_AGO, World, design_answers, tiny_pdf

from licensing.cases import (
    actions,
    archive,
    assigning,
    calendars,
    commissions,
    drafts,
    evidence,
    fieldwork,
    notes,
    objections,
    sampling,
)
from licensing.cases.actions import Item
from licensing.cases.machine import Event
from licensing.cases.tables import Case, CaseDocument, CaseNote, Commission, Objection, SavedFilter
from licensing.catalogue import load_catalogue
from licensing.clock import today
from licensing.clock.notice import shipped_text
from licensing.commitments import editions
from licensing.commitments.queries import tasks_of
from licensing.commitments.tables import Commitment
from licensing.credit import actions as credit
from licensing.credit.rules import Kind
from licensing.letters.actions import sealed_pdf
from licensing.letters.tables import Letter
from licensing.licences.operations import Operation
from licensing.notices.tables import Notice
from licensing.parties import actions as parties
from licensing.parties.queries import actor_for
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import SYSTEM, Actor, Role
from licensing.ratings import actions as ratings
from licensing.seats import actions as seats
from licensing.storage import reading, unit_of_work

MATTER = "completion_acceptance"
PROOF = "installation_record"
BEFORE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MORNING = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
"""Everything happens on this morning, except that what is granted after its publicity was made public ``BEFORE``."""
Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lot:
    """One of everything that a company has before an authority: the numbers in the addresses, by stage of the case.

    ``invited`` is the person of the invitation; ``writer`` the officer whose own the note and the filter are; ``panel`` are its experts.
    """

    company: int
    authority: int
    invited: int
    writer: int
    panel: frozenset[int]
    stages: Mapping[str, Arguments]


@dataclass(frozen=True, slots=True)
class MatrixWorld:
    """``people`` by what they are called in the matrix, None for nobody signed in; ``shared`` is what belongs to all."""

    people: Mapping[str, int | None]
    lots: tuple[Lot, ...]
    shared: Arguments
    keeper: int

    def actor(self, name: str) -> Actor:
        person = self.people[name]
        if person is None:
            return Actor(None, "")
        with reading(SYSTEM) as look:
            return actor_for(look.session, person, on=today(), second_factor_at=look.now)


def address_of(person: int) -> str:
    return f"matrix{person}@example.org"


def build_matrix_world(plain: World) -> MatrixWorld:
    """Everybody and everything, by the real actions. The clock of the world stands at ``BEFORE``, and at ``MORNING`` afterwards."""
    assert plain.clock is not None
    beside = settle(plain)
    world = bureau_of(plain)
    supervisor = _posted("倪国栋", beside.kunshan, Role.SUPERVISOR)
    for name in ("汤敏", "葛亮"):
        # Who acted in a case is not drawn to verify it.
        _posted(name, beside.kunshan, Role.VERIFIER)
    people = _people(world, beside)
    invited = people["without a task"] or 0
    worlds = tuple(_worlds(world, beside, supervisor))
    qualifications = apply_everywhere(worlds, people["expert"] or 0)
    plain.clock.move_to(MORNING)
    of_company = {one.company: _of_company(one, invited) for one in worlds[:2]}
    alone = [_lot(one, of_company[one.company], invited, more) for one, more in zip(worlds, qualifications, strict=True)]
    # Once a body is on record no other can be commissioned, so this comes last.
    for one, more in zip(worlds, qualifications, strict=True):
        one.grant(more.public)
    lots = tuple(_working(alone, worlds))
    _seal(world, lots)
    keeper = world.actor(beside.overseer)
    proposal = editions.draft(keeper, PROOF, {"verified": "after"}, "先证后核")
    shared = {
        "authority_id": beside.kunshan,
        "import_id": _import(),
        "proposal_id": proposal,
        "version": load_catalogue().proof(PROOF).version,
    }
    return MatrixWorld(people, lots, shared, beside.province)


def _people(world: World, beside: Neighbours) -> dict[str, int | None]:
    return {
        "nobody": None,
        "without a task": _person("路人"),
        "signatory": world.applicant,
        "applicant": world.member,
        "signatory of the other company": world.stranger,
        "intake": world.intake,
        "examiner": world.examiner,
        "verifier": world.verifier,
        "approver": world.approver,
        "supervisor": world.supervisor,
        "overseer": beside.overseer,
        "approver with a seat": _posted("双", world.authority, Role.APPROVER, seat=world.company),
        "expert": _person("专家"),
        "system administrator": _person("系统管理员", Role.SYSTEM_ADMIN),
        "security administrator": _person("安全管理员", Role.SECURITY_ADMIN),
        "audit administrator": _person("审计管理员", Role.AUDIT_ADMIN),
    }


def _worlds(world: Bureau, beside: Neighbours, supervisor: int) -> Iterator[Bureau]:
    there = {
        "authority": beside.kunshan,
        "intake": beside.intake,
        "examiner": beside.examiner,
        "verifier": beside.verifier,
        "approver": beside.approver,
        "supervisor": supervisor,
    }
    other = {"company": world.other_company, "other_company": world.company, "applicant": world.stranger, "stranger": world.applicant}
    yield from (world, replace(world, **other), replace(world, **there), replace(world, **there, **other))


def _working(lots: list[Lot], worlds: tuple[Bureau, ...]) -> Iterator[Lot]:
    """The lots with a case that the other company evaluates; so each company has the commission for the case of the other."""
    cases = {(world.company, world.authority): _evaluating(world) for world in worlds}
    for lot in lots:
        (other,) = (company for company, authority in cases if authority == lot.authority and company != lot.company)
        mine, theirs = cases[lot.company, lot.authority], cases[other, lot.authority]
        commission = {"commission_id": theirs["commission_id"]}
        stages = {stage: {**numbers, **commission} for stage, numbers in lot.stages.items()}
        yield replace(lot, stages={**stages, "evaluating": {**stages["accepted"], **mine, **commission}})


def _evaluating(world: World) -> dict[str, int]:
    """A case that the other company of the world evaluates, whose report waits to be used."""
    with reading(SYSTEM) as look:
        company, body = (look.session.get_one(Company, number) for number in (world.company, world.other_company))
        place = place_of(world)
    case_id, applicant = world.draft("design_review", **place), world.actor(world.applicant)
    unit = {**design_answers()["construction_unit"], "name": company.name, "uscc": company.uscc}
    drafts.save_section(applicant, case_id, "construction_unit", unit, world.page(case_id).case.draft_version)
    actions.submit(applicant, case_id)
    actions.accept(world.actor(world.intake), case_id)
    world.verify(case_id)
    actions.commission(world.actor(world.examiner), case_id, body=body.name, expected_days=5)
    commission = newest(Commission, Commission.case_id == case_id)
    said = commissions.Report("苏雷评2026-0007", today(), passed=True, opinion="符合设计规范要求。", file=("评价报告.pdf", tiny_pdf()))
    report = commissions.report(world.actor(world.stranger), commission, said)
    return {"case_id": case_id, **_of_case(case_id), "commission_id": commission, "report_id": report}


def _seal(world: World, lots: tuple[Lot, ...]) -> None:
    """Seal every paper now: the signer seals one number once, and a request whose effect is undone would ask again."""
    for letter in {numbers["letter_id"] for lot in lots for numbers in lot.stages.values()} - {0}:
        sealed_pdf(letter)
    for lot in lots:
        holder = world.actor(world.applicant if lot.company == world.company else world.stranger)
        evidence.pack_for(holder, world.settings, lot.stages["accepted"]["case_id"], lot.stages["accepted"]["commitment_id"])


def _of_company(world: World, invited: int) -> dict[str, int]:
    """What a company has before no authority: a seat that can be ended, and an open invitation."""
    with unit_of_work(SYSTEM) as work:
        colleague = parties.register_person(work, name="小赵")
        seat = parties.give_seat(work, colleague, work.session.get_one(Company, world.company), Role.APPLICANT, held_from=LONG_AGO)
        seat_id = seat.id
    letter, until = ("授权书.pdf", tiny_pdf()), today() + timedelta(days=90)
    invitation = seats.invite(
        world.actor(world.applicant),
        world.company,
        address=address_of(invited),
        kind="agent",
        held_until=until,
        letter=letter,
        person_id=None,
    )
    return {"company_id": world.company, "seat_id": seat_id, "invitation_id": invitation}


def _lot(world: Bureau, of_company: Arguments, invited: int, qualifications: Qualifications) -> Lot:
    place = place_of(world)
    number = {"design_approval_number": world.granted("design_review", **place).number, **place}
    licence = world.granted(MATTER, **number)
    granted, accepted = licence.case_id or 0, world.accepted(MATTER, **number)
    of_all = {
        **of_company,
        "licence_id": licence.id,
        "proceeding_id": Life(world).propose(licence.id, Operation.SUSPEND),
        "rating_id": ratings.rate(world.actor(world.applicant), granted, 1, "太慢"),
        "draw_id": sampling.draw(world.actor(world.supervisor), world.authority, 100),
        "notice_id": newest(Notice, Notice.company_id == world.company),
        "entry_id": _entry(world),
        "filter_id": _filter(world),
        "objection_id": _objection(world, place),
        **_verification(world, accepted),
    }
    cases = {
        "draft": world.draft(MATTER, **number),
        "submitted": world.submitted("design_review", **place),
        "accepted": accepted,
        "proposed": world.proposed("design_review", **place),
        "granted": granted,
        "refused": _refused(world, place),
        "archived": _archived(world, place),
        "qualifying": qualifications.examined,
        "reviewing": qualifications.reviewed,
        "qualified": qualifications.public,
    }
    notes.write(world.actor(world.examiner), accepted, "请核对图纸。")
    stages = {stage: {**of_all, "case_id": case, **_of_case(case)} for stage, case in cases.items()}
    stages["licence"] = {**stages["granted"], "letter_id": newest(Letter, Letter.licence_id == licence.id)}
    stages["refused"]["sequence"] = _sequence(cases["refused"], Event.REFUSED)
    stages["reviewing"].update(qualifications.named)
    return Lot(world.company, world.authority, invited, world.examiner, qualifications.panel, stages)


def _objection(world: Bureau, place: Mapping[str, str]) -> int:
    """An objection to a notice of correction that waits for its answer."""
    case_id = world.submitted("design_review", **place)
    actions.request_correction(world.actor(world.intake), case_id, [Item("project.name", "名称不全。")])
    objections.object_to(world.actor(world.applicant), case_id, _sequence(case_id, Event.CORRECTION_REQUESTED), "名称是完整的。")
    return newest(Objection, Objection.case_id == case_id)


def _refused(world: Bureau, place: Mapping[str, str]) -> int:
    """A refusal to which nobody has objected. At one of the two authorities it has another place among the events of its case."""
    case_id = world.proposed("design_review", grant=False, **place)
    if place["region"] == KUNSHAN["region_code"]:
        actions.return_proposal(world.actor(world.approver), case_id, "请写明检测不合格的项目。")
        actions.propose(world.actor(world.examiner), case_id, grant=False, opinion="接地电阻不合格。")
    actions.refuse(world.actor(world.approver), case_id, "检测不合格。")
    return case_id


def _sequence(case_id: int, event: Event) -> int:
    with reading(SYSTEM) as look:
        return next(one.sequence for one in look.session.get_one(Case, case_id).events if one.type == event)


def _archived(world: Bureau, place: Mapping[str, str]) -> int:
    """A case that was withdrawn before anybody wrote a letter, so that its file could be closed at once."""
    case_id = world.submitted("design_review", **place)
    actions.withdraw(world.actor(world.applicant), case_id, "项目推迟。")
    archive.archive(SYSTEM, world.settings, case_id)
    return case_id


def _filter(world: World) -> int:
    assigning.save_filter(world.actor(world.examiner), "急件", {"show": "mine"})
    return newest(SavedFilter, SavedFilter.person_id == world.examiner)


def _verification(world: World, case_id: int) -> dict[str, int]:
    """An open verification with a photograph."""
    with reading(SYSTEM) as look:
        task = tasks_of(look.session, case_id)[0].id
    verifier = world.actor(world.verifier)
    fieldwork.add_material(verifier, task, "铭牌.jpg", _picture())
    return {"task_id": task, "file_id": fieldwork.task_page(verifier, task).files[0].id}


def _of_case(case_id: int) -> dict[str, int]:
    """What lies in a case; a stage that has no such thing names nothing."""
    return {
        "document_id": newest(CaseDocument, CaseDocument.case_id == case_id),
        "letter_id": newest(Letter, Letter.case_id == case_id),
        "commitment_id": newest(Commitment, Commitment.case_id == case_id),
        "note_id": newest(CaseNote, CaseNote.case_id == case_id),
    }


def _entry(world: World) -> int:
    with reading(SYSTEM) as look:
        uscc = look.session.get_one(Company, world.company).uscc
    return credit.enter_by_officer(
        world.actor(world.supervisor),
        world.authority,
        uscc=uscc,
        kind=Kind.OTHER,
        source="年度检查",
        effect="提醒",
        published=True,
        ends_on=None,
    )


def _import() -> int:
    more = '    { name = "labour_day", first = 2026-03-19, last = 2026-03-19, make_up = [] },\n]'
    return calendars.import_year(SYSTEM, (shipped_text(2026) or "").replace("\n]", "\n" + more), based_on=None)


def _picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (64, 48), (180, 190, 200)).save(content, "JPEG")
    return content.getvalue()


def _person(name: str, admin: Role | None = None) -> int:
    with unit_of_work(SYSTEM) as work:
        return parties.register_person(work, name=name, admin_role=admin).id


def _posted(name: str, authority: int, *roles: Role, seat: int | None = None) -> int:
    person_id = _person(name)
    with unit_of_work(SYSTEM) as work:
        person = work.session.get_one(Person, person_id)
        for role in roles:
            parties.give_post(work, person, work.session.get_one(Authority, authority), role, held_from=LONG_AGO)
        if seat is not None:
            parties.give_seat(work, person, work.session.get_one(Company, seat), Role.APPLICANT, held_from=LONG_AGO)
    return person_id
