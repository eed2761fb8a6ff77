"""Reads on parties."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.errors import Invalid, NotFound
from licensing.parties.rules import canonical_uscc, highest, responsible
from licensing.parties.tables import Authority, Company, Jurisdiction, OfficePost, Person, Seat
from licensing.policy import OFFICER_ROLES, Actor, Membership, Post, Role
from licensing.words import say


def actor_for(session: Session, person_id: int, *, on: date, second_factor_at: datetime | None = None, sign_in: str = "") -> Actor:
    """The actor that a person is on the day ``on``: seats and posts held that day, read afresh (ASVS 8.3.2)."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound(say("This person is not known."))
    return Actor(
        person_id=person.id,
        name=person.name,
        memberships=frozenset(Membership(seat.company_id, Role(seat.role)) for seat in person.seats if _held(seat, on)),
        posts=frozenset(Post(post.authority_id, Role(post.role)) for post in person.posts if _held(post, on)),
        admin_roles=frozenset({Role(person.admin_role)} if person.admin_role else ()),
        second_factor_at=second_factor_at,
        session=sign_in,
    )


def responsible_authority(session: Session, matter: str, region_code: str) -> Authority:
    """The authority that decides ``matter`` in ``region_code`` (GB/T 2260). Raises ``Invalid`` (``no-authority``)."""
    rows = session.scalars(select(Jurisdiction).where(Jurisdiction.matter == matter)).all()
    found = responsible(region_code, {row.region_prefix: row.authority_id for row in rows})
    if found is None:
        raise Invalid(
            say("No authority is registered for the region %(code)s.", code=region_code),
            next_step=say("Check the region of the project, or ask the provincial bureau."),
            code="no-authority",
        )
    return session.get_one(Authority, found)


def company(session: Session, company_id: int) -> Company:
    return session.get_one(Company, company_id)


def company_by_uscc(session: Session, uscc: str) -> Company | None:
    return session.scalar(select(Company).where(Company.uscc == canonical_uscc(uscc)))


def authority(session: Session, authority_id: int) -> Authority:
    return session.get_one(Authority, authority_id)


def authorities(session: Session) -> list[Authority]:
    return list(session.scalars(select(Authority).order_by(Authority.region_code, Authority.id)))


def highest_authorities(session: Session) -> frozenset[int]:
    """The authorities of the highest level that is registered here: they keep what belongs to the whole installation."""
    rows = session.execute(select(Authority.id, Authority.level))
    return highest({row.id: row.level for row in rows})


def person_names(session: Session, person_ids: set[int]) -> dict[int, str]:
    """Names by id, for timelines."""
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return {row.id: row.name for row in rows}


def officers(session: Session, authority_id: int, on: date, roles: Collection[Role] = OFFICER_ROLES) -> list[Person]:
    """Who holds a post of ``roles`` at an authority on the day ``on``, each once, by id."""
    query = select(OfficePost).where(OfficePost.authority_id == authority_id, OfficePost.role.in_(roles)).order_by(OfficePost.person_id)
    return list({post.person_id: post.person for post in session.scalars(query) if _held(post, on)}.values())


def seated(session: Session, company_id: int, on: date) -> set[int]:
    """The ids of those who belong to a company on the day ``on``."""
    return {seat.person_id for seat in session.scalars(select(Seat).where(Seat.company_id == company_id)) if _held(seat, on)}


def signatories(session: Session, company_id: int, on: date) -> list[str]:
    """The names of those who may sign for a company on the day ``on``."""
    query = select(Seat).where(Seat.company_id == company_id, Seat.role == Role.SIGNATORY).order_by(Seat.id)
    return [seat.person.name for seat in session.scalars(query) if _held(seat, on)]


def _held(holding: Seat | OfficePost, on: date) -> bool:
    return holding.held_from <= on and (holding.held_until is None or on <= holding.held_until)
