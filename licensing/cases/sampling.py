"""Draws of promises to verify 双随机: the list is frozen in the public log, whose tree then gives the seed; anyone can draw again.

The seed is the tree head right after the leaf of the list: nobody knows it before the list is fixed, and another list makes another leaf
that everybody sees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from licensing.cases.journal import not_found, require
from licensing.cases.machine import State as CaseState
from licensing.cases.tables import Case
from licensing.catalogue.queries import catalogue_now
from licensing.clock import add_working_days, local_date
from licensing.clock.queries import calendar_now
from licensing.commitments.health import DRAW_LEAF
from licensing.commitments.journal import leaf_subject
from licensing.commitments.machine import State
from licensing.commitments.rules import Occasion, canonical
from licensing.commitments.tables import Commitment, SampleDraw
from licensing.commitments.verification import open_task
from licensing.errors import Conflict, FieldError, Invalid
from licensing.ledger import queries as ledger
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.licences.tables import Licence
from licensing.parties.queries import authority as authority_of
from licensing.parties.tables import Authority
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work, reading, unit_of_work
from licensing.storage.counters import next_value
from licensing.words import say

LIST_LEAF: Final = "sample-list"
_YEAR: Final = timedelta(days=365)
_DRAWABLE: Final = (State.PROMISED, State.TRUE, State.UNCLEAR)


@dataclass(frozen=True, slots=True)
class DrawPage:
    """One draw with its authority and the frozen list, for everybody who wants to draw again."""

    draw: SampleDraw
    authority: Authority
    items: tuple[str, ...]
    listing: bytes


def drawn(items: Sequence[str], count: int, seed: str) -> list[str]:
    """The ``count`` items whose SHA-256 of ``seed``, a line feed and the item is smallest, in that order. Pure: equal input, equal draw."""
    return sorted(items, key=lambda item: hashlib.sha256(f"{seed}\n{item}".encode()).digest())[:count]


def share_of(population: int, percent: int) -> int:
    """How many of ``population`` are ``percent`` of it, rounded up: at least one where there is any."""
    return -(-population * percent // 100)


def draw(actor: Actor, authority_id: int, percent: int) -> int:
    """Draw ``percent`` of the promises on which permits of the last year rest, and open their verification. The id of the draw.

    Raises ``Invalid`` (``percent``), ``Conflict`` (``nothing-to-draw``).
    """
    if not 1 <= percent <= 100:
        sentence = say("Give a share of 1 to 100 percent.")
        raise Invalid(sentence, [FieldError("percent", "percent", sentence)], code="percent")
    with unit_of_work(actor) as work:
        require(work, Action.COMMITMENT_DRAW, Subject(authority_id=authority_id))
        population = {leaf_subject(made): made for made in _population(work, authority_id)}
        if not population:
            raise Conflict(
                say("There is no promise to draw from."), next_step=say("Come back after the next permit."), code="nothing-to-draw"
            )
        year, items = local_date(work.now).year, sorted(population)
        number = f"CJ{year}{next_value(work.session, f'draw:{year}'):06d}"
        listing = canonical({"draw": number, "items": items, "percent": percent})
        digest = work.files.put(listing)
        size = append(work, LIST_LEAF, number, bytes.fromhex(digest)).position + 1
        seed = ledger.root_at(work.session, size).hex()
        chosen = drawn(items, share_of(len(items), percent), seed)
        row = SampleDraw(
            number=number,
            authority_id=authority_id,
            list_sha256=digest,
            population=len(items),
            wanted=len(chosen),
            tree_size=size,
            seed=seed,
            drawn=chosen,
            drawn_at=work.now,
            drawn_by=actor.person_id,
        )
        work.session.add(row)
        work.session.flush()
        append(work, DRAW_LEAF, number, row_digest(row))
        for item in chosen:
            _open(work, population[item])
        return row.id


def draws(actor: Actor) -> list[SampleDraw]:
    """The draws of the actor's authorities, newest first."""
    with reading(actor) as look:
        require(look, Action.REGISTER_READ, Subject())
        query = select(SampleDraw).where(SampleDraw.authority_id.in_(actor.authority_ids)).order_by(SampleDraw.id.desc())
        return list(look.session.scalars(query))


def draw_page(actor: Actor, draw_id: int) -> DrawPage:
    """One draw with its list. Raises ``NotFound``."""
    with reading(actor) as look:
        row = look.session.get(SampleDraw, draw_id)
        if row is None or row.authority_id not in actor.authority_ids:
            raise not_found()
        listing = look.files.get(row.list_sha256)
        return DrawPage(row, authority_of(look.session, row.authority_id), _items(listing), listing)


def _items(listing: bytes) -> tuple[str, ...]:
    return tuple(json.loads(listing)["items"])


def _population(work: Work, authority_id: int) -> list[Commitment]:
    since = local_date(work.now) - _YEAR
    query = (
        select(Commitment)
        .join(Case, Case.id == Commitment.case_id)
        .join(Licence, Licence.case_id == Case.id)
        .where(
            Case.authority_id == authority_id,
            Case.state == CaseState.GRANTED,
            Licence.version == 1,
            Licence.issued_on >= since,
            Commitment.state.in_(_DRAWABLE),
            Case.company_id.not_in(work.actor.company_ids),
        )
        .order_by(Commitment.id)
    )
    return list(work.session.scalars(query))


def _open(work: Work, made: Commitment) -> None:
    proof = catalogue_now(work.session).proof(made.proof, made.proof_version)
    due = add_working_days(local_date(work.now), proof.verification_days, calendar_now(work.session))
    open_task(work, made, "random", Occasion.SAMPLE, due)
