"""Sample licences, issued with the local keys through the real pipeline: for verifiers to try, never to rely on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from stdnum.cn import uscc

from licensing.catalogue import load_catalogue
from licensing.documents.uploads import safe_filename
from licensing.licences.actions import intend, put_in_force
from licensing.licences.production import produce
from licensing.licences.tables import Licence
from licensing.parties import actions as parties
from licensing.parties import queries as party_queries
from licensing.parties.tables import Authority
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Work, open_storage, storage, unit_of_work
from licensing.storage.migrations import upgrade
from licensing.trust import checkpoints
from licensing.trust.current import current_trust_list
from licensing.trust.keys import ensure_authority_keys, ensure_test_tsa
from licensing.trust.publication import publish
from licensing.trust.timestamps import TEST

KID = 250
WITHOUT_CAP = 1_000_000
AUTHORITY = {
    "code": "SAMPLE",
    "name": "样例市气象局",
    "english_name": "Sample City Meteorological Bureau",
    "uscc": "11990100MB0A00001L",
    "level": "city",
    "region_code": "990100",
    "number_place": "样",
    "kid": KID,
}
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class Holder:
    """A company that receives samples, with what it builds; an inspection body builds nothing."""

    name: str
    project: str
    address: str


HOLDERS = (
    Holder("样例市城东石化销售有限公司", "城东加油站改扩建工程", "样例市城东区滨江路18号"),
    Holder("样例市金桥燃气有限公司", "金桥液化天然气储配站", "样例市金桥镇振兴大道6号"),
    Holder("样例市㛃䶮化工有限公司", "㛃䶮精细化工厂房二期", "样例市化工园区创业路1号"),
    Holder("样例市云岭旅游开发有限公司", "云岭风景区索道及游客中心", "样例市云岭镇游客中心1号"),
    Holder("样例市𬭎𫓧新材料有限公司", "𬭎𫓧新材料产业园甲类仓库", "样例市临港区海港路99号"),
    Holder("样例市第一烟花爆竹有限责任公司", "南山烟花爆竹仓储库区", "样例市南山镇烟花路2号"),
    Holder(
        "样例省能源投资集团新能源科技发展股份有限公司样例市分公司",
        "样例市西部新城氢能综合利用示范基地加氢站及配套储运设施建设工程(一期)",
        "样例市西部新城能源大道与创新路交叉口东北角",
    ),
    Holder("样例市𠅤𡋤矿业有限公司", "𠅤𡋤石灰石矿炸药库", "样例市石门镇矿山路8号"),
)
BODIES = (
    Holder("样例市安泰防雷检测有限公司", "", "样例市高新区科技路66号"),
    Holder("样例省气安雷电防护技术服务中心有限责任公司", "", "样例市开发区纬三路12号"),
    Holder("样例市㛃𬭎检测技术有限公司", "", "样例市城东区学府路3号"),
)
GRADES = (("甲级", "第一类、第二类、第三类防雷建筑物的雷电防护装置检测"), ("乙级", "第三类防雷建筑物的雷电防护装置检测"))
TYPES = ("design_approval", "acceptance_opinion", "qualification_certificate")


def issue_samples(settings: Settings, folder: Path, count: int) -> Iterator[dict[str, Any]]:
    """Issue ``count`` licences into ``folder``; each entry of the manifest as soon as its file is there.

    Makes keys, database and the sample authority when they are missing. Numbers continue where an earlier run stopped; the manifest
    and ``trust.pem`` are written at the end, the manifest with the entries of earlier runs before the new ones.
    """
    # Who holds the keys needs no protection from a thousand licences in a minute.
    settings = settings.model_copy(update={"signer_rate": WITHOUT_CAP})
    authority_id = _prepare(settings)
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else []
    try:
        for _ in range(count):
            entries.append(_issue_one(authority_id, folder))
            yield entries[-1]
    finally:
        checkpoints.publish_soon(settings)
        manifest.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        (folder / "trust.pem").write_bytes(current_trust_list(settings).to_pem())


def _prepare(settings: Settings) -> int:
    upgrade(open_storage(settings).engine)
    code, name, credit_code = (str(AUTHORITY[key]) for key in ("code", "name", "uscc"))
    ensure_authority_keys(settings.keys, code, name, credit_code, bytes([KID]))
    if settings.tsa == TEST:
        ensure_test_tsa(settings.keys)
    with unit_of_work(SYSTEM) as work:
        publish(work, settings)
        found = work.session.scalar(select(Authority).where(Authority.code == code))
        if found is None:
            matters = tuple(matter.code for matter in load_catalogue().matters)
            found = parties.register_authority(work, region_prefixes=("9901",), matters=matters, **AUTHORITY)
        return found.id


def _issue_one(authority_id: int, folder: Path) -> dict[str, Any]:
    with unit_of_work(SYSTEM) as work:
        licence_id = _intend_next(work, authority_id)
    file_sha256 = produce(licence_id)
    with unit_of_work(SYSTEM) as work:
        licence = put_in_force(work, licence_id, file_sha256)
    content = storage().files.get(file_sha256)
    name = safe_filename(f"{licence.number}.pdf")
    (folder / name).write_bytes(content)
    return {
        "number": licence.number,
        "identifier": licence.identifier,
        "holder": licence.holder,
        "type": licence.type,
        "sha256": hashlib.sha256(content).hexdigest(),
        "qr": licence.qr_text,
        "check_code": licence.check_code,
        "status": licence.status,
        "file": name,
    }


def _intend_next(work: Work, authority_id: int) -> int:
    authority = party_queries.authority(work.session, authority_id)
    before = work.session.scalar(select(func.count()).where(Licence.authority_id == authority_id)) or 0
    licence_type = load_catalogue().licence_type(TYPES[before % len(TYPES)])
    qualification = licence_type.category == "qualification"
    kin = BODIES if qualification else HOLDERS
    holder = kin[before // len(TYPES) % len(kin)]
    place = (*HOLDERS, *BODIES).index(holder)
    company = party_queries.company_by_uscc(work.session, sample_uscc(place)) or parties.register_company(
        work, uscc=sample_uscc(place), name=holder.name, region_code=str(AUTHORITY["region_code"])
    )
    licence = intend(
        work,
        licence_type,
        authority,
        company,
        project=None if qualification else holder.project,
        opinion="" if qualification else "经审查，符合国家有关防雷标准和规定，准予许可。",
        answers=_answers(holder, GRADES[before % 2]),
        number_parts={"grade": str(1 + before % 2), "province": "99"},
    )
    return licence.id


def _answers(holder: Holder, grade: tuple[str, str]) -> Mapping[str, Any]:
    return {
        "body": {"legal_representative": "李䶮", "address": holder.address},
        "qualification": {"grade": grade[0], "scope": grade[1]},
        "project": {
            "name": holder.project,
            "address": holder.address,
            "use": "易燃易爆场所",
            "total_floor_area_m2": "1240.50 ㎡",
            "design_approval_number": "样气雷审字(2025)第0001号",
            "lightning_class": "第二类",
        },
        "design_unit": {"name": "样例省建筑设计研究院有限公司"},
        "builder": {"name": "样例省第三建设工程有限公司"},
    }


def sample_uscc(place: int) -> str:
    """A credit code with valid check characters for the sample company ``place`` (GB 32100-2015, GB 11714-1997)."""
    organisation = f"MA0{place:05d}"
    total = sum(weight * int(character, 36) for weight, character in zip(_WEIGHTS, organisation, strict=True))
    body = f"91{AUTHORITY['region_code']}{organisation}{'0123456789X'[-total % 11]}"
    return body + str(uscc.calc_check_digit(body))
