"""Reads on the public register. Everybody may ask; only what is published is ever loaded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Matter
from licensing.clock import LIMITS, Calendar, Explanation, explain, local_date
from licensing.clock.queries import calendar_now
from licensing.documents.check_codes import canonical_number
from licensing.letters.tables import Letter
from licensing.licences.status import PUBLIC, Status, status_on
from licensing.licences.tables import Licence
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM
from licensing.register.rules import BODIES, LONGEST_PERSON, Permit, masked_holder, scrubbed
from licensing.storage import Work, reading

PUBLISHED = (State.GRANTED, State.REFUSED)
REFUSAL = "D7"
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for; what is empty does not narrow. ``region`` is a GB/T 2260 code, days are inclusive."""

    words: str = ""
    matter: str = ""
    authority_id: int | None = None
    region: str = ""
    first: date | None = None
    last: date | None = None
    granted: bool | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One permit with what a page shows beside it: its matter, authority, the licence as it is today, and when it had to be public."""

    permit: Permit
    matter: Matter
    authority: Authority
    licence: Licence | None
    status: Status | None
    publish_by: date | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the register, newest decision first; ``next_key`` continues after it."""

    entries: tuple[Entry, ...]
    next_key: str | None


def search(wanted: Search, *, after: str | None = None, size: int = 30) -> Page:
    """The permits that fit, newest decision first; keyset-paged by ``after``, a key that an earlier page gave."""
    with reading(SYSTEM) as look:
        return _page(look, wanted, after, size)


def all_permits(wanted: Search) -> Iterator[Permit]:
    """Every permit that fits, newest decision first, read in batches of one moment."""
    with reading(SYSTEM) as look:
        after: str | None = None
        while True:
            page = _page(look, wanted, after, BATCH)
            yield from (entry.permit for entry in page.entries)
            after = page.next_key
            if after is None:
                return


def count(wanted: Search, most: int) -> int:
    """How many permits fit, counted to ``most`` and one more."""
    with reading(SYSTEM) as look:
        query = _matching(select(Case.id), wanted).limit(most + 1)
        return len(look.session.scalars(query).all())


def deciding(session: Session) -> list[Authority]:
    """The authorities that have decided a permit in the register, in the order of their places."""
    ids = select(Case.authority_id).where(Case.decided_on.is_not(None), Case.state.in_(PUBLISHED))
    return list(session.scalars(select(Authority).where(Authority.id.in_(ids)).order_by(Authority.region_code, Authority.id)))


def is_key(text: str) -> bool:
    """Whether ``text`` has the shape of a key of a page."""
    day, _, number = text.partition("_")
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return len(day) == len("2026-03-31") and number.isascii() and number.isdecimal() and len(number) < 10


def publication(decided_on: date, calendar: Calendar) -> Explanation:
    """Until when the law wants a decision of ``decided_on`` published (T17), with every day explained."""
    return explain(decided_on, LIMITS["T17"], calendar)


def published_late(session: Session, today: date) -> list[str]:
    """The numbers of the cases whose decision is not public although its limit has passed (T17).

    Empty by construction: a case enters the register in the statement that closes it. What could stand here is a licence that could
    not be made for longer than the limit.
    """
    missing = select(Case.public_number, Case.updated_at).where(Case.decided_on.is_(None), Case.state.in_((State.ISSUING, *PUBLISHED)))
    rows = session.execute(missing.order_by(Case.id)).all()
    calendar = calendar_now(session)
    return [number for number, at in rows if (publication(local_date(at), calendar).due or today) < today]


def _page(look: Work, wanted: Search, after: str | None, size: int) -> Page:
    query = _matching(select(Case, Company, Authority), wanted)
    if after is not None:
        day, _, last_id = after.partition("_")
        query = query.where(tuple_(Case.decided_on, Case.id) < (date.fromisoformat(day), int(last_id)))
    query = query.join(Company, Company.id == Case.company_id).join(Authority, Authority.id == Case.authority_id)
    found = look.session.execute(query.order_by(Case.decided_on.desc(), Case.id.desc()).limit(size + 1)).all()
    shown = found[:size]
    ids = [case.id for case, _, _ in shown]
    licences, letters, today = _licences(look.session, ids), _refusals(look.session, ids), local_date(look.now)
    calendar = calendar_now(look.session)
    due = {day: publication(day, calendar).due for day in {case.decided_on for case, _, _ in shown}}
    entries = tuple(
        _entry(case, company, authority, licences.get(case.id), letters.get(case.id, ""), today, due[case.decided_on])
        for case, company, authority in shown
    )
    last = shown[-1][0] if len(found) > size else None
    return Page(entries, f"{last.decided_on}_{last.id}" if last else None)


def _entry(
    case: Case, company: Company, authority: Authority, licence: Licence | None, refusal: str, today: date, due: date | None
) -> Entry:
    matter, granted = load_catalogue().matter(case.matter), case.state == State.GRANTED
    permit = Permit(
        case_id=case.id,
        granted=granted,
        number=licence.number if granted and licence else refusal,
        holder=masked_holder(company.name, company.legal_representative),
        matter_code=case.matter,
        matter=matter.name,
        project=scrubbed(case.project_name),
        decided_on=case.decided_on or today,
        valid_from=licence.valid_from if granted and licence else None,
        valid_until=licence.valid_until if granted and licence else None,
        authority=authority.name,
    )
    status = status_on(Status(licence.status), licence.valid_until, today) if licence else None
    return Entry(permit, matter, authority, licence, status, due)


def _matching(query: Any, wanted: Search) -> Any:
    query = query.where(Case.decided_on.is_not(None), Case.state.in_(PUBLISHED))
    if wanted.matter:
        query = query.where(Case.matter == wanted.matter)
    if wanted.authority_id is not None:
        query = query.where(Case.authority_id == wanted.authority_id)
    if wanted.region:
        query = query.where(Case.region_code.startswith(_prefix(wanted.region), autoescape=True))
    if wanted.first is not None:
        query = query.where(Case.decided_on >= wanted.first)
    if wanted.last is not None:
        query = query.where(Case.decided_on <= wanted.last)
    if wanted.granted is not None:
        query = query.where(Case.state == (State.GRANTED if wanted.granted else State.REFUSED))
    return query.where(_said(wanted.words)) if wanted.words else query


def _said(words: str) -> Any:
    """A part of the holder's name or of the project, or a whole number: of the licence, of the refusal, or the credit code.

    A name that is masked is not looked for: whoever guesses it would learn that it is right.
    """
    number = canonical_number(words)
    named = and_(Company.name.icontains(words, autoescape=True), _has_public_name())
    holders = select(Company.id).where(or_(named, Company.uscc == words.upper()))
    licences = select(Licence.case_id).where(Licence.number == number, Licence.status.in_(PUBLIC), Licence.case_id.is_not(None))
    letters = select(Letter.case_id).where(Letter.number == number, Letter.kind == REFUSAL, Letter.case_id.is_not(None))
    return or_(
        Case.company_id.in_(holders),
        Case.project_name.icontains(words, autoescape=True),
        Case.id.in_(licences),
        Case.id.in_(letters),
    )


def _has_public_name() -> Any:
    """Whether a holder is none whose name is masked; :func:`licensing.register.rules.masked_holder` says the same of one name."""
    longer = func.length(Company.name) > LONGEST_PERSON
    body = and_(func.length(Company.name) == LONGEST_PERSON, or_(*(Company.name.endswith(ending) for ending in BODIES)))
    return and_(or_(longer, body), ~Company.name.contains("·"), Company.name != Company.legal_representative)


def _prefix(region: str) -> str:
    """What the codes of all places inside ``region`` begin with: 320000 holds 32…, 320100 holds 3201…."""
    return region.removesuffix("00").removesuffix("00")


def _licences(session: Session, case_ids: list[int]) -> dict[int, Licence]:
    """The latest version of the licence of each case, if it is out."""
    query = select(Licence).where(Licence.case_id.in_(case_ids), Licence.status.in_(PUBLIC)).order_by(Licence.version, Licence.id)
    return {licence.case_id: licence for licence in session.scalars(query) if licence.case_id is not None}


def _refusals(session: Session, case_ids: list[int]) -> dict[int, str]:
    """The number of the letter that refused the permit, by case."""
    query = select(Letter.case_id, Letter.number).where(Letter.case_id.in_(case_ids), Letter.kind == REFUSAL).order_by(Letter.id)
    return {case_id: number for case_id, number in session.execute(query) if case_id is not None}
