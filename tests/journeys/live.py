"""The portal on a real port of this machine, in a thread of the test process so that both live by the same clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Any

import time_machine
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server
from world import World


class _Quiet(WSGIRequestHandler):
    """Requests are judged by the browser; a log of them would only hide what a failing test says."""

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Town:
    """Where a journey takes place: people and companies without a single case, and the address of the portal."""

    world: World
    address: str
    clock: time_machine.Traveller


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve ``app`` on 127.0.0.1, each request in a thread of its own; the address without a slash at its end."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = False  # closing the server then waits for answers that are still being written
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
