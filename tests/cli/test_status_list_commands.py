"""Status lists on the command line, and checking offline with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result
from issued import Register

from licensing import cli
from licensing.clock import now
from licensing.licences import status_list
from licensing.licences.status import Status

Run = Callable[..., Result]
URI = "https://zz.example.gov.cn/status/SAMPLE"


@pytest.fixture
def there(register: Register, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``leizheng`` in an installation that issued three licences."""
    return at_home(register.settings.home, register.settings.keys, monkeypatch)


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Run]:
    """Afterwards ``leizheng`` runs where there is nothing: no database, no keys."""
    return lambda: at_home(tmp_path / "nothing", tmp_path / "none", monkeypatch)


def at_home(home: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in (("HOME", home), ("KEYS", keys), ("LANG", "en")):
        monkeypatch.setenv(f"LEIZHENG_{name}", str(value))
    return lambda *arguments: CliRunner().invoke(cli.main, [str(argument) for argument in arguments])


def said(result: Result) -> Any:
    return json.loads(result.stdout)


def exported(there: Run, folder: Path, form: str = "cwt") -> Path:
    path = folder / f"list.{form}"
    assert there("status-list", "export", "SAMPLE", "--out", path, "--format", form).exit_code == 0
    return path


@pytest.mark.parametrize("form", ["cwt", "jwt"])
def test_a_stranger_checks_with_a_list_that_was_carried_along(
    there: Run, stranger: Callable[[], Run], register: Register, tmp_path: Path, form: str
) -> None:
    carried, trust = exported(there, tmp_path, form), register.folder / "trust.pem"
    alone = stranger()
    for what in (register.entries[0]["qr"], register.folder / register.entries[0]["file"]):
        arguments = ("verify", what, "--offline", "--trust", trust, "--status", carried)
        result = alone(*arguments, "--json")
        verdict = said(result)
        assert (result.exit_code, verdict["overall"], verdict["in_force"]["code"]) == (0, "valid", "in-force-as-of")
        assert verdict["as_of"]
        shown = alone(*arguments).output
        assert "in force on the list of 20" in shown
        assert "Genuine and in force" not in shown
    with time_machine.travel(now() + timedelta(hours=25), tick=False):
        result = alone("verify", register.entries[0]["qr"], "--trust", trust, "--status", carried, "--json")
        assert (result.exit_code, said(result)["in_force"]["code"]) == (2, "status-stale")


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=1)], ids=["in the same second", "a second later"])
def test_of_two_lists_the_newer_one_counts(there: Run, register: Register, tmp_path: Path, later: timedelta) -> None:
    moment = now().replace(microsecond=0)
    with time_machine.travel(moment, tick=False):
        status_list.refresh_all()
    old = exported(there, tmp_path, "cwt")
    with time_machine.travel(moment + later + timedelta(microseconds=1), tick=False):
        register.change(status=Status.SUSPENDED, status_since=now())
        status_list.refresh_all()
    new = exported(there, tmp_path, "jwt")
    result = there("verify", register.entries[0]["qr"], "--offline", "--status", new, "--status", old, "--json")
    assert (result.exit_code, said(result)["in_force"]["code"]) == (1, "suspended")
    assert "(list of 20" in said(result)["in_force"]["text"]


def test_the_register_is_asked_first(there: Run, register: Register, tmp_path: Path) -> None:
    old = exported(there, tmp_path)
    register.change(status=Status.SUSPENDED)
    result = there("verify", register.entries[0]["qr"], "--status", old, "--json")
    assert (result.exit_code, said(result)["in_force"]["code"]) == (1, "suspended")
    assert "list of" not in said(result)["in_force"]["text"]


def test_a_spoiled_list_is_said_and_confirms_nothing(there: Run, register: Register, tmp_path: Path) -> None:
    spoiled = tmp_path / "spoiled"
    spoiled.write_bytes(exported(there, tmp_path).read_bytes()[:-1])
    result = there("verify", register.entries[0]["qr"], "--offline", "--status", spoiled, "--json")
    assert (result.exit_code, said(result)["error"]["code"]) == (2, "status-malformed")
    result = there("status-list", "verify", spoiled, "--json")
    assert (result.exit_code, said(result)["error"]["code"]) == (1, "status-malformed")


def test_a_list_tells_what_it_says(there: Run, stranger: Callable[[], Run], register: Register, tmp_path: Path) -> None:
    path = exported(there, tmp_path)
    alone = stranger()
    arguments = ("status-list", "verify", path, "--trust", register.folder / "trust.pem")
    result = alone(*arguments, "--index", "1", "--json")
    facts = said(result)
    assert result.exit_code == 0
    assert (facts["uri"], facts["counts"], facts["fresh"], facts["status"]) == (URI, {"in-force": 3}, True, "in-force")
    assert said(alone(*arguments, "--index", "3", "--json"))["status"] == "not-active"
    assert said(alone(*arguments, "--index", "99999", "--json"))["status"] == "beyond-the-end"
    assert f"Address\t{URI}" in alone(*arguments).output
    with time_machine.travel(now() + timedelta(hours=25), tick=False):
        assert alone(*arguments).exit_code == 2
    assert alone("status-list", "verify", path).exit_code == 1, "without keys nothing can be said"


def test_show_says_whether_list_and_register_agree(there: Run, register: Register) -> None:
    result = there("status-list", "show", "--json")
    assert result.exit_code == 0
    assert [(one["uri"], one["differences"]) for one in said(result)] == [(URI, [])]
    assert URI in there("status-list", "show").output
    register.change(1, status=Status.CANCELLED)
    result = there("status-list", "show", "--json")
    assert (result.exit_code, said(result)[0]["differences"]) == (1, [1])


def test_the_past_can_be_exported(there: Run, register: Register, tmp_path: Path) -> None:
    issued = said(there("status-list", "show", "--json"))[0]["as_of"]
    moment = issued.replace("+00:00", "+0000")
    assert there("status-list", "export", "SAMPLE", "--out", tmp_path / "then", "--time", moment).exit_code == 0
    result = there("status-list", "export", "SAMPLE", "--out", tmp_path / "before", "--time", "2020-01-01T00:00:00+0800", "--json")
    assert (result.exit_code, said(result)["error"]["code"]) == (1, "not-found")
    assert there("status-list", "export", "NOBODY", "--out", tmp_path / "x").exit_code == 1
    assert not (tmp_path / "x").exists()
