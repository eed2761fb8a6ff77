"""What the applicants of the demo world type into the forms, and the facts they promise. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from licensing.demo.cast import Cast, Project
from licensing.demo.stories import DESIGN

_DESIGNERS = {"petrol": 0, "depot": 0, "chemical": 0, "gas": 2, "scenic": 1, "fireworks": 1, "mine": 1}
_NINGBO_DESIGNER, _ZHEJIANG_BUILDER = 3, 2
_BUILDING_FIELDS = ("name", "structure", "storeys", "height_m", "floor_area_m2", "use_class", "power_supply", "soil")


def answers(cast: Cast, project: Project, matter: str, *, agent: str, on: date, approval: str, flawed: bool) -> dict[str, Any]:
    """All answers of an application filled in on the day ``on``; the construction unit is known to the house already.

    ``approval`` is the number of the design approval, for an acceptance. A ``flawed`` one has the slip that :func:`mended` mends.
    """
    kind = cast.kinds[project.kind]
    designer = dict(_designer(cast, project))
    if matter == DESIGN:
        if flawed:
            designer["qualification_number"] = designer["qualification_number"][:-1]
        return {
            "project": _design_project(project, kind, on),
            "design_unit": designer,
            "buildings": _buildings(project, kind),
            "hazardous_materials": list(kind["hazardous"]),
            "electronic_systems": list(kind["systems"]),
            "synopsis": {"text": kind["design_text"], "agent": agent},
        }
    return {
        "project": _finished_project(project, kind, on, approval, flawed=flawed),
        "design_unit": designer,
        "builder": dict(builder(cast, project)),
        "buildings": _buildings(project, kind),
        "synopsis": {"text": kind["acceptance_text"], "agent": agent},
    }


def mended(cast: Cast, project: Project, matter: str, given: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The section with the slip, and its answers without it."""
    if matter == DESIGN:
        return "design_unit", {**given["design_unit"], "qualification_number": _designer(cast, project)["qualification_number"]}
    completed = date.fromisoformat(given["project"]["completed_on"]) + timedelta(days=9)
    return "project", {**given["project"], "completed_on": completed.isoformat()}


def facts(cast: Cast, project: Project, proof: str, on: date) -> dict[str, str]:
    """The facts of a promise made on the day ``on``."""
    product = cast.kinds[project.kind]["product"]
    contractor = builder(cast, project)
    certified, installed = on - timedelta(days=110), on - timedelta(days=32)
    return {
        "factory_certificate": {
            "product_name": product["name"],
            "model": product["model"],
            "maker": product["maker"],
            "quantity": str(6 + project.index % 5 * 2),
            "certificate_number": f"HG-{certified.year}-{1000 + project.index * 37 % 9000:04d}",
            "certificate_date": certified.isoformat(),
        },
        "installation_record": {
            "installer": contractor["name"],
            "product_name": product["name"],
            "position": product["position"],
            "started_on": (installed - timedelta(days=12)).isoformat(),
            "installed_on": installed.isoformat(),
            "recorder": contractor["site_manager"],
        },
    }[proof]


def builder(cast: Cast, project: Project) -> Mapping[str, str]:
    """The construction contractor of a project."""
    offset = _ZHEJIANG_BUILDER if project.region.startswith("33") else 0
    return cast.builders[offset + project.index % 2]


def _designer(cast: Cast, project: Project) -> Mapping[str, str]:
    place = _NINGBO_DESIGNER if project.region.startswith("3302") else _DESIGNERS[project.kind]
    return cast.designers[place]


def _design_project(project: Project, kind: Mapping[str, Any], on: date) -> dict[str, str]:
    buildings = _buildings(project, kind)
    area = sum(int(building["floor_area_m2"]) for building in buildings)
    return {
        "name": project.name,
        "region": project.region,
        "address": project.address,
        "building_count": str(len(buildings)),
        "total_floor_area_m2": str(area),
        "max_height_m": max((building["height_m"] for building in buildings), key=float),
        "land_area_m2": str(area * 3 // 100 * 100),
        "use": kind["use"],
        "planned_start": (on + timedelta(days=45)).isoformat(),
        "planned_completion": (on + timedelta(days=45 + 180 + project.index % 4 * 30)).isoformat(),
    }


def _finished_project(project: Project, kind: Mapping[str, Any], on: date, approval: str, *, flawed: bool) -> dict[str, str]:
    completed = on - timedelta(days=21 if flawed else 12)
    return {
        "name": project.name,
        "region": project.region,
        "address": project.address,
        "design_approval_number": approval,
        "commenced_on": (on - timedelta(days=44)).isoformat(),
        "completed_on": completed.isoformat(),
        "lightning_class": kind["lightning_class"],
    }


def _buildings(project: Project, kind: Mapping[str, Any]) -> list[dict[str, str]]:
    rows = [dict(zip(_BUILDING_FIELDS, row, strict=True)) for row in kind["buildings"]]
    larger = 10 + project.index % 6
    return [
        {**row, "floor_area_m2": str(int(row["floor_area_m2"]) * larger // 10), "drawing_number": f"FL-{place:02d}"}
        for place, row in enumerate(rows, start=1)
    ]
