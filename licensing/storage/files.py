"""Content-addressed files: the name is the SHA-256 of the bytes, so a stored file can neither change nor be confused."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from licensing.errors import LeizhengError, NotFound
from licensing.words import say

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FileDamaged(LeizhengError):
    """The stored bytes no longer have the hash that names them (bit rot or tampering)."""

    code = "file-damaged"
    http_status = 500


class FileStore:
    """A folder of immutable files. ``put`` returns only when the bytes would survive a power failure."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes) -> str:
        """Store ``content`` and return its SHA-256 in hex: write, fsync, rename, fsync the folder. Storing twice is harmless."""
        digest = hashlib.sha256(content).hexdigest()
        target = self._path(digest)
        if target.exists():
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.parent / f".{digest}.{secrets.token_hex(6)}"
        try:
            with scratch.open("xb") as handle:
                handle.write(content)
                handle.flush()
                os.fsync(handle.fileno())
            scratch.replace(target)
        finally:
            scratch.unlink(missing_ok=True)
        for folder in (target.parent, target.parent.parent):
            _sync_folder(folder)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of ``digest``, hashed again on the way out. Raises ``NotFound`` or ``FileDamaged``."""
        path = self._path(digest)
        if not path.exists():
            raise NotFound(say("The file is not in the store."), code="file-missing")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise FileDamaged(
                say("The stored file %(digest)s is damaged.", digest=digest[:12]),
                next_step=say("An operator must restore it from a backup."),
            )
        return content

    def has(self, digest: str) -> bool:
        return self._path(digest).exists()

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise NotFound(say("The file is not in the store."), code="file-missing")
        return self.root / digest[:2] / digest


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
