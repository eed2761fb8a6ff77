"""Who may not apply again for now: a permit that was got by deceit bars its holder from the same permit (Licensing Law art. 79)."""

from __future__ import annotations

from datetime import date
from typing import Final

from licensing.catalogue.model import Matter
from licensing.clock import LIMITS, explain, local_date
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict
from licensing.licences.queries import of_holder
from licensing.licences.status import Status
from licensing.parties.queries import company
from licensing.storage import Work
from licensing.words import say

LIMIT: Final = "T16b"


def require_no_ban(work: Work, company_id: int, matter: Matter) -> None:
    """Raise ``Conflict`` (``applying-barred``) within three years after a permit of this matter was revoked for deceit."""
    barred = banned_until(work, company_id, matter)
    if barred is not None and local_date(work.now) <= barred[1]:
        number, until = barred
        raise Conflict(
            say(
                "Licence %(number)s was revoked for deceit, so your company cannot apply for this until %(day)s.", number=number, day=until
            ),
            next_step=say("Apply again after that day. Against the revocation you have the remedies that its letter names."),
            code="applying-barred",
        )


def banned_until(work: Work, company_id: int, matter: Matter) -> tuple[str, date] | None:
    """The number of the last permit of this matter that was revoked for deceit, and the last day of the ban; None where there is none."""
    held = of_holder(work.session, company(work.session, company_id).uscc)
    revoked = [one for one in held if one.type == matter.licence_type and one.status == Status.REVOKED_FOR_DECEIT]
    if not revoked:
        return None
    last = max(revoked, key=lambda one: one.status_since)
    due = explain(local_date(last.status_since), LIMITS[LIMIT], calendar_now(work.session)).due
    return (last.number, due) if due else None
