"""Kill a process at any of its side effects: every commit, fsync, rename and answer of the signer has a moment before and one after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, NoReturn

from sqlalchemy.engine import Engine

from licensing.documents import sandbox
from licensing.settings import Settings
from licensing.storage import open_storage, storage
from licensing.trust.signer import LocalSigner

SIGNATURES = ("sign_qr", "sign_seal", "sign_status", "sign_checkpoint")


@dataclass
class Effects:
    """Counts the moments around side effects; at moment ``fatal`` the process kills itself. ``names`` says what they are."""

    fatal: int | None = None
    names: list[str] = field(default_factory=list)

    def watch(self, owner: Any, name: str) -> None:
        """Count the moments before and after each call of ``owner.name``."""
        original = getattr(owner, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            self._moment(f"before {name}")
            answer = original(*arguments, **options)
            self._moment(f"after {name}")
            return answer

        setattr(owner, name, watched)

    def watch_process(self, engine: Engine) -> None:
        """Count every side effect of this process. There is no way back: call it in a child."""
        for name in ("fsync", "rename", "replace"):
            self.watch(os, name)
        self.watch(engine.dialect, "do_commit")
        for name in SIGNATURES:
            self.watch(LocalSigner, name)

    def _moment(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def moments_of(settings: Settings, act: Callable[[], object]) -> list[str]:
    """The moments around the side effects of ``act``, done for real in a child process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        effects = Effects()
        _run(settings, effects, act, lambda: os.write(writer, "\n".join(effects.names).encode()))
    os.close(writer)
    with os.fdopen(reader, "rb") as told:
        names = told.read().decode().splitlines()
    assert _end_of(child) == 0, "the rehearsal failed"
    return names


def killed_at(settings: Settings, act: Callable[[], object], moment: int) -> bool:
    """Do ``act`` in a child that dies at ``moment`` (1 is the first). False when it lived to the end."""
    child = os.fork()
    if child == 0:
        _run(settings, Effects(fatal=moment), act, lambda: None)
    return _end_of(child) == -signal.SIGKILL


def _run(settings: Settings, effects: Effects, act: Callable[[], object], at_end: Callable[[], object]) -> NoReturn:
    """The life of the child: connections of its own, parsers in this process (its sandbox would take a second to start), then ``act``."""
    code = 1
    try:
        storage().engine.dispose(close=False)
        engine = open_storage(settings).engine
        sandbox.ask = _in_this_process  # type: ignore[assignment]
        effects.watch_process(engine)
        act()
        at_end()
        code = 0
    finally:
        os._exit(code)


def _in_this_process(task: str, data: bytes, *, seconds: float = 0, memory: int = 0, **options: Any) -> Any:
    module, name = task.split(":")
    return getattr(import_module(module), name)(data, **options)


def _end_of(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
