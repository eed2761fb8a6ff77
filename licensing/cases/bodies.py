"""Which inspection bodies can be commissioned in a case, and why another one cannot (domain 3.1, 11A.8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.journal import Loaded, load_for
from licensing.catalogue import load_catalogue
from licensing.clock import local_date
from licensing.errors import FieldError, Invalid
from licensing.licences.record import from_canonical
from licensing.licences.status import Status, status_on
from licensing.licences.tables import Licence
from licensing.parties.queries import company as company_of
from licensing.policy import Action, Actor
from licensing.storage import Work, reading
from licensing.words import N_, Said, say

QUALIFICATION: Final = "qualification_certificate"
HIGHER_GRADE: Final = "甲级"
LOWEST_CLASS: Final = "3"
"""A body of the lower grade may inspect buildings of this class alone."""
_IN_FORCE: Final = (Licence.type == QUALIFICATION, Licence.status == Status.IN_FORCE, Licence.successor_id.is_(None))
NAMED: Final[Mapping[str, str]] = {
    "construction_unit": N_("It is named in the application as the construction unit."),
    "design_unit": N_("It is named in the application as the design unit."),
    "builder": N_("It is named in the application as the builder."),
}


@dataclass(frozen=True, slots=True)
class Body:
    """An inspection body whose qualification is in force; ``refusal`` says why it cannot be commissioned in this case, if so."""

    code: str
    name: str
    grade: str
    number: str
    valid_until: date | None
    refusal: Said | None


def bodies_for(actor: Actor, case_id: int) -> tuple[Body, ...]:
    """Every body with a qualification in force, those that can be commissioned first. Raises ``NotFound``."""
    with reading(actor) as look:
        return tuple(
            sorted(_bodies(look, load_for(look, case_id, Action.CASE_READ)), key=lambda body: (body.refusal is not None, body.name))
        )


def require_fitting(work: Work, case: Loaded, name: str) -> Body | None:
    """The body of this name. None on an installation where no qualified body is on record: there any name will do.

    Raises ``Invalid``: ``body-not-qualified`` for one without a qualification in force, ``body-refused`` with the reason.
    """
    known = _bodies(work, case)
    found = next((body for body in known if body.name == name), None)
    if known and found is None:
        raise _refused("body-not-qualified", say("This body has no qualification in force here. Choose one from the list."))
    if found is not None and found.refusal is not None:
        raise _refused("body-refused", say("%(name)s cannot be commissioned: %(why)s", name=name, why=found.refusal))
    return found


def _bodies(look: Work, case: Loaded) -> list[Body]:
    answers = case.view.submissions[-1].answers if case.view.submissions else {}
    applicant, today = company_of(look.session, case.row.company_id), local_date(look.now)
    return [
        Body(
            code=licence.holder_code,
            name=licence.holder,
            grade=(grade := grade_of(licence)),
            number=licence.number,
            valid_until=licence.valid_until,
            refusal=_refusal(licence, grade, answers, applicant.uscc, applicant.name),
        )
        for licence in qualified(look.session, today)
    ]


def qualified(session: Session, today: date) -> list[Licence]:
    """The qualification certificates that are in force on the day ``today``."""
    query = select(Licence).where(*_IN_FORCE)
    return [
        row
        for row in session.scalars(query.order_by(Licence.id))
        if status_on(Status(row.status), row.valid_until, today) is Status.IN_FORCE
    ]


def recognised(session: Session, today: date) -> list[tuple[int, str, str, str]]:
    """Of the same certificates those that were applied for here: case, holder, number and the holder's code, and nothing more."""
    columns = select(Licence.case_id, Licence.holder, Licence.number, Licence.holder_code, Licence.valid_until).order_by(Licence.id)
    found = session.execute(columns.where(*_IN_FORCE, Licence.case_id.is_not(None)))
    return [
        (case_id, holder, number, code)
        for case_id, holder, number, code, until in found
        if case_id is not None and status_on(Status.IN_FORCE, until, today) is Status.IN_FORCE
    ]


def grade_of(licence: Licence) -> str:
    """The grade as it is printed on the certificate."""
    return _grade(licence.record)


@lru_cache(maxsize=4096)
def _grade(record: bytes) -> str:
    """A record never changes, and there may be a thousand bodies: each is read once."""
    labels = {row.label for row in load_catalogue().licence_type(QUALIFICATION).face if row.path == "answers.qualification.grade"}
    return next((value for label, value in from_canonical(record).face if label in labels), "")


def _refusal(licence: Licence, grade: str, answers: Mapping[str, Any], applicant_code: str, applicant: str) -> Said | None:
    if licence.holder_code == applicant_code or licence.holder == applicant:
        return say("It applies itself.")
    for section, reason in NAMED.items():
        named = answers.get(section) or {}
        if licence.holder in (named.get("name"), named.get("uscc")) or licence.holder_code == named.get("uscc"):
            return say(reason)
    building_class = str((answers.get("project") or {}).get("lightning_class", ""))
    if building_class and building_class != LOWEST_CLASS and grade != HIGHER_GRADE:
        return say("Its grade allows only buildings of class 3.")
    return None


def _refused(code: str, sentence: Said) -> Invalid:
    return Invalid(sentence, [FieldError("body", code, sentence)], next_step=say("Choose another body."), code=code)
