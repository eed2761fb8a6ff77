"""What the applicant does before submitting, and again while corrections are open: fill in and upload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from licensing.cases.bans import require_no_ban
from licensing.cases.journal import Loaded, append_event, load_for, moved_on, not_found, require
from licensing.cases.machine import Event, State
from licensing.cases.rules import is_filled_in, may_change, may_fill_in
from licensing.cases.tables import Case, CaseDocument
from licensing.cases.targets import paper_target
from licensing.cases.view import Happened
from licensing.catalogue import load_catalogue
from licensing.catalogue.answers import answer_at, clean_answers
from licensing.catalogue.model import Matter, Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import local_date
from licensing.documents.uploads import Inspected, inspect, safe_filename
from licensing.errors import Conflict, Forbidden, Invalid
from licensing.licences.tables import Licence
from licensing.parties.queries import company as company_of
from licensing.parties.tables import Company
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work, reading, storage, unit_of_work
from licensing.storage.counters import next_value
from licensing.words import say


def start(actor: Actor, company_id: int, matter_code: str) -> int:
    """Start an application of a company for a matter; what the house already knows is filled in. The case id.

    Raises ``NotFound`` for a matter that does not exist and for a foreign company, ``Invalid`` (``matter-closed``), and ``Conflict``
    (``applying-barred``) while the company may not apply.
    """
    matter = load_catalogue().matter(matter_code)
    if not matter.open:
        raise Invalid(
            say("This matter cannot be applied for online yet."),
            next_step=say("Read its guide page for how to apply."),
            code="matter-closed",
        )
    with unit_of_work(actor) as work:
        require(work, Action.CASE_START, Subject(company_id=company_id, authority_id=-1))
        require_no_ban(work, company_id, matter)
        return begin(work, company_id, matter).id


def begin(
    work: Work,
    company_id: int,
    matter: Matter,
    *,
    changes: Licence | None = None,
    renews: Mapping[str, Any] | None = None,
    owner: int | None = None,
) -> Case:
    """Store a new draft and its first event; ``changes`` is the licence that it changes, ``renews`` the case that it takes up again.

    ``owner`` is the person whose draft it is, where another one acts.
    """
    year, actor = local_date(work.now).year, work.actor
    answers = _prefilled(matter, company_of(work.session, company_id))
    row = Case(
        public_number=f"LZ{year}{next_value(work.session, f'case:{year}'):06d}",
        matter=matter.code,
        catalogue_version=load_catalogue().version,
        company_id=company_id,
        state=State.DRAFT,
        project_name=answer_at(answers, matter.title_at),
        answers=answers,
        draft_version=1,
        sequence=1,
        changes_licence_id=changes.id if changes else None,
        created_at=work.now,
        updated_at=work.now,
        created_by=owner or actor.person_id,
    )
    work.session.add(row)
    work.session.flush()
    promisable = catalogue_now(work.session).promisable(matter, local_date(work.now))
    said: dict[str, Any] = {"matter": matter.code, "proofs": {proof.code: proof.version for proof in promisable}}
    if matter.procedure.steps:
        said["steps"] = list(matter.procedure.steps)
    if changes is not None:
        said["changes"] = {"licence_id": changes.id, "number": changes.number}
    if renews is not None:
        said["renews"] = dict(renews)
    append_event(work, row, Happened(1, Event.STARTED, work.now, actor.person_id, said))
    return row


def copy_of(actor: Actor, case_id: int) -> int:
    """A new draft of the same matter with the answers of an earlier application of one's own company; the id of the new case.

    Answers are cleaned as if they were typed today; documents, choices and promises are not copied: each application has its own.
    """
    with reading(actor) as look:
        earlier = load_for(look, case_id, Action.CASE_READ)
        require(look, Action.CASE_START, Subject(company_id=earlier.row.company_id, authority_id=-1))
        answers = earlier.view.submissions[-1].answers if earlier.view.submissions else earlier.row.answers
    copied = start(actor, earlier.row.company_id, earlier.row.matter)
    with unit_of_work(actor) as work:
        keep_answers(work, open_draft(work, copied), answers)
    return copied


def keep_answers(work: Work, case: Loaded, answers: Mapping[str, Any]) -> None:
    """Put ``answers`` of an earlier application into a draft, cleaned as if they were typed today."""
    kept = clean_answers(case.matter, {code: value for code, value in answers.items() if case.matter.section(code)})
    _save(work, case, {**case.row.answers, **kept}, case.row.draft_version)


def save_section(
    actor: Actor, case_id: int, section_code: str, raw: Mapping[str, Any] | list[Mapping[str, Any]], draft_version: int
) -> int:
    """Keep what was typed in one section, complete or not; the new draft version.

    While corrections are open, only the fields that the notice names change; others keep their value. Raises ``Conflict``
    (``draft-changed``) when the draft was saved elsewhere since ``draft_version`` was read.
    """
    with unit_of_work(actor) as work:
        case = open_draft(work, case_id)
        if case.matter.section(section_code) is None:
            raise not_found()
        if case.view.owed:
            check_opened(case, section_code)
        cleaned = clean_answers(case.matter, {section_code: raw}).get(section_code)
        answers = dict(case.row.answers)
        allowed = _allowed(case, section_code, answers.get(section_code), cleaned)
        answers |= clean_answers(case.matter, {section_code: allowed})
        return _save(work, case, answers, draft_version)


def add_document(actor: Actor, case_id: int, slot: str, filename: str, content: bytes) -> CaseDocument:
    """Inspect and keep an uploaded file in ``slot``, the code of a material. Raises ``Invalid`` with the reason of a refusal."""
    return keep_document(actor, case_id, slot, filename, content, inspect(filename, content, storage().settings.upload_limit))


def keep_document(actor: Actor, case_id: int, slot: str, filename: str, content: bytes, inspected: Inspected) -> CaseDocument:
    """The second half of :func:`add_document`: keep ``content``, which ``inspected`` has judged, in ``slot``."""
    with unit_of_work(actor) as work:
        case = open_draft(work, case_id)
        material = case.matter.material(slot)
        if material is None:
            raise not_found()
        check_opened(case, paper_target(material))
        present = [document for document in documents(work, case_id) if document.slot == slot]
        if len(present) >= material.max_files:
            raise Invalid(
                say("No more than %(count)s files can be handed in here.", count=material.max_files),
                next_step=say("Remove one first, or join several into one PDF."),
                code="too-many-files",
            )
        work.files.put(content)
        row = CaseDocument(
            case_id=case_id,
            slot=slot,
            filename=safe_filename(filename),
            media_type=inspected.media_type,
            size=inspected.size,
            pages=inspected.pages,
            sha256=inspected.sha256,
            uploaded_at=work.now,
            uploaded_by=actor.person_id,
        )
        work.session.add(row)
        work.session.flush()
        return row


def remove_document(actor: Actor, case_id: int, document_id: int) -> None:
    """Take a file out of the draft; submissions that already hold it keep it."""
    with unit_of_work(actor) as work:
        case = open_draft(work, case_id)
        row = work.session.get(CaseDocument, document_id)
        if row is None or row.case_id != case_id or row.removed_at is not None:
            raise not_found()
        material = case.matter.material(row.slot)
        check_opened(case, paper_target(material) if material else f"document:{row.slot}")
        row.removed_at = work.now


def documents(work: Work, case_id: int) -> list[CaseDocument]:
    """The files that are in the draft now, oldest first."""
    query = select(CaseDocument).where(CaseDocument.case_id == case_id, CaseDocument.removed_at.is_(None)).order_by(CaseDocument.id)
    return list(work.session.scalars(query))


def proofs_of(session: Session, case: Loaded) -> dict[str, Proof]:
    """The replaceable proofs of a case, each in the version that was in force when the case began; a later version changes nothing."""
    catalogue = catalogue_now(session)
    return {code: catalogue.proof(code, version) for code, version in case.view.proof_versions.items()}


def open_draft(work: Work, case_id: int, action: Action = Action.CASE_EDIT) -> Loaded:
    """The case, if the actor may do ``action`` and it waits for the applicant to fill something in."""
    case = load_for(work, case_id, action)
    if not is_filled_in(case.view):
        raise moved_on()
    return case


def check_opened(case: Loaded, target: str) -> None:
    """Raise ``Forbidden`` (``not-opened``) when nobody asked the applicant to change ``target``."""
    if not may_fill_in(case.view, target):
        raise Forbidden(
            say("The correction notice does not ask for this, so it stays as it was submitted."),
            next_step=say("Change only what the notice names."),
            code="not-opened",
        )


def _allowed(case: Loaded, section_code: str, before: Any, after: Any) -> Any:
    if case.view.state is State.DRAFT or may_change(case.view.correction_items, section_code):
        return after
    if not isinstance(after, Mapping) or not isinstance(before, Mapping):
        return before
    opened = {name for name in {*before, *after} if may_change(case.view.correction_items, f"{section_code}.{name}")}
    return {**before, **{name: after[name] for name in opened if name in after}}


def _save(work: Work, case: Loaded, answers: dict[str, Any], draft_version: int) -> int:
    name = answer_at(answers, case.matter.title_at)[:200]
    change = (
        update(Case)
        .where(Case.id == case.row.id, Case.draft_version == draft_version)
        .values(answers=answers, draft_version=draft_version + 1, project_name=name, updated_at=work.now)
        .returning(Case.draft_version)
    )
    saved = work.session.execute(change, execution_options={"synchronize_session": False}).scalar_one_or_none()
    if saved is None:
        raise Conflict(
            say("This application was changed in another window after you opened this page, so nothing was saved."),
            next_step=say("Copy what you typed, load the page again and put it in."),
            code="draft-changed",
        )
    return int(saved)


def _prefilled(matter: Matter, company: Company) -> dict[str, Any]:
    known = {f"company.{name}": value for name, value in vars(company).items() if isinstance(value, str) and value}
    filled: dict[str, Any] = {}
    for section in matter.sections:
        values = {field.code: known[field.prefill] for field in section.fields if field.prefill in known}
        if values and not section.repeats:
            filled[section.code] = values
    return filled
