"""Send and read messages."""

from __future__ import annotations

from sqlalchemy import update

from licensing.notices.tables import Notice
from licensing.storage import Work
from licensing.words import Said


def notify_company(work: Work, company_id: int, said: Said, *, case_id: int | None = None, licence_id: int | None = None) -> None:
    """Put a message into the portal inbox of a company; it leaves with the transaction. Facts are plain strings.

    It leads to the page of the case or of the licence that is named.
    """
    facts = {name: str(fact) for name, fact in said.facts.items()}
    work.session.add(
        Notice(company_id=company_id, case_id=case_id, licence_id=licence_id, sentence=said.text, facts=facts, sent_at=work.now)
    )


def mark_read(work: Work, company_ids: frozenset[int], case_id: int) -> None:
    """The messages about a case count as read once its page was opened."""
    mine = update(Notice).where(Notice.company_id.in_(company_ids), Notice.case_id == case_id, Notice.read_at.is_(None))
    work.session.execute(mine.values(read_at=work.now))
