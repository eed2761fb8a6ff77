"""The leader's page: the figures of an authority and of all below it for the last twelve months.

The databases sum up, so many cases cost little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, func, literal_column, select

from licensing.cases.counted import DAYS, UNTRUE_STATES, Behind, Figure, conditions
from licensing.cases.figures import HANDED_IN, PROMISED, Spread, last_months, next_month, read_proofs, spread
from licensing.cases.journal import not_found, require
from licensing.cases.machine import State, Turn
from licensing.cases.tables import Case, CaseAssignment, CaseMeasure, CaseMeasureCorrection
from licensing.cases.targets import Target, target_name
from licensing.cases.worklist import RUNNING
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Matter, Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import local_date
from licensing.commitments.tables import Commitment
from licensing.parties.queries import authority_tree, officers, person_names
from licensing.policy import Action, Actor, Role, Subject
from licensing.storage import Work, reading

TOP = 10
NOBODY = 0
"""The load of nobody: open cases on which nobody works."""


@dataclass(frozen=True, slots=True)
class ProofUse:
    """How often one proof was promised, handed in, and decided to be untrue, by the cases received in the period."""

    proof: Proof
    promised: int
    handed_in: int
    untrue: int


@dataclass(frozen=True, slots=True)
class Load:
    """What one officer has on the desk, and did in the period; ``person`` is :data:`NOBODY` for open cases on which nobody works."""

    person: int
    name: str
    open: int
    accepted: int
    proposed: int
    decided: int


@dataclass(frozen=True, slots=True)
class PlaceFigures:
    """One region by its code, or one authority by its id: received by month, decided, late, and how long it took."""

    code: str
    name: str
    months: Mapping[date, int]
    received: int
    decided: int
    spread: Spread | None

    @property
    def late(self) -> int:
        return self.spread.late if self.spread else 0


@dataclass(frozen=True, slots=True)
class LeaderPage:
    """Everything the page shows; counts by month for each figure, spreads by matter, by month, and the parts that explain them.

    ``late_by`` says at whose turn most days of the late decisions passed, ``late_now`` where the open cases stand whose day has passed.
    ``corrected`` says how many cases were asked for corrections how often. ``authority_names`` are those for which the reader may ask.
    """

    months: tuple[date, ...]
    monthly: Mapping[Figure, Mapping[date, int]]
    spreads: tuple[tuple[Matter, Spread], ...]
    monthly_spreads: tuple[tuple[date, Spread | None], ...]
    late_by: Mapping[Turn, int]
    late_now: Mapping[State, int]
    open: int
    corrected: Mapping[int, int]
    items: tuple[tuple[Matter, Target, int], ...]
    proofs: tuple[ProofUse, ...]
    loads: tuple[Load, ...]
    regions: tuple[PlaceFigures, ...]
    region_names: Mapping[str, str]
    authorities: tuple[PlaceFigures, ...]
    authority_names: Mapping[str, str]

    def total(self, figure: Figure) -> int:
        """The whole period in one number."""
        return sum(self.monthly[figure].values())


_ByMonth = list[tuple[date, Any]]
"""Rows of counts, each beside the first day of its month."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """Whose cases are counted, and which part of them."""

    look: Work
    authorities: frozenset[int]
    months: Sequence[date]
    matter: str
    region: str

    def measured(self, figure: Figure, *columns: Any) -> Select[Any]:
        """``columns`` and how many cases, over the cases behind ``figure`` in the period."""
        behind = Behind(figure, self.months[0], next_month(self.months[-1]), self.region)
        query = (
            select(*columns, func.count().label("cases")).select_from(CaseMeasure).where(*self.of_matter(CaseMeasure), *conditions(behind))
        )
        return query.group_by(*columns)

    def open(self, *columns: Any) -> Select[Any]:
        """``columns`` and how many cases, over the cases that run now."""
        query = select(*columns, func.count().label("cases")).select_from(Case).join(CaseMeasure, CaseMeasure.case_id == Case.id)
        region = (CaseMeasure.region == self.region,) if self.region else ()
        return query.where(*self.of_matter(Case), Case.state.in_(RUNNING), *region).group_by(*columns)

    def of_matter(self, table: Any) -> list[ColumnElement[bool]]:
        matter = [table.matter == self.matter] if self.matter else []
        return [table.authority_id.in_(self.authorities), *matter]

    def by_month(self, figure: Figure, *columns: Any) -> _ByMonth:
        """The same by month, each row beside the first day of its month."""
        # The first seven characters of a day in ISO 8601; both databases write days so.
        month = func.substr(cast(DAYS[figure], String), literal_column("1"), literal_column("7")).label("month")
        known = {f"{first:%Y-%m}": first for first in self.months}
        return [(known[row.month], row) for row in self.rows(self.measured(figure, month, *columns))]

    def rows(self, query: Any) -> list[Any]:
        return list(self.look.session.execute(query).all())


def leader_page(actor: Actor, *, matter: str = "", region: str = "", authority: str = "") -> LeaderPage:
    """The figures of the authorities that the actor supervises and of all below, or of the one ``authority`` (its id) among them.

    Raises ``Forbidden`` for anybody else, ``NotFound`` for an authority that is not among them.
    """
    with reading(actor) as look:
        require(look, Action.FIGURES_READ, Subject())
        offices = _offices(look)
        if authority and authority not in offices:
            raise not_found()
        wanted = frozenset(int(code) for code in ([authority] if authority else offices))
        scope = _Scope(look, wanted, last_months(local_date(look.now)), matter, region)
        measures = CaseMeasure
        received = scope.by_month(Figure.RECEIVED, measures.authority_id, measures.region, measures.corrections, measures.proofs)
        accepted = scope.by_month(Figure.ACCEPTED, measures.silent, measures.acceptor_id)
        taken = (measures.days, measures.legal_days, measures.promised_days)
        decided = scope.by_month(Figure.DECIDED, measures.authority_id, measures.region, measures.matter, *taken)
        names = _region_names(scope)
        return LeaderPage(
            months=tuple(scope.months),
            monthly=_monthly(received, accepted, decided),
            spreads=tuple((known, found) for known in load_catalogue().matters if (found := _spread(decided, matter=known.code))),
            monthly_spreads=tuple((month, _spread(decided, month=month)) for month in scope.months) if matter else (),
            late_by={Turn(turn): count for turn, count in scope.rows(scope.measured(Figure.LATE, measures.slowest))},
            late_now={State(state): count for state, count in scope.rows(_late_now(scope))},
            open=sum(count for (count,) in scope.rows(scope.open())),
            corrected=_sum((row.corrections, row.cases) for _, row in received),
            items=_top(scope),
            proofs=_proofs(scope, received),
            loads=_loads(scope, accepted),
            regions=_places(received, decided, names, lambda row: row.region),
            region_names=names,
            authorities=_places(received, decided, offices, lambda row: str(row.authority_id)) if len(wanted) > 1 else (),
            authority_names=offices,
        )


def _offices(look: Work) -> dict[str, str]:
    """The names of the authorities that the reader supervises and of all below them, by id, each after the one above it."""
    supervised = {post.authority_id for post in look.actor.posts if post.role is Role.SUPERVISOR} | look.actor.overseen
    return {str(row.id): row.name for _, row in authority_tree(look.session, look.actor) if row.id in supervised}


def _sum(pairs: Any) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for key, count in pairs:
        found[key] += count
    return found


def _monthly(received: _ByMonth, accepted: _ByMonth, decided: _ByMonth) -> dict[Figure, Mapping[date, int]]:
    parts = {
        Figure.RECEIVED: received,
        Figure.ACCEPTED: accepted,
        Figure.SILENT: [(month, row) for month, row in accepted if row.silent],
        Figure.DECIDED: decided,
        Figure.LATE: [(month, row) for month, row in decided if row.days > row.legal_days],
        Figure.BEYOND_PROMISE: [(month, row) for month, row in decided if row.days > row.promised_days],
    }
    return {figure: _sum((month, row.cases) for month, row in rows) for figure, rows in parts.items()}


def _spread(decided: _ByMonth, *, matter: str = "", month: date | None = None) -> Spread | None:
    return spread(
        (row.days, row.legal_days, row.promised_days, row.cases)
        for when, row in decided
        if matter in ("", row.matter) and month in (None, when)
    )


def _late_now(scope: _Scope) -> Select[Any]:
    return scope.open(Case.state).where(Case.due_on < local_date(scope.look.now))


def _top(scope: _Scope) -> tuple[tuple[Matter, Target, int], ...]:
    counts = scope.measured(Figure.RECEIVED, CaseMeasure.matter, CaseMeasureCorrection.target)
    counts = counts.join(CaseMeasureCorrection, CaseMeasureCorrection.case_id == CaseMeasure.case_id)
    found = sorted(scope.rows(counts), key=lambda row: (-row.cases, row.matter, row.target))[:TOP]
    return tuple((matter := load_catalogue().matter(row.matter), _named(matter, row.target), row.cases) for row in found)


def _named(matter: Matter, code: str) -> Target:
    """The thing with this code under its name of today; a code that is known no more is its own name."""
    named = target_name(matter, code)
    return Target(code, named.name, named.english_name)


def _proofs(scope: _Scope, received: _ByMonth) -> tuple[ProofUse, ...]:
    untrue = select(Commitment.proof, func.count(Commitment.case_id.distinct())).join(
        CaseMeasure, CaseMeasure.case_id == Commitment.case_id
    )
    behind = Behind(Figure.RECEIVED, scope.months[0], next_month(scope.months[-1]), scope.region)
    untrue = untrue.where(*scope.of_matter(CaseMeasure), Commitment.authority_id.in_(scope.authorities), *conditions(behind))
    found_untrue: dict[str, int] = dict(scope.rows(untrue.where(Commitment.state.in_(UNTRUE_STATES)).group_by(Commitment.proof)))
    used = _sum((chosen, row.cases) for _, row in received for chosen in read_proofs(row.proofs).items())
    catalogue = catalogue_now(scope.look.session)
    codes = sorted({code for code, _ in used} | set(found_untrue))
    return tuple(ProofUse(catalogue.proof(code), used[code, PROMISED], used[code, HANDED_IN], found_untrue.get(code, 0)) for code in codes)


def _loads(scope: _Scope, accepted: _ByMonth) -> tuple[Load, ...]:
    open_cases = scope.open(CaseAssignment.person_id).outerjoin(CaseAssignment, CaseAssignment.case_id == Case.id)
    held: dict[int, int] = {person or NOBODY: count for person, count in scope.rows(open_cases)}
    signed = scope.rows(scope.measured(Figure.DECIDED, CaseMeasure.proposer_id, CaseMeasure.decider_id))
    done = {
        Figure.ACCEPTED_BY: _sum((row.acceptor_id, row.cases) for _, row in accepted if row.acceptor_id is not None),
        Figure.PROPOSED_BY: _sum((row.proposer_id, row.cases) for row in signed if row.proposer_id is not None),
        Figure.DECIDED_BY: _sum((row.decider_id, row.cases) for row in signed if row.decider_id is not None),
    }
    day = local_date(scope.look.now)
    posted = {person.id for place in scope.authorities for person in officers(scope.look.session, place, day)}
    people = posted | set(held) | {person for counts in done.values() for person in counts}
    names = person_names(scope.look.session, people)
    loads = (
        Load(
            person,
            names.get(person, ""),
            held.get(person, 0),
            *(done[figure].get(person, 0) for figure in (Figure.ACCEPTED_BY, Figure.PROPOSED_BY, Figure.DECIDED_BY)),
        )
        for person in people
    )
    shown = (load for load in loads if load.open or load.accepted or load.proposed or load.decided or load.person in posted)
    return tuple(sorted(shown, key=lambda load: (load.person == NOBODY, -load.open, load.person)))


def _region_names(scope: _Scope) -> dict[str, str]:
    codes = scope.look.session.scalars(
        select(CaseMeasure.region).where(CaseMeasure.authority_id.in_(scope.authorities), CaseMeasure.region != "").distinct()
    )
    catalogue = load_catalogue()
    return {code: catalogue.region_name(code) if catalogue.has_region(code) else code for code in sorted(codes)}


def _places(received: _ByMonth, decided: _ByMonth, names: Mapping[str, str], place: Callable[[Any], str]) -> tuple[PlaceFigures, ...]:
    """The same rows for each place that has any, the one that received most first; ``place`` is where a row belongs."""
    found = []
    for code, name in names.items():
        months = _sum((month, row.cases) for month, row in received if place(row) == code)
        taken = _spread([(month, row) for month, row in decided if place(row) == code])
        if months or taken:
            found.append(PlaceFigures(code, name, months, months.total(), taken.count if taken else 0, taken))
    return tuple(sorted(found, key=lambda one: (-one.received, one.code)))
