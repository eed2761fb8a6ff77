"""Qualifications for the authorisation matrix: both authorities recognise inspection bodies, each with a pool of experts of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from neighbours import KUNSHAN
from qualifying import Province
from reviewing import NAMES, add_expert, drawn, publicised
from sqlalchemy import func, select
from world import NANJING, World

from licensing.cases import experts
from licensing.cases.tables import Expert
from licensing.catalogue import load_catalogue
from licensing.parties import actions as parties
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work

QUALIFICATION = "qualification"
PLACES = ((NANJING, "3201"), (KUNSHAN, "320583"))


class Bureau(World):
    """A world whose authority recognises inspection bodies itself."""

    __slots__ = ()

    @property
    def province(self) -> Province:
        return Province(**{part.name: getattr(self, part.name) for part in fields(Province)})


@dataclass(frozen=True, slots=True)
class Qualifications:
    """What a company has before an authority: a case that is examined, one before its ``panel``, and one whose grant is made public.

    ``named`` is what the addresses of the review name: the list of its draw, a member of the panel, an entry of the pool.
    """

    examined: int
    reviewed: int
    public: int
    panel: frozenset[int]
    named: Mapping[str, Any]


def bureau_of(world: World) -> Bureau:
    """The same world after both authorities were given the matter."""
    with unit_of_work(SYSTEM) as work:
        for place, prefix in PLACES:
            authority = work.session.scalars(select(Authority).where(Authority.code == place["code"])).one()
            parties.give_jurisdiction(work, authority, QUALIFICATION, prefix)
    return Bureau(**{part.name: getattr(world, part.name) for part in fields(World)})


def apply_everywhere(worlds: Sequence[Bureau], expert: int) -> list[Qualifications]:
    """The qualifications of each world. ``expert`` sits on the panel of the first one, and on no other."""
    panel = load_catalogue().matter(QUALIFICATION).panel
    assert panel is not None
    first, *others = worlds
    # The pool just fills the panel, so that nobody in it is left out.
    entry = _enter(first, expert)
    reviewed = [_reviewed(first, panel.size)]
    experts.end(first.actor(first.supervisor), entry)
    reviewed += [_reviewed(world, len(NAMES)) for world in others]
    return [_qualifications(world, case_id) for world, case_id in zip(worlds, reviewed, strict=True)]


def place_of(world: World) -> dict[str, str]:
    """Where a project lies for which the authority of the world is responsible."""
    with reading(SYSTEM) as look:
        seat_of_bureau = look.session.get_one(Authority, world.authority).region_code
    return {"region": "320104" if seat_of_bureau == "320100" else seat_of_bureau}


def newest(table: Any, *conditions: Any) -> int:
    with reading(SYSTEM) as look:
        return look.session.scalar(select(func.max(table.id)).where(*conditions)) or 0


def _enter(world: Bureau, expert: int) -> int:
    add_expert(world, "", person=expert)
    return newest(Expert, Expert.person_id == expert)


def _reviewed(world: Bureau, pool: int) -> int:
    case_id = _examined(world)
    drawn(world, case_id, pool)
    return case_id


def _examined(world: Bureau) -> int:
    return world.accepted(QUALIFICATION, **_body(world))


def _qualifications(world: Bureau, reviewed: int) -> Qualifications:
    view = world.page(reviewed).view
    named = {
        "number": view.draws[0]["number"],
        "person_id": max(view.panel),
        "expert_id": newest(Expert, Expert.authority_id == world.authority, Expert.ended_at.is_(None)),
    }
    return Qualifications(_examined(world), reviewed, publicised(world, **_body(world)), frozenset(view.panel), named)


def _body(world: Bureau) -> dict[str, str]:
    """Who applies where. A certificate's number names the province and not the authority, so each authority has a grade of its own."""
    with reading(SYSTEM) as look:
        company = look.session.get_one(Company, world.company)
    place = place_of(world)
    return {"name": company.name, "uscc": company.uscc, "grade": "1" if place["region"] == KUNSHAN["region_code"] else "2", **place}
