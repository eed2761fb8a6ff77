"""A check on site during the examination 现场核查: optional, by two officers or more; the clock does not stop for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from licensing.cases.actions import deem_accepted
from licensing.cases.journal import Loaded, load_for, record
from licensing.cases.machine import Event
from licensing.cases.view import CaseView
from licensing.clock import local_date
from licensing.errors import FieldError, Invalid
from licensing.parties.queries import officers, person_names, seated
from licensing.policy import SYSTEM, Action, Actor
from licensing.storage import Work, reading, unit_of_work
from licensing.words import Said, say

FEWEST: Final = 2
"""So many officers at least check on site (Order 31; domain 3.3.6)."""
LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class SiteCheck:
    """When, by whom, and what was found for each group of conditions, by its code."""

    day: date | None
    officers: Sequence[int]
    findings: Mapping[str, str]


def record_site_check(actor: Actor, case_id: int, check: SiteCheck) -> None:
    """Record what two or more officers found on site. Raises ``Invalid`` (``incomplete``) with everything that is wrong."""
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_CHECK_SITE)
        wrong = _wrong(work, case, check)
        if wrong:
            complaints = [FieldError(name, "invalid", sentence) for name, sentence in wrong.items()]
            raise Invalid(say("The site check is not complete."), complaints, code="incomplete")
        groups = case.matter.procedure.groups
        data = {
            "day": check.day.isoformat() if check.day else "",
            "officers": sorted(set(check.officers)),
            "findings": {group.code: check.findings[group.code] for group in groups},
        }
        record(work, case, Event.SITE_CHECKED, data)


def who_may_check(actor: Actor, case_id: int) -> dict[int, str]:
    """The officers of the authority who may check on site, by id: nobody who belongs to the applicant."""
    with reading(actor) as look:
        return _able(look, load_for(look, case_id, Action.CASE_CHECK_SITE))


def names_of(view: CaseView) -> dict[int, str]:
    """The names of the officers who checked on site, by id."""
    with reading(SYSTEM) as look:
        return person_names(look.session, {int(one) for check in view.site_checks for one in check["officers"]})


def _able(work: Work, case: Loaded) -> dict[int, str]:
    day = local_date(work.now)
    kept_out = seated(work.session, case.row.company_id, day)
    return {person.id: person.name for person in officers(work.session, case.row.authority_id or -1, day) if person.id not in kept_out}


def _wrong(work: Work, case: Loaded, check: SiteCheck) -> dict[str, Said]:
    wrong: dict[str, Said] = {}
    able, chosen = _able(work, case), set(check.officers)
    if len(chosen) < FEWEST or not chosen <= able.keys():
        wrong["officers"] = say("Choose the officers who were there, two at least.")
    first = case.view.accepted_on
    if check.day is None or check.day > local_date(work.now) or (first is not None and check.day < first):
        wrong["day"] = say("Enter the day of the check: from the acceptance until today, such as 2026-03-31.")
    for group in case.matter.procedure.groups:
        found = check.findings.get(group.code, "")
        if not found:
            wrong[f"finding_{group.code}"] = say("Say what was found.")
        elif len(found) > LONGEST:
            wrong[f"finding_{group.code}"] = say("At most %(limit)s characters are possible.", limit=LONGEST)
    return wrong
