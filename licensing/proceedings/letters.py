"""The letters and messages of a proceeding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from licensing.catalogue import load_catalogue
from licensing.letters import actions as letter_actions
from licensing.letters.rules import LicenceFacts, Words, licence_words
from licensing.licences.operations import Rule
from licensing.licences.tables import Licence
from licensing.notices.actions import notify_company
from licensing.parties.queries import authority as authority_of
from licensing.proceedings.journal import Loaded
from licensing.proceedings.machine import Event
from licensing.proceedings.rules import ProceedingView, opened_on
from licensing.storage import Work
from licensing.words import N_, say

NOTICE, REFUSAL = "D8-0", "D8-7"
TOLD: Mapping[Event, str] = {
    Event.NOTICE_SERVED: N_("The authority means to decide about licence %(number)s. Read the notice; you can answer until %(due)s."),
    Event.DECIDED: N_("A decision was made about licence %(number)s. Read the letter."),
    Event.VERSION_ISSUED: N_("A new version of licence %(number)s was issued. You can download it."),
    Event.REFUSED: N_("Your request about licence %(number)s was refused. Read the letter."),
    Event.DROPPED: N_("The authority does not pursue the matter about licence %(number)s any further."),
    Event.LAPSED: N_("A request or notice about licence %(number)s was overtaken by another decision."),
}


def letter_of(event: Event, rule: Rule) -> str | None:
    """The code of the letter that goes out with ``event``, or None."""
    return {Event.NOTICE_SERVED: NOTICE, Event.REFUSED: REFUSAL, Event.DECIDED: rule.letter}.get(event)


def words(kind_code: str, licence: Licence, rule: Rule, view: ProceedingView, number: str, reasons: Sequence[str], days: int) -> Words:
    """The words of a letter about ``licence``; the same for the preview and for the letter that is sent."""
    catalogue = load_catalogue()
    kind, licence_type = catalogue.letter(kind_code), catalogue.licence_type(licence.type)
    facts = LicenceFacts(
        licence_name=licence_type.name,
        licence_number=licence.number,
        proceeding=number,
        addressee=licence.holder,
        act=rule.chinese,
        basis=rule.basis_for(licence_type.category),
        asked_on=opened_on(view) if view.asked else None,
        due_on=view.due_on,
        days=days,
        hearing=rule.notice is not None and rule.notice.oral,
    )
    return licence_words(kind, facts, reasons)


def send(work: Work, found: Loaded, event: Event, reason: str) -> None:
    """Write the letter that goes with ``event``, if there is one, and tell the holder."""
    kind = letter_of(event, found.rule)
    if kind is not None:
        days = int(found.view.proposal.data.get("days", 0)) if found.view.proposal else 0
        said = words(kind, found.licence, found.rule, found.view, found.row.number, [reason], days)
        letter_actions.write(work, kind, authority_of(work.session, found.row.authority_id), said, licence_id=found.licence.id)
    tell(work, found, event)


def tell(work: Work, found: Loaded, event: Event) -> None:
    """Put the message of ``event`` into the inbox of the holder, when the holder has one here."""
    if found.row.company_id is None:
        return
    facts = {"number": found.licence.number, "due": found.view.due_on.isoformat() if found.view.due_on else ""}
    notify_company(work, found.row.company_id, say(TOLD[event], **facts), licence_id=found.licence.id, reference=found.licence.number)
