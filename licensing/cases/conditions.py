"""What the law asks of an applicant, judged with what the register knows: for the applicant before it is handed in, for officers after.

A grade-B certificate under grade A was issued here, and the register answers for it; or elsewhere, and an officer has to look it up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from licensing.cases.bodies import grade_of, recognised
from licensing.cases.journal import Loaded, load_for
from licensing.cases.machine import Event
from licensing.cases.rules import may_fill_in
from licensing.cases.tables import CaseEvent
from licensing.catalogue.answers import answer_at
from licensing.catalogue.conditions import Finding, condition_errors, findings, years_after
from licensing.catalogue.model import Field
from licensing.clock import local_date
from licensing.errors import FieldError
from licensing.licences.queries import by_number, in_force_by_number, versions
from licensing.licences.status import Status, status_on
from licensing.licences.tables import Licence
from licensing.parties.queries import company as company_of
from licensing.policy import Action, Actor
from licensing.storage import Work, reading, storage
from licensing.words import Said, say

LOWER_GRADE = "乙级"
STAFF, PERSON = "staff", "id_number"
MOST_BODIES: Final = 3
"""So many bodies are named for one person: by then somebody has to look."""
SUBMITTING: Final = (Event.SUBMITTED, Event.CORRECTED, Event.PROOF_SETTLED)
"""The events that hold what was handed in."""
_KNOWN_STAFF: Final[WeakKeyDictionary[Engine, dict[int, frozenset[str]]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Remark:
    """What the register says to an answer: ``kind`` is ok, look (an officer has to) or conflict."""

    kind: str
    sentence: Said


@dataclass(frozen=True, slots=True)
class Checklist:
    """The conditions as they stood on the day of the latest submission, and what the register says to them today."""

    day: date
    findings: tuple[Finding, ...]
    remarks: tuple[Remark, ...]


def shortfalls(work: Work, case: Loaded) -> list[FieldError]:
    """What the applicant does not meet today, and numbers of licences that do not lead where they should.

    While corrections are open, what nobody may change and what held on the day of the application is not held against the applicant.
    """
    today, answers = local_date(work.now), case.row.answers
    found = findings(case.matter, answers, today=today)
    errors = [error for finding in found for error in finding.errors]
    if case.view.submissions:
        applied = local_date(case.view.submissions[0].at)
        from_the_start = {(error.code, error.path) for error in condition_errors(case.matter, answers, today=applied)}
        errors = [error for error in errors if may_fill_in(case.view, error.path) or (error.code, error.path) in from_the_start]
    return [*errors, *_number_errors(work, case, answers, found, today)]


def checklist(actor: Actor, case_id: int) -> Checklist | None:
    """The conditions of a case that was handed in; None where the matter has none. Raises ``NotFound``."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        if not case.matter.conditions or not case.view.submissions:
            return None
        latest = case.view.submissions[-1]
        day = local_date(latest.at)
        found = findings(case.matter, latest.answers, today=day)
        return Checklist(day, found, tuple(_remarks(look, case, latest.answers, found, day)))


def _number_errors(work: Work, case: Loaded, answers: Mapping[str, Any], found: tuple[Finding, ...], today: date) -> Iterator[FieldError]:
    for path, field, number in _numbers(case, answers, found):
        if not field.elsewhere:
            if not _own_in_force(work, case, number, field):
                yield FieldError(path, "approval-unknown", _unknown(number))
            continue
        error = _certificate_error(work.session, case, path, number, field, found, today)
        if error is not None:
            yield error


def _numbers(case: Loaded, answers: Mapping[str, Any], found: tuple[Finding, ...]) -> Iterator[tuple[str, Field, str]]:
    """The numbers of licences in the answers; one that may be from elsewhere counts only where a condition asks for it."""
    asked = {finding.condition.path for finding in found}
    for section in case.matter.sections:
        for field in section.fields:
            path = f"{section.code}.{field.code}"
            number = answer_at(answers, path)
            if field.licence_type is not None and number and (not field.elsewhere or path in asked):
                yield path, field, number


def _unknown(number: str) -> Said:
    return say(
        "No design approval in force of your company has the number %(number)s. Copy it from the top right corner"
        " of the approval; without one, apply for design review first.",
        number=number,
    )


def _own_in_force(work: Work, case: Loaded, number: str, field: Field) -> bool:
    """An unknown number and a foreign one look the same."""
    held = in_force_by_number(work.session, number, field.licence_type or "")
    return held is not None and held.holder_code == company_of(work.session, case.row.company_id).uscc


def _certificate_error(
    session: Session, case: Loaded, path: str, number: str, field: Field, found: tuple[Finding, ...], today: date
) -> FieldError | None:
    """What speaks against a grade-B certificate that was issued here; nothing against one that is not known."""
    held = _known(session, number, field)
    if held is None:
        return None
    if held.holder_code != company_of(session, case.row.company_id).uscc:
        sentence = say("The certificate %(number)s belongs to another body. Copy the number from your own.", number=number)
        return FieldError(path, "certificate-of-another", sentence)
    if status_on(Status(held.status), held.valid_until, today) is not Status.IN_FORCE:
        sentence = say("The certificate %(number)s is not in force, so grade A cannot follow it.", number=number)
        return FieldError(path, "certificate-not-in-force", sentence)
    if grade_of(held) != LOWER_GRADE:
        sentence = say("The certificate %(number)s is not one of grade B. Enter the one that you want to raise.", number=number)
        return FieldError(path, "certificate-of-another-grade", sentence)
    since, years = _since(session, held), _years(path, found)
    ripe = years_after(since, years)
    if today < ripe:
        sentence = say(
            "The certificate %(number)s was issued on %(since)s; grade A can follow it from %(day)s on.",
            number=number,
            since=since,
            day=ripe,
        )
        return FieldError(path, "certificate-too-young", sentence)
    return None


def _known(session: Session, number: str, field: Field) -> Licence | None:
    held = by_number(session, number)
    return held if held is not None and held.type == field.licence_type else None


def _since(session: Session, licence: Licence) -> date:
    """When the first version under the number was issued: a change or a renewal does not make a certificate younger."""
    return min(version.issued_on for version in versions(session, licence))


def _years(path: str, found: tuple[Finding, ...]) -> int:
    section = path.partition(".")[0]
    held = (one.condition.minimum for one in found if one.condition.kind == "held_for" and one.condition.section == section)
    return int(next(held, None) or 0)


def _remarks(work: Work, case: Loaded, answers: Mapping[str, Any], found: tuple[Finding, ...], day: date) -> Iterator[Remark]:
    for path, field, number in _numbers(case, answers, found):
        if not field.elsewhere:
            continue
        held = _known(work.session, number, field)
        error = _certificate_error(work.session, case, path, number, field, found, day)
        if held is None:
            yield Remark("look", say("The certificate %(number)s was not issued here. Look it up where it was issued.", number=number))
        elif error is not None:
            yield Remark("conflict", error.sentence)
        else:
            since = _since(work.session, held)
            yield Remark("ok", say("The certificate %(number)s was issued here on %(since)s and is in force.", number=number, since=since))
    yield from _people(work, case, answers)


def _people(work: Work, case: Loaded, answers: Mapping[str, Any]) -> Iterator[Remark]:
    """Who stands in the staff of another body with a certificate in force (Order 31 art. 23): as far as it was applied for here."""
    names = {str(row.get(PERSON)): str(row.get("name", "")) for row in answers.get(STAFF, ()) if row.get(PERSON)}
    head = answer_at(answers, f"technical_head.{PERSON}")
    if head and head not in names:
        yield Remark("look", say("The technical head is not in the list of specialists."))
    own = company_of(work.session, case.row.company_id).uscc
    bodies = [(case_id, body, number) for case_id, body, number, code in recognised(work.session, local_date(work.now)) if code != own]
    staff, told = _staff_of(work.session, {case_id for case_id, _, _ in bodies}), Counter[str]()
    for case_id, body, number in bodies:
        for person in sorted(staff[case_id] & names.keys()):
            told[person] += 1
            if told[person] > MOST_BODIES:
                continue
            sentence = say(
                "%(name)s also stands in the staff of %(body)s, whose certificate %(number)s is in force.",
                name=names[person],
                body=body,
                number=number,
            )
            yield Remark("conflict", sentence)


def _staff_of(session: Session, case_ids: Set[int]) -> Mapping[int, frozenset[str]]:
    """Who stands in the staff of each body, by the granted case. Such a case never changes, so each is read once in a process."""
    known = _KNOWN_STAFF.setdefault(storage().engine, {})
    missing = case_ids - known.keys()
    if missing:
        columns = select(CaseEvent.case_id, CaseEvent.data).where(CaseEvent.case_id.in_(missing), CaseEvent.type.in_(SUBMITTING))
        latest = {case_id: data["answers"] for case_id, data in session.execute(columns.order_by(CaseEvent.sequence))}
        known.update({one: frozenset(str(row.get(PERSON)) for row in latest.get(one, {}).get(STAFF, ())) for one in missing})
    return known
