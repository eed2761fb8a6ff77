"""Is an application complete, and what exactly is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from licensing.cases.conditions import shortfalls
from licensing.cases.drafts import documents
from licensing.cases.journal import Loaded
from licensing.cases.tables import CaseDocument
from licensing.catalogue import load_catalogue
from licensing.catalogue.answers import answer_at, answered, check_answers, section_state, sections_asked
from licensing.catalogue.field_rules import masked_id
from licensing.catalogue.model import Field, Material, Matter, Section
from licensing.clock import local_date
from licensing.commitments.queries import choices
from licensing.commitments.rules import Choice
from licensing.commitments.tables import ProofChoice
from licensing.credit.queries import eligibility_of
from licensing.credit.rules import explain_bar
from licensing.errors import FieldError
from licensing.parties.queries import authority, responsible_authority
from licensing.parties.tables import Authority
from licensing.storage import Work
from licensing.words import Said, say


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the task list: ``kind`` section, document or proof; ``state`` not_started, incomplete, complete or optional."""

    kind: str
    code: str
    name: str
    english_name: str
    state: str
    missing: tuple[FieldError, ...] = ()
    choice: str | None = None


def tasks(work: Work, case: Loaded) -> tuple[Task, ...]:
    """Everything that an application needs, in the order of the form, and how far it is."""
    held = {document.slot for document in documents(work, case.row.id)}
    chosen = choices(work.session, case.row.id)
    extra = shortfalls(work, case)
    sections = [_section_task(work, case, section, extra) for section in sections_asked(case.matter, case.row.answers)]
    materials = [_material_task(case, material, held, chosen) for material in case.matter.materials]
    return (*sections, *materials)


def problems(work: Work, case: Loaded) -> list[FieldError]:
    """What keeps the application from being submitted."""
    today = local_date(work.now)
    answers = [*check_answers(case.matter, case.row.answers, today=today), *shortfalls(work, case)]
    unready = [task for task in tasks(work, case) if task.kind != "section" and task.state in ("not_started", "incomplete")]
    unfinished = (FieldError(f"{task.kind}:{task.code}", "required", _wanted(task)) for task in unready)
    return [*answers, *unfinished, *_promise_errors(work, case)]


def promise_authority(work: Work, case: Loaded) -> Authority | None:
    """The authority that relies on the promises of a case: where the case lies, else the one that is responsible for the region."""
    if case.row.authority_id is not None:
        return authority(work.session, case.row.authority_id)
    region = answer_at(case.row.answers, case.matter.region_at)
    return responsible_authority(work.session, case.row.matter, region) if region else None


def snapshot(work: Work, case: Loaded) -> dict[str, Any]:
    """What a submission holds: answers to what is asked, documents by hash, the choice for each proof with the digest of its promise."""
    chosen = choices(work.session, case.row.id)
    handed_in = documents(work, case.row.id)
    asked = {section.code for section in sections_asked(case.matter, case.row.answers)}
    return {
        "answers": {code: answers for code, answers in case.row.answers.items() if code in asked},
        "documents": [_document(document) for document in handed_in if _belongs(case, document, chosen)],
        "proofs": {code: _proof(choice) for code, choice in sorted(chosen.items())},
    }


def printed_answers(matter: Matter, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as they are printed: names instead of codes, places spelled out, numbers with their unit, identity numbers masked."""
    return {section.code: _printed_section(section, answers.get(section.code)) for section in matter.sections}


def is_needed(material: Material, answers: Mapping[str, Any]) -> bool:
    """Whether a document has to be handed in, with these answers."""
    return material.required or (material.required_when is not None and answered(answers, material.required_when))


def _section_task(work: Work, case: Loaded, section: Section, extra: list[FieldError]) -> Task:
    found = section_state(case.matter, case.row.answers, section.code, today=local_date(work.now))
    missing = (*found.missing, *(error for error in extra if error.path.partition(".")[0] == section.code))
    return Task("section", section.code, section.name, section.english_name, _section_state(section, found.code, bool(missing)), missing)


def _section_state(section: Section, state: str, missing: bool) -> str:
    if section.optional and state == "not_started":
        return "optional"
    return "incomplete" if missing and state == "complete" else state


def _material_task(case: Loaded, material: Material, held: set[str], chosen: Mapping[str, ProofChoice]) -> Task:
    has_file = material.code in held
    if material.proof is None or material.proof not in case.view.proof_versions:
        state = "complete" if has_file else "not_started" if is_needed(material, case.row.answers) else "optional"
        return Task("document", material.code, material.name, material.english_name, state)
    choice = chosen.get(material.proof)
    if choice is None:
        return Task("proof", material.proof, material.name, material.english_name, "not_started")
    ready = choice.commitment_id is not None if choice.choice == Choice.PROMISE else has_file
    return Task("proof", material.proof, material.name, material.english_name, "complete" if ready else "incomplete", choice=choice.choice)


def _wanted(task: Task) -> Said:
    name = say(task.english_name)
    if task.kind == "document":
        return say("Upload: %(name)s.", name=name)
    if task.state == "not_started":
        return say("Choose to hand in or to promise: %(name)s.", name=name)
    return say("Finish what you chose for: %(name)s.", name=name)


def _promise_errors(work: Work, case: Loaded) -> list[FieldError]:
    """A promise counts when the company may still promise, before the authority to which it was made and those that took the case over."""
    promised = {code: choice.commitment for code, choice in choices(work.session, case.row.id).items() if choice.commitment}
    if not promised:
        return []
    seen = eligibility_of(work.session, case.row.company_id, local_date(work.now))
    if not seen.allowed:
        return [FieldError(f"proof:{code}", "promise-barred", explain_bar(seen)) for code in promised]
    responsible = promise_authority(work, case)
    elsewhere = say("This promise was made to another authority than the one responsible for the project now. Sign it again.")
    return [
        FieldError(f"proof:{code}", "promise-elsewhere", elsewhere)
        for code, made in promised.items()
        if responsible is not None and made.authority_id not in (responsible.id, *case.view.authorities)
    ]


def _belongs(case: Loaded, document: CaseDocument, chosen: Mapping[str, ProofChoice]) -> bool:
    material = case.matter.material(document.slot)
    if material is None or material.proof is None or material.proof not in case.view.proof_versions:
        return True
    choice = chosen.get(material.proof)
    return choice is not None and choice.choice == Choice.HAND_IN


def _document(document: CaseDocument) -> dict[str, Any]:
    fields = ("id", "slot", "filename", "media_type", "size", "pages", "sha256")
    return {name: getattr(document, name) for name in fields}


def _proof(choice: ProofChoice) -> dict[str, Any]:
    promised = choice.commitment
    digest = {"commitment_id": promised.id, "statement_sha256": promised.statement_sha256} if promised else {}
    return {"choice": choice.choice, **digest}


def _printed_section(section: Section, values: Any) -> Any:
    if section.repeats:
        return [_printed_row(section, row) for row in values or []]
    return _printed_row(section, values or {})


def _printed_row(section: Section, row: Mapping[str, Any]) -> dict[str, str]:
    return {field.code: _printed(field, str(row[field.code])) for field in section.fields if row.get(field.code)}


def _printed(field: Field, value: str) -> str:
    if field.kind == "choice":
        option = field.option(value)
        return option.name if option else value
    if field.kind == "resident_id":
        return masked_id(value)
    if field.kind == "region":
        return load_catalogue().place_name(value)
    return f"{value} {field.unit}" if field.unit else value
