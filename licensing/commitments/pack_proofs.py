"""Proofs of the log in parts that openssl and sha256sum read, and once as the file that verifiers of the log read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from licensing.errors import NotFound
from licensing.ledger import queries as ledger
from licensing.ledger.notes import parse_note
from licensing.ledger.proof_files import SUFFIX, LogProof
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading
from licensing.trust import checkpoints
from licensing.trust.certificates import PublicKey
from licensing.trust.current import current_trust_list
from licensing.words import say

FOLDER: Final = "log"


class Place(NamedTuple):
    """How the log names what it holds of a file: the kind and the subject of its entry."""

    kind: str
    subject: str


class Kept(NamedTuple):
    """A file of a pack whose SHA-256 the log holds, and where."""

    name: str
    content: bytes
    place: Place


def log_files(settings: Settings, places: Mapping[str, Place], whole: str) -> dict[str, bytes]:
    """For each file name in ``places`` its entry and path, all under one signed head; for ``whole`` the tlog-proof too.

    Call it outside of any transaction. Raises ``NotFound`` (``not-in-log``), and what ``checkpoints.covering`` raises.
    """
    with reading(SYSTEM) as look:
        found = {name: ledger.leaf_of(look.session, *place) for name, place in places.items()}
    positions = {name: leaf.position for name, leaf in found.items() if leaf is not None}
    if set(positions) != set(places):
        raise NotFound(say("The log does not hold this evidence yet."), code="not-in-log")
    checkpoint = checkpoints.covering(settings, max(positions.values()))
    with reading(SYSTEM) as look:
        proofs = {name: ledger.proof(look.session, position, checkpoint) for name, position in positions.items()}
    size = checkpoint.head.size
    files = {f"{FOLDER}/{whole}{SUFFIX}": proofs[whole].text().encode(), **_head(settings, checkpoint.note)}
    for name, proof in proofs.items():
        files[f"{FOLDER}/{name}.entry"] = proof.entry
        files[f"{FOLDER}/{name}.path"] = path_lines(proof, size).encode()
    return files


def _head(settings: Settings, signed: bytes) -> dict[str, bytes]:
    """The signed head of the log in its three parts: text, signature, and the certificate of the key."""
    note, trust = parse_note(signed), current_trust_list(settings)
    keys = {key.id: key.public for key in checkpoints.note_keys(trust)}
    line = next(line for line in note.signatures if line.key_id in keys)
    key = next(key for key in trust.log_keys if _raw(key.public_key) == keys[line.key_id])
    return {
        f"{FOLDER}/checkpoint.txt": note.text.encode(),
        f"{FOLDER}/checkpoint.sig": line.value,
        f"{FOLDER}/log.pem": key.certificate.public_bytes(Encoding.PEM),
    }


def _raw(public: PublicKey) -> bytes:
    return public.public_bytes_raw() if isinstance(public, Ed25519PublicKey) else b""


def path_lines(proof: LogProof, size: int) -> str:
    """One line a step: on which side the neighbour stands, and its hash in hexadecimal (RFC 9162 2.1.3.2)."""
    lines, node, last, left = [], proof.position, size - 1, list(proof.path)
    while left:
        if node & 1 or node == last:
            lines.append(f"left {left.pop(0).hex()}")
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            lines.append(f"right {left.pop(0).hex()}")
        node, last = node >> 1, last >> 1
    return "".join(f"{line}\n" for line in lines)
