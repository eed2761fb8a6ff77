"""Verbs that register parties."""

from __future__ import annotations

from datetime import date

from licensing.parties.rules import canonical_uscc
from licensing.parties.tables import Authority, Company, Jurisdiction, OfficePost, Person, Seat
from licensing.policy import Role
from licensing.storage import Work


def register_company(work: Work, *, uscc: str, name: str, **details: str) -> Company:
    """A new company under its canonical credit code; ``Conflict`` at commit when the code is taken (threats A1, A2)."""
    row = Company(uscc=canonical_uscc(uscc), name=name, **details)
    work.session.add(row)
    work.session.flush()
    return row


def register_person(work: Work, *, name: str, phone: str = "", admin_role: Role | None = None) -> Person:
    row = Person(name=name, phone=phone, admin_role=admin_role)
    work.session.add(row)
    work.session.flush()
    return row


def give_seat(work: Work, person: Person, company: Company, role: Role, *, held_from: date, held_until: date | None = None) -> Seat:
    row = Seat(person=person, company=company, role=role, held_from=held_from, held_until=held_until)
    work.session.add(row)
    work.session.flush()
    return row


def register_authority(work: Work, *, region_prefixes: tuple[str, ...], matters: tuple[str, ...], **details: object) -> Authority:
    """A new authority and the regions in which it decides ``matters``."""
    row = Authority(**{**details, "uscc": canonical_uscc(str(details["uscc"]))})
    work.session.add(row)
    work.session.flush()
    work.session.add_all(
        Jurisdiction(authority_id=row.id, matter=matter, region_prefix=prefix) for matter in matters for prefix in region_prefixes
    )
    work.session.flush()
    return row


def give_post(
    work: Work, person: Person, authority: Authority, role: Role, *, held_from: date, held_until: date | None = None
) -> OfficePost:
    row = OfficePost(person=person, authority=authority, role=role, held_from=held_from, held_until=held_until)
    work.session.add(row)
    work.session.flush()
    return row
