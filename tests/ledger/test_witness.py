"""A witness keeps one checkpoint and refuses every log that does not continue it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licensing.errors import Invalid, Unavailable
from licensing.ledger.notes import Checkpoint, NoteKey, sign_note
from licensing.ledger.remote import RemoteLog
from licensing.ledger.rules import leaf_hash, root
from licensing.ledger.tiles import parse_path
from licensing.ledger.witness import LogRefused, observe

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = NoteKey("zz.example.gov.cn/log", SECRET.public_key().public_bytes_raw())


class Pretend:
    """A log of made-up leaves; ``lie`` makes it another one from that leaf on."""

    def __init__(self, size: int, *, lie: int | None = None, origin: str = KEY.name, secret: Ed25519PrivateKey = SECRET) -> None:
        self.leaves = [leaf_hash(f"{number}{'!' if lie is not None and number >= lie else ''}".encode()) for number in range(size)]
        self.head = Checkpoint(origin, size, root(self.leaves))
        self.note = sign_note(self.head.text, NoteKey(origin, secret.public_key().public_bytes_raw()), secret.sign)
        self.asked = 0

    def checkpoint(self) -> bytes:
        return self.note

    def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        self.asked += 1
        span = 256**level
        return [root(self.leaves[(index * 256 + i) * span : (index * 256 + i + 1) * span]) for i in range(width)]


def refused(state: bytes | None, log: Any, *keys: NoteKey) -> str:
    with pytest.raises(LogRefused) as caught:
        observe(state, log, keys or (KEY,))
    assert caught.value.next_step is not None
    return caught.value.code


def test_the_first_look_keeps_what_is_signed() -> None:
    log = Pretend(3)
    seen = observe(None, log, [KEY])
    assert (seen.before, seen.now, seen.note) == (None, log.head, log.note)
    assert log.asked == 0


@pytest.mark.parametrize(("old", "new"), [(1, 2), (3, 5), (256, 257), (255, 700), (512, 700), (699, 700)])
def test_a_log_that_grew_continues(old: int, new: int) -> None:
    before, log = Pretend(old), Pretend(new)
    seen = observe(before.note, log, [KEY])
    assert (seen.before, seen.now) == (before.head, log.head)
    assert log.asked <= 4


def test_the_same_log_is_the_same() -> None:
    assert observe(Pretend(7).note, Pretend(7), [KEY]).now.size == 7


@pytest.mark.parametrize(("old", "new"), [(2, 1), (700, 699), (1, 0)])
def test_a_log_that_shrank_is_refused(old: int, new: int) -> None:
    assert refused(Pretend(old).note, Pretend(new)) == "log-shrunk"


@pytest.mark.parametrize(("old", "new", "lie"), [(7, 7, 6), (7, 8, 6), (7, 700, 0), (300, 700, 299), (512, 700, 511)])
def test_a_log_that_was_rewritten_is_refused(old: int, new: int, lie: int) -> None:
    assert refused(Pretend(old).note, Pretend(new, lie=lie)) == "log-forked"


def test_new_entries_may_be_anything() -> None:
    assert observe(Pretend(300).note, Pretend(700, lie=300), [KEY]).now.size == 700


def test_tiles_that_lie_do_not_help() -> None:
    """Tiles of the true log under a signed head of another one, tiles of the wrong length, and no tiles."""
    forked, true = Pretend(700, lie=10), Pretend(700)
    for tile in (true.tile, lambda *_: [], lambda *asked: [bytes(32)] * asked[2]):
        forked.tile = tile  # type: ignore[method-assign]
        assert refused(Pretend(300).note, forked) == "log-forked"


def test_another_log_and_another_signature_are_refused() -> None:
    stranger = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    other = Pretend(8, origin="other.example/log")
    assert refused(Pretend(7).note, other) == "other-log"
    assert refused(None, other) == "other-log"
    assert refused(Pretend(7, origin="other.example/log").note, Pretend(8)) == "other-log"
    assert refused(None, Pretend(8, secret=stranger)) == "checkpoint-unsigned"
    broken = Pretend(8)
    broken.note = broken.note.replace(b"\n8\n", b"\n9\n")
    assert refused(None, broken) == "checkpoint-unsigned"
    for note in (b"", b"\xff", b"<html>", Pretend(8).head.text.encode()):
        broken.note = note
        assert refused(None, broken) == "checkpoint-unsigned"


def test_a_state_that_cannot_be_read_is_not_overwritten_in_silence() -> None:
    for state in (b"", b"nothing", b"\xff\xfe"):
        assert refused(state, Pretend(8)) == "state-unreadable"


class Server(ThreadingHTTPServer):
    """Serves the files of a pretended log; ``forced`` answers by path go first."""

    def __init__(self, log: Pretend) -> None:
        super().__init__(("127.0.0.1", 0), _Files)
        self.log = log
        self.forced: dict[str, tuple[int, bytes]] = {}


class _Files(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        status, body = self.server.forced.get(self.path) or self._file()
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/log/checkpoint2")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _file(self) -> tuple[int, bytes]:
        path = self.path.removeprefix("/log/")
        if path == "checkpoint":
            return 200, self.server.log.checkpoint()
        _, level, name = path.split("/", 2)
        index, width = parse_path(name) or (0, 0)
        return 200, b"".join(self.server.log.tile(int(level), index, width))

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(log: Pretend) -> Iterator[tuple[Server, str]]:
    server = Server(log)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/log"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_log_elsewhere_is_read_over_http() -> None:
    with served(Pretend(700)) as (server, url):
        assert observe(Pretend(300).note, RemoteLog(url), [KEY]).now.size == 700
        full = Pretend(768).tile(0, 2, 256)
        server.forced["/log/tile/0/002.p/188"] = 404, b""
        server.forced["/log/tile/0/002"] = 200, b"".join(full)
        assert observe(Pretend(600).note, RemoteLog(url + "/"), [KEY]).now.size == 700, "a full tile stands for a partial one"


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/log/checkpoint", 500, b""),
        ("/log/checkpoint", 302, b""),
        ("/log/checkpoint", 404, b""),
        ("/log/checkpoint", 200, b"x" * 70_000),
        ("/log/tile/0/001.p/44", 500, b""),
        ("/log/tile/0/001.p/44", 200, b"x" * 9000),
    ],
)
def test_a_server_that_does_not_answer_like_a_log_is_unreachable(path: str, status: int, body: bytes) -> None:
    with served(Pretend(300)) as (server, url):
        server.forced[path] = status, body
        with pytest.raises(Unavailable) as caught:
            observe(Pretend(290).note, RemoteLog(url), [KEY])
        assert caught.value.code == "log-unreachable"


def test_nobody_there_is_unreachable_and_not_a_refusal() -> None:
    with served(Pretend(3)) as (_, url):
        pass
    with pytest.raises(Unavailable):
        observe(None, RemoteLog(url), [KEY])


@pytest.mark.parametrize(
    "url", ["", "zz.example.gov.cn/log", "file:///etc/passwd", "ftp://x/log", "https://", "https://x/log?y=1", "https://x/#log"]
)
def test_only_addresses_of_the_web_are_asked(url: str) -> None:
    with pytest.raises(Invalid):
        RemoteLog(url)
