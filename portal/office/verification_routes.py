"""Verifications 核查: the worklist, the page of one on a phone, its photographs, and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import fieldwork, verifying
from licensing.cases.fieldwork import Show, TaskPage
from licensing.cases.journal import not_found
from licensing.cases.machine import FINAL, State
from licensing.clock import today
from licensing.commitments.consequences import CONSEQUENCES
from licensing.commitments.findings import SEEN_NAMES, VISITS
from licensing.commitments.rules import RESULT_NAMES, Occasion, Result
from licensing.documents.previews import MEDIA_TYPE
from licensing.errors import Conflict, Forbidden, Invalid, LeizhengError, Unavailable
from licensing.words import N_, Said, say
from portal.components import NavLink, errors_by_field
from portal.deadlines import due_badge
from portal.downloads import download
from portal.licences import PROPOSALS
from portal.office.verification_forms import RECTIFY, REMOVE, captions, consequence_of, missing_in, read_report, report_of
from portal.promises import fact_text
from portal.security import Access, access, current_actor
from portal.typed import Errors, Filled, Values, is_dated_key

blueprint = Blueprint("office_verifications", __name__, url_prefix="/office/verifications")
NAVIGATION = [NavLink("office_verifications.worklist", N_("Verification"), Access.OFFICER)]
PAGE_SIZE = 30
ID = "int(max=2147483647)"
METHOD_NAMES = {
    "data_sharing": N_("by shared data"),
    "site": N_("on site"),
    "document": N_("by documents"),
    "random": N_("by random checks"),
    "waived": N_("waived"),
}
OCCASION_NAMES = {
    "before_decision": N_("before the decision"),
    "after_decision": N_("after the decision"),
    "repeat": N_("once more"),
    "sample": N_("drawn at random"),
    "rectification": N_("after an order to rectify"),
}
PARTS: Mapping[Show, tuple[str, str]] = {
    Show.ALL: (N_("All open"), N_("Nothing is to be verified now.")),
    Show.MINE: (N_("Mine"), N_("You were drawn for none of the open verifications, and have begun none.")),
    Show.LATE: (N_("Late"), N_("None is late.")),
    Show.DONE: (N_("Done"), N_("Nothing was verified yet.")),
}
"""The parts of the worklist: what each is called, and what is said when it is empty."""
RECTIFY_FIRST = N_("nothing yet: the approver may order to rectify first")


@blueprint.get("")
@access(Access.OFFICER)
def worklist() -> ResponseReturnValue:
    """What is to be verified, the least time left first; or what was."""
    asked, after = request.args.get("show", ""), request.args.get("after", "")
    show = Show(asked) if asked in set(Show) else Show.ALL
    found = fieldwork.verification_worklist(current_actor(), show=show, after=after if is_dated_key(after) else None, size=PAGE_SIZE)
    return render_template(
        "portal/office/verifications.html",
        show=show,
        parts=[(part, name, url_for("office_verifications.worklist", show=part)) for part, (name, _) in PARTS.items()],
        empty=PARTS[show][1],
        rows=[(row, *due_badge(row.days_left)) for row in found.rows],
        first_url=url_for("office_verifications.worklist", show=show) if after else None,
        next_url=url_for("office_verifications.worklist", show=show, after=found.next_key) if found.next_key else None,
        **_words(),
    )


@blueprint.get(f"/<{ID}:task_id>")
@access(Access.OFFICER)
def task(task_id: int) -> ResponseReturnValue:
    page = _open(task_id)
    return _task_page(page, page.typed, {})


@blueprint.post(f"/<{ID}:task_id>")
@access(Access.OFFICER)
def task_send(task_id: int) -> ResponseReturnValue:
    """What was typed is kept first, files are added, then the button that was pressed does its work; the plain one records the result."""
    page = _open(task_id)
    filled = read_report(request.form, page)
    try:
        fieldwork.keep_typed(current_actor(), task_id, filled.values, captions(filled))
    except Conflict as error:
        return _task_page(page, filled.values, {"act": error.sentence}, status=error.http_status)
    pressed = request.form.get("do", "")
    refused = _add_files(task_id)
    if refused:
        return _task_page(_open(task_id), filled.values, {"files": refused[0], **filled.errors}, status=422)
    if filled.errors:
        return _task_page(_open(task_id), filled.values, filled.errors, status=422)
    if REMOVE.fullmatch(pressed):
        return _remove(task_id, pressed)
    return BUTTONS.get(pressed, _record)(page, filled)


@blueprint.get(f"/<{ID}:task_id>/files/<{ID}:file_id>")
@access(Access.OFFICER)
def file(task_id: int, file_id: int) -> ResponseReturnValue:
    """The file as it came: the evidence."""
    _open(task_id)
    row, content = fieldwork.material_of(current_actor(), task_id, file_id)
    return download(content, row.media_type, row.filename)


@blueprint.get(f"/<{ID}:task_id>/files/<{ID}:file_id>/preview")
@access(Access.OFFICER)
def preview(task_id: int, file_id: int) -> ResponseReturnValue:
    """The picture of a file that pages show."""
    _open(task_id)
    return Response(fieldwork.preview_of(current_actor(), task_id, file_id), mimetype=MEDIA_TYPE)


def _add_files(task_id: int) -> list[Said]:
    """Add the files that were sent, one by one; what is good is kept even when another is refused. The complaints."""
    limit = current_app.config["LEIZHENG"].upload_limit
    refused: list[Said] = []
    for sent in request.files.getlist("files"):
        if not sent.filename:
            continue
        try:
            fieldwork.add_material(current_actor(), task_id, sent.filename, sent.stream.read(limit + 1))
        except Invalid as error:
            refused.append(error.sentence)
    return refused


def _added(page: TaskPage, filled: Filled) -> ResponseReturnValue:
    if not any(sent.filename for sent in request.files.getlist("files")):
        return _task_page(page, filled.values, {"files": say("Choose a file first.")}, status=422)
    flash(gettext("The files were added. What you typed is kept."))
    return _back(page.task.id, "material")


def _remove(task_id: int, pressed: str) -> ResponseReturnValue:
    fieldwork.remove_material(current_actor(), task_id, int(pressed.partition(".")[2]))
    flash(gettext("The file was removed. What you typed is kept."))
    return _back(task_id, "material")


def _ask_source(page: TaskPage, filled: Filled) -> ResponseReturnValue:
    try:
        fieldwork.ask_source(current_actor(), page.task.id)
    except (Conflict, Unavailable) as error:
        return _task_page(_open(page.task.id), filled.values, {"source": error.sentence}, status=error.http_status)
    return _back(page.task.id, "source")


def _saved(page: TaskPage, filled: Filled) -> ResponseReturnValue:  # noqa: ARG001
    flash(gettext("What you typed is kept. You can go on later."))
    return _back(page.task.id, "report")


def _record(page: TaskPage, filled: Filled) -> ResponseReturnValue:
    """End the verification with its result."""
    missing = missing_in(filled, page)
    if missing:
        return _task_page(_open(page.task.id), filled.values, missing, status=422)
    try:
        verifying.record_finding(
            current_actor(), page.task.id, Result(filled.values["result"]), report_of(filled), consequence=consequence_of(filled)
        )
    except Forbidden:
        raise
    except LeizhengError as error:
        by_field = errors_by_field(error) if isinstance(error, Invalid) else {}
        return _task_page(_open(page.task.id), filled.values, by_field or {"act": error.sentence}, status=error.http_status)
    flash(gettext("The result was recorded."))
    return redirect(url_for("office.case", case_id=page.case.id), 303)


BUTTONS: Mapping[str, Callable[[TaskPage, Filled], ResponseReturnValue]] = {"add": _added, "source": _ask_source, "save": _saved}
"""What the buttons do besides recording the result."""


def _back(task_id: int, anchor: str) -> ResponseReturnValue:
    return redirect(url_for("office_verifications.task", task_id=task_id, _anchor=anchor), 303)


def _open(task_id: int) -> TaskPage:
    """The task, if it lies at an authority where the reader holds a post and the company is not the reader's own."""
    page = fieldwork.task_page(current_actor(), task_id)
    if page.company.id in current_actor().company_ids:
        raise not_found()
    return page


def _task_page(page: TaskPage, values: Values, errors: Errors, *, status: int = 200) -> ResponseReturnValue:
    left, kind = due_badge(page.days_left)
    first = [] if page.task.occasion == Occasion.RECTIFICATION else [(RECTIFY, say(RECTIFY_FIRST), None)]
    return render_template(
        "portal/office/verification.html",
        page=page,
        values={"facts": {}, "remarks": {}, "captions": {}, **values},
        errors=errors,
        facts=[(fact, fact_text(fact, value)) for fact, value in page.facts],
        visits=page.task.method in VISITS,
        today=today().isoformat(),
        colleagues=[(str(person), name) for person, name in page.colleagues.items()],
        after_decision=page.state is State.GRANTED,
        ended=page.state in FINAL and page.state is not State.GRANTED,
        results=[(str(result), say(name), None) for result, name in RESULT_NAMES.items()],
        consequences=[(str(operation), say(PROPOSALS[operation]), None) for operation in CONSEQUENCES] + first,
        left=left,
        left_kind=kind,
        limit=current_app.config["LEIZHENG"].upload_limit,
        **_words(),
    ), status


def _words() -> dict[str, object]:
    return {"method_names": METHOD_NAMES, "occasion_names": OCCASION_NAMES, "seen_names": SEEN_NAMES, "result_names": RESULT_NAMES}
