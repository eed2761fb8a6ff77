"""Verifications 核查: the worklist, the page of one on a phone, its photographs, and its result."""

from __future__ import annotations

import re

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import fieldwork, queries, rectifying, verifying
from licensing.cases.fieldwork import TaskPage
from licensing.cases.journal import not_found
from licensing.cases.machine import FINAL, State
from licensing.commitments.consequences import CONSEQUENCES
from licensing.commitments.rules import RESULT_NAMES, Occasion, Result
from licensing.errors import Conflict, Forbidden, Invalid, LeizhengError, Unavailable
from licensing.licences.operations import Operation
from licensing.words import N_, Said, say
from portal.components import NavLink
from portal.deadlines import left_badge
from portal.downloads import download
from portal.licences import PROPOSALS
from portal.office.typed import Errors, Form, Values, complaint_about, day_of, typed_text
from portal.promises import fact_text
from portal.security import Access, access, current_actor

blueprint = Blueprint("office_verifications", __name__, url_prefix="/office/verifications")
NAVIGATION = [NavLink("office_verifications.worklist", N_("Verification"), Access.OFFICER)]
PAGE_SIZE = 30
WORDS_LIMIT = 1000
ID = "int(max=2147483647)"
AGREES = {"yes": N_("agrees"), "no": N_("differs"), "unseen": N_("not seen")}
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
RECTIFY = "rectify"
RECTIFY_FIRST = N_("nothing yet: the approver may order to rectify first")
_KEY = re.compile(r"(\d{4}-\d{2}-\d{2})_\d{1,9}", re.ASCII)


@blueprint.get("")
@access(Access.OFFICER)
def worklist() -> ResponseReturnValue:
    """What is to be verified, the least time left first; or what was."""
    done, after = request.args.get("show") == "done", request.args.get("after", "")
    found = fieldwork.verification_worklist(current_actor(), done=done, after=after if _is_key(after) else None, size=PAGE_SIZE)
    return render_template(
        "portal/office/verifications.html",
        done=done,
        rows=[(row, *left_badge(row.days_left, State(row.case.state))) for row in found.rows],
        first_url=url_for("office_verifications.worklist", show="done" if done else None) if after else None,
        next_url=url_for("office_verifications.worklist", show="done" if done else None, after=found.next_key) if found.next_key else None,
        **_words(),
    )


@blueprint.get(f"/<{ID}:task_id>")
@access(Access.OFFICER)
def task(task_id: int) -> ResponseReturnValue:
    return _task_page(_open(task_id), {"facts": {}}, {})


@blueprint.post(f"/<{ID}:task_id>")
@access(Access.OFFICER)
def task_send(task_id: int) -> ResponseReturnValue:
    """End the verification with its result; what was typed is kept when something is wrong with it."""
    page = _open(task_id)
    values, errors = _read_result(request.form, page)
    if errors:
        return _task_page(page, values, errors, status=422)
    report = {"finding": values["finding"], "facts": values["facts"]}
    try:
        verifying.record_finding(current_actor(), task_id, Result(values["result"]), report, consequence=_consequence(values))
    except Forbidden:
        raise
    except LeizhengError as error:
        return _task_page(_open(task_id), values, {"act": error.sentence}, status=error.http_status)
    flash(gettext("The result was recorded."))
    return redirect(url_for("office.case", case_id=page.case.id), 303)


@blueprint.post(f"/<{ID}:task_id>/files")
@access(Access.OFFICER)
def add(task_id: int) -> ResponseReturnValue:
    """Add photographs one by one; what is good is kept even when another is refused."""
    page, limit = _open(task_id), current_app.config["LEIZHENG"].upload_limit
    sent = [file for file in request.files.getlist("files") if file.filename]
    refused: list[Said] = []
    for file in sent:
        try:
            fieldwork.add_material(current_actor(), task_id, file.filename or "", file.stream.read(limit + 1))
        except Invalid as error:
            refused.append(error.sentence)
    if refused or not sent:
        return _task_page(_open(task_id), {"facts": {}}, {"files": refused[0] if refused else say("Choose a file first.")}, status=422)
    flash(gettext("The files were added."))
    return redirect(url_for("office_verifications.task", task_id=page.task.id, _anchor="material"), 303)


@blueprint.get(f"/<{ID}:task_id>/files/<{ID}:file_id>")
@access(Access.OFFICER)
def file(task_id: int, file_id: int) -> ResponseReturnValue:
    _open(task_id)
    row, content = fieldwork.material_of(current_actor(), task_id, file_id)
    return download(content, row.media_type, row.filename)


@blueprint.post(f"/<{ID}:task_id>/files/<{ID}:file_id>/remove")
@access(Access.OFFICER)
def remove(task_id: int, file_id: int) -> ResponseReturnValue:
    _open(task_id)
    fieldwork.remove_material(current_actor(), task_id, file_id)
    flash(gettext("The file was removed."))
    return redirect(url_for("office_verifications.task", task_id=task_id, _anchor="material"), 303)


@blueprint.post(f"/<{ID}:task_id>/source")
@access(Access.OFFICER)
def source(task_id: int) -> ResponseReturnValue:
    """Ask the data source about the promised facts."""
    page = _open(task_id)
    try:
        fieldwork.ask_source(current_actor(), task_id)
    except (Conflict, Unavailable) as error:
        return _task_page(page, {"facts": {}}, {"source": error.sentence}, status=error.http_status)
    return redirect(url_for("office_verifications.task", task_id=task_id, _anchor="source"), 303)


@blueprint.post(f"/again/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def again(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Verify a promise that stands once more."""
    verifying.verify_again(current_actor(), case_id, commitment_id)
    flash(gettext("A verification was opened."))
    return redirect(url_for("office.case", case_id=case_id), 303)


@blueprint.post(f"/pursue/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def pursue(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Send the notice for a finding that waits."""
    chosen = request.form.get("consequence", "")
    operation = next((one for one in CONSEQUENCES if str(one) == chosen), Operation.REVOKE_FOR_DECEIT)
    try:
        verifying.pursue_finding(current_actor(), case_id, commitment_id, operation)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
    else:
        flash(gettext("The notice was sent; the holder can answer it now."))
    return redirect(url_for("office.case", case_id=case_id), 303)


@blueprint.get(f"/rectify/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def rectify(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """The form of an order to rectify, for whoever may order it now."""
    try:
        rectifying.check_order(current_actor(), case_id, commitment_id)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
        return redirect(url_for("office.case", case_id=case_id), 303)
    return _rectify_page(case_id, {}, {})


@blueprint.post(f"/rectify/<{ID}:case_id>/<{ID}:commitment_id>")
@access(Access.OFFICER)
def rectify_send(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Order the holder to rectify; what was typed is kept when something is wrong with it."""
    rectifying.check_order(current_actor(), case_id, commitment_id)
    reason = typed_text(request.form, "reason")
    complaint = complaint_about(reason, say("Say what is to be rectified."), WORDS_LIMIT)
    if complaint is not None:
        return _rectify_page(case_id, {"reason": reason}, {"reason": complaint}, status=422)
    try:
        rectifying.order_rectification(current_actor(), case_id, commitment_id, reason)
    except (Conflict, Invalid) as error:
        return _rectify_page(case_id, {"reason": reason}, {"reason": error.sentence}, status=error.http_status)
    flash(gettext("The order was sent; the holder can report the rectification now."))
    return redirect(url_for("office.case", case_id=case_id), 303)


def _rectify_page(case_id: int, values: Values, errors: Errors, *, status: int = 200) -> ResponseReturnValue:
    page = queries.case_page(current_actor(), case_id)
    return render_template("portal/office/rectify.html", page=page, values=values, errors=errors), status


def _consequence(values: Values) -> Operation | None:
    """What the notice announces; nothing while another person may order to rectify first."""
    chosen = values["consequence"] or Operation.REVOKE_FOR_DECEIT
    return None if chosen == RECTIFY else Operation(chosen)


def _open(task_id: int) -> TaskPage:
    """The task, if it lies at an authority where the reader holds a post and the company is not the reader's own."""
    page = fieldwork.task_page(current_actor(), task_id)
    if page.company.id in current_actor().company_ids:
        raise not_found()
    return page


def _task_page(page: TaskPage, values: Values, errors: Errors, *, status: int = 200) -> ResponseReturnValue:
    left, kind = left_badge(page.days_left, page.state)
    first = [] if page.task.occasion == Occasion.RECTIFICATION else [(RECTIFY, say(RECTIFY_FIRST), None)]
    return render_template(
        "portal/office/verification.html",
        page=page,
        values=values,
        errors=errors,
        facts=[(fact, fact_text(fact, value)) for fact, value in page.facts],
        after_decision=page.state is State.GRANTED,
        ended=page.state in FINAL and page.state is not State.GRANTED,
        results=[(str(result), say(name), None) for result, name in RESULT_NAMES.items()],
        consequences=[(str(operation), say(PROPOSALS[operation]), None) for operation in CONSEQUENCES] + first,
        left=left,
        left_kind=kind,
        limit=current_app.config["LEIZHENG"].upload_limit,
        **_words(),
    ), status


def _read_result(form: Form, page: TaskPage) -> tuple[Values, Errors]:
    result, finding = form.get("result", ""), typed_text(form, "finding")
    facts = {fact.code: form.get(f"fact.{fact.code}", "") for fact, _ in page.facts}
    consequence = form.get("consequence", "")
    errors: Errors = {}
    if result not in set(Result):
        errors["result"] = say("Choose what was found.")
    complaint = complaint_about(finding, say("Say what was found."), WORDS_LIMIT)
    if complaint is not None:
        errors["finding"] = complaint
    if result == Result.TRUE and "no" in facts.values():
        errors["result"] = say("You noted that a fact differs, so the promise is not true.")
    known = {code: value for code, value in facts.items() if value in AGREES}
    fitting = consequence if consequence in {RECTIFY, *map(str, CONSEQUENCES)} else ""
    return {"result": result, "finding": finding, "facts": known, "consequence": fitting}, errors


def _words() -> dict[str, object]:
    return {"method_names": METHOD_NAMES, "occasion_names": OCCASION_NAMES, "agrees": AGREES, "result_names": RESULT_NAMES}


def _is_key(text: str) -> bool:
    found = _KEY.fullmatch(text)
    return found is not None and day_of(found.group(1)) is not None
