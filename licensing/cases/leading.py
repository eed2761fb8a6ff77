"""The leader's page: the figures of an authority for the last twelve months. The databases sum up, so many cases cost little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, extract, func, select

from licensing.cases.counted import DAYS, PEOPLE, UNTRUE_STATES, Behind, Figure, conditions
from licensing.cases.figures import CORRECTED, HANDED_IN, PROMISED, Spread, last_months, next_month, spread
from licensing.cases.journal import require
from licensing.cases.machine import State, Turn
from licensing.cases.tables import Case, CaseAssignment, CaseMeasure, CaseMeasureItem
from licensing.cases.targets import Target, target_name
from licensing.cases.worklist import RUNNING
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Matter, Proof
from licensing.catalogue.queries import catalogue_now
from licensing.clock import local_date
from licensing.commitments.tables import Commitment
from licensing.parties.queries import officers, person_names
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
class RegionFigures:
    """One region: received by month, decided, late, and how long it took."""

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
    ``corrected`` says how many cases were asked for corrections how often.
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
    regions: tuple[RegionFigures, ...]
    region_names: Mapping[str, str]

    def total(self, figure: Figure) -> int:
        """The whole period in one number."""
        return sum(self.monthly[figure].values())


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

    def rows(self, query: Any) -> list[Any]:
        return list(self.look.session.execute(query).all())


def leader_page(actor: Actor, *, matter: str = "", region: str = "") -> LeaderPage:
    """The figures of the authorities that the actor supervises. Raises ``Forbidden`` for anybody else."""
    with reading(actor) as look:
        require(look, Action.FIGURES_READ, Subject())
        authorities = frozenset(post.authority_id for post in actor.posts if post.role is Role.SUPERVISOR)
        scope = _Scope(look, authorities, last_months(local_date(look.now)), matter, region)
        received = scope.rows(scope.measured(Figure.RECEIVED, *_month(Figure.RECEIVED), CaseMeasure.region, CaseMeasure.corrections))
        accepted = scope.rows(scope.measured(Figure.ACCEPTED, *_month(Figure.ACCEPTED), CaseMeasure.silent))
        decided = scope.rows(
            scope.measured(
                Figure.DECIDED,
                *_month(Figure.DECIDED),
                CaseMeasure.region,
                CaseMeasure.matter,
                CaseMeasure.days,
                CaseMeasure.legal_days,
                CaseMeasure.promised_days,
            )
        )
        items = scope.rows(_items(scope))
        names = _region_names(scope)
        return LeaderPage(
            months=tuple(scope.months),
            monthly=_monthly(received, accepted, decided),
            spreads=tuple((known, found) for known in load_catalogue().matters if (found := _spread(decided, matter=known.code))),
            monthly_spreads=tuple((month, _spread(decided, month=month)) for month in scope.months),
            late_by={Turn(turn): count for turn, count in scope.rows(scope.measured(Figure.LATE, CaseMeasure.slowest))},
            late_now={State(state): count for state, count in scope.rows(_late_now(scope))},
            open=sum(count for (count,) in scope.rows(scope.open())),
            corrected=_sum((row.corrections, row.cases) for row in received),
            items=_top(items),
            proofs=_proofs(scope, items),
            loads=_loads(scope),
            regions=_regions(received, decided, names),
            region_names=names,
        )


def _month(figure: Figure) -> tuple[ColumnElement[int], ColumnElement[int]]:
    return extract("year", DAYS[figure]).label("year"), extract("month", DAYS[figure]).label("month")


def _first(row: Row[Any]) -> date:
    return date(int(row.year), int(row.month), 1)


def _sum(pairs: Any) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for key, count in pairs:
        found[key] += count
    return found


def _monthly(received: Sequence[Row[Any]], accepted: Sequence[Row[Any]], decided: Sequence[Row[Any]]) -> dict[Figure, Mapping[date, int]]:
    late = [row for row in decided if row.days > row.legal_days]
    slow = [row for row in decided if row.days > row.promised_days]
    return {
        figure: _sum((_first(row), row.cases) for row in rows)
        for figure, rows in {
            Figure.RECEIVED: received,
            Figure.ACCEPTED: accepted,
            Figure.SILENT: [row for row in accepted if row.silent],
            Figure.DECIDED: decided,
            Figure.LATE: late,
            Figure.BEYOND_PROMISE: slow,
        }.items()
    }


def _spread(decided: Sequence[Row[Any]], *, matter: str = "", region: str = "", month: date | None = None) -> Spread | None:
    return spread(
        (row.days, row.legal_days, row.promised_days, row.cases)
        for row in decided
        if matter in ("", row.matter) and region in ("", row.region) and month in (None, _first(row))
    )


def _late_now(scope: _Scope) -> Select[Any]:
    return scope.open(Case.state).where(Case.due_on < local_date(scope.look.now))


def _items(scope: _Scope) -> Select[Any]:
    columns = (CaseMeasureItem.kind, CaseMeasure.matter, CaseMeasureItem.code)
    return scope.measured(Figure.RECEIVED, *columns).join(CaseMeasureItem, CaseMeasureItem.case_id == CaseMeasure.case_id)


def _top(items: Sequence[Row[Any]]) -> tuple[tuple[Matter, Target, int], ...]:
    corrected = sorted((row for row in items if row.kind == CORRECTED), key=lambda row: (-row.cases, row.matter, row.code))
    catalogue = load_catalogue()
    found = []
    for row in corrected[:TOP]:
        matter = catalogue.matter(row.matter)
        named = target_name(matter, row.code)
        found.append((matter, Target(row.code, named.name, named.english_name), row.cases))
    return tuple(found)


def _proofs(scope: _Scope, items: Sequence[Row[Any]]) -> tuple[ProofUse, ...]:
    untrue = select(Commitment.proof, func.count(Commitment.case_id.distinct())).join(
        CaseMeasure, CaseMeasure.case_id == Commitment.case_id
    )
    behind = Behind(Figure.RECEIVED, scope.months[0], next_month(scope.months[-1]), scope.region)
    untrue = untrue.where(*scope.of_matter(CaseMeasure), Commitment.authority_id.in_(scope.authorities), *conditions(behind))
    found_untrue: dict[str, int] = dict(scope.rows(untrue.where(Commitment.state.in_(UNTRUE_STATES)).group_by(Commitment.proof)))
    used = _sum(((row.kind, row.code), row.cases) for row in items)
    catalogue = catalogue_now(scope.look.session)
    codes = sorted({code for kind, code in used if kind in (PROMISED, HANDED_IN)} | set(found_untrue))
    return tuple(ProofUse(catalogue.proof(code), used[PROMISED, code], used[HANDED_IN, code], found_untrue.get(code, 0)) for code in codes)


def _loads(scope: _Scope) -> tuple[Load, ...]:
    open_cases = scope.open(CaseAssignment.person_id).outerjoin(CaseAssignment, CaseAssignment.case_id == Case.id)
    held: dict[int, int] = {person or NOBODY: count for person, count in scope.rows(open_cases)}
    done: dict[Figure, dict[int, int]] = {
        figure: dict(scope.rows(scope.measured(figure, column).where(column.is_not(None)))) for figure, column in PEOPLE.items()
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


def _regions(received: Sequence[Row[Any]], decided: Sequence[Row[Any]], names: Mapping[str, str]) -> tuple[RegionFigures, ...]:
    found = []
    for code, name in names.items():
        months = _sum((_first(row), row.cases) for row in received if row.region == code)
        taken = _spread(decided, region=code)
        if months or taken:
            found.append(RegionFigures(code, name, months, months.total(), taken.count if taken else 0, taken))
    return tuple(sorted(found, key=lambda one: (-one.received, one.code)))
