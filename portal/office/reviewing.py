"""The forms of a procedure with experts: check on site, draw of the panel, its opinion, publicity."""

from __future__ import annotations

from licensing.cases import panels, publicising, reviews, site_checks
from licensing.cases.ballots import ballots_missing
from licensing.cases.panels import COMMITTEE
from licensing.cases.queries import CasePage
from licensing.cases.site_checks import SiteCheck
from licensing.policy import Actor
from licensing.words import say
from portal.office import forms
from portal.office.opinions import case_facts, typed_or_chosen
from portal.security import current_actor
from portal.typed import Filled, Form, Values, complaint_about, day_of, filled, typed_text


def site_check_values(page: CasePage) -> Values:
    return {"people": _people(page), "officers": (), "findings": {}}


def read_site_check(form: Form, page: CasePage) -> Filled:
    """What was typed; whether it is complete is for the act to say."""
    people = _people(page)
    officers = tuple(code for code, _, _ in people if form.get(f"officer_{code}"))
    findings = {group.code: typed_text(form, f"finding_{group.code}") for group in page.matter.procedure.groups}
    day = typed_text(form, "day")
    wrong = {f"finding_{code}": complaint_about(text, say("Say what was found."), site_checks.LONGEST) for code, text in findings.items()}
    return filled({"people": people, "officers": officers, "findings": findings, "day": day}, **wrong)


def check_site(actor: Actor, page: CasePage, values: Values) -> None:
    check = SiteCheck(day_of(values["day"]), [int(one) for one in values["officers"]], values["findings"])
    site_checks.record_site_check(actor, page.case.id, check)


def panel_values(page: CasePage) -> Values:
    return {"body": COMMITTEE, "expected_days": str(page.matter.stop.expected_days)}


def read_panel(form: Form, page: CasePage) -> Filled:
    """As the form of a commission, whose body is the committee."""
    given = forms.read_commission({**form, "body": COMMITTEE}, page)
    return Filled({**given.values, "body": COMMITTEE}, given.errors)


def draw(actor: Actor, page: CasePage, values: Values) -> None:
    panels.draw_panel(actor, page.case.id, expected_days=values["days"])


def opinion_values(page: CasePage) -> Values:
    """A form that starts empty. Raises ``Conflict`` (``ballots-missing``) before all have voted."""
    review = reviews.panel_page(current_actor(), page.case.id)
    if review is not None and review.missing:
        raise ballots_missing(len(review.members) - review.missing, len(review.members))
    return {}


def read_opinion(form: Form, page: CasePage) -> Filled:
    opinion = typed_or_chosen(form, "opinion", case_facts(page))
    complaint = complaint_about(opinion, say("Write down the opinion of the panel."), forms.WORDS_LIMIT)
    return filled({"opinion": opinion, "canned": form.get("canned", "")}, opinion=complaint)


def record_opinion(actor: Actor, page: CasePage, values: Values) -> None:
    panels.record_opinion(actor, page.case.id, values["opinion"])


def publicity_values(page: CasePage) -> Values:
    return {"until": publicising.last_day(current_actor(), page.case.id)}


def publicise(actor: Actor, page: CasePage, _values: Values) -> None:
    publicising.open_publicity(actor, page.case.id)


def _people(page: CasePage) -> list[tuple[str, str, None]]:
    able = site_checks.who_may_check(current_actor(), page.case.id)
    return [(str(person), name, None) for person, name in able.items()]
