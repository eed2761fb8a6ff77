"""A second authority beside that of the world, a third above both, and people in their posts."""

from __future__ import annotations

from dataclasses import dataclass

from world import KEYS_FROM, LONG_AGO, World

from licensing.parties import actions as parties
from licensing.parties.queries import authority_by_code
from licensing.parties.tables import Authority
from licensing.policy import SYSTEM, Role
from licensing.storage import unit_of_work
from licensing.trust.keys import ensure_authority_keys

KUNSHAN = {
    "code": "320583",
    "name": "昆山市气象局",
    "english_name": "Kunshan Meteorological Bureau",
    "uscc": "123205834660075206",
    "level": "county",
    "region_code": "320583",
    "number_place": "昆",
    "kid": 2,
    "phone": "0512-57550000",
    "address": "江苏省苏州市昆山市玉山镇马鞍山中路 518 号",
}
JIANGSU = {
    "code": "320000",
    "name": "江苏省气象局",
    "english_name": "Jiangsu Meteorological Bureau",
    "level": "province",
    "region_code": "320000",
    "number_place": "苏",
}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Ids of the second authority and its people, and of the province and its people."""

    kunshan: int
    intake: int
    examiner: int
    verifier: int
    approver: int
    province: int
    overseer: int
    province_examiner: int


def settle(world: World) -> Neighbours:
    """Register them: Kunshan with keys, the province without; both cities stand below it."""
    kid = int(str(KUNSHAN["kid"]))
    name, uscc = str(KUNSHAN["name"]), str(KUNSHAN["uscc"])
    ensure_authority_keys(world.settings.keys, str(KUNSHAN["code"]), name, uscc, bytes([kid]), not_before=KEYS_FROM)
    with unit_of_work(SYSTEM) as work:
        matters = ("design_review", "completion_acceptance")
        province = authority_by_code(work.session, JIANGSU["code"]) or parties.register_authority(
            work, region_prefixes=("32",), matters=("qualification",), **JIANGSU
        )
        kunshan = parties.register_authority(work, region_prefixes=("320583",), matters=matters, parent_id=province.id, **KUNSHAN)
        nanjing = work.session.get_one(Authority, world.authority)
        nanjing.parent_id = province.id

        def posted(name: str, authority: Authority, role: Role) -> int:
            person = parties.register_person(work, name=name)
            parties.give_post(work, person, authority, role, held_from=LONG_AGO)
            return person.id

        return Neighbours(
            kunshan=kunshan.id,
            intake=posted("徐卫东", kunshan, Role.INTAKE),
            examiner=posted("俞建芳", kunshan, Role.EXAMINER),
            verifier=posted("朱敏", kunshan, Role.VERIFIER),
            approver=posted("顾正华", kunshan, Role.APPROVER),
            province=province.id,
            overseer=posted("罗启明", province, Role.SUPERVISOR),
            province_examiner=posted("沈佩兰", province, Role.EXAMINER),
        )
