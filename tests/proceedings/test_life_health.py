"""Whatever somebody writes into the tables of a licence's life is found."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from life import Life
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from licensing.licences import health as register_health
from licensing.licences.operations import Operation
from licensing.licences.tables import Licence, LicenceEvent
from licensing.policy import SYSTEM
from licensing.proceedings import health
from licensing.proceedings.tables import Proceeding, ProceedingEvent
from licensing.storage import reading, storage, unit_of_work
from licensing.trust.current import current_trust_list

FILES = {"file-differs", "qr-differs"}
"""Quick licences have no files, so these are always found."""


def codes() -> set[str]:
    trust = current_trust_list(storage().settings)
    with reading(SYSTEM) as look:
        register = register_health.problems(look.session, storage().files, trust)
        return {problem.code for problem in (*register, *health.problems(look.session))} - FILES


def insert_event(session: Session) -> None:
    last = session.scalars(select(LicenceEvent).order_by(LicenceEvent.id.desc())).first()
    assert last is not None
    columns = {column.key: getattr(last, column.key) for column in LicenceEvent.__table__.columns if column.key != "id"}
    session.add(LicenceEvent(**{**columns, "sequence": last.sequence + 1}))


SPOILS = {
    "status": lambda session: session.execute(update(Licence).values(status="in_force")),
    "reason": lambda session: session.execute(update(Licence).values(status_reason="另一个理由")),
    "date": lambda session: session.execute(update(Licence).values(status_since=datetime(2026, 3, 1, tzinfo=UTC))),
    "sequence": lambda session: session.execute(update(Licence).values(sequence=1)),
    "event edited": lambda session: session.execute(update(LicenceEvent).values(actor_id=None)),
    "event deleted": lambda session: session.execute(delete(LicenceEvent).where(LicenceEvent.sequence == 2)),
    "event inserted": insert_event,
    "proceeding state": lambda session: session.execute(update(Proceeding).values(state="dropped")),
    "proceeding operation": lambda session: session.execute(update(Proceeding).values(slot="1:office")),
    "proceeding event edited": lambda session: session.execute(
        update(ProceedingEvent).where(ProceedingEvent.sequence == 2).values(data={"reason": "没有申辩"})
    ),
    "proceeding event deleted": lambda session: session.execute(delete(ProceedingEvent).where(ProceedingEvent.sequence == 2)),
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_each_tampering_is_found(life: Life, spoil: str) -> None:
    life.done(life.quick(), Operation.REVOKE_FOR_DECEIT)
    assert codes() == set()
    with unit_of_work(SYSTEM) as work:
        SPOILS[spoil](work.session)  # type: ignore[no-untyped-call]
    assert codes()


def test_a_new_version_and_its_old_one_are_well(life: Life) -> None:
    proceeding_id = life.requested(life.quick(), Operation.REPLACE)
    life.answer(life.propose(life.at(proceeding_id).licence.id, Operation.SUSPEND))
    assert codes() == set()
