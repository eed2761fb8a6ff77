"""Who and what there is in the demo world: the data files as frozen objects."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from licensing.demo.rules import authority_uscc, company_uscc
from licensing.parties.lists import listed

DATA = Path(__file__).parent / "data"
DOMAIN = "demo.example"
"""No mail ever reaches this name (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person: ``key`` is the local part of the address and the name under which the data files speak of the person."""

    key: str
    name: str
    posts: tuple[str, ...] = ()

    @property
    def email(self) -> str:
        return f"{self.key}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Adviser:
    """An expert of the pool of an authority, with the employer as the pool names it."""

    somebody: Somebody
    employer: str
    specialities: str


@dataclass(frozen=True, slots=True)
class Bureau:
    """An authority with its officers and experts; ``details`` are the columns of its row, ``parent`` is the code of the level above."""

    details: Mapping[str, Any]
    parent: str | None
    matters: tuple[str, ...]
    prefixes: tuple[str, ...]
    officers: tuple[Somebody, ...]
    experts: tuple[Adviser, ...]

    @property
    def code(self) -> str:
        return str(self.details["code"])

    @property
    def kid(self) -> bytes:
        return bytes([self.details["kid"]])


@dataclass(frozen=True, slots=True)
class Project:
    """One site and how far its design review, and then its acceptance, have come. ``index`` counts through the whole world.

    What an inspection body applies for is one as well: it has a story of its qualification and the ``grade``, and no other.
    """

    index: int
    company: str
    kind: str
    name: str
    region: str
    address: str
    design: str
    acceptance: str | None
    when: int | None
    small: bool
    moved_to: str = ""
    qualification: str = ""
    grade: str = ""


@dataclass(frozen=True, slots=True)
class Firm:
    """A company with the keys of its people; ``details`` are the columns of its row. Inspection bodies have a grade, or apply for one."""

    details: Mapping[str, str]
    people: tuple[str, ...]
    projects: tuple[Project, ...] = ()
    grade: str = ""
    issued: date | None = None
    application: Project | None = None
    established: str = ""
    staff: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.details["name"]

    @property
    def uscc(self) -> str:
        return self.details["uscc"]


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to one licence: ``words`` are what people write at its steps. Without a project it is a body's certificate."""

    index: int
    holder: str
    project: str | None
    matter: str
    story: str
    ago: int
    words: Mapping[str, str]
    changes: Mapping[str, str]
    small: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody and everything."""

    bureaus: tuple[Bureau, ...]
    administrators: tuple[tuple[Somebody, str], ...]
    firms: tuple[Firm, ...]
    applicants: Mapping[str, Somebody]
    extra_seats: tuple[tuple[str, str], ...]
    kinds: Mapping[str, Mapping[str, Any]]
    designers: tuple[Mapping[str, str], ...]
    builders: tuple[Mapping[str, str], ...]
    instruments: tuple[Mapping[str, str], ...]
    wording: Mapping[str, Any]
    lives: tuple[Life, ...]

    @property
    def bodies(self) -> tuple[Firm, ...]:
        return tuple(firm for firm in self.firms if firm.grade)

    @property
    def projects(self) -> tuple[Project, ...]:
        return tuple(project for firm in self.firms for project in firm.projects)

    @property
    def applications(self) -> tuple[Project, ...]:
        """For a qualification."""
        return tuple(firm.application for firm in self.firms if firm.application)

    @property
    def experts(self) -> tuple[Somebody, ...]:
        return tuple(adviser.somebody for bureau in self.bureaus for adviser in bureau.experts)


@cache
def load_cast() -> Cast:
    """The cast, read once."""
    offices, units = _read("authorities"), _read("units")
    inspection = _read("bodies")
    companies = [*_read("companies")["company"], *inspection["body"]]
    numbered = iter(range(10_000))
    return Cast(
        bureaus=tuple(_bureau(kid, raw) for kid, raw in enumerate(offices["authority"], start=1)),
        administrators=tuple((_somebody(raw), raw["role"]) for raw in offices["administrator"]),
        firms=tuple(_firm(raw, numbered) for raw in companies),
        applicants={raw["email"]: _somebody(raw) for company in companies for raw in company["people"] if "name" in raw},
        extra_seats=tuple((raw["officer"], raw["company"]) for raw in offices["seat"]),
        kinds=_read("kinds"),
        designers=tuple(units["designer"]),
        builders=tuple(units["builder"]),
        instruments=tuple(inspection["instrument"]),
        wording=_read("wording"),
        lives=tuple(_life(index, raw) for index, raw in enumerate(_read("lives")["life"])),
    )


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


def _somebody(raw: Mapping[str, Any]) -> Somebody:
    return Somebody(raw["email"], raw["name"], tuple(raw.get("posts", ())))


def _bureau(kid: int, raw: Mapping[str, Any]) -> Bureau:
    known = next(one for one in listed() if one.code == raw["region"])
    details = {
        "code": known.code,
        "name": known.name,
        "english_name": known.english_name,
        "uscc": authority_uscc(known.code),
        "level": known.level,
        "region_code": known.region,
        "number_place": known.place,
        "kid": kid,
        "phone": raw["phone"],
        "address": raw["address"],
    }
    return Bureau(
        details,
        known.parent,
        tuple(raw["matters"]),
        tuple(raw["prefixes"]),
        tuple(_somebody(officer) for officer in raw["officers"]),
        tuple(Adviser(_somebody(expert), expert["employer"], expert["specialities"]) for expert in raw.get("experts", ())),
    )


def _firm(raw: Mapping[str, Any], numbers: Iterator[int]) -> Firm:
    details = {
        "uscc": company_uscc(raw["region"], raw["name"]),
        "name": raw["name"],
        "address": raw["address"],
        "postcode": raw["postcode"],
        "legal_representative": raw["legal"],
        "region_code": raw["region"],
    }
    people = tuple(person.get("same") or person["email"] for person in raw["people"])
    projects = tuple(_project(next(numbers), raw, project) for project in raw.get("projects", ()))
    return Firm(
        details,
        people,
        projects,
        raw.get("grade", ""),
        raw.get("issued"),
        _application(next(numbers), raw) if "application" in raw else None,
        raw.get("established", ""),
        tuple(raw.get("staff", ())),
    )


def _project(index: int, company: Mapping[str, Any], raw: Mapping[str, Any]) -> Project:
    return Project(
        index=index,
        company=company["name"],
        kind=company["kind"],
        name=raw["name"],
        region=raw["region"],
        address=raw["address"],
        design=raw["design"],
        acceptance=raw.get("acceptance"),
        when=raw.get("when"),
        small=raw.get("small", False),
        moved_to=raw.get("moved_to", ""),
    )


def _application(index: int, body: Mapping[str, Any]) -> Project:
    """The case is called by the name of the body."""
    raw = body["application"]
    return Project(
        index=index,
        company=body["name"],
        kind="",
        name=body["name"],
        region=body["region"],
        address=body["address"],
        design="",
        acceptance=None,
        when=raw["when"],
        small=raw.get("small", False),
        qualification=raw["story"],
        grade=raw["grade"],
    )


def _life(index: int, raw: Mapping[str, Any]) -> Life:
    known = {"holder", "project", "matter", "story", "ago", "changes", "small"}
    return Life(
        index=index,
        holder=raw["holder"],
        project=raw.get("project"),
        matter=raw.get("matter", "qualification"),
        story=raw["story"],
        ago=raw["ago"],
        words={name: text for name, text in raw.items() if name not in known},
        changes=raw.get("changes", {}),
        small=raw.get("small", False),
    )
