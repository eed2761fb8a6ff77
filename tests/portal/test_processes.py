"""The processes beside the portal: started, started again when they die, ended with it."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from licensing.errors import Unavailable
from licensing.settings import Settings
from licensing.trust.keys import ensure_authority_keys
from licensing.trust.signer_client import RemoteSigner
from portal import processes
from portal.processes import Companion, beside, kept

pytestmark = pytest.mark.slow

NOTE = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.05)


def process_behind(path: Path) -> int:
    """The number of the process that listens there."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        return int(struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation with keys; the environment says the same."""
    made = Settings(home=tmp_path / "var", keys=tmp_path / "keys", database="", demo=False, https=False)
    made.home.mkdir(mode=0o700)
    ensure_authority_keys(made.keys, "320000", "江苏省气象局", "11320000014000100X", b"\x07")
    monkeypatch.setenv("LEIZHENG_HOME", str(made.home))
    monkeypatch.setenv("LEIZHENG_KEYS", str(made.keys))
    monkeypatch.setenv("LEIZHENG_LANG", "en")
    monkeypatch.delenv("LEIZHENG_SIGNER", raising=False)
    return made


def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    notes = tmp_path / "notes"

    def started() -> list[int]:
        return [int(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    with kept(Companion("test", NOTE, (str(notes),))):
        for lives in (1, 2, 3):
            until(lambda lives=lives: len(started()) == lives)  # type: ignore[misc]
            if lives < 3:
                os.kill(started()[-1], signal.SIGKILL)
    time.sleep(0.5)
    assert len(started()) == 3
    assert not any(alive(process) for process in started())


def test_a_process_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    notes = tmp_path / "notes"
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {NOTE}"
    with kept(Companion("test", deaf, (str(notes),))):
        until(lambda: notes.exists() and notes.read_text().endswith("\n"))
    assert not alive(int(notes.read_text()))


def test_the_signer_runs_beside_and_comes_back(plain: Settings) -> None:
    path = plain.home / "signer.sock"
    with beside(plain, worker=False):
        assert os.environ["LEIZHENG_SIGNER"] == str(path)
        assert Settings().signer == path
        client = RemoteSigner(path, seconds=30, patience=20)
        assert client.latest_checkpoint() is None
        first = process_behind(path)
        os.kill(first, signal.SIGKILL)
        assert client.latest_checkpoint() is None, "the client waits for the new one"
        second = process_behind(path)
        client.close()
    assert second != first
    assert not alive(second)
    assert not path.exists()
    assert "LEIZHENG_SIGNER" not in os.environ


def test_a_signer_that_runs_already_is_used(plain: Settings, tmp_path: Path) -> None:
    elsewhere = plain.model_copy(update={"signer": tmp_path / "elsewhere.sock"})
    with beside(elsewhere, worker=False):
        assert not (plain.home / "signer.sock").exists()
        assert "LEIZHENG_SIGNER" not in os.environ


def test_a_signer_that_cannot_start_is_said(plain: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 1.0)
    (plain.home / "signer.sock").write_text("in the way")
    with pytest.raises(Unavailable), beside(plain, worker=False):
        raise AssertionError("the portal must not start without its signer")
    assert "LEIZHENG_SIGNER" not in os.environ


@pytest.mark.slow
def test_serve_brings_its_signer_and_worker_and_takes_them_away(plain: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from licensing.cli import main; main(prog_name='leizheng')", "serve", "--port", str(port)]
    path = plain.home / "signer.sock"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
        try:
            until(lambda: _answers(port), seconds=60)
            signer = process_behind(path)
            os.kill(signer, signal.SIGKILL)
            until(lambda: path.exists() and _is_back(path, signer))
            signer = process_behind(path)
        finally:
            server.send_signal(signal.SIGINT)
            said, _ = server.communicate(timeout=60)
    assert server.returncode == 0, said.decode()
    assert not alive(signer)
    assert not path.exists()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/.well-known/leizheng/trust.pem", timeout=5) as answer:
            return b"BEGIN CERTIFICATE" in answer.read()
    except OSError:
        return False


def _is_back(path: Path, before: int) -> bool:
    try:
        return process_behind(path) != before
    except OSError:
        return False
