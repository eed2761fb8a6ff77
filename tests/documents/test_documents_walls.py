"""Rendering fetches nothing; the sandbox holds whatever runs inside."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import ISSUED, draw, make_face
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError, TemplateNotFound
from weasyprint.urls import FatalURLFetchingError

from licensing.documents import engine
from licensing.documents.engine import Asset, ListedFilesOnly, render_pdf
from licensing.documents.letter import Letter, render_letter
from licensing.documents.sandbox import MEBIBYTE, SandboxFailure, ask
from licensing.errors import Misconfigured

pytestmark = pytest.mark.slow

DRILL = "licensing.documents.drill:"
SECRET = "CANARY-5f1d0c7e"


@dataclass
class Canary:
    """A server on the loopback that counts who comes."""

    port: int
    hits: list[str] = field(default_factory=list)


@pytest.fixture
def canary() -> Iterator[Canary]:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    found = Canary(server.getsockname()[1])
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            found.hits.append("hit")
            connection.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield found
    stop.set()
    thread.join()
    server.close()


def vectors(port: int, file: Path) -> list[str]:
    web, local = f"http://127.0.0.1:{port}/x", file.as_uri()
    return [
        f'<img src="{web}">',
        f'<img src="{local}">',
        f'"><img src={web}>',
        f"'><script src='{web}'></script>",
        f'<link rel="stylesheet" href="{web}">',
        f'<link rel="attachment" href="{local}">',
        f'<a rel="attachment" href="{local}">x</a>',
        f'<style>@import url("{web}");</style>',
        f"</style><style>body{{background:url({web})}}</style>",
        f"<style>@font-face{{font-family:x;src:url({web})}} *{{font-family:x}}</style>",
        f'<svg><image href="{web}"/></svg>',
        f'<svg xmlns="http://www.w3.org/2000/svg"><use xlink:href="{local}#a"/></svg>',
        f'<object data="{local}"></object>',
        f'<embed src="{web}">',
        f'<iframe src="{local}"></iframe>',
        f'<base href="{web}">',
        f'<meta http-equiv="refresh" content="0;url={web}">',
        f'<p style="content:url({web});background-image:url({local})">x</p>',
        f'" style="background:url({web})" x="',
        f"]]><!ENTITY x SYSTEM '{local}'>&x;",
        f"{{{{ ''.__class__.__mro__ }}}}{{% include '{file}' %}}",
        f"url({web})",
    ]


@pytest.mark.parametrize("number", range(22))
def test_injected_text_is_text_in_every_field(number: int, canary: Canary, tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text(SECRET, encoding="utf-8")
    evil = vectors(canary.port, file)[number]
    names = ("type_name", "english_name", "number", "issuer", "issued_on_text", "opinion", "identifier", "check_code", "host")
    face = make_face(rows=[(evil, evil)], **dict.fromkeys(names, evil))
    html = engine.render_html(
        "certificates/design_approval/face.html", {"face": face, "density": "tight", "label_em": 9, "qr_mm": 25}, ("qr", "seal", "ground")
    )
    # Escaped: none of the places where the value stands adds markup, an address, or a style.
    harmless = make_face(rows=[("x", "x")], **dict.fromkeys(names, "x"))
    plain = engine.render_html(
        "certificates/design_approval/face.html",
        {"face": harmless, "density": "tight", "label_em": 9, "qr_mm": 25},
        ("qr", "seal", "ground"),
    )
    assert html.count("<") == plain.count("<")
    pdf = draw(make_face(rows=[("名称", evil)], opinion=evil, issuer=evil[:20]))
    assert canary.hits == []
    assert SECRET.encode() not in pdf
    lint = ask("licensing.documents.child:lint_face", pdf, qr="", texts=[evil], attachments=[])
    assert {problem["code"] for problem in lint["problems"]} == {"qr-differs"}


@pytest.mark.parametrize("number", range(0, 22, 4))
def test_injected_text_is_text_in_letters(number: int, canary: Canary, tmp_path: Path) -> None:
    evil = vectors(canary.port, tmp_path / "secret.txt")[number]
    letter = Letter(evil, evil, evil, [evil], [evil], evil, evil, evil)
    pdf = render_letter("letters/refusal.html", letter, seal=None, identifier=b"x", issued_at=ISSUED)
    assert canary.hits == []
    assert pdf.startswith(b"%PDF-1.7")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://127.0.0.1/", "https://a/", "ftp://a/", "data:text/plain,x", "asset://other", "asset://qr?x"]
)
def test_the_fetcher_knows_its_list_and_nothing_else(url: str) -> None:
    fetcher = ListedFilesOnly({"qr": Asset("image/svg+xml", b"<svg/>")})
    assert fetcher.fetch("asset://qr").read() == b"<svg/>"
    for ask_for in (fetcher.fetch, fetcher.open, fetcher):
        with pytest.raises(FatalURLFetchingError):
            ask_for(url)


def test_a_template_that_asks_for_more_ends_the_rendering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "TEMPLATES", tmp_path)
    engine._environment.cache_clear()
    try:
        (tmp_path / "img.html").write_text('<img src="file:///etc/passwd">', encoding="utf-8")
        (tmp_path / "name.html").write_text("{{ nobody }}", encoding="utf-8")
        (tmp_path / "climb.html").write_text("{{ ''.__class__ }}", encoding="utf-8")
        (tmp_path / "up.html").write_text("{% include '../secret.html' %}", encoding="utf-8")
        context = {"issued_at": ISSUED}
        for template, error in (("img", Misconfigured), ("name", UndefinedError), ("climb", SecurityError), ("up", TemplateNotFound)):
            with pytest.raises(error):
                render_pdf(f"{template}.html", context, title="x", identifier=b"x")
    finally:
        engine._environment.cache_clear()


def test_a_child_answers_and_sees_a_clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEIZHENG_DATABASE", SECRET)
    answer = ask(DRILL + "breathe", b"abc", word="雷")
    assert answer["size"] == 3
    assert answer["options"] == {"word": "雷"}
    assert answer["session"] is True
    assert answer["environment"] == ["LC_ALL", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS", "PATH"]


def failure(task: str, **options: object) -> tuple[str, float]:
    begin = time.monotonic()
    with pytest.raises(SandboxFailure) as caught:
        ask(DRILL + task, b"", **options)  # type: ignore[arg-type]
    assert caught.value.code == "sandbox-failed"
    return caught.value.kind, time.monotonic() - begin


def test_memory_is_limited() -> None:
    assert failure("eat_memory", megabytes=400, memory=200 * MEBIBYTE)[0] == "memory"
    assert ask(DRILL + "eat_memory", b"", megabytes=50, memory=200 * MEBIBYTE) == 50


@pytest.mark.parametrize("task", ["burn_time", "sleep"])
def test_time_is_limited(task: str) -> None:
    kind, took = failure(task, seconds=1)
    assert kind == "timeout"
    assert took < 2.5


def test_a_crash_is_an_answer() -> None:
    assert failure("crash")[0] == "crash"
    with pytest.raises(SandboxFailure) as caught:
        ask("licensing.documents.child:lint_face", b"not a pdf", qr="", texts=[])
    assert (caught.value.kind, caught.value.detail) == ("crash", "PdfError")


@pytest.mark.parametrize("raw", [False, True])
def test_there_is_no_network(canary: Canary, raw: bool) -> None:
    if raw and not _may_unshare():
        raw = False
    assert ask(DRILL + "call_out", b"", port=canary.port, raw=raw)["connect"] in {"PermissionError", "refused"}
    assert canary.hits == []


def _may_unshare() -> bool:
    child = os.fork()
    if child == 0:
        import ctypes

        os._exit(0 if ctypes.CDLL(None).unshare(0x10000000 | 0x40000000) == 0 else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_no_process_and_no_big_file() -> None:
    assert ask(DRILL + "start_process", b"") == "PermissionError"
    assert ask(DRILL + "write_file", b"", size=10 * MEBIBYTE) <= 64 * 1024


@pytest.mark.parametrize("task", ["os:system", "licensing.documents.child:_image", "licensing.trust.signer:sign", "x"])
def test_only_listed_tasks_run(task: str) -> None:
    with pytest.raises(Misconfigured):
        ask(task, b"")
