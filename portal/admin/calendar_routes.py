"""The calendar of working days: years in force, the preview of an import, the import, and what each one moved."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing import policy
from licensing.cases import calendars
from licensing.clock import YearState, now
from licensing.clock.calendar import WEEKDAYS
from licensing.clock.notice import LONGEST_FILE, plain_text
from licensing.errors import Conflict, Invalid
from licensing.policy import Action, Role
from licensing.words import N_, Said
from portal.components import NavLink, errors_by_field
from portal.security import Access, access, current_actor

blueprint = Blueprint("admin_calendar", __name__, url_prefix="/admin/calendar")
NAVIGATION = [NavLink("admin_calendar.years", N_("Calendar"), Access.ADMIN)]
ID = "int(max=2147483647)"
PAGE_SIZE = 20
STATE_NAMES = {
    YearState.PUBLISHED: (N_("published"), "ok"),
    YearState.PROVISIONAL: (N_("provisional"), "warn"),
    YearState.MISSING: (N_("taken back"), ""),
}


@blueprint.get("")
@access(Access.ADMIN)
def years() -> ResponseReturnValue:
    """The years, and the form; ``undo`` fills it with the file that was in force before an import."""
    undo = request.args.get("undo", type=int)
    return _years_page(calendars.undo_text(current_actor(), undo) if undo else "", {})


@blueprint.post("/preview")
@access(Access.ADMIN)
def preview() -> ResponseReturnValue:
    """What the file would change; nothing is stored."""
    _require_import(fresh=False)
    content = request.form.get("content", "")
    try:
        content = _uploaded() or content
        return _preview_page(content, None, 200)
    except Invalid as error:
        return _years_page(content, errors_by_field(error) or {"content": error.sentence}, error.http_status)


@blueprint.post("")
@access(Access.ADMIN)
def put_in_force() -> ResponseReturnValue:
    """Import what the preview showed, after a fresh second factor."""
    _require_import(fresh=True)
    content = request.form.get("content", "")
    try:
        made = calendars.import_year(current_actor(), content, based_on=request.form.get("based_on", type=int))
    except Conflict as error:
        return _preview_page(content, error, error.http_status)
    except Invalid as error:
        return _years_page(content, errors_by_field(error) or {"content": error.sentence}, error.http_status)
    flash(gettext("The year was imported, and every open case was computed again."))
    return redirect(url_for("admin_calendar.made", import_id=made), 303)


@blueprint.get(f"/<{ID}:import_id>")
@access(Access.ADMIN)
def made(import_id: int) -> ResponseReturnValue:
    after = request.args.get("after", 0, type=int)
    page = calendars.import_page(current_actor(), import_id, after=min(max(after, 0), 2147483647), size=PAGE_SIZE)
    return render_template(
        "portal/admin/calendar_import.html", page=page, after=after, states=STATE_NAMES, weekdays=WEEKDAYS, may_import=_may_import()
    )


def _years_page(content: str, errors: dict[str, Said], status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "portal/admin/calendar.html",
        found=calendars.overview(current_actor()),
        content=content,
        errors=errors,
        states=STATE_NAMES,
        weekdays=WEEKDAYS,
        may_import=_may_import(),
        longest=LONGEST_FILE,
    )
    return page, status


def _preview_page(content: str, problem: Conflict | None, status: int) -> ResponseReturnValue:
    found = calendars.preview(current_actor(), content)
    start = max(0, request.form.get("start", 0, type=int)) if problem is None else 0
    page = render_template(
        "portal/admin/calendar_preview.html",
        found=found,
        problem=problem,
        states=STATE_NAMES,
        weekdays=WEEKDAYS,
        moves=found.moves[start : start + PAGE_SIZE],
        start=start,
        earlier=max(0, start - PAGE_SIZE) if start else None,
        later=start + PAGE_SIZE if start + PAGE_SIZE < len(found.moves) else None,
    )
    return page, status


def _uploaded() -> str:
    """The text of the file that was chosen; nothing when none was."""
    file = request.files.get("file")
    return plain_text(file.stream.read(LONGEST_FILE + 1)) if file and file.filename else ""


def _may_import() -> bool:
    return Role.SYSTEM_ADMIN in current_actor().admin_roles


def _require_import(*, fresh: bool) -> None:
    """Raise for those who may not import, before they work for nothing; the second factor is asked for when it is needed."""
    ruling = policy.rule_on(current_actor(), Action.CALENDAR_IMPORT, policy.Subject(), now=now())
    if not ruling and (fresh or not ruling.needs_second_factor):
        policy.require(current_actor(), Action.CALENDAR_IMPORT, policy.Subject(), now=now())
