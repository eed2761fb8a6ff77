"""The end of a licence by its date, and until when a renewal can be asked for."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from licensing.clock import LIMITS, Calendar, explain, local_date, today
from licensing.errors import Conflict
from licensing.licences import actions as licences
from licensing.licences.operations import OPERATIONS, Operation
from licensing.licences.tables import Licence
from licensing.notices.actions import notify_company
from licensing.policy import SYSTEM, Action
from licensing.proceedings.consequences import overtake
from licensing.proceedings.journal import NOWHERE, licence_subject, require
from licensing.proceedings.tables import Proceeding
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say

_ENDING = OPERATIONS[Operation.EXPIRE].sources


def renewal_closes(licence: Licence, calendar: Calendar) -> date | None:
    """The last day to ask for a renewal (T10, Order 31 art. 21), or None for a licence without an end date."""
    if licence.valid_until is None:
        return None
    return explain(licence.valid_until, LIMITS["T10"], calendar).due


def expire_all() -> int:
    """Expire every licence whose last day has passed; how many. Safe to run at any time, twice or late."""
    with reading(SYSTEM) as look:
        query = select(Licence.id).where(Licence.status.in_(_ENDING), Licence.valid_until < today()).order_by(Licence.id)
        over = look.session.scalars(query).all()
    return sum(expire_if_due(licence_id) for licence_id in over)


def expire_if_due(licence_id: int) -> bool:
    """Expire a licence whose last day has passed; True when that happened now.

    While a renewal that was asked for in time waits for its decision, the licence stays in the register as it is, so that the renewal
    can still be granted (Licensing Law art. 50); whoever checks it is told that its last day is over.
    """
    with reading(SYSTEM) as look:
        licence = look.session.get(Licence, licence_id)
        if licence is None or not _is_due(look, licence):
            return False
    try:
        with unit_of_work(SYSTEM) as work:
            licence = licences.held(work, licence_id)
            if not _is_due(work, licence):
                return False
            _expire(work, licence)
    except Conflict:
        # Another process did it between our look and our try: that is what we wanted.
        return False
    return True


def _expire(work: Work, licence: Licence) -> None:
    subject = licence_subject(work.session, licence)
    require(work, Action.LICENCE_EXPIRE, subject)
    last_day = licence.valid_until.isoformat() if licence.valid_until else ""
    licences.perform(work, licence.id, Operation.EXPIRE, reason=last_day)
    if subject.company_id is not None and subject.company_id != NOWHERE:
        said = say("Licence %(number)s ended: its last day was %(day)s.", number=licence.number, day=last_day)
        notify_company(work, subject.company_id, said, licence_id=licence.id, reference=licence.number)
    overtake(work, licence)


def _is_due(look: Work, licence: Licence) -> bool:
    over = licence.status in _ENDING and licence.valid_until is not None and licence.valid_until < local_date(look.now)
    if not over:
        return False
    waiting = select(Proceeding.id).where(
        Proceeding.licence_id == licence.id, Proceeding.operation == Operation.RENEW, Proceeding.slot.is_not(None)
    )
    return look.session.scalar(waiting) is None
