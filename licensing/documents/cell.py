"""The inside of the sandbox: what a disposable child runs.

One request on standard input, one answer on standard output; both are a 4-byte length, JSON, then (request only) the bytes to judge.
Walls, in this order: resource limits, no new privileges, an empty network namespace where the kernel allows it, and an audit hook
that refuses sockets and new processes. Only a task of ``TASKS`` is ever run.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Any, BinaryIO, NoReturn

TASKS = frozenset(
    {
        "licensing.documents.child:inspect_upload",
        "licensing.documents.child:lint_face",
        "licensing.documents.child:scan_qr",
        "licensing.documents.child:page_count",
        "licensing.documents.child:page_images",
        "licensing.documents.child:page_picture",
        "licensing.documents.child:preview",
        "licensing.documents.drill:breathe",
        "licensing.documents.drill:eat_memory",
        "licensing.documents.drill:burn_time",
        "licensing.documents.drill:sleep",
        "licensing.documents.drill:call_out",
        "licensing.documents.drill:start_process",
        "licensing.documents.drill:write_file",
        "licensing.documents.drill:crash",
        "licensing.trust.pdf_check:check",
    }
)

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_FILE_LIMIT = 64 * 1024
_OPEN_FILES = 64
_REFUSED = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork")


def main() -> NoReturn:
    """Serve one request, then die. Never returns, so no exit handler of a parsing library runs."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into the answer
    head = json.loads(_exactly(requests, int.from_bytes(_exactly(requests, 4), "big")))
    _limit(memory=head["memory"], seconds=head["seconds"])
    _cut_network()
    sys.addaudithook(_refuse)
    answer = json.dumps(_run(head["task"], requests.read(), head["options"])).encode()
    answers.write(len(answer).to_bytes(4, "big") + answer)
    answers.flush()
    os._exit(0)


def _run(task: str, data: bytes, options: dict[str, Any]) -> dict[str, Any]:
    if task not in TASKS:
        return {"failure": "crash", "detail": "unknown task"}
    module, name = task.split(":")
    try:
        return {"value": getattr(importlib.import_module(module), name)(data, **options)}
    except MemoryError:
        return {"failure": "memory", "detail": "MemoryError"}
    except BaseException as error:  # whatever a parser of hostile bytes raises is an answer, never a way out
        out_of_memory = "bad_alloc" in str(error) or "allocate" in str(error).lower()
        return {"failure": "memory" if out_of_memory else "crash", "detail": type(error).__name__}


def _limit(*, memory: int, seconds: float) -> None:
    cpu = max(1, round(seconds))
    for what, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, _FILE_LIMIT),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _cut_network() -> None:
    with suppress(OSError, AttributeError):  # best effort: the audit hook is the wall that stands everywhere
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _refuse(event: str, _arguments: tuple[Any, ...]) -> None:
    if event.startswith(_REFUSED):
        raise PermissionError(f"{event} is not allowed here")


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError
    return data
