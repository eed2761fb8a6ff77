"""Enter, object, ask for repair, decide. Each is one transaction; :func:`enter` is part of the transaction of its cause.

All raise ``NotFound`` for what the actor may not see, ``Forbidden`` or ``ReauthenticationNeeded`` for what the person may not do, and
``Conflict`` (``credit-moved-on``) when the entry is no longer where the act needs it.
"""

from __future__ import annotations

from datetime import date, timedelta

from licensing import policy
from licensing.clock import local_date
from licensing.credit.journal import LATER, LEAF, not_found, record, subject_of
from licensing.credit.machine import Event
from licensing.credit.rules import Kind
from licensing.credit.tables import CreditEntry
from licensing.errors import FieldError, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.notices.actions import notify_company
from licensing.parties.queries import authority as authority_of
from licensing.parties.queries import company_by_uscc
from licensing.parties.tables import Authority
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work, unit_of_work
from licensing.storage.counters import next_value
from licensing.words import N_, say

TOLD = {
    Event.ENTERED: N_("%(number)s was entered in your credit record. Read it; you can object, or ask for repair."),
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
    record(work, entry, Event.ENTERED, {"reason": source})
    notify_company(work, company_id, say(TOLD[Event.ENTERED], number=entry.number))
    return entry


def enter_by_officer(
    actor: Actor, authority_id: int, *, uscc: str, kind: Kind, source: str, effect: str, published: bool, ends_on: date | None
) -> int:
    """Enter what another body or a check found. Raises ``Invalid`` with everything that is wrong; the id of the entry."""
    with unit_of_work(actor) as work:
        _require(work, Action.CREDIT_ENTER, Subject(authority_id=authority_id))
        company = company_by_uscc(work.session, uscc)
        complaints = [
            *([] if company else [FieldError("uscc", "uscc-unknown", say("No company with this code is registered here."))]),
            *([] if source.strip() else [FieldError("source", "required", say("Say where this comes from."))]),
            *([] if effect.strip() else [FieldError("effect", "required", say("Say what follows from it."))]),
            *(
                []
                if ends_on is None or ends_on > local_date(work.now)
                else [FieldError("ends_on", "past", say("The last day lies in the future."))]
            ),
        ]
        if complaints or company is None:
            raise Invalid(say("The entry is not complete."), complaints, code="incomplete")
        authority = authority_of(work.session, authority_id)
        entry = enter(
            work,
            company_id=company.id,
            authority=authority,
            kind=kind,
            source=source.strip(),
            effect=effect.strip(),
            published=published,
            ends_on=ends_on,
        )
        return entry.id


def object_to(actor: Actor, entry_id: int, reason: str) -> None:
    """Object to an entry: it should not be there. It keeps its effect until another person decided."""
    with unit_of_work(actor) as work:
        record(work, _entry(work, entry_id, Action.CREDIT_OBJECT), Event.OBJECTED, {"reason": reason.strip()})


def ask_repair(actor: Actor, entry_id: int, reason: str) -> None:
    """Ask for credit repair 信用修复, saying what was done to make good. The entry keeps its effect until it is granted."""
    with unit_of_work(actor) as work:
        record(work, _entry(work, entry_id, Action.CREDIT_ASK_REPAIR), Event.REPAIR_ASKED, {"reason": reason.strip()})


def decide_objection(actor: Actor, entry_id: int, *, uphold: bool, reason: str) -> None:
    """Decide an objection: upheld, the entry is removed."""
    _decide(actor, entry_id, Event.UPHELD if uphold else Event.REJECTED, reason)


def decide_repair(actor: Actor, entry_id: int, *, grant: bool, reason: str) -> None:
    """Decide a repair: granted, the entry has no effect any more and the company may promise again."""
    _decide(actor, entry_id, Event.REPAIR_GRANTED if grant else Event.REPAIR_REFUSED, reason)


def _decide(actor: Actor, entry_id: int, event: Event, reason: str) -> None:
    with unit_of_work(actor) as work:
        entry = _entry(work, entry_id, Action.CREDIT_DECIDE)
        record(work, entry, event, {"reason": reason.strip()})
        notify_company(work, entry.company_id, say(TOLD[event], number=entry.number))


def _entry(work: Work, entry_id: int, action: Action) -> CreditEntry:
    entry = work.session.get(CreditEntry, entry_id, populate_existing=True)
    if entry is None:
        raise not_found()
    _require(work, action, subject_of(entry))
    return entry


def _require(work: Work, action: Action, subject: Subject) -> None:
    policy.require(work.actor, action, subject, now=work.now, window=timedelta(seconds=work.settings.reauthentication_window))
