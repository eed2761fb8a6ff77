"""Draws as they are read: by officers of the authority, and by everybody, with the names of inspectors masked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import select

from licensing.cases.journal import not_found, require
from licensing.commitments.draws import assigned, drawn
from licensing.commitments.tables import SampleDraw
from licensing.parties.queries import authority as authority_of
from licensing.parties.queries import person_names
from licensing.parties.tables import Authority
from licensing.policy import SYSTEM, Action, Actor, Subject
from licensing.storage import Work, reading


@dataclass(frozen=True)
class DrawPage:
    """One draw with its authority and the frozen list, for everybody who wants to draw again.

    ``names`` of inspectors are by their number.
    """

    draw: SampleDraw
    authority: Authority
    listing: bytes
    names: Mapping[str, str]

    @cached_property
    def frozen(self) -> Mapping[str, Any]:
        """What the list says."""
        said: Mapping[str, Any] = json.loads(self.listing)
        return said

    @property
    def items(self) -> tuple[str, ...]:
        return tuple(self.frozen["items"])

    @property
    def names_inspectors(self) -> bool:
        """Whether inspectors were drawn as well; those of the first draws were not."""
        return "inspectors" in self.frozen

    @property
    def inspectors(self) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """Each drawn item with number and name of its inspectors, in the order of the draw."""
        eligible, seed = self.frozen.get("inspectors", {}), self.draw.seed
        return tuple(
            (item, tuple((number, self.names.get(number, "")) for number in assigned(eligible.get(item, ()), item, seed)))
            for item in self.draw.drawn
        )

    @property
    def same(self) -> bool:
        """Whether drawing again, now, gives what was drawn."""
        return drawn(self.items, self.draw.wanted, self.draw.seed) == list(self.draw.drawn)


@dataclass(frozen=True, slots=True)
class Draws:
    """A page of draws, newest first, each with its authority; ``next_key`` continues after it."""

    rows: tuple[tuple[SampleDraw, Authority], ...]
    next_key: int | None


def draws(actor: Actor) -> list[SampleDraw]:
    """The draws of the actor's authorities, newest first."""
    with reading(actor) as look:
        require(look, Action.REGISTER_READ, Subject())
        query = select(SampleDraw).where(SampleDraw.authority_id.in_(actor.authority_ids)).order_by(SampleDraw.id.desc())
        return list(look.session.scalars(query))


def draw_page(actor: Actor, draw_id: int) -> DrawPage:
    """One draw with its list and the full names of its inspectors. Raises ``NotFound``."""
    with reading(actor) as look:
        row = look.session.get(SampleDraw, draw_id)
        if row is None or row.authority_id not in actor.authority_ids:
            raise not_found()
        page = _page(look, row)
        people = person_names(look.session, {int(number) for number in page.names})
        return DrawPage(row, page.authority, page.listing, {str(person): name for person, name in people.items()})


def public_draws(*, after: int | None = None, size: int = 30) -> Draws:
    """All draws of all authorities."""
    with reading(SYSTEM) as look:
        query = select(SampleDraw, Authority).join(Authority, Authority.id == SampleDraw.authority_id).order_by(SampleDraw.id.desc())
        if after is not None:
            query = query.where(SampleDraw.id < after)
        found = look.session.execute(query.limit(size + 1)).all()
        return Draws(tuple((row, authority) for row, authority in found[:size]), found[size - 1][0].id if len(found) > size else None)


def public_draw(number: str) -> DrawPage:
    """One draw by its number, inspectors masked. Raises ``NotFound``."""
    with reading(SYSTEM) as look:
        row = look.session.scalar(select(SampleDraw).where(SampleDraw.number == number))
        if row is None:
            raise not_found()
        return _page(look, row)


def _page(look: Work, row: SampleDraw) -> DrawPage:
    listing = look.files.get(row.list_sha256)
    return DrawPage(row, authority_of(look.session, row.authority_id), listing, json.loads(listing).get("names", {}))
