"""Handling ends because what was applied for, or who applied, is gone: neither granted nor refused (domain 11A.1)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from licensing.cases.actions import deem_accepted
from licensing.cases.journal import load_for, record
from licensing.cases.late_decisions import late_because
from licensing.cases.letters import send
from licensing.cases.machine import Event
from licensing.commitments.consequences import close as close_promises
from licensing.errors import FieldError, Invalid
from licensing.policy import Action, Actor
from licensing.storage import unit_of_work
from licensing.words import N_, say


class Cause(StrEnum):
    """What is gone."""

    OBJECT_GONE = "object_gone"
    APPLICANT_ENDED = "applicant_ended"


CAUSE_NAMES: Mapping[Cause, str] = {
    Cause.OBJECT_GONE: N_("What was applied for does not exist any more"),
    Cause.APPLICANT_ENDED: N_("The applicant does not exist any more as a legal person"),
}
CAUSE_TEXTS: Mapping[Cause, str] = {
    Cause.OBJECT_GONE: "申请许可的对象已经灭失",
    Cause.APPLICANT_ENDED: "申请人的法人资格已经终止",
}
"""As the letter says it."""


def close(actor: Actor, case_id: int, cause: str, reason: str, *, late: str = "") -> None:
    """End handling for ``cause``, with what shows it: the letter goes out, and open verifications end with it."""
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_CLOSE)
        if cause not in set(Cause):
            sentence = say("Choose what is gone.")
            raise Invalid(sentence, [FieldError("cause", "invalid", sentence)])
        lateness = late_because(work, case, Event.CLOSED, late)
        record(work, case, Event.CLOSED, {"cause": cause, "reason": reason.strip(), **lateness})
        send(work, case, Event.CLOSED, letter_items(cause, reason))
        close_promises(work, case_id, reason.strip())


def letter_items(cause: str, reason: str) -> list[str]:
    """What the letter says of it."""
    return [f"{CAUSE_TEXTS[Cause(cause)]}：{reason.strip()}"] if cause in set(Cause) else []
