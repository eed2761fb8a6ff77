"""The signer as a process of its own: it listens on a Unix socket, knows its askers by their user, and answers one question at a time each.

Whatever arrives, it answers or ends that one connection; only a signal, or the end of the process that started it, ends the signer.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import socket
import stat
import struct
import threading
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

import structlog

from licensing.errors import Conflict, LeizhengError, Misconfigured, Unavailable
from licensing.trust import signer_wire as wire
from licensing.trust.requests import Signer
from licensing.words import say

MOST_CONNECTIONS: Final = 128
_MESSAGE_SECONDS: Final = 10.0
_STRANGER_SECONDS: Final = 2.0
_ENDING_SECONDS: Final = 5.0
_PAUSE: Final = 0.05
_CREDENTIALS: Final = struct.Struct("3i")  # struct ucred of unix(7): process, user, group

_log = structlog.get_logger("leizheng.signer")


@contextlib.contextmanager
def listening(path: Path, group: int | None = None) -> Iterator[socket.socket]:
    """The signer's socket at ``path``: mode 0600, or 0660 for members of ``group``. A file that a crash left behind is replaced.

    Raises ``Conflict`` (``signer-running``) when another signer listens there, ``Misconfigured`` when others could take its place.
    """
    _prepare_folder(path, group)
    with _claimed(path), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        _remove_stale(path)
        umask = os.umask(0o177)
        try:
            with wire.address(path) as name:
                listener.bind(name)
        finally:
            os.umask(umask)
        try:
            if group is not None:
                os.chown(path, -1, group)
                path.chmod(0o660)
            listener.listen(MOST_CONNECTIONS)
            yield listener
        finally:
            path.unlink(missing_ok=True)


def serve(signer: Signer, listener: socket.socket, allowed: Collection[int], stops: Collection[Any]) -> None:
    """Answer everybody whose user id is ``allowed`` until one of ``stops`` (sockets or files) becomes readable or ends.

    Questions that are being answered then are answered to their end, within five seconds.
    """
    talks = _Talks(signer, frozenset(allowed))
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        for stop in stops:
            selector.register(stop, selectors.EVENT_READ)
        while all(key.fileobj is listener for key, _ in selector.select()):
            talks.begin(listener)
    talks.end()


@contextlib.contextmanager
def signals() -> Iterator[socket.socket]:
    """A socket that becomes readable when this process is asked to end (SIGTERM, SIGINT)."""
    receiving, sending = socket.socketpair()
    with receiving, sending:
        before = {number: signal.signal(number, lambda *_: sending.send(b"x")) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield receiving
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Talks:
    """The open connections, each with a thread of its own."""

    def __init__(self, signer: Signer, allowed: frozenset[int]) -> None:
        self._signer = signer
        self._allowed = allowed
        self._lock = threading.Lock()
        self._open: dict[socket.socket, threading.Thread] = {}

    def begin(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError as error:
            # Too many open files, or the asker has gone: the next one may fare better.
            _log.warning("not accepted", reason=error.strerror)
            time.sleep(_PAUSE)
            return
        with self._lock:
            if len(self._open) >= MOST_CONNECTIONS:
                _log.warning("too many connections")
                connection.close()
                return
            thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
            self._open[connection] = thread
        thread.start()

    def end(self) -> None:
        with self._lock:
            threads = dict(self._open)
        for connection in threads:
            with contextlib.suppress(OSError):  # the other side may be gone already
                connection.shutdown(socket.SHUT_RD)
        for thread in threads.values():
            thread.join(_ENDING_SECONDS)

    def _run(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._talk(connection)
        except (OSError, wire.Broken, LeizhengError) as error:
            _log.info("connection broke", reason=type(error).__name__)
        finally:
            with self._lock:
                del self._open[connection]

    def _talk(self, connection: socket.socket) -> None:
        user = _user_of(connection)
        if user not in self._allowed:
            _log.warning("stranger refused", user=user)
            connection.settimeout(_STRANGER_SECONDS)
            if wire.receive(connection, patience=_STRANGER_SECONDS) is not None:
                wire.send(connection, wire.refusal(_stranger()))
            return
        while (message := wire.receive(connection, patience=_MESSAGE_SECONDS)) is not None:
            connection.settimeout(_MESSAGE_SECONDS)
            wire.send(connection, self._answer(message))
            connection.settimeout(None)

    def _answer(self, message: bytes) -> bytes:
        try:
            return wire.answer(self._signer, message)
        except LeizhengError as error:
            _log.warning("refused", code=error.code, reason=str(error))
            return wire.refusal(error)
        except Exception:  # whatever a question breaks, the next one must find the signer alive
            _log.exception("failed")
            return wire.refusal(
                Unavailable(
                    say("The signer could not do this."), next_step=say("An operator has to look at its log."), code="signer-failed"
                )
            )


def _user_of(connection: socket.socket) -> int:
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(data)[1])


def _prepare_folder(path: Path, group: int | None) -> None:
    folder = path.parent
    if not folder.exists():
        folder.mkdir(mode=0o700 if group is None else 0o710, parents=True)
        if group is not None:
            os.chown(folder, -1, group)
    if folder.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Misconfigured(
            say("Others may write into the folder of the signer's socket."),
            next_step=say("Give %(folder)s mode 0710 or 0700, or choose another folder.", folder=folder),
        )


@contextlib.contextmanager
def _claimed(path: Path) -> Iterator[None]:
    """Held by one signer as long as it lives; the kernel lets go of it when the process dies in whatever way."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Conflict(
            say("Another signer listens at %(path)s.", path=path), next_step=say("Use that one, or end it first."), code="signer-running"
        ) from error


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise Misconfigured(say("There is a file that is no socket at %(path)s.", path=path), next_step=say("Move it away."))
    path.unlink()


def _stranger() -> Misconfigured:
    return Misconfigured(
        say("The user of this process may not ask the signer."),
        next_step=say("Start the signer with --allow and the name of this user."),
        code="signer-refuses",
    )
