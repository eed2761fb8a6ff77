"""The signer as a real process, for tests."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from licensing.trust.signer_client import RemoteSigner

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["licensing.commands.signer"])
START = "from licensing.commands.signer import signer; signer(prog_name='leizheng signer')"


def start(keys: Path, home: Path, *arguments: str, before: str = "", rate: int = 600, at: Path | None = None) -> subprocess.Popen[bytes]:
    """Start the signer and wait until it answers; ``before`` is code that runs in it first."""
    path = at or home / "signer.sock"
    environment = {
        **os.environ,
        "LEIZHENG_KEYS": str(keys),
        "LEIZHENG_HOME": str(home),
        "LEIZHENG_SIGNER_RATE": str(rate),
        "LEIZHENG_LANG": "en",
    }
    command = [sys.executable, "-W", "error", "-c", f"{before}\n{START}", "--socket", str(path), *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    first = process.stdout.readline()
    assert b"listens" in first, first + process.stdout.read()
    return process


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> str:
    """End it and return what it said; the exit code is in ``process.returncode``."""
    process.send_signal(how)
    said, _ = process.communicate(timeout=20)
    return said.decode()


@contextlib.contextmanager
def running(keys: Path, home: Path, *arguments: str, rate: int = 600) -> Iterator[RemoteSigner]:
    """A client of a signer that runs as long as the block: the same command in a process forked from one that has imported it."""
    path = home / "signer.sock"
    settings = {"LEIZHENG_KEYS": str(keys), "LEIZHENG_HOME": str(home), "LEIZHENG_SIGNER_RATE": str(rate), "LEIZHENG_LANG": "en"}
    process = FORKS.Process(target=_run, args=(settings, ["--socket", str(path), *arguments]))
    process.start()
    client = RemoteSigner(path)
    try:
        _until_listening(path)
        yield client
    finally:
        client.close()
        process.terminate()
        process.join(20)
        code = process.exitcode
        process.close()
    assert code == 0


def _run(settings: dict[str, str], arguments: list[str]) -> None:
    from licensing.commands.signer import signer

    os.environ.update(settings)
    signer(arguments, prog_name="leizheng signer")


def _until_listening(path: Path, seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while True:
        with socket.socket(socket.AF_UNIX) as connection, contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            connection.connect(str(path))
            return
        assert time.monotonic() < limit
        time.sleep(0.02)
