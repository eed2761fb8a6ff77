"""The leader's page: figures of the authority, drawn and in numbers, and the same as a workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from licensing.cases.leading import LeaderPage, leader_page
from licensing.catalogue import load_catalogue
from licensing.clock import today
from licensing.policy import Role
from licensing.words import N_, Said, say
from portal.components import NavLink, label
from portal.downloads import download
from portal.office.figure_tables import MONTHLY, PROOF_COLUMNS, Table, one_bar, tables, totals
from portal.office.workbook import MEDIA_TYPE, workbook
from portal.security import Access, access, current_actor

blueprint = Blueprint("office_figures", __name__, url_prefix="/office")
NAVIGATION = [NavLink("office_figures.figures", N_("Figures"), Access.OFFICER, role=Role.SUPERVISOR)]
_REGION = re.compile(r"\d{6}", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


@blueprint.get("/figures")
@access(Access.OFFICER)
def figures() -> ResponseReturnValue:
    """The last twelve months of the authorities that the reader supervises and of all below."""
    asked = _asked()
    page = leader_page(current_actor(), **asked)
    shown = tables(page, asked)
    return render_template(
        "portal/office/figures.html",
        page=page,
        tables=shown,
        one_bar=one_bar,
        throughput=_throughput(page),
        ranges=_ranges(page, by_month=bool(asked["matter"])),
        three_bars=_three_bars(shown["proofs"]),
        totals=totals(page, asked),
        asked=asked,
        matters=[(known.code, known) for known in load_catalogue().matters if known.open],
        workbook_url=url_for("office_figures.export", **_parts(asked)),
    )


@blueprint.get("/figures.xlsx")
@access(Access.OFFICER)
def export() -> ResponseReturnValue:
    """The same tables, one sheet each."""
    asked = _asked()
    page = leader_page(current_actor(), **asked)
    return download(workbook(tables(page, asked).values()), MEDIA_TYPE, f"leizheng-{today():%Y-%m-%d}.xlsx")


def _asked() -> dict[str, str]:
    """Matter, region and authority of the address; what makes no sense is left out."""
    known = {one.code for one in load_catalogue().matters}
    asked = {name: request.args.get(name, "") for name in ("matter", "region", "authority")}
    return {
        "matter": asked["matter"] if asked["matter"] in known else "",
        "region": asked["region"] if _REGION.fullmatch(asked["region"]) else "",
        "authority": asked["authority"] if _NUMBER.fullmatch(asked["authority"]) else "",
    }


def _parts(asked: Mapping[str, str]) -> dict[str, Any]:
    """What is asked for as parts of an address, which stays short because what is empty is left out."""
    return {name: value for name, value in asked.items() if value}


def _ranges(page: LeaderPage, *, by_month: bool) -> list[tuple[str, int, int, int, int]]:
    """Name, median, 90th percentile, promised and legal limit: by matter, or month by month when one matter is chosen."""
    rows = [(label(known), found) for known, found in page.spreads]
    rows += [(f"{month:%Y-%m}", found) for month, found in page.monthly_spreads if found and by_month]
    return [(name, found.median, found.ninetieth, found.promised, found.legal) for name, found in rows]


def _throughput(page: LeaderPage) -> list[tuple[str, Said, list[int]]]:
    """Colour, name and counts month by month of each series."""
    return [(f"bar-{figure}", say(name), [page.monthly[figure].get(month, 0) for month in page.months]) for figure, name in MONTHLY.items()]


def _three_bars(proofs: Table) -> list[tuple[str, list[tuple[str, str | int]]]]:
    """Each proof with what was promised, handed in and untrue."""
    kinds = [f"bar-{figure}" for figure in PROOF_COLUMNS]
    return [(str(row[0].value), list(zip(kinds, (cell.value for cell in row[1:]), strict=True))) for row in proofs.rows]
