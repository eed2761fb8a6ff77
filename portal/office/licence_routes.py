"""The register of licences, the page of one licence, and the acts on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from licensing import policy
from licensing.catalogue import load_catalogue
from licensing.clock import now, today
from licensing.errors import Forbidden, LeizhengError
from licensing.licences.actions import moved_on as licence_moved_on
from licensing.licences.operations import OPERATIONS, Operation
from licensing.licences.status import PUBLIC, STATUS_NAMES, Status
from licensing.licences.versions import changeable
from licensing.policy import Action
from licensing.proceedings import queries
from licensing.proceedings.journal import not_found, subject_of
from licensing.proceedings.licence_page import LicencePage, ProceedingCard, licence_page
from licensing.proceedings.machine import TRANSITIONS, Event, transition
from licensing.proceedings.rules import check_term, moved_on
from licensing.words import N_, Said, say
from portal import licences as shown
from portal.components import NavLink
from portal.deadlines import ClockCard, clock_card
from portal.downloads import download
from portal.office import licence_presentation as presentation
from portal.office.licence_acts import ACTS, LicenceAct, act_title, lead, opening_act
from portal.office.licence_forms import About, RegisterFilter, read_register_filter
from portal.office.opinions import opinions_for
from portal.office.performing import Desk
from portal.security import Access, access, current_actor
from portal.typed import Filled

blueprint = Blueprint("office_licences", __name__, url_prefix="/office/licences")
NAVIGATION = [NavLink("office_licences.register", N_("Licences"), Access.OFFICER)]
PAGE_SIZE = 30
REASON_LABELS = {"refuse": N_("Reason"), "recommend": N_("Opinion"), "hearing": N_("What was said")}
ID = "int(max=2147483647)"


@blueprint.get("")
@access(Access.OFFICER)
def register() -> ResponseReturnValue:
    """What waits for my posts, and every licence of my authorities, newest first."""
    asked, actor = read_register_filter(request.args), current_actor()
    waits = queries.waiting(actor, PAGE_SIZE + 1) if not asked.is_set and asked.after is None else ()
    found = queries.register(actor, kind=asked.kind or None, status=asked.status, search=asked.search, after=asked.after, size=PAGE_SIZE)
    return render_template(
        "portal/office/licences.html",
        asked=asked,
        waiting=waits[:PAGE_SIZE],
        more_wait=len(waits) > PAGE_SIZE,
        rows=[(licence, load_catalogue().licence_type(licence.type)) for licence in found.rows],
        first_url=_register_url(asked) if asked.after else None,
        next_url=_register_url(asked, found.next_key) if found.next_key else None,
        kinds=load_catalogue().licence_types,
        statuses=[(str(status), say(STATUS_NAMES[status])) for status in Status if status in PUBLIC],
        **shown.words(),
    )


@blueprint.get(f"/<{ID}:licence_id>")
@access(Access.OFFICER)
def licence(licence_id: int) -> ResponseReturnValue:
    return _licence_page(_open(licence_id))


@blueprint.get(f"/<{ID}:licence_id>/file")
@access(Access.OFFICER)
def file(licence_id: int) -> ResponseReturnValue:
    _open(licence_id)
    found, content = queries.licence_file(current_actor(), licence_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


@blueprint.get(f"/<{ID}:licence_id>/letters/<{ID}:letter_id>")
@access(Access.OFFICER)
def letter(licence_id: int, letter_id: int) -> ResponseReturnValue:
    _open(licence_id)
    found, content = queries.letter_for(current_actor(), licence_id, letter_id)
    return download(content, "application/pdf", f"{found.number}.pdf")


@blueprint.get(f"/<{ID}:licence_id>/propose/<operation>")
@access(Access.OFFICER)
def propose(licence_id: int, operation: str) -> ResponseReturnValue:
    about = _beginning(licence_id, operation)
    return _desk().show(opening_act(about.rule), about)


@blueprint.post(f"/<{ID}:licence_id>/propose/<operation>")
@access(Access.OFFICER)
def propose_send(licence_id: int, operation: str) -> ResponseReturnValue:
    about = _beginning(licence_id, operation)
    return _desk().send(opening_act(about.rule), about)


def _show_act(act: LicenceAct) -> Callable[[int, int], ResponseReturnValue]:
    return access(Access.OFFICER)(lambda licence_id, proceeding_id: _desk().show(act, _about(licence_id, proceeding_id)))


def _send_act(act: LicenceAct) -> Callable[[int, int], ResponseReturnValue]:
    return access(Access.OFFICER)(lambda licence_id, proceeding_id: _desk().send(act, _about(licence_id, proceeding_id)))


for _act in ACTS:
    _path = f"/<{ID}:licence_id>/proceedings/<{ID}:proceeding_id>/{_act.slug}"
    blueprint.add_url_rule(_path, _act.slug, _show_act(_act), methods=["GET"])
    blueprint.add_url_rule(_path, f"{_act.slug}_send", _send_act(_act), methods=["POST"])


def _desk() -> Desk[Event, About]:
    return Desk(
        require=_require,
        sheet=_act_page,
        moved_on=lambda about, error: _licence_page(_open(about.page.licence.id), error),
        home=lambda about: url_for("office_licences.licence", licence_id=_newest(about.page.licence.id)),
        away=lambda: url_for("office_licences.register"),
    )


def _open(licence_id: int) -> LicencePage:
    """The licence, if it is one of an authority where the reader holds a post, or below one where the reader is a supervisor.

    A seat in a company opens nothing here.
    """
    actor = current_actor()
    page = licence_page(actor, licence_id)
    if page.licence.authority_id not in actor.readable_ids:
        raise not_found()
    if page.company is not None and page.company.id in actor.company_ids:
        raise Forbidden(
            say("You belong to the company that holds this licence, so you may not handle it."),
            next_step=say("Ask a colleague with the right post to do it."),
        )
    return page


def _newest(licence_id: int) -> int:
    """The version that counts after an act: a grant made a new one."""
    return _open(licence_id).versions[0].id


def _beginning(licence_id: int, operation: str) -> About:
    if operation not in set(Operation):
        raise not_found()
    return About(_open(licence_id), OPERATIONS[Operation(operation)])


def _about(licence_id: int, proceeding_id: int) -> About:
    page = _open(licence_id)
    card = page.card(proceeding_id)
    return About(page, card.rule, card)


def _require(about: About, act: LicenceAct) -> None:
    """Ask the policy first and the tables second, as the action itself will; so a form is not filled in for nothing."""
    card = about.card
    if card is None:
        _require_policy(about.page, Action.LICENCE_PROPOSE, None)
        if about.rule not in about.page.can_be_proposed:
            raise licence_moved_on()
        return
    _require_policy(about.page, next(row.action for row in TRANSITIONS if row.event is act.action), card)
    row = transition(card.view.state, act.action, asked=card.view.asked)
    if row is None:
        raise moved_on()
    check_term(row, card.view, today())
    if not card.can(act.action):
        raise moved_on()


def _require_policy(page: LicencePage, action: Action, card: ProceedingCard | None) -> None:
    window = timedelta(seconds=current_app.config["LEIZHENG"].reauthentication_window)
    subject = (
        subject_of(card.row, card.view.handlers)
        if card
        else policy.Subject(company_id=page.company.id if page.company else -1, authority_id=page.licence.authority_id)
    )
    policy.require(current_actor(), action, subject, now=now(), window=window)


def _licence_page(page: LicencePage, problem: LeizhengError | None = None) -> ResponseReturnValue:
    sheet = render_template(
        "portal/office/licence.html",
        page=page,
        problem=problem,
        cards=[_card(card) for card in page.proceedings],
        check_path=shown.check_path(page.licence),
        letter_kinds={found.id: load_catalogue().letter(found.kind) for found in page.letters},
        **shown.words(),
    )
    return sheet, problem.http_status if problem else 200


def _card(card: ProceedingCard) -> tuple[ProceedingCard, tuple[LicenceAct, ...], ClockCard | None, tuple[Said, ...]]:
    acts = presentation.acts_of(card)
    return card, acts, clock_card(card.term) if card.term else None, () if acts else presentation.reasons(current_actor(), card)


def _act_page(act: LicenceAct, about: About, filled: Filled, status: int, next_step: Said | None) -> ResponseReturnValue:
    preview = presentation.letter_preview(act, about, filled.values)
    sheet = render_template(
        "portal/office/licence_act.html",
        act=act,
        about=about,
        page=about.page,
        card=about.card,
        title=act_title(act, about),
        lead=lead(act, about),
        danger=act.kind == "danger" and (act.slug != "decide" or about.rule.notice is not None),
        values=filled.values,
        errors=filled.errors,
        next_step=next_step,
        opinions=opinions_for(f"licence-{act.slug}", str(about.rule.operation)),
        preview=preview,
        face=presentation.face_preview(act, about),
        changeable=changeable(about.page.licence_type),
        reason_label=say(REASON_LABELS.get(act.slug, REASON_LABELS["refuse"])),
        reason_hint=_reason_hint(act, preview is not None),
        **shown.words(),
    )
    return sheet, status


def _reason_hint(act: LicenceAct, in_letter: bool) -> Said:
    if in_letter:
        return say("It is printed in the letter word for word.")
    return say("It stays in the history of the licence.") if act.slug != "return" else say("The examiner reads it in the history.")


def _register_url(asked: RegisterFilter, after: int | None = None) -> str:
    """The register with the same filter; addresses stay short because what is empty is left out."""
    return url_for(
        "office_licences.register", kind=asked.kind or None, status=asked.status or None, search=asked.search or None, after=after
    )
