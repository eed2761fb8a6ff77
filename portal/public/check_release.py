"""The checker as one release: its files with their digests, under addresses that change with what they hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).resolve().parent.parent / "static"
FOLDERS: Final = ("check", "vendor")
WORKER: Final = "check/worker.js"
TYPES: Final[Mapping[str, str]] = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".wasm": "application/wasm",
    ".css": "text/css",
    ".png": "image/png",
}
"""What belongs to the program; licences and notes that lie beside a library do not."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the checker: what it holds, of what kind it is, and its SHA-256 in hexadecimal.

    It is kept in memory (three megabytes in all): a file that is replaced below a running process must not be mixed with the others.
    """

    content: bytes
    media_type: str
    sha256: str


@lru_cache(maxsize=1)
def parts() -> Mapping[str, Part]:
    """Every file that a browser keeps, by its name below the static folder; read once in the life of this process."""
    paths = (path for folder in FOLDERS for path in sorted((STATIC / folder).rglob("*")) if path.suffix in TYPES)
    return {name: _part(path) for path in paths if (name := path.relative_to(STATIC).as_posix()) != WORKER}


@lru_cache(maxsize=1)
def version() -> str:
    """A name for exactly these files."""
    return short_digest(*(f"{name} {part.sha256}" for name, part in parts().items()))


@lru_cache(maxsize=1)
def worker_source() -> str:
    """The service worker, before the release is written in front of it."""
    return (STATIC / WORKER).read_text(encoding="utf-8")


def short_digest(*texts: str) -> str:
    """Sixteen hexadecimal characters that change when a text does."""
    return digest("\n".join(texts).encode())[:16]


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _part(path: Path) -> Part:
    content = path.read_bytes()
    return Part(content, TYPES[path.suffix], digest(content))
