"""Measures the cases whose measure is missing or old: after a migration, and wherever events came in by another way."""

from __future__ import annotations

from sqlalchemy import or_, select

from licensing.cases.journal import happened
from licensing.cases.measures import keep_measure
from licensing.cases.tables import Case, CaseMeasure
from licensing.catalogue import load_catalogue
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work

_AT_ONCE = 500


def measure_all() -> int:
    """Bring every measure up to the events of its case; how many were behind. Running it again does nothing."""
    stale = (
        select(Case.id)
        .outerjoin(CaseMeasure, CaseMeasure.case_id == Case.id)
        .where(Case.authority_id.is_not(None), or_(CaseMeasure.case_id.is_(None), CaseMeasure.sequence != Case.sequence))
    )
    with reading(SYSTEM) as look:
        waiting = list(look.session.scalars(stale.order_by(Case.id)))
    for start in range(0, len(waiting), _AT_ONCE):
        with unit_of_work(SYSTEM) as work:
            for row in work.session.scalars(select(Case).where(Case.id.in_(waiting[start : start + _AT_ONCE]))):
                keep_measure(work.session, row, load_catalogue().matter(row.matter), [happened(event) for event in row.events])
    return len(waiting)
