"""The tree of authorities for the administrators, and the switch with which cases are sent to one or no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing import policy
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Matter
from licensing.clock import now, today
from licensing.errors import Conflict, Invalid, LeizhengError, NotFound
from licensing.parties import queries
from licensing.parties.rules import ALWAYS
from licensing.storage import reading
from licensing.trust import offices
from licensing.trust.current import current_trust_list
from licensing.words import N_, Said, say
from portal.components import NavLink, errors_by_field
from portal.database import db
from portal.security import Access, access, current_actor, refuse_early

if TYPE_CHECKING:
    from licensing.parties.tables import Jurisdiction

blueprint = Blueprint("admin_authorities", __name__, url_prefix="/admin/authorities")
NAVIGATION = [NavLink("admin_authorities.tree", N_("Authorities"), Access.ADMIN)]
ID = "int(max=2147483647)"
FEW = 3
"""So many provinces stand open when the page is loaded; of more, only their lines."""
LEVEL_NAMES = {"province": N_("Province"), "city": N_("City"), "county": N_("County")}


@dataclass(frozen=True, slots=True)
class Decides:
    """A matter with the regions in which an authority decides it, and the first day of that where it is known."""

    matter: Matter
    regions: tuple[str, ...]
    since: date | None


@blueprint.get("")
@access(Access.ADMIN)
def tree() -> ResponseReturnValue:
    """Every authority below the one above it: what it decides, how many people it has, whether it can seal."""
    _require_reader()
    actor, trust, moment = current_actor(), current_trust_list(current_app.config["LEIZHENG"]), now()
    rules, people = queries.jurisdictions(db.session), queries.people_at(db.session, today())
    rows = [
        (depth, row, _decides(rules.get(row.id, [])), people.get(row.id, 0), offices.lacking(row, trust, moment))
        for depth, row in queries.authority_tree(db.session, actor)
    ]
    active = sum(row.active for _, row, *_ in rows)
    return render_template("portal/admin/authorities.html", branches=_branches(rows), active=active, few=FEW)


def _branches(rows: list[Any]) -> list[list[Any]]:
    """The rows of the tree, one list for each authority that has none above it here."""
    starts = [place for place, (depth, *_) in enumerate(rows) if depth == 0]
    return [rows[start:end] for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)]


@blueprint.get(f"/<{ID}:authority_id>")
@access(Access.ADMIN)
def authority(authority_id: int) -> ResponseReturnValue:
    _require_reader()
    return _page(authority_id)


@blueprint.post(f"/<{ID}:authority_id>/switch")
@access(Access.ADMIN)
def switch(authority_id: int) -> ResponseReturnValue:
    """Activate or deactivate, as the button says; the reason stands in the log."""
    reason, wanted = request.form.get("reason", ""), request.form.get("to", "")
    refuse_early(policy.Action.AUTHORITY_SWITCH, policy.Subject())
    act = {"active": offices.activate, "inactive": offices.deactivate}.get(wanted)
    if act is None:
        return _page(authority_id, reason, {}, Invalid(say("Choose whether cases are sent to this authority or no more.")))
    try:
        act(current_actor(), authority_id, reason)
    except Invalid as error:
        return _page(authority_id, reason, errors_by_field(error), error)
    except Conflict as error:
        return _page(authority_id, reason, {}, error)
    flash(gettext("The change was entered in the log."))
    return redirect(url_for("admin_authorities.authority", authority_id=authority_id), 303)


def _page(
    authority_id: int, reason: str = "", errors: dict[str, Said] | None = None, problem: LeizhengError | None = None
) -> ResponseReturnValue:
    actor = current_actor()
    with reading(actor) as look:
        found = next((row for _, row in queries.authority_tree(look.session, actor) if row.id == authority_id), None)
        if found is None:
            raise NotFound(say("There is no such authority."))
        above = queries.authority(look.session, found.parent_id) if found.parent_id else None
        history = [(say(offices.EVENT_NAMES[offices.Event(event.type)]), event) for event in found.events]
        names = queries.person_names(look.session, {event.actor_id for event in found.events if event.actor_id})
        decides = _decides(queries.jurisdictions(look.session).get(authority_id, []))
        people = queries.people_at(look.session, today()).get(authority_id, 0)
    lacks = offices.lacking(found, current_trust_list(current_app.config["LEIZHENG"]), now())
    ruling = policy.rule_on(actor, policy.Action.AUTHORITY_SWITCH, policy.Subject(), now=now())
    sheet = render_template(
        "portal/admin/authority.html",
        authority=found,
        above=above,
        level=say(LEVEL_NAMES[found.level]) if found.level in LEVEL_NAMES else found.level,
        decides=decides,
        people=people,
        lacks=lacks,
        history=history,
        names=names,
        may_switch=(bool(ruling) or ruling.needs_second_factor) and (found.active or not lacks),
        reason=reason,
        errors=errors or {},
        problem=problem,
    )
    return sheet, problem.http_status if problem else 200


def _decides(rules: list[Jurisdiction]) -> list[Decides]:
    catalogue = load_catalogue()
    found = []
    for matter in catalogue.matters:
        mine = [rule for rule in rules if rule.matter == matter.code and (rule.valid_to is None or rule.valid_to >= today())]
        if mine:
            first = min(rule.valid_from for rule in mine)
            regions = tuple(catalogue.place_name(rule.region_prefix.ljust(6, "0")) for rule in mine)
            found.append(Decides(matter, regions, None if first == ALWAYS else first))
    return found


def _require_reader() -> None:
    policy.require(current_actor(), policy.Action.ADMIN_READ, policy.Subject(), now=now())
