"""From the record to the printed face. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from licensing.catalogue.model import LicenceType
from licensing.documents.face import Face
from licensing.errors import Conflict
from licensing.licences.record import LicenceRecord
from licensing.words import say


def face_rows(licence_type: LicenceType, source: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The (label, value) rows of a face: each row of the type points into ``source``; an empty value leaves its row out."""
    rows = ((row.label, text_at(source, row.path)) for row in licence_type.face)
    return tuple((label, value) for label, value in rows if value)


def rows_with(licence_type: LicenceType, old: Sequence[tuple[str, str]], changes: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The rows of a face with some values changed, by the paths of the type; everything else stays as it was printed before."""
    before = dict(old)
    rows = ((row.label, changes.get(row.path, before.get(row.label, ""))) for row in licence_type.face)
    return tuple((label, value) for label, value in rows if value)


def text_at(source: Mapping[str, Any], path: str) -> str:
    """The text under a dotted path such as ``answers.project.name``; empty when there is nothing."""
    found: Any = source
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return str(found) if isinstance(found, str | int) else ""


def number_parts(licence_type: LicenceType, answers: Mapping[str, Any], region_code: str) -> dict[str, str]:
    """What the number of a licence holds beyond place, year and serial: answers as they were given, and the number of the province.

    Raises ``Conflict`` (``province-unknown``) for an authority in a province without one.
    """
    parts = {name: text_at(answers, path) for name, path in licence_type.number_answers.items()}
    if not licence_type.provinces:
        return parts
    province = licence_type.provinces.get(region_code[:2])
    if province is None:
        raise Conflict(
            say("No certificate can be numbered in the region %(code)s.", code=region_code),
            next_step=say("Transfer the case to the bureau of the province."),
            code="province-unknown",
        )
    return {**parts, "province": province}


def face_of(record: LicenceRecord, english_name: str, host: str) -> Face:
    """What is printed for ``record``; ``host`` is the official address beside the QR."""
    return Face(
        type_name=record.type_name,
        english_name=english_name,
        number=record.number,
        rows=record.face,
        issuer=record.issuer,
        issued_on_text=chinese_date(date.fromisoformat(record.issued_on)),
        opinion=record.opinion,
        identifier=record.identifier,
        check_code=record.check_code,
        host=host,
    )


def chinese_date(day: date) -> str:
    """``2026年11月23日``."""
    return f"{day.year}年{day.month}月{day.day}日"
