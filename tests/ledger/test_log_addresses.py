"""The addresses of the log, read by a stranger's verifier that knows nothing but HTTP answers and a public key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from stranger import Answer, Get, Log, name

from licensing.ledger import actions, queries
from licensing.ledger.notes import Checkpoint, NoteKey, sign_note
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading, storage, unit_of_work
from portal.app import create_app

pytestmark = pytest.mark.slow

SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG = NoteKey("zz.example.gov.cn/log", SECRET.public_key().public_bytes_raw())


@pytest.fixture
def browser(settings: Settings) -> Iterator[FlaskClient]:
    yield create_app(settings).test_client()
    storage().engine.dispose()


def getter(browser: FlaskClient, **headers: str) -> Get:
    def get(path: str) -> Answer:
        answer = browser.get(f"/log/{path}", headers=headers)
        return answer.status_code, {key.lower(): value for key, value in answer.headers}, answer.data

    return get


def grow(size: int) -> None:
    with reading(SYSTEM) as look:
        start = queries.size(look.session)
    with unit_of_work(SYSTEM) as work:
        for number in range(start, size):
            actions.append(work, "test", f"thing/{number}", hashlib.sha256(str(number).encode()).digest())


def publish() -> None:
    """A checkpoint of the whole log, signed by the key of this test."""
    with reading(SYSTEM) as look:
        size = queries.size(look.session)
        head = Checkpoint(LOG.name, size, queries.root_at(look.session, size))
    with unit_of_work(SYSTEM) as work:
        actions.keep_checkpoint(work, head, sign_note(head.text, LOG, SECRET.sign))


def test_a_stranger_reads_and_verifies_the_whole_log_at_every_size(browser: FlaskClient) -> None:
    stranger = Log(getter(browser, **{"Accept-Encoding": "gzip"}), LOG.name, LOG.public)
    assert browser.get("/log/checkpoint").status_code == 404
    for size in (1, 2, 255, 256, 257, 512, 600):
        grow(size)
        publish()
        entries = stranger.whole()
        assert len(entries) == size
        with reading(SYSTEM) as look:
            newest = queries.latest_checkpoint(look.session)
            assert newest is not None
            for position in sorted({0, size // 2, size - 1}):
                proof = queries.proof(look.session, position, newest).text()
                assert stranger.proven(proof) == (position, entries[position])


def test_partial_tiles_stay_when_the_log_grows(browser: FlaskClient) -> None:
    get = getter(browser)
    grow(100)
    publish()
    partial = get("tile/0/000.p/100")[2]
    grow(300)
    publish()
    assert get("tile/0/000.p/100")[2] == partial == get("tile/0/000")[2][:3200]
    assert get("tile/entries/000.p/100")[2] == get("tile/entries/000")[2][: len(get("tile/entries/000.p/100")[2])]


def test_what_is_not_signed_is_not_shown(browser: FlaskClient) -> None:
    get = getter(browser)
    grow(10)
    assert get("tile/0/000.p/10")[0] == 404
    publish()
    assert get("tile/0/000.p/10")[0] == 200
    grow(300)
    for path in ("tile/0/000.p/11", "tile/0/000", "tile/entries/000.p/11", "tile/entries/000", "tile/1/000.p/1"):
        assert get(path)[0] == 404, path


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0", "tile/0/001.p/1", "tile/00/000.p/3", "tile/-1/000.p/3", "tile/64/000.p/1", "tile/1/000.p/1", "tile/0/000.p/03",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/x000/000.p/3", "tile/0/000.p/3/", "tile/entries/0", "tile/other/000.p/3", "tile/0",
        "tile/0/000.p/٣", "tile/0/%00", "tile/0/999.p/1", "tile/63/000.p/1", "tile/0/" + "x999/" * 20 + "999", "tile/0/000.p/4",
    ],
)  # fmt: skip
def test_other_addresses_are_not_found(browser: FlaskClient, path: str) -> None:
    grow(3)
    publish()
    assert browser.get("/log/tile/0/000.p/3").status_code == 200
    answer = browser.get(f"/log/{path}")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers["Cache-Control"]


def test_bundles_are_compressed_for_those_who_ask(browser: FlaskClient) -> None:
    grow(300)
    publish()
    plain = getter(browser, **{"Accept-Encoding": "identity"})("tile/entries/000")
    packed = getter(browser, **{"Accept-Encoding": "gzip"})("tile/entries/000")
    assert "content-encoding" not in plain[1]
    assert packed[1]["content-encoding"] == "gzip"
    assert "Accept-Encoding" in plain[1]["vary"]
    assert "Accept-Encoding" in packed[1]["vary"]
    assert len(packed[2]) < len(plain[2]) / 2


def test_a_tile_answers_without_cookies_and_to_head(browser: FlaskClient) -> None:
    grow(3)
    publish()
    for path in ("/log/checkpoint", "/log/tile/0/000.p/3"):
        answer = browser.get(path, headers={"Cookie": "leizheng=x; lang=en"})
        assert "Set-Cookie" not in answer.headers
        assert browser.head(path).headers["Content-Length"] == str(len(answer.data))


def test_names_of_tiles_as_the_stranger_writes_them() -> None:
    assert [name(index, width) for index, width in ((0, 256), (999, 1), (1000, 256), (1234067, 112))] == [
        "000", "999.p/1", "x001/000", "x001/x234/067.p/112",
    ]  # fmt: skip
