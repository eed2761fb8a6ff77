"""What an officer sees before acting on a licence: the letter that will be sent, the face that will be issued."""

from __future__ import annotations

from dataclasses import dataclass

from licensing.catalogue import load_catalogue
from licensing.clock import answer_term, now, today
from licensing.errors import Conflict
from licensing.letters.rules import content
from licensing.licences.operations import Rule
from licensing.licences.versions import Given, next_version
from licensing.policy import POLICY, Actor, roles_towards
from licensing.proceedings.journal import subject_of
from licensing.proceedings.letters import letter_of, words
from licensing.proceedings.licence_page import ProceedingCard
from licensing.proceedings.machine import Event, possible
from licensing.proceedings.rules import ProceedingView
from licensing.words import Said
from portal.deadlines import calendar_in_force
from portal.office.licence_acts import ACTS, LicenceAct
from portal.office.licence_forms import About
from portal.typed import Values


@dataclass(frozen=True, slots=True)
class FaceLine:
    """One line of a face to come; ``before`` is what stands there now, None when it stays."""

    label: str
    value: str
    before: str | None


def letter_preview(act: LicenceAct, about: About, values: Values) -> dict[str, object] | None:
    """The letter that ``act`` will send, with what is typed so far; its number and date are given when it is sent."""
    code = letter_of(act.action, about.rule)
    if code is None:
        return None
    days = values.get("days") or (about.rule.notice.days if about.rule.notice else 0)
    view = about.card.view if about.card else _noticed(about.rule, int(days))
    number = about.card.row.number if about.card else "LP…"
    reasons = [values["reason"]] if values.get("reason") else []
    said = words(code, about.page.licence, about.rule, view, number, reasons, int(days))
    return content(load_catalogue().letter(code), said, number="", issuer=about.page.authority.name, written_on=today())


def face_preview(act: LicenceAct, about: About) -> tuple[FaceLine, ...]:
    """The face of the version that a grant issues; empty for every other act."""
    if act.action is not Event.VERSION_DECIDED or about.card is None:
        return ()
    page, old = about.page, about.page.record
    try:
        new = next_version(
            old, page.licence_type, about.rule.operation, about.card.view.changes, Given(now(), about.card.row.number, "", 0)
        )
    except Conflict:
        return ()
    before = dict(old.face)
    return tuple(FaceLine(label, value, before.get(label, "") if before.get(label, "") != value else None) for label, value in new.face)


def acts_of(card: ProceedingCard) -> tuple[LicenceAct, ...]:
    """The acts on a proceeding that machine, proposal and policy allow this officer now."""
    return tuple(act for act in ACTS if card.can(act.action))


def reasons(actor: Actor, card: ProceedingCard) -> tuple[Said, ...]:
    """Why this officer cannot do what is next although the post would allow it."""
    held = roles_towards(actor, subject_of(card.row, card.view.handlers))
    steps = {row.action for row in possible(card.view.state, asked=card.view.asked)} & set(card.rulings)
    steps = {action for action in steps if POLICY[action].roles & held}
    refused = (card.rulings[action] for action in sorted(steps))
    found = [ruling.reason for ruling in refused if ruling.reason is not None and not ruling.needs_second_factor]
    return tuple({str(reason): reason for reason in found}.values())


def _noticed(rule: Rule, days: int) -> ProceedingView:
    due = answer_term(days, today(), calendar_in_force()).due if days else None
    return ProceedingView(rule.operation, False, due_on=due)
