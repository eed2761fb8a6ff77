"""Reports of verifications as officers of the demo world write them."""

from __future__ import annotations

from typing import Any

from licensing.cases.fieldwork import task_page
from licensing.clock import today
from licensing.commitments.findings import FACTS, FINDING, SECOND, VISITED_ON, Seen
from licensing.commitments.rules import Result
from licensing.policy import Actor


def report(officer: Actor, task_id: int, result: Result, finding: str) -> dict[str, Any]:
    """A visit of today with a colleague: every fact was compared, and where the promise is untrue the first one differs."""
    page = task_page(officer, task_id)
    seen = {fact.code: str(Seen.AGREES) for fact, _ in page.facts}
    if result is Result.UNTRUE:
        seen |= {page.facts[0][0].code: str(Seen.DIFFERS)}
    return {FINDING: finding, FACTS: seen, VISITED_ON: today().isoformat(), SECOND: next(iter(page.colleagues), None)}
