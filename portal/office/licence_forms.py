"""Forms of the register and of the acts on a licence, read once."""

from __future__ import annotations

from dataclasses import dataclass

from licensing.catalogue import load_catalogue
from licensing.clock import today
from licensing.errors import Invalid
from licensing.licences.operations import LONGEST_ANSWER_DAYS, Operation, Rule
from licensing.licences.status import PUBLIC, Status
from licensing.licences.versions import changeable, clean_changes, values_now
from licensing.proceedings.licence_page import LicencePage, ProceedingCard
from licensing.words import Said, say
from portal.components import errors_by_field
from portal.office.opinions import typed_or_chosen
from portal.typed import Errors, Filled, Form, Values, complaint_about, day_of, filled, number_of, printable, typed_text

WORDS_LIMIT = 1000
SEARCH_LIMIT = 100


@dataclass(frozen=True, slots=True)
class About:
    """What an act is about: the page of a licence, the operation, and the proceeding, unless the act begins one."""

    page: LicencePage
    rule: Rule
    card: ProceedingCard | None = None


@dataclass(frozen=True, slots=True)
class RegisterFilter:
    """Which part of the register is asked for; empty means everything, each licence in its latest version."""

    kind: str = ""
    status: Status | None = None
    search: str = ""
    after: int | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.kind or self.status or self.search)


def read_register_filter(args: Form) -> RegisterFilter:
    """The filter in the address; what makes no sense is left out."""
    kind, status, after = args.get("kind", ""), args.get("status", ""), args.get("after", "")
    return RegisterFilter(
        kind=kind if any(known.code == kind for known in load_catalogue().licence_types) else "",
        status=Status(status) if status in set(PUBLIC) else None,
        search=printable(args.get("search", ""))[:SEARCH_LIMIT],
        after=number_of(after),
    )


def propose_values(about: About) -> Values:
    """The least time to answer, and what stands on the licence now."""
    days = {"answer_days": str(about.rule.notice.days)} if about.rule.notice else {}
    return {**days, **_values_now(about)}


def read_proposal(form: Form, about: About) -> Filled:
    """A reason; for a change of data the new values, for an adverse act the working days to answer."""
    reason = typed_or_chosen(form, "reason")
    values: dict[str, object] = {"reason": reason, "canned": form.get("canned", "")}
    errors: Errors = {}
    if complaint := complaint_about(reason, say("Give the reason."), WORDS_LIMIT):
        errors["reason"] = complaint
    if about.rule.notice is not None:
        values |= _read_days(form, about.rule, errors)
    if about.rule.operation is Operation.CHANGE:
        values |= read_changes(form, about.page, errors)
    return Filled(values, errors)


def read_changes(form: Form, page: LicencePage, errors: Errors) -> dict[str, object]:
    """The values of the rows that may change, as typed, and the clean ``changes``; complaints go into ``errors``."""
    typed = {row.path: typed_text(form, row.path) for row in changeable(page.licence_type)}
    try:
        return {**typed, "changes": clean_changes(page.licence_type, page.record, typed)}
    except Invalid as error:
        errors |= errors_by_field(error)
        return dict(typed)


def recommend_values(_about: About) -> Values:
    return {"recommendation": ""}


def read_recommendation(form: Form, _about: About) -> Filled:
    recommendation, reason = form.get("recommendation", ""), typed_or_chosen(form, "reason")
    return filled(
        {"recommendation": recommendation, "reason": reason, "canned": form.get("canned", "")},
        recommendation=None if recommendation in ("grant", "refuse") else say("Choose what you propose."),
        reason=complaint_about(reason, say("Give your opinion with its reasons."), WORDS_LIMIT),
    )


def no_values(_about: About) -> Values:
    """A form that starts empty."""
    return {}


def proposed_reason(about: About) -> Values:
    """Who decides starts from what was proposed."""
    proposal = about.card.view.proposal if about.card else None
    return {"reason": str(proposal.data.get("reason", "")) if proposal else ""}


def read_reason(form: Form, _about: About) -> Filled:
    """A reason, typed or chosen from the ready ones."""
    reason = typed_or_chosen(form, "reason")
    complaint = complaint_about(reason, say("Give the reason."), WORDS_LIMIT)
    return filled({"reason": reason, "canned": form.get("canned", "")}, reason=complaint)


def hearing_values(_about: About) -> Values:
    return {"held_on": today().isoformat()}


def read_hearing(form: Form, _about: About) -> Filled:
    summary, held_on = typed_text(form, "reason"), typed_text(form, "held_on")
    day = day_of(held_on)
    return filled(
        {"reason": summary, "held_on": held_on, "day": day},
        held_on=None if day else say("Enter the day of the hearing, such as 2026-03-31."),
        reason=complaint_about(summary, say("Say what was said at the hearing."), WORDS_LIMIT),
    )


def _values_now(about: About) -> dict[str, str]:
    if about.rule.operation is not Operation.CHANGE:
        return {}
    return values_now(about.page.licence_type, about.page.record)


def _read_days(form: Form, rule: Rule, errors: Errors) -> dict[str, object]:
    typed = typed_text(form, "answer_days")
    days = int(typed) if typed.isdecimal() and len(typed) <= 3 else 0
    least = rule.notice.days if rule.notice else 0
    if not least <= days <= LONGEST_ANSWER_DAYS:
        errors["answer_days"] = _days_complaint(least)
    return {"answer_days": typed, "days": days}


def _days_complaint(least: int) -> Said:
    return say("Give %(least)s to %(most)s working days to answer.", least=least, most=LONGEST_ANSWER_DAYS)
