"""Reads on messages."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.notices.tables import Notice


def latest(session: Session, company_ids: frozenset[int], limit: int = 10) -> list[Notice]:
    """The newest messages to any of the companies."""
    return list(session.scalars(select(Notice).where(Notice.company_id.in_(company_ids)).order_by(Notice.id.desc()).limit(limit)))
