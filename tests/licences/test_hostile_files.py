"""Files made to exhaust or break the reader: each gets a verdict, in time, and the next file is read as if nothing had been."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from licensing.documents import sandbox
from licensing.documents.sandbox import SandboxFailure
from licensing.licences import verify
from licensing.licences.verdict import Overall, Verdict
from licensing.trust import keys, trust_list
from licensing.trust.trust_list import TrustList

pytestmark = pytest.mark.slow

HOSTS = ("zz.example.gov.cn",)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> TrustList:
    folder = tmp_path_factory.mktemp("hostile") / "keys"
    keys.ensure_authority_keys(folder, "320000", "江苏省气象局", "11320000014000100X", b"\x07")
    return trust_list.load(folder)


def _file(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return b"%sxref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        out,
        len(objects) + 1,
        table,
        len(objects) + 1,
        len(out),
    )


def _bomb(twice: bool) -> bytes:
    """A cross-reference stream that unpacks to 300 MiB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(sandbox.MEBIBYTE)) for _ in range(300)) + packer.flush()
    packed, filters = (zlib.compress(packed, 9), b"[/FlateDecode/FlateDecode]") if twice else (packed, b"/FlateDecode")
    head = b"<</Type/XRef/W[1 8 2]/Size 100000000/Root 1 0 R/Filter%s/Length %d>>" % (filters, len(packed))
    return b"%%PDF-1.7\n1 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n9\n%%%%EOF\n" % (head, packed)


def _many_revisions(count: int) -> bytes:
    out, last = bytearray(b"%PDF-1.7\n"), 0
    for _ in range(count):
        place = len(out)
        earlier = b"/Prev %d" % last if last else b""
        out += b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 3/Root 1 0 R%s>>\n" % earlier
        last = place
    return b"%sstartxref\n%d\n%%%%EOF\n" % (out, last)


_CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_HOSTILE: dict[str, Callable[[], bytes]] = {
    "bomb": lambda: _bomb(twice=False),
    "bomb-in-a-bomb": lambda: _bomb(twice=True),
    "deep-arrays": lambda: _file([b"<</Type/Catalog/Pages 2 0 R/X%s%s>>" % (b"[" * 100_000, b"]" * 100_000), b"<<>>"]),
    "deep-dictionaries": lambda: _file([b"<</Type/Catalog/Pages 2 0 R/X%s%s>>" % (b"<</X" * 50_000, b">>" * 50_000), b"<<>>"]),
    "pages-in-a-circle": lambda: _file([_CATALOG, b"<</Type/Pages/Count 9/Kids[2 0 R]/Parent 2 0 R>>"]),
    "fields-in-a-circle": lambda: _file(
        [b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[3 0 R]>>>>", b"<<>>", b"<</Kids[3 0 R]/Parent 3 0 R>>"]
    ),
    "a-length-that-is-itself": lambda: _file([_CATALOG, b"<</Length 2 0 R>>\nstream\nx\nendstream"]),
    "a-table-that-is-its-own-past": lambda: b"%PDF-1.7\nxref\n0 0\ntrailer\n<</Size 1/Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF\n",
    "very-many-brackets": lambda: b"%PDF-1.7\n" + b"<<[(" * 300_000,
    "very-many-ranges": lambda: b"%PDF-1.7\n" + b"/ByteRange [0 1 2 3]\n" * 200_000,
    "spaces-for-a-range": lambda: b"%PDF-1.7\n" + b"/ByteRange" + b" " * 2_000_000,
    "a-number-without-end": lambda: _file([b"<</Type/Catalog/Pages %s 0 R>>" % (b"9" * 500_000), b"<<>>"]),
}


@pytest.mark.parametrize("kind", sorted(_HOSTILE))
def test_every_hostile_file_gets_a_verdict_in_time(trust: TrustList, kind: str) -> None:
    content, begun = _HOSTILE[kind](), time.monotonic()
    found = verify.verify_file(content, trust, HOSTS, None)
    assert found.whole.code in {"unreadable", "no-signature", "several-signatures", "not-whole-file", "altered", "not-checked"}
    assert found.overall is not Overall.VALID
    assert time.monotonic() - begun < 15


def test_the_limits_of_the_child_are_those_that_were_promised() -> None:
    assert verify.CHECK_LIMITS == {"seconds": 10, "memory": 512 * 1024 * 1024}


def _told(found: Verdict) -> tuple[str, str, Overall]:
    return found.whole.code, found.genuine.code, found.overall


def test_a_child_that_dies_has_judged_nothing(trust: TrustList, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = _many_revisions(20_000)
    monkeypatch.setattr(verify, "CHECK_LIMITS", {**verify.CHECK_LIMITS, "seconds": 1})
    with pytest.raises(SandboxFailure) as died:
        sandbox.ask("licensing.trust.pdf_check:check", slow, **verify.CHECK_LIMITS, trust_pem=trust.to_pem().decode())
    assert died.value.kind == "timeout"
    assert _told(verify.verify_file(slow, trust, HOSTS, None)) == ("not-checked", "not-checked", Overall.UNKNOWN)
    monkeypatch.undo()
    assert verify.verify_file(b"%PDF-1.7", trust, HOSTS, None).whole.code == "unreadable"


@pytest.mark.parametrize("answer", [b"", b"null", b"[]", b"{}", b"7", b'{"failure": "joke", "detail": ""}', b"\xff", b"[" * 100_000])
def test_a_child_in_other_hands_may_answer_anything(trust: TrustList, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    def read(*_: Any) -> bytes:
        return len(answer).to_bytes(4, "big") + answer

    monkeypatch.setattr(sandbox, "_read_answer", read)
    assert _told(verify.verify_file(b"%PDF-1.7", trust, HOSTS, None)) == ("not-checked", "not-checked", Overall.UNKNOWN)


def test_a_photo_that_takes_too_long_is_not_called_a_forgery(trust: TrustList, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: Any, **__: Any) -> Any:
        raise SandboxFailure("timeout")

    monkeypatch.setattr(sandbox, "ask", slow)
    assert _told(verify.verify_file(b"\x89PNG\r\n\x1a\n", trust, HOSTS, None)) == ("not-checked", "not-checked", Overall.UNKNOWN)
