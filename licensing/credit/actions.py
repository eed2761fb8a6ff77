"""Enter, object, ask for repair, decide. Each is one transaction; :func:`enter` is part of the transaction of its cause.

All raise ``NotFound`` for what the actor may not see, ``Forbidden`` or ``ReauthenticationNeeded`` for what the person may not do, and
``Conflict`` (``credit-moved-on``) when the entry is no longer where the act needs it.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.orm import Session

from licensing import policy
from licensing.clock import local_date
from licensing.credit.journal import LATER, LEAF, not_found, record, subject_of
from licensing.credit.machine import Event
from licensing.credit.rules import LONGEST_FACT, LONGEST_REASON, Kind, clean, complaint_about, moved_on
from licensing.credit.tables import CreditEntry
from licensing.errors import FieldError, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.notices.actions import notify_company
from licensing.parties.queries import authority as authority_of
from licensing.parties.queries import company_by_uscc
from licensing.parties.tables import Authority, Company
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work, unit_of_work
from licensing.storage.counters import next_value
from licensing.words import N_, say

TOLD = {
    Event.ENTERED: N_("%(number)s was entered in your credit record. Read it; you can object, or ask for repair."),
    Event.OBJECTED: N_("The objection to %(number)s was handed in. An officer other than the one who made the entry decides it."),
    Event.REPAIR_ASKED: N_("Repair of %(number)s was asked for. An officer other than the one who made the entry decides it."),
    Event.UPHELD: N_("Your objection to %(number)s was upheld: the entry was removed from your credit record."),
    Event.REJECTED: N_("Your objection to %(number)s was rejected."),
    Event.REPAIR_GRANTED: N_("Your credit was repaired: %(number)s has no effect any more."),
    Event.REPAIR_REFUSED: N_("The repair of %(number)s was refused."),
}


def enter(
    work: Work,
    *,
    company_id: int,
    authority: Authority,
    kind: Kind,
    source: str,
    effect: str,
    case_id: int | None = None,
    published: bool = True,
    ends_on: date | None = None,
) -> CreditEntry:
    """A new entry, in the transaction of its cause; the company is told."""
    today = local_date(work.now)
    entry = CreditEntry(
        number=f"CR{today.year}{next_value(work.session, f'credit:{today.year}'):06d}",
        company_id=company_id,
        authority_id=authority.id,
        kind=kind,
        source=source,
        effect=effect,
        case_id=case_id,
        published=published,
        entered_on=today,
        ends_on=ends_on,
        state="",
        sequence=0,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(entry)
    work.session.flush()
    append(work, LEAF, entry.number, row_digest(entry, without=LATER))
    _record_and_tell(work, entry, Event.ENTERED, source)
    return entry


def enter_by_officer(
    actor: Actor, authority_id: int, *, uscc: str, kind: Kind, source: str, effect: str, published: bool, ends_on: date | None
) -> int:
    """Enter what another body or a check found; the id of the entry. Raises ``Invalid`` (``incomplete``) with everything that is wrong."""
    source, effect = clean(source), clean(effect)
    with unit_of_work(actor) as work:
        _require(work, Action.CREDIT_ENTER, Subject(authority_id=authority_id))
        company, unknown = _company(work.session, uscc)
        wrong = [*unknown, *_complaints(source, effect, ends_on, local_date(work.now))]
        if company is None or wrong:
            raise Invalid(say("The entry is not complete."), wrong, code="incomplete")
        _require(work, Action.CREDIT_ENTER, Subject(company_id=company.id, authority_id=authority_id))
        authority = authority_of(work.session, authority_id)
        made = enter(
            work,
            company_id=company.id,
            authority=authority,
            kind=kind,
            source=source,
            effect=effect,
            published=published,
            ends_on=ends_on,
        )
        return made.id


def object_to(actor: Actor, entry_id: int, reason: str) -> None:
    """Object to an entry: it should not be there. It keeps its effect until another person decided."""
    _act(actor, entry_id, Action.CREDIT_OBJECT, Event.OBJECTED, reason)


def ask_repair(actor: Actor, entry_id: int, reason: str) -> None:
    """Ask for credit repair 信用修复, saying what was done to make good. The entry keeps its effect until it is granted."""
    _act(actor, entry_id, Action.CREDIT_ASK_REPAIR, Event.REPAIR_ASKED, reason)


def decide_objection(actor: Actor, entry_id: int, *, uphold: bool, reason: str, seen: int | None = None) -> None:
    """Decide an objection: upheld, the entry is removed. ``seen`` is the sequence of the entry that the person had before them."""
    _act(actor, entry_id, Action.CREDIT_DECIDE, Event.UPHELD if uphold else Event.REJECTED, reason, seen)


def decide_repair(actor: Actor, entry_id: int, *, grant: bool, reason: str, seen: int | None = None) -> None:
    """Decide a repair: granted, the entry has no effect any more and the company may promise again. ``seen`` as above."""
    _act(actor, entry_id, Action.CREDIT_DECIDE, Event.REPAIR_GRANTED if grant else Event.REPAIR_REFUSED, reason, seen)


def _act(actor: Actor, entry_id: int, action: Action, event: Event, reason: str, seen: int | None = None) -> None:
    with unit_of_work(actor) as work:
        entry = _entry(work, entry_id, action)
        if seen not in (None, entry.sequence):
            raise moved_on()
        _record_and_tell(work, entry, event, _reason(reason))


def _record_and_tell(work: Work, entry: CreditEntry, event: Event, reason: str) -> None:
    record(work, entry, event, {"reason": reason})
    notify_company(work, entry.company_id, say(TOLD[event], number=entry.number), reference=entry.number)


def _reason(text: str) -> str:
    reason = clean(text)
    complaint = complaint_about("reason", reason, say("Please give a reason."), LONGEST_REASON)
    if complaint is not None:
        raise Invalid(complaint.sentence, [complaint], code="text" if reason else "reason-needed")
    return reason


def _company(session: Session, uscc: str) -> tuple[Company | None, list[FieldError]]:
    """The company with this code, or what is wrong with the code."""
    try:
        company = company_by_uscc(session, uscc)
    except Invalid as error:
        return None, list(error.fields)
    return company, [] if company else [FieldError("uscc", "uscc-unknown", say("No company with this code is registered here."))]


def _complaints(source: str, effect: str, ends_on: date | None, today: date) -> list[FieldError]:
    texts = (
        complaint_about("source", source, say("Say where this comes from."), LONGEST_FACT),
        complaint_about("effect", effect, say("Say what follows from it."), LONGEST_FACT),
    )
    past = ends_on is not None and ends_on <= today
    return [
        *(complaint for complaint in texts if complaint is not None),
        *([FieldError("ends_on", "past", say("The last day lies in the future."))] if past else []),
    ]


def _entry(work: Work, entry_id: int, action: Action) -> CreditEntry:
    entry = work.session.get(CreditEntry, entry_id, populate_existing=True)
    if entry is None:
        raise not_found()
    _require(work, action, subject_of(entry))
    return entry


def _require(work: Work, action: Action, subject: Subject) -> None:
    policy.require(work.actor, action, subject, now=work.now, window=timedelta(seconds=work.settings.reauthentication_window))
