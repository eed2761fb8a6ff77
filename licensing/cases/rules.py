"""What may be done to a case as it is now, and what changed between two submissions. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from licensing.cases.machine import STANDING, State, Transition
from licensing.cases.view import CaseView, Submission
from licensing.catalogue.answers import answer_at
from licensing.catalogue.model import Matter
from licensing.clock import local_date
from licensing.errors import Conflict
from licensing.words import say

REGION_LENGTH = 6


def decided_on(view: CaseView) -> date | None:
    """The day (in China) on which the permit was granted or refused; None while it is not, and for every other end of a case."""
    if view.decided_at is None or view.state not in (State.GRANTED, State.REFUSED):
        return None
    return local_date(view.decided_at)


def region_of(view: CaseView, matter: Matter) -> str:
    """The GB/T 2260 code of the place that the latest submission names; empty when it names none."""
    code = answer_at(view.submissions[-1].answers, matter.region_at) if view.submissions else ""
    return code if len(code) <= REGION_LENGTH else ""


def check_term(row: Transition, view: CaseView, today: date) -> None:
    """Raise ``Conflict`` for a decision before the applicant or the public was heard, and for an answer after the time to answer."""
    over = view.term_ends_on is not None and today > view.term_ends_on
    if row.after_term and not over and view.state is State.PUBLICITY:
        raise Conflict(
            say("The publicity lasts until %(day)s; nothing can be granted before.", day=view.publicity_until),
            next_step=say("Grant on a day after, or return the proposal."),
            code="publicity-runs",
        )
    if row.after_term and not over:
        raise Conflict(
            say("The applicant has until %(day)s to answer; nothing can be decided before.", day=view.answer_due),
            next_step=say("Wait for the answer, or for the day after."),
            code="answer-pending",
        )
    if row.within_term and over:
        raise Conflict(
            say("The time to answer ended on %(day)s.", day=view.answer_due),
            next_step=say("Call the authority; it may already have decided."),
            code="answer-too-late",
        )


def check_once(row: Transition, view: CaseView) -> None:
    """Raise ``Conflict`` for a second extension: the law knows one (Licensing Law art. 42)."""
    if row.once and view.extension is not None:
        raise Conflict(
            say("The time to decide was extended once already; the law allows no second extension."),
            next_step=say("Decide by the date that the case shows."),
            code="already-extended",
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One place that changed between two submissions; ``path`` as in ``project.address`` or ``document:as_built_drawings``."""

    path: str
    before: str
    after: str


def differences(before: Submission, after: Submission) -> tuple[Difference, ...]:
    """What changed from one submission to the next, in the order of paths."""
    old, new = _flat(before), _flat(after)
    return tuple(
        Difference(path, old.get(path, ""), new.get(path, "")) for path in sorted({*old, *new}) if old.get(path, "") != new.get(path, "")
    )


def may_change(items: Sequence[Mapping[str, str]], target: str) -> bool:
    """Whether a correction notice with ``items`` opens ``target`` (``section``, ``section.field``, ``document:slot``, ``proof:code``)."""
    named = {item["target"] for item in items}
    return target in named or target.split(".", 1)[0] in named


def is_filled_in(view: CaseView) -> bool:
    """Whether the applicant has something to fill in now: a draft, corrections, or a proof to hand in."""
    return view.state in (State.DRAFT, State.CORRECTION) or (view.state in STANDING and bool(view.owed))


def may_fill_in(view: CaseView, target: str) -> bool:
    """Whether the applicant may change ``target`` now: everything in a draft, afterwards what was asked for and nothing else."""
    if view.state is State.CORRECTION:
        return may_change(view.correction_items, target)
    return view.state is State.DRAFT or (view.state in STANDING and target.removeprefix("proof:") in view.owed)


def _flat(submission: Submission) -> dict[str, str]:
    flat = dict(_leaves("", submission.answers))
    for document in submission.documents:
        key = f"document:{document['slot']}"
        flat[key] = ", ".join(filter(None, (flat.get(key, ""), str(document["filename"]) + " #" + str(document["sha256"])[:8])))
    flat.update({f"proof:{code}": str(choice["choice"]) for code, choice in submission.proofs.items()})
    return flat


def _leaves(prefix: str, value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value, start=1):
            yield from _leaves(f"{prefix}.{index}", inner)
    else:
        yield prefix, str(value)
