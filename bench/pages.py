"""Every page with a hundred times the rows: the same pages in a small world and in one of 12,000 cases.

A page that reads everything grows with the rows; one that reads a page of them does not. The worlds are those of the authorisation matrix
in ``tests``, which knows for each page an address that exists and who may open it.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time
from typing import TYPE_CHECKING

from sqlalchemy import Column, Date, String, Table, UniqueConstraint

from licensing.storage import Base

if TYPE_CHECKING:
    from test_authorisation_matrix import Matrix

TESTS = Path(__file__).parent.parent / "tests"
CASES, COMPANIES, APART = 12_000, 300, 10_000
"""How many cases and companies, and how far the numbers of a copy lie from those of the one before."""
OWN = 60
"""One in so many copies stays with the company that it was of; the others go to further companies."""
DAYS = 400
ROUNDS = 5
COPIED = (
    "case_file",
    "case_event",
    "case_document",
    "case_note",
    "case_assignment",
    "case_seen",
    "case_measure",
    "case_measure_correction",
    "commission",
    "commission_report",
    "commitment",
    "proof_choice",
    "verification",
    "commitment_event",
    "verification_inspector",
    "verification_file",
    "evidence_pack",
    "licence_event",
    "letter",
    "licence",
    "proceeding",
    "proceeding_event",
    "rating",
    "credit_entry",
    "credit_event",
    "notice",
)
ELSEWHERE = {"case_id": "case_file", "licence_id": "licence", "successor_id": "licence", "predecessor_id": "licence"}
"""Columns that name a row of another table without a foreign key."""


@dataclass(frozen=True, slots=True)
class Page:
    """Median milliseconds of the processor for a page in the small world and in the large one.

    ``growth`` is how many times longer the large one takes.
    """

    endpoint: str
    person: str
    path: str
    small_ms: float
    large_ms: float

    @property
    def growth(self) -> float:
        return self.large_ms / self.small_ms


def run(folder: Path) -> list[Page]:
    """Every page that answers to GET, the slowest first."""
    sys.path[:0] = [str(TESTS), str(TESTS / "portal")]
    from test_authorisation_matrix import open_matrix

    with open_matrix(folder) as matrix:
        pages = list(_pages(matrix))
        small = [_milliseconds(matrix, person, path) for _, person, path in pages]
        with closing(sqlite3.connect(matrix.database)) as connection:
            _multiply(connection)
        large = [_milliseconds(matrix, person, path) for _, person, path in pages]
    measured = [Page(*page, before, after) for page, before, after in zip(pages, small, large, strict=True)]
    return sorted(measured, key=lambda page: -page.large_ms)


def _pages(matrix: Matrix) -> Iterator[tuple[str, str, str]]:
    """Each page with the first person who may open it."""
    from matrix_table import Answer, guard_of, routes
    from test_authorisation_matrix import address, enters

    from portal.security import Access

    for rule, method, who in routes(matrix.app):
        if method != "GET":
            continue
        if who in (Access.PUBLIC, Access.OPEN_API):
            yield rule.endpoint, "nobody", address(matrix, rule, {**matrix.world.lots[0].stages["granted"], **matrix.world.shared})
            continue
        guard, lot = guard_of(rule.endpoint), matrix.world.lots[0]
        if guard is None:
            continue
        numbers = {**lot.stages[guard.stage], **matrix.world.shared}
        for name, actor in matrix.actors.items():
            if enters(who, actor) and guard.expected(actor, lot if guard.of_lots else None, "GET") is Answer.OPEN:
                yield rule.endpoint, name, address(matrix, rule, numbers)
                break


def _milliseconds(matrix: Matrix, person: str, path: str) -> float:
    times = []
    for _ in range(ROUNDS + 1):
        begun = process_time()
        matrix.send(person, "GET", path)
        times.append((process_time() - begun) * 1000)
    return median(times[1:])


def _multiply(connection: sqlite3.Connection) -> None:
    """Copy everything that lies in or beside a case, often enough; on SQLite, in the database itself."""
    (there,) = connection.execute("SELECT count(*) FROM case_file").fetchone()
    copies = -(-(CASES - there) // there)
    connection.execute("CREATE TEMP TABLE copy (n INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO copy VALUES (?)", [(number,) for number in range(1, max(copies, COMPANIES) + 1)])
    companies = Base.metadata.tables["company"]
    values = ", ".join(_of_company(column) for column in companies.columns)
    connection.execute(f"INSERT INTO company SELECT {values} FROM company AS t, copy WHERE t.id = 1 AND n <= {COMPANIES}")  # noqa: S608 - names of our own columns
    for table in (Base.metadata.tables[name] for name in COPIED):
        stored = [column for column in table.columns if column.computed is None]
        columns = ", ".join(f'"{column.name}"' for column in stored)
        values = ", ".join(_copied(table, column) for column in stored)
        connection.execute(f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM {table.name} AS t, copy WHERE n <= {copies}")  # noqa: S608 - as above
    connection.commit()
    assert connection.execute("PRAGMA foreign_key_check").fetchone() is None


def _of_company(column: Column[object]) -> str:
    changed = {"id": f"n + {APART}", "uscc": "substr(t.uscc, 1, 12) || printf('%06d', n)", "name": "t.name || n"}
    return changed.get(column.name, f't."{column.name}"')


def _copied(table: Table, column: Column[object]) -> str:
    """The value of a column in copy ``n``: numbers lie apart, days lie before, what only one row may have gets an ending."""
    value = f't."{column.name}"'
    other_company = f"{APART} + 1 + n % {COMPANIES}"
    named = {
        "company_id": f"CASE WHEN {value} IS NULL OR n % {OWN} = 0 THEN {value} ELSE {other_company} END",
        "holder_code": f"CASE WHEN n % {OWN} = 0 THEN {value} ELSE (SELECT uscc FROM company WHERE id = {other_company}) END",  # noqa: S608 - as above
    }
    targets = {key.column.table.name for key in column.foreign_keys} | {ELSEWHERE.get(column.name, "")}
    if column.name in {"id", "status_index", "serial"} or targets & set(COPIED):
        return f"{value} + n * {APART}"
    if isinstance(column.type, Date):
        return f"date({value}, '-' || (n % {DAYS}) || ' days')"
    return named.get(column.name) or (f"{value} || '-' || n" if _alone(table, column) else value)


def _alone(table: Table, column: Column[object]) -> bool:
    """Whether it is a text that no two rows may share."""
    keys = [set(constraint.columns) for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    alone = bool(column.unique) or column.name == "number" or {column} in keys
    return alone and isinstance(column.type, String)
