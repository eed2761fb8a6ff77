"""The credit record as the office keeps it: entries, and decisions on objections and repairs."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing import policy
from licensing.clock import now
from licensing.credit import actions, queries
from licensing.credit.journal import not_found
from licensing.credit.machine import State
from licensing.credit.queries import EntryPage
from licensing.credit.rules import KIND_NAMES, LONGEST_FACT, LONGEST_REASON, Kind
from licensing.errors import Conflict, Invalid
from licensing.parties.queries import authority as authority_of
from licensing.policy import Action, Role, Subject
from licensing.storage import reading
from licensing.words import N_, Said, say
from portal.components import NavLink, errors_by_field
from portal.credit import words
from portal.security import Access, access, current_actor, refuse_early
from portal.typed import Errors, Values, complaint_about, day_of, number_of, printable, typed_text

blueprint = Blueprint("office_credit", __name__, url_prefix="/office/credit")
NAVIGATION = [NavLink("office_credit.register", N_("Credit"), Access.OFFICER)]
PAGE_SIZE = 30
ID = "int(max=2147483647)"


@blueprint.get("")
@access(Access.OFFICER)
def register() -> ResponseReturnValue:
    """What waits for a decision, and every entry of my authorities, newest first."""
    actor, search, after = current_actor(), printable(request.args.get("search", ""))[:100], request.args.get("after", "")
    waits = queries.waiting(actor, PAGE_SIZE + 1) if not search and not after else ()
    found = queries.register(actor, search=search, after=number_of(after), size=PAGE_SIZE)
    return render_template(
        "portal/office/credit.html",
        search=search,
        rows=found.rows,
        waiting=waits[:PAGE_SIZE],
        more_wait=len(waits) > PAGE_SIZE,
        next_url=url_for("office_credit.register", search=search or None, after=found.next_key) if found.next_key else None,
        first_url=url_for("office_credit.register", search=search or None) if after else None,
        may_enter=any(post.role is Role.SUPERVISOR for post in actor.posts),
        **words(),
    )


@blueprint.get("/new")
@access(Access.OFFICER)
def new() -> ResponseReturnValue:
    """The form, for whoever may send it: the policy is asked before somebody fills it in for nothing."""
    window = timedelta(seconds=current_app.config["LEIZHENG"].reauthentication_window)
    policy.require(current_actor(), Action.CREDIT_ENTER, Subject(), now=now(), window=window)
    return _new_page({"published": "yes"}, {}, 200)


@blueprint.post("/new")
@access(Access.OFFICER)
def new_send() -> ResponseReturnValue:
    """Enter what another body or a check found."""
    refuse_early(Action.CREDIT_ENTER, Subject())
    values = {name: typed_text(request.form, name) for name in ("authority", "uscc", "kind", "source", "effect", "ends_on", "published")}
    ends_on = day_of(values["ends_on"])
    errors: Errors = {}
    if values["kind"] not in set(Kind):
        errors["kind"] = say("Choose what it is about.")
    if values["ends_on"] and ends_on is None:
        errors["ends_on"] = say("Enter a date such as 2027-03-31, or nothing.")
    mine = {str(post.authority_id): post.authority_id for post in current_actor().posts}
    if values["authority"] not in mine:
        errors["authority"] = say("Choose your authority.")
    for name, when_empty in (("source", say("Say where this comes from.")), ("effect", say("Say what follows from it."))):
        complaint = complaint_about(values[name], when_empty, LONGEST_FACT)
        errors |= {} if complaint is None else {name: complaint}
    if errors:
        return _new_page(values, errors, 422)
    try:
        entry_id = actions.enter_by_officer(
            current_actor(),
            mine[values["authority"]],
            uscc=values["uscc"],
            kind=Kind(values["kind"]),
            source=values["source"],
            effect=values["effect"],
            published=values["published"] == "yes",
            ends_on=ends_on,
        )
    except Invalid as error:
        return _new_page(values, errors_by_field(error), error.http_status)
    flash(gettext("The entry was made and the company was told."))
    return redirect(url_for("office_credit.entry", entry_id=entry_id), 303)


@blueprint.get(f"/<{ID}:entry_id>")
@access(Access.OFFICER)
def entry(entry_id: int) -> ResponseReturnValue:
    return _entry_page(_open(entry_id), {}, {}, 200)


@blueprint.post(f"/<{ID}:entry_id>")
@access(Access.OFFICER)
def entry_send(entry_id: int) -> ResponseReturnValue:
    """Decide the objection or the repair that the officer had before them; if another one is pending meanwhile, nothing is decided."""
    page = _open(entry_id)
    refuse_early(Action.CREDIT_DECIDE, Subject(company_id=page.company.id, authority_id=page.authority.id))
    values = {"reason": typed_text(request.form, "reason"), "decision": request.form.get("decision", "")}
    seen = number_of(request.form.get("seen", "")) or 0
    errors: Errors = {}
    if values["decision"] not in ("yes", "no"):
        errors["decision"] = say("Choose one of the two.")
    complaint = complaint_about(values["reason"], say("Give the reason."), LONGEST_REASON)
    if complaint is not None:
        errors["reason"] = complaint
    if errors:
        return _entry_page(page, values, errors, 422)
    agreed = values["decision"] == "yes"
    try:
        if page.state is State.OBJECTED:
            actions.decide_objection(current_actor(), entry_id, uphold=agreed, reason=values["reason"], seen=seen)
        else:
            actions.decide_repair(current_actor(), entry_id, grant=agreed, reason=values["reason"], seen=seen)
    except Conflict as error:
        return _entry_page(_open(entry_id), values, {}, error.http_status, error)
    flash(gettext("It was decided and the company was told."))
    return redirect(url_for("office_credit.entry", entry_id=entry_id), 303)


def _open(entry_id: int) -> EntryPage:
    """The entry, when it was made by an authority where the reader holds a post; a seat in a company opens nothing here."""
    page, actor = queries.entry_page(current_actor(), entry_id), current_actor()
    if page.authority.id not in actor.authority_ids or page.company.id in actor.company_ids:
        raise not_found()
    return page


def _entry_page(page: EntryPage, values: Values, errors: Errors, status: int, problem: Conflict | None = None) -> ResponseReturnValue:
    objected = page.state is State.OBJECTED
    decisions: list[tuple[str, Said, None]] = [
        ("yes", say("Uphold the objection: remove the entry") if objected else say("Grant the repair"), None),
        ("no", say("Reject the objection") if objected else say("Refuse the repair"), None),
    ]
    ruling = page.rulings.get(Action.CREDIT_DECIDE)
    return render_template(
        "portal/office/credit_entry.html",
        page=page,
        values=values,
        errors=errors,
        problem=problem,
        decisions=decisions,
        may_decide=page.can(Action.CREDIT_DECIDE),
        refusal=ruling.reason if ruling is not None and not page.can(Action.CREDIT_DECIDE) else None,
        **words(),
    ), status


def _new_page(values: Values, errors: Errors, status: int) -> ResponseReturnValue:
    actor = current_actor()
    with reading(actor) as look:
        mine = [authority_of(look.session, post.authority_id) for post in actor.posts if post.role is Role.SUPERVISOR]
    return render_template(
        "portal/office/credit_new.html",
        values=values,
        errors=errors,
        authorities=[(str(authority.id), authority.name) for authority in mine],
        kinds=[(str(kind), say(name), None) for kind, name in KIND_NAMES.items()],
    ), status
