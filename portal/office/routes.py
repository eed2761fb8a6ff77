"""The worklist, the one page of a case, its papers, and the acts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing import policy
from licensing.cases import (
    actions,
    archive,
    assigning,
    bodies,
    commissions,
    conditions,
    evidence,
    fieldwork,
    notes,
    objection_queries,
    queries,
    recognitions,
    reviews,
    site_checks,
)
from licensing.cases import worklist as lists
from licensing.cases.journal import subject_of
from licensing.cases.machine import TURN_NAMES, State
from licensing.cases.objectable import OUTCOME_NAMES
from licensing.cases.queries import CasePage
from licensing.cases.recusals import RECUSAL_NAMES
from licensing.catalogue import load_catalogue
from licensing.clock import now, today
from licensing.documents.previews import MEDIA_TYPE, MOST_PAGES
from licensing.errors import Conflict, Invalid, LeizhengError
from licensing.policy import Action, Role
from licensing.words import N_, Said, say
from portal.components import NavLink, errors_by_field
from portal.deadlines import clock_card, left_badge
from portal.downloads import download
from portal.licences import PROPOSALS, check_path, status_today, words
from portal.office import late, presentation, previews
from portal.office.acts import ACTS, CaseAct, act_title, lead
from portal.office.forms import commissioned_body
from portal.office.opening import open_case
from portal.office.opinions import case_facts, opinions_for
from portal.office.performing import Desk
from portal.office.worklist_filter import OF_POSTS, RISKS, fields_for, in_words, read_filter, shows
from portal.promises import promise_cards
from portal.read_only import register_behind
from portal.security import Access, access, current_actor
from portal.typed import Filled, typed_text

blueprint = Blueprint("office", __name__, url_prefix="/office")
NAVIGATION = [NavLink("office.worklist", N_("Worklist"), Access.OFFICER)]
PAGE_SIZE = 30
ID = "int(max=2147483647)"


@blueprint.get("")
@access(Access.OFFICER)
def worklist() -> ResponseReturnValue:
    """What waits for my posts, the least time left first."""
    actor, asked = current_actor(), read_filter(request.args)
    has_posts = bool(lists.states_of(actor))
    if not has_posts and asked.show in OF_POSTS:
        asked = replace(asked, show="open")
    found = lists.worklist(actor, asked.asked(actor.person_id), after=asked.after, size=PAGE_SIZE)
    people, offices = lists.colleagues(actor), lists.offices(actor)
    fields = fields_for(asked, people, offices)
    return render_template(
        "portal/office/worklist.html",
        asked=asked,
        fields=fields,
        rows=[(row, *left_badge(row.days_left, State(row.case.state))) for row in found.rows],
        day=today(),
        first_url=asked.url() if asked.after else None,
        next_url=asked.url(found.next_key) if found.next_key else None,
        shows=shows(has_posts=has_posts),
        risks=RISKS.items(),
        objections=objection_queries.waiting(actor),
        to_verify=fieldwork.to_verify(actor),
        behind=in_words(asked, fields, people, offices),
        reports_due=recognitions.open_duties(actor),
        people=people.items(),
        offices=offices.values(),
        kept=[(kept, read_filter(kept.asked).url()) for kept in lists.saved_filters(actor)],
        matters=[(matter.code, say(matter.english_name)) for matter in load_catalogue().matters],
        **_state_words(),
    )


@blueprint.get(f"/cases/<{ID}:case_id>")
@access(Access.OFFICER)
def case(case_id: int) -> ResponseReturnValue:
    page = open_case(case_id)
    if not register_behind():
        assigning.look_at(current_actor(), case_id)
    return _case_page(page)


@blueprint.post(f"/cases/<{ID}:case_id>/accept")
@access(Access.OFFICER)
def accept(case_id: int) -> ResponseReturnValue:
    page = open_case(case_id)
    try:
        _require(page, Action.CASE_ACCEPT)
        actions.accept(current_actor(), case_id)
    except Conflict as error:
        return _moved_on(case_id, error)
    flash(gettext("The application was accepted and the receipt was sent."))
    return redirect(url_for("office.case", case_id=case_id), 303)


@blueprint.get(f"/cases/<{ID}:case_id>/documents/<{ID}:document_id>")
@access(Access.OFFICER)
def document(case_id: int, document_id: int) -> ResponseReturnValue:
    open_case(case_id)
    row, content = evidence.submitted_document(current_actor(), case_id, document_id)
    return download(content, row.media_type, row.filename)


@blueprint.get(f"/cases/<{ID}:case_id>/documents/<{ID}:document_id>/pages/<{ID}:number>")
@access(Access.OFFICER)
def document_page(case_id: int, document_id: int, number: int) -> ResponseReturnValue:
    """The picture of a page of a document; where it could not be drawn, a picture that says so, and nothing else breaks."""
    open_case(case_id)
    picture = evidence.submitted_page(current_actor(), case_id, document_id, number)
    if picture is None:
        return Response(render_template("portal/office/no_picture.svg"), mimetype="image/svg+xml")
    return Response(picture, mimetype=MEDIA_TYPE)


@blueprint.get(f"/cases/<{ID}:case_id>/letters/<{ID}:letter_id>")
@access(Access.OFFICER)
def letter(case_id: int, letter_id: int) -> ResponseReturnValue:
    open_case(case_id)
    found, content = evidence.letter_for(current_actor(), case_id, letter_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


@blueprint.get(f"/cases/<{ID}:case_id>/promises/<{ID}:commitment_id>")
@access(Access.OFFICER)
def statement(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """The promise as it was shown and kept, byte for byte."""
    page = open_case(case_id)
    made, content = evidence.statement_for(current_actor(), case_id, commitment_id)
    return download(content, "text/plain; charset=utf-8", f"{page.case.public_number}-{made.proof}-{made.id}.txt")


@blueprint.get(f"/cases/<{ID}:case_id>/promises/<{ID}:commitment_id>/evidence.zip")
@access(Access.OFFICER)
def pack(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """The evidence of a promise, to be checked without us."""
    page = open_case(case_id)
    content = evidence.pack_for(current_actor(), current_app.config["LEIZHENG"], case_id, commitment_id)
    return download(content, "application/zip", f"{page.case.public_number}-{commitment_id}.zip")


@blueprint.get(f"/cases/<{ID}:case_id>/licence")
@access(Access.OFFICER)
def licence(case_id: int) -> ResponseReturnValue:
    open_case(case_id)
    found, content = queries.licence_file(current_actor(), case_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


@blueprint.post(f"/cases/<{ID}:case_id>/notes")
@access(Access.OFFICER)
def note(case_id: int) -> ResponseReturnValue:
    """Add a note for colleagues; what was typed stays when something is wrong with it."""
    page = open_case(case_id)
    words, tell = typed_text(request.form, "note"), request.form.getlist("tell")
    try:
        notes.write(current_actor(), case_id, words, frozenset(int(one) for one in tell if _is_id(one)))
    except Invalid as error:
        return _case_page(page, typed=Filled({"note": words, "tell": tell}, errors_by_field(error)))[0], error.http_status
    flash(gettext("The note was added."))
    return redirect(url_for("office.case", case_id=case_id, _anchor="notes"), 303)


@blueprint.post(f"/cases/<{ID}:case_id>/notes/<{ID}:note_id>/strike")
@access(Access.OFFICER)
def strike_note(case_id: int, note_id: int) -> ResponseReturnValue:
    """Strike out a note of one's own; its words stay readable."""
    open_case(case_id)
    notes.strike_out(current_actor(), case_id, note_id)
    flash(gettext("The note was struck out."))
    return redirect(url_for("office.case", case_id=case_id, _anchor="notes"), 303)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _show_act(act: CaseAct) -> Callable[[int], ResponseReturnValue]:
    return access(Access.OFFICER)(lambda case_id: _desk().show(act, open_case(case_id)))


def _send_act(act: CaseAct) -> Callable[[int], ResponseReturnValue]:
    return access(Access.OFFICER)(lambda case_id: _desk().send(act, open_case(case_id)))


for _act in ACTS:
    _name = _act.slug.replace("-", "_")
    blueprint.add_url_rule(f"/cases/<{ID}:case_id>/{_act.slug}", _name, _show_act(_act), methods=["GET"])
    blueprint.add_url_rule(f"/cases/<{ID}:case_id>/{_act.slug}", f"{_name}_send", _send_act(_act), methods=["POST"])


def _desk() -> Desk[Action, CasePage]:
    return Desk(
        require=lambda page, act: _require(page, act.action),
        sheet=_act_page,
        moved_on=lambda page, error: _moved_on(page.case.id, error),
        home=lambda page: url_for("office.case", case_id=page.case.id),
        away=lambda: url_for("office.worklist"),
    )


def _require(page: CasePage, action: Action) -> None:
    """Ask the policy first and the machine second, as the action itself will; so a form is not filled in for nothing."""
    window = timedelta(seconds=current_app.config["LEIZHENG"].reauthentication_window)
    subject = subject_of(page.case, page.view.handlers, page.view.panel)
    policy.require(current_actor(), action, subject, now=now(), window=window)
    if action not in page.rulings:
        raise Conflict(
            say("This cannot be done any more: the case has moved on."),
            next_step=say("Look at the new state below."),
            code="case-moved-on",
        )


def _moved_on(case_id: int, error: LeizhengError) -> ResponseReturnValue:
    """The case as it is now, with the sentence that says why nothing was done."""
    return _case_page(open_case(case_id), error)


def _case_page(page: CasePage, problem: LeizhengError | None = None, typed: Filled | None = None) -> tuple[str, int]:
    typed = typed or Filled({})
    review = reviews.panel_page(current_actor(), page.case.id)
    legal = clock_card(page.deadline.legal) if page.deadline else None
    sheet = render_template(
        "portal/office/case.html",
        page=page,
        problem=problem,
        values=typed.values,
        errors=typed.errors,
        notes=notes.of_case(current_actor(), page.case.id),
        objected=objection_queries.of_case(current_actor(), page.case.id).made,
        objection_outcomes=OUTCOME_NAMES,
        filing=archive.filing_of(current_actor(), page.case.id),
        panel=presentation.panel(page, review),
        receipt=previews.receipt_preview(page),
        blocks=presentation.blocks(page),
        papers=presentation.papers(page),
        checklist=conditions.checklist(current_actor(), page.case.id),
        most_pages=MOST_PAGES,
        review=review,
        recusal_names=RECUSAL_NAMES,
        site_checkers=site_checks.names_of(page.view),
        reports=commissions.reports_of(current_actor(), page.case.id),
        waiting=commissions.waiting_report(current_actor(), page.case.id),
        body=commissioned_body(page),
        promises=promise_cards(page),
        handles=page.case.authority_id in current_actor().authority_ids,
        may_verify=bool(page.view.accepted_on) and _is_verifier(page),
        may_order=any(post.role is Role.APPROVER for post in current_actor().posts),
        consequences=[(str(operation), say(PROPOSALS[operation])) for operation in page.consequences],
        history=[(entry, presentation.history_items(page.matter, entry)) for entry in page.timeline],
        legal=legal,
        left=left_badge(legal.left, page.state) if legal and legal.left is not None else None,
        promised=clock_card(page.deadline.promised) if page.deadline and page.deadline.promised else None,
        check_path=check_path(page.licence) if page.licence else None,
        licence_status=status_today(page.licence) if page.licence else None,
        licence_words=words(),
        letter_kinds={letter.id: load_catalogue().letter(letter.kind) for letter in page.letters},
        act_titles={act.slug: act_title(act, page) for act in ACTS},
        turn=say(TURN_NAMES[page.view.turn]),
        **_state_words(),
    )
    return sheet, problem.http_status if problem else 200


def _is_verifier(page: CasePage) -> bool:
    mine = {post.role for post in current_actor().posts if post.authority_id == page.case.authority_id}
    return bool(mine & {Role.VERIFIER, Role.EXAMINER})


def _act_page(act: CaseAct, page: CasePage, filled: Filled, status: int, next_step: Said | None) -> ResponseReturnValue:
    shown = render_template(
        f"portal/office/{act.sheet or act.slug.replace('-', '_')}.html",
        act=act,
        page=page,
        title=act_title(act, page),
        lead=lead(act, page),
        danger=act.kind == "danger",
        values=filled.values,
        errors=filled.errors,
        next_step=next_step,
        opinions=opinions_for(act.slug, page.matter.code, case_facts(page)),
        late_reasons=late.reasons(act.slug, page),
        preview=previews.letter_preview(page, act, filled.values),
        face=previews.licence_preview(page) if act.action is Action.CASE_GRANT else None,
        bodies=bodies.bodies_for(current_actor(), page.case.id) if act.slug == "commission" else (),
        groups=presentation.target_groups(page.matter) if act.action is Action.CASE_REQUEST_CORRECTION else (),
        handed_in=presentation.handed_in(page) if act.action is Action.CASE_REQUEST_CORRECTION else {},
        review=reviews.panel_page(current_actor(), page.case.id) if act.action is Action.CASE_RECORD_RESULT else None,
        **_state_words(),
    )
    return shown, status


def _state_words() -> dict[str, Any]:
    return {"state_of": presentation.state_of, "state_kinds": presentation.STATE_KINDS}
