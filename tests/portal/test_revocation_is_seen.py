"""After a revocation is acknowledged no process answers "valid", on no channel, from no cache (design invariant 5, threat C11).

Two portals in processes of their own serve one register over real sockets; a third process revokes while others ask all the time.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from licensing.licences import actions
from licensing.licences.operations import Operation
from licensing.licences.queries import by_number
from licensing.policy import SYSTEM
from licensing.samples import issue_samples
from licensing.settings import Settings
from licensing.storage import reading, storage, unit_of_work
from licensing.trust import status_token
from licensing.trust.current import current_trust_list
from licensing.trust.status_token import CWT_TYPE, JWT_TYPE

pytestmark = pytest.mark.slow

SERVER = """
import sys
from granian import Granian
from granian.constants import Interfaces
port = int(sys.argv[1])
Granian("portal.wsgi:app", address="127.0.0.1", port=port, interface=Interfaces.WSGI, blocking_threads=4, websockets=False).serve()
"""
PATIENCE = 180.0
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Portal:
    """One process that answers on a port of this machine."""

    port: int

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body or None, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@contextmanager
def portal(settings: Settings, log: Path) -> Iterator[Portal]:
    """A portal in a process of its own, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = {"HOME": settings.home, "KEYS": settings.keys, "DATABASE": settings.database}
    environment = {**os.environ, **{f"LEIZHENG_{name}": str(value) for name, value in said.items()}}
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], env=environment, stdout=output, stderr=output)
    try:
        _until(lambda: _is_up(port), process, log)
        yield Portal(port)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _is_up(port: int) -> bool:
    try:
        return Portal(port).ask("GET", "/about")[0] == 200
    except OSError:
        return False


def _until(holds: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < end, log.read_text(encoding="utf-8")
        time.sleep(0.1)


@dataclass
class Asker:
    """Every way of asking about one licence; each answer becomes ``True`` when it means valid."""

    entry: dict[str, Any]
    pdf: bytes
    settings: Settings
    seen: list[tuple[float, str, bool]] = field(default_factory=list)

    def page(self, at: Portal) -> Answer:
        return at.ask("GET", f"/v/{self.entry['qr'].rsplit('/', 1)[1]}?lang=en")

    def number(self, at: Portal) -> Answer:
        query = f"number={quote(self.entry['number'])}&code={self.entry['check_code']}&lang=en"
        return at.ask("GET", f"/verify/number?{query}")

    def json(self, at: Portal) -> Answer:
        return at.ask("POST", "/api/v1/verify", json.dumps({"qr": self.entry["qr"]}).encode(), Content_Type="application/json")

    def file(self, at: Portal) -> Answer:
        body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + self.pdf + b"\r\n--x--\r\n"
        return at.ask("POST", "/api/v1/verify", body, Content_Type="multipart/form-data; boundary=x")

    def cwt(self, at: Portal, **headers: str) -> Answer:
        return at.ask("GET", "/status/SAMPLE", Accept=CWT_TYPE, **headers)

    def jwt(self, at: Portal, **headers: str) -> Answer:
        return at.ask("GET", "/status/SAMPLE", Accept=JWT_TYPE, **headers)

    def means_valid(self, answer: Answer) -> bool:
        status, headers, body = answer
        assert status == 200, (status, body)
        kind = headers["content-type"].partition(";")[0]
        if kind == "text/html":
            return b"Genuine and in force" in body
        if kind == "application/json":
            return bool(json.loads(body)["overall"] == "valid")
        return status_token.verify(body, current_trust_list(self.settings).status_keys).value(0) == 0

    @property
    def ways(self) -> dict[str, Callable[[Portal], Answer]]:
        return {"page": self.page, "number": self.number, "json": self.json, "file": self.file, "cwt": self.cwt, "jwt": self.jwt}

    def keep_asking(self, at: Portal, names: tuple[str, ...], end: threading.Event) -> None:
        """Note for each answer when it was asked for: what was asked before the acknowledgement may still say valid."""
        while not end.is_set():
            for name in names:
                asked_at = time.monotonic()
                self.seen.append((asked_at, name, self.means_valid(self.ways[name](at))))


def test_no_process_answers_valid_after_the_acknowledgement(settings: Settings, tmp_path: Path) -> None:
    (entry,) = issue_samples(settings, tmp_path / "out", 1)
    asker = Asker(entry, (tmp_path / "out" / entry["file"]).read_bytes(), settings)
    with portal(settings, tmp_path / "one.log") as one, portal(settings, tmp_path / "two.log") as two:
        kept = {}
        for at in (one, two):
            for name, way in asker.ways.items():
                answer = way(at)
                assert asker.means_valid(answer), name
                kept[at, name] = answer[1]
        # The pages and lists are asked without a pause, what is limited by the portal a few times.
        end = threading.Event()
        askers = [threading.Thread(target=asker.keep_asking, args=(at, ("page", "cwt", "jwt"), end)) for at in (one, two) for _ in range(2)]
        for thread in askers:
            thread.start()
        time.sleep(0.5)
        revoke(entry)
        acknowledged = time.monotonic()
        for at in (one, two):
            for name, way in asker.ways.items():
                assert not asker.means_valid(way(at)), name
        time.sleep(1.0)
        end.set()
        for thread in askers:
            thread.join(PATIENCE)
        assert any(valid for asked_at, _, valid in asker.seen if asked_at < acknowledged)
        late = [(name, valid) for asked_at, name, valid in asker.seen if asked_at >= acknowledged]
        assert {name for name, _ in late} == {"page", "cwt", "jwt"}
        assert [name for name, valid in late if valid] == []
        for (at, name), headers in kept.items():
            check_what_a_cache_may_do(asker, at, name, headers)
    storage().engine.dispose()


def revoke(entry: dict[str, Any]) -> None:
    """Returns when the revocation is committed: that is the acknowledgement."""
    with reading(SYSTEM) as look:
        found = by_number(look.session, entry["number"])
        assert found is not None
    with unit_of_work(SYSTEM) as work:
        actions.perform(work, found.id, Operation.REVOKE_FOR_DECEIT, reason="以欺骗手段取得")


def check_what_a_cache_may_do(asker: Asker, at: Portal, name: str, before: dict[str, str]) -> None:
    """A cache that holds the answer from before may not use it: it holds none, or has to ask and is told that it changed."""
    if name not in {"cwt", "jwt"}:
        assert before["cache-control"] == "no-store"
        assert not before.keys() & {"etag", "last-modified", "expires", "age"}
        return
    assert before["cache-control"] == "no-cache"
    assert not before.keys() & {"last-modified", "expires"}
    again = asker.ways[name](at, If_None_Match=before["etag"])  # type: ignore[call-arg]
    assert not asker.means_valid(again)
    assert again[1]["etag"] != before["etag"]
