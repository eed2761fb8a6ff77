"""The processes beside the portal on one machine: the signer and the background worker. Each is started again when it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from licensing.errors import LeizhengError
from licensing.settings import Settings
from licensing.trust.current import signer_socket
from licensing.trust.signer_client import RemoteSigner

PATIENCE: Final = 10.0
SIGNER_VARIABLE: Final = "LEIZHENG_SIGNER"
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
_HEALTHY: Final = 30.0

_log = structlog.get_logger("leizheng.processes")


@dataclass(frozen=True, slots=True)
class Companion:
    """A command that runs beside the portal: Python code, what it is called with, and the signal that ends it in order."""

    name: str
    code: str
    arguments: tuple[str, ...] = ()
    ending: signal.Signals = signal.SIGTERM


WORKER: Final = Companion("worker", "from licensing.worker import worker; worker(prog_name='leizheng worker')", ending=signal.SIGINT)


def signer_at(path: Path) -> Companion:
    """The signer's process, listening at ``path``; it ends with the process that started it, however that ends."""
    code = "from licensing.commands.signer import signer; signer(prog_name='leizheng signer')"
    return Companion("signer", code, ("--socket", str(path), "--leash"))


@contextmanager
def beside(settings: Settings, *, worker: bool) -> Iterator[None]:
    """The signer, unless the settings name one that runs already, and the worker if wanted, as long as the block lasts.

    Every process started meanwhile finds the signer in its environment. Raises ``Unavailable`` when the signer does not start.
    """
    path = signer_socket(settings).absolute()
    with ExitStack() as running:
        if settings.signer is None:
            running.enter_context(kept(signer_at(path)))
            running.enter_context(_exported(path))
        if worker:
            running.enter_context(kept(WORKER))
        if settings.signer is None:
            _wait_for(path)
        yield


@contextmanager
def kept(companion: Companion) -> Iterator[None]:
    """``companion`` runs until the block ends; when it dies it is started again, at once and then ever more slowly."""
    keeper = _Keeper(companion)
    keeper.start()
    try:
        yield
    finally:
        keeper.end()


class _Keeper:
    def __init__(self, companion: Companion) -> None:
        self._companion = companion
        self._thread = threading.Thread(target=self._keep, name=f"keeps {companion.name}", daemon=True)
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        with self._lock:
            self._ending.set()
            child = self._child
        if child is not None:
            _end(child, self._companion.ending)
        self._thread.join()

    def _keep(self) -> None:
        pause = _FIRST_PAUSE
        while (child := self._next()) is not None:
            began = time.monotonic()
            code = child.wait()
            if self._ending.is_set():
                return
            _log.warning("died", process=self._companion.name, code=code)
            pause = _FIRST_PAUSE if time.monotonic() - began > _HEALTHY else min(2 * pause, _LONGEST_PAUSE)
            self._ending.wait(pause)

    def _next(self) -> subprocess.Popen[bytes] | None:
        """The child, started unless the end has come. Its own session: the interrupt of a terminal goes to the portal alone."""
        command = [sys.executable, "-c", self._companion.code, *self._companion.arguments]
        with self._lock:
            if self._ending.is_set():
                return None
            if self._child is not None and self._child.stdin is not None:
                self._child.stdin.close()
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
            return self._child


def _end(child: subprocess.Popen[bytes], ending: signal.Signals) -> None:
    child.send_signal(ending)
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin is not None:
        child.stdin.close()


@contextmanager
def _exported(path: Path) -> Iterator[None]:
    os.environ[SIGNER_VARIABLE] = str(path)
    try:
        yield
    finally:
        del os.environ[SIGNER_VARIABLE]


def _wait_for(path: Path) -> None:
    """Until the signer answers: whatever it says about its keys, it is there."""
    signer = RemoteSigner(path, patience=PATIENCE)
    try:
        signer.latest_checkpoint()
    except LeizhengError as error:
        if error.code == "signer-unreachable":
            raise
        _log.warning("signer", code=error.code, reason=str(error))
    finally:
        signer.close()
