"""The qualification certificates of the inspection bodies, issued as if they had been applied for on paper."""

from __future__ import annotations

from datetime import datetime, time
from functools import partial

from sqlalchemy import select

from licensing.catalogue import load_catalogue
from licensing.clock import CHINA
from licensing.demo.cast import Bureau, Firm
from licensing.demo.stage import Stage
from licensing.demo.stories import QUALIFICATION
from licensing.licences import actions as licences
from licensing.licences.production import produce
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.moments import rehearse
from licensing.parties.queries import authority, company
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work

TYPE = "qualification_certificate"


def moment_of(firm: Firm) -> datetime:
    """When the certificate of ``firm`` was decided."""
    if firm.issued is None:
        raise ValueError(firm.name)
    return datetime.combine(firm.issued, time(10, 20), tzinfo=CHINA)


def certify(stage: Stage, firm: Firm, place: int) -> None:
    """Issue the certificate of ``firm``, unless it has one; ``place`` is its place among the bodies."""
    known = _known(firm)
    if known is not None and known.status != Status.INTENT:
        return
    with rehearse(moment_of(firm)):
        licence_id = known.id if known else _intend(stage, firm)
        stage.hand_over((place, QUALIFICATION), partial(_put_in_force, licence_id), moment_of(firm))


def bureau_of(stage: Stage, firm: Firm) -> Bureau:
    """The provincial authority that recognises inspection bodies where ``firm`` is at home."""
    province = firm.details["region_code"][:2]
    return next(bureau for bureau in stage.cast.bureaus if QUALIFICATION in bureau.matters and bureau.prefixes == (province,))


def _known(firm: Firm) -> Licence | None:
    with reading(SYSTEM) as look:
        return look.session.scalar(select(Licence).where(Licence.holder_code == firm.uscc, Licence.type == TYPE, Licence.version == 1))


def _intend(stage: Stage, firm: Firm) -> int:
    bureau = bureau_of(stage, firm)
    words = stage.cast.wording[QUALIFICATION]
    printed = {
        "body": {name: firm.details[name] for name in ("legal_representative", "address")},
        QUALIFICATION: {name: words[name][firm.grade] for name in ("grade", "scope")},
    }
    kind = load_catalogue().licence_type(TYPE)
    with unit_of_work(SYSTEM) as work:
        licence = licences.intend(
            work,
            kind,
            authority(work.session, stage.ids.authorities[bureau.code]),
            company(work.session, stage.ids.companies[firm.name]),
            project=None,
            opinion=words["opinion"],
            answers=printed,
            number_parts={"grade": firm.grade, "province": kind.provinces[firm.details["region_code"][:2]]},
        )
        return licence.id


def _put_in_force(licence_id: int) -> Licence:
    file_sha256 = produce(licence_id)
    with unit_of_work(SYSTEM) as work:
        return licences.put_in_force(work, licence_id, file_sha256)
