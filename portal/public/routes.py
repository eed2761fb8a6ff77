"""Home, service guides, about."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from licensing.catalogue.queries import catalogue_now
from licensing.clock import find_limit, today
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.words import N_
from portal.components import NavLink
from portal.public.guide_routes import guide_page
from portal.security import Access, access

blueprint = Blueprint("public", __name__)
NAVIGATION = [NavLink("public.home", N_("Services"), Access.PUBLIC)]


@blueprint.get("/")
@access(Access.PUBLIC)
def home() -> ResponseReturnValue:
    with reading(SYSTEM) as look:
        catalogue = catalogue_now(look.session)
    return render_template(
        "portal/public/home.html",
        matters=catalogue.matters,
        limits={matter.code: find_limit(matter.limits.decide) for matter in catalogue.matters},
        promisable={matter.code: catalogue.promisable(matter, today()) for matter in catalogue.matters},
    )


@blueprint.get("/guides/<matter>")
@access(Access.PUBLIC)
def guide(matter: str) -> ResponseReturnValue:
    return guide_page(matter)


@blueprint.get("/about")
@access(Access.PUBLIC)
def about() -> ResponseReturnValue:
    return render_template("portal/public/about.html", host=current_app.config["LEIZHENG"].public_host)
