"""The signer as a real process, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from licensing.errors import LeizhengError
from licensing.trust.signer_client import RemoteSigner

START = "from licensing.commands.signer import signer; signer(prog_name='leizheng signer')"


def start(
    keys: Path, home: Path, *arguments: str, before: str = "", rate: int = 600, socket: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start the signer and wait until it answers; ``before`` is code that runs in it first."""
    path = socket or home / "signer.sock"
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


@contextmanager
def running(keys: Path, home: Path, *arguments: str, before: str = "", rate: int = 600) -> Iterator[RemoteSigner]:
    """A client of a signer that runs as long as the block."""
    process = start(keys, home, *arguments, before=before, rate=rate)
    client = RemoteSigner(home / "signer.sock")
    try:
        yield client
    finally:
        client.close()
        said = end(process)
    assert process.returncode == 0, said


def until_answering(client: RemoteSigner, seconds: float = 20) -> None:
    """Return as soon as the signer can be reached."""
    limit = time.monotonic() + seconds
    while True:
        try:
            client.latest_checkpoint()
        except LeizhengError as error:
            if error.code != "signer-unreachable" or time.monotonic() > limit:
                raise
        else:
            return
