"""Choices, promises, what happened to them, and their verification."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from licensing.storage import Base, Moment


class ProofChoice(Base):
    """The choice that stands now for one proof of one case; with ``commitment_id`` the promise was signed.

    ``facts`` are those typed so far for a promise that is not signed yet.
    """

    __tablename__ = "proof_choice"
    __table_args__ = (UniqueConstraint("case_id", "proof"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    proof: Mapped[str] = mapped_column(String(60))
    choice: Mapped[str] = mapped_column(String(10))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    commitment_id: Mapped[int | None] = mapped_column(ForeignKey("commitment.id"))
    chosen_at: Mapped[datetime] = mapped_column(Moment)
    chosen_by: Mapped[int] = mapped_column(ForeignKey("person.id"))

    commitment: Mapped[Commitment | None] = relationship()


class Commitment(Base):
    """A promise as it was signed. The stored files hold the text that was shown, the answers and the facts, byte for byte.

    Only ``state`` and ``sequence`` change, together with the events of which they are caches, and ``letter_id`` is filled once.
    """

    __tablename__ = "commitment"
    __table_args__ = (Index("ix_commitment_state", "authority_id", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    proof: Mapped[str] = mapped_column(String(60))
    proof_version: Mapped[int]
    notice_sha256: Mapped[str] = mapped_column(String(64))
    statement_sha256: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    facts_sha256: Mapped[str] = mapped_column(String(64))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    company_name: Mapped[str] = mapped_column(String(200))
    company_uscc: Mapped[str] = mapped_column(String(18))
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(30))
    session: Mapped[str] = mapped_column(String(64))
    second_factor_at: Mapped[datetime] = mapped_column(Moment)
    promised_at: Mapped[datetime] = mapped_column(Moment)
    published: Mapped[bool]
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    state: Mapped[str] = mapped_column(String(20))
    sequence: Mapped[int]

    events: Mapped[list[CommitmentEvent]] = relationship(order_by="CommitmentEvent.sequence", back_populates="commitment")


class CommitmentEvent(Base):
    """What happened to a promise, in order; never changed, never deleted."""

    __tablename__ = "commitment_event"
    __table_args__ = (UniqueConstraint("commitment_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"))
    sequence: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    commitment: Mapped[Commitment] = relationship(back_populates="events")


class EligibilityCheck(Base):
    """Whether a company might promise at one moment, with what the check saw of its credit; never changed (domain 8.3.4)."""

    __tablename__ = "eligibility_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"))
    occasion: Mapped[str] = mapped_column(String(20))
    allowed: Mapped[bool]
    seen: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    checked_at: Mapped[datetime] = mapped_column(Moment)


class Verification(Base):
    """One task to verify a promise 核查: created open, done once with a result, or cancelled; then never changed."""

    __tablename__ = "verification"
    __table_args__ = (Index("ix_verification_worklist", "authority_id", "state", "due_on", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    method: Mapped[str] = mapped_column(String(20))
    occasion: Mapped[str] = mapped_column(String(20))
    due_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(20))
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    done_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    commitment: Mapped[Commitment] = relationship()
    files: Mapped[list[VerificationFile]] = relationship(order_by="VerificationFile.id")
    inspectors: Mapped[list[VerificationInspector]] = relationship(order_by="VerificationInspector.place")


class VerificationFile(Base):
    """A photograph or document added to a verification; it can be taken out until the task is done.

    The file is kept as it came, since it is evidence; ``preview_sha256`` is a picture of it without what the camera wrote inside.
    """

    __tablename__ = "verification_file"

    id: Mapped[int] = mapped_column(primary_key=True)
    verification_id: Mapped[int] = mapped_column(ForeignKey("verification.id"), index=True)
    filename: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    caption: Mapped[str] = mapped_column(String(200), default="")
    preview_sha256: Mapped[str | None] = mapped_column(String(64))
    added_at: Mapped[datetime] = mapped_column(Moment)
    added_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class VerificationDraft(Base):
    """What one person has typed about an open verification so far; gone when it ends."""

    __tablename__ = "verification_draft"
    __table_args__ = (UniqueConstraint("verification_id", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    verification_id: Mapped[int] = mapped_column(ForeignKey("verification.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    typed: Mapped[dict[str, Any]] = mapped_column(JSON)
    saved_at: Mapped[datetime] = mapped_column(Moment)


class VerificationInspector(Base):
    """An inspector whom a draw assigned to a verification, in the order of the draw; never changed."""

    __tablename__ = "verification_inspector"
    __table_args__ = (UniqueConstraint("verification_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    verification_id: Mapped[int] = mapped_column(ForeignKey("verification.id"))
    place: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)


class EvidencePack(Base):
    """The sealed part of the evidence of one promise: its files by name, and the digest of the manifest that lists them."""

    __tablename__ = "evidence_pack"

    id: Mapped[int] = mapped_column(primary_key=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"), unique=True)
    files: Mapped[dict[str, Any]] = mapped_column(JSON)
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(Moment)


class SampleDraw(Base):
    """A draw of promises to verify: the list is frozen in the log first, and the log gives the seed (双随机)."""

    __tablename__ = "sample_draw"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    list_sha256: Mapped[str] = mapped_column(String(64))
    population: Mapped[int]
    wanted: Mapped[int]
    tree_size: Mapped[int]
    seed: Mapped[str] = mapped_column(String(64))
    drawn: Mapped[list[Any]] = mapped_column(JSON)
    drawn_at: Mapped[datetime] = mapped_column(Moment)
    drawn_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
