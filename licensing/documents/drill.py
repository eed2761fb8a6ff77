"""Fire drills: tasks that misbehave on purpose, so that tests and the doctor can see the sandbox hold."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any


def breathe(data: bytes, **options: Any) -> dict[str, Any]:
    """Do nothing wrong: say what arrived and what the child can see of its parent's environment."""
    return {"size": len(data), "options": options, "environment": sorted(os.environ), "session": os.getsid(0) == os.getpid()}


def eat_memory(_data: bytes, *, megabytes: int) -> int:
    """Ask for memory in pieces of one MiB and touch every page."""
    eaten = [b"x" * 1024 * 1024 for _ in range(megabytes)]
    return len(eaten)


def burn_time(_data: bytes) -> None:
    """Compute for ever."""
    while True:
        sum(range(1000))


def sleep(_data: bytes) -> None:
    """Use no processor and do not answer."""
    time.sleep(3600)


def call_out(_data: bytes, *, port: int, raw: bool = False) -> dict[str, str]:
    """Try to reach 127.0.0.1: with Python's sockets, or with ``raw`` past them through the C library."""
    if raw:
        return {"connect": _connect_by_libc(port)}
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return {"connect": "reached"}
    except OSError as error:
        return {"connect": type(error).__name__}


def start_process(_data: bytes) -> str:
    """Try to start another program."""
    try:
        return str(subprocess.run(["true"], check=False).returncode)
    except OSError as error:
        return type(error).__name__


def write_file(_data: bytes, *, size: int) -> int:
    """Try to write ``size`` bytes to disk; say how many got there."""
    with tempfile.NamedTemporaryFile() as file:
        with suppress(OSError):
            file.write(b"x" * size)
            file.flush()
        return Path(file.name).stat().st_size


def crash(_data: bytes) -> None:
    """Die as a broken parser dies."""
    os.kill(os.getpid(), signal.SIGSEGV)


def _connect_by_libc(port: int) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.socket(2, 1, 0)
    address = (2).to_bytes(2, "little") + port.to_bytes(2, "big") + bytes([127, 0, 0, 1]) + bytes(8)
    return "reached" if libc.connect(handle, address, len(address)) == 0 else "refused"
