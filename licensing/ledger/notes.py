"""Signed notes and checkpoints, byte for byte as C2SP writes them. Pure: who holds a private key hands in its ``sign`` function.

Source: c2sp.org/signed-note (signature type 0x01, Ed25519) and c2sp.org/tlog-checkpoint.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519: Final = b"\x01"
HASH_SIZE: Final = 32
MOST_SIGNATURES: Final = 32
LONGEST_NOTE: Final = 64 * 1024
_KEY_ID_SIZE: Final = 4
_DASH: Final = "\u2014 "
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NOT_IN_A_NAME = re.compile(r"[\s+]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteRefused(ValueError):
    """These bytes are no note, no checkpoint, or not signed by the key that they should be signed by."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that signs notes under a name; ``public`` are the 32 bytes of an Ed25519 key (RFC 8032)."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """Four bytes: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)[:4] (signed-note, Ed25519 signatures)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:_KEY_ID_SIZE]

    @property
    def text(self) -> str:
        """The key as one word to hand on: ``name+id+base64(type ‖ public key)`` (signed-note, verifier keys)."""
        return f"{self.name}+{self.id.hex()}+{to_base64(ED25519 + self.public)}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: a key name, the four bytes of the key id, and the signature itself."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text, with its final newline, and the signatures below it. Nothing is verified yet."""

    text: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log's tree at a size: ``root`` is the tree head over ``size`` leaves (RFC 6962 2.1)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed (tlog-checkpoint, note text)."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


def key_from_text(text: str) -> NoteKey:
    """The key that ``NoteKey.text`` wrote. Raises ``NoteRefused`` for other text or when name, id and key do not fit."""
    name, id_and_key = text.split("+", 1) if "+" in text else ("", "")
    key_id, _, material = id_and_key.partition("+")
    raw = from_base64(material)
    if not _is_name(name) or raw[:1] != ED25519 or len(raw) != 1 + HASH_SIZE:
        raise NoteRefused("not an Ed25519 verifier key")
    key = NoteKey(name, raw[1:])
    if key.id.hex() != key_id:
        raise NoteRefused("the key does not have this id")
    return key


def sign_note(text: str, key: NoteKey, sign: Callable[[bytes], bytes]) -> bytes:
    """The note: ``text``, an empty line, and the signature that ``sign`` gives over the UTF-8 bytes of ``text``.

    Raises ``NoteRefused`` when ``text`` or the name of the key cannot stand in a note.
    """
    if not text.endswith("\n") or _control(text) or not _is_name(key.name):
        raise NoteRefused("this cannot stand in a note")
    line = f"{_DASH}{key.name} {to_base64(key.id + sign(text.encode()))}\n"
    return f"{text}\n{line}".encode()


def parse_note(data: bytes) -> Note:
    """The parts of a note, nothing verified. Raises ``NoteRefused`` for every departure from the form (signed-note, format)."""
    if not isinstance(data, bytes) or len(data) > LONGEST_NOTE:
        raise NoteRefused("not bytes, or too many")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NoteRefused("the note is not UTF-8") from error
    text, found, lines = whole.rpartition("\n\n")
    if not found or not text or not lines.endswith("\n") or _control(whole):
        raise NoteRefused("not a signed note")
    signatures = tuple(_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > MOST_SIGNATURES:
        raise NoteRefused("too many signatures")
    return Note(text + "\n", signatures)


def open_note(data: bytes, keys: Iterable[NoteKey]) -> str:
    """The text of a note that one of ``keys`` signed; signatures of other keys are ignored.

    Raises ``NoteRefused`` when no known key signed, or a signature under a known name and id does not verify (signed-note, signatures).
    """
    return _signed_text(parse_note(data), keys)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that the text of a note says; extension lines are read over. Raises ``NoteRefused`` (tlog-checkpoint)."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] != "" or "" in lines[:-1] or not _SIZE.fullmatch(lines[1]):
        raise NoteRefused("not a checkpoint")
    root = from_base64(lines[2])
    if len(root) != HASH_SIZE:
        raise NoteRefused("the root of the checkpoint is no SHA-256")
    return Checkpoint(lines[0], int(lines[1]), root)


def open_checkpoint(data: bytes, keys: Iterable[NoteKey]) -> Checkpoint:
    """The checkpoint in a note that one of ``keys`` signed for its own log: the origin is the name of that key.

    Raises ``NoteRefused`` for anything else.
    """
    note = parse_note(data)
    found = parse_checkpoint(note.text)
    _signed_text(note, [key for key in keys if key.name == found.origin])
    return found


def _signed_text(note: Note, keys: Iterable[NoteKey]) -> str:
    known = {(key.name, key.id): key for key in keys}
    ours = [(known[line.name, line.key_id], line) for line in note.signatures if (line.name, line.key_id) in known]
    if not ours:
        raise NoteRefused("no known key signed this note")
    for key, line in ours:
        _verify(key, line, note.text)
    return note.text


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = from_base64(encoded)
    if not line.startswith(_DASH) or not _is_name(name) or len(raw) <= _KEY_ID_SIZE:
        raise NoteRefused("not a signature line")
    return Signature(name, raw[:_KEY_ID_SIZE], raw[_KEY_ID_SIZE:])


def _verify(key: NoteKey, line: Signature, text: str) -> None:
    try:
        _public_key(key.public).verify(line.value, text.encode())
    except (InvalidSignature, ValueError) as error:
        raise NoteRefused("a signature of a known key does not verify") from error


def _is_name(name: str) -> bool:
    return bool(name) and not _NOT_IN_A_NAME.search(name)


def _control(text: str) -> bool:
    return _CONTROL.search(text) is not None


@lru_cache(maxsize=64)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def to_base64(data: bytes) -> str:
    """Standard base64 with padding, as all C2SP formats write bytes (RFC 4648 4)."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """The bytes of standard base64 in its one spelling, padding bits zero (RFC 4648 4 and 3.5). Raises ``NoteRefused``."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteRefused("not base64") from error
    if to_base64(data) != text:
        raise NoteRefused("not canonical base64")
    return data
