"""The public register of permits (双公示): search, pages, files, and a feed of the newest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.catalogue import load_catalogue
from licensing.clock import today
from licensing.errors import Conflict, Invalid, LeizhengError
from licensing.licences.status import STATUS_NAMES
from licensing.policy import SYSTEM
from licensing.register import export, queries
from licensing.register.queries import Entry, Search
from licensing.storage import reading
from licensing.words import Said, say
from portal.accounts import limits
from portal.downloads import download
from portal.licences import STATUS_KINDS, check_path
from portal.security import Access, access
from portal.typed import day_of, printable

blueprint = Blueprint("public_register", __name__, url_prefix="/register")
PAGE_SIZE = 30
FEED_SIZE = 50
EXPORTS = limits.Limit("register-export", 20, 10 * 60)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TOO_OFTEN = Conflict(
    say("Files were downloaded too often from your address."), next_step=say("Try again in ten minutes."), code="too-often"
)
OUTCOMES = {"granted": True, "refused": False}
NAMES = ("search", "matter", "authority", "region", "outcome", "from", "to")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: the values to show again, what they mean, and what is wrong with them."""

    values: dict[str, str]
    search: Search
    errors: dict[str, Said] = field(default_factory=dict)

    @property
    def query(self) -> dict[str, Any]:
        """The values as a link carries them."""
        return {name: value for name, value in self.values.items() if value}


@blueprint.get("")
@access(Access.PUBLIC)
def register() -> ResponseReturnValue:
    """Granted and refused permits, newest decision first."""
    return _page(_asked())


@blueprint.get("/permits.csv")
@access(Access.PUBLIC)
def as_csv() -> ResponseReturnValue:
    return _file(export.as_csv, "text/csv", "csv")


@blueprint.get("/permits.xlsx")
@access(Access.PUBLIC)
def as_xlsx() -> ResponseReturnValue:
    return _file(export.as_xlsx, XLSX, "xlsx")


@blueprint.get("/feed.json")
@access(Access.PUBLIC)
def feed() -> ResponseReturnValue:
    """The newest permits as a JSON Feed (version 1.1)."""
    items = [_item(entry) for entry in queries.search(Search(), size=FEED_SIZE).entries]
    host = current_app.config["LEIZHENG"].public_host
    said: Response = jsonify(
        version="https://jsonfeed.org/version/1.1",
        title=gettext("Public register of permits"),
        home_page_url=f"https://{host}{url_for('public_register.register')}",
        feed_url=f"https://{host}{url_for('public_register.feed')}",
        items=items,
    )
    said.mimetype = "application/feed+json"
    return said


def _page(asked: Asked, problem: LeizhengError | None = None) -> ResponseReturnValue:
    key = request.args.get("after", "")
    after = key if queries.is_key(key) else None
    found = queries.search(asked.search, after=after, size=PAGE_SIZE) if not asked.errors else queries.Page((), None)
    with reading(SYSTEM) as look:
        places = queries.deciding(look.session)
        late = queries.published_late(look.session, today())
    catalogue = load_catalogue()
    page = render_template(
        "portal/public/register.html",
        rows=[(entry, check_path(entry.licence) if entry.licence else None) for entry in found.entries],
        values=asked.values,
        errors=asked.errors,
        problem=problem,
        query=asked.query,
        matters=catalogue.matters,
        authorities=places,
        regions=_regions(asked.values["region"]),
        status_names=STATUS_NAMES,
        status_kinds=STATUS_KINDS,
        late=len(late),
        most=export.MOST_ROWS,
        next_url=url_for("public_register.register", **asked.query, after=found.next_key) if found.next_key else None,
        first_url=url_for("public_register.register", **asked.query) if after else None,
    )
    return page, 422 if asked.errors else problem.http_status if problem else 200


def _file(write: Callable[[Search], bytes], media_type: str, ending: str) -> ResponseReturnValue:
    asked = _asked()
    if asked.errors:
        return _page(asked)
    if not limits.hit((EXPORTS, request.remote_addr or "unknown")):
        return _page(asked, TOO_OFTEN)
    try:
        content = write(asked.search)
    except Invalid as error:
        return _page(asked, error)
    return download(content, media_type, f"permits-{today()}.{ending}")


def _asked() -> Asked:
    values = {name: printable(request.args.get(name, ""))[:100] for name in NAMES}
    errors = {
        name: say("Enter a date such as 2027-03-31, or nothing.")
        for name in ("from", "to")
        if values[name] and day_of(values[name]) is None
    }
    first, last = day_of(values["from"]), day_of(values["to"])
    if first and last and last < first:
        errors["to"] = say("The last day lies before the first.")
    if values["region"] and not load_catalogue().has_region(values["region"]):
        errors["region"] = say("There is no place with this code.")
    authority = values["authority"]
    return Asked(
        values,
        Search(
            words=values["search"],
            matter=values["matter"],
            authority_id=int(authority) if authority.isascii() and authority.isdecimal() and len(authority) < 10 else None,
            region=values["region"],
            first=first,
            last=last,
            granted=OUTCOMES.get(values["outcome"]),
        ),
        errors,
    )


def _regions(chosen: str) -> list[tuple[str, str]]:
    """The provinces, and below the chosen place the next level: a list that stays short."""
    catalogue = load_catalogue()
    if not chosen or not catalogue.has_region(chosen):
        return [(code, name) for code, name in catalogue.regions()]
    line = dict.fromkeys((chosen[:2] + "0000", chosen[:4] + "00", chosen))
    above = [code for code in line if catalogue.has_region(code)]
    below = [code for code, _ in catalogue.regions(chosen)]
    return [(code, catalogue.region_name(code)) for code in (*above, *below)]


def _item(entry: Entry) -> dict[str, Any]:
    host, permit = current_app.config["LEIZHENG"].public_host, entry.permit
    path = check_path(entry.licence) if entry.licence else None
    day: date = permit.decided_on
    return {
        "id": f"https://{host}/register/{permit.case_id}",
        "title": permit.fields()[7],
        "content_text": " · ".join(text for text in permit.fields() if text),
        "date_published": f"{day.isoformat()}T00:00:00+08:00",
        **({"url": f"https://{host}{path}"} if path else {}),
    }
