"""May this company promise now? Asked at choice, at submission and at decision; each time what was seen is kept (domain 8.3.4)."""

from __future__ import annotations

from typing import Final

from licensing.clock import local_date
from licensing.commitments.rules import Occasion
from licensing.commitments.tables import EligibilityCheck
from licensing.credit.queries import eligibility_of
from licensing.credit.rules import Eligibility, explain_bar
from licensing.errors import Conflict
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.policy import Actor
from licensing.storage import Work, unit_of_work
from licensing.words import say

LEAF: Final = "eligibility-check"


def check_subject(row: EligibilityCheck) -> str:
    """How the log names a check."""
    return f"{row.case_id}/{row.id}"


def check(actor: Actor, case_id: int, company_id: int, occasion: Occasion) -> Eligibility:
    """Look at the credit of a company and keep what was seen, in a transaction of its own: it stays also when the answer is no."""
    with unit_of_work(actor) as work:
        found = eligibility_of(work.session, company_id, local_date(work.now))
        row = EligibilityCheck(
            case_id=case_id,
            company_id=company_id,
            occasion=occasion,
            allowed=found.allowed,
            seen=[seen.as_dict() for seen in found.seen],
            checked_at=work.now,
        )
        work.session.add(row)
        work.session.flush()
        append(work, LEAF, check_subject(row), row_digest(row))
        return found


def require(work: Work, company_id: int) -> None:
    """Raise ``Conflict`` (``promise-barred``) unless the company may promise at this moment, as this transaction sees it."""
    found = eligibility_of(work.session, company_id, local_date(work.now))
    if not found.allowed:
        raise Conflict(
            explain_bar(found),
            next_step=say("Hand the proof in; the promise is open again once the credit is repaired."),
            code="promise-barred",
        )
