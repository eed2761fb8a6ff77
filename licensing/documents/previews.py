"""Small pictures of files, drawn anew in the sandbox: whoever looks at one never opens the file, nor what a camera wrote into it."""

from __future__ import annotations

import base64

from licensing.documents.sandbox import SandboxFailure, ask

MEDIA_TYPE = "image/jpeg"
_SECONDS = 20.0


def preview(content: bytes) -> bytes | None:
    """``content`` (PDF: its first page) as a JPEG without metadata, at most 1200 pixels wide or high; None where it cannot be drawn."""
    try:
        return base64.b64decode(ask("licensing.documents.child:preview", content, seconds=_SECONDS))
    except SandboxFailure:
        return None  # the file was judged before, and stands beside without a picture
