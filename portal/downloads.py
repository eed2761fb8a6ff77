"""Files that leave the house."""

from __future__ import annotations

import io

from flask import send_file
from flask.typing import ResponseReturnValue


def download(content: bytes, media_type: str, filename: str) -> ResponseReturnValue:
    """A file to keep, never shown inside the site (RFC 6266)."""
    return send_file(io.BytesIO(content), mimetype=media_type, as_attachment=True, download_name=filename)
