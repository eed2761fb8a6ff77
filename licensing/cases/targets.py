"""Names of the things a correction notice can point at, and that differences speak of. Pure.

``section`` · ``section.field`` · ``document:<material>`` · ``proof:<proof>``
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from licensing.catalogue.model import Material, Matter


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that can be corrected, with its name in both languages."""

    code: str
    name: str
    english_name: str


def targets(matter: Matter) -> tuple[Target, ...]:
    """Everything in an application of ``matter`` that an officer can ask to correct, in the order of the form."""
    return tuple(_targets(matter))


def target_name(matter: Matter, path: str) -> Target:
    """The nearest named thing for a path such as ``buildings.2.height_m`` or ``document:as_built_drawings``."""
    known = {target.code: target for target in targets(matter)}
    section, _, field = path.partition(".")
    candidates = (path, f"{section}.{field.rpartition('.')[2]}", section)
    return next((known[code] for code in candidates if code in known), Target(path, path, path))


def paper_target(material: Material) -> str:
    """What a correction notice calls a document: where a promise may ever replace it, it is called by its proof."""
    return f"proof:{material.proof}" if material.proof else f"document:{material.code}"


def _targets(matter: Matter) -> Iterator[Target]:
    for section in matter.sections:
        if section.repeats:
            yield Target(section.code, section.name, section.english_name)
            continue
        for field in section.fields:
            if field.follows is None:
                yield Target(f"{section.code}.{field.code}", field.name, field.english_name)
    for material in matter.materials:
        yield Target(paper_target(material), material.name, material.english_name)
