"""Cases, their events and their documents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Computed, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from licensing.storage import Base, Moment


class Case(Base):
    """One application. ``state``, ``due_on``, ``decided_on`` and ``region_code`` are caches of what the events say, changed only with them.

    ``decided_on`` is the day on which the permit was granted or refused, and with it published; ``region_code`` is where, by GB/T 2260.
    ``sort_on`` is ``due_on``, or the end of days where no date runs: the database computes it, so that a worklist can follow an index.
    ``changes_licence_id`` names the licence that a grant replaces.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        Index("ix_case_file_worklist", "authority_id", "state", "sort_on", "id"),
        Index("ix_case_file_everything", "authority_id", "sort_on", "id"),
        Index("ix_case_file_register", "decided_on", "id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_number: Mapped[str] = mapped_column(String(40), unique=True)
    matter: Mapped[str] = mapped_column(String(40))
    catalogue_version: Mapped[str] = mapped_column(String(64))
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    authority_id: Mapped[int | None] = mapped_column(ForeignKey("authority.id"))
    state: Mapped[str] = mapped_column(String(20))
    project_name: Mapped[str] = mapped_column(String(200), default="")
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    draft_version: Mapped[int] = mapped_column(default=1)
    sequence: Mapped[int] = mapped_column(default=0)
    due_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    region_code: Mapped[str] = mapped_column(String(6), default="")
    sort_on: Mapped[date] = mapped_column(Computed("coalesce(due_on, '9999-12-31')"))
    changes_licence_id: Mapped[int | None] = mapped_column(ForeignKey("licence.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))

    events: Mapped[list[CaseEvent]] = relationship(order_by="CaseEvent.sequence", back_populates="case")


class CaseEvent(Base):
    """What happened, in order; never changed, never deleted."""

    __tablename__ = "case_event"
    __table_args__ = (UniqueConstraint("case_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    sequence: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)

    case: Mapped[Case] = relationship(back_populates="events")


class CaseDocument(Base):
    """An uploaded file in a slot: the code of a material or of a proof. Removing hides it from the draft, never from a submission."""

    __tablename__ = "case_document"
    __table_args__ = (Index("ix_case_document_slot", "case_id", "slot"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    slot: Mapped[str] = mapped_column(String(60))
    filename: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(60))
    size: Mapped[int]
    pages: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    uploaded_at: Mapped[datetime] = mapped_column(Moment)
    uploaded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    removed_at: Mapped[datetime | None] = mapped_column(Moment)


class CaseNote(Base):
    """What one officer wrote for colleagues; never changed, and never shown to the applicant. Its author may strike it out.

    ``told`` are the ids of the people who were mentioned in it and got a message.
    """

    __tablename__ = "case_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(String(1000))
    told: Mapped[list[int]] = mapped_column(JSON)
    written_at: Mapped[datetime] = mapped_column(Moment)
    struck_at: Mapped[datetime | None] = mapped_column(Moment)


class Objection(Base):
    """异议: what a company has to say against an act on its case, or anybody against a grant that is made public before it is given.

    ``about`` and ``sequence`` name the event it is about. A stranger gives ``name`` and ``contact``; both are empty where a company
    objects. ``answer_due`` is the last day for the answer. Upheld, an ended case stays as it is, and ``renewed_by`` takes it up again.
    """

    __tablename__ = "objection"
    __table_args__ = (
        UniqueConstraint("case_id", "sequence", "company_id"),
        Index("ix_objection_waiting", "answered_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    about: Mapped[str] = mapped_column(String(40))
    sequence: Mapped[int]
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    filed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(100))
    contact: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(String(1000))
    received_at: Mapped[datetime] = mapped_column(Moment)
    answer_due: Mapped[date]
    outcome: Mapped[str] = mapped_column(String(20), default="")
    answer: Mapped[str] = mapped_column(String(1000), default="")
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"))
    renewed_by: Mapped[int | None] = mapped_column(ForeignKey("case_file.id"))


class Commission(Base):
    """An evaluation or inspection that was given to a body which is known here as a company; ``sequence`` is that of the event."""

    __tablename__ = "commission"
    __table_args__ = (UniqueConstraint("case_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    sequence: Mapped[int]
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    expected_days: Mapped[int]
    commissioned_at: Mapped[datetime] = mapped_column(Moment)
    commissioned_by: Mapped[int] = mapped_column(ForeignKey("person.id"))

    reports: Mapped[list[CommissionReport]] = relationship(order_by="CommissionReport.id", back_populates="commission")


class CommissionReport(Base):
    """What the body reported, with its file; never changed. An examiner who cannot use it returns it with a reason, once."""

    __tablename__ = "commission_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    commission_id: Mapped[int] = mapped_column(ForeignKey("commission.id"), index=True)
    number: Mapped[str] = mapped_column(String(100))
    done_on: Mapped[date]
    passed: Mapped[bool]
    opinion: Mapped[str] = mapped_column(String(1000))
    filename: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    pages: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    reported_at: Mapped[datetime] = mapped_column(Moment)
    reported_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    returned_at: Mapped[datetime | None] = mapped_column(Moment)
    returned_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    return_reason: Mapped[str] = mapped_column(String(500), default="")

    commission: Mapped[Commission] = relationship(back_populates="reports")


class CaseArchive(Base):
    """The file of a finished case as it was closed 归档: its number 档号 and its files by name, with their SHA-256; never changed.

    ``period`` is the code of how long it is kept; ``archived_by`` is nobody where time did it.
    """

    __tablename__ = "case_archive"
    __table_args__ = (Index("ix_case_archive_list", "authority_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), unique=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    number: Mapped[str] = mapped_column(String(60), unique=True)
    period: Mapped[str] = mapped_column(String(10))
    index_sha256: Mapped[str] = mapped_column(String(64))
    files: Mapped[dict[str, str]] = mapped_column(JSON)
    archived_at: Mapped[datetime] = mapped_column(Moment)
    archived_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Expert(Base):
    """An entry in the pool of experts of an authority 评审专家库: who, for what, and by whom employed, so that a conflict shows.

    It never changes but for its end; whoever is to sit on panels again is entered again.
    """

    __tablename__ = "expert"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    specialities: Mapped[str] = mapped_column(String(200))
    employer: Mapped[str] = mapped_column(String(200))
    employer_uscc: Mapped[str] = mapped_column(String(18), default="")
    active_from: Mapped[date]
    entered_at: Mapped[datetime] = mapped_column(Moment)
    entered_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Ballot(Base):
    """The signed vote of one expert 记名投票 on the panel that the event ``sequence`` drew: one per member, never changed.

    ``reasons`` holds the words for each group of conditions, by its code.
    """

    __tablename__ = "ballot"
    __table_args__ = (UniqueConstraint("case_id", "sequence", "person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"))
    sequence: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    meets: Mapped[bool]
    reasons: Mapped[dict[str, str]] = mapped_column(JSON)
    cast_at: Mapped[datetime] = mapped_column(Moment)


class RecognitionReport(Base):
    """That a granted qualification was reported to the China Meteorological Administration (T8): under which number, when, by whom."""

    __tablename__ = "recognition_report"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), unique=True)
    number: Mapped[str] = mapped_column(String(100))
    reported_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class CalendarEffect(Base):
    """A legal date that moved because a year of the calendar was imported; never changed."""

    __tablename__ = "calendar_effect"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("calendar_year.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), index=True)
    old_due_on: Mapped[date]
    new_due_on: Mapped[date]


class CaseAssignment(Base):
    """Who works on a case. A note of the office to itself, never a lock: whoever may act still may, and anybody may take over."""

    __tablename__ = "case_assignment"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    assigned_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    assigned_at: Mapped[datetime] = mapped_column(Moment)


class CaseSeen(Base):
    """Up to which event a person has seen a case."""

    __tablename__ = "case_seen"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, autoincrement=False)
    sequence: Mapped[int]


class SavedFilter(Base):
    """A filter of the worklist that a person kept under a name."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(60))
    asked: Mapped[dict[str, str]] = mapped_column(JSON)


_DECISION = ("days", "legal_days", "promised_days", "slowest", "proposer_id", "decider_id")


class CaseMeasure(Base):
    """What figures count of a case: a cache of what its events say up to ``sequence``, written together with each of them.

    ``days`` are the working days from acceptance to decision on which the clock ran, ``slowest`` is whose turn it was on most of them;
    both are there once it was decided. ``legal_days`` and ``promised_days`` are the limits that were in force. ``proofs`` holds the choices
    of the latest submission as ``figures.proofs_text`` writes them.
    """

    __tablename__ = "case_measure"
    __table_args__ = (
        # Each holds all that its figures read, so that they read nothing else.
        Index("ix_case_measure_received", "authority_id", "received_on", "matter", "region", "corrections", "proofs"),
        Index("ix_case_measure_accepted", "authority_id", "accepted_on", "matter", "region", "silent", "acceptor_id"),
        Index("ix_case_measure_decided", "authority_id", "decided_on", "matter", "region", *_DECISION),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    matter: Mapped[str] = mapped_column(String(40))
    region: Mapped[str] = mapped_column(String(6))
    received_on: Mapped[date]
    accepted_on: Mapped[date | None]
    decided_on: Mapped[date | None]
    silent: Mapped[bool]
    days: Mapped[int | None]
    legal_days: Mapped[int | None]
    promised_days: Mapped[int | None]
    slowest: Mapped[str | None] = mapped_column(String(20))
    corrections: Mapped[int]
    proofs: Mapped[str] = mapped_column(String(500))
    acceptor_id: Mapped[int | None]
    proposer_id: Mapped[int | None]
    decider_id: Mapped[int | None]


class CaseMeasureCorrection(Base):
    """One thing that had to be corrected in a case, once however often it was asked for; ``target`` as in ``targets.targets``."""

    __tablename__ = "case_measure_correction"

    case_id: Mapped[int] = mapped_column(ForeignKey("case_file.id"), primary_key=True, autoincrement=False)
    target: Mapped[str] = mapped_column(String(120), primary_key=True)
