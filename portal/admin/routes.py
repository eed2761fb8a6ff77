"""One read-only page for the three administrators: what runs here, is it well, what waits. No case can be seen from it."""

from __future__ import annotations

from importlib.metadata import version
from platform import python_version

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from licensing import policy
from licensing.clock import now
from licensing.notices.queries import sending
from licensing.storage import queries
from licensing.words import N_
from portal.components import NavLink
from portal.database import db
from portal.security import Access, access, current_actor

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
NAVIGATION = [NavLink("admin.state", N_("System"), Access.ADMIN)]
PARTS = ("flask", "sqlalchemy", "weasyprint", "pyhanko", "cryptography")


@blueprint.get("/")
@access(Access.ADMIN)
def state() -> ResponseReturnValue:
    policy.require(current_actor(), policy.Action.ADMIN_READ, policy.Subject(), now=now())
    versions = {"Python": python_version(), **{part: version(part) for part in PARTS}, N_("Database"): queries.database_version(db.session)}
    return render_template(
        "portal/admin/state.html", versions=versions, waiting=queries.waiting_messages(db.session), sending=sending(db.session)
    )
