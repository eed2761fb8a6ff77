"""The list of closed files of an authority: searched by number, newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select

from licensing.cases.journal import require
from licensing.cases.tables import Case, CaseArchive
from licensing.catalogue import load_catalogue
from licensing.catalogue.loader import load_retention
from licensing.catalogue.model import Matter
from licensing.catalogue.retention import Period
from licensing.errors import Invalid
from licensing.parties.tables import Authority, Company
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work, reading
from licensing.words import say

MOST_ROWS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Closed:
    """One closed file: its row, the case, and the names that a list shows."""

    row: CaseArchive
    case: Case
    company: Company
    authority: Authority
    matter: Matter
    period: Period


@dataclass(frozen=True, slots=True)
class ClosedFiles:
    """A page of closed files; ``next_key`` continues after it."""

    rows: tuple[Closed, ...]
    next_key: int | None


def closed_files(actor: Actor, search: str = "", *, after: int | None = None, size: int = 30) -> ClosedFiles:
    """The closed files of the authorities that the actor may read, newest first; keyset-paged by ``after``.

    ``search`` is a part of the number of the file or of the case, or of the name of the project or the company.
    """
    with reading(actor) as look:
        require(look, Action.ARCHIVE_READ, Subject())
        query = _query(look, search)
        if after is not None:
            query = query.where(CaseArchive.id < after)
        found = [_closed(row) for row in look.session.execute(query.limit(size + 1))]
        return ClosedFiles(tuple(found[:size]), found[size - 1].row.id if len(found) > size else None)


def all_closed_files(actor: Actor, search: str = "") -> tuple[Closed, ...]:
    """Every closed file that fits, for a table. Raises ``Invalid`` (``too-many-rows``) above 50,000."""
    with reading(actor) as look:
        require(look, Action.ARCHIVE_READ, Subject())
        found = tuple(_closed(row) for row in look.session.execute(_query(look, search).limit(MOST_ROWS + 1)))
    if len(found) > MOST_ROWS:
        raise Invalid(
            say("More than %(most)s files fit, which is more than one table may hold.", most=MOST_ROWS),
            next_step=say("Search for a part of the number, such as the year, and download the tables one by one."),
            code="too-many-rows",
        )
    return found


def _query(look: Work, search: str) -> Any:
    actor = look.actor
    query: Any = (
        select(CaseArchive, Case, Company, Authority)
        .join(Case, Case.id == CaseArchive.case_id)
        .join(Company, Company.id == Case.company_id)
        .join(Authority, Authority.id == CaseArchive.authority_id)
        .where(CaseArchive.authority_id.in_(actor.readable_ids), Case.company_id.not_in(actor.company_ids))
        .order_by(CaseArchive.id.desc())
    )
    columns = (CaseArchive.number, Case.public_number, Case.project_name, Company.name)
    return query.where(or_(*(column.icontains(search, autoescape=True) for column in columns))) if search else query


def _closed(found: Any) -> Closed:
    row, case, company, authority = found
    return Closed(row, case, company, authority, load_catalogue().matter(case.matter), load_retention().period_called(row.period))
