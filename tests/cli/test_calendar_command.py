"""``leizheng calendar``: import with and without effect, the list, and a file that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from world import World

from licensing.cli import main
from licensing.clock.notice import shipped_text
from licensing.storage import storage

SHIPPED = shipped_text(2026) or ""
CHANGED = SHIPPED.replace("\n]", '\n    { name = "labour_day", first = 2026-03-05, last = 2026-03-05, make_up = [] },\n]')


@pytest.fixture(autouse=True)
def here(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = world.settings
    for name, value in (("HOME", settings.home), ("KEYS", settings.keys), ("DATABASE", settings.database), ("LANG", "en")):
        monkeypatch.setenv(f"LEIZHENG_{name}", str(value))


def leizheng(*arguments: str) -> Result:
    """Run the command as a process of its own would: it opens the storage, and leaves nothing open."""
    storage().engine.dispose()
    result = CliRunner().invoke(main, list(arguments))
    storage().engine.dispose()
    return result


def run(*arguments: str) -> Result:
    return leizheng("calendar", *arguments)


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "2026.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_dry_run_shows_and_stores_nothing(world: World, tmp_path: Path) -> None:
    number = world.page(world.submitted()).case.public_number
    told = json.loads(run("import", written(tmp_path, CHANGED), "--dry-run", "--json").output)
    assert told == {
        "year": 2026,
        "state": "published",
        "days": [{"date": "2026-03-05", "before": "working day", "after": "holiday: Labour Day"}],
        "moves": [{"case": number, "authority": "南京市气象局", "old": "2026-03-09", "new": "2026-03-10"}],
        "import": None,
    }
    assert json.loads(run("list", "--json").output)["imports"] == []


def test_an_import_moves_and_is_listed(world: World, tmp_path: Path) -> None:
    case_id = world.submitted()
    result = run("import", written(tmp_path, CHANGED))
    assert result.exit_code == 0, result.output
    assert "2026-03-09\t2026-03-10" in result.output
    assert str(world.page(case_id).case.due_on) == "2026-03-10"
    listed = json.loads(run("list", "--json").output)
    assert [(one["year"], one["moved"]) for one in listed["imports"]] == [(2026, 1)]
    assert [(year["year"], year["imported"]) for year in listed["years"]] == [(2024, False), (2025, False), (2026, True)]


def test_the_deadline_command_counts_with_what_was_imported(tmp_path: Path) -> None:
    asked = ["explain-deadline", "--from", "2026-03-02", "--limit", "T1", "--json"]
    before = json.loads(leizheng(*asked).output)["due"]
    run("import", written(tmp_path, CHANGED))
    assert (before, json.loads(leizheng(*asked).output)["due"]) == ("2026-03-09", "2026-03-10")


def test_a_file_that_cannot_be_read_says_where(tmp_path: Path) -> None:
    result = run("import", written(tmp_path, SHIPPED.replace("2026-10-10", "2026-10-12")))
    assert result.exit_code == 2
    assert "calendar-file-unreadable" in result.stderr
    assert "Line 15: the make-up day 2026-10-12 is not a Saturday or Sunday." in result.stderr


def test_nothing_new_is_said(tmp_path: Path) -> None:
    result = run("import", written(tmp_path, SHIPPED))
    assert result.exit_code == 2
    assert "calendar-unchanged" in result.stderr
