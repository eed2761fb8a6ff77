"""The shapes of the catalogue: frozen, without behaviour that could differ from one reading to the next.

Every text for people comes in two languages: Chinese is the authoritative one, English is the key under which it is translated.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal

from pydantic import ConfigDict

from licensing.catalogue.parts import (
    NO_PROCEDURE,
    STRICT,
    Clause,
    Condition,
    DateOrder,
    Field,
    FieldKind,
    Guide,
    GuideStep,
    Limits,
    Material,
    Option,
    Panel,
    Procedure,
    Question,
    RowCount,
    RowSpec,
    Section,
    Step,
    StopKind,
    VerificationMethod,
)

__all__ = [
    "NO_END_DATE",
    "Clause",
    "Condition",
    "DateOrder",
    "FaceRow",
    "Field",
    "FieldKind",
    "Guide",
    "GuideStep",
    "LetterKind",
    "LicenceType",
    "Limits",
    "Material",
    "Matter",
    "Option",
    "Panel",
    "Procedure",
    "Proof",
    "Question",
    "RowCount",
    "RowSpec",
    "Section",
    "Step",
    "StopKind",
    "VerificationMethod",
    "numeral",
]

NO_END_DATE = date(2099, 12, 31)
"""How "no end date" is published (seen on real approvals of both kinds)."""

_NUMERALS = "一二三四五六七八九十"


def numeral(place: int) -> str:
    """1 to 19 as Chinese numerals, the way clauses are counted."""
    return _NUMERALS[place - 1] if place <= 10 else "十" + _NUMERALS[place - 11]


@dataclass(frozen=True, slots=True)
class Matter:
    """Something that can be applied for (政务服务事项). ``promised_days`` are working days, never more than the legal limit.

    ``open`` is false while only the guide page exists and nothing can be submitted online. ``item_code`` is the code of the matter in the
    catalogue of government services (事项编码). With ``changes_by_application`` a new application changes what was granted.

    ``title_at`` is the answer under whose words an application is listed, ``region_at`` the place that decides which authority has it.
    ``procedure`` names the steps that not every matter has; ``panel`` is there where experts review.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    item_code: str
    item_code_is_example: bool
    name: str
    english_name: str
    legal_basis: tuple[str, ...]
    limits: Limits
    promised_days: int
    sections: tuple[Section, ...]
    materials: tuple[Material, ...]
    proofs: tuple[str, ...]
    stop: StopKind
    licence_type: str | None
    open: bool
    guide: Guide
    date_orders: tuple[DateOrder, ...] = ()
    row_counts: tuple[RowCount, ...] = ()
    changes_by_application: bool = False
    title_at: str = "project.name"
    region_at: str = "project.region"
    conditions: tuple[Condition, ...] = ()
    procedure: Procedure = NO_PROCEDURE
    panel: Panel | None = None

    def section(self, code: str) -> Section | None:
        """The section with this code, or None."""
        return next((section for section in self.sections if section.code == code), None)

    def field(self, path: str) -> Field | None:
        """The field at ``section.field``, or None."""
        section_code, _, field_code = path.partition(".")
        section = self.section(section_code)
        return section.field(field_code) if section else None

    def material(self, code: str) -> Material | None:
        """The material with this code, or None."""
        return next((material for material in self.materials if material.code == code), None)

    def material_for(self, proof: str) -> Material | None:
        """The document that must be handed in when ``proof`` is not promised."""
        return next((material for material in self.materials if material.proof == proof), None)


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that a promise may replace (证明事项), in one version of its texts (国办发〔2020〕42号).

    The texts of a version never change once it was in force; a change is a new version. ``verified`` says whether verification comes before
    the decision, or within ``verification_days`` working days after it. ``answer_days`` are the working days to answer a notice that a
    promise is untrue, ``rectification_days`` those to rectify where that is ordered after the permit. A ``published`` promise is shown at
    ``publication_place`` for ``publication_days`` calendar days from the decision; what is not published has 0 days and no place.
    ``publication`` is how people are told.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    version: int
    matter: str
    name: str
    english_name: str
    title: Clause
    issuer: Clause
    use: Clause
    legal_basis: tuple[str, ...]
    subjects: Clause
    notice: tuple[Clause, ...]
    commitment: tuple[Clause, ...]
    facts: tuple[Field, ...]
    verification_method: VerificationMethod
    verification: Clause
    verification_days: int
    verified: Literal["before", "after"]
    answer_days: int
    published: bool
    publication: Clause
    publication_days: int
    active: bool
    provisional: bool
    valid_from: date
    valid_to: date | None = None
    date_orders: tuple[DateOrder, ...] = ()
    publication_place: Clause | None = None
    rectification_days: int = 30

    def fact(self, code: str) -> Field | None:
        """The fact with this code, or None."""
        return next((fact for fact in self.facts if fact.code == code), None)

    def in_force(self, day: date) -> bool:
        """Whether this version may be promised on ``day`` (first and last day included)."""
        return self.active and self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def notice_text(self) -> str:
        """The standard text: notice and commitment, clause by clause, in Chinese, and the English reading aid that English pages show.

        One canonical rendering: NFC, lines ended by a single line feed. ``digest`` is the hash of exactly these bytes in UTF-8.
        """
        return unicodedata.normalize("NFC", "\n".join(self._lines()) + "\n")

    def digest(self) -> str:
        """SHA-256 of ``notice_text()`` in UTF-8, as 64 lower-case hexadecimal digits."""
        return hashlib.sha256(self.notice_text().encode("utf-8")).hexdigest()

    def _lines(self) -> Iterator[str]:
        yield self.title.text
        yield f"{self.code} v{self.version}"
        yield "告知"
        yield from (f"{numeral(place)}、{clause.text}" for place, clause in enumerate(self.notice, 1))
        yield "承诺"
        yield from (f"{numeral(place)}、{clause.text}" for place, clause in enumerate(self.commitment, 1))
        yield self.title.english
        yield "Notice"
        yield from (f"{place}. {clause.english}" for place, clause in enumerate(self.notice, 1))
        yield "Commitment"
        yield from (f"{place}. {clause.english}" for place, clause in enumerate(self.commitment, 1))


@dataclass(frozen=True, slots=True)
class FaceRow:
    """One line of a licence face (照面): its label, and where its value is: ``record.…`` or ``answers.section.field``.

    A ``changeable`` line may differ in a later version of the same licence; every other change needs a new application.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    label: str
    english_label: str
    path: str
    changeable: bool = False

    @property
    def name(self) -> str:
        return self.label

    @property
    def english_name(self) -> str:
        return self.english_label


@dataclass(frozen=True, slots=True)
class LicenceType:
    """A kind of licence with its directory entry (GB/T 36902). ``index`` is the number in the QR and never changes.

    ``valid_years`` None means no end date, published as 2099-12-31. ``number_answers`` are the answers that the number pattern holds,
    ``provinces`` the ``{province}`` of it by the first two digits of the region of the authority.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    index: int
    code: str
    name: str
    english_name: str
    matter: str
    category: Literal["permit", "qualification"]
    type_code: str
    type_code_is_example: bool
    define_authority_name: str
    define_authority_code: str
    define_authority_level: str
    issuing_authority_level: str
    holder_category: str
    number_pattern: str
    template: str
    face: tuple[FaceRow, ...]
    valid_years: int | None = None
    number_answers: Mapping[str, str] = field(default_factory=dict)
    provinces: Mapping[str, str] = field(default_factory=dict)

    @property
    def validity_range(self) -> str:
        """有效期限范围 as GB/T 36902 writes it."""
        return "无期限" if self.valid_years is None else f"{self.valid_years}年"


@dataclass(frozen=True, slots=True)
class LetterKind:
    """A procedural document. ``title`` may hold ``{matter}`` or ``{act}``; ``remedy`` is printed where the person may object.

    What is ``adverse`` decides against its addressee and has to tell the remedy, which is open for ``remedy_days`` calendar days.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    name: str
    english_name: str
    title: str
    template: str
    number_pattern: str
    legal_basis: tuple[str, ...]
    remedy: str
    english_remedy: str
    licence_type: str | None = None
    adverse: bool = False
    remedy_days: int = 0

    def title_for(self, matter: Matter) -> str:
        """The heading of this document in a case of ``matter``."""
        return self.title.format(matter=matter.name)

    def title_about(self, act: str) -> str:
        """The heading of this document about an act on a licence, such as 撤销."""
        return self.title.format(act=act)
