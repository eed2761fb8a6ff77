"""What people hand in: judged in the sandbox before anything else touches it. Stored by content hash; the file name is only data."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass

from licensing.documents.sandbox import SandboxFailure, ask
from licensing.errors import Invalid, LeizhengError
from licensing.words import Said, say

LONGEST_NAME = 120
_SECONDS = 20.0

_PLAIN = say("Hand in a PDF, JPEG or PNG file.")
_AGAIN = say("Open the file, print or save it again as PDF, and hand in the new file.")
_SMALLER = say("Hand in a smaller file, or split it into several files.")

PROBLEMS: dict[str, tuple[Said, Said]] = {
    "upload-empty": (say("The file is empty."), say("Choose the file again.")),
    "upload-too-large": (say("The file is too large."), _SMALLER),
    "upload-type": (say("This is not a PDF, JPEG or PNG file."), _PLAIN),
    "upload-broken": (say("The file is damaged and cannot be read to its end."), _AGAIN),
    "upload-encrypted": (say("The file is protected by a password."), say("Remove the password and hand in the file again.")),
    "upload-active-content": (say("The file holds a script or an action that starts something."), _AGAIN),
    "upload-embedded-files": (say("The file has other files attached inside."), say("Hand in the attached files one by one.")),
    "upload-too-many-pages": (say("The file has more than 2000 pages."), say("Split it into several files.")),
    "upload-too-large-picture": (say("The picture has more than 80 million pixels."), say("Scan it with 300 dpi or less.")),
    "upload-too-complex": (say("The file is too complex to be checked."), _AGAIN),
}


@dataclass(frozen=True, slots=True)
class Inspected:
    """What was handed in: media type told from the bytes, number of pages, SHA-256 in hex, size in bytes."""

    media_type: str
    pages: int
    sha256: str
    size: int


def inspect(filename: str, data: bytes, limit: int) -> Inspected:
    """Judge ``data``; the type is told by content, ``filename`` only names the file in the error.

    ``limit`` is in bytes. Errors: ``Invalid`` with a code of ``PROBLEMS``. Source: threats E2–E7.
    """
    if not data:
        raise _refusal("upload-empty", filename)
    if len(data) > limit:
        raise _too_large(filename, limit)
    try:
        found = ask("licensing.documents.child:inspect_upload", data, seconds=_SECONDS)
    except SandboxFailure as failure:
        raise _refusal("upload-broken" if failure.kind == "crash" else "upload-too-complex", filename) from failure
    if found["problem"] is not None:
        raise _refusal(found["problem"], filename)
    return Inspected(found["media_type"], found["pages"], hashlib.sha256(data).hexdigest(), len(data))


def safe_filename(name: str) -> str:
    """``name`` as it may be stored, shown and sent: no folder, no control or direction characters, at most 120 characters.

    Chinese stays as it is; the extension survives the cut; an empty result becomes ``file``.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(character for character in last if unicodedata.category(character)[0] != "C" and character not in '<>:"|?*\u2028\u2029')
    tidy = " ".join(shown.split()).strip(". ")
    stem, dot, extension = tidy.rpartition(".")
    if dot and stem and len(extension) <= 8:
        tidy = f"{stem[: LONGEST_NAME - 1 - len(extension)].rstrip('. ')}.{extension}"
    return tidy[:LONGEST_NAME] or "file"


def _refusal(code: str, filename: str) -> LeizhengError:
    sentence, next_step = PROBLEMS[code]
    return Invalid(say("%(file)s: %(problem)s", file=safe_filename(filename), problem=sentence), next_step=next_step, code=code)


def _too_large(filename: str, limit: int) -> LeizhengError:
    megabytes = f"{limit / 1024 / 1024:g}"
    sentence = say("%(file)s: The file is larger than %(limit)s MB.", file=safe_filename(filename), limit=megabytes)
    return Invalid(sentence, next_step=_SMALLER, code="upload-too-large")
