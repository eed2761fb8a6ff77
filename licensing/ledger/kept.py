"""Checkpoints kept outside the database, where nobody who rewrites the database can reach them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from licensing.ledger.notes import LONGEST_NOTE, Checkpoint, NoteRefused, parse_checkpoint
from licensing.settings import Settings

MARK: Final = "log-mark"
"""The file in ``home`` with the newest checkpoint that the signer is known to have signed."""


def mark_path(settings: Settings) -> Path:
    return settings.home / MARK


def read(path: Path) -> bytes | None:
    """The bytes of a kept checkpoint, or None when there is none yet."""
    try:
        with path.open("rb") as handle:
            return handle.read(LONGEST_NOTE + 1)
    except FileNotFoundError:
        return None


def parse(data: bytes) -> Checkpoint:
    """What a kept checkpoint says; its signature, if it has one, was checked when it was kept. Raises ``NoteRefused``."""
    try:
        text, _, _ = data.decode().partition("\n\n")
    except UnicodeDecodeError as error:
        raise NoteRefused("the kept checkpoint is not UTF-8") from error
    return parse_checkpoint(text if text.endswith("\n") else f"{text}\n")


def write(path: Path, data: bytes) -> None:
    """Replace the kept checkpoint; a power failure leaves the old or the new one (write, fsync, rename, fsync the folder)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.parent / f".{path.name}.{secrets.token_hex(6)}"
    try:
        with scratch.open("xb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def raise_mark(settings: Settings, checkpoint: Checkpoint) -> None:
    """Remember beside the database that the log reached ``checkpoint``; a mark is never lowered."""
    path = mark_path(settings)
    data = read(path)
    if data is None or _size(data) < checkpoint.size:
        write(path, checkpoint.text.encode())


def _size(data: bytes) -> int:
    try:
        return parse(data).size
    except NoteRefused:
        return -1
