"""Reads on parties."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from licensing.errors import Invalid, NotFound
from licensing.moments import today
from licensing.parties.lists import revisions
from licensing.parties.rules import Rule, canonical_uscc, highest, responsible, subtree
from licensing.parties.tables import Authority, Company, Jurisdiction, OfficePost, Person, Seat
from licensing.policy import OFFICER_ROLES, Actor, Membership, Post, Role
from licensing.words import say


def actor_for(session: Session, person_id: int, *, on: date, second_factor_at: datetime | None = None, sign_in: str = "") -> Actor:
    """The actor that a person is on the day ``on``: seats and posts held that day, read afresh (ASVS 8.3.2)."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound(say("This person is not known."))
    posts = frozenset(Post(post.authority_id, Role(post.role)) for post in person.posts if _held(post, on))
    return Actor(
        person_id=person.id,
        name=person.name,
        memberships=frozenset(Membership(seat.company_id, Role(seat.role)) for seat in person.seats if _held(seat, on)),
        posts=posts,
        overseen=_overseen(session, posts),
        admin_roles=frozenset({Role(person.admin_role)} if person.admin_role else ()),
        second_factor_at=second_factor_at,
        session=sign_in,
    )


def responsible_authority(session: Session, matter: str, region_code: str, *, on: date | None = None) -> Authority:
    """The active authority that decides ``matter`` in a region on the day ``on``, by default today. Raises ``Invalid`` (``no-authority``).

    Where the authority of the place is not active, or there is none, the level above decides (Order 37 art. 2).
    """
    found = responsible(matter, region_code, on or today(), _rules(session, matter), revisions())
    if found is None:
        raise Invalid(
            say("No authority is registered for the region %(code)s.", code=region_code),
            next_step=say("Check the region of the project, or ask the provincial bureau."),
            code="no-authority",
        )
    return session.get_one(Authority, found)


def authorities_for(session: Session, matter: str, on: date) -> list[Authority]:
    """The active authorities that decide ``matter`` anywhere on the day ``on``, in order of region."""
    able = {rule.authority_id for rule in _rules(session, matter) if rule.holds(matter, on)}
    return [row for row in authorities(session) if row.id in able]


def jurisdictions(session: Session) -> dict[int, list[Jurisdiction]]:
    """What each authority decides, by its id, in order of matter and region."""
    found: dict[int, list[Jurisdiction]] = {}
    for row in session.scalars(select(Jurisdiction).order_by(Jurisdiction.matter, Jurisdiction.region_prefix)):
        found.setdefault(row.authority_id, []).append(row)
    return found


def prefixes_taken(session: Session, prefixes: Iterable[str]) -> set[tuple[str, str, date]]:
    """Matter, prefix and first day of every rule about these prefixes."""
    rows = session.scalars(select(Jurisdiction).where(Jurisdiction.region_prefix.in_(list(prefixes))))
    return {(row.matter, row.region_prefix, row.valid_from) for row in rows}


def authority_tree(session: Session, actor: Actor) -> list[tuple[int, Authority]]:
    """The authorities that the actor may see, each after the one above it and with its depth.

    Administrators see the whole tree, officers the authorities of their posts and those below a supervisor's post.
    """
    everything = actor.is_system or bool(actor.admin_roles)
    seen = [row for row in authorities(session) if everything or row.id in actor.readable_ids]
    ids = {row.id for row in seen}
    below: dict[int | None, list[Authority]] = {}
    for row in seen:
        below.setdefault(row.parent_id if row.parent_id in ids else None, []).append(row)
    ordered: list[tuple[int, Authority]] = []
    waiting = [(0, row) for row in reversed(below.get(None, []))]
    while waiting:
        depth, row = waiting.pop()
        ordered.append((depth, row))
        waiting += [(depth + 1, child) for child in reversed(below.get(row.id, []))]
    return ordered


def people_at(session: Session, on: date) -> dict[int, int]:
    """How many people hold a post at each authority on the day ``on``."""
    held = (OfficePost.held_from <= on, or_(OfficePost.held_until.is_(None), OfficePost.held_until >= on))
    counted = func.count(func.distinct(OfficePost.person_id))
    rows = session.execute(select(OfficePost.authority_id, counted).where(*held).group_by(OfficePost.authority_id))
    return {row[0]: row[1] for row in rows}


def company(session: Session, company_id: int) -> Company:
    return session.get_one(Company, company_id)


def company_by_uscc(session: Session, uscc: str) -> Company | None:
    return session.scalar(select(Company).where(Company.uscc == canonical_uscc(uscc)))


def authority_by_code(session: Session, code: str) -> Authority | None:
    return session.scalar(select(Authority).where(Authority.code == code))


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


def _overseen(session: Session, posts: frozenset[Post]) -> frozenset[int]:
    """What lies below the authorities where a supervisor's post is held: those may be read (domain 10.5)."""
    roots = {post.authority_id for post in posts if post.role is Role.SUPERVISOR}
    if not roots:
        return frozenset()
    parents = {row.id: row.parent_id for row in session.execute(select(Authority.id, Authority.parent_id))}
    return subtree(parents, roots)


def _rules(session: Session, matter: str) -> list[Rule]:
    query = select(Jurisdiction).join(Authority, Authority.id == Jurisdiction.authority_id)
    rows = session.scalars(query.where(Jurisdiction.matter == matter, Authority.active))
    return [Rule(row.authority_id, row.matter, row.region_prefix, row.valid_from, row.valid_to) for row in rows]
