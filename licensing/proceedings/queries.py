"""Reads on licences and the proceedings about them, scoped to the actor: lists and files. A licence's page is ``licence_page``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Select, or_, select

from licensing.clock import local_date, today
from licensing.letters import actions as letter_actions
from licensing.letters.queries import not_found as letter_not_found
from licensing.letters.queries import of_licences
from licensing.letters.tables import Letter
from licensing.licences.operations import Operation
from licensing.licences.status import PUBLIC, Status
from licensing.licences.tables import Licence
from licensing.parties.tables import Company
from licensing.policy import Action, Actor, Role, Subject
from licensing.proceedings.journal import require
from licensing.proceedings.licence_page import family, readable
from licensing.proceedings.machine import OPEN, State, Turn
from licensing.proceedings.rules import ProceedingView
from licensing.proceedings.tables import Proceeding
from licensing.storage import Work, reading


def licence_file(actor: Actor, licence_id: int) -> tuple[Licence, bytes]:
    """A version of a licence with its signed file. Raises ``NotFound``."""
    with reading(actor) as look:
        licence, _subject = readable(look, licence_id)
        return licence, look.files.get(licence.file_sha256 or "")


def letter_for(actor: Actor, licence_id: int, letter_id: int) -> tuple[Letter, bytes]:
    """A letter about a licence, or an earlier or later version of it, with its sealed PDF. Raises ``NotFound``.

    When somebody of the holder opens it first, that is its receipt.
    """
    with reading(actor) as look:
        licence, subject = readable(look, licence_id)
        known = {letter.id: letter for letter in of_licences(look.session, [version.id for version in family(look.session, licence)])}
    if letter_id not in known:
        raise letter_not_found()
    if subject.company_id in actor.company_ids:
        return known[letter_id], letter_actions.delivered_pdf(actor, known[letter_id])
    return known[letter_id], letter_actions.sealed_pdf(letter_id)


@dataclass(frozen=True, slots=True)
class Register:
    """A page of the register; ``next_key`` continues after it."""

    rows: tuple[Licence, ...]
    next_key: int | None


def licences_of_companies(actor: Actor, *, after: int | None = None, size: int = 50) -> Register:
    """The licences of the companies in which the actor has a seat, each in its latest version, newest first; keyset-paged by ``after``."""
    with reading(actor) as look:
        codes = select(Company.uscc).where(Company.id.in_(actor.company_ids))
        query = select(Licence).where(Licence.holder_code.in_(codes), Licence.status.in_(PUBLIC), Licence.successor_id.is_(None))
        if after is not None:
            query = query.where(Licence.id < after)
        return _paged(look, query, size)


def register(
    actor: Actor, *, kind: str | None = None, status: Status | None = None, search: str = "", after: int | None = None, size: int = 50
) -> Register:
    """The licences of the authorities that the actor may read, newest first; keyset-paged by ``after``.

    Without ``status`` each in its latest version. Licences of the actor's own companies are left out.
    """
    with reading(actor) as look:
        require(look, Action.REGISTER_READ, Subject())
        own = select(Company.uscc).where(Company.id.in_(actor.company_ids))
        query = select(Licence).where(Licence.authority_id.in_(actor.readable_ids), Licence.holder_code.not_in(own))
        query = _with_status(query, status)
        if kind:
            query = query.where(Licence.type == kind)
        if search:
            query = query.where(_matches(search))
        if after is not None:
            query = query.where(Licence.id < after)
        return _paged(look, query, size)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A proceeding that waits for a post of the actor."""

    row: Proceeding
    licence: Licence
    operation: Operation
    turn: Turn


def waiting(actor: Actor, most: int = 50) -> tuple[Waiting, ...]:
    """The proceedings that wait for the actor's posts, the oldest first, at most so many; none of the actor's own companies."""
    with reading(actor) as look:
        require(look, Action.REGISTER_READ, Subject())
        fitting = {post.authority_id for post in actor.posts if any(post.role in roles for roles in _TURNS.values())}
        query = (
            select(Proceeding, Licence)
            .join(Licence, Licence.id == Proceeding.licence_id)
            .where(Proceeding.authority_id.in_(fitting), Proceeding.state.in_(OPEN))
            .order_by(Proceeding.id)
        )
        day, found = local_date(look.now), look.session.execute(query.execution_options(yield_per=100))
        rows = (
            Waiting(row, licence, Operation(row.operation), _turn(row, day))
            for row, licence in found
            if row.company_id not in actor.company_ids
        )
        mine = (one for one in rows if _TURNS.get(one.turn, frozenset()) & _posts(actor, one.row.authority_id))
        return tuple(islice(mine, most))


_TURNS = {
    Turn.EXAMINER: frozenset({Role.EXAMINER, Role.VERIFIER, Role.SUPERVISOR}),
    Turn.APPROVER: frozenset({Role.APPROVER}),
}


def _paged(look: Work, query: Select[Licence], size: int) -> Register:
    found = look.session.scalars(query.order_by(Licence.id.desc()).limit(size + 1)).all()
    return Register(tuple(found[:size]), found[size - 1].id if len(found) > size else None)


def _turn(row: Proceeding, day: date) -> Turn:
    state = State(row.state)
    return ProceedingView(Operation(row.operation), row.asked, state, due_on=row.due_on).turn(day)


def _posts(actor: Actor, authority_id: int) -> frozenset[Role]:
    return frozenset(post.role for post in actor.posts if post.authority_id == authority_id)


def _with_status(query: Select[Licence], status: Status | None) -> Select[Licence]:
    """Only licences whose status counts as ``status`` today: the date ends them whatever the register still says."""
    over = Licence.valid_until < today()
    if status is None:
        return query.where(Licence.status.in_(PUBLIC), Licence.successor_id.is_(None))
    if status is Status.EXPIRED:
        return query.where(or_(Licence.status == status, (Licence.status == Status.IN_FORCE) & over))
    if status is Status.IN_FORCE:
        return query.where(Licence.status == status, or_(Licence.valid_until.is_(None), ~over))
    return query.where(Licence.status == status)


def _matches(search: str) -> Any:
    plain = re.sub(r"([\\%_])", r"\\\1", search)
    columns = (Licence.number, Licence.holder, Licence.project, Licence.identifier, Licence.holder_code)
    return or_(*(column.like(f"%{plain}%", escape="\\") for column in columns))
