"""My licences: the list, the page of one, what I ask for, and my answers to notices."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import design_change
from licensing.catalogue import load_catalogue
from licensing.errors import Conflict, Invalid, LeizhengError
from licensing.licences.operations import OPERATIONS, Operation, Rule
from licensing.licences.versions import changeable, values_now
from licensing.proceedings import actions, queries
from licensing.proceedings.journal import not_found
from licensing.proceedings.licence_page import Entry, LicencePage, ProceedingCard, licence_page
from licensing.proceedings.machine import INSIDE, Event
from licensing.words import N_, Said, say
from portal import licences as shown
from portal.applicant.pages import ID
from portal.components import NavLink, errors_by_field
from portal.deadlines import clock_card
from portal.downloads import download
from portal.security import Access, access, current_actor
from portal.typed import number_of

blueprint = Blueprint("applicant_licences", __name__, url_prefix="/my/licences")
NAVIGATION = [NavLink("applicant_licences.licences", N_("My licences"), Access.APPLICANT)]
PAGE_SIZE = 30
REASON_LIMIT = 1000
"""What officers say to each other before the decision is not said to the holder."""

ASKS = {
    Operation.CHANGE: N_("Ask for a change of data"),
    Operation.REPLACE: N_("Ask for a replacement"),
    Operation.RENEW: N_("Ask for renewal"),
    Operation.LIFT_SUSPENSION: N_("Ask to end the suspension"),
    Operation.CANCEL: N_("Ask for cancellation"),
}
LEADS = {
    Operation.CHANGE: N_(
        "The number stays; you get a new version with the changed data, and the old one no longer counts. Every other change needs a new"
        " application."
    ),
    Operation.REPLACE: N_(
        "For a licence that was lost or damaged. The number stays; you get a new version with a new check code and QR code, and the old"
        " one no longer counts."
    ),
    Operation.RENEW: N_("The validity goes on where it would have ended. Until it is decided your licence stays as it is."),
    Operation.LIFT_SUSPENSION: N_("Say what you have put right. The authority may come and look before it decides."),
    Operation.CANCEL: N_("From the decision on the licence permits nothing any more, and that cannot be undone."),
}
QUESTIONS = {
    Operation.CHANGE: N_("Why does it change?"),
    Operation.REPLACE: N_("What happened to the old one?"),
    Operation.RENEW: N_("How do you meet the conditions today?"),
    Operation.LIFT_SUSPENSION: N_("What have you put right?"),
    Operation.CANCEL: N_("Why do you no longer need it?"),
}


@blueprint.get("")
@access(Access.APPLICANT)
def licences() -> ResponseReturnValue:
    """The licences of my companies, each in its latest version, newest first."""
    after = request.args.get("after", "")
    found = queries.licences_of_companies(current_actor(), after=number_of(after), size=PAGE_SIZE)
    return render_template(
        "portal/applicant/licences.html",
        rows=[(row, load_catalogue().licence_type(row.type)) for row in found.rows],
        first_url=url_for("applicant_licences.licences") if after else None,
        next_url=url_for("applicant_licences.licences", after=found.next_key) if found.next_key else None,
        **shown.words(),
    )


@blueprint.get(f"/<{ID}:licence_id>")
@access(Access.APPLICANT)
def licence(licence_id: int) -> ResponseReturnValue:
    return _licence_page(_my(licence_id))


@blueprint.get(f"/<{ID}:licence_id>/file")
@access(Access.APPLICANT)
def file(licence_id: int) -> ResponseReturnValue:
    _my(licence_id)
    found, content = queries.licence_file(current_actor(), licence_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


@blueprint.get(f"/<{ID}:licence_id>/letters/<{ID}:letter_id>")
@access(Access.APPLICANT)
def letter(licence_id: int, letter_id: int) -> ResponseReturnValue:
    _my(licence_id)
    found, content = queries.letter_for(current_actor(), licence_id, letter_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


@blueprint.get(f"/<{ID}:licence_id>/ask/<operation>")
@access(Access.APPLICANT)
def ask(licence_id: int, operation: str) -> ResponseReturnValue:
    page, rule = _asking(licence_id, operation)
    if rule not in page.can_be_asked:
        return _to_licence(licence_id)
    return _ask_page(page, rule, values_now(page.licence_type, page.record), {})


@blueprint.post(f"/<{ID}:licence_id>/ask/<operation>")
@access(Access.APPLICANT)
def ask_send(licence_id: int, operation: str) -> ResponseReturnValue:
    """Hand the request in; what was typed is kept when something is wrong with it."""
    page, rule = _asking(licence_id, operation)
    typed = {row.path: request.form.get(row.path, "") for row in changeable(page.licence_type)}
    reason = request.form.get("reason", "").strip()
    errors = _reason_errors(reason, say("Give the reason."))
    if errors:
        return _ask_page(page, rule, typed, errors, 422)
    try:
        actions.ask(current_actor(), licence_id, rule.operation, reason=reason, changes=typed)
    except Invalid as error:
        return _ask_page(page, rule, typed, errors_by_field(error) or {"reason": error.sentence}, error.http_status)
    except Conflict as error:
        return _licence_page(_my(licence_id), error)
    flash(gettext("Your request was handed in."))
    return _to_licence(licence_id)


@blueprint.post(f"/<{ID}:licence_id>/change-design")
@access(Access.APPLICANT)
def change_design(licence_id: int) -> ResponseReturnValue:
    """Begin the new application that changes what was approved."""
    _my(licence_id)
    try:
        case_id = design_change.start_change(current_actor(), licence_id)
    except Conflict as error:
        return _licence_page(_my(licence_id), error)
    flash(gettext("The answers of the approved design were copied into a new application. Change them and add the new documents."))
    return redirect(url_for("applicant.case", case_id=case_id), 303)


@blueprint.get(f"/<{ID}:licence_id>/requests/<{ID}:proceeding_id>/withdraw")
@access(Access.APPLICANT)
def withdraw(licence_id: int, proceeding_id: int) -> ResponseReturnValue:
    page = _my(licence_id)
    card = page.card(proceeding_id)
    if not card.can(Event.WITHDRAWN):
        return _to_licence(licence_id)
    return render_template("portal/applicant/licence_withdraw.html", page=page, card=card, **shown.words())


@blueprint.post(f"/<{ID}:licence_id>/requests/<{ID}:proceeding_id>/withdraw")
@access(Access.APPLICANT)
def withdraw_send(licence_id: int, proceeding_id: int) -> ResponseReturnValue:
    _my(licence_id).card(proceeding_id)
    try:
        actions.withdraw(current_actor(), proceeding_id)
    except Conflict as error:
        return _licence_page(_my(licence_id), error)
    flash(gettext("Your request was withdrawn."))
    return _to_licence(licence_id)


@blueprint.get(f"/<{ID}:licence_id>/notices/<{ID}:proceeding_id>/answer")
@access(Access.APPLICANT)
def answer(licence_id: int, proceeding_id: int) -> ResponseReturnValue:
    page = _my(licence_id)
    card = page.card(proceeding_id)
    return _answer_page(page, card, {}) if card.can(Event.ANSWERED) else _to_licence(licence_id)


@blueprint.post(f"/<{ID}:licence_id>/notices/<{ID}:proceeding_id>/answer")
@access(Access.APPLICANT)
def answer_send(licence_id: int, proceeding_id: int) -> ResponseReturnValue:
    """Answer a notice, once; what was typed is kept when something is wrong with it."""
    page = _my(licence_id)
    card = page.card(proceeding_id)
    text = request.form.get("reason", "").strip()
    errors = _reason_errors(text, say("Write your answer."))
    if errors:
        return _answer_page(page, card, errors, 422)
    try:
        actions.answer(current_actor(), proceeding_id, text, hearing=request.form.get("hearing") == "yes")
    except Invalid as error:
        return _answer_page(page, card, errors_by_field(error) or {"reason": error.sentence}, error.http_status)
    except Conflict as error:
        return _licence_page(_my(licence_id), error)
    flash(gettext("Your answer was handed in."))
    return _to_licence(licence_id)


def _my(licence_id: int) -> LicencePage:
    """The licence, when it belongs to a company in which the person has a seat; a post at the authority does not open it here."""
    actor = current_actor()
    page = licence_page(actor, licence_id)
    if page.company is None or page.company.id not in actor.company_ids:
        raise not_found()
    return page


def _asking(licence_id: int, operation: str) -> tuple[LicencePage, Rule]:
    if operation not in ASKS:
        raise not_found()
    return _my(licence_id), OPERATIONS[Operation(operation)]


def _to_licence(licence_id: int) -> ResponseReturnValue:
    return redirect(url_for("applicant_licences.licence", licence_id=licence_id), 303)


def _licence_page(page: LicencePage, problem: LeizhengError | None = None) -> ResponseReturnValue:
    may_change_design, design_case = design_change.change_of(current_actor(), page.licence.id)
    sheet = render_template(
        "portal/applicant/licence.html",
        page=page,
        problem=problem,
        cards=[
            (card, [_outside(entry) for entry in card.history], clock_card(card.term) if card.term else None) for card in page.proceedings
        ],
        asks=ASKS,
        may_change_design=may_change_design,
        design_case=design_case,
        check_path=shown.check_path(page.licence),
        letter_kinds={found.id: load_catalogue().letter(found.kind) for found in page.letters},
        **shown.words(),
    )
    return sheet, problem.http_status if problem else 200


def _ask_page(page: LicencePage, rule: Rule, typed: dict[str, str], errors: dict[str, Said], status: int = 200) -> ResponseReturnValue:
    sheet = render_template(
        "portal/applicant/licence_ask.html",
        page=page,
        rule=rule,
        title=ASKS[rule.operation],
        lead=LEADS[rule.operation],
        question=QUESTIONS[rule.operation],
        rows=changeable(page.licence_type) if rule.operation is Operation.CHANGE else (),
        typed=typed,
        reason=request.form.get("reason", ""),
        errors=errors,
    )
    return sheet, status


def _answer_page(page: LicencePage, card: ProceedingCard, errors: dict[str, Said], status: int = 200) -> ResponseReturnValue:
    sheet = render_template(
        "portal/applicant/licence_answer.html",
        page=page,
        card=card,
        term=clock_card(card.term) if card.term else None,
        may_demand=card.can(Event.HEARING_DEMANDED),
        reason=request.form.get("reason", ""),
        hearing=request.form.get("hearing") == "yes",
        errors=errors,
        **shown.words(),
    )
    return sheet, status


def _reason_errors(text: str, when_empty: Said) -> dict[str, Said]:
    if not text:
        return {"reason": when_empty}
    return {"reason": say("At most %(limit)s characters are possible.", limit=REASON_LIMIT)} if len(text) > REASON_LIMIT else {}


def _outside(entry: Entry) -> Entry:
    return replace(entry, actor=None, detail="") if entry.kind in INSIDE else entry
