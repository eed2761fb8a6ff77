"""The script in the verifiers' guide, run as a stranger runs it: none of our code, public material from a live portal, nothing else."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask, Response, request
from mutations import KINDS
from qr_kinds import KINDS as QR_KINDS
from qr_subjects import QrSubject, code_of
from subjects import STAMPED, Scene
from werkzeug.serving import WSGIRequestHandler, make_server

from licensing.licences import queries
from licensing.licences.actions import perform
from licensing.licences.operations import Operation
from licensing.policy import SYSTEM
from licensing.settings import PROJECT_ROOT
from licensing.storage import open_storage, storage, unit_of_work
from portal.app import create_app

pytestmark = pytest.mark.slow

GUIDE = PROJECT_ROOT / "docs" / "guides" / "verifier.md"
# Installed libraries may be used, our code may not: it is not there, and that is checked first.
ALONE = """
import importlib.util, runpy, sys
libraries, script, *arguments = sys.argv[1:]
sys.path.append(libraries)
sys.exit("our code can be imported") if any(map(importlib.util.find_spec, ("licensing", "portal"))) else None
sys.argv = [script, *arguments]
runpy.run_path(script, run_name="__main__")
"""
PDF_ATTACKS = (
    "flip-page-content",
    "flip-attached-record",
    "flip-contents-digits",
    "flip-last-byte",
    "appended-newline",
    "appended-second-pdf",
    "prepended-newline",
    "range-gap-wider",
    "contents-of-another-licence",
    "gap-holds-an-object",
    "update-page-content",
    "update-record-replaced",
    "shadow-replace-font",
    "rewritten-by-qpdf",
    "second-signature",
    "resealed-same-name",
    "resealed-own-authority-same-names",
    "resealed-shows-our-certificate",
    "resealed-by-the-qr-key",
    "resealed-by-a-key-expired",
    "resealed-by-a-key-stolen",
    "remade-by-another-authority",
    "remade-by-a-lookalike",
)
QR_ATTACKS = (
    "bit-of-payload-flipped",
    "bit-of-signature-flipped",
    "facts-changed",
    "signature-of-another",
    "stranger-under-own-kid",
    "stranger-under-unknown-kid",
    "seal-key",
    "key-expired",
    "key-retired",
    "key-stolen",
    "other-algorithm",
    "high-s",
    "psychic-signature",
    "message-otherwise-encoded",
    "duplicate-keys",
    "foreign-host",
    "leading-zeros",
    "digits-of-other-scripts",
)

Twist = Callable[[Response], None]


class Stranger:
    """Somebody with the guide, the fingerprint of the root, and a network on which others may sit."""

    def __init__(self, scene: Scene, folder: Path, app: Flask) -> None:
        self.scene = scene
        self.folder = folder
        self.twists: dict[str, Twist] = {}
        self.address = ""
        self.fingerprint = scene.root.fingerprint(SHA256()).hex()
        self.script = folder / "stranger.py"
        block, _ = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
        self.script.write_text(block, encoding="utf-8")
        app.after_request(self._twisted)

    def says(self, *things: str | bytes) -> tuple[int, str]:
        """Exit code and output for texts of QR codes and contents of PDF files."""
        arguments = [self._path(thing) if isinstance(thing, bytes) else thing for thing in things]
        libraries = sysconfig.get_path("purelib")
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", ALONE, libraries, str(self.script), self.fingerprint, self.address, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    def refuses(self, *things: str | bytes) -> str:
        """Why the things are refused."""
        code, said = self.says(*things)
        assert (code, said.startswith("REFUSED: ")) == (1, True), said
        return said

    @contextmanager
    def deceived(self, path: str, twist: Twist) -> Iterator[None]:
        """Answers below ``path`` are changed on their way."""
        self.twists[path] = twist
        yield
        del self.twists[path]

    def _path(self, content: bytes) -> str:
        path = self.folder / "licence.pdf"
        path.write_bytes(content)
        return str(path)

    def _twisted(self, response: Response) -> Response:
        for path, twist in self.twists.items():
            if request.path.startswith(path):
                response.direct_passthrough = False
                twist(response)
        return response


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def _serving(stranger: Stranger, app: Flask) -> Iterator[None]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    server.daemon_threads = False
    thread = Thread(target=server.serve_forever)
    thread.start()
    before, stranger.address = stranger.address, f"http://127.0.0.1:{server.port}"
    try:
        yield
    finally:
        stranger.address = before
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def stranger(made: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stranger]:
    app = create_app(made.settings)
    asking = Stranger(made, tmp_path_factory.mktemp("stranger"), app)
    with _serving(asking, app):
        yield asking
    storage().engine.dispose()


@pytest.mark.parametrize("place", [0, 1, 2, STAMPED, STAMPED + 1])
def test_true_licences_are_confirmed(stranger: Stranger, place: int) -> None:
    entry = stranger.scene.entries[place]
    code, said = stranger.says(stranger.scene.pdfs[place], entry["qr"])
    assert code == 0, said
    pdf, qr = said.splitlines()
    assert pdf.startswith(f"PDF {entry['number']} of 样例市气象局 for {entry['holder']}: entry ")
    assert "in the log, in force as of " in pdf
    assert qr.startswith("QR ")
    assert "of 样例市气象局 for " in qr
    assert "in force as of " in qr


def test_the_guide_says_what_the_script_needs(stranger: Stranger) -> None:
    imported = set(re.findall(r"^(?:from|import) (\w+)", stranger.script.read_text(encoding="utf-8"), re.MULTILINE)) - set(
        sys.stdlib_module_names
    )
    assert imported == {"cbor2", "cryptography"}
    assert "pip install cryptography cbor2" in GUIDE.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", PDF_ATTACKS)
def test_changed_files_are_refused(stranger: Stranger, kind: str) -> None:
    stranger.refuses(KINDS[kind](stranger.scene.subject(0, kind)))


@pytest.mark.parametrize("kind", QR_ATTACKS)
def test_changed_codes_are_refused(stranger: Stranger, kind: str) -> None:
    codes = [code_of(entry["qr"]) for entry in stranger.scene.entries]
    stranger.refuses(QR_KINDS[kind](QrSubject(stranger.scene, codes[0], codes[1], Random(kind))))  # noqa: S311


def test_another_root_is_refused(stranger: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stranger, "fingerprint", "00" * 32)
    assert "another root" in stranger.refuses(stranger.scene.entries[0]["qr"])


def _flip(response: Response, place: int) -> None:
    data = bytearray(response.get_data())
    data[place] ^= 1
    response.set_data(bytes(data))


@pytest.mark.parametrize("place", [8, 300, 2000, -1])
def test_a_trust_list_changed_on_the_way_is_refused(stranger: Stranger, place: int) -> None:
    with stranger.deceived("/.well-known/", lambda response: _flip(response, place)):
        stranger.refuses(stranger.scene.entries[0]["qr"])


@pytest.mark.parametrize("place", [3, 60, 120, -1])
def test_a_status_list_changed_on_the_way_is_refused(stranger: Stranger, place: int) -> None:
    with stranger.deceived("/status/", lambda response: _flip(response, place)):
        stranger.refuses(stranger.scene.entries[0]["qr"])


def test_the_proof_of_another_licence_is_refused(stranger: Stranger) -> None:
    one, two = stranger.scene.entries[:2]
    answer = _get(stranger, f"/log/proof/{two['identifier']}")
    with stranger.deceived("/log/proof/", lambda response: response.set_data(answer)):
        assert "another entry" in stranger.refuses(stranger.scene.pdfs[0])
    assert one["identifier"] != two["identifier"]


@pytest.mark.parametrize("line", [1, 2, 3, -3, -1])
def test_a_proof_changed_on_the_way_is_refused(stranger: Stranger, line: int) -> None:
    def twist(response: Response) -> None:
        lines = response.get_data(as_text=True).rstrip("\n").split("\n")
        word = lines[line]
        lines[line] = word[:-3] + ("A" if word[-3] != "A" else "B") + word[-2:] if line != 2 else "index 0"
        response.set_data("\n".join(lines) + "\n")

    with stranger.deceived("/log/proof/", twist):
        stranger.refuses(stranger.scene.pdfs[3])


def _get(stranger: Stranger, path: str) -> bytes:
    with urlopen(stranger.address + path, timeout=20) as answer:  # noqa: S310
        return bytes(answer.read())


@pytest.mark.parametrize(
    ("operation", "meaning"),
    [
        (Operation.SUSPEND, "suspended"),
        (Operation.REVOKE_FOR_DECEIT, "revoked for deceit"),
        (Operation.REVOKE_AS_PENALTY, "revoked as a penalty"),
        (Operation.CANCEL, "ended"),
    ],
)
def test_what_is_no_longer_in_force_is_refused(stranger: Stranger, tmp_path: Path, operation: Operation, meaning: str) -> None:
    scene, entry = stranger.scene, stranger.scene.entries[2]
    shutil.copytree(scene.settings.home, tmp_path / "var")
    app = create_app(scene.settings.model_copy(update={"home": tmp_path / "var"}))
    with unit_of_work(SYSTEM) as work:
        licence = queries.by_identifier(work.session, entry["identifier"])
        assert licence is not None
        perform(work, licence.id, operation, reason="查实。")
    try:
        with _serving(stranger, app):
            for thing in (entry["qr"], scene.pdfs[2]):
                assert f"not in force: {meaning}" in stranger.refuses(thing)
    finally:
        storage().engine.dispose()
        open_storage(scene.settings)
    assert stranger.says(entry["qr"])[0] == 0
