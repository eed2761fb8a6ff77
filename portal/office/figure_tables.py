"""The leader's page as tables: the same rows stand on the page, each number leading to its cases, and in the workbook."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from flask_babel import gettext

from licensing.cases.counted import Figure
from licensing.cases.figures import Spread
from licensing.cases.leading import NOBODY, LeaderPage, PlaceFigures
from licensing.cases.machine import TURN_NAMES
from licensing.words import N_, Said, say
from portal.components import label, say_filter
from portal.office.presentation import OFFICE_STATE_NAMES
from portal.office.worklist_filter import Filter

MONTHLY: Mapping[Figure, str] = {
    Figure.RECEIVED: N_("Received"),
    Figure.ACCEPTED: N_("Accepted"),
    Figure.DECIDED: N_("Decided"),
    Figure.LATE: N_("Decided after the legal limit"),
}
PROOF_COLUMNS: Mapping[Figure, str] = {
    Figure.PROMISED: N_("Promised"),
    Figure.HANDED_IN: N_("Handed in"),
    Figure.UNTRUE: N_("Decided to be untrue"),
}
_SPREAD_HEADS = (
    say("Decided"),
    say("Median (working days)"),
    say("90th percentile (working days)"),
    say("Promised limit"),
    say("Legal limit"),
    say("After the promised limit"),
    say("After the legal limit"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place: words or a number, and the address of the cases behind it."""

    value: str | int
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table; ``code`` names it in the page, ``title`` in words."""

    code: str
    title: Said
    heads: tuple[Said, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tables(page: LeaderPage, asked: Mapping[str, str]) -> dict[str, Table]:
    """Every table of the page by its code, in the order of the page and in the language of the reader."""
    base = Filter(show="all", **asked)
    made = (
        _throughput(page, base),
        _spreads(page, base),
        *([_monthly_spreads(page, base)] if base.matter else []),
        _late_by(page, base),
        _late_now(page, base),
        _corrections(page, base),
        _items(page, base),
        _proofs(page, base),
        _loads(page, base),
        *([_places("authorities", say("By authority"), say("Authority"), page.authorities, base, "authority")] if page.authorities else []),
        _places("regions", say("By region"), say("Region"), page.regions, base, "region"),
        _region_months(page, base),
    )
    return {table.code: table for table in made}


def _throughput(page: LeaderPage, base: Filter) -> Table:
    rows = tuple(
        (Cell(_month(month)), *(_count(page.monthly[figure].get(month, 0), base, figure=figure, month=_month(month)) for figure in MONTHLY))
        for month in page.months
    )
    together = (Cell(gettext("Together")), *(_count(page.total(figure), base, figure=figure) for figure in MONTHLY))
    return Table("throughput", say("Received, accepted, decided"), (say("Month"), *map(say, MONTHLY.values())), (*rows, together))


def _spreads(page: LeaderPage, base: Filter) -> Table:
    rows = tuple((Cell(label(matter)), *_spread(found, replace(base, matter=matter.code))) for matter, found in page.spreads)
    return Table("spreads", say("Days to decide, by matter"), (say("Matter"), *_SPREAD_HEADS), rows)


def _monthly_spreads(page: LeaderPage, base: Filter) -> Table:
    rows = tuple(
        (Cell(_month(month)), *_spread(found, replace(base, month=_month(month)))) for month, found in page.monthly_spreads if found
    )
    return Table("monthly_spreads", say("Days to decide, by month"), (say("Month"), *_SPREAD_HEADS), rows)


def _spread(found: Spread, base: Filter) -> tuple[Cell, ...]:
    return (
        _count(found.count, base, figure=Figure.DECIDED),
        Cell(found.median),
        Cell(found.ninetieth),
        Cell(found.promised),
        Cell(found.legal),
        _count(found.beyond_promise, base, figure=Figure.BEYOND_PROMISE),
        _count(found.late, base, figure=Figure.LATE),
    )


def _late_by(page: LeaderPage, base: Filter) -> Table:
    rows = [
        (Cell(say_filter(TURN_NAMES[turn])), _count(count, base, figure=Figure.LATE, item=turn))
        for turn, count in sorted(page.late_by.items(), key=lambda found: -found[1])
    ]
    silent = (Cell(gettext("Nobody spoke at intake: accepted by silence")), _count(page.total(Figure.SILENT), base, figure=Figure.SILENT))
    heads = (say("Whose turn it was on most of the days"), say("Cases"))
    return Table("late_by", say("Decided after the legal limit, and why"), heads, (*rows, silent))


def _late_now(page: LeaderPage, base: Filter) -> Table:
    rows = tuple(
        (Cell(say_filter(OFFICE_STATE_NAMES[state])), _count(count, replace(base, show=state), risk="late"))
        for state, count in sorted(page.late_now.items(), key=lambda found: -found[1])
    )
    return Table("late_now", say("Open and late today"), (say("State"), say("Cases")), rows)


def _corrections(page: LeaderPage, base: Filter) -> Table:
    rows = tuple(
        (Cell(times), _count(count, base, figure=Figure.RECEIVED, times=str(times))) for times, count in sorted(page.corrected.items())
    )
    return Table("corrections", say("Corrections per case"), (say("Corrections asked for"), say("Cases")), rows)


def _items(page: LeaderPage, base: Filter) -> Table:
    rows = tuple(
        (
            Cell(label(target)),
            Cell(label(matter)),
            _count(count, replace(base, matter=matter.code), figure=Figure.CORRECTED_ITEM, item=target.code),
        )
        for matter, target, count in page.items
    )
    return Table("items", say("What had to be corrected most often"), (say("Item"), say("Matter"), say("Cases")), rows)


def _proofs(page: LeaderPage, base: Filter) -> Table:
    rows = tuple(
        (
            Cell(label(use.proof)),
            *(
                _count(count, base, figure=figure, item=use.proof.code)
                for figure, count in zip(PROOF_COLUMNS, (use.promised, use.handed_in, use.untrue), strict=True)
            ),
        )
        for use in page.proofs
    )
    return Table("proofs", say("Use of promises"), (say("Proof"), *map(say, PROOF_COLUMNS.values())), rows)


def _loads(page: LeaderPage, base: Filter) -> Table:
    rows = tuple(
        (
            Cell(load.name if load.person != NOBODY else gettext("nobody yet")),
            _count(load.open, replace(base, show="open"), officer=str(load.person)),
            *(
                _count(count, base, figure=figure, officer=str(load.person))
                for figure, count in (
                    (Figure.ACCEPTED_BY, load.accepted),
                    (Figure.PROPOSED_BY, load.proposed),
                    (Figure.DECIDED_BY, load.decided),
                )
            ),
        )
        for load in page.loads
    )
    heads = (say("Officer"), say("Works on now"), say("Accepted"), say("Proposed and decided"), say("Decided"))
    return Table("loads", say("Load per officer"), heads, rows)


def _places(code: str, title: Said, head: Said, places: Iterable[PlaceFigures], base: Filter, part: str) -> Table:
    """One row for each place; ``part`` is what of the filter names a place."""
    rows = tuple(
        (
            Cell(one.name),
            _count(one.received, base, figure=Figure.RECEIVED, **{part: one.code}),
            _count(one.decided, base, figure=Figure.DECIDED, **{part: one.code}),
            Cell(one.spread.median if one.spread else "–"),
            Cell(one.spread.ninetieth if one.spread else "–"),
            _count(one.late, base, figure=Figure.LATE, **{part: one.code}),
        )
        for one in places
    )
    heads = (
        head,
        say("Received"),
        say("Decided"),
        say("Median (working days)"),
        say("90th percentile (working days)"),
        say("After the legal limit"),
    )
    return Table(code, title, heads, rows)


def _region_months(page: LeaderPage, base: Filter) -> Table:
    rows = tuple(
        (
            Cell(one.name),
            *(
                _count(one.months.get(month, 0), replace(base, region=one.code), figure=Figure.RECEIVED, month=_month(month))
                for month in page.months
            ),
        )
        for one in page.regions
    )
    months = tuple(say("%(month)s", month=_month(month)) for month in page.months)
    return Table("region_months", say("Received by region and month"), (say("Region"), *months), rows)


def _count(count: int, base: Filter, **parts: str) -> Cell:
    """A number of cases with the address of their list; nothing is behind a zero."""
    return Cell(count, replace(base, **parts).url() if count else None)


def _month(month: date) -> str:
    return f"{month:%Y-%m}"


def totals(page: LeaderPage, asked: Mapping[str, str]) -> list[tuple[Said, Cell]]:
    """The whole period in a few numbers, for the head of the page."""
    base = Filter(show="all", **asked)
    open_now = replace(base, show="open")
    return [
        (say("Received"), _count(page.total(Figure.RECEIVED), base, figure=Figure.RECEIVED)),
        (say("Decided"), _count(page.total(Figure.DECIDED), base, figure=Figure.DECIDED)),
        (say("Decided after the legal limit"), _count(page.total(Figure.LATE), base, figure=Figure.LATE)),
        (say("Open now"), _count(page.open, open_now)),
        (say("Open and late today"), _count(sum(page.late_now.values()), open_now, risk="late")),
    ]


def one_bar(table: Table, kind: str, place: int = 1) -> list[tuple[str, list[tuple[str, int]]]]:
    """One column of a table for a drawing: the name of each row with one bar of this kind."""
    return [(str(row[0].value), [(kind, number)]) for row in table.rows if isinstance(number := row[place].value, int)]
