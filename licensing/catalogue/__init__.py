"""What can be applied for: matters, forms, materials, proofs that a promise may replace, licence types, letters and places.

All of it is TOML in ``data/``, read once by ``load_catalogue()`` into frozen objects and checked as a whole: a reference that leads
nowhere stops the start. ``check_answers`` and ``check_facts`` say what is wrong with what somebody typed; they are pure.
"""

from licensing.catalogue.answers import SectionState, check_answers, check_facts, clean_answers, clean_facts, section_state
from licensing.catalogue.catalogue import Catalogue, region_parent
from licensing.catalogue.loader import load_catalogue, read_catalogue
from licensing.catalogue.messages import label_messages
from licensing.catalogue.model import (
    NO_END_DATE,
    Clause,
    FaceRow,
    Field,
    Guide,
    LetterKind,
    LicenceType,
    Material,
    Matter,
    Option,
    Proof,
    RowSpec,
    Section,
    StopKind,
)

__all__ = [
    "NO_END_DATE",
    "Catalogue",
    "Clause",
    "FaceRow",
    "Field",
    "Guide",
    "LetterKind",
    "LicenceType",
    "Material",
    "Matter",
    "Option",
    "Proof",
    "RowSpec",
    "Section",
    "SectionState",
    "StopKind",
    "check_answers",
    "check_facts",
    "clean_answers",
    "clean_facts",
    "label_messages",
    "load_catalogue",
    "read_catalogue",
    "region_parent",
    "section_state",
]
