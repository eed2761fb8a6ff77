"""The acts of a proceeding. Each is one transaction: policy, machine, event, register, letter, notice.

All raise ``NotFound`` for what the actor may not see, ``Forbidden`` or ``ReauthenticationNeeded`` for what the post does not allow, and
``Conflict`` when proceeding or licence are no longer where the act needs them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from licensing.catalogue import load_catalogue
from licensing.catalogue.cleaning import first_unprintable
from licensing.clock import Calendar, answer_term, local_date
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict, FieldError, Invalid
from licensing.licences import actions as licences
from licensing.licences.operations import OPERATIONS, Operation, Rule
from licensing.licences.record import from_canonical
from licensing.licences.tables import Licence
from licensing.licences.versions import clean_changes
from licensing.policy import Action, Actor
from licensing.proceedings.consequences import overtake
from licensing.proceedings.expiry import expire_if_due, renewal_closes
from licensing.proceedings.journal import Loaded, begin, licence_for, load_for, open_about, record
from licensing.proceedings.letters import send, tell
from licensing.proceedings.machine import Event
from licensing.proceedings.rules import checked_days, moved_on
from licensing.storage import Work, unit_of_work
from licensing.words import Said, say

LONGEST_TEXT = 1000


def ask(actor: Actor, licence_id: int, operation: Operation, *, reason: str, changes: Mapping[str, str] | None = None) -> int:
    """The holder asks for ``operation``; the number of the proceeding's row.

    Raises ``Invalid`` for changes that cannot be (``change``), and ``Conflict`` for a renewal that comes too late
    (``renewal-too-late``) or for a licence without an end date (``no-end-date``).
    """
    expire_if_due(licence_id)
    with unit_of_work(actor) as work:
        licence, subject = licence_for(work, licence_id, Action.LICENCE_ASK)
        rule = _possible(licence, operation)
        if not rule.holder_may_ask:
            raise licences.moved_on()
        if operation is Operation.RENEW:
            _in_time(licence, local_date(work.now), calendar_now(work.session))
        data = {"reason": fit(reason), **_changes(licence, operation, changes)}
        found = begin(work, licence, subject, operation, asked=True)
        record(work, found, Event.REQUESTED, data)
        return found.row.id


def withdraw(actor: Actor, proceeding_id: int, reason: str = "") -> None:
    """The holder takes a request back before it is decided."""
    with unit_of_work(actor) as work:
        found = load_for(work, proceeding_id, Action.LICENCE_ASK)
        record(work, found, Event.WITHDRAWN, {"reason": fit(reason)})


def answer(actor: Actor, proceeding_id: int, text: str, *, hearing: bool = False) -> None:
    """The holder answers a notice, within its term; where the law gives one, with the demand for a hearing (Penalty Law art. 63)."""
    with unit_of_work(actor) as work:
        found = load_for(work, proceeding_id, Action.LICENCE_ANSWER)
        may_demand = found.rule.notice is not None and found.rule.notice.oral
        record(work, found, Event.HEARING_DEMANDED if hearing and may_demand else Event.ANSWERED, {"reason": fit(text)})


def propose(
    actor: Actor,
    licence_id: int,
    operation: Operation,
    *,
    reason: str,
    changes: Mapping[str, str] | None = None,
    answer_days: int | None = None,
) -> int:
    """An officer proposes ``operation`` on the authority's own motion; the number of the proceeding's row.

    What is adverse is first told to the holder, who has ``answer_days`` working days to answer (those of the table when None); the same
    words are the proposal. Raises ``Invalid`` (``change``, ``answer-days``).
    """
    expire_if_due(licence_id)
    with unit_of_work(actor) as work:
        return propose_in(work, licence_id, operation, reason=reason, changes=changes, answer_days=answer_days)


def propose_in(
    work: Work,
    licence_id: int,
    operation: Operation,
    *,
    reason: str,
    changes: Mapping[str, str] | None = None,
    answer_days: int | None = None,
    about: Mapping[str, int] | None = None,
) -> int:
    """:func:`propose` inside the transaction of its cause, which ``about`` names."""
    licence, subject = licence_for(work, licence_id, Action.LICENCE_PROPOSE)
    rule = _possible(licence, operation)
    if rule.propose is None or rule.on_request_only:
        raise licences.moved_on()
    data: dict[str, Any] = {"reason": fit(reason), **_changes(licence, operation, changes), **(about or {})}
    found = begin(work, licence, subject, operation, asked=False)
    if rule.notice is None:
        record(work, found, Event.PROPOSED, data)
        return found.row.id
    days = checked_days(rule, answer_days)
    due = answer_term(days, local_date(work.now), calendar_now(work.session)).due
    record(work, found, Event.NOTICE_SERVED, {**data, "days": days, "due_on": due.isoformat() if due else ""})
    send(work, found, Event.NOTICE_SERVED, data["reason"])
    return found.row.id


def recommend(actor: Actor, proceeding_id: int, *, grant: bool, reason: str) -> None:
    """An officer proposes to grant or to refuse what the holder asked for."""
    with unit_of_work(actor) as work:
        found = load_for(work, proceeding_id, Action.LICENCE_PROPOSE)
        if not found.view.asked:
            raise moved_on()
        record(work, found, Event.PROPOSED, {"reason": fit(reason), "recommendation": "grant" if grant else "refuse"})


def record_hearing(actor: Actor, proceeding_id: int, *, held_on: date, summary: str) -> None:
    """Record the hearing that the holder demanded, with what was said (Penalty Law arts. 64, 65)."""
    with unit_of_work(actor) as work:
        found = load_for(work, proceeding_id, Action.LICENCE_PROPOSE)
        demanded = found.view.answer
        if demanded is not None and not local_date(demanded.at) <= held_on <= local_date(work.now):
            sentence = say("The hearing lies between the demand and today.")
            raise Invalid(sentence, [FieldError("held_on", "invalid", sentence)])
        record(work, found, Event.HEARING_RECORDED, {"reason": fit(summary), "held_on": held_on.isoformat()})


def send_back(actor: Actor, proceeding_id: int, reason: str) -> None:
    """Send the proposal about a request back to the examiner."""
    with unit_of_work(actor) as work:
        record(work, load_for(work, proceeding_id, Action.LICENCE_RETURN), Event.RETURNED, {"reason": fit(reason)})


def drop(actor: Actor, proceeding_id: int, reason: str) -> None:
    """Do not pursue an act of the authority any further; the holder is told."""
    with unit_of_work(actor) as work:
        drop_in(work, proceeding_id, reason)


def drop_in(work: Work, proceeding_id: int, reason: str) -> Loaded:
    """:func:`drop` inside the transaction of what else ends with it."""
    found = load_for(work, proceeding_id, Action.LICENCE_RETURN)
    record(work, found, Event.DROPPED, {"reason": fit(reason)})
    tell(work, found, Event.DROPPED)
    return found


def refuse(actor: Actor, proceeding_id: int, reason: str) -> None:
    """Refuse what the holder asked for, as proposed, with reasons and remedies in writing (Licensing Law art. 38)."""
    with unit_of_work(actor) as work:
        found = load_for(work, proceeding_id, Action.LICENCE_DECIDE)
        must_follow_proposal(found, grant=False)
        record(work, found, Event.REFUSED, {"reason": fit(reason)})
        send(work, found, Event.REFUSED, fit(reason))


def decide(actor: Actor, proceeding_id: int, reason: str) -> None:
    """Decide as proposed and carry it out: register, log, status list, letter and notices in one transaction.

    What makes a new version goes through ``issuing.decide_version``. Raises ``Conflict`` ``answer-pending`` before the holder was heard.
    """
    with unit_of_work(actor) as work:
        decide_in(work, proceeding_id, reason)


def decide_in(work: Work, proceeding_id: int, reason: str) -> Loaded:
    """:func:`decide` inside the transaction of what else follows from it."""
    found = load_for(work, proceeding_id, Action.LICENCE_DECIDE)
    must_follow_proposal(found, grant=True)
    if found.rule.new_version:
        raise moved_on()
    must_not_escape(work, found)
    record(work, found, Event.DECIDED, {"reason": fit(reason)})
    licences.perform(work, found.licence.id, found.view.operation, reason=fit(reason), data={"proceeding": found.row.number})
    send(work, found, Event.DECIDED, fit(reason))
    overtake(work, found.licence)
    return found


def must_follow_proposal(found: Loaded, *, grant: bool) -> None:
    """A decision follows the proposal; who disagrees returns or drops it. So each decision is the will of two people (invariant 2)."""
    if found.view.proposal is not None and found.view.grants != grant:
        raise Conflict(
            say("The examiner proposed otherwise."), next_step=say("Return the proposal with your reason instead."), code="against-proposal"
        )


def must_not_escape(work: Work, found: Loaded) -> None:
    """While the authority acts against a licence, nothing is granted by which its holder could evade that.

    Raises ``Conflict`` (``adverse-pending``) for a new version, and for whatever the holder asked for.
    """
    if not (found.view.asked or found.rule.new_version):
        return
    others = [other for other in open_about(work.session, found.licence.id) if other.id != found.row.id and not other.asked]
    if any(OPERATIONS[Operation(other.operation)].notice is not None for other in others):
        raise Conflict(
            say("The authority is acting against this licence, so nothing else is decided about it now."),
            next_step=say("Decide that first, or drop it."),
            code="adverse-pending",
        )


def _possible(licence: Licence, operation: Operation) -> Rule:
    rule = OPERATIONS[operation]
    if licence.status not in rule.sources:
        raise licences.moved_on()
    return rule


def _in_time(licence: Licence, today: date, calendar: Calendar) -> None:
    closes = renewal_closes(licence, calendar)
    if closes is None:
        raise Conflict(say("This licence has no end date, so there is nothing to renew."), code="no-end-date")
    if today > closes:
        raise Conflict(
            say("A renewal could be asked for until %(day)s.", day=closes),
            next_step=say("The licence lapses on its last day; apply for a new one."),
            code="renewal-too-late",
        )


def _changes(licence: Licence, operation: Operation, typed: Mapping[str, str] | None) -> dict[str, dict[str, str]]:
    if operation is not Operation.CHANGE:
        return {}
    licence_type = load_catalogue().licence_type(licence.type)
    return {"changes": clean_changes(licence_type, from_canonical(licence.record), typed or {})}


def fit(text: str) -> str:
    """What somebody wrote, fit for a letter."""
    stripped = unicodedata.normalize("NFC", text).strip()
    strange = first_unprintable(stripped, lines=True)
    if len(stripped) > LONGEST_TEXT:
        raise _refused(say("At most %(limit)s characters are possible.", limit=LONGEST_TEXT))
    if strange is not None:
        raise _refused(say("One character here cannot be printed (U+%(code)s). Delete it.", code=f"{ord(strange):04X}"))
    return stripped


def _refused(sentence: Said) -> Invalid:
    return Invalid(sentence, [FieldError("reason", "text", sentence)], code="text")
