"""What the report of a verification must hold before it is a result, method by method. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from licensing.commitments.rules import Result
from licensing.errors import FieldError
from licensing.words import N_, Said, say

FINDING, FACTS, REMARKS, VISITED_ON, RESULT = "finding", "facts", "remarks", "visited_on", "result"
SECOND, SECOND_NAME = "second", "second_name"
"""The names of a report's parts; ``facts`` and ``remarks`` are by the code of the promised fact, ``second`` is the id of a person."""


class Seen(StrEnum):
    """What the comparison of one promised fact with reality gave."""

    AGREES = "yes"
    DIFFERS = "no"
    NOT_SEEN = "unseen"


SEEN_NAMES: Mapping[Seen, str] = {Seen.AGREES: N_("agrees"), Seen.DIFFERS: N_("differs"), Seen.NOT_SEEN: N_("not seen")}
VISITS = frozenset({"site", "random"})
"""With these methods somebody goes there: two people of the authority, on a day that is told (domain 11A.2)."""
SHARED = "data_sharing"
_TRUE_NEEDS: Mapping[str, Said] = {
    "site": say("Compare each fact on site, or add a photograph or document of what was not seen."),
    "random": say("Compare each fact on site, or add a photograph or document of what was not seen."),
    "document": say("Compare each fact with the documents, or add the documents."),
    SHARED: say("The data source does not confirm each fact. Compare each fact yourself, or add a document."),
}
_OTHER_NEEDS = say("Compare each fact, or add a document.")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a report is judged by: the method, the promised facts, the first and last possible day of a visit, and what lies with the task.

    ``source`` is what a data source said, empty when it was not asked.
    """

    method: str
    promised: tuple[str, ...]
    promised_on: date
    today: date
    files: int = 0
    source: Mapping[str, Any] = field(default_factory=dict)


def complaints(result: Result, report: Mapping[str, Any], ground: Ground) -> tuple[FieldError, ...]:
    """Everything that keeps ``report`` from being a result; nothing when it holds."""
    return tuple(_complaints(result, report, ground))


def _complaints(result: Result, report: Mapping[str, Any], ground: Ground) -> Iterator[FieldError]:
    if not str(report.get(FINDING) or "").strip():
        yield FieldError(FINDING, "finding-needed", say("Say what was found."))
    if ground.method in VISITS:
        yield from _visit(report, ground)
    compared = {code: seen for code, seen in (report.get(FACTS) or {}).items() if code in ground.promised}
    told: Mapping[str, Any] = ground.source
    differs = Seen.DIFFERS in compared.values() or bool(told.get("differing"))
    if result is Result.TRUE and Seen.DIFFERS in compared.values():
        yield FieldError(RESULT, "fact-differs", say("You noted that a fact differs, so the promise is not true."))
    elif result is Result.TRUE and not (ground.files or _all_agree(compared, ground) or _source_confirms(ground)):
        yield FieldError(RESULT, "facts-not-compared", _TRUE_NEEDS.get(ground.method, _OTHER_NEEDS))
    elif result is Result.UNTRUE and not (differs or ground.files):
        yield FieldError(
            RESULT, "nothing-differs", say("Mark the fact that differs, or add a photograph or document that shows what is untrue.")
        )


def _visit(report: Mapping[str, Any], ground: Ground) -> Iterator[FieldError]:
    visited = _day(report.get(VISITED_ON))
    if visited is None:
        yield FieldError(VISITED_ON, "visit-day-needed", say("Give the day of the visit."))
    elif not ground.promised_on <= visited <= ground.today:
        yield FieldError(VISITED_ON, "visit-day", say("The visit lies between the promise and today."))
    if not report.get(SECOND):
        yield FieldError(SECOND, "second-needed", say("Two people of the authority visit a site. Choose who came with you."))


def _all_agree(compared: Mapping[str, str], ground: Ground) -> bool:
    return bool(ground.promised) and all(compared.get(code) == Seen.AGREES for code in ground.promised)


def _source_confirms(ground: Ground) -> bool:
    """Whether shared data alone proves the promise: the method allows it, and the source agrees about every fact."""
    told = ground.source
    return ground.method == SHARED and bool(told.get("agrees")) and set(ground.promised) <= set(told.get("known", ()))


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
