"""A licence and what people do about it: short ways to each state of a proceeding."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from world import World

from licensing.catalogue import load_catalogue
from licensing.licences import actions as licences
from licensing.licences import queries
from licensing.licences.issuing import bring_out
from licensing.licences.operations import Operation
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM
from licensing.proceedings import actions, issuing
from licensing.proceedings.journal import Loaded, load
from licensing.storage import reading, unit_of_work

REASON = "经核实，情况属实。"
ANSWERS: dict[str, Any] = {
    "project": {"name": "城东加油站", "address": "滨江路 18 号", "use": "加油站", "total_floor_area_m2": "1240.5 m²"},
    "design_unit": {"name": "江苏华东建筑设计研究院有限公司"},
    "body": {"legal_representative": "王建国", "address": "南京市浦口区江淼路 88 号"},
    "qualification": {
        "grade": "甲级",
        "scope": "第一类、第二类、第三类防雷建筑物的雷电防护装置检测",
    },
}


@dataclass
class Life:
    """One authority's register and its people."""

    world: World

    def intended(self, kind: str = "design_approval") -> int:
        """A licence that waits to be produced, as if its case had just been granted. One that ends does so after a year."""
        licence_type = load_catalogue().licence_type(kind)
        with unit_of_work(SYSTEM) as work:
            return licences.intend(
                work,
                replace(licence_type, valid_years=licence_type.valid_years and 1),
                work.session.get_one(Authority, self.world.authority),
                work.session.get_one(Company, self.world.company),
                project="城东加油站" if kind == "design_approval" else None,
                opinion="经审查，予以核准。",
                answers=ANSWERS,
                number_parts={"grade": "1", "province": "10"},
            ).id

    def issued(self, kind: str = "design_approval") -> int:
        """A licence in force with its signed file."""
        return bring_out(self.intended(kind), issued=lambda _work, _licence: None, voided=lambda _work, _reason: None).id

    def quick(self, kind: str = "design_approval") -> int:
        """A licence in force whose file was never made: enough for what does not look at files."""
        licence_id = self.intended(kind)
        with unit_of_work(SYSTEM) as work:
            return licences.put_in_force(work, licence_id, "0" * 64).id

    def in_status(self, licence_id: int, status: Status) -> int:
        """Write a status into the register behind the back of all actions."""
        with unit_of_work(SYSTEM) as work:
            work.session.get_one(Licence, licence_id).status = status
        return licence_id

    def licence(self, licence_id: int) -> Licence:
        with reading(SYSTEM) as look:
            return queries.licence(look.session, licence_id)

    def status(self, licence_id: int) -> Status:
        return Status(self.licence(licence_id).status)

    def at(self, proceeding_id: int) -> Loaded:
        """The proceeding as it is now."""
        with reading(SYSTEM) as look:
            found = load(look.session, proceeding_id)
            _ = found.row.events
            return found

    def propose(self, licence_id: int, operation: Operation, **more: Any) -> int:
        return actions.propose(self.world.actor(self.world.examiner), licence_id, operation, reason=REASON, **more)

    def ask(self, licence_id: int, operation: Operation, **more: Any) -> int:
        return actions.ask(self.world.actor(self.world.applicant), licence_id, operation, reason="申请办理。", **more)

    def recommend(self, proceeding_id: int, *, grant: bool = True) -> int:
        actions.recommend(self.world.actor(self.world.examiner), proceeding_id, grant=grant, reason=REASON)
        return proceeding_id

    def answer(self, proceeding_id: int, *, hearing: bool = False) -> int:
        actions.answer(self.world.actor(self.world.applicant), proceeding_id, "我单位认为处理过重。", hearing=hearing)
        return proceeding_id

    def decide(self, proceeding_id: int, person: int | None = None) -> None:
        actions.decide(self.world.actor(person or self.world.approver), proceeding_id, REASON)

    def grant(self, proceeding_id: int, person: int | None = None) -> Licence:
        """The new version that was asked for, by the whole road from its proposal on."""
        return issuing.grant_version(self.world.actor(person or self.world.approver), proceeding_id, REASON)

    def requested(self, licence_id: int, operation: Operation, **more: Any) -> int:
        """A request that was proposed to be granted."""
        return self.recommend(self.ask(licence_id, operation, **more))

    def done(self, licence_id: int, operation: Operation) -> int:
        """An operation of the authority, heard where that is due, decided and carried out."""
        proceeding_id = self.propose(licence_id, operation)
        if self.at(proceeding_id).view.due_on is not None:
            self.answer(proceeding_id)
        self.decide(proceeding_id)
        return proceeding_id


NEW_ADDRESS = {"answers.project.address": "滨江路 18-2 号"}
LONG_AGO = date(2020, 1, 1)
