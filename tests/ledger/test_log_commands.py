"""``leizheng ledger …`` in an installation that issued licences, and the proof inside their PDFs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner, Result
from issued import Register
from sqlalchemy import delete, update
from stranger import Answer, Log, climb

from licensing import cli
from licensing.ledger import kept, queries
from licensing.ledger.notes import Checkpoint, parse_checkpoint, parse_note
from licensing.ledger.tables import LedgerCheckpoint, LedgerLeaf
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work
from licensing.storage.counters import Counter
from licensing.trust import checkpoints

Run = Callable[..., Result]


@pytest.fixture
def run(register: Register, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LEIZHENG_HOME", str(register.settings.home))
    monkeypatch.setenv("LEIZHENG_KEYS", str(register.settings.keys))
    monkeypatch.setenv("LEIZHENG_LANG", "en")
    return lambda *arguments: CliRunner().invoke(cli.main, ["ledger", *map(str, arguments)])


def said(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def stranger(register: Register) -> Log:
    """Somebody who pins the key of the trust list and reads nothing over the network."""
    (key,) = checkpoints.note_keys(register.trust)
    return Log(lambda _: (404, {}, b""), key.name, key.public)


def test_the_pdf_carries_the_proof_of_its_record(register: Register, tmp_path: Path) -> None:
    for index in range(3):
        (tmp_path / "licence.pdf").write_bytes(register.pdf(index))
        with pikepdf.open(tmp_path / "licence.pdf") as pdf:
            assert sorted(pdf.attachments) == ["licence-record.json", "licence-record.tlog-proof"]
            record = pdf.attachments["licence-record.json"].get_file().read_bytes()
            attached = pdf.attachments["licence-record.tlog-proof"].get_file()
            assert attached.mime_type == "text/plain"
            proof = attached.read_bytes().decode()
        _, entry = stranger(register).proven(proof)
        assert json.loads(entry)["digest"] == hashlib.sha256(record).hexdigest()
        assert json.loads(entry)["subject"] == json.loads(record)["identifier"]
        assert json.loads(entry)["kind"] == "licence-intent"


def test_after_issuing_the_whole_log_is_published(run: Run) -> None:
    found = said(run("verify", "--json"))
    assert (found["holds"], found["problems"], found["first_bad"]) == (True, [], None)
    assert found["checkpoints"] >= 3
    newest = found["size"]
    with reading(SYSTEM) as look:
        checkpoint = queries.latest_checkpoint(look.session)
    assert checkpoint is not None
    assert checkpoint.size == newest
    assert run("verify").exit_code == 0


def test_a_changed_log_is_named(run: Run) -> None:
    with unit_of_work(SYSTEM) as work:
        work.session.execute(update(LedgerLeaf).where(LedgerLeaf.position == 2).values(kind="other"))
    result = run("verify", "--json")
    assert result.exit_code == 1
    assert said(result)["first_bad"] == 2
    assert said(result)["problems"][0]["code"] == "leaf-differs"
    text = run("verify")
    assert text.exit_code == 1
    assert "It does not hold from entry 2 on." in text.stdout


def test_checkpoints_of_nobody_and_logs_behind_their_mark_are_named(run: Run, register: Register) -> None:
    with unit_of_work(SYSTEM) as work:
        for size, note in queries.notes(work.session):
            cosigned = note + "— somebody AAAAAAA=\n".encode()
            work.session.execute(update(LedgerCheckpoint).where(LedgerCheckpoint.size == size).values(note=cosigned))
    assert run("verify").exit_code == 0, "a signature of somebody else is read over"
    kept.write(kept.mark_path(register.settings), Checkpoint("log", 10_000, bytes(32)).text.encode())
    assert [problem["code"] for problem in said(run("verify", "--json"))["problems"]] == ["register-behind"]


@pytest.mark.parametrize("by", ["identifier", "number"])
def test_one_licence_is_proven(run: Run, register: Register, by: str) -> None:
    entry = register.entries[1]
    result = run("prove", entry[by])
    assert result.exit_code == 0
    position, leaf = stranger(register).proven(result.stdout)
    assert json.loads(leaf)["subject"] == entry["identifier"]
    data = said(run("prove", entry[by], "--json"))
    assert (data["position"], data["entry"], data["proof"]) == (position, leaf.decode(), result.stdout)
    path = [bytes.fromhex(step) for step in data["path"]]
    assert climb(hashlib.sha256(b"\x00" + leaf).digest(), position, data["size"], path).hex() == data["root"]


def test_a_proof_goes_into_a_file_and_unknown_licences_have_none(run: Run, register: Register, tmp_path: Path) -> None:
    result = run("prove", register.entries[0]["number"], "--out", tmp_path / "one.tlog-proof")
    assert (result.exit_code, result.stdout) == (0, "")
    stranger(register).proven((tmp_path / "one.tlog-proof").read_text("utf-8"))
    missing = run("prove", "样气雷审字(2026)第9999号")
    assert missing.exit_code == 1
    assert "[licence-unknown]" in missing.stderr


def test_sizes_and_files_are_compared(run: Run, tmp_path: Path) -> None:
    size = said(run("verify", "--json"))["size"]
    found = said(run("consistency", 1, size, "--json"))
    assert found["holds"]
    assert found["proof"]
    assert run("consistency", 2, size).exit_code == 0
    state = tmp_path / "kept.note"
    assert run("witness", "--state", state, "--once").exit_code == 0
    assert said(run("consistency", state, size, "--json"))["holds"]
    head = parse_checkpoint(parse_note(state.read_bytes()).text)
    state.write_text(Checkpoint(head.origin, head.size, bytes(32)).text, "utf-8")
    result = run("consistency", state, size)
    assert result.exit_code == 1
    assert "not what the checkpoint says" in result.stdout


@pytest.mark.parametrize("sizes", [("0", "3"), ("3", "1"), ("1", "100000"), ("x", "1"), ("1", ""), ("1", "-1")])
def test_sizes_that_do_not_fit_are_said(run: Run, sizes: tuple[str, str]) -> None:
    assert run("consistency", "--json", "--", *sizes).exit_code == 2


def test_the_exported_folder_is_a_log_of_its_own(run: Run, register: Register, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    first, again = said(run("export", "--out", folder, "--json")), said(run("export", "--out", folder, "--json"))
    assert first["written"] == first["files"] == 3
    assert (again["files"], again["written"]) == (3, 1)

    def get(path: str) -> Answer:
        kind = "text/plain; charset=utf-8" if path == "checkpoint" else "application/octet-stream"
        headers = {"content-type": kind, "cache-control": "no-store, immutable", "access-control-allow-origin": "*"}
        return 200, headers, (folder / path).read_bytes()

    (key,) = checkpoints.note_keys(register.trust)
    entries = Log(get, key.name, key.public).whole()
    assert len(entries) == first["size"]
    assert {json.loads(entry)["subject"].split("/")[0] for entry in entries} >= {entry["identifier"] for entry in register.entries}


def test_no_entry_holds_personal_data(run: Run, register: Register, tmp_path: Path) -> None:
    run("export", "--out", tmp_path)
    text = b"".join(path.read_bytes() for path in (tmp_path / "tile" / "entries").rglob("*") if path.is_file()).decode("utf-8", "replace")
    for entry in register.entries:
        for private in (entry["holder"], entry["check_code"], entry["number"]):
            assert private not in text


def test_a_witness_follows_and_refuses_a_cut_log(run: Run, register: Register, tmp_path: Path) -> None:
    state = tmp_path / "witness" / "state.note"
    first = said(run("witness", "--state", state, "--once", "--json"))
    assert (first["before"], first["origin"]) == (None, register.trust.origin)
    assert run("witness", "--state", state, "--once").stdout == f"The log continues: {first['size']} entries before, {first['size']} now.\n"
    kept_before = state.read_bytes()
    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(LedgerCheckpoint).where(LedgerCheckpoint.size == first["size"]))
    refused = run("witness", "--state", state, "--once")
    assert refused.exit_code == 1
    assert "[log-shrunk]" in refused.stderr
    assert json.loads(run("witness", "--state", state, "--once", "--json").stdout)["error"]["code"] == "log-shrunk"
    assert state.read_bytes() == kept_before
    assert run("witness", "--state", state).exit_code == 1, "a refusal ends the watch"


def test_a_witness_pins_a_trust_list_or_a_key(run: Run, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trust = tmp_path / "trust.pem"
    trust.write_bytes(register.trust.to_pem())
    (key,) = checkpoints.note_keys(register.trust)
    assert run("witness", "--state", tmp_path / "a", "--once", "--trust", trust).exit_code == 0
    monkeypatch.setenv("LEIZHENG_KEYS", str(tmp_path / "none"))
    assert run("witness", "--state", tmp_path / "b", "--once", "--key", key.text).exit_code == 0
    assert run("witness", "--state", tmp_path / "c", "--once", "--key", "nonsense").exit_code == 2
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    result = run("witness", "--state", tmp_path / "d", "--once", "--key", other)
    assert (result.exit_code, "[other-log]" in result.stderr) == (1, True)
    assert not (tmp_path / "d").exists()


def test_a_witness_beside_the_house_stops_it(run: Run, register: Register, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state of an older backup, without the last entry: with the witness's file in the settings the log takes nothing more."""
    state = tmp_path / "state.note"
    size = said(run("verify", "--json"))["size"]
    assert run("witness", "--state", state, "--once").exit_code == 0
    monkeypatch.setenv("LEIZHENG_WITNESS", str(state))
    assert said(run("verify", "--json"))["holds"]
    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(LedgerLeaf).where(LedgerLeaf.position == size - 1))
        work.session.execute(delete(LedgerCheckpoint).where(LedgerCheckpoint.size == size))
        work.session.execute(update(Counter).where(Counter.series == "ledger").values(value=size - 1))
    kept.mark_path(register.settings).unlink()
    found = said(run("verify", "--json"))
    assert [problem["code"] for problem in found["problems"]] == ["register-behind"]
    assert run("export", "--out", tmp_path / "log").exit_code == 1
