"""Rows that the log protects: each has a leaf with a digest over all its columns, so that no row can be changed, added or lost unseen."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from licensing.ledger.rules import entry_bytes
from licensing.ledger.tables import LedgerLeaf
from licensing.storage import Base
from licensing.words import Said, say


class Fact(NamedTuple):
    """What the log must hold because of a row: the kind and the subject of the leaf, and the digest in it."""

    kind: str
    subject: str
    digest: bytes


class Problem(NamedTuple):
    """One thing that does not hold: what it is about, a stable code, and a sentence."""

    subject: str
    code: str
    sentence: Said


def row_digest(row: Base, *, without: Collection[str] = ()) -> bytes:
    """SHA-256 over the columns of a flushed row, but for those that may change later. A column added to a table is protected at once."""
    return hashlib.sha256(row_bytes(row, without=without)).digest()


def row_bytes(row: Base, *, without: Collection[str] = ()) -> bytes:
    """What :func:`row_digest` covers, as bytes to hand on: whoever has them computes with ``sha256sum`` what the log holds of the row."""
    columns = {column.key for column in inspect(type(row)).column_attrs} - set(without)
    return entry_bytes({name: _plain(getattr(row, name)) for name in columns})


def from_hex(text: str | None) -> bytes:
    """The bytes that a column spells in hexadecimal; none at all where it was tampered with, so that no leaf fits."""
    try:
        return bytes.fromhex(text or "")
    except ValueError:
        return b""


def unaccounted(session: Session, kinds: Collection[str], facts: Iterable[Fact]) -> Iterator[Problem]:
    """Where rows and leaves of these ``kinds`` differ: a row without its leaf (edited, inserted), a leaf without its row (deleted)."""
    expected = Counter((fact.kind, fact.subject, fact.digest.hex()) for fact in facts)
    logged = Counter(_logged(session, kinds))
    for kind, subject, _ in sorted(expected - logged):
        yield Problem(subject, "not-in-log", say("A row of “%(kind)s” is not what the log holds, or was added beside it.", kind=kind))
    for kind, subject, _ in sorted(logged - expected):
        yield Problem(subject, "not-in-tables", say("The log holds an entry of “%(kind)s” whose row was changed or is gone.", kind=kind))


def _logged(session: Session, kinds: Collection[str]) -> Iterator[tuple[str, str, str]]:
    query = select(LedgerLeaf.entry).where(LedgerLeaf.kind.in_(kinds)).order_by(LedgerLeaf.position)
    for entry in session.scalars(query.execution_options(yield_per=1000)):
        said = _parsed(entry)
        yield str(said.get("kind")), str(said.get("subject")), str(said.get("digest"))


def _parsed(entry: bytes) -> dict[str, Any]:
    try:
        said = json.loads(entry)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
