"""Whether the letters are still what was sent: words, sealed file and the moment of opening stand in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.ledger.protection import Fact, Problem, from_hex, row_digest, unaccounted
from licensing.ledger.rules import entry_bytes
from licensing.letters.tables import Letter
from licensing.storage import FileStore
from licensing.trust.sealing import was_prepared_as
from licensing.words import say

LEAF: Final = "letter"
SEALED_LEAF: Final = "letter-sealed"
OPENED_LEAF: Final = "letter-opened"
LATER: Final = ("prepared_sha256", "file_sha256", "opened_at", "opened_by")
"""The columns of a letter that are filled after it was written."""


def opened_digest(opened_at: datetime | None, opened_by: int | None) -> bytes:
    """What the log keeps of who opened a letter first on the side of its addressee, and when."""
    said = {"opened_at": opened_at.isoformat(timespec="microseconds") if opened_at else None, "opened_by": opened_by}
    return hashlib.sha256(entry_bytes(said)).digest()


def problems(session: Session, files: FileStore) -> Iterator[Problem]:
    """What does not hold for the letters; nothing when all is well."""
    letters = list(session.scalars(select(Letter).order_by(Letter.id)))
    yield from unaccounted(session, {LEAF, SEALED_LEAF, OPENED_LEAF}, (fact for letter in letters for fact in _facts(letter)))
    for letter in letters:
        if not was_prepared_as(files, letter.file_sha256, letter.prepared_sha256):
            yield Problem(letter.number, "file-differs", say("The stored files are not those that were sealed."))


def _facts(letter: Letter) -> Iterator[Fact]:
    yield Fact(LEAF, letter.number, row_digest(letter, without=LATER))
    if letter.file_sha256 is not None:
        yield Fact(SEALED_LEAF, letter.number, from_hex(letter.file_sha256))
    if letter.opened_at is not None or letter.opened_by is not None:
        yield Fact(OPENED_LEAF, letter.number, opened_digest(letter.opened_at, letter.opened_by))
