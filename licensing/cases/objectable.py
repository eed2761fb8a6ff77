"""To which acts on a case one may object 异议, for how long, and what an answer says: data and pure rules.

An objection is heard by the authority itself. It stands beside administrative review 行政复议 and prolongs no term (Licensing Law art. 7).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from licensing.cases.machine import FINAL, TRANSITIONS, Event, State
from licensing.cases.view import CaseView, Happened
from licensing.catalogue.model import LetterKind
from licensing.clock.calendar import Calendar
from licensing.clock.limits import Limit, Unit
from licensing.clock.rules import Explanation, explain
from licensing.credit.rules import LONGEST_REASON, clean, complaint_about
from licensing.errors import FieldError, Invalid
from licensing.words import N_, say

ANSWER_DAYS: Final = 10
"""Working days for the answer, as long as the law gives for the decision itself (decision 21)."""
PUBLICITY: Final = "publicity"
"""What an objection is about when anybody makes it while a grant is made public before it is given."""
LONGEST_NAME: Final = 100
LONGEST_CONTACT: Final = 200
_FEWEST_DIGITS: Final = 7


class Outcome(StrEnum):
    """What an answer says, in the words that the credit record uses."""

    UPHELD = "upheld"
    REJECTED = "rejected"


OUTCOME_NAMES: Mapping[Outcome, str] = {
    Outcome.UPHELD: N_("Upheld"),
    Outcome.REJECTED: N_("Not upheld"),
}


@dataclass(frozen=True, slots=True)
class Objectable:
    """An act to which the applicant may object while it ``stands``, and no longer than its letter leaves for the remedy.

    ``term`` says how long it stands where the letter names no remedy. What it ended is taken up by a new application when the objection is
    upheld (``renews``).
    """

    event: Event
    stands: Callable[[CaseView], bool]
    term: str = ""
    renews: bool = False

    @property
    def letter(self) -> str:
        """The code of the letter that tells of the act."""
        return next(row.letter for row in TRANSITIONS if row.event is self.event and row.letter)


def _has_ended(view: CaseView) -> bool:
    return view.state in FINAL


def _owes(view: CaseView) -> bool:
    """Whether a proof is still to be handed in; a case that ended owes nothing any more."""
    return bool(view.owed) and view.state not in FINAL


_CORRECTING = N_("You can object until you hand the corrections in.")
_OWING = N_("You can object until you hand the proof in.")
_DECIDING = N_("You can object until the case is decided.")

OBJECTABLE: Mapping[Event, Objectable] = {
    act.event: act
    for act in (
        Objectable(Event.NOT_ACCEPTED, _has_ended, renews=True),
        Objectable(Event.REFUSED, _has_ended, renews=True),
        Objectable(Event.TERMINATED, _has_ended, renews=True),
        Objectable(Event.CLOSED, _has_ended, renews=True),
        Objectable(Event.CORRECTION_REQUESTED, lambda view: view.state is State.CORRECTION, _CORRECTING),
        Objectable(Event.PROOF_REQUIRED, _owes, _OWING),
        Objectable(Event.CORRECTION_ORDERED, _owes, _OWING),
        Objectable(Event.EXTENDED, lambda view: view.state not in FINAL, _DECIDING),
    )
}


@dataclass(frozen=True, slots=True)
class Stranger:
    """Who objects without a seat in the company: a name, and a phone number or an e-mail address."""

    name: str
    contact: str


def standing(events: Iterable[Happened], view: CaseView) -> list[tuple[Happened, Objectable]]:
    """The acts that stand now, oldest first; of several of one kind only the last one does."""
    last = {event.type: event for event in events if event.type in OBJECTABLE}
    found = [(event, OBJECTABLE[event.type]) for event in last.values()]
    return sorted((pair for pair in found if pair[1].stands(view)), key=lambda pair: pair[0].sequence)


def remedy_term(kind: LetterKind, received_on: date, calendar: Calendar) -> Explanation | None:
    """How long review of an act may be asked for whose letter was received on ``received_on``; None where its letter names no remedy.

    The day of receipt is not counted, and a last day off moves on (Administrative Review Law arts. 20, 88; Civil Code arts. 201, 203).
    """
    if not kind.remedy_days:
        return None
    limit = Limit(
        "review",
        say("Ask for administrative review"),
        kind.remedy_days,
        Unit.CALENDAR_DAYS,
        say("receipt of the letter"),
        "《中华人民共和国行政复议法》第二十条",
        shifts=True,
    )
    return explain(received_on, limit, calendar)


def checked_text(text: str) -> str:
    """The words of an objection, fit to be kept. Raises ``Invalid``."""
    said = clean(text)
    complaint = complaint_about("text", said, say("Say what is wrong and why."), LONGEST_REASON)
    if complaint is not None:
        raise Invalid(complaint.sentence, [complaint], code="incomplete")
    return said


def checked_stranger(name: str, contact: str, text: str) -> tuple[Stranger, str]:
    """Who objects and the words, fit to be kept. Raises ``Invalid`` (``incomplete``) with everything that is wrong."""
    who, said = Stranger(clean(name), clean(contact)), clean(text)
    found = (
        complaint_about("name", who.name, say("Give your name."), LONGEST_NAME),
        complaint_about("contact", who.contact, say("Give a phone number or an e-mail address."), LONGEST_CONTACT),
        complaint_about("text", said, say("Say what is wrong and why."), LONGEST_REASON),
    )
    wrong = [complaint for complaint in found if complaint is not None]
    if who.contact and not _is_contact(who.contact):
        wrong.append(FieldError("contact", "contact", say("This is neither a phone number nor an e-mail address.")))
    if wrong:
        raise Invalid(say("The objection is not complete."), wrong, code="incomplete")
    return who, said


def checked_answer(outcome: str, answer: str) -> tuple[Outcome, str]:
    """Outcome and reasons of an answer, fit for a letter. Raises ``Invalid`` (``incomplete``) with everything that is wrong."""
    said = clean(answer)
    complaint = complaint_about("answer", said, say("Give the reason."), LONGEST_REASON)
    wrong = [complaint] if complaint is not None else []
    if outcome not in set(Outcome):
        wrong.insert(0, FieldError("outcome", "outcome", say("Choose one of the two.")))
    if wrong:
        raise Invalid(say("The answer is not complete."), wrong, code="incomplete")
    return Outcome(outcome), said


def _is_contact(text: str) -> bool:
    return re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) is not None or (
        sum(character.isdigit() for character in text) >= _FEWEST_DIGITS and re.fullmatch(r"[\d\s()（）+\-－转]+", text) is not None
    )
