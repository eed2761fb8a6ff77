"""My cases, the page of one case, what comes out of it, and taking it back."""

from __future__ import annotations

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import actions, commissions, drafts, evidence, objection_queries, queries
from licensing.cases.machine import FINAL, TURN_NAMES, State, Turn, state_name, turn_in
from licensing.cases.objectable import OUTCOME_NAMES
from licensing.cases.queries import CasePage
from licensing.catalogue import load_catalogue
from licensing.catalogue.answers import sections_asked
from licensing.errors import Conflict
from licensing.notices.queries import latest
from licensing.parties.queries import company as company_of
from licensing.policy import Action
from licensing.ratings.queries import of_case as rating_of
from licensing.ratings.rules import FINDING_NAMES, LEVEL_NAMES
from licensing.storage import reading
from licensing.words import N_, Said, say
from portal.applicant import pages
from portal.applicant.forms import shown
from portal.applicant.pages import ID, my_page, to_case
from portal.components import NavLink
from portal.deadlines import clock_card, urgency
from portal.downloads import download
from portal.licences import check_path, status_today, words
from portal.promises import promise_cards
from portal.security import Access, access, current_actor

blueprint = Blueprint("applicant", __name__, url_prefix="/my")
NAVIGATION = [NavLink("applicant.cases", N_("My cases"), Access.APPLICANT)]
REASON_LIMIT = 500
MOST_EARLIER = 5
PAGE_SIZE = 30


@blueprint.get("")
@access(Access.APPLICANT)
def cases() -> ResponseReturnValue:
    """The cases of my companies with state, turn and date, and the newest messages."""
    actor, after = current_actor(), request.args.get("after", "")
    found = queries.cases_of_companies(actor, after=after if queries.is_key(after) else None, size=PAGE_SIZE)
    with reading(actor) as look:
        messages = [(notice, Said(notice.sentence, notice.facts)) for notice in latest(look.session, actor.company_ids)]
    catalogue = load_catalogue()
    return render_template(
        "portal/applicant/cases.html",
        rows=[(case, catalogue.matter(case.matter), State(case.state)) for case in found.rows],
        first_url=url_for("applicant.cases") if after else None,
        next_url=url_for("applicant.cases", after=found.next_key) if found.next_key else None,
        messages=messages,
        commissioned=commissions.count_of(actor),
        matters=[matter for matter in catalogue.matters if matter.open],
        state_of=lambda state, matter: say(state_name(state, matter.procedure.steps)),
        state_kinds=pages.STATE_KINDS,
        finished=FINAL,
        turn_of=lambda state, matter: turn_in(state, matter.procedure.steps),
        turn_names=TURN_NAMES,
        mine=Turn.APPLICANT,
        urgency=urgency,
    )


@blueprint.get("/start/<matter>")
@access(Access.APPLICANT)
def start(matter: str) -> ResponseReturnValue:
    return _start_page(matter, {})


@blueprint.post("/start/<matter>")
@access(Access.APPLICANT)
def start_send(matter: str) -> ResponseReturnValue:
    typed = request.form.get("company", "")
    mine = {str(company_id): company_id for company_id in current_actor().company_ids}
    if typed not in mine:
        return _start_page(matter, {"company": say("Choose the company that applies.")}, 422)
    try:
        case_id = drafts.start(current_actor(), mine[typed], matter)
    except Conflict as error:
        return _start_page(matter, {"company": error.sentence}, 409)
    return to_case(case_id)


@blueprint.get(f"/cases/<{ID}:case_id>")
@access(Access.APPLICANT)
def case(case_id: int) -> ResponseReturnValue:
    """The task list while it can be filled in, afterwards where it is."""
    page = my_page(case_id)
    if page.state in (State.DRAFT, State.CORRECTION):
        return _task_list(page)
    return _where_it_is(page)


@blueprint.get(f"/cases/<{ID}:case_id>/withdraw")
@access(Access.APPLICANT)
def withdraw(case_id: int) -> ResponseReturnValue:
    page = my_page(case_id)
    return _withdraw_page(page, {}) if page.can(Action.CASE_WITHDRAW) else to_case(case_id)


@blueprint.post(f"/cases/<{ID}:case_id>/withdraw")
@access(Access.APPLICANT)
def withdraw_send(case_id: int) -> ResponseReturnValue:
    page, reason = my_page(case_id), request.form.get("reason", "").strip()
    complaint = _reason_complaint(reason)
    if complaint is not None:
        return _withdraw_page(page, {"reason": complaint}, 422)
    try:
        actions.withdraw(current_actor(), case_id, reason)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
        return to_case(case_id)
    flash(gettext("The application was withdrawn."))
    return to_case(case_id)


@blueprint.get(f"/cases/<{ID}:case_id>/files/<{ID}:document_id>")
@access(Access.APPLICANT)
def document(case_id: int, document_id: int) -> ResponseReturnValue:
    my_page(case_id)
    row, content = queries.document_for(current_actor(), case_id, document_id)
    return download(content, row.media_type, row.filename)


@blueprint.get(f"/cases/<{ID}:case_id>/letters/<{ID}:letter_id>")
@access(Access.APPLICANT)
def letter(case_id: int, letter_id: int) -> ResponseReturnValue:
    my_page(case_id)
    found, content = evidence.letter_for(current_actor(), case_id, letter_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


@blueprint.get(f"/cases/<{ID}:case_id>/licence.pdf")
@access(Access.APPLICANT)
def licence(case_id: int) -> ResponseReturnValue:
    my_page(case_id)
    found, content = queries.licence_file(current_actor(), case_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


def _start_page(matter_code: str, errors: dict[str, Said], status: int = 200) -> ResponseReturnValue:
    matter, actor = load_catalogue().matter(matter_code), current_actor()
    with reading(actor) as look:
        companies = [company_of(look.session, company_id) for company_id in sorted(actor.company_ids)]
    page = render_template(
        "portal/applicant/start.html",
        matter=matter,
        companies=companies,
        errors=errors,
        typed=request.form.get("company", ""),
        earlier=queries.earlier_cases(actor, matter.code, MOST_EARLIER),
    )
    return page, status


def _task_list(page: CasePage) -> str:
    return render_template(
        "portal/applicant/tasks.html",
        page=page,
        tasks=[(task, pages.task_url(page, task), *pages.task_words(page, task)) for task in page.tasks],
        corrections=pages.corrections(page),
        unfinished=pages.unfinished(page),
        forecast=pages.forecast(page.matter),
        objections=objection_queries.of_case(current_actor(), page.case.id),
        outcome_names=OUTCOME_NAMES,
        card=clock_card,
    )


def _where_it_is(page: CasePage) -> str:
    running = page.deadline
    made = objection_queries.of_case(current_actor(), page.case.id)
    rating, may_rate = rating_of(current_actor(), page.case.id)
    return render_template(
        "portal/applicant/case.html",
        page=page,
        objections=made,
        outcome_names=OUTCOME_NAMES,
        rating=rating,
        may_rate=may_rate,
        level_names={int(level): name for level, name in LEVEL_NAMES.items()},
        finding_names=FINDING_NAMES,
        state_name=state_name(page.state, page.view.steps),
        state_kind=pages.STATE_KINDS[page.state],
        turn=say(TURN_NAMES[page.view.turn]),
        turn_is_mine=page.view.turn is Turn.APPLICANT,
        turn_is_over=page.view.turn is Turn.NOBODY,
        legal=clock_card(running.legal) if running else None,
        promised=clock_card(running.promised) if running and running.promised and running.due else None,
        extended=running.extended if running else None,
        history=pages.history(page),
        letters=[(letter, load_catalogue().letter(letter.kind)) for letter in page.letters],
        submission=page.view.submissions[-1] if page.view.submissions else None,
        verify_path=check_path(page.licence) if page.licence else None,
        licence_status=status_today(page.licence) if page.licence else None,
        licence_words=words(),
        may_withdraw=page.can(Action.CASE_WITHDRAW),
        promises=promise_cards(page),
        owed=[task for task in page.tasks if task.kind == "proof" and task.code in page.view.owed],
        demanded=bool(page.view.owed & page.view.demanded),
        may_settle=page.can(Action.COMMITMENT_SETTLE) and bool(page.view.owed),
        may_withdraw_promise=page.can(Action.COMMITMENT_WITHDRAW),
        may_answer=page.can(Action.COMMITMENT_ANSWER),
        task_url=pages.task_url,
        shown=shown,
        asked=lambda answers: sections_asked(page.matter, answers),
    )


def _withdraw_page(page: CasePage, errors: dict[str, Said], status: int = 200) -> ResponseReturnValue:
    return render_template("portal/applicant/withdraw.html", page=page, errors=errors, reason=request.form.get("reason", "")), status


def _reason_complaint(reason: str) -> Said | None:
    if not reason:
        return say("Say why you take the application back.")
    return say("At most %(limit)s characters are possible.", limit=REASON_LIMIT) if len(reason) > REASON_LIMIT else None
