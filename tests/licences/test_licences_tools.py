"""What programs that are not ours say of an issued licence."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from issued import Register

pytestmark = pytest.mark.slow


def output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, check=True, timeout=120)
    return done.stdout.decode()


@pytest.fixture(params=[0, 1, 2], ids=["approval", "acceptance", "qualification"])
def issued_file(request: pytest.FixtureRequest, issued: Register) -> tuple[Path, str]:
    entry = issued.entries[request.param]
    return issued.folder / entry["file"], entry["qr"]


def test_poppler_finds_one_signature_over_the_whole_document(issued_file: tuple[Path, str]) -> None:
    said = output("pdfsig", "-nocert", str(issued_file[0]))
    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "Signature #2" not in said


def test_qpdf_finds_nothing_wrong(issued_file: tuple[Path, str]) -> None:
    assert "No syntax or stream encoding errors found" in output("qpdf", "--check", str(issued_file[0]))


def test_zbar_and_zxing_read_the_qr_at_150_dpi(issued_file: tuple[Path, str], tmp_path: Path) -> None:
    import zxingcpp
    from PIL import Image

    output("pdftoppm", "-r", "150", "-png", "-singlefile", str(issued_file[0]), str(tmp_path / "page"))
    page = tmp_path / "page.png"
    assert output("zbarimg", "--quiet", "--raw", "--nodbus", str(page)).strip() == issued_file[1]
    with Image.open(page) as picture:
        assert [code.text for code in zxingcpp.read_barcodes(picture)] == [issued_file[1]]


def test_pyhanko_agrees_with_the_root_in_the_keys(issued_file: tuple[Path, str], issued: Register) -> None:
    from pyhanko.keys import load_cert_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    root = load_cert_from_pemder(str(issued.settings.keys / "root.pem"))
    with issued_file[0].open("rb") as stream:
        signatures = PdfFileReader(stream).embedded_signatures
        assert len(signatures) == 1
        status = validate_pdf_signature(signatures[0], ValidationContext(trust_roots=[root], allow_fetching=False))
    assert status.bottom_line
    assert status.coverage.name == "ENTIRE_FILE"
