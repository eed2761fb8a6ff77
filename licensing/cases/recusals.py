"""Who took part in a case, and who may not sit on its panel, and why (回避). Stated before anybody is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.journal import Loaded
from licensing.cases.tables import CaseEvent, Expert
from licensing.clock import local_date
from licensing.commitments.tables import Verification
from licensing.parties.queries import company as company_of
from licensing.parties.queries import officers
from licensing.parties.tables import Seat
from licensing.storage import Work
from licensing.words import N_


class Recusal(StrEnum):
    """Why an expert of the pool is not drawn for a case."""

    EMPLOYED = "employed"
    BELONGS = "belongs"
    HANDLED = "handled"
    OFFICER = "officer"


RECUSAL_NAMES: Mapping[Recusal, str] = {
    Recusal.EMPLOYED: N_("Is employed by the applicant"),
    Recusal.BELONGS: N_("Belongs, or belonged, to the applicant's company here"),
    Recusal.HANDLED: N_("Has handled the case"),
    Recusal.OFFICER: N_("Holds a post at the authority that decides"),
}


def took_part(session: Session, case: Loaded) -> frozenset[int]:
    """Everybody who acted in a case: did one of its acts, verified a promise of it, or was there when it was checked on site."""
    acted = select(CaseEvent.actor_id).where(CaseEvent.case_id == case.row.id, CaseEvent.actor_id.is_not(None))
    verified = select(Verification.done_by).where(Verification.case_id == case.row.id, Verification.done_by.is_not(None))
    checked = (int(officer) for check in case.view.site_checks for officer in check["officers"])
    return frozenset((*session.scalars(acted), *session.scalars(verified), *checked))


def recusals(work: Work, case: Loaded, pool: Iterable[Expert]) -> dict[int, tuple[Recusal, ...]]:
    """Why each expert of ``pool`` may not be drawn for this case, by person; empty for who may."""
    session, row = work.session, case.row
    applicant = company_of(session, row.company_id)
    belongs = set(session.scalars(select(Seat.person_id).where(Seat.company_id == row.company_id)))
    handled = took_part(session, case)
    posted = {person.id for person in officers(session, row.authority_id or -1, local_date(work.now))}
    return {
        expert.person_id: tuple(
            reason
            for reason, holds in (
                (Recusal.EMPLOYED, expert.employer == applicant.name or expert.employer_uscc == applicant.uscc),
                (Recusal.BELONGS, expert.person_id in belongs),
                (Recusal.HANDLED, expert.person_id in handled),
                (Recusal.OFFICER, expert.person_id in posted),
            )
            if holds
        )
        for expert in pool
    }
