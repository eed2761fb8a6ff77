"""The archive: closed files by number, as a table to keep, and each as a ZIP."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import archive
from licensing.cases.archived_list import Closed, all_closed_files, closed_files
from licensing.catalogue.loader import load_retention
from licensing.clock import local_date, today
from licensing.documents.packing import csv_of
from licensing.errors import Conflict, Invalid, Unavailable
from licensing.words import N_
from portal.components import NavLink, label, say_filter
from portal.downloads import download
from portal.office.opening import open_case
from portal.office.presentation import OFFICE_STATE_NAMES, STATE_KINDS
from portal.security import Access, access, current_actor
from portal.typed import number_of, printable

blueprint = Blueprint("office_archive", __name__, url_prefix="/office/archive")
NAVIGATION = [NavLink("office_archive.files", N_("Archive"), Access.OFFICER)]
PAGE_SIZE = 30
LONGEST_SEARCH = 100
ID = "int(max=2147483647)"
HEADS = (
    N_("File number"),
    N_("Case number"),
    N_("Matter"),
    N_("Project"),
    N_("Company"),
    N_("Result"),
    N_("Kept"),
    N_("Archived on"),
    N_("SHA-256 of the index"),
)


@blueprint.get("")
@access(Access.OFFICER)
def files() -> ResponseReturnValue:
    """The closed files of my authorities, newest first."""
    search, key = _search(), request.args.get("after", "")
    after = number_of(key)
    found = closed_files(current_actor(), search, after=after, size=PAGE_SIZE)
    asked = search or None
    return render_template(
        "portal/office/archive.html",
        rows=found.rows,
        search=search,
        days=load_retention().undelivered_days,
        table_url=url_for("office_archive.table", search=asked),
        first_url=url_for("office_archive.files", search=asked) if after else None,
        next_url=url_for("office_archive.files", search=asked, after=found.next_key) if found.next_key else None,
        state_names=OFFICE_STATE_NAMES,
        state_kinds=STATE_KINDS,
    )


@blueprint.get("/files.csv")
@access(Access.OFFICER)
def table() -> ResponseReturnValue:
    """All closed files that fit, as a table."""
    try:
        rows = [_cells(found) for found in all_closed_files(current_actor(), _search())]
    except Invalid as error:
        flash(" ".join(say_filter(words) for words in (error.sentence, error.next_step) if words))
        return redirect(url_for("office_archive.files", search=_search() or None), 303)
    return download(csv_of([say_filter(head) for head in HEADS], rows), "text/csv", f"archive-{today()}.csv")


@blueprint.get(f"/cases/<{ID}:case_id>/file.zip")
@access(Access.OFFICER)
def download_file(case_id: int) -> ResponseReturnValue:
    """The closed file of a case, the same bytes at every download."""
    open_case(case_id)
    row, content = archive.archived_file(current_actor(), case_id)
    return download(content, "application/zip", f"{row.number}.zip")


@blueprint.post(f"/cases/<{ID}:case_id>")
@access(Access.OFFICER)
def close(case_id: int) -> ResponseReturnValue:
    """Close the file of a finished case now, before the worker does."""
    open_case(case_id)
    try:
        row = archive.archive(current_actor(), current_app.config["LEIZHENG"], case_id)
    except (Conflict, Unavailable) as error:
        flash(" ".join(say_filter(words) for words in (error.sentence, error.next_step) if words))
    else:
        flash(gettext("The file was closed under the number %(number)s.", number=row.number))
    return redirect(url_for("office.case", case_id=case_id), 303)


def _search() -> str:
    return printable(request.args.get("search", ""))[:LONGEST_SEARCH]


def _cells(found: Closed) -> list[str]:
    row, case = found.row, found.case
    result, day = say_filter(OFFICE_STATE_NAMES[case.state]), local_date(row.archived_at).isoformat()  # type: ignore[index]
    about = (row.number, case.public_number, label(found.matter), case.project_name, found.company.name)
    return [*about, result, label(found.period), day, row.index_sha256]
