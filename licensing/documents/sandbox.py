"""Untrusted bytes are parsed in a child process that can do nothing else and does not live long."""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from licensing.documents.cell import TASKS
from licensing.documents.nursery import END, NEW, NUMBER
from licensing.errors import LeizhengError, Misconfigured
from licensing.words import Said, say

MEBIBYTE = 1024 * 1024
LARGEST_ANSWER = 96 * MEBIBYTE

_NURSERY = Path(__file__).with_name("nursery.py")
_CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"}
_SENTENCES = {
    "timeout": say("Reading the file took too long."),
    "memory": say("Reading the file needed too much memory."),
    "crash": say("The file could not be read safely."),
}


class SandboxFailure(LeizhengError):
    """The child did not answer; ``kind`` says why: ``timeout``, ``memory`` or ``crash``."""

    code = "sandbox-failed"
    http_status = 422

    def __init__(self, kind: str, detail: str = "") -> None:
        sentence: Said = _SENTENCES[kind]
        super().__init__(sentence, next_step=say("Open the file, save or print it again as PDF, and try once more."))
        self.kind = kind
        self.detail = detail


def ask(task: str, data: bytes, *, seconds: float = 10, memory: int = 512 * MEBIBYTE, **options: Any) -> Any:
    """The answer of ``task`` (``module:function`` of the fixed list) to ``data``, from a child that lives at most ``seconds``.

    ``memory`` is the child's address space in bytes; ``options`` and the answer are plain JSON.
    Errors: ``SandboxFailure`` for every way to die; ``Misconfigured`` for a task that is not listed.
    """
    if task not in TASKS:
        raise Misconfigured(say("%(task)s is not a task of the sandbox.", task=task), code="unknown-task")
    head = json.dumps({"task": task, "options": options, "seconds": seconds, "memory": memory}).encode()
    with tempfile.TemporaryFile() as request, tempfile.TemporaryFile() as complaints:
        request.write(len(head).to_bytes(4, "big") + head + data)
        request.seek(0)
        answers, outlet = os.pipe()
        try:
            nursery, child = _newborn((request.fileno(), outlet, complaints.fileno()))
        finally:
            os.close(outlet)
        try:
            answer = _read_answer(answers, time.monotonic() + seconds)
        finally:
            os.close(answers)
            # The number cannot belong to anybody else yet: a dead child keeps it until the nursery is asked for its end.
            os.kill(child, signal.SIGKILL)
            exit_code = nursery.end(child)
        complaints.seek(0)
        return _value(answer, exit_code, complaints.read(4096))


class _Nursery:
    """The process that forks the children of this process; see ``nursery``."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self._lock = Lock()
        self._door, far_side = socket.socketpair()
        with far_side:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-B", str(_NURSERY), str(far_side.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                env=_CLEAN_ENVIRONMENT,
                cwd="/",
                pass_fds=(far_side.fileno(),),
            )

    def new(self, descriptors: tuple[int, int, int]) -> int:
        """A new child with these as standard input, output and error; its process number."""
        return self._call(lambda: socket.send_fds(self._door, [NEW], list(descriptors)))

    def end(self, child: int) -> int:
        """The exit status of a child that is dead or dying."""
        return self._call(lambda: self._door.sendall(END + child.to_bytes(NUMBER, "big")))

    def close(self) -> None:
        """End the nursery."""
        self._door.close()
        self._process.wait()

    def _call(self, send: Callable[[], object]) -> int:
        with self._lock:
            send()
            answer = self._door.recv(NUMBER, socket.MSG_WAITALL)
        if len(answer) != NUMBER:
            raise ConnectionError
        return int.from_bytes(answer, "big", signed=True)


class _Current:
    nursery: _Nursery | None = None
    lock = Lock()


def _newborn(descriptors: tuple[int, int, int]) -> tuple[_Nursery, int]:
    """A new child; a nursery that died is replaced once."""
    nursery = _nursery()
    try:
        return nursery, nursery.new(descriptors)
    except OSError:
        nursery = _nursery(instead_of=nursery)
        return nursery, nursery.new(descriptors)


def _nursery(instead_of: _Nursery | None = None) -> _Nursery:
    with _Current.lock:
        known = _Current.nursery
        # After a fork the copy would share its socket with the parent, so the new process starts its own.
        if known is None or known.owner != os.getpid() or known is instead_of:
            if known is not None and known.owner == os.getpid():
                known.close()
            _Current.nursery = known = _Nursery()
        return known


@atexit.register
def _close_nursery() -> None:
    known = _Current.nursery
    if known is not None and known.owner == os.getpid():
        known.close()


def _read_answer(pipe: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise SandboxFailure("timeout")
        part = os.read(pipe, MEBIBYTE)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise SandboxFailure("memory", "answer too large")


def _value(answer: bytes, returncode: int, complaint: bytes) -> Any:
    if len(answer) < 4 or int.from_bytes(answer[:4], "big") != len(answer) - 4:
        raise SandboxFailure(_cause_of_death(returncode, complaint), f"exit {returncode}")
    try:
        reply = json.loads(answer[4:])
        failure = reply.get("failure")
        if failure is None:
            return reply["value"]
        raise SandboxFailure(failure, str(reply["detail"]))
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        # Whoever took the child over may answer anything.
        raise SandboxFailure("crash", "no answer") from error


def _cause_of_death(returncode: int, complaint: bytes) -> str:
    # The kernel ends a child that used up its processor seconds by SIGXCPU, or by SIGKILL at the hard limit.
    if returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timeout"
    return "memory" if b"bad_alloc" in complaint or b"MemoryError" in complaint or b"allocate memory" in complaint else "crash"
