"""Keeps what figures count of a case beside it, in the transaction of each event: twelve thousand cases are not replayed for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from licensing.cases.figures import Measure, measure, proofs_text
from licensing.cases.tables import Case, CaseMeasure, CaseMeasureCorrection
from licensing.cases.view import Happened
from licensing.catalogue.model import Matter
from licensing.clock.queries import calendar_now

_SAME = ("region", "received_on", "accepted_on", "decided_on", "silent", "days", "legal_days", "promised_days", "slowest", "corrections")
_HANDLERS = {"acceptor_id": "acceptor", "proposer_id": "proposer", "decider_id": "decider"}


def keep_measure(session: Session, row: Case, matter: Matter, events: Sequence[Happened]) -> None:
    """Write what ``events``, all of the case, say in figures. A draft belongs to no authority and is not counted."""
    found = measure(events, matter, calendar_now(session))
    if found is None or row.authority_id is None:
        return
    kept = session.get(CaseMeasure, row.id)
    if kept is None:
        kept = CaseMeasure(case_id=row.id)
        session.add(kept)
    for name, value in columns_of(found, row, events[-1].sequence).items():
        setattr(kept, name, value)
    session.flush()
    _keep_corrected(session, row.id, found)


def columns_of(found: Measure, row: Case, sequence: int) -> dict[str, Any]:
    """What stands in the row of a measure of the case up to ``sequence``."""
    return {
        "sequence": sequence,
        "authority_id": found.authority_id or row.authority_id,
        "matter": row.matter,
        **{name: getattr(found, name) for name in _SAME},
        "proofs": proofs_text(found.proofs),
        **{column: found.handlers.get(handler) for column, handler in _HANDLERS.items()},
    }


def _keep_corrected(session: Session, case_id: int, found: Measure) -> None:
    rows = session.scalars(select(CaseMeasureCorrection).where(CaseMeasureCorrection.case_id == case_id))
    if {row.target for row in rows} == found.corrected:
        return
    session.execute(
        delete(CaseMeasureCorrection).where(CaseMeasureCorrection.case_id == case_id), execution_options={"synchronize_session": "fetch"}
    )
    session.add_all(CaseMeasureCorrection(case_id=case_id, target=target) for target in sorted(found.corrected))
    session.flush()
