"""Untrusted bytes are parsed in a child process that can do nothing else and does not live long."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from licensing.documents.cell import TASKS
from licensing.errors import LeizhengError, Misconfigured
from licensing.words import Said, say

MEBIBYTE = 1024 * 1024
LARGEST_ANSWER = 96 * MEBIBYTE

_CELL = Path(__file__).with_name("cell.py")
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
        deadline = time.monotonic() + seconds
        child = subprocess.Popen(
            [sys.executable, "-I", "-B", str(_CELL)],
            stdin=request,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=_CLEAN_ENVIRONMENT,
            cwd="/",
            start_new_session=True,
            close_fds=True,
        )
        try:
            answer = _read_answer(child, deadline)
        finally:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        complaints.seek(0)
        return _value(answer, child.returncode, complaints.read(4096))


def _read_answer(child: subprocess.Popen[bytes], deadline: float) -> bytes:
    if child.stdout is None:
        raise SandboxFailure("crash", "no pipe")
    pipe, parts, size = child.stdout.fileno(), [], 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise SandboxFailure("timeout")
        part = os.read(pipe, MEBIBYTE)
        if not part:
            break
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise SandboxFailure("memory", "answer too large")
    try:
        child.wait(timeout=max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        raise SandboxFailure("timeout") from None
    return b"".join(parts)


def _value(answer: bytes, returncode: int, complaint: bytes) -> Any:
    if len(answer) < 4 or int.from_bytes(answer[:4], "big") != len(answer) - 4:
        raise SandboxFailure(_cause_of_death(returncode, complaint), f"exit {returncode}")
    reply = json.loads(answer[4:])
    if "failure" in reply:
        raise SandboxFailure(reply["failure"], reply["detail"])
    return reply["value"]


def _cause_of_death(returncode: int, complaint: bytes) -> str:
    # The kernel ends a child that used up its processor seconds by SIGXCPU, or by SIGKILL at the hard limit.
    if returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timeout"
    return "memory" if b"bad_alloc" in complaint or b"MemoryError" in complaint or b"allocate memory" in complaint else "crash"
