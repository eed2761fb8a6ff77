"""Kill -9 at the n-th side effect: a forked child does the work, and dies right before or right after something becomes durable."""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

from licensing.documents import sandbox
from licensing.storage import FileStore, storage
from licensing.trust.signer import LocalSigner

# What a process leaves behind: on the disk by these calls of the system, in the database by its commits. The calls of signer and store are
# no effects of their own; they stand here so that a new one of their methods is counted before anybody thinks of it.
SYSTEM_CALLS = ("fsync", "fdatasync", "replace", "rename", "link", "pwrite", "ftruncate", "truncate")
SIGNER_CALLS = tuple(name for name in vars(LocalSigner) if name.startswith(("sign_", "keep_")))
KILLED = -signal.SIGKILL


class Death:
    """Counts the moments before and after every side effect; at the moment ``fatal`` the process is gone."""

    def __init__(self, fatal: int | None) -> None:
        self.fatal = fatal
        self.moments: list[str] = []

    def watch(self) -> None:
        """From now on every side effect of this process is counted. There is no way back: only a child does this."""
        for name in SYSTEM_CALLS:
            setattr(os, name, self._around(getattr(os, name), f"os.{name}"))
        for name in SIGNER_CALLS:
            setattr(LocalSigner, name, self._around(getattr(LocalSigner, name), f"signer.{name}"))
        FileStore.put = self._around(FileStore.put, "files.put")  # type: ignore[method-assign]
        dialect: Any = storage().engine.dialect
        dialect.do_commit = self._around(dialect.do_commit, "commit")

    def _around(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            self._moment(f"before {name}")
            answer = call(*arguments, **options)
            self._moment(f"after {name}")
            return answer

        return watched

    def _moment(self, name: str) -> None:
        if len(self.moments) == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        self.moments.append(name)


def in_child(act: Callable[[], object], fatal: int | None) -> list[str] | None:
    """The moments of ``act`` in a forked child, or None when it was killed at the moment ``fatal``. Raises what went wrong otherwise."""
    storage().engine.dispose()  # a connection must not be shared with a child
    source, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(source)
        _live(act, Death(fatal), outlet)
    os.close(outlet)
    with os.fdopen(source, "rb") as pipe:
        told = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == KILLED:
        return None
    assert code == 0, told.decode()
    return list(json.loads(told))


def _live(act: Callable[[], object], death: Death, outlet: int) -> NoReturn:
    code = 1
    try:
        # The parent waits meanwhile, so parsers may be born of its nursery: a new one takes a second to import them.
        nursery: Any = sandbox._Current.nursery
        if nursery is not None:
            nursery.owner = os.getpid()
        death.watch()
        act()
        told, code = json.dumps(death.moments), 0
    except BaseException:
        told = traceback.format_exc()
    os.write(outlet, told.encode())
    os._exit(code)
