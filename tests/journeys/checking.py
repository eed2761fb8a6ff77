"""What a stranger does with a licence: programs that are not ours, the public pages, the command line, and forgeries to try them on."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pikepdf
import zxingcpp
from PIL import Image
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from visitors import Visitor

from licensing.clock import now
from licensing.settings import PROJECT_ROOT, Settings

DPI = "150"
_AT_THAT_MOMENT = """
import sys, time_machine
from datetime import datetime
from licensing.cli import main
moment, sys.argv[1:] = datetime.fromisoformat(sys.argv[1]), sys.argv[2:]
with time_machine.travel(moment):
    main()
"""
"""The command in a process of its own, at the moment of the journey."""


def output(*command: str, home: Path) -> str:
    """What a program says; it finds no settings and no certificates of its own."""
    environment = {**os.environ, "HOME": str(home)}
    return subprocess.run(command, capture_output=True, check=True, timeout=120, env=environment).stdout.decode()


def scan(pdf: Path, folder: Path) -> str:
    """The text of the one QR on the page as two readers see it at 150 dpi."""
    output("pdftoppm", "-r", DPI, "-png", "-singlefile", str(pdf), str(folder / pdf.stem), home=folder)
    page = folder / f"{pdf.stem}.png"
    text = output("zbarimg", "--quiet", "--raw", "--nodbus", str(page), home=folder).strip()
    with Image.open(page) as picture:
        assert [code.text for code in zxingcpp.read_barcodes(picture)] == [text]
    return text


def path_of(qr_text: str) -> str:
    """Where the link of a QR leads on the portal."""
    return urlsplit(qr_text).path


def second_opinions(pdf: Path, settings: Settings, folder: Path) -> None:
    """Poppler, qpdf and pyHanko find one sound signature of the authority over the whole file."""
    (empty := folder / "empty-home").mkdir(exist_ok=True)
    said = output("pdfsig", "-nocert", str(pdf), home=empty)
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "Signature #2" not in said
    assert "No syntax or stream encoding errors found" in output("qpdf", "--check", str(pdf), home=empty)
    # pyHanko starts an event loop, which a thread that has a browser open cannot do.
    with ThreadPoolExecutor(1) as other_thread:
        other_thread.submit(_ask_pyhanko, pdf, settings.keys / "root.pem").result()


def _ask_pyhanko(pdf: Path, root: Path) -> None:
    context = ValidationContext(trust_roots=[load_cert_from_pemder(str(root))], allow_fetching=False)
    with pdf.open("rb") as stream:
        (signature,) = PdfFileReader(stream).embedded_signatures
        status = validate_pdf_signature(signature, context)
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE


def ask_command_line(settings: Settings, *arguments: str) -> tuple[int, dict[str, Any]]:
    """``leizheng verify … --json``: its exit code and its answer."""
    environment = {
        **os.environ,
        "LEIZHENG_HOME": str(settings.home),
        "LEIZHENG_KEYS": str(settings.keys),
        "LEIZHENG_DATABASE": settings.database,
    }
    command = (sys.executable, "-c", _AT_THAT_MOMENT, now().isoformat(), "verify", *arguments, "--json")
    done = subprocess.run(command, capture_output=True, check=False, timeout=120, cwd=PROJECT_ROOT, env=environment)
    assert done.stderr == b""
    return done.returncode, json.loads(done.stdout)


def upload(visitor: Visitor, content: bytes) -> None:
    """Ask the public page about a file."""
    visitor.open("/verify")
    visitor.choose_files("file", ("licence.pdf", content))
    visitor.press("Check the file")


def type_number(visitor: Visitor, number: str, code: str) -> None:
    """Ask the public page about a number and a check code."""
    visitor.open("/verify")
    visitor.type("number", number)
    visitor.type("code", code)
    visitor.press("Check")


def headline(visitor: Visitor) -> str:
    """What the page answers in large letters."""
    return visitor.page.locator("h1").inner_text()


def codes(visitor: Visitor) -> tuple[str, ...]:
    """The stable codes of the answers whole, genuine, in force."""
    return tuple(visitor.page.locator("details code").all_text_contents())


def one_byte_changed(pdf: bytes) -> bytes:
    """The file with another bit in the middle of the signed bytes before the signature."""
    place = pdf.index(b"/ByteRange") // 2
    return pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]


def with_foreign_qr(pdf: bytes, other_page: Path) -> bytes:
    """The file with a picture of another licence's QR laid over its own, as an editor of PDFs would save it."""
    with Image.open(other_page) as page, pikepdf.open(io.BytesIO(pdf)) as document:
        (code,) = zxingcpp.read_barcodes(page)
        corners = code.position
        cut = page.convert("RGB").crop((corners.top_left.x, corners.top_left.y, corners.bottom_right.x, corners.bottom_right.y))
        stamp = io.BytesIO()
        cut.save(stamp, "PDF")
        with pikepdf.open(stamp) as overlay:
            document.pages[0].add_overlay(overlay.pages[0], pikepdf.Rectangle(60, 60, 180, 180))
            saved = io.BytesIO()
            document.save(saved)
    return saved.getvalue()


def with_signature_of(digits: str, other: str) -> str:
    """The digits of one QR with the 64 bytes of signature (ES256) of another."""
    message, foreign = (int(text).to_bytes((int(text).bit_length() + 7) // 8, "big") for text in (digits, other))
    return str(int.from_bytes(message[:-64] + foreign[-64:], "big"))
