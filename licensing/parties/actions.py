"""Verbs that register parties."""

from __future__ import annotations

from datetime import date

from licensing.parties.rules import ALWAYS, canonical_uscc
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
    code = details.get("uscc")
    row = Authority(**{**details, "uscc": canonical_uscc(str(code)) if code else None})
    work.session.add(row)
    work.session.flush()
    for matter in matters:
        for prefix in region_prefixes:
            give_jurisdiction(work, row, matter, prefix)
    return row


def give_jurisdiction(
    work: Work, authority: Authority, matter: str, prefix: str, *, valid_from: date = ALWAYS, valid_to: date | None = None
) -> Jurisdiction:
    """Let an authority decide ``matter`` in a region; ``Conflict`` at commit when another does from the same day on."""
    row = Jurisdiction(authority_id=authority.id, matter=matter, region_prefix=prefix, valid_from=valid_from, valid_to=valid_to)
    work.session.add(row)
    work.session.flush()
    return row


def give_post(
    work: Work, person: Person, authority: Authority, role: Role, *, held_from: date, held_until: date | None = None
) -> OfficePost:
    row = OfficePost(person=person, authority=authority, role=role, held_from=held_from, held_until=held_until)
    work.session.add(row)
    work.session.flush()
    return row
