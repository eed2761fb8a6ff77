"""Asks the signer's process over its socket. Nothing here can read a private key."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import weakref
from pathlib import Path
from typing import Any, Final

from licensing.errors import Unavailable
from licensing.trust import signer_wire as wire
from licensing.trust.requests import Checkpoint, CheckpointRequest, QrRequest, Seal, SealRequest, StatusRequest, StatusTokens
from licensing.words import say

_PAUSE: Final = 0.05


class RemoteSigner:
    """The signer behind the socket at ``path``; safe to share between threads, usable again in a forked child.

    Every request may be asked again, for the same request has the same answer: so a connection that broke is replaced and the question
    repeated. ``patience`` is how long, in seconds, a signer that cannot be reached is tried again; ``seconds`` is the limit for one
    answer. Beyond that: ``Unavailable``, code ``signer-unreachable``. See ``requests.Signer`` for what is asked and answered.
    """

    def __init__(self, path: Path, *, seconds: float = 10.0, patience: float = 3.0) -> None:
        self._path = path
        self._seconds = seconds
        self._patience = patience
        self._lock = threading.Lock()
        self._idle: list[socket.socket] = []
        self._process = os.getpid()
        weakref.finalize(self, _end, self._idle)

    def sign_qr(self, request: QrRequest) -> bytes:
        return bytes(self._ask("sign_qr", wire.question("sign_qr", request)))

    def sign_seal(self, request: SealRequest) -> Seal:
        seal: Seal = self._ask("sign_seal", wire.question("sign_seal", request))
        return seal

    def keep_timestamp(self, number: str, token: bytes) -> bytes:
        return bytes(self._ask("keep_timestamp", wire.stamped(number, token)))

    def sign_status(self, request: StatusRequest) -> StatusTokens:
        tokens: StatusTokens = self._ask("sign_status", wire.question("sign_status", request))
        return tokens

    def sign_checkpoint(self, request: CheckpointRequest) -> bytes:
        return bytes(self._ask("sign_checkpoint", wire.question("sign_checkpoint", request)))

    def latest_checkpoint(self) -> Checkpoint | None:
        checkpoint: Checkpoint | None = self._ask("latest_checkpoint", wire.question("latest_checkpoint"))
        return checkpoint

    def sign_time(self, imprint: bytes) -> bytes:
        return bytes(self._ask("sign_time", wire.question("sign_time", imprint)))

    def close(self) -> None:
        """End the idle connections; the next question makes a new one."""
        with self._lock:
            _end(self._idle)

    def _ask(self, act: str, message: bytes) -> Any:
        start = time.monotonic()
        end = start + self._seconds
        while True:
            try:
                return wire.result(act, self._exchange(message, end))
            except (OSError, wire.Broken) as error:
                # One broken connection means that the signer was started anew: the other idle ones are dead too.
                self.close()
                if time.monotonic() + _PAUSE >= min(end, start + self._patience):
                    raise _unreachable() from error
            time.sleep(_PAUSE)

    def _exchange(self, message: bytes, end: float) -> bytes:
        with contextlib.ExitStack() as failing:
            connection = self._connection()
            failing.callback(connection.close)
            left = max(end - time.monotonic(), _PAUSE)
            connection.settimeout(left)
            wire.send(connection, message)
            told = wire.receive(connection, patience=left)
            if told is None:
                raise wire.Broken
            failing.pop_all()
        with self._lock:
            self._idle.append(connection)
        return told

    def _connection(self) -> socket.socket:
        if self._process != os.getpid():
            # A forked child must not talk on its parent's connections.
            self._process = os.getpid()
            self.close()
        with self._lock:
            if self._idle:
                return self._idle.pop()
        with contextlib.ExitStack() as failing:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            failing.callback(connection.close)
            connection.settimeout(self._patience)
            with wire.address(self._path) as name:
                connection.connect(name)
            failing.pop_all()
        return connection


def _end(connections: list[socket.socket]) -> None:
    while connections:
        connections.pop().close()


def _unreachable() -> Unavailable:
    return Unavailable(
        say("The signer does not answer."),
        next_step=say("Nothing is lost. Try again in a minute; if it stays so, an operator has to look at the signer."),
        code="signer-unreachable",
    )
