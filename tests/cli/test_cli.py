"""The command line, as another program would call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from issued import Register

from licensing import cli
from licensing.licences.status import Status
from licensing.settings import Settings

pytestmark = pytest.mark.slow

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``leizheng`` in an empty place, in English."""
    _settle(monkeypatch, Settings(home=tmp_path / "home", keys=tmp_path / "keys"))
    return _run


@pytest.fixture
def there(register: Register, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``leizheng`` in an installation that issued three licences."""
    _settle(monkeypatch, register.settings)
    return _run


def _settle(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setenv("LEIZHENG_HOME", str(settings.home))
    monkeypatch.setenv("LEIZHENG_KEYS", str(settings.keys))
    monkeypatch.setenv("LEIZHENG_LANG", "en")


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


def said(result: Result) -> dict[str, object]:
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_help_names_every_command(run: Run) -> None:
    result = run("--help")
    assert result.exit_code == 0
    for command in ("init", "migrate", "doctor", "verify", "explain-deadline", "identifier", "ledger", "samples", "selfcheck"):
        assert command in result.output


def test_a_broken_command_hides_no_other(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = EntryPoint("broken", "licensing.nowhere:command", cli.GROUP)
    monkeypatch.setattr(cli.LateGroup, "foreign", {"broken": broken})
    assert "cannot be loaded" in run("--help").output
    assert "selfcheck" in run("--help").output
    result = run("broken", "--anything")
    assert result.exit_code == 1
    assert "ModuleNotFoundError" in result.stderr


def test_init_may_run_twice(run: Run, tmp_path: Path) -> None:
    first, second = run("init", "--json"), run("init", "--json")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert said(first) == said(second)
    assert (tmp_path / "home" / "leizheng.sqlite3").exists()
    assert (tmp_path / "keys" / "root.key").stat().st_mode & 0o777 == 0o600
    assert said(run("migrate", "--json"))["database_version"] == said(first)["database_version"]


def test_the_doctor_sees_a_missing_database_and_open_keys(run: Run, tmp_path: Path) -> None:
    def wrong() -> set[str]:
        result = run("doctor", "--json")
        assert result.exit_code == 1
        return {check["name"] for check in said(result)["checks"] if not check["ok"]}  # type: ignore[attr-defined]

    assert "storage.database" in wrong()
    run("init")
    assert not {name for name in wrong() if name.startswith("storage")}
    (tmp_path / "keys" / "root.key").chmod(0o644)
    assert "trust.private-files" in wrong()


def test_the_doctor_is_content_where_licences_are_issued(there: Run) -> None:
    result = there("doctor")
    assert result.exit_code == 0, result.output
    assert "storage.migrations" in result.output


def test_verify_in_every_way(there: Run, register: Register) -> None:
    entry = register.entries[0]
    path = str(register.folder / entry["file"])
    for arguments in ([path], [entry["qr"]], [entry["number"], "--code", entry["check_code"]]):
        result = there("verify", *arguments, "--json")
        assert result.exit_code == 0
        assert said(result)["overall"] == "valid"
        assert "Genuine and in force" in there("verify", *arguments).output
    register.change(status=Status.SUSPENDED)
    assert there("verify", path).exit_code == 1


def test_verify_offline_with_a_pinned_root(run: Run, issued: Register) -> None:
    trust = str(issued.folder / "trust.pem")
    path = str(issued.folder / issued.entries[1]["file"])
    for what in (path, issued.entries[1]["qr"]):
        result = run("verify", what, "--trust", trust, "--json")
        assert result.exit_code == 2
        assert said(result)["overall"] == "unknown"
        assert said(result)["in_force"]["code"] == "offline"  # type: ignore[index]


def test_verify_with_a_foreign_root_says_invalid(run: Run, issued: Register, tmp_path: Path) -> None:
    run("samples", "--out", str(tmp_path / "out"), "--count", "1")
    result = run("verify", str(issued.folder / issued.entries[0]["file"]), "--trust", str(tmp_path / "out" / "trust.pem"), "--json")
    assert result.exit_code == 1
    assert said(result)["genuine"]["code"] == "unknown-signer"  # type: ignore[index]


def test_offline_never_asks_the_register(there: Run, register: Register) -> None:
    assert there("verify", register.entries[0]["qr"], "--offline").exit_code == 2


def test_an_altered_file_is_invalid(there: Run, register: Register, tmp_path: Path) -> None:
    (tmp_path / "altered.pdf").write_bytes(register.pdf() + b"\n")
    result = there("verify", str(tmp_path / "altered.pdf"), "--json")
    assert result.exit_code == 1
    assert said(result)["whole"]["code"] == "bytes-after-end"  # type: ignore[index]


def test_what_cannot_be_checked_is_said(run: Run) -> None:
    result = run("verify", "nowhere.pdf")
    assert result.exit_code == 2
    assert "[nothing-to-check]" in result.stderr
    result = run("verify", "https://zz.example.gov.cn/v/1", "--json")
    assert result.exit_code == 2
    assert said(result)["error"]["code"] == "trust-list-missing"  # type: ignore[index]


def test_identifiers(run: Run) -> None:
    good = "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U"
    result = run("identifier", "check", good, "--json")
    assert (result.exit_code, said(result)["holds"]) == (0, True)
    assert run("identifier", "check", good[:-1] + "V").exit_code == 1
    assert run("identifier", "check", "x").exit_code == 2
    assert "[identifier]" in run("identifier", "check", "x").stderr


def test_ledger_and_selfcheck(there: Run, register: Register) -> None:
    assert int(str(said(there("ledger", "verify", "--json"))["size"])) >= 2 * len(register.entries)
    result = there("selfcheck", "--json")
    assert result.exit_code == 0, result.output
    assert said(result) == {"holds": True, "licences": 3, "problems": []}
    register.change(check_code="2222-2222")
    result = there("selfcheck")
    assert result.exit_code == 1
    assert "columns-differ" in result.output


def test_samples_continue_their_numbers(there: Run, register: Register, tmp_path: Path) -> None:
    result = there("samples", "--out", str(tmp_path / "more"), "--count", "1", "--json")
    assert result.exit_code == 0, result.output
    manifest = json.loads((tmp_path / "more" / "manifest.json").read_text(encoding="utf-8"))
    assert [entry["number"][-6:] for entry in manifest] == ["第0002号"]
    assert manifest == said(result)["issued"]
    assert {path.name for path in (tmp_path / "more").iterdir()} == {"manifest.json", "trust.pem", manifest[0]["file"]}


def test_explain_deadline_is_here(run: Run) -> None:
    assert run("explain-deadline", "--from", "2025-01-20", "--limit", "T3", "--json").exit_code == 0


def test_usage_errors_end_with_two(run: Run) -> None:
    assert run("samples").exit_code == 2
    assert run("nonsense").exit_code == 2
