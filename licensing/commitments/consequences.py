"""What follows from a promise that was untrue, after the permit too: an act about the licence and an entry in the credit record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.catalogue.model import Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import add_months, add_working_days, local_date
from licensing.clock.queries import calendar_now
from licensing.commitments.journal import record
from licensing.commitments.machine import Event, State
from licensing.commitments.queries import of_case
from licensing.commitments.rules import Occasion
from licensing.commitments.tables import Commitment
from licensing.commitments.verification import cancel, open_task
from licensing.credit.actions import enter
from licensing.credit.rules import Kind
from licensing.licences.operations import OPERATIONS, Operation
from licensing.licences.queries import of_case as licence_of
from licensing.parties.queries import authority as authority_of
from licensing.policy import Actor
from licensing.proceedings import actions as proceedings
from licensing.proceedings.journal import Loaded, open_about
from licensing.proceedings.tables import Proceeding
from licensing.storage import Work, unit_of_work


@dataclass(frozen=True, slots=True)
class Entry:
    """How an untrue promise stands in the credit record: the act that followed from it, and for how many months the entry is published.

    The months are those of the ban in the law (domain 2.4.2, T16): one year, after deceit three. The entry only tells of the promise and
    closes the way of promising until it is repaired; whether the company may apply at all is for the officer to examine.
    """

    act: str
    months: int


TERMINATION: Final = Entry("终止办理", 12)
CONSEQUENCES: Final[Mapping[Operation, Entry]] = {
    Operation.REVOKE_FOR_DECEIT: Entry("撤销行政许可", 36),
    Operation.WITHDRAW_PERMISSION: Entry("撤回行政许可", 12),
}
"""What can be done about a licence that rests on an untrue promise, and what is entered. Only 撤销 says that the holder deceived."""
_EFFECT: Final = "信用修复前不适用证明事项告知承诺制"
_ABOUT: Final = "commitment_id"


def is_alive(session: Session, case_id: int) -> bool:
    """Whether something can still be done about the licence that a case led to."""
    licence = licence_of(session, case_id)
    return licence is not None and any(licence.status in OPERATIONS[operation].sources for operation in CONSEQUENCES)


def possible_now(session: Session, case_id: int) -> tuple[Operation, ...]:
    """What can be proposed about the licence of a case now; nothing while the authority is acting on it already."""
    licence = licence_of(session, case_id)
    if licence is None or any(not row.asked for row in open_about(session, licence.id)):
        return ()
    return tuple(operation for operation in CONSEQUENCES if licence.status in OPERATIONS[operation].sources)


def propose_consequence(work: Work, made: Commitment, operation: Operation, finding: str) -> None:
    """Notify the holder of what is meant to be done about the licence that rests on ``made``; the holder is heard before it is decided.

    The notice gives the days of the proof, and no fewer than the law. Raises ``Conflict``: ``proceeding-open`` while the authority is
    acting on that licence already, ``licence-moved-on`` when nothing can be done about it any more.
    """
    licence, notice = licence_of(work.session, made.case_id), OPERATIONS[operation].notice
    if licence is not None:
        days = max(_proof(work, made).answer_days, notice.days if notice else 0)
        proceedings.propose_in(work, licence.id, operation, reason=finding, about={_ABOUT: made.id}, answer_days=days)


def decide(actor: Actor, proceeding_id: int, reason: str) -> None:
    """Decide a proceeding as proposed; where it goes back to an untrue promise, enter that in the credit record in the same transaction.

    With the licence ends what is open about the promises on which it rests.
    """
    with unit_of_work(actor) as work:
        found = proceedings.decide_in(work, proceeding_id, reason)
        made = _promise_behind(work, found)
        if made is not None:
            record(work, made, Event.CONFIRMED_FALSE, {"reason": reason, "proceeding": found.row.number})
            enter_false_commitment(work, made, found.licence.number, CONSEQUENCES[found.view.operation], found.row.authority_id)
        case_id = found.licence.case_id
        if case_id is not None and not is_alive(work.session, case_id):
            close(work, case_id, reason)


def drop(actor: Actor, proceeding_id: int, reason: str) -> None:
    """Do not pursue a proceeding any further; a finding about a promise behind it is not upheld, and the promise is verified again."""
    with unit_of_work(actor) as work:
        found = proceedings.drop_in(work, proceeding_id, reason)
        made = _promise_behind(work, found)
        if made is not None:
            record(work, made, Event.FINDING_DROPPED, {"reason": reason, "proceeding": found.row.number})
            proof = _proof(work, made)
            due = add_working_days(local_date(work.now), proof.verification_days, calendar_now(work.session))
            open_task(work, made, proof.verification_method, Occasion.REPEAT, due)


def proceedings_about(session: Session, made: Commitment) -> list[Proceeding]:
    """The proceedings about a licence that go back to ``made``, oldest first."""
    rows = session.scalars(select(Proceeding).where(Proceeding.company_id == made.company_id).order_by(Proceeding.id))
    return [row for row in rows if row.events and row.events[0].data.get(_ABOUT) == made.id]


def close(work: Work, case_id: int, reason: str) -> None:
    """Nothing more follows from the promises of a case: open verifications end, and what was found untrue is not pursued any further."""
    for made in of_case(work.session, case_id):
        cancel(work, made)
        if made.state == State.UNTRUE:
            record(work, made, Event.NOT_PURSUED, {"reason": reason})


def enter_false_commitment(work: Work, made: Commitment, about: str, entry: Entry, found_by: int) -> None:
    """Enter an untrue promise in the credit record of the company that made it; ``found_by`` is the authority that has the case."""
    authority = authority_of(work.session, found_by)
    enter(
        work,
        company_id=made.company_id,
        authority=authority,
        kind=Kind.FALSE_COMMITMENT,
        source=f"{authority.name}核查认定承诺不实，{entry.act}（{about}）",
        effect=_EFFECT,
        case_id=made.case_id,
        published=True,
        ends_on=add_months(local_date(work.now), entry.months),
    )


def _proof(work: Work, made: Commitment) -> Proof:
    return catalogue_now(work.session).proof(made.proof, made.proof_version)


def _promise_behind(work: Work, found: Loaded) -> Commitment | None:
    commitment_id = found.view.opening.data.get(_ABOUT) if found.view.opening else None
    made = work.session.get(Commitment, int(commitment_id)) if commitment_id else None
    return made if made is not None and made.state == State.UNTRUE else None
