"""The letters and messages of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from licensing.cases.deadlines import deadline
from licensing.cases.journal import Loaded
from licensing.cases.machine import TRANSITIONS, Event
from licensing.catalogue import load_catalogue
from licensing.clock.queries import calendar_now
from licensing.errors import Conflict
from licensing.letters import actions as letters
from licensing.letters.rules import LetterFacts, case_words
from licensing.notices.actions import notify_company
from licensing.parties.queries import authority as authority_of
from licensing.parties.queries import company as company_of
from licensing.storage import Work
from licensing.words import N_, say

TOLD: Mapping[Event, str] = {
    Event.ACCEPTED: N_("Your application for “%(project)s” was accepted. The decision is due by %(due)s."),
    Event.DEEMED_ACCEPTED: N_(
        "Your application for “%(project)s” counts as accepted: the authority did not answer in time. The decision is due by %(due)s."
    ),
    Event.CORRECTION_REQUESTED: N_("Please correct your application for “%(project)s”."),
    Event.NOT_ACCEPTED: N_("Your application for “%(project)s” was not accepted."),
    Event.EVALUATION_COMMISSIONED: N_("An evaluation or inspection for “%(project)s” was commissioned."),
    Event.TRANSFERRED: N_("Your application for “%(project)s” was transferred to the authority that is responsible. The clock runs on."),
    Event.EXTENDED: N_("The time to decide on “%(project)s” was extended. The letter gives the reason and the new date."),
    Event.CLOSED: N_("Handling of your application for “%(project)s” was ended, because what was applied for is gone. Read the letter."),
    Event.REFUSED: N_("Your application for “%(project)s” was refused."),
    Event.PROMISE_WITHDRAWN: N_("A promise for “%(project)s” was withdrawn. Its proof is to be handed in."),
    Event.PROOF_REQUIRED: N_("Please hand in a proof for “%(project)s”; the clock stands until it is there."),
    Event.UNTRUTH_NOTIFIED: N_("A promise for “%(project)s” was found untrue and handling stopped. Read the notice; you can answer."),
    Event.CORRECTION_ORDERED: N_("Please hand in the proof for “%(project)s” instead of the promise that was found untrue."),
    Event.FINDING_DROPPED: N_("The finding about your promise for “%(project)s” was not upheld; handling goes on."),
    Event.TERMINATED: N_("Handling of your application for “%(project)s” was ended for an untrue promise. Read the letter."),
}


RECEIPT = "D1"
RECTIFY = N_("Rectify what was found untrue in a promise for “%(project)s” until %(day)s, and report it. Read the letter.")


def send(work: Work, case: Loaded, event: Event, items: Sequence[str], *, days: int | None = None, body: str = "") -> None:
    """Write the letter that the machine's table names for ``event``, if any, and tell the applicant."""
    kind = next((row.letter for row in TRANSITIONS if row.event is event and row.letter), None)
    running = deadline(case.view, case.matter, calendar_now(work.session))
    due = running.due if running else None
    if kind is not None:
        _write(work, case, kind, items, due, days, body)
    said = say(TOLD[event], project=case.row.project_name, due=due.isoformat() if due else "")
    notify_company(work, case.row.company_id, said, case_id=case.row.id, reference=case.row.public_number)


def order_to_rectify(work: Work, case: Loaded, kind: str, items: Sequence[str], due_on: date) -> None:
    """Write the order to rectify until ``due_on``, and tell the company."""
    _write(work, case, kind, items, due_on, None, "")
    said = say(RECTIFY, project=case.row.project_name, day=due_on)
    notify_company(work, case.row.company_id, said, case_id=case.row.id, reference=case.row.public_number)


def _write(work: Work, case: Loaded, kind: str, items: Sequence[str], due_on: date | None, days: int | None, body: str) -> None:
    if case.row.authority_id is None:
        raise Conflict(say("The case has no authority."), code="no-authority")
    facts = LetterFacts(
        case_number=case.row.public_number,
        project=case.row.project_name,
        addressee=company_of(work.session, case.row.company_id).name,
        received_on=case.view.received_on,
        due_on=due_on,
        days=days,
        body=body,
        deemed=kind == RECEIPT and case.view.deemed,
    )
    words = case_words(load_catalogue().letter(kind), case.matter, facts, items)
    letters.write(work, kind, authority_of(work.session, case.row.authority_id), words, case_id=case.row.id)
