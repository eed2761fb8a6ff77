"""While the register is behind what was already published, the portal shows it and changes nothing (threat G3)."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from licensing.ledger import gate
from portal.database import db
from portal.security import Access, access_of

CLOSED = frozenset({Access.APPLICANT, Access.OFFICER, Access.ADMIN})
"""Whose changes are refused; signing in and out, and checking licences, go on."""
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def watch(app: Flask) -> None:
    """Answer every change of an applicant or an officer with the reason, and let templates show a banner."""
    app.before_request(_refuse_changes)
    app.jinja_env.globals.update(register_behind=register_behind)


def register_behind() -> bool:
    """Whether this page has to say that the register is behind; looked up once per request. A database that is down says nothing."""
    if "leizheng_behind" not in g:
        try:
            g.leizheng_behind = gate.behind(db.session)
        except SQLAlchemyError:
            g.leizheng_behind = False
    found: bool = g.leizheng_behind
    return found


def _refuse_changes() -> None:
    if request.method not in _SAFE and access_of(current_app, request.endpoint or "") in CLOSED and register_behind():
        raise gate.refusal()
