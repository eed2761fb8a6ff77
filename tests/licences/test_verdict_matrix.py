"""What exactly is said of a licence in every status, by every channel of knowledge, by QR and by PDF.

The table is the test: each cell holds the overall word and the code of the status. Content and issuer are beyond doubt throughout.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from licensing.licences import actions, rules, status_list
from licensing.licences.offline import StatusLists, lists_from
from licensing.licences.operations import Operation
from licensing.licences.queries import by_number
from licensing.licences.tables import Licence
from licensing.licences.verdict import Verdict, as_json
from licensing.licences.verify import verify_pdf, verify_qr
from licensing.policy import SYSTEM
from licensing.samples import issue_samples
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage, unit_of_work
from licensing.trust.current import current_trust_list

pytestmark = pytest.mark.slow

TABLE = """
                    | by  | online                       | offline, fresh list        | offline, stale list        | offline, no list
valid               | QR  | valid in-force               | valid in-force-as-of       | unknown status-stale       | unknown offline
valid               | PDF | valid in-force               | valid in-force-as-of       | unknown status-stale       | unknown offline
expired             | QR  | invalid expired              | invalid expired            | invalid expired            | invalid expired
expired             | PDF | invalid expired              | invalid expired            | invalid expired            | invalid expired
suspended           | QR  | invalid suspended            | invalid suspended          | invalid suspended          | unknown offline
suspended           | PDF | invalid suspended            | invalid suspended          | invalid suspended          | unknown offline
revoked for deceit  | QR  | invalid revoked-for-deceit   | invalid revoked-for-deceit | invalid revoked-for-deceit | unknown offline
revoked for deceit  | PDF | invalid revoked-for-deceit   | invalid revoked-for-deceit | invalid revoked-for-deceit | unknown offline
revoked as penalty  | QR  | invalid revoked-as-penalty   | invalid revoked-as-penalty | invalid revoked-as-penalty | unknown offline
revoked as penalty  | PDF | invalid revoked-as-penalty   | invalid revoked-as-penalty | invalid revoked-as-penalty | unknown offline
withdrawn           | QR  | invalid permission-withdrawn | invalid ended              | invalid ended              | unknown offline
withdrawn           | PDF | invalid permission-withdrawn | invalid ended              | invalid ended              | unknown offline
replaced            | QR  | invalid replaced             | invalid replaced           | invalid replaced           | unknown offline
replaced            | PDF | invalid replaced             | invalid replaced           | invalid replaced           | unknown offline
cancelled           | QR  | invalid cancelled            | invalid ended              | invalid ended              | unknown offline
cancelled           | PDF | invalid cancelled            | invalid ended              | invalid ended              | unknown offline
not yet valid       | QR  | invalid not-yet-valid        | invalid not-yet-valid      | unknown status-stale       | unknown offline
not yet valid       | PDF | invalid not-yet-valid        | invalid not-yet-valid      | invalid not-yet-valid      | invalid not-yet-valid
"""
# A QR carries its last day but not its first one; the record in a PDF carries both. A list that is too old cannot say that something
# has not begun yet: it may have begun since.

ISSUED = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ASKED = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
TOO_LATE = timedelta(hours=25)
LAST_DAY = date(2026, 3, 4)
FIRST_DAY = "2026-04-01"
BEYOND_DOUBT = {"QR": ("signed-code", "ok"), "PDF": ("ok", "ok")}

HEAD, *ROWS = [[cell.strip() for cell in line.split("|")] for line in TABLE.strip("\n").splitlines()]
COLUMNS = HEAD[2:]


@dataclass(frozen=True, slots=True)
class Stage:
    """An installation with one licence that just holds, one that begins later and one whose last day is soon over."""

    settings: Settings
    folder: Path
    plain: dict[str, Any]
    later: dict[str, Any]
    short: dict[str, Any]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("matrix")
    settings = Settings(home=folder / "var", keys=folder / "keys", database="", demo=False, https=False)
    record = actions.LicenceRecord
    with time_machine.travel(ISSUED, tick=True), pytest.MonkeyPatch.context() as patch:
        issuing = issue_samples(settings, folder / "out", 3)
        plain = next(issuing)
        with patch.context() as future:
            future.setattr(actions, "LicenceRecord", lambda **said: record(**{**said, "valid_from": FIRST_DAY}))
            later = next(issuing)
        with patch.context() as ending:
            ending.setattr(rules, "valid_until", lambda *_: LAST_DAY)
            short = next(issuing)
        list(issuing)
    storage().engine.dispose()
    return Stage(settings, folder / "out", plain, later, short)


@pytest.fixture
def own(stage: Stage, tmp_path: Path) -> Iterator[Stage]:
    """The same with a register that this test may change, three days later."""
    home = tmp_path / "var"
    shutil.copytree(stage.settings.home, home)
    settings = Settings(home=home, keys=stage.settings.keys, database="", demo=False, https=False)
    with time_machine.travel(ASKED, tick=False):
        opened = open_storage(settings)
        yield Stage(settings, stage.folder, stage.plain, stage.later, stage.short)
    opened.engine.dispose()


def nothing(_: int) -> None:
    """The dates alone make it what it is."""


def undergo(operation: Operation) -> Callable[[int], None]:
    def act(licence_id: int) -> None:
        with unit_of_work(SYSTEM) as work:
            actions.perform(work, licence_id, operation, reason="测试")

    return act


def be_replaced(licence_id: int) -> None:
    with unit_of_work(SYSTEM) as work:
        new = actions.intend_version(work, licence_id, Operation.REPLACE, changes={}, proceeding="P1").id
    with unit_of_work(SYSTEM) as work:
        actions.put_in_force(work, new, "ab" * 32)


CASES: dict[str, tuple[str, Callable[[int], None]]] = {
    "valid": ("plain", nothing),
    "expired": ("short", nothing),
    "suspended": ("plain", undergo(Operation.SUSPEND)),
    "revoked for deceit": ("plain", undergo(Operation.REVOKE_FOR_DECEIT)),
    "revoked as penalty": ("plain", undergo(Operation.REVOKE_AS_PENALTY)),
    "withdrawn": ("plain", undergo(Operation.WITHDRAW_PERMISSION)),
    "replaced": ("plain", be_replaced),
    "cancelled": ("plain", undergo(Operation.CANCEL)),
    "not yet valid": ("later", nothing),
}


def test_the_table_is_whole() -> None:
    assert [(row[0], row[1]) for row in ROWS] == [(case, way) for case in CASES for way in BEYOND_DOUBT]
    assert {len(row) for row in ROWS} == {len(HEAD)}


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_is_exactly_this(own: Stage, case: str) -> None:
    name, act = CASES[case]
    entry = getattr(own, name)
    act(licence_of(entry).id)
    status_list.refresh_all()
    lists = carried_along(own.settings)
    for row in (row for row in ROWS if row[0] == case):
        way, cells = row[1], dict(zip(COLUMNS, row[2:], strict=True))
        for column, (verdict, as_of) in asked_everywhere(own, entry, way, lists).items():
            assert f"{verdict.overall} {verdict.in_force.code}" == cells[column], (case, way, column)
            assert (verdict.whole.code, verdict.genuine.code) == BEYOND_DOUBT[way]
            assert verdict.paper is not None
            said = as_json(verdict)
            spoken_of_a_list = column.endswith("list") and verdict.in_force.code != "offline"
            expected = as_of if column == "online" or (spoken_of_a_list and not dated(case, way)) else None
            assert said["as_of"] == (expected.isoformat() if expected else None), (case, way, column)
            assert "%(" not in said["in_force"]["text"] + said["next_step"]
            if expected and column != "online":
                assert "2026-03-05 12:00" in said["in_force"]["text"], "what a list says is said with its moment"


def dated(case: str, way: str) -> bool:
    """Whether the signed licence itself says that it is over or has not begun; then no list was asked."""
    return case == "expired" or (case == "not yet valid" and way == "PDF")


def asked_everywhere(own: Stage, entry: dict[str, Any], way: str, lists: StatusLists) -> dict[str, tuple[Verdict, datetime]]:
    """The verdict in each column, and the moment for which a status is known there."""
    pdf = (own.folder / entry["file"]).read_bytes()
    trust = current_trust_list(own.settings)

    def ask(carried: StatusLists | None, *, online: bool = False) -> Verdict:
        with reading(SYSTEM) as look:
            session = look.session if online else None
            if way == "PDF":
                return verify_pdf(pdf, trust, session, carried)
            return verify_qr(entry["qr"], trust, trust.hosts, session, carried)

    answers = {"online": ask(None, online=True), "offline, fresh list": ask(lists), "offline, no list": ask(None)}
    with time_machine.travel(ASKED + TOO_LATE, tick=False):
        answers["offline, stale list"] = ask(lists)
    return {column: (answers[column], ASKED) for column in COLUMNS}


def carried_along(settings: Settings) -> StatusLists:
    with reading(SYSTEM) as look:
        row = status_list.newest(look.session, "SAMPLE")
        assert row is not None
        return lists_from([row.cwt], current_trust_list(settings))


def licence_of(entry: dict[str, Any]) -> Licence:
    with reading(SYSTEM) as look:
        found = by_number(look.session, entry["number"])
        assert found is not None
        return found
