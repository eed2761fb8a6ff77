"""Puts the cast into the register: authorities with keys, companies, people with posts and seats. Whoever is there already is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select

from licensing.demo.cast import Cast, Firm, Somebody
from licensing.demo.rules import phone
from licensing.parties import actions as parties
from licensing.parties.lists import listed
from licensing.parties.tables import Authority, Company, OfficePost, Person, Seat
from licensing.policy import SYSTEM, Role
from licensing.settings import Settings
from licensing.storage import Work, reading, unit_of_work
from licensing.trust.keys import ensure_authority_keys, ensure_test_tsa
from licensing.trust.offices import import_listed
from licensing.trust.timestamps import TEST

KEYS_FROM = datetime(2024, 1, 1, tzinfo=UTC)
HELD_FROM = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Registered:
    """The ids of everybody by their names in the data files: authorities by code, companies by name, people by key."""

    authorities: Mapping[str, int]
    companies: Mapping[str, int]
    people: Mapping[str, int]


def ensure_keys(settings: Settings, cast: Cast) -> None:
    """The keys of every authority of the cast, and of the test time-stamping authority where the settings ask for it."""
    for bureau in cast.bureaus:
        name, uscc = bureau.details["name"], bureau.details["uscc"]
        ensure_authority_keys(settings.keys, bureau.code, name, uscc, bureau.kid, not_before=KEYS_FROM)
    if settings.tsa == TEST:
        ensure_test_tsa(settings.keys, not_before=KEYS_FROM)


def register(cast: Cast) -> Registered:
    """Everybody in the register, in one transaction, and the other authorities of the list that ships: they are not active."""
    with unit_of_work(SYSTEM) as work:
        authorities = {bureau.code: _authority(work, cast, bureau.code) for bureau in cast.bureaus}
        import_listed(work, listed())
        companies = {firm.name: _company(work, firm, cast) for firm in cast.firms}
        people: dict[str, Person] = {}
        for bureau in cast.bureaus:
            for officer in bureau.officers:
                people[officer.key] = _person(work, officer)
                for post in officer.posts:
                    _give_post(work, people[officer.key], authorities[bureau.code], Role(post))
        for administrator, role in cast.administrators:
            people[administrator.key] = _person(work, administrator, Role(role))
        people |= {key: _person(work, applicant) for key, applicant in cast.applicants.items()}
        people |= {expert.key: _person(work, expert) for expert in cast.experts}
        seats = [(key, firm.name) for firm in cast.firms for key in firm.people]
        for key, company in (*seats, *cast.extra_seats):
            _give_seat(work, people[key], companies[company], Role.APPLICANT)
        for firm in cast.firms:
            _give_seat(work, people[firm.people[0]], companies[firm.name], Role.SIGNATORY)
        return Registered(
            {code: row.id for code, row in authorities.items()},
            {name: row.id for name, row in companies.items()},
            {key: row.id for key, row in people.items()},
        )


def registered(cast: Cast) -> Registered:
    """Everybody as they stand in the register already."""
    with reading(SYSTEM) as look:
        by_phone = {row.phone: row.id for row in look.session.scalars(select(Person).where(Person.phone != ""))}
        by_uscc = {row.uscc: row.id for row in look.session.scalars(select(Company))}
        by_code = {row.code: row.id for row in look.session.scalars(select(Authority))}
    officers = [officer for bureau in cast.bureaus for officer in bureau.officers]
    everybody = [*officers, *(person for person, _ in cast.administrators), *cast.applicants.values(), *cast.experts]
    return Registered(
        {bureau.code: by_code[bureau.code] for bureau in cast.bureaus},
        {firm.name: by_uscc[firm.uscc] for firm in cast.firms},
        {person.key: by_phone[_phone(person)] for person in everybody},
    )


def _authority(work: Work, cast: Cast, code: str) -> Authority:
    bureau = next(bureau for bureau in cast.bureaus if bureau.code == code)
    found = work.session.scalar(select(Authority).where(Authority.code == code))
    if found is not None:
        return found
    above = work.session.scalar(select(Authority.id).where(Authority.code == bureau.parent))
    return parties.register_authority(work, region_prefixes=bureau.prefixes, matters=bureau.matters, parent_id=above, **bureau.details)


def _company(work: Work, firm: Firm, cast: Cast) -> Company:
    found = work.session.scalar(select(Company).where(Company.uscc == firm.uscc))
    if found is not None:
        return found
    contact = cast.applicants[firm.people[0]]
    details = {name: value for name, value in firm.details.items() if name not in ("uscc", "name")}
    return parties.register_company(
        work, uscc=firm.uscc, name=firm.name, contact_name=contact.name, contact_phone=_phone(contact), **details
    )


def _person(work: Work, somebody: Somebody, admin_role: Role | None = None) -> Person:
    found = work.session.scalar(select(Person).where(Person.phone == _phone(somebody)))
    return found or parties.register_person(work, name=somebody.name, phone=_phone(somebody), admin_role=admin_role)


def _give_post(work: Work, person: Person, authority: Authority, role: Role) -> None:
    held = select(OfficePost.id).where(OfficePost.person_id == person.id, OfficePost.authority_id == authority.id, OfficePost.role == role)
    if work.session.scalar(held) is None:
        parties.give_post(work, person, authority, role, held_from=HELD_FROM)


def _give_seat(work: Work, person: Person, company: Company, role: Role) -> None:
    held = select(Seat.id).where(Seat.person_id == person.id, Seat.company_id == company.id, Seat.role == role)
    if work.session.scalar(held) is None:
        parties.give_seat(work, person, company, role, held_from=HELD_FROM)


def _phone(somebody: Somebody) -> str:
    return phone(somebody.key)
