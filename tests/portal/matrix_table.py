"""What each page of the portal is about and which action guards it: the second source for the authorisation matrix, written by hand.

A row is for an endpoint and its ``…_send``, or with a dot at the end for what else its blueprint shows. What is sent needs a row with an
action of its own. Nothing here calls the checks of the portal: who may what is worked out from ``POLICY``, from the roles that a person
holds towards the thing, and from this table.

For a new route add a row to ``GUARDS``; nothing else changes:

* Choose the door: by what does a person come to the thing? ``MINE``, ``HOLDER`` (a seat in the company), ``OFFICE``, ``LICENCE`` (a post at
  the authority, or above it) fit most. A page that takes no thing of anybody is ``OPEN``, or ``Guard(Door.ALL, Action.…)``.
* Name the action: ``replace(OFFICE, act=Action.…)`` guards what is sent, ``_acting(OFFICE, Action.…)`` also the page of its form.
* Name the ``stage`` of the case in which the thing lies, where that is not the usual one. The answer 409 or 422 counts as let in, so the
  state need not fit; the thing must exist.
* An id (``objection_id``), or another name of a thing (``THINGS``), that the address has and the world does not is made in
  ``matrix_world.py``: one for each lot, by the real actions. Add it to ``_of_case`` when it lies in a case, to ``of_all`` in ``_lot``
  otherwise; what belongs to the whole installation is ``shared``.
* What a review by experts has is made in ``matrix_qualifications.py``; the person "expert" sits on the panel of the first lot alone, and
  comes in by ``PANEL``.
* Another word of an address (``<section>``) gets a value in ``WORDS`` of ``test_authorisation_matrix.py``.

Then ``tests/portal/test_matrix_table.py`` says whether the row is there, and ``tests/portal/test_authorisation_matrix.py`` whether it is
true. Where page and table disagree, first believe the table: refuse by the policy before what was sent is read
(``portal.security.refuse_early``, ``portal.office.opening.open_case``), and answer what is foreign like what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from flask import Flask
from matrix_world import Lot
from werkzeug.routing import Rule

from licensing.policy import COMPANY_ROLES, POLICY, Action, Actor, Subject, roles_towards
from portal.security import Access, access_of


class Answer(StrEnum):
    """The families of answers."""

    LOGIN = "to the sign-in"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    OPEN = "shown, done, or refused for what was sent"


class Door(StrEnum):
    """Whose pages these are: a person comes in by a seat in the company, by a post at the authority, or by an administrator's role."""

    COMPANY = "company"
    SIGNATORY = "company, without an authority"
    AUTHORITY = "authority"
    POST = "authority, without those above it"
    INVITED = "whose address stands in the invitation"
    WRITER = "whose own it is"
    PANEL = "who reviews it as an expert"
    ALL = "everybody of the class"


@dataclass(frozen=True, slots=True)
class Guard:
    """``act`` guards what is sent; ``form`` the page on which it is typed, where only who may send it sees that.

    ``stage`` names the case of a lot that the address means. ``own`` is the answer at the authority's door to whoever has a seat in the
    company. What is ``written`` in a case is its writer's alone: for colleagues it does not exist.
    """

    door: Door
    read: Action | None = None
    act: Action | None = None
    form: Action | None = None
    stage: str = "accepted"
    own: Answer = Answer.NOT_FOUND
    written: bool = False

    def expected(self, actor: Actor, lot: Lot | None, method: str, keeper: int = 0) -> Answer:
        """The answer to ``actor`` who asks for the thing of ``lot``; for what there is only one of when that is None.

        ``keeper`` is the authority that keeps what belongs to the whole installation.
        """
        subject = Subject(company_id=lot.company, authority_id=lot.authority, panel=lot.panel) if lot else Subject()
        held = roles_towards(actor, subject)
        if lot is not None and not self._comes_in(actor, lot):
            return Answer.NOT_FOUND
        if lot is not None and self.door in (Door.AUTHORITY, Door.POST):
            if lot.company in actor.company_ids and self.own is not Answer.OPEN:
                return self.own
            held -= COMPANY_ROLES
        if lot is not None and self.door in (Door.COMPANY, Door.SIGNATORY):
            held &= COMPANY_ROLES
        asked = (self.read, self.form if method == "GET" else self.act)
        kept = frozenset(post.role for post in actor.posts if post.authority_id == keeper)
        allowed = (action is None or POLICY[action].roles & (kept if POLICY[action].keepers else held) for action in asked)
        if not all(allowed):
            return Answer.FORBIDDEN
        return Answer.NOT_FOUND if self.written and lot is not None and actor.person_id != lot.writer else Answer.OPEN

    @property
    def of_lots(self) -> bool:
        """Whether it is about something that belongs to a company or an authority."""
        return self.door is not Door.ALL

    def of_missing(self, actor: Actor, method: str, keeper: int) -> Answer:
        """The answer where there is nothing: who may not do it at all hears that first, which tells nobody what exists."""
        return Answer.NOT_FOUND if self.expected(actor, None, method, keeper) is Answer.OPEN else Answer.FORBIDDEN

    def _comes_in(self, actor: Actor, lot: Lot) -> bool:
        return {
            Door.COMPANY: lot.company in actor.company_ids,
            Door.SIGNATORY: lot.company in actor.company_ids,
            Door.AUTHORITY: lot.authority in actor.readable_ids,
            Door.POST: lot.authority in actor.authority_ids,
            Door.INVITED: actor.person_id == lot.invited,
            Door.WRITER: actor.person_id == lot.writer,
            Door.PANEL: actor.person_id in lot.panel,
            Door.ALL: True,
        }[self.door]


MINE = Guard(Door.COMPANY, Action.CASE_READ)
DRAFT = replace(MINE, act=Action.CASE_EDIT, stage="draft")
OFFICE = Guard(Door.AUTHORITY, Action.CASE_READ, own=Answer.FORBIDDEN)
HOLDER = Guard(Door.COMPANY, Action.LICENCE_READ, stage="licence")
LICENCE = Guard(Door.AUTHORITY, Action.LICENCE_READ, stage="licence", own=Answer.FORBIDDEN)
PANEL = Guard(Door.PANEL, Action.PANEL_READ, stage="reviewing")
OPEN = Guard(Door.ALL)


def _acting(guard: Guard, action: Action, stage: str = "") -> Guard:
    """Only who may send the form sees it."""
    return replace(guard, act=action, form=action, stage=stage or guard.stage)


GUARDS: Mapping[str, Guard] = {
    # Everybody signed in, and pages of a class as a whole: the class itself is the guard.
    "accounts.": OPEN,
    "messages.": OPEN,
    "messages.read_all": OPEN,
    "messages.read": Guard(Door.COMPANY),
    "invitations.answer": Guard(Door.INVITED),
    "applicant.cases": OPEN,
    "applicant.start": OPEN,
    "applicant_credit.credit": OPEN,
    "applicant_licences.licences": OPEN,
    "applicant_seats.seats": OPEN,
    "office.worklist": Guard(Door.ALL, Action.WORKLIST_READ),
    "office_verifications.worklist": Guard(Door.ALL, Action.WORKLIST_READ),
    "office_licences.register": Guard(Door.ALL, Action.REGISTER_READ),
    "office_credit.register": Guard(Door.ALL, Action.CREDIT_READ),
    "office_credit.new": _acting(OPEN, Action.CREDIT_ENTER),
    "office_ratings.ratings": Guard(Door.ALL, Action.RATING_READ),
    "office_desk.together": Guard(Door.ALL, act=Action.CASE_ASSIGN),
    "office_desk.keep": OPEN,
    "office_figures.": Guard(Door.ALL, Action.FIGURES_READ),
    "office_objections.register": Guard(Door.ALL, Action.REGISTER_READ),
    "office_archive.": Guard(Door.ALL, Action.ARCHIVE_READ),
    "office_experts.pool": Guard(Door.ALL, Action.POOL_READ),
    "office_experts.enter": Guard(Door.ALL, Action.POOL_READ, act=Action.POOL_KEEP),
    "office_recognitions.duties": Guard(Door.ALL, Action.RECOGNITION_READ),
    "experts.mine": OPEN,
    "office_draws.draws": Guard(Door.ALL, Action.REGISTER_READ),
    "office_draws.draw": Guard(Door.ALL, act=Action.COMMITMENT_DRAW),
    "office_catalogue.": Guard(Door.ALL, Action.CATALOGUE_READ),
    "office_catalogue.new": _acting(OPEN, Action.CATALOGUE_DRAFT),
    "office_catalogue.edit": _acting(OPEN, Action.CATALOGUE_DRAFT),
    "office_catalogue.decide": Guard(Door.ALL, act=Action.CATALOGUE_DECIDE),
    "admin.state": Guard(Door.ALL, Action.ADMIN_READ),
    "admin_authorities.": Guard(Door.ALL, Action.ADMIN_READ, act=Action.AUTHORITY_SWITCH),
    "admin_calendar.": Guard(Door.ALL, Action.CALENDAR_READ, act=Action.CALENDAR_IMPORT),
    # The applicant's cases.
    "applicant.": MINE,
    "applicant.licence": replace(MINE, stage="granted"),
    "applicant.withdraw": replace(MINE, act=Action.CASE_WITHDRAW),
    "applicant_check.": replace(MINE, act=Action.CASE_SUBMIT, stage="draft"),
    "applicant_papers.": DRAFT,
    "applicant_sections.": DRAFT,
    "applicant_promises.": MINE,
    "applicant_promises.proof": DRAFT,
    "applicant_promises.facts": DRAFT,
    "applicant_promises.promise": replace(DRAFT, act=Action.COMMITMENT_PROMISE),
    "applicant_promises.withdraw": replace(MINE, act=Action.COMMITMENT_WITHDRAW),
    "applicant_promises.settle": replace(MINE, act=Action.COMMITMENT_SETTLE),
    "applicant_promises.answer": replace(MINE, act=Action.COMMITMENT_ANSWER),
    "applicant_promises.report": replace(MINE, act=Action.COMMITMENT_REPORT),
    "applicant_objections.": _acting(MINE, Action.CASE_OBJECT, "refused"),
    "applicant_ratings.rating": replace(MINE, act=Action.CASE_RATE, stage="granted"),
    "applicant_ratings.copy": replace(MINE, act=Action.CASE_START),
    # Its licences, its credit and its seats.
    "applicant_licences.": HOLDER,
    "applicant_licences.ask": replace(HOLDER, act=Action.LICENCE_ASK),
    "applicant_licences.withdraw": replace(HOLDER, act=Action.LICENCE_ASK),
    "applicant_licences.change_design": replace(HOLDER, act=Action.CASE_START),
    "applicant_licences.answer": replace(HOLDER, act=Action.LICENCE_ANSWER),
    # What an authority commissioned from it: a report on the case of another company.
    "applicant_commissions.commissioned": OPEN,
    "applicant_commissions.commission": Guard(Door.COMPANY, Action.COMMISSION_READ, stage="evaluating"),
    "applicant_commissions.send": Guard(Door.COMPANY, act=Action.COMMISSION_REPORT, stage="evaluating"),
    "applicant_credit.entry": Guard(Door.COMPANY, Action.CREDIT_READ, act=Action.CREDIT_OBJECT),
    "applicant_seats.letter": Guard(Door.SIGNATORY, Action.SEAT_READ),
    "applicant_seats.invite": _acting(Guard(Door.SIGNATORY), Action.SEAT_GIVE),
    "applicant_seats.end": Guard(Door.SIGNATORY, act=Action.SEAT_END),
    "applicant_seats.withdraw": Guard(Door.SIGNATORY, act=Action.SEAT_END),
    # Cases at the office.
    "office.": OFFICE,
    "office.licence": replace(OFFICE, stage="granted"),
    "office.accept": _acting(OFFICE, Action.CASE_ACCEPT, "submitted"),
    "office.correction": _acting(OFFICE, Action.CASE_REQUEST_CORRECTION, "submitted"),
    "office.not_accept": _acting(OFFICE, Action.CASE_NOT_ACCEPT, "submitted"),
    "office.commission": _acting(OFFICE, Action.CASE_COMMISSION),
    "office.result": _acting(OFFICE, Action.CASE_RECORD_RESULT),
    "office.propose": _acting(OFFICE, Action.CASE_PROPOSE),
    "office.require_proof": _acting(OFFICE, Action.CASE_REQUIRE_PROOF),
    "office.transfer": _acting(OFFICE, Action.CASE_TRANSFER),
    "office.extend": _acting(OFFICE, Action.CASE_EXTEND),
    "office.close": _acting(OFFICE, Action.CASE_CLOSE),
    "office.note": replace(OFFICE, act=Action.NOTE_WRITE),
    "office.strike_note": replace(OFFICE, act=Action.NOTE_WRITE, written=True),
    "office.return": _acting(OFFICE, Action.CASE_RETURN, "proposed"),
    "office.grant": _acting(OFFICE, Action.CASE_GRANT, "proposed"),
    "office.refuse": _acting(OFFICE, Action.CASE_REFUSE, "proposed"),
    "office.terminate": _acting(OFFICE, Action.COMMITMENT_JUDGE),
    "office.order_correction": _acting(OFFICE, Action.COMMITMENT_JUDGE),
    "office.drop_finding": _acting(OFFICE, Action.COMMITMENT_JUDGE),
    "office_archive.download_file": replace(OFFICE, form=Action.ARCHIVE_READ, stage="archived"),
    "office_archive.close": replace(OFFICE, act=Action.CASE_ARCHIVE, stage="archived"),
    "office_desk.take": replace(OFFICE, act=Action.CASE_ASSIGN),
    "office_desk.release": replace(OFFICE, act=Action.CASE_ASSIGN),
    "office_desk.drop": Guard(Door.WRITER),
    "office_reports.": replace(OFFICE, stage="evaluating"),
    "office_reports.give_back": replace(OFFICE, act=Action.CASE_RECORD_RESULT, stage="evaluating"),
    # Verifications, licences, credit and ratings at the office.
    "office_verifications.": Guard(Door.POST, Action.CASE_READ, act=Action.COMMITMENT_VERIFY),
    "office_pursuing.again": _acting(OFFICE, Action.COMMITMENT_VERIFY, "granted"),
    "office_pursuing.pursue": _acting(OFFICE, Action.COMMITMENT_VERIFY, "granted"),
    "office_rectification.": _acting(OFFICE, Action.COMMITMENT_RECTIFY, "granted"),
    "office_licences.": LICENCE,
    "office_licences.propose": _acting(LICENCE, Action.LICENCE_PROPOSE),
    "office_licences.recommend": _acting(LICENCE, Action.LICENCE_PROPOSE),
    "office_licences.hearing": _acting(LICENCE, Action.LICENCE_PROPOSE),
    "office_licences.drop": _acting(LICENCE, Action.LICENCE_RETURN),
    "office_licences.decide": _acting(LICENCE, Action.LICENCE_DECIDE),
    "office_licences.grant": _acting(LICENCE, Action.LICENCE_DECIDE),
    "office_licences.refuse": _acting(LICENCE, Action.LICENCE_DECIDE),
    "office_licences.return": _acting(LICENCE, Action.LICENCE_RETURN),
    "office_credit.entry": Guard(Door.POST, Action.CREDIT_READ, act=Action.CREDIT_DECIDE),
    "office_ratings.rating": Guard(Door.POST, Action.RATING_READ, act=Action.RATING_ANSWER, stage="granted"),
    "office_objections.objection": Guard(Door.POST, Action.CASE_READ, act=Action.CASE_ANSWER_OBJECTION),
    # Qualifications: the review by experts, for its officers and for who sits on the panel, and what is reported afterwards.
    "office.site_check": _acting(OFFICE, Action.CASE_CHECK_SITE, "qualifying"),
    "office.panel": _acting(OFFICE, Action.CASE_COMMISSION, "qualifying"),
    "office.opinion": _acting(OFFICE, Action.CASE_RECORD_RESULT, "reviewing"),
    "office.publicity": _acting(OFFICE, Action.CASE_OPEN_PUBLICITY, "reviewing"),
    "office_panels.": replace(OFFICE, act=Action.PANEL_REPLACE, stage="reviewing"),
    "office_experts.end": Guard(Door.POST, act=Action.POOL_KEEP, stage="reviewing", own=Answer.OPEN),
    "office_recognitions.report": replace(OFFICE, act=Action.RECOGNITION_REPORT, stage="qualified"),
    "experts.": PANEL,
    "experts.vote": replace(PANEL, act=Action.PANEL_VOTE),
    "experts.decline": replace(PANEL, act=Action.PANEL_DECLINE),
    "office_draws.one": Guard(Door.POST, Action.REGISTER_READ, own=Answer.OPEN),
}


def row_of(endpoint: str) -> str | None:
    """The name of the row for the endpoint itself, or for the page with its form, or for its blueprint."""
    blueprint = endpoint.partition(".")[0] + "."
    return next((name for name in (endpoint, endpoint.removesuffix("_send"), blueprint) if name in GUARDS), None)


def guard_of(endpoint: str) -> Guard | None:
    row = row_of(endpoint)
    return GUARDS[row] if row else None


def routes(app: Flask) -> Iterator[tuple[Rule, str, Access]]:
    """Every rule with every method that does something, and who enters."""
    for rule in app.url_map.iter_rules():
        who = access_of(app, rule.endpoint)
        assert who is not None
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, who


THINGS = frozenset({"version", "sequence"})
"""What names a thing besides the ids. A ``number`` does where it is a word, and not that of a page."""


def numbered(rule: Rule) -> list[str]:
    """The parts of the address that name a thing."""
    parts = re.findall(r"<(?:([^<>:]*):)?(\w+)>", rule.rule)
    return [name for kind, name in parts if name.endswith("_id") or name in THINGS or (name == "number" and not kind)]


def unguarded(app: Flask) -> list[str]:
    """What the table does not say yet, one sentence for each route that is not public."""
    return [
        f"{method} {rule.rule} ({rule.endpoint}): {complaint}"
        for rule, method, who in routes(app)
        if who not in (Access.PUBLIC, Access.OPEN_API) and (complaint := _complaint(rule, method))
    ]


def _complaint(rule: Rule, method: str) -> str:
    guard = guard_of(rule.endpoint)
    if guard is None:
        return f'add a row "{rule.endpoint}" to GUARDS: whose page it is, and which action guards it'
    if method != "GET" and guard.read is not None and guard.act is None:
        return f'something is sent there: add a row "{rule.endpoint}" with the action that guards that to GUARDS'
    return ""
