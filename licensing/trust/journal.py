"""The signer's journal: every intent to sign, on the disk before the signature exists, and every signature. Append-only JSON lines.

It is the memory that outlives the database (a restored backup, a crash between two commits): one number has one payload, for ever.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from licensing.errors import Misconfigured
from licensing.words import say

_INTENT: Final = "intent"
_SIGNED: Final = "signed"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was asked for: hashes in hexadecimal; ``body`` is the SHA-256 of the bytes to be signed, ``file`` is empty for a QR."""

    kind: str
    number: str
    authority: str
    record: str
    file: str
    body: str

    @property
    def name(self) -> tuple[str, str]:
        """What may have one payload only."""
        return self.kind, self.number


@dataclass(slots=True)
class Known:
    """What the journal says so far."""

    intents: dict[tuple[str, str], Entry] = field(default_factory=dict)
    answers: dict[tuple[str, str], bytes] = field(default_factory=dict)
    size: int = 0


class Journal:
    """Append-only file of intents and answers, shared by any number of processes (flock)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = Known()

    @contextlib.contextmanager
    def alone(self) -> Iterator[OpenJournal]:
        """The journal, up to date and locked against every other thread and process until the block ends.

        Raises ``Misconfigured`` when a line was damaged or the file became shorter than it was.
        """
        self._create()
        # Opened anew each time: the lock belongs to this opening alone, so threads and forked children exclude one another too.
        with self._path.open("r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            opened = OpenJournal(file.fileno(), self._known)
            opened.catch_up()
            yield opened

    def _create(self) -> None:
        if self._path.exists():
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class OpenJournal:
    """The locked journal."""

    def __init__(self, descriptor: int, known: Known) -> None:
        self._descriptor = descriptor
        self._known = known

    @property
    def intents(self) -> int:
        """How many numbers were meant to be signed."""
        return len(self._known.intents)

    @property
    def answers(self) -> int:
        """How many numbers were signed."""
        return len(self._known.answers)

    def intent(self, name: tuple[str, str]) -> Entry | None:
        return self._known.intents.get(name)

    def answer(self, name: tuple[str, str]) -> bytes | None:
        return self._known.answers.get(name)

    def write_intent(self, entry: Entry) -> None:
        """The intent is on the disk when this returns."""
        self._append({"op": _INTENT, **asdict(entry)})
        self._known.intents[entry.name] = entry

    def write_answer(self, entry: Entry, answer: bytes) -> None:
        """The answer is on the disk when this returns."""
        self._append({"op": _SIGNED, "kind": entry.kind, "number": entry.number, "answer": answer.hex()})
        self._known.answers[entry.name] = answer

    def catch_up(self) -> None:
        """Read what others wrote, and drop a last line that a crash tore: it was never acted upon."""
        size = os.fstat(self._descriptor).st_size
        if size < self._known.size:
            raise Misconfigured(
                say("The signer's journal has become shorter than it was."), next_step=say("Restore it before anything is signed.")
            )
        tail = self._read(self._known.size, size)
        whole = tail.rfind(b"\n") + 1
        for line in tail[:whole].splitlines():
            self._learn(line)
        self._known.size += whole
        if whole < len(tail):
            os.ftruncate(self._descriptor, self._known.size)
            os.fsync(self._descriptor)

    def _learn(self, line: bytes) -> None:
        try:
            facts: dict[str, Any] = json.loads(line)
            right = _LEARN[facts.pop("op")](self._known, facts)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged() from error
        if not right:
            raise _damaged()

    def _append(self, facts: dict[str, Any]) -> None:
        line = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        written = 0
        while written < len(line):
            written += os.pwrite(self._descriptor, line[written:], self._known.size + written)
        os.fsync(self._descriptor)
        self._known.size += len(line)

    def _read(self, start: int, end: int) -> bytes:
        parts = []
        while start < end:
            part = os.pread(self._descriptor, end - start, start)
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)


def _learn_intent(known: Known, facts: dict[str, Any]) -> bool:
    entry = Entry(**facts)
    return known.intents.setdefault(entry.name, entry) == entry


def _learn_answer(known: Known, facts: dict[str, Any]) -> bool:
    name = (facts["kind"], facts["number"])
    return known.answers.setdefault(name, bytes.fromhex(facts["answer"])) == bytes.fromhex(facts["answer"]) and name in known.intents


def _damaged() -> Misconfigured:
    return Misconfigured(say("A line of the signer's journal is damaged."), next_step=say("Restore it before anything is signed."))


_LEARN: Final = {_INTENT: _learn_intent, _SIGNED: _learn_answer}
