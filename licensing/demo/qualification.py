"""What the inspection bodies of the demo world type when they apply for a qualification. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from licensing.demo.cast import Cast, Firm, Project
from licensing.demo.rules import identity_number, phone

SENIOR, INTERMEDIATE, JUNIOR = "1", "2", "3"
_TITLES = (SENIOR, INTERMEDIATE, INTERMEDIATE, INTERMEDIATE)
"""The first of the staff is the technical head; who comes after these is a junior. It is what grade B needs (Order 31 arts. 7-9)."""
_SPECIALITIES = ("1", "4", "2", "5", "3")


def qualification_answers(cast: Cast, project: Project, on: date) -> dict[str, Any]:
    """All answers of an application for a qualification, filled in on the day ``on``."""
    firm = next(firm for firm in cast.firms if firm.application == project)
    contact = cast.applicants[firm.people[0]]
    staff = [_specialist(firm, place) for place in range(len(firm.staff))]
    return {
        "body": {
            **{name: firm.details[name] for name in ("name", "uscc", "address", "legal_representative")},
            "region": firm.details["region_code"],
            "established_on": firm.established,
            "contact_name": contact.name,
            "contact_phone": phone(contact.key),
        },
        "qualification": {"grade": project.grade},
        "technical_head": {
            **{name: staff[0][name] for name in ("name", "id_number", "title", "title_certificate_number", "speciality")},
            "years": staff[0]["years"],
        },
        "staff": staff,
        "instruments": _instruments(cast, project, on),
    }


def _specialist(firm: Firm, place: int) -> dict[str, str]:
    name, region = firm.staff[place], firm.details["region_code"]
    title = _TITLES[place] if place < len(_TITLES) else JUNIOR
    return {
        "name": name,
        "id_number": identity_number(region, name),
        "title": title,
        "title_certificate_number": f"{region[:4]}-{2012 + place}-{int(region[2:]) + place * 37:05d}" if title != JUNIOR else "",
        "speciality": _SPECIALITIES[place % len(_SPECIALITIES)],
        "years": str(max(2, 14 - place * 2)),
        "employed_since": f"{int(firm.established[:4]) + place // 3}{firm.established[4:]}",
        "insured": "Y",
    }


def _instruments(cast: Cast, project: Project, on: date) -> list[dict[str, str]]:
    """Each was calibrated some months ago, for a year."""
    return [
        {
            **instrument,
            "serial_number": f"{2021 + place % 3}{project.index * 131 % 9000 + 1000 + place}",
            "certificate_number": f"苏检{on.year}-{project.index * 61 % 900 + 100 + place:04d}",
            "valid_until": (on + timedelta(days=200 + place * 17)).isoformat(),
        }
        for place, instrument in enumerate(cast.instruments)
    ]
