"""A small true-to-life world for tests: one authority with keys, two companies, people in every post, and answers that hold.

``build_world(settings)`` fills the open storage; ``open_world(settings)`` opens an empty one first. Who acts is made afresh with
``world.actor(person)``, second factor just shown. ``submitted``, ``accepted``, ``proposed`` and ``granted`` walk the road to a licence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import time_machine
from qualifying import Province, qualification_answers, settle_province
from reviewing import after_publicity, review

from licensing.cases import actions, drafts, fieldwork, issuing, promises, queries, verifying
from licensing.cases.actions import EvaluationResult
from licensing.cases.tables import Case, CaseEvent
from licensing.clock import now, today
from licensing.commitments.queries import tasks_of
from licensing.commitments.rules import Choice, Result, everything_accepted
from licensing.commitments.verification import OPEN
from licensing.documents.uploads import Inspected, inspect
from licensing.licences.tables import Licence
from licensing.parties import actions as parties
from licensing.parties.queries import actor_for
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import SYSTEM, Actor, Role
from licensing.settings import Settings
from licensing.storage import Work, open_storage, reading, storage, unit_of_work
from licensing.storage.migrations import upgrade
from licensing.trust.keys import ensure_authority_keys

LONG_AGO = date(2020, 1, 1)
BODY = "江苏防雷检测中心"
KEYS_FROM = datetime(2026, 1, 1, tzinfo=UTC)
NANJING = {
    "code": "320100",
    "name": "南京市气象局",
    "english_name": "Nanjing Meteorological Bureau",
    "uscc": "123201004660075195",
    "level": "city",
    "region_code": "320100",
    "number_place": "宁",
    "kid": 1,
    "phone": "025-52000000",
    "address": "江苏省南京市浦口区江淼路88号",
}
COMPANY = {
    "uscc": "91320104MA1NXY7R8L",
    "name": "南京金陵石化销售有限公司",
    "address": "江苏省南京市秦淮区中山南路 88 号",
    "postcode": "210001",
    "legal_representative": "王建国",
    "contact_name": "李文静",
    "contact_phone": "13800000001",
    "region_code": "320104",
}
OTHER_COMPANY = {"uscc": "91320106MA20QKJ458", "name": "南京鼓楼燃气有限公司", "region_code": "320106"}


@dataclass(frozen=True, slots=True)
class World:
    """Ids of everything; plain numbers, usable in any session."""

    settings: Settings
    authority: int
    company: int
    other_company: int
    applicant: int
    member: int
    stranger: int
    intake: int
    examiner: int
    verifier: int
    approver: int
    second_approver: int
    supervisor: int
    second_supervisor: int
    second_verifier: int
    second_examiner: int
    clock: time_machine.Traveller | None = None

    def actor(self, person: int, *, second_factor: bool = True) -> Actor:
        """The person as an actor at this moment."""
        with reading(SYSTEM) as look:
            return actor_for(look.session, person, on=today(), second_factor_at=now() if second_factor else None)

    @property
    def province(self) -> Province:
        """The bureau that recognises inspection bodies, registered when a test first asks for it."""
        return settle_province(self.settings)

    def office(self, matter: str) -> World | Province:
        """Whose officers handle ``matter``."""
        return self.province if matter == "qualification" else self

    def draft(self, matter: str = "design_review", **project: str) -> int:
        """A draft with every answer, every document and a promise for every proof that may be promised.

        ``project`` are answers about the project; about the body, and ``grade``, for a qualification.
        """
        if matter == "qualification":
            return self._qualification(**project)
        actor = self.actor(self.applicant)
        case_id = drafts.start(actor, self.company, matter)
        if matter == "completion_acceptance" and "design_approval_number" not in project:
            project = {**project, "design_approval_number": self.granted("design_review").number}
        answers = design_answers() if matter == "design_review" else acceptance_answers("")
        answers["project"] = {**answers["project"], **project}
        self.fill(case_id, answers)
        return case_id

    def _qualification(self, **body: str) -> int:
        _ = self.province
        case_id = drafts.start(self.actor(self.applicant), self.company, "qualification")
        self.fill(case_id, qualification_answers(COMPANY, **body))
        return case_id

    def fill(self, case_id: int, answers: dict[str, Any]) -> None:
        """Save ``answers``, upload what has no proof, promise the rest."""
        actor, version = self.actor(self.applicant), self.page(case_id).case.draft_version
        for section, values in answers.items():
            version = drafts.save_section(actor, case_id, section, values, version)
        page = self.page(case_id)
        for material in page.matter.materials:
            if material.proof not in page.proofs:
                drafts.keep_document(actor, case_id, material.code, f"{material.name}.pdf", tiny_pdf(), _judged())
            else:
                self.promise(case_id, material.proof)

    def promise(self, case_id: int, proof: str) -> None:
        """Promise one proof with facts that hold."""
        page = self.page(case_id)
        actor = self.actor(self.applicant)
        promises.choose_proof(actor, case_id, proof, Choice.PROMISE)
        promises.sign_promise(actor, case_id, proof, facts=facts(proof), given=everything_accepted(page.proofs[proof], facts(proof)))

    def verify(self, case_id: int, outcome: Result = Result.TRUE) -> None:
        """End every open verification of the case with ``outcome``."""
        with reading(SYSTEM) as look:
            waiting = [task.id for task in tasks_of(look.session, case_id) if task.state == OPEN]
        for task_id in waiting:
            verifying.record_finding(self.actor(self.verifier), task_id, outcome, self.report(task_id, outcome))

    def report(
        self,
        task_id: int,
        outcome: Result = Result.TRUE,
        finding: str = "现场核对实物与承诺的事实。",
        *,
        verifier: int | None = None,
        second: int | None = None,
    ) -> dict[str, Any]:
        """What the verifier found on a visit of today with the examiner: each fact agrees, or the first one differs when untrue."""
        seen = {fact.code: "yes" for fact, _ in fieldwork.task_page(self.actor(verifier or self.verifier), task_id).facts}
        if outcome is Result.UNTRUE:
            seen[next(iter(seen))] = "no"
        return {"finding": finding, "facts": seen, "visited_on": today().isoformat(), "second": second or self.examiner}

    def page(self, case_id: int, person: int | None = None) -> queries.CasePage:
        """The case as the applicant, or another person, sees it."""
        return queries.case_page(self.actor(person or self.applicant), case_id)

    def submitted(self, matter: str = "design_review", **project: str) -> int:
        """A case that waits for acceptance."""
        case_id = self.draft(matter, **project)
        actions.submit(self.actor(self.applicant), case_id)
        return case_id

    def accepted(self, matter: str = "design_review", **project: str) -> int:
        """A case under examination."""
        case_id = self.submitted(matter, **project)
        actions.accept(self.actor(self.office(matter).intake), case_id)
        return case_id

    def proposed(self, matter: str = "design_review", *, grant: bool = True, **project: str) -> int:
        """A case that waits for a decision, after an evaluation or inspection that passed when ``grant``."""
        case_id = self.accepted(matter, **project)
        self.verify(case_id)
        examiner = self.actor(self.office(matter).examiner)
        if matter == "qualification":
            review(self, case_id, passed=grant)
            actions.propose(examiner, case_id, grant=grant, opinion="符合条件。" if grant else "不符合条件。")
            return case_id
        actions.commission(examiner, case_id, body=BODY, expected_days=5)
        actions.record_result(examiner, case_id, result(passed=grant))
        actions.propose(examiner, case_id, grant=grant, opinion="材料齐全，符合规定。" if grant else "检测不合格。")
        return case_id

    def granted(self, matter: str = "design_review", **project: str) -> Licence:
        """A licence in force, by the whole road. A qualification moves the clock to the morning after its publicity."""
        if matter == "qualification":
            return self.grant(after_publicity(self, **project))
        return self.grant(self.proposed(matter, **project))

    def grant(self, case_id: int, opinion: str = "经审查，符合规定，予以核准。", *, late: str = "") -> Licence:
        """The licence of a case that was proposed to be granted; ``late`` says why, where the legal date has passed."""
        office = self.office(self.page(case_id).case.matter)
        return issuing.grant(self.actor(office.approver), case_id, opinion, late=late)

    def copies(self, case_id: int, count: int) -> list[int]:
        """Further cases with the same history, each with a number of its own: quick to make, and nothing is known of them in the log."""
        with unit_of_work(SYSTEM) as work:
            original = work.session.get_one(Case, case_id)
            made = []
            for number in range(count):
                columns = {
                    column.key: getattr(original, column.key)
                    for column in Case.__table__.columns
                    if column.key != "id" and not column.computed
                }
                case = Case(**{**columns, "public_number": f"{original.public_number}-{number}"})
                work.session.add(case)
                work.session.flush()
                for event in original.events:
                    fields = {name: getattr(event, name) for name in ("sequence", "type", "at", "actor_id", "data")}
                    work.session.add(CaseEvent(case_id=case.id, **fields))
                made.append(case.id)
            return made


def build_world(settings: Settings) -> World:
    """Register everybody in the open storage and make the keys of the authority."""
    ensure_authority_keys(
        settings.keys, NANJING["code"], NANJING["name"], NANJING["uscc"], bytes([int(NANJING["kid"])]), not_before=KEYS_FROM
    )
    with unit_of_work(SYSTEM) as work:
        authority = parties.register_authority(
            work, region_prefixes=("3201",), matters=("design_review", "completion_acceptance"), **NANJING
        )
        company = parties.register_company(work, **COMPANY)
        other = parties.register_company(work, **OTHER_COMPANY)
        return World(
            settings=settings,
            authority=authority.id,
            company=company.id,
            other_company=other.id,
            applicant=_seated(work, "李文静", company, Role.APPLICANT, Role.SIGNATORY),
            member=_seated(work, "方小雨", company, Role.APPLICANT),
            stranger=_seated(work, "陈思远", other, Role.APPLICANT, Role.SIGNATORY),
            intake=_posted(work, "张晓梅", authority, Role.INTAKE),
            examiner=_posted(work, "赵志强", authority, Role.EXAMINER),
            verifier=_posted(work, "冯秋实", authority, Role.VERIFIER),
            approver=_posted(work, "周国华", authority, Role.APPROVER),
            second_approver=_posted(work, "吴海燕", authority, Role.APPROVER),
            supervisor=_posted(work, "蒋文博", authority, Role.SUPERVISOR),
            second_supervisor=_posted(work, "高敏", authority, Role.SUPERVISOR),
            second_verifier=_posted(work, "孙立新", authority, Role.VERIFIER),
            second_examiner=_posted(work, "沈佩兰", authority, Role.EXAMINER),
        )


def open_world(settings: Settings) -> World:
    """The storage of ``settings``, brought up by the real migrations, and the world in it."""
    open_storage(settings)
    upgrade(storage().engine)
    return build_world(settings)


def _seated(work: Work, name: str, company: Company, *roles: Role) -> int:
    person = parties.register_person(work, name=name)
    for role in roles:
        parties.give_seat(work, person, company, role, held_from=LONG_AGO)
    return person.id


def _posted(work: Work, name: str, authority: Authority, role: Role) -> int:
    person: Person = parties.register_person(work, name=name)
    parties.give_post(work, person, authority, role, held_from=LONG_AGO)
    return person.id


def result(*, passed: bool = True) -> EvaluationResult:
    """What the commissioned body reports, dated today."""
    opinion = "符合设计规范要求。" if passed else "接地电阻不符合要求。"
    return EvaluationResult("苏雷评2026-0001", BODY, today(), passed, opinion)


def design_answers() -> dict[str, Any]:
    """A design review with nothing missing."""
    return {
        "project": {
            "name": "城东加油站改扩建工程",
            "region": "320104",
            "address": "南京市秦淮区滨江路 18 号",
            "building_count": "2",
            "total_floor_area_m2": "1240.5",
            "max_height_m": "8.2",
            "land_area_m2": "3600",
            "use": "加油站",
            "planned_start": "2026-05-01",
            "planned_completion": "2026-10-31",
        },
        "construction_unit": _construction_unit(),
        "design_unit": _design_unit(),
        "buildings": _buildings(),
        "synopsis": {"text": "采用独立接闪杆保护油罐区，罩棚利用钢结构作接闪器。", "agent": "李文静"},
    }


def acceptance_answers(number: str) -> dict[str, Any]:
    """A completion acceptance with nothing missing, for the design approval ``number``."""
    return {
        "project": {
            "name": "城东加油站改扩建工程",
            "region": "320104",
            "address": "南京市秦淮区滨江路 18 号",
            "design_approval_number": number,
            "commenced_on": "2025-04-01",
            "completed_on": "2026-01-20",
            "lightning_class": "2",
        },
        "construction_unit": _construction_unit(),
        "design_unit": _design_unit(),
        "builder": {
            "name": "江苏苏安建设工程有限公司",
            "address": "南京市鼓楼区中央路 200 号",
            "qualification_number": "D232001234",
            "qualification_grade": "建筑工程施工总承包二级",
            "contact_name": "孙立军",
            "contact_phone": "13800000003",
            "site_manager": "刘洋",
            "site_manager_phone": "13800000004",
        },
        "buildings": _buildings(),
        "synopsis": {"text": "站房一座、油罐区一处，总建筑面积 1240.5 平方米。", "agent": "李文静"},
    }


def facts(proof: str) -> dict[str, str]:
    """Facts with which a proof can be promised."""
    return {
        "factory_certificate": {
            "product_name": "电涌保护器",
            "model": "SPD-40/4P",
            "maker": "上海某某电气有限公司",
            "quantity": "12",
            "certificate_number": "HG-2025-0816",
            "certificate_date": "2025-08-16",
        },
        "installation_record": {
            "installer": "江苏苏安建设工程有限公司",
            "product_name": "电涌保护器",
            "position": "站房配电间",
            "started_on": "2025-11-01",
            "installed_on": "2025-11-20",
            "recorder": "刘洋",
        },
    }[proof]


@cache
def _judged() -> Inspected:
    """What the sandbox says of the drawing that every draft hands in: the same each time, so it is asked once."""
    return inspect("drawing.pdf", tiny_pdf(), Settings().upload_limit)


def tiny_pdf(words: str = "drawing") -> bytes:
    """A valid PDF of one page with a line of text."""
    stream = f"BT /F1 24 Tf 72 720 Td ({words}) Tj ET".encode("ascii")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer


def _construction_unit() -> dict[str, str]:
    return {name: COMPANY[name] for name in ("name", "uscc", "address", "postcode", "contact_name", "contact_phone")}


def _design_unit() -> dict[str, str]:
    return {
        "name": "江苏华东建筑设计研究院有限公司",
        "address": "南京市建邺区江东中路 300 号",
        "qualification_number": "A132001234",
        "qualification_grade": "建筑行业甲级",
        "contact_name": "高明",
        "contact_phone": "025-86000000",
    }


def _buildings() -> list[dict[str, str]]:
    common = {"structure": "C", "power_supply": "C", "soil": "C"}
    return [
        {
            "name": "站房",
            "storeys": "2",
            "height_m": "8.2",
            "floor_area_m2": "640.5",
            "use_class": "D1",
            "drawing_number": "FL-01",
            **common,
        },
        {"name": "油罐区", "storeys": "0", "height_m": "4", "floor_area_m2": "600", "use_class": "A4", "drawing_number": "FL-02", **common},
    ]
