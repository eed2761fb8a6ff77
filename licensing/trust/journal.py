"""The signer's journal: every intent to sign, on the disk before the signature exists, and every signature. Append-only JSON lines.

It is the memory that outlives the database (a restored backup, a crash between two commits): one number has one payload, for ever.
It also remembers the first time-stamp of every seal and the largest log that was ever signed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

from licensing.errors import Misconfigured
from licensing.moments import now
from licensing.words import Said, say

_INTENT: Final = "intent"
_SIGNED: Final = "signed"
_TIMESTAMP: Final = "timestamp"
_CHECKPOINT: Final = "checkpoint"


class Name(NamedTuple):
    """What may have one payload only; ``version`` counts the versions of a licence under one number, from 1."""

    kind: str
    number: str
    version: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What was asked for; hashes in hexadecimal.

    ``document`` is the SHA-256 of the licence record or letter, ``content`` that of what is signed: the payload of a QR, the byte range
    of a file. ``identifier`` is the licence identifier, empty for a letter.
    """

    kind: str
    number: str
    version: int
    identifier: str
    authority: str
    document: str
    content: str

    @property
    def name(self) -> Name:
        return Name(self.kind, self.number, self.version)

    @property
    def claims(self) -> tuple[str, ...]:
        """The names that belong to this document alone, whatever is signed for it."""
        by_number = f"{self.number}\n{self.version}"
        return (by_number, self.identifier) if self.identifier else (by_number,)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was given: the COSE message of a QR or the signature value of a seal, then with the certificate (DER) of its key."""

    signature: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The largest tree of one log that was signed."""

    size: int
    root: bytes


class _Place(NamedTuple):
    start: int
    length: int


@dataclass(slots=True)
class _Known:
    """What the journal says so far: where each line lies, for a journal of many years must not fill the memory."""

    size: int = 0
    file: tuple[int, int] | None = None
    intents: dict[Name, _Place] = field(default_factory=dict)
    answers: dict[Name, _Place] = field(default_factory=dict)
    timestamps: dict[Name, _Place] = field(default_factory=dict)
    versions: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    documents: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, TreeHead] = field(default_factory=dict)


class Journal:
    """Append-only file of what the signer did, shared by any number of processes (flock)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _Known()

    @contextlib.contextmanager
    def alone(self) -> Iterator[OpenJournal]:
        """The journal, up to date and locked against every other thread and process until the block ends.

        Raises ``Misconfigured`` when a line was damaged, or the file became shorter than it was or was replaced.
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

    def __init__(self, descriptor: int, known: _Known) -> None:
        self._descriptor = descriptor
        self._known = known

    @property
    def intents(self) -> int:
        """How many payloads were meant to be signed."""
        return len(self._known.intents)

    @property
    def answers(self) -> int:
        """How many payloads were signed."""
        return len(self._known.answers)

    def intent(self, name: Name) -> Entry | None:
        """What was to be signed under this name."""
        place = self._known.intents.get(name)
        return _entry(self._line(place)) if place else None

    def answer(self, name: Name) -> Answer | None:
        """What was signed under this name."""
        place = self._known.answers.get(name)
        return _answer(self._line(place)) if place else None

    def timestamp(self, name: Name) -> bytes | None:
        """The time-stamp token that was kept for this seal."""
        place = self._known.timestamps.get(name)
        return bytes.fromhex(self._line(place)["token"]) if place else None

    def document(self, claim: str) -> bytes | None:
        """The SHA-256 of the one document that has this number and version, or this identifier."""
        return self._known.documents.get(claim)

    def names(self, kind: str, number: str) -> list[Name]:
        """Everything of one kind that was signed under a number, by version."""
        return [Name(kind, number, version) for version in sorted(self._known.versions.get((kind, number), ()))]

    def numbers(self, kind: str) -> set[str]:
        """The numbers for which something of this kind was signed."""
        return {number for known, number in self._known.versions if known == kind}

    def tree(self, origin: str) -> TreeHead | None:
        """The largest tree of this log that was signed or meant to be."""
        return self._known.trees.get(origin)

    def write_intent(self, entry: Entry) -> None:
        """The intent is on the disk when this returns."""
        self._append({"op": _INTENT, "at": now().isoformat(timespec="seconds"), **asdict(entry)})

    def write_answer(self, name: Name, answer: Answer) -> None:
        """The answer is on the disk when this returns."""
        hexadecimal = {"answer": answer.signature.hex(), "certificate": answer.certificate.hex()}
        self._append({"op": _SIGNED, **name._asdict(), **hexadecimal})

    def write_timestamp(self, name: Name, token: bytes) -> None:
        """The token is on the disk when this returns."""
        self._append({"op": _TIMESTAMP, **name._asdict(), "token": token.hex()})

    def write_tree(self, origin: str, tree: TreeHead) -> None:
        """The tree is on the disk when this returns."""
        self._append({"op": _CHECKPOINT, "origin": origin, "size": tree.size, "root": tree.root.hex()})

    def catch_up(self) -> None:
        """Read what others wrote, and drop a last line that a crash tore: it was never acted upon."""
        state = os.fstat(self._descriptor)
        if self._known.file not in {None, (state.st_dev, state.st_ino)}:
            raise _not_ours(say("The signer's journal was replaced while the signer was running."))
        if state.st_size < self._known.size:
            raise _not_ours(say("The signer's journal has become shorter than it was."))
        self._known.file = (state.st_dev, state.st_ino)
        tail = self._read(self._known.size, state.st_size - self._known.size)
        whole = tail.rfind(b"\n") + 1
        for line in tail[:whole].splitlines(keepends=True):
            self._learn(line)
        if whole < len(tail):
            os.ftruncate(self._descriptor, self._known.size)
            os.fsync(self._descriptor)

    def _append(self, facts: dict[str, Any]) -> None:
        line = json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
        written = 0
        while written < len(line):
            written += os.pwrite(self._descriptor, line[written:], self._known.size + written)
        os.fsync(self._descriptor)
        self._learn(line)

    def _learn(self, line: bytes) -> None:
        place = _Place(self._known.size, len(line))
        try:
            facts = json.loads(line)
            right = _LEARN[facts["op"]](self._known, facts, place)
        except (ValueError, TypeError, KeyError) as error:
            raise _damaged() from error
        if not right:
            raise _damaged()
        self._known.size += len(line)

    def _line(self, place: _Place) -> dict[str, Any]:
        try:
            facts: dict[str, Any] = json.loads(self._read(*place))
        except ValueError as error:
            raise _damaged() from error
        return facts

    def _read(self, start: int, length: int) -> bytes:
        parts, end = [], start + length
        while start < end:
            part = os.pread(self._descriptor, end - start, start)
            if not part:
                break
            parts.append(part)
            start += len(part)
        return b"".join(parts)


def _entry(facts: Mapping[str, Any]) -> Entry:
    return Entry(**{name: value for name, value in facts.items() if name not in {"op", "at"}})


def _answer(facts: Mapping[str, Any]) -> Answer:
    return Answer(bytes.fromhex(facts["answer"]), bytes.fromhex(facts["certificate"]))


def _name(facts: Mapping[str, Any]) -> Name:
    return Name(str(facts["kind"]), str(facts["number"]), int(facts["version"]))


def _learn_intent(known: _Known, facts: Mapping[str, Any], place: _Place) -> bool:
    entry, document = _entry(facts), bytes.fromhex(facts["document"])
    if entry.name in known.intents or any(known.documents.get(claim, document) != document for claim in entry.claims):
        return False
    known.intents[entry.name] = place
    known.documents.update(dict.fromkeys(entry.claims, document))
    return True


def _learn_answer(known: _Known, facts: Mapping[str, Any], place: _Place) -> bool:
    name = _name(facts)
    _answer(facts)
    if name not in known.intents or name in known.answers:
        return False
    known.answers[name] = place
    known.versions.setdefault((name.kind, name.number), []).append(name.version)
    return True


def _learn_timestamp(known: _Known, facts: Mapping[str, Any], place: _Place) -> bool:
    name = _name(facts)
    bytes.fromhex(facts["token"])
    return name in known.answers and known.timestamps.setdefault(name, place) == place


def _learn_tree(known: _Known, facts: Mapping[str, Any], _: _Place) -> bool:
    tree, before = TreeHead(int(facts["size"]), bytes.fromhex(facts["root"])), known.trees.get(facts["origin"])
    known.trees[facts["origin"]] = tree
    return before is None or before.size < tree.size


def _damaged() -> Misconfigured:
    return _not_ours(say("A line of the signer's journal is damaged."))


def _not_ours(sentence: Said) -> Misconfigured:
    return Misconfigured(sentence, next_step=say("Restore it before anything is signed."), code="journal-damaged")


_LEARN: Final = {_INTENT: _learn_intent, _SIGNED: _learn_answer, _TIMESTAMP: _learn_timestamp, _CHECKPOINT: _learn_tree}
