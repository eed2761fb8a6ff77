"""What must hold between the data files. Pure: a catalogue goes in, faults come out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from stdnum.cn import uscc

from licensing.catalogue import need as needs
from licensing.catalogue.catalogue import Catalogue, region_parent
from licensing.catalogue.model import DateOrder, FaceRow, Field, LetterKind, LicenceType, Matter, Proof
from licensing.catalogue.parts import Answered, Sample, Step

ORDER_OF_MATTERS = {"design_review": 0, "completion_acceptance": 1, "qualification": 2}
RECORD_FACTS = frozenset({"holder_name", "holder_uscc", "number", "identifier", "issuer_name", "issued_on", "valid_from", "valid_until"})
_COMPANY = ("name", "uscc", "region_code", "address", "postcode", "legal_representative", "contact_name", "contact_phone")
PREFILLS = frozenset(f"company.{fact}" for fact in _COMPANY)
LONGEST_PUBLICATION = 36525
"""A hundred years: more is a slip of the hand, and no calendar could hold it."""
_ZONE_NUMBER = re.compile(r"-\d{2}", re.ASCII)
_NUMBER_PARTS = {"place": "宁", "year": 2026, "serial": 1, "grade": 1, "province": "10"}


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a data file is wrong, and why."""

    file: str
    key: str
    reason: str


def faults(catalogue: Catalogue) -> Iterator[Fault]:
    """Everything that does not fit together in ``catalogue``."""
    for matter in catalogue.matters:
        yield from _matter_faults(matter, catalogue)
    for proof in catalogue.proofs:
        yield from proof_faults(proof, catalogue)
        yield from _order_of_versions(proof, catalogue)
    for kind in catalogue.licence_types:
        yield from _licence_type_faults(kind, catalogue)
    for letter in catalogue.letters:
        yield from _letter_faults(letter, catalogue)
    yield from _doubles("matters", "code", (matter.code for matter in catalogue.matters))
    yield from _doubles("licence_types.toml", "code", (kind.code for kind in catalogue.licence_types))
    yield from _doubles("licence_types.toml", "index", (str(kind.index) for kind in catalogue.licence_types))
    yield from _doubles("letters.toml", "code", (letter.code for letter in catalogue.letters))
    yield from _region_faults(catalogue)


def need_faults(need: needs.Need, catalogue: Catalogue) -> Iterator[Fault]:
    """What is wrong with the questions of the self-check."""
    matters = frozenset(matter.code for matter in catalogue.matters)
    yield from (Fault("need.toml", key, reason) for key, reason in needs.faults(need, matters))


def sample_faults(samples: Mapping[str, Sample], catalogue: Catalogue) -> Iterator[Fault]:
    """Matters without a sample, and sample answers to what no form asks. Whether an answer is in order is ``check_answers``'s to say."""
    matters = {matter.code: matter for matter in catalogue.matters}
    yield from (Fault("samples.toml", code, "this matter has no sample") for code in matters.keys() - samples.keys())
    yield from (Fault("samples.toml", code, "there is no matter with this code") for code in samples.keys() - matters.keys())
    for code in samples.keys() & matters.keys():
        for section, given in samples[code].answers.items():
            fields = {field for row in (given if isinstance(given, tuple) else (given,)) for field in row}
            lost = sorted(field for field in fields if matters[code].field(f"{section}.{field}") is None)
            yield from (Fault("samples.toml", f"{code}.{section}.{field}", "the form does not ask for it") for field in lost)


def field_faults(file: str, key: str, fields: Iterable[Field]) -> Iterator[Fault]:
    """What is wrong with the fields of one section or proof."""
    fields = tuple(fields)
    yield from _doubles(file, key, (field.code for field in fields))
    for field in fields:
        if (field.kind == "choice") != bool(field.options):
            yield Fault(file, f"{key}.{field.code}", "a choice, and nothing else, has options")
        if field.prefill is not None and field.prefill not in PREFILLS:
            yield Fault(file, f"{key}.{field.code}.prefill", f"{field.prefill} is not known about a company")
        if field.minimum is not None and field.maximum is not None and field.minimum > field.maximum:
            yield Fault(file, f"{key}.{field.code}", "minimum is more than maximum")
        if field.follows is not None and field.follows not in {other.code for other in fields}:
            yield Fault(file, f"{key}.{field.code}.follows", f"{field.follows} is not a field beside it")
        yield from _doubles(file, f"{key}.{field.code}.options", (option.code for option in field.options))


def _matter_faults(matter: Matter, catalogue: Catalogue) -> Iterator[Fault]:
    file = f"matters/{matter.code}.toml"
    known_proofs = {proof.code for proof in catalogue.proofs if proof.matter == matter.code}
    for code in matter.proofs:
        if code not in known_proofs:
            yield Fault(file, "proofs", f"{code} is not a proof of this matter")
        if matter.material_for(code) is None:
            yield Fault(file, "materials", f"no material can be handed in instead of the promise {code}")
    for material in matter.materials:
        if material.proof is not None and material.proof not in matter.proofs:
            yield Fault(file, f"materials.{material.code}.proof", f"{material.proof} is not listed in proofs")
    if matter.licence_type is not None and matter.licence_type not in {kind.code for kind in catalogue.licence_types}:
        yield Fault(file, "licence_type", f"there is no licence type {matter.licence_type}")
    if matter.open and not matter.sections:
        yield Fault(file, "open", "a matter without a form cannot be open")
    yield from _doubles(file, "sections", (section.code for section in matter.sections))
    yield from _doubles(file, "materials", (material.code for material in matter.materials))
    for section in matter.sections:
        yield from field_faults(file, f"sections.{section.code}", section.fields)
        if section.repeats and not 0 <= section.repeats.min_rows <= section.repeats.max_rows:
            yield Fault(file, f"sections.{section.code}.repeats", "min_rows is more than max_rows")
    yield from _reference_faults(file, matter, catalogue)
    yield from _rule_faults(file, matter)
    yield from _procedure_faults(file, matter)
    yield from _condition_faults(file, matter)


def _procedure_faults(file: str, matter: Matter) -> Iterator[Fault]:
    """What each step needs is there, and nothing is said about a step that the matter does not have."""
    procedure, steps = matter.procedure, matter.procedure.steps
    yield from _doubles(file, "procedure.steps", steps)
    yield from _doubles(file, "procedure.groups", (group.code for group in procedure.groups))
    if (Step.EXPERT_REVIEW in steps) != (matter.panel is not None):
        yield Fault(file, "panel", "experts, and nobody else, sit on a panel")
    if matter.panel is not None and not 3 <= matter.panel.size <= 15:
        yield Fault(file, "panel.size", "give 3 to 15 experts")
    if bool({Step.EXPERT_REVIEW, Step.SITE_CHECK} & set(steps)) != bool(procedure.groups):
        yield Fault(file, "procedure.groups", "site checks and ballots, and nothing else, look at groups of conditions")
    if (Step.PUBLICITY in steps) != (1 <= procedure.publicity_days <= 30):
        yield Fault(file, "procedure.publicity_days", "publicity, and nothing else, lasts 1 to 30 working days")


def _reference_faults(file: str, matter: Matter, catalogue: Catalogue) -> Iterator[Fault]:
    """What parts of a matter point at: licence types from fields, answers from materials and from the matter itself."""
    kinds = {kind.code for kind in catalogue.licence_types}
    for section in matter.sections:
        for field in section.fields:
            if (field.kind == "licence_number") != (field.licence_type in kinds):
                yield Fault(file, f"sections.{section.code}.{field.code}", "the number of a licence, and nothing else, names its type")
        if section.when is not None and not _is_option(matter.field(section.when.field), section.when):
            yield Fault(file, f"sections.{section.code}.when", f"nothing is answered so at {section.when.field}")
    for material in matter.materials:
        if material.required_when is not None and not _is_option(matter.field(material.required_when.field), material.required_when):
            yield Fault(file, f"materials.{material.code}.required_when", f"nothing is answered so at {material.required_when.field}")
    if matter.open and (matter.field(matter.title_at) is None or matter.field(matter.region_at) is None):
        yield Fault(file, "title_at", "a matter that is open has a title and a region in its form")


def _rule_faults(file: str, matter: Matter) -> Iterator[Fault]:
    for order in matter.date_orders:
        for path in _dates_of(order):
            field = matter.field(path)
            if field is None or field.kind != "date":
                yield Fault(file, "date_orders", f"{path} is not a date of the form")
    for rule in matter.row_counts:
        field, section = matter.field(rule.field), matter.section(rule.section)
        if field is None or field.kind != "integer":
            yield Fault(file, "row_counts", f"{rule.field} is not a whole number of the form")
        if section is None or section.repeats is None:
            yield Fault(file, "row_counts", f"{rule.section} is not a section with rows")


def _condition_faults(file: str, matter: Matter) -> Iterator[Fault]:
    """Conditions look at what the form asks, and hold what their kind needs."""
    for condition in matter.conditions:
        key, section, field = f"conditions.{condition.code}", matter.section(condition.section), matter.field(condition.path)
        counts = condition.kind == "count"
        if section is None or (counts and (section.repeats is None or condition.path != section.code)) or (not counts and field is None):
            yield Fault(file, key, f"{condition.path} is not in the form")
        if (condition.kind in ("count", "at_least", "held_for")) != (condition.minimum is not None):
            yield Fault(file, key, "a minimum belongs to a count, a number and a time, and to nothing else")
        if condition.kind == "equals" and (field is None or field.option(condition.value) is None):
            yield Fault(file, key, f"{condition.value} is not an option of {condition.path}")
        if condition.when is not None and not _is_option(matter.field(condition.when.field), condition.when):
            yield Fault(file, key, f"nothing is answered so at {condition.when.field}")
        if condition.where is not None and not _is_option(section.field(condition.where.field) if section else None, condition.where):
            yield Fault(file, key, f"no row is answered so at {condition.where.field}")


def _is_option(field: Field | None, asked: Answered) -> bool:
    return field is not None and field.option(asked.value) is not None


def proof_faults(proof: Proof, catalogue: Catalogue) -> Iterator[Fault]:
    """What does not fit together in one version of a proof, within ``catalogue``."""
    file = f"proofs/{proof.code}.v{proof.version}.toml"
    matter = next((matter for matter in catalogue.matters if matter.code == proof.matter), None)
    if matter is None or proof.code not in matter.proofs:
        yield Fault(file, "matter", f"the matter {proof.matter} does not list this proof")
    if not proof.notice or not proof.commitment:
        yield Fault(file, "notice", "notice and commitment both need clauses")
    if proof.active and proof.provisional:
        yield Fault(file, "provisional", "a provisional proof must stay switched off")
    yield from _publication_faults(file, proof)
    if not 1 <= proof.answer_days <= 30:
        yield Fault(file, "answer_days", "give 1 to 30 working days to answer")
    if not 1 <= proof.verification_days <= 250:
        yield Fault(file, "verification_days", "give 1 to 250 working days")
    if not 1 <= proof.rectification_days <= 250:
        yield Fault(file, "rectification_days", "give 1 to 250 working days")
    if proof.valid_to is not None and proof.valid_to < proof.valid_from:
        yield Fault(file, "valid_to", "it ends before it begins")
    yield from field_faults(file, "facts", proof.facts)
    for order in proof.date_orders:
        for path in _dates_of(order):
            field = _fact(proof, path, catalogue)
            if field is None or field.kind != "date":
                yield Fault(file, "date_orders", f"{path} is not a date among the facts")


def _publication_faults(file: str, proof: Proof) -> Iterator[Fault]:
    """Where and how long: both are said of what is published, and neither of what is not."""
    if proof.published and not 1 <= proof.publication_days <= LONGEST_PUBLICATION:
        yield Fault(file, "publication_days", f"say for how many days it is published, 1 to {LONGEST_PUBLICATION}")
    if not proof.published and proof.publication_days:
        yield Fault(file, "publication_days", "what is not published has 0 days")
    if proof.published and not (proof.publication_place and proof.publication_place.text):
        yield Fault(file, "publication_place", "say where it is published")
    if not proof.published and proof.publication_place:
        yield Fault(file, "publication_place", "what is not published has no place")


def _order_of_versions(proof: Proof, catalogue: Catalogue) -> Iterator[Fault]:
    """Versions begin in the order of their numbers, so that the newest text is the one that began last."""
    for other in catalogue.proofs:
        if other.code == proof.code and other.version < proof.version and other.valid_from > proof.valid_from:
            yield Fault(f"proofs/{proof.code}.v{proof.version}.toml", "valid_from", f"it begins before version {other.version}")


def _fact(proof: Proof, path: str, catalogue: Catalogue) -> Field | None:
    code, _, fact = path.rpartition(".")
    homes = [proof] if not code else [other for other in catalogue.proofs if other.code == code]
    return next((field for home in homes if (field := home.fact(fact)) is not None), None)


def _licence_type_faults(kind: LicenceType, catalogue: Catalogue) -> Iterator[Fault]:
    file = "licence_types.toml"
    matter = next((matter for matter in catalogue.matters if matter.code == kind.matter), None)
    if not uscc.is_valid(kind.define_authority_code):
        yield Fault(file, f"{kind.code}.define_authority_code", "not a valid unified social credit code")
    if kind.type_code[:18] != kind.define_authority_code or len(kind.type_code) != 21 or not kind.type_code[18:].isdigit():
        yield Fault(file, f"{kind.code}.type_code", "must be the code of the defining authority and three digits (GB/T 36904)")
    if not _formats(kind.number_pattern):
        yield Fault(file, f"{kind.code}.number_pattern", "has a place that nothing fills")
    if matter is None:
        yield Fault(file, f"{kind.code}.matter", f"there is no matter {kind.matter}")
        return
    for path in kind.number_answers.values():
        if matter.field(path) is None:
            yield Fault(file, f"{kind.code}.number_answers", f"{path} leads nowhere")
    for row in kind.face:
        if not _leads_somewhere(row, matter):
            yield Fault(file, f"{kind.code}.face", f"{row.path} leads nowhere")


def _letter_faults(letter: LetterKind, catalogue: Catalogue) -> Iterator[Fault]:
    if not _formats(letter.number_pattern):
        yield Fault("letters.toml", f"{letter.code}.number_pattern", "has a place that nothing fills")
    if letter.licence_type is not None and letter.licence_type not in {kind.code for kind in catalogue.licence_types}:
        yield Fault("letters.toml", f"{letter.code}.licence_type", f"there is no licence type {letter.licence_type}")
    if letter.adverse and not (letter.remedy and letter.english_remedy):
        yield Fault("letters.toml", f"{letter.code}.remedy", "is missing in one language, and the letter is adverse")
    if letter.adverse != (letter.remedy_days > 0):
        yield Fault("letters.toml", f"{letter.code}.remedy_days", "belongs to every adverse letter and to no other")


def _region_faults(catalogue: Catalogue) -> Iterator[Fault]:
    for code in catalogue.region_names:
        parent = region_parent(code)
        if not (code.isdigit() and len(code) == 6):
            yield Fault("regions.toml", f"names.{code}", "a code has six digits (GB/T 2260)")
        elif parent is not None and parent not in catalogue.region_names:
            yield Fault("regions.toml", f"names.{code}", f"the place above it, {parent}, is missing")
    for code in catalogue.zones:
        if code[:6] not in catalogue.region_names or not _ZONE_NUMBER.fullmatch(code[6:]):
            yield Fault("regions.toml", f"zones.{code}", "a zone has the code of the place in which it lies, a hyphen and two digits")
    for code in catalogue.former_names:
        if code in catalogue.region_names:
            yield Fault("regions.toml", f"former.{code}", "this code is still in use")


def _dates_of(order: DateOrder) -> tuple[str, ...]:
    return tuple(path for path in (order.earlier, order.later) if path != "today")


def _leads_somewhere(row: FaceRow, matter: Matter) -> bool:
    root, _, path = row.path.partition(".")
    return path in RECORD_FACTS if root == "record" else root == "answers" and matter.field(path) is not None


def _formats(pattern: str) -> bool:
    try:
        return "001" in pattern.format(**_NUMBER_PARTS)
    except (KeyError, IndexError, ValueError):
        return False


def _doubles(file: str, key: str, codes: Iterable[str]) -> Iterator[Fault]:
    for code, times in Counter(codes).items():
        if times > 1:
            yield Fault(file, key, f"{code} is there {times} times")
