"""Sources that can say whether promised facts are true: other departments' data, behind one small adapter (domain 8.1.10).

``connect(settings)`` gives the source of this installation, or None. ``FileSource`` reads a file: the double for development and tests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from licensing.errors import Misconfigured, Unavailable
from licensing.settings import Settings
from licensing.words import say

FILE = "file:"


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """What a source knows: its name, the promised facts that it can speak of, and those that it holds to be otherwise.

    A record that speaks of none of the promised facts proves nothing: it is the same as no record.
    """

    source: str
    known: tuple[str, ...] = ()
    differing: Mapping[str, str] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        return bool(self.known)

    @property
    def agrees(self) -> bool:
        return self.found and not self.differing

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data, to be kept."""
        return {**asdict(self), "known": list(self.known), "found": self.found, "agrees": self.agrees}


class FactSource(Protocol):
    """Something that can be asked about promised facts."""

    def check(self, proof: str, uscc: str, facts: Mapping[str, str]) -> SourceAnswer:
        """Compare ``facts`` with what the source holds of the company. Raises ``Unavailable`` (``source-unreachable``)."""
        ...


def connect(settings: Settings) -> FactSource | None:
    """The source that the settings name, or None. Raises ``Misconfigured`` for a kind that is not known."""
    if not settings.fact_source:
        return None
    if settings.fact_source.startswith(FILE):
        return FileSource(Path(settings.fact_source.removeprefix(FILE)))
    raise Misconfigured(
        say("This source of facts is not known: %(address)s.", address=settings.fact_source),
        next_step=say("Set LEIZHENG_FACT_SOURCE to file: and a path, or to nothing."),
    )


@dataclass(frozen=True, slots=True)
class FileSource:
    """Facts from a JSON file: a list of objects with ``proof``, ``uscc`` and ``facts``; several may be about one company."""

    path: Path

    def check(self, proof: str, uscc: str, facts: Mapping[str, str]) -> SourceAnswer:
        """The record that differs least, of these the one that knows most; nothing known when there is none of this company."""
        records = [row["facts"] for row in self._rows() if (row.get("proof"), row.get("uscc")) == (proof, uscc)]
        answers = [SourceAnswer(self.path.name, _known(record, facts), _differing(record, facts)) for record in records]
        telling = [answer for answer in answers if answer.found]
        return min(telling, key=lambda answer: (len(answer.differing), -len(answer.known)), default=SourceAnswer(self.path.name))

    def _rows(self) -> list[dict[str, Any]]:
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Unavailable(
                say("The source of facts does not answer."), next_step=say("Verify on site, or try again later."), code="source-unreachable"
            ) from error
        return [row for row in rows if isinstance(row, dict) and isinstance(row.get("facts"), dict)]


def _known(record: Mapping[str, Any], facts: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(code for code in facts if code in record)


def _differing(record: Mapping[str, Any], facts: Mapping[str, str]) -> dict[str, str]:
    return {code: str(record[code]) for code, value in facts.items() if code in record and str(record[code]) != value}
