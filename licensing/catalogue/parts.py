"""The parts of which matters and proofs are made: texts in two languages, fields, sections, materials, rules between fields, the guide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import ConfigDict

FieldKind = Literal[
    "text",
    "long_text",
    "integer",
    "decimal",
    "date",
    "choice",
    "region",
    "uscc",
    "phone",
    "postcode",
    "licence_number",
    "resident_id",
]
ConditionKind = Literal["count", "at_least", "equals", "held_for", "not_before_today", "not_after_today", "given", "distinct"]
MaterialKind = Literal["original", "copy", "original_or_copy"]
MaterialForm = Literal["electronic", "paper", "paper_or_electronic"]
VerificationMethod = Literal["data_sharing", "site", "document", "random", "waived"]
STRICT = ConfigDict(extra="forbid")


class Step(StrEnum):
    """A step that the procedure of a matter has beside what every case goes through (domain 11A.2)."""

    SITE_CHECK = "site_check"
    EXPERT_REVIEW = "expert_review"
    PUBLICITY = "publicity"


@dataclass(frozen=True, slots=True)
class Clause:
    """One text in Chinese with an English reading aid."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    text: str
    english: str


@dataclass(frozen=True, slots=True)
class Answered:
    """That ``field`` was answered with the option ``value``: a path ``section.field``, or a field of a row where rows are judged."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Option:
    """One entry of a code list."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    name: str
    english_name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form. ``minimum`` and ``maximum`` bound numbers, inclusive; ``max_length`` counts characters.

    ``prefill`` names what the house already knows, such as ``company.name``, so that nobody types it twice.
    What is ``personal`` names a natural person and is masked where it is published.
    What ``follows`` another field of its section has the same option codes and is never asked.
    ``licence_type`` says of what kind a licence number is; with ``elsewhere`` it may be unknown here.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    name: str
    english_name: str
    kind: FieldKind
    required: bool = True
    max_length: int = 200
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    options: tuple[Option, ...] = ()
    hint: str = ""
    english_hint: str = ""
    unit: str = ""
    english_unit: str = ""
    prefill: str | None = None
    personal: bool = False
    follows: str | None = None
    licence_type: str | None = None
    elsewhere: bool = False

    def option(self, code: str) -> Option | None:
        """The option with this code, or None."""
        return next((option for option in self.options if option.code == code), None)


@dataclass(frozen=True, slots=True)
class RowSpec:
    """How many rows a repeating section has, both ends included."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    min_rows: int
    max_rows: int
    row_name: str
    english_row_name: str


@dataclass(frozen=True, slots=True)
class Section:
    """One page of a form; with ``repeats`` its answers are rows of the same fields. It is asked ``when`` that was answered, or always."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    name: str
    english_name: str
    fields: tuple[Field, ...]
    repeats: RowSpec | None = None
    hint: str = ""
    english_hint: str = ""
    when: Answered | None = None

    def field(self, code: str) -> Field | None:
        """The field with this code, or None."""
        return next((field for field in self.fields if field.code == code), None)

    @property
    def optional(self) -> bool:
        """Whether the section may stay empty."""
        if self.repeats:
            return self.repeats.min_rows == 0
        return not any(field.required for field in self.fields)


@dataclass(frozen=True, slots=True)
class Material:
    """One document to upload. With ``proof`` the applicant may promise that proof instead of handing the document in.

    ``kind`` says whether the original is asked for; ``form`` in which form it may come (材料类型、材料形式 of a service guide).
    What is not always ``required`` may be ``required_when`` something was answered.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    name: str
    english_name: str
    required: bool
    note: str
    english_note: str
    accepts: tuple[str, ...]
    max_files: int
    kind: MaterialKind
    form: MaterialForm
    source: Clause
    proof: str | None = None
    copies: int = 1
    required_when: Answered | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """The legal limits by their codes in the clock: to answer at intake, and to decide."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    accept: Literal["T1"]
    decide: Literal["T3", "T4", "T5"]


@dataclass(frozen=True, slots=True)
class StopKind:
    """Why the clock may stand still in this matter (行政许可法 art. 45); ``expected_days`` are working days told to the applicant."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    name: str
    english_name: str
    legal_basis: str
    expected_days: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """The steps of a matter that not every matter has, and what they need.

    ``groups`` are those of the conditions on which site check and ballots say something, ``publicity_days`` the working days of the
    publicity 公示, ``report`` the limit for the report of a grant to the China Meteorological Administration.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    steps: tuple[Step, ...] = ()
    groups: tuple[Option, ...] = ()
    publicity_days: int = 0
    report: Literal["T8"] | None = None


NO_PROCEDURE = Procedure()
"""That of most matters: no step of its own."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The experts who review a case: how many are drawn, and how many votes of all of them pass it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    size: int
    majority: Literal["simple", "two_thirds"]

    @property
    def votes_needed(self) -> int:
        """So many of all members, not only of those who voted."""
        return self.size // 2 + 1 if self.majority == "simple" else -(-self.size * 2 // 3)


@dataclass(frozen=True, slots=True)
class DateOrder:
    """Two dates in order, as paths ``section.field``; ``later`` may be ``today``. Equal days are in order.

    In a proof the paths are fact codes, or ``proof.fact`` for a fact of another proof of the same case.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    earlier: str
    later: str


@dataclass(frozen=True, slots=True)
class RowCount:
    """A number field (``section.field``) that must equal the number of rows of a repeating section, when it is given."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    field: str
    section: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What the law asks of an applicant beyond a filled-in form, told in one clause; ``code`` is that of the error where it is not met.

    It counts ``when`` that was answered, by default always. ``kind`` is how it is judged:

    * ``count``: at least ``minimum`` rows of the section ``path`` fit ``where``
    * ``at_least``: the number is ``minimum`` or more
    * ``equals``: the answer is the option ``value``
    * ``held_for``: the day lies at least ``minimum`` years before today
    * ``not_before_today``, ``not_after_today``: the day is on that side of today, today included
    * ``given``: there is an answer
    * ``distinct``: there is one, and no row before has the same

    But for ``count``, ``path`` is ``section.field``. In a section with rows every row must do, or every one that fits ``where``.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    name: str
    english_name: str
    kind: ConditionKind
    path: str
    when: Answered | None = None
    where: Answered | None = None
    value: str = ""
    minimum: Decimal | None = None

    @property
    def section(self) -> str:
        """The code of the section that it looks at."""
        return self.path.partition(".")[0]


@dataclass(frozen=True, slots=True)
class GuideStep:
    """One step of the procedure as the guide page tells it."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    name: str
    english_name: str
    text: str
    english: str


@dataclass(frozen=True, slots=True)
class Question:
    """A usual question with its answer."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    question: Clause
    answer: Clause


@dataclass(frozen=True, slots=True)
class Guide:
    """What a service guide must publish beside what the matter itself says (name, basis, materials, limits, promise)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    summary: Clause
    authority: Clause
    level: Clause
    audience: Clause
    conditions: tuple[Clause, ...]
    form_name: Clause
    form: Clause
    steps: tuple[GuideStep, ...]
    fee: Clause
    result: Clause
    delivery: Clause
    visits: int
    place: Clause
    hours: Clause
    advice_phone: Clause
    complaint_phone: Clause
    remedy: Clause
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A correctly filled form (样表) in the shape of ``check_answers``, and what the specimen of the result says. All of it is made up."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    holder_name: str
    holder_uscc: str
    issuer_name: str
    place: str
    issued_on: date
    answers: Mapping[str, dict[str, str] | tuple[dict[str, str], ...]]
