"""Proofs as files that anyone can check alone: the leaf's place, its path, and the signed checkpoint. Pure.

Source: c2sp.org/tlog-proof, with the entry itself as its extra data: SHA-256(0x00 ‖ extra) is the leaf that the path proves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from licensing.ledger.notes import Checkpoint, NoteKey, NoteRefused, from_base64, open_checkpoint, to_base64
from licensing.ledger.rules import leaf_hash, verify_inclusion

FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
MEDIA_TYPE: Final = "text/plain"
SUFFIX: Final = ".tlog-proof"
LONGEST_PROOF: Final = 256 * 1024
LONGEST_PATH: Final = 63
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class LogProof:
    """That ``entry`` stands at ``position`` (from 0) in the tree of the signed ``checkpoint``, by ``path`` from the leaf upwards."""

    entry: bytes
    position: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    def text(self) -> str:
        """The proof as a file (tlog-proof, format)."""
        lines = [FIRST_LINE, f"extra {to_base64(self.entry)}", f"index {self.position}", *(to_base64(step) for step in self.path), ""]
        return "\n".join(lines) + "\n" + self.checkpoint.decode()


def parse_proof(text: str) -> LogProof:
    """The proof in a file, nothing verified. Raises ``NoteRefused`` unless it is one as ``LogProof.text`` writes it."""
    head, found, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > LONGEST_PROOF or not found or len(lines) < 3 or lines[0] != FIRST_LINE or not lines[1].startswith("extra "):
        raise NoteRefused("not a proof with its entry")
    index = _INDEX.fullmatch(lines[2])
    if index is None or len(lines) > 3 + LONGEST_PATH:
        raise NoteRefused("the proof has no index or too long a path")
    path = tuple(from_base64(line) for line in lines[3:])
    return LogProof(from_base64(lines[1].removeprefix("extra ")), int(index[1]), path, checkpoint.encode())


def open_proof(proof: LogProof, keys: Iterable[NoteKey]) -> Checkpoint:
    """The signed checkpoint under which the entry is proven. Raises ``NoteRefused`` when a signature or the path does not hold."""
    checkpoint = open_checkpoint(proof.checkpoint, keys)
    if not verify_inclusion(leaf_hash(proof.entry), proof.position, checkpoint.size, proof.path, checkpoint.root):
        raise NoteRefused("the path does not lead to the root of the checkpoint")
    return checkpoint
