"""``leizheng keys`` and ``leizheng trust-list``, as an operator types them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from issued import Register

from licensing import cli
from licensing.clock import now
from licensing.samples import AUTHORITY
from licensing.trust import trust_list
from licensing.trust.layout import KeyFolder

pytestmark = pytest.mark.slow

Run = Callable[..., Result]
NANJING = ("--authority", "320100", "--name", "南京市气象局", "--uscc", "123201004660075195")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``leizheng`` in an empty place, in English."""
    return _settled(monkeypatch, tmp_path / "home", tmp_path / "keys")


@pytest.fixture
def there(register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``leizheng`` in an installation that issued three licences, with a copy of its keys."""
    shutil.copytree(register.settings.keys, tmp_path / "keys")
    return _settled(monkeypatch, register.settings.home, tmp_path / "keys")


def _settled(monkeypatch: pytest.MonkeyPatch, home: Path, keys: Path) -> Run:
    def run(*arguments: str, keys: Path = keys, expect: int = 0) -> Result:
        monkeypatch.setenv("LEIZHENG_HOME", str(home))
        monkeypatch.setenv("LEIZHENG_KEYS", str(keys))
        monkeypatch.setenv("LEIZHENG_LANG", "en")
        result = CliRunner().invoke(cli.main, arguments)
        assert result.exit_code == expect, result.output
        return result

    return run


def said(result: Result) -> Any:
    return json.loads(result.stdout)


def states(run: Run) -> dict[str, str]:
    return {key["id"]: key["state"] for key in said(run("keys", "list", "--json"))}


def test_an_authority_from_nothing_to_rotation(run: Run, tmp_path: Path) -> None:
    assert said(run("init", "--json"))["trust_list"] == 1
    assert states(run) == {"status-1": "active", "log-1": "active"}
    for purpose, made in (("seal", "seal-320100-1"), ("qr", "qr-01")):
        created = said(run("keys", "create", "--purpose", purpose, *NANJING, "--json"))
        assert created == {"id": made, "version": created["version"], "waiting": False, "draft_digest": None}
        assert states(run)[made] == "prepared"
        run("keys", "activate", made)
        assert states(run)[made] == "active"
    assert {check["name"] for check in said(run("doctor", "--json"))["checks"] if not check["ok"] and check["needed"]} == set()
    assert said(run("keys", "create", "--purpose", "seal", "--authority", "320100", "--json"))["id"] == "seal-320100-2"
    assert "last-key" in run("keys", "retire", "seal-320100-1", expect=1).stderr
    run("keys", "activate", "seal-320100-2")
    run("keys", "retire", "seal-320100-1")
    assert states(run) == {
        "seal-320100-1": "retired",
        "seal-320100-2": "active",
        "qr-01": "active",
        "status-1": "active",
        "log-1": "active",
    }
    shown = said(run("trust-list", "show", "--json"))
    assert (shown["version"], [key["id"] for key in shown["keys"]]) == (5, list(states(run)))
    out = tmp_path / "trust.pem"
    run("trust-list", "export", "--out", str(out))
    assert trust_list.from_pem(out.read_bytes()) == trust_list.load(tmp_path / "keys")
    assert said(run("trust-list", "sign", "--yes", "--json"))["version"] == 6
    assert "南京市气象局" in run("keys", "list").stdout
    assert "Fingerprint of the root" in run("trust-list", "show").stdout


def test_keys_can_be_announced(run: Run) -> None:
    run("init")
    run("keys", "create", "--purpose", "qr", *NANJING, "--kid", "2a")
    run("keys", "activate", "qr-2a", "--from", "2100-01-01")
    (key,) = (key for key in said(run("keys", "list", "--json")) if key["id"] == "qr-2a")
    assert (key["state"], key["active_from"]) == ("active", "2099-12-31T16:00:00+00:00")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (("keys", "create", "--purpose", "seal"), 2, "no-holder"),
        (("keys", "create", "--purpose", "qr", *NANJING, "--kid", "xyz"), 2, "no-kid"),
        (("keys", "create", "--purpose", "qr", *NANJING, "--kid", "010203"), 2, "no-kid"),
        (("keys", "activate", "qr-77"), 1, "no-such-key"),
        (("keys", "retire", "root"), 1, "no-such-key"),
        (("keys", "activate", "log-1"), 1, "key-state"),
        (("keys", "compromised", "log-1", "--since", "2100-01-01"), 2, "too-late"),
    ],
)
def test_what_cannot_be_done_is_said(run: Run, arguments: tuple[str, ...], exit_code: int, code: str) -> None:
    run("init")
    assert said(run(*arguments, "--json", expect=exit_code))["error"]["code"] == code
    assert f"[{code}]" in run(*arguments, expect=exit_code).stderr
    assert said(run("trust-list", "show", "--json"))["version"] == 1


@pytest.mark.parametrize("moment", ["yesterday", "2026-03-02T09:00", "2026-13-01", ""])
def test_a_moment_needs_a_zone(run: Run, moment: str) -> None:
    run("init")
    run("keys", "compromised", "log-1", "--since", moment, expect=2)


def test_the_ceremony_with_an_offline_root(run: Run, tmp_path: Path) -> None:
    safe, medium = tmp_path / "safe", tmp_path / "medium"
    medium.mkdir()
    root = said(run("keys", "create", "--purpose", "root", "--json", keys=safe))["root_sha256"]
    assert [path.name for path in KeyFolder(safe).private_keys()] == ["root.key"]
    (tmp_path / "keys").mkdir(mode=0o700)
    shutil.copy(safe / "root.pem", tmp_path / "keys" / "root.pem")

    first = said(run("init", "--json"))
    assert (first["root_sha256"], first["trust_list"]) == (root, 0)
    for purpose in ("seal", "qr"):
        made = said(run("keys", "create", "--purpose", purpose, *NANJING, "--json"))
        assert made["waiting"]
        last = said(run("keys", "activate", made["id"], "--json"))
    assert {key["waiting"] for key in said(run("keys", "list", "--json"))} == {"active"}
    shutil.copy(tmp_path / "keys" / "trust-list.draft.json", medium / "draft.json")

    asked = CliRunner().invoke(cli.main, ["trust-list", "sign", str(medium / "draft.json")], input="n\n", env={"LEIZHENG_KEYS": str(safe)})
    assert asked.exit_code == 1
    assert last["draft_digest"] in asked.stderr
    assert not KeyFolder(safe).trust_list.exists()
    assert said(run("trust-list", "sign", "--yes", "--json", expect=1))["error"]["code"] == "root-offline"
    run("trust-list", "sign", str(medium / "draft.json"), "--out", str(medium / "signed.json"), "--yes", keys=safe)

    assert said(run("trust-list", "install", str(medium / "signed.json"), "--json"))["version"] == 1
    assert set(states(run).values()) == {"active"}
    assert said(run("doctor", "--json"))["ok"]
    run("trust-list", "install", str(medium / "signed.json"))
    assert said(run("trust-list", "install", str(medium / "draft.json"), "--json", expect=2))["error"]["code"] == "no-signed-list"


def test_a_second_machine_takes_the_exported_list(run: Run, tmp_path: Path) -> None:
    run("init")
    out, second = tmp_path / "trust.pem", tmp_path / "second"
    run("trust-list", "export", "--out", str(out))
    second.mkdir(mode=0o700)
    assert said(run("trust-list", "install", str(out), "--json", keys=second, expect=1))["error"]["code"] == "root-missing"
    shutil.copy(tmp_path / "keys" / "root.pem", second / "root.pem")
    assert said(run("trust-list", "install", str(out), "--json", keys=second))["version"] == 1
    assert {key["private_key"] for key in said(run("keys", "list", "--json", keys=second))} == {"elsewhere"}


# Which licences fall


@pytest.mark.parametrize("purpose", ["qr", "seal"])
def test_licences_signed_since_the_theft_fall_and_older_ones_stand_by_the_register(there: Run, register: Register, purpose: str) -> None:
    key = next(key for key in register.trust.keys if key.purpose == purpose)
    start = key.active_from
    everyone = [entry["number"] for entry in register.entries]
    early = said(there("keys", "compromised", key.id, "--since", start.isoformat(), "--dry-run", "--json"))
    assert [licence["number"] for licence in early["fall"]] == everyone
    assert (early["stand_by_register"], early["changed"], early["register"]) == ([], False, True)
    assert early["fall"][0].keys() == {"number", "identifier", "holder", "issued_on", "status"}
    assert said(there("trust-list", "show", "--json"))["version"] == register.trust.version

    late = said(there("keys", "compromised", key.id, "--since", _after_all(register), "--json"))
    assert [licence["number"] for licence in late["stand_by_register"]] == everyone
    assert (late["fall"], late["changed"], late["version"]) == ([], True, register.trust.version + 1)
    text = there("keys", "compromised", key.id, "--since", start.isoformat()).stdout
    assert "Licences that fall: 3" in text
    assert everyone[0] in text
    assert states(there)[key.id] == "compromised"


def _after_all(register: Register) -> str:
    return (now() - timedelta(seconds=1)).isoformat()


def test_another_key_of_the_authority_signed_none(there: Run, register: Register) -> None:
    made = said(there("keys", "create", "--purpose", "seal", "--authority", str(AUTHORITY["code"]), "--json"))["id"]
    there("keys", "activate", made)
    found = said(there("keys", "compromised", made, "--since", "2020-01-01", "--dry-run", "--json"))
    assert (found["fall"], found["stand_by_register"]) == ([], [])


def test_a_service_key_signed_no_licence(there: Run) -> None:
    found = said(there("keys", "compromised", "status-1", "--since", "2020-01-01", "--json"))
    assert (found["fall"], found["stand_by_register"], found["changed"]) == ([], [], True)


def test_without_a_register_that_is_said(run: Run, tmp_path: Path) -> None:
    run("init")
    (tmp_path / "home" / "leizheng.sqlite3").unlink()
    run("keys", "create", "--purpose", "seal", *NANJING)
    run("keys", "activate", "seal-320100-1")
    result = run("keys", "compromised", "seal-320100-1", "--since", "2020-01-01", "--dry-run")
    assert "no register" in result.stderr
    assert said(run("keys", "compromised", "seal-320100-1", "--since", "2020-01-01", "--json"))["register"] is False
