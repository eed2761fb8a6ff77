"""Who decides where I build? A place goes in, the authority of each matter comes out. The address holds the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from licensing.catalogue import Matter, load_catalogue
from licensing.errors import Invalid
from licensing.parties.queries import responsible_authority
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.words import Said, say
from portal.applicant.forms import places
from portal.security import Access, access

if TYPE_CHECKING:
    from licensing.parties.tables import Authority

blueprint = Blueprint("public_authority", __name__)
LONGEST = 12


@blueprint.get("/who-decides")
@access(Access.PUBLIC)
def who_decides() -> ResponseReturnValue:
    """The form, and below it the authorities once a place was chosen."""
    catalogue, region = load_catalogue(), request.args.get("region", "").strip()[:LONGEST]
    known = catalogue.has_region(region)
    errors: dict[str, Said] = {}
    if "region" in request.args and not known:
        errors["region"] = say("Choose a place from the list.")
    page = render_template(
        "portal/public/who_decides.html",
        groups=places(),
        region=region,
        place=catalogue.region_name(region) if known else "",
        errors=errors,
        found=_found(region) if known else [],
    )
    return page, 422 if errors else 200


def _found(region: str) -> list[tuple[Authority | None, list[Matter]]]:
    """Each authority with what it decides there, in order of matters; None for what nobody decides here yet."""
    by_id: dict[int, tuple[Authority | None, list[Matter]]] = {}
    with reading(SYSTEM) as look:
        for matter in load_catalogue().matters:
            try:
                authority = responsible_authority(look.session, matter.code, region)
            except Invalid:
                authority = None
            by_id.setdefault(authority.id if authority else 0, (authority, []))[1].append(matter)
    return list(by_id.values())
