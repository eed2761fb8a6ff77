"""Pictures of files, drawn anew in the sandbox: whoever looks at one never opens the file, nor what a camera wrote into it."""

from __future__ import annotations

import base64
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from licensing.documents.sandbox import SandboxFailure, ask
from licensing.documents.tables import PagePicture
from licensing.errors import Conflict
from licensing.policy import SYSTEM
from licensing.storage import reading, storage, unit_of_work

MEDIA_TYPE = "image/jpeg"
MOST_PAGES: Final = 30
"""So many pages of a file are drawn; who needs more opens the file itself."""
PAGE_WIDTH: Final = 900
TRY_AGAIN: Final = timedelta(hours=1)
"""What could not be drawn is left alone for so long: a hostile file costs its twenty seconds once an hour, not with every look."""
_SECONDS = 20.0


def preview(content: bytes) -> bytes | None:
    """``content`` (PDF: its first page) as a JPEG without metadata, at most 1200 pixels wide or high; None where it cannot be drawn."""
    return _drawn("preview", content)


def page_picture(sha256: str, page: int) -> bytes | None:
    """Page ``page`` (1 to ``MOST_PAGES``) of a stored file as a JPEG of at most 900 pixels' width; drawn at the first call and kept.

    None where it cannot be drawn. Call it outside of any transaction. Raises ``NotFound`` when the file is not in the store.
    """
    with reading(SYSTEM) as look:
        known = look.session.get(PagePicture, (sha256, page))
        if known is not None and known.picture_sha256 is not None and look.files.has(known.picture_sha256):
            return look.files.get(known.picture_sha256)
        if known is not None and known.picture_sha256 is None and look.now - known.drawn_at < TRY_AGAIN:
            return None
    picture = _drawn("page_picture", storage().files.get(sha256), page=page, width=PAGE_WIDTH)
    with suppress(Conflict), unit_of_work(SYSTEM) as work:  # a reader who was faster drew the same
        digest = work.files.put(picture) if picture else None
        work.session.merge(PagePicture(sha256=sha256, page=page, picture_sha256=digest, drawn_at=work.now))
    return picture


def _drawn(task: str, content: bytes, **options: Any) -> bytes | None:
    try:
        return base64.b64decode(ask(f"licensing.documents.child:{task}", content, seconds=_SECONDS, **options))
    except SandboxFailure:
        return None  # the file was judged before, and stands beside without a picture
