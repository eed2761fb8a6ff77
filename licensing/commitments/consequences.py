"""What follows from a promise that was untrue, after the permit too: an act about the licence and an entry in the credit record."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.clock import add_months, local_date
from licensing.commitments.journal import record
from licensing.commitments.machine import Event, State
from licensing.commitments.tables import Commitment
from licensing.credit.actions import enter
from licensing.credit.rules import Kind
from licensing.licences.operations import Operation
from licensing.licences.queries import of_case as licence_of
from licensing.parties.queries import authority as authority_of
from licensing.policy import Actor
from licensing.proceedings import actions as proceedings
from licensing.proceedings.journal import Loaded
from licensing.proceedings.tables import Proceeding
from licensing.storage import Work, unit_of_work

DECEIT_MONTHS: Final = 36
"""How long deceit keeps a company from the permit, and the entry is published (Licensing Law art. 79; domain 2.4.2, T16)."""
_EFFECT: Final = "信用修复前不适用证明事项告知承诺制"
_ABOUT: Final = "commitment_id"
CONSEQUENCES: Final = (Operation.REVOKE_FOR_DECEIT, Operation.WITHDRAW_PERMISSION)


def propose_consequence(work: Work, made: Commitment, operation: Operation, finding: str) -> None:
    """Notify the holder of what is meant to be done about the licence that rests on ``made``; the holder is heard before it is decided.

    Raises ``Conflict`` (``proceeding-open``) while the authority is acting on that licence already.
    """
    licence = licence_of(work.session, made.case_id)
    if licence is not None:
        proceedings.propose_in(work, licence.id, operation, reason=finding, about={_ABOUT: made.id})


def decide(actor: Actor, proceeding_id: int, reason: str) -> None:
    """Decide a proceeding as proposed; where it goes back to an untrue promise, enter that in the credit record in the same transaction."""
    with unit_of_work(actor) as work:
        found = proceedings.decide_in(work, proceeding_id, reason)
        made = _promise_behind(work, found)
        if made is not None:
            record(work, made, Event.CONFIRMED_FALSE, {"reason": reason, "proceeding": found.row.number})
            enter_false_commitment(
                work, made, found.licence.number, add_months(local_date(work.now), DECEIT_MONTHS), found.row.authority_id
            )


def drop(actor: Actor, proceeding_id: int, reason: str) -> None:
    """Do not pursue a proceeding any further; a finding about a promise behind it is not upheld either."""
    with unit_of_work(actor) as work:
        found = proceedings.drop_in(work, proceeding_id, reason)
        made = _promise_behind(work, found)
        if made is not None:
            record(work, made, Event.FINDING_DROPPED, {"reason": reason, "proceeding": found.row.number})


def proceedings_about(session: Session, made: Commitment) -> list[Proceeding]:
    """The proceedings about a licence that go back to ``made``, oldest first."""
    rows = session.scalars(select(Proceeding).where(Proceeding.company_id == made.company_id).order_by(Proceeding.id))
    return [row for row in rows if row.events and row.events[0].data.get(_ABOUT) == made.id]


def enter_false_commitment(work: Work, made: Commitment, about: str, ends_on: date, found_by: int) -> None:
    """Enter an untrue promise in the credit record of the company that made it; ``found_by`` is the authority that has the case."""
    authority = authority_of(work.session, found_by)
    enter(
        work,
        company_id=made.company_id,
        authority=authority,
        kind=Kind.FALSE_COMMITMENT,
        source=f"{authority.name}核查认定承诺不实（{about}）",
        effect=_EFFECT,
        case_id=made.case_id,
        published=True,
        ends_on=ends_on,
    )


def _promise_behind(work: Work, found: Loaded) -> Commitment | None:
    commitment_id = found.view.opening.data.get(_ABOUT) if found.view.opening else None
    made = work.session.get(Commitment, int(commitment_id)) if commitment_id else None
    return made if made is not None and made.state == State.UNTRUE else None
