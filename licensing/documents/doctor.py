"""Whether this machine can make and judge documents, and how to mend what is missing."""

from __future__ import annotations

import ctypes.util
import shutil
from dataclasses import dataclass

from licensing.documents.fonts import FAMILIES, find_font
from licensing.documents.sandbox import ask
from licensing.errors import LeizhengError
from licensing.words import Said, say

LIBRARIES = {
    "libpango-1.0.so.0": ("pango", "libpango-1.0-0"),
    "libpangoft2-1.0.so.0": ("pangoft2", "libpangoft2-1.0-0"),
    # Without it WeasyPrint subsets fonts in Python: the same page takes 39 times as long (Kozea/WeasyPrint#2120).
    "libharfbuzz-subset.so.0": ("harfbuzz-subset", "libharfbuzz-subset0"),
}
TOOLS = {"pdfsig": "poppler-utils", "pdftoppm": "poppler-utils", "qpdf": "qpdf", "zbarimg": "zbar-tools"}
FONT_PACKAGES = {"HanaMinA": "fonts-hanazono", "HanaMinB": "fonts-hanazono"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its name, whether it is well, what was found, how to mend it. ``needed`` is False for mere helpers."""

    name: str
    ok: bool
    detail: Said
    mend: Said
    needed: bool = True


def checks() -> list[Check]:
    """Libraries, fonts, the sandbox, and the tools that only tests and curious people need."""
    return [*_libraries(), *_fonts(), _sandbox(), *_tools()]


def _libraries() -> list[Check]:
    return [
        Check(library, _loads(library, short), say("Needed to draw documents at full speed."), _install(package))
        for library, (short, package) in LIBRARIES.items()
    ]


def _loads(library: str, short: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return ctypes.util.find_library(short) is not None
    return True


def _fonts() -> list[Check]:
    found = [(family, bold) for family in FAMILIES for bold in ((False,) if family in FONT_PACKAGES else (False, True))]
    return [
        Check(
            f"{family} {'Bold' if bold else 'Regular'}",
            find_font(family, bold=bold) is not None,
            say("Needed to show every character of a name."),
            _install(FONT_PACKAGES.get(family, "fonts-noto-cjk")),
        )
        for family, bold in found
    ]


def _sandbox() -> Check:
    mend = say("Check that child processes may be started and that /tmp can be written.")
    try:
        ask("licensing.documents.drill:breathe", b"")
    except LeizhengError as error:
        return Check("sandbox", False, error.sentence, mend)
    return Check("sandbox", True, say("Untrusted files are read in a child process of their own."), mend)


def _tools() -> list[Check]:
    return [
        Check(tool, shutil.which(tool) is not None, say("Only needed for tests and for a second opinion."), _install(package), needed=False)
        for tool, package in TOOLS.items()
    ]


def _install(package: str) -> Said:
    return say("Install the package %(package)s.", package=package)
