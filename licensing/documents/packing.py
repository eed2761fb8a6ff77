"""Files that leave the house together: one ZIP with equal bytes for equal files, its manifest, and tables that no spreadsheet computes."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

MANIFEST: Final = "manifest.sha256"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_BOM: Final = "\ufeff"
"""Without it spreadsheets take UTF-8 for the code page of the machine."""
_FORMULA: Final = re.compile(r"[\s\x00-\x1f\ufeff\u200b]*[=+\-@＝＋－＠]")


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """The files in one archive; equal files make equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def manifest_of(files: Mapping[str, Any]) -> bytes:
    """The manifest of files whose SHA-256 are given by name, as ``sha256sum --check`` reads it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items())).encode()


def csv_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A table as CSV (RFC 4180, UTF-8), safe from formulas."""
    stream = io.StringIO(newline="")
    stream.write(_BOM)
    writer = csv.writer(stream)
    writer.writerow(heads)
    for row in rows:
        writer.writerow([safe_cell(text) for text in row])
    return stream.getvalue().encode("utf-8")


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula (ASVS 1.2.10): one that begins like one gets an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) else text
