"""The bureau of the province that recognises inspection bodies, with keys and people, and an application for a qualification that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from stdnum.iso7064 import mod_11_2

from licensing.parties import actions as parties
from licensing.parties.queries import authority_by_code
from licensing.parties.tables import OfficePost
from licensing.policy import SYSTEM, Role
from licensing.settings import Settings
from licensing.storage import reading, unit_of_work
from licensing.trust.keys import ensure_authority_keys

LONG_AGO = date(2020, 1, 1)
KEYS_FROM = datetime(2026, 1, 1, tzinfo=UTC)
JIANGSU = {
    "code": "320000",
    "name": "江苏省气象局",
    "english_name": "Jiangsu Meteorological Bureau",
    "uscc": "12320000466007512A",
    "level": "province",
    "region_code": "320000",
    "number_place": "苏",
    "kid": 3,
    "phone": "025-83287000",
    "address": "江苏省南京市雨花台区龙翔路 10 号",
}
PEOPLE = {
    "intake": ("秦雨桐", Role.INTAKE),
    "examiner": ("邵振邦", Role.EXAMINER),
    "second_examiner": ("费思齐", Role.EXAMINER),
    "verifier": ("闵致远", Role.VERIFIER),
    "approver": ("唐建华", Role.APPROVER),
    "second_approver": ("祁连山", Role.APPROVER),
    "supervisor": ("郁文茵", Role.SUPERVISOR),
}


@dataclass(frozen=True, slots=True)
class Province:
    """Ids of the bureau of the province and its people."""

    authority: int
    intake: int
    examiner: int
    second_examiner: int
    verifier: int
    approver: int
    second_approver: int
    supervisor: int


def settle_province(settings: Settings) -> Province:
    """The bureau and its people, registered with keys the first time. It stands beside the other authorities, not above them."""
    found = _found()
    if found is None:
        keys = (str(JIANGSU["code"]), str(JIANGSU["name"]), str(JIANGSU["uscc"]), bytes([int(str(JIANGSU["kid"]))]))
        ensure_authority_keys(settings.keys, *keys, not_before=KEYS_FROM)
        with unit_of_work(SYSTEM) as work:
            authority = parties.register_authority(work, region_prefixes=("32",), matters=("qualification",), **JIANGSU)
            for name, role in PEOPLE.values():
                parties.give_post(work, parties.register_person(work, name=name), authority, role, held_from=LONG_AGO)
        found = _found()
    assert found is not None
    return found


def _found() -> Province | None:
    with reading(SYSTEM) as look:
        authority = authority_by_code(look.session, str(JIANGSU["code"]))
        if authority is None:
            return None
        posts = look.session.scalars(select(OfficePost).where(OfficePost.authority_id == authority.id))
        ids = {post.person.name: post.person_id for post in posts}
        return Province(authority=authority.id, **{part: ids[name] for part, (name, _) in PEOPLE.items()})


def qualification_answers(company: Mapping[str, str], grade: str = "2", **body: str) -> dict[str, Any]:
    """An application for grade A (``1``) or B (``2``) with nothing missing and every condition just met."""
    seniors, intermediates = (2, 6) if grade == "1" else (1, 3)
    staff = [_person(number, "1") for number in range(seniors)]
    staff += [_person(number, "2") for number in range(seniors, seniors + intermediates)]
    answers: dict[str, Any] = {
        "body": {
            **{name: company[name] for name in ("name", "uscc", "address", "legal_representative", "contact_name", "contact_phone")},
            "region": company["region_code"],
            "established_on": "2019-05-10",
            **body,
        },
        "qualification": {"grade": grade},
        "technical_head": {
            **{name: staff[0][name] for name in ("name", "id_number", "title", "title_certificate_number", "speciality")},
            "years": "4" if grade == "1" else "2",
        },
        "staff": staff,
        "instruments": [
            {
                "kind": kind,
                "model": "ETCR3000",
                "serial_number": f"2023-{number}",
                "certificate_number": f"苏检2026-{number:04d}",
                "valid_until": "2026-12-31",
                "maker": "江苏某某仪器有限公司",
            }
            for number, kind in enumerate(("06", "12", "11"), 1)
        ],
    }
    if grade == "1":
        held = {"certificate_number": "2102019001", "since": "2023-03-02", "projects": "200", "pass_rate": "90", "accident": "N"}
        answers["grade_b"] = held
    return answers


def identity_number(number: int) -> str:
    """A made-up identity number with a valid check character (GB 11643); each ``number`` gives another."""
    first = f"3201001980{1 + number % 12:02d}{1 + number % 28:02d}{number:03d}"
    return first + mod_11_2.calc_check_digit(first)


def _person(number: int, title: str) -> dict[str, str]:
    return {
        "name": "赵钱孙李周吴郑王冯陈"[number] + "明远",
        "id_number": identity_number(number),
        "title": title,
        "title_certificate_number": f"ZC-2020-{number:03d}",
        "speciality": "1",
        "years": "6",
        "employed_since": "2020-06-01",
        "insured": "Y",
    }
