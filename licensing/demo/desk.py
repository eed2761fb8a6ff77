"""Who works on what in the demo world: most open cases lie with a colleague, some wait for one."""

from __future__ import annotations

from sqlalchemy import select

from licensing.cases.assigning import assign, mark_seen
from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.cases.worklist import RUNNING, WORK_STATES
from licensing.clock import today
from licensing.parties.queries import actor_for, officers, seated
from licensing.policy import SYSTEM
from licensing.storage import Work, reading

_FREE = 3
"""Every third case has nobody yet."""


def share_work() -> None:
    """Give the open cases to those whose post they wait for, in turn; whoever has one has seen it."""
    with reading(SYSTEM) as look:
        rows = list(look.session.scalars(select(Case).where(Case.state.in_(RUNNING)).order_by(Case.id)))
        shared = [
            (row.id, fitting[place % len(fitting)]) for place, row in enumerate(rows) if place % _FREE and (fitting := _fitting(look, row))
        ]
        actors = {person: actor_for(look.session, person, on=today()) for _, person in shared}
    for case_id, person in shared:
        assign(actors[person], [case_id], person)
        mark_seen(actors[person], [case_id])


def _fitting(look: Work, row: Case) -> list[int]:
    roles = {role for role, states in WORK_STATES.items() if State(row.state) in states}
    barred = seated(look.session, row.company_id, today())
    return [person.id for person in officers(look.session, row.authority_id or -1, today(), roles) if person.id not in barred]
