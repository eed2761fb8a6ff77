"""What an act will send or issue, shown before it is done."""

from __future__ import annotations

from dataclasses import replace

from licensing.cases.deadlines import deadline
from licensing.cases.letters import RECEIPT
from licensing.cases.machine import State
from licensing.cases.queries import CasePage
from licensing.cases.submission import printed_answers
from licensing.cases.targets import target_name
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import LetterKind, LicenceType
from licensing.clock import today
from licensing.letters.rules import LetterFacts, case_words, content
from licensing.licences.face import face_rows
from licensing.policy import Action
from portal.deadlines import calendar_in_force
from portal.office.acts import CaseAct, letter_of
from portal.typed import Values


def letter_preview(page: CasePage, act: CaseAct, values: Values) -> dict[str, object] | None:
    """The letter that ``act`` will send, with what is typed so far; its number and date are given when it is sent."""
    code = letter_of(act)
    if code is None:
        return None
    kind: LetterKind = load_catalogue().letter(code)
    days = values.get("days")
    facts = LetterFacts(
        case_number=page.case.public_number,
        project=page.case.project_name,
        addressee=page.company.name,
        received_on=page.view.received_on,
        days=days if isinstance(days, int) and days > 0 else _usual_days(page, act),
        due_on=page.deadline.due if page.deadline and act.action is Action.CASE_TRANSFER else values.get("due_on"),
        body=str(values.get("body", "")),
    )
    issuer = page.authority.name if page.authority else ""
    words = case_words(kind, page.matter, facts, _items(page, values))
    return content(kind, words, number="", issuer=issuer, written_on=today())


def receipt_preview(page: CasePage) -> dict[str, object] | None:
    """The receipt that accepting today would send; None where acceptance is not the reader's to do now."""
    if not page.can(Action.CASE_ACCEPT):
        return None
    accepted = replace(page.view, state=State.ACCEPTED, accepted_on=today())
    running = deadline(accepted, page.matter, calendar_in_force())
    facts = LetterFacts(
        case_number=page.case.public_number,
        project=page.case.project_name,
        addressee=page.company.name,
        received_on=page.view.received_on,
        due_on=running.due if running else None,
    )
    kind = load_catalogue().letter(RECEIPT)
    words = case_words(kind, page.matter, facts, [document["filename"] for document in page.view.submissions[-1].documents])
    return content(kind, words, number="", issuer=page.authority.name if page.authority else "", written_on=today())


def licence_preview(page: CasePage) -> tuple[LicenceType, tuple[tuple[str, str], ...]] | None:
    """The kind of licence that a grant issues and the rows of its face as they will be printed."""
    if page.matter.licence_type is None or not page.view.submissions:
        return None
    kind = load_catalogue().licence_type(page.matter.licence_type)
    record = {"holder_name": page.company.name, "holder_uscc": page.company.uscc}
    return kind, face_rows(kind, {"answers": printed_answers(page.matter, page.view.submissions[-1].answers), "record": record})


def _usual_days(page: CasePage, act: CaseAct) -> int | None:
    """The days that a letter names before any were typed; an extension has no usual length."""
    return None if act.action is Action.CASE_EXTEND else page.matter.stop.expected_days


def _items(page: CasePage, values: Values) -> list[str]:
    if "picked" in values:
        notes = values["notes"]
        return [f"{target_name(page.matter, code).name}：{notes.get(code, '')}" for code in values["picked"]]
    if "items" in values:
        return list(values["items"])
    return [str(values["reason"])] if values.get("reason") else []
