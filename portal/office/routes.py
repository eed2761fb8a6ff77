"""The worklist, the one page of a case, its papers, and the acts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing import policy
from licensing.cases import actions, evidence, queries
from licensing.cases.journal import not_found, subject_of
from licensing.cases.machine import FINAL, TURN_NAMES, State
from licensing.cases.queries import CasePage
from licensing.catalogue import load_catalogue
from licensing.clock import now
from licensing.errors import Conflict, Forbidden, LeizhengError
from licensing.policy import Action, Role
from licensing.words import N_, Said, say
from portal.components import NavLink
from portal.deadlines import clock_card, left_badge
from portal.downloads import download
from portal.licences import PROPOSALS, check_path, status_today, words
from portal.office import late, presentation
from portal.office.acts import ACTS, CaseAct, act_title, lead
from portal.office.forms import Filter, read_filter
from portal.office.opinions import opinions_for
from portal.office.performing import Desk
from portal.promises import promise_cards
from portal.security import Access, access, current_actor
from portal.typed import Filled

blueprint = Blueprint("office", __name__, url_prefix="/office")
NAVIGATION = [NavLink("office.worklist", N_("Worklist"), Access.OFFICER)]
PAGE_SIZE = 30
ID = "int(max=2147483647)"


@blueprint.get("")
@access(Access.OFFICER)
def worklist() -> ResponseReturnValue:
    """What waits for my posts, the least time left first."""
    asked = read_filter(request.args)
    found = queries.worklist(
        current_actor(), states=asked.states, matter=asked.matter or None, search=asked.search, after=asked.after, size=PAGE_SIZE
    )
    return render_template(
        "portal/office/worklist.html",
        asked=asked,
        rows=[(row, *left_badge(row.days_left, State(row.case.state))) for row in found.rows],
        first_url=_worklist_url(asked) if asked.after else None,
        next_url=_worklist_url(asked, found.next_key) if found.next_key else None,
        shows=_shows(),
        matters=[(matter.code, say(matter.english_name)) for matter in load_catalogue().matters],
        **_state_words(),
    )


@blueprint.get(f"/cases/<{ID}:case_id>")
@access(Access.OFFICER)
def case(case_id: int) -> ResponseReturnValue:
    return _case_page(_open(case_id))


@blueprint.post(f"/cases/<{ID}:case_id>/accept")
@access(Access.OFFICER)
def accept(case_id: int) -> ResponseReturnValue:
    page = _open(case_id)
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
    _open(case_id)
    row, content = evidence.submitted_document(current_actor(), case_id, document_id)
    return download(content, row.media_type, row.filename)


@blueprint.get(f"/cases/<{ID}:case_id>/letters/<{ID}:letter_id>")
@access(Access.OFFICER)
def letter(case_id: int, letter_id: int) -> ResponseReturnValue:
    _open(case_id)
    found, content = evidence.letter_for(current_actor(), case_id, letter_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


@blueprint.get(f"/cases/<{ID}:case_id>/promises/<{ID}:commitment_id>")
@access(Access.OFFICER)
def statement(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """The promise as it was shown and kept, byte for byte."""
    page = _open(case_id)
    made, content = evidence.statement_for(current_actor(), case_id, commitment_id)
    return download(content, "text/plain; charset=utf-8", f"{page.case.public_number}-{made.proof}-{made.id}.txt")


@blueprint.get(f"/cases/<{ID}:case_id>/promises/<{ID}:commitment_id>/evidence.zip")
@access(Access.OFFICER)
def pack(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """The evidence of a promise, to be checked without us."""
    page = _open(case_id)
    content = evidence.pack_for(current_actor(), current_app.config["LEIZHENG"], case_id, commitment_id)
    return download(content, "application/zip", f"{page.case.public_number}-{commitment_id}.zip")


@blueprint.get(f"/cases/<{ID}:case_id>/licence")
@access(Access.OFFICER)
def licence(case_id: int) -> ResponseReturnValue:
    _open(case_id)
    found, content = queries.licence_file(current_actor(), case_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


def _show_act(act: CaseAct) -> Callable[[int], ResponseReturnValue]:
    return access(Access.OFFICER)(lambda case_id: _desk().show(act, _open(case_id)))


def _send_act(act: CaseAct) -> Callable[[int], ResponseReturnValue]:
    return access(Access.OFFICER)(lambda case_id: _desk().send(act, _open(case_id)))


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


def _open(case_id: int) -> CasePage:
    """The case, if it lies at an authority where the reader holds a post, or below one where the reader is a supervisor.

    A seat in a company opens nothing here.
    """
    actor = current_actor()
    page = queries.case_page(actor, case_id)
    if page.case.authority_id not in actor.readable_ids:
        raise not_found()
    if page.case.company_id in actor.company_ids:
        raise Forbidden(
            say("You belong to the company that applies, so you may not handle this case."),
            next_step=say("Ask a colleague with the right post to do it."),
        )
    return page


def _require(page: CasePage, action: Action) -> None:
    """Ask the policy first and the machine second, as the action itself will; so a form is not filled in for nothing."""
    window = timedelta(seconds=current_app.config["LEIZHENG"].reauthentication_window)
    subject = subject_of(page.case, page.view.handlers)
    policy.require(current_actor(), action, subject, now=now(), window=window)
    if action not in page.rulings:
        raise Conflict(
            say("This cannot be done any more: the case has moved on."),
            next_step=say("Look at the new state below."),
            code="case-moved-on",
        )


def _moved_on(case_id: int, error: LeizhengError) -> ResponseReturnValue:
    """The case as it is now, with the sentence that says why nothing was done."""
    return _case_page(_open(case_id), error)


def _case_page(page: CasePage, problem: LeizhengError | None = None) -> ResponseReturnValue:
    sheet = render_template(
        "portal/office/case.html",
        page=page,
        problem=problem,
        panel=presentation.panel(page),
        blocks=presentation.blocks(page),
        papers=presentation.papers(page),
        promises=promise_cards(page),
        handles=page.case.authority_id in current_actor().authority_ids,
        may_verify=bool(page.view.accepted_on) and _is_verifier(page),
        may_order=any(post.role is Role.APPROVER for post in current_actor().posts),
        consequences=[(str(operation), say(PROPOSALS[operation])) for operation in page.consequences],
        history=[(entry, presentation.history_items(page.matter, entry)) for entry in page.timeline],
        legal=clock_card(page.deadline.legal) if page.deadline else None,
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
        opinions=opinions_for(act.slug, page.matter.code),
        late_reasons=late.reasons(act.slug, page),
        preview=presentation.letter_preview(page, act, filled.values),
        face=presentation.licence_preview(page) if act.action is Action.CASE_GRANT else None,
        groups=presentation.target_groups(page.matter) if act.action is Action.CASE_REQUEST_CORRECTION else (),
        **_state_words(),
    )
    return shown, status


def _worklist_url(asked: Filter, after: str | None = None) -> str:
    """The worklist with the same filter; addresses stay short because what is empty is left out."""
    return url_for("office.worklist", show=asked.show or None, matter=asked.matter or None, search=asked.search or None, after=after)


def _shows() -> list[tuple[str, Said]]:
    """The choices of the worklist's first filter."""
    states = [(str(state), say(presentation.OFFICE_STATE_NAMES[state])) for state in State if state is not State.DRAFT]
    running = [entry for entry in states if entry[0] not in FINAL]
    ended = [entry for entry in states if entry[0] in FINAL]
    return [("", say("What waits for me")), ("all", say("Everything of my authority")), *running, *ended]


def _state_words() -> dict[str, Any]:
    return {"state_names": presentation.OFFICE_STATE_NAMES, "state_kinds": presentation.STATE_KINDS}
