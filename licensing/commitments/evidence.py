"""The evidence of one promise: a pack that anyone checks with openssl, sha256sum and a PDF reader alone.

What the pack holds is taken byte for byte from what was stored; nothing is rendered again. Its sealed part is listed in a manifest; the
digest of the manifest is a leaf of the public log, and the signed head of the log goes with it (invariant 6).
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC
from importlib import resources
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from licensing.commitments.rules import canonical
from licensing.commitments.tables import Commitment, EvidencePack
from licensing.errors import NotFound
from licensing.ledger import queries as ledger
from licensing.ledger.actions import append
from licensing.ledger.notes import parse_note
from licensing.ledger.proof_files import LogProof
from licensing.ledger.protection import row_digest
from licensing.letters.actions import sealed_pdf
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Work, reading, storage, unit_of_work
from licensing.trust import checkpoints, timestamps
from licensing.trust.current import current_trust_list
from licensing.words import say

PACK_LEAF: Final = "evidence-pack"
ROW_LEAF: Final = "evidence-pack-row"
MANIFEST: Final = "manifest.sha256"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_TEXTS: Final = ("README.txt", "README.zh-CN.txt", "check-log.sh")


def evidence_pack(settings: Settings, commitment_id: int, events: Mapping[str, Any]) -> bytes:
    """The evidence of a promise as a ZIP: the sealed part, made once, and the proof that the public log holds its manifest.

    ``events`` is the extract of what happened in the case up to the promise; it is kept at the first call and not looked at again. Call it
    outside of any transaction. Raises ``NotFound``, and what sealing and signing raise while keys or signer are missing.
    """
    pack = _sealed(settings, commitment_id, events)
    with reading(SYSTEM) as look:
        leaf = ledger.leaf_of(look.session, PACK_LEAF, str(commitment_id))
        if leaf is None:
            raise NotFound(say("The log does not hold this evidence yet."), code="not-in-log")
        position = leaf.position
    checkpoint = checkpoints.covering(settings, position)
    with reading(SYSTEM) as look:
        proof = ledger.proof(look.session, position, checkpoint)
        files = {name: look.files.get(str(digest)) for name, digest in pack.files.items()}
        files[MANIFEST] = look.files.get(pack.manifest_sha256)
    return _zip({**files, **_log_files(settings, proof)})


def pack_digest(pack: EvidencePack) -> bytes:
    """What the log keeps of a pack: the digest of the manifest that lists the files of the row."""
    return hashlib.sha256(_manifest(pack.files)).digest()


def _sealed(settings: Settings, commitment_id: int, events: Mapping[str, Any]) -> EvidencePack:
    """The row of the pack, made when there is none yet; of two that make it at once the first one stays."""
    made, found = _load(commitment_id)
    if found is not None:
        return found
    letter = sealed_pdf(made.letter_id or 0)
    contents = {
        "letter.pdf": letter,
        "notice.txt": storage().files.get(made.notice_sha256),
        "statement.txt": storage().files.get(made.statement_sha256),
        "facts.json": storage().files.get(made.facts_sha256),
        "events.json": canonical(events),
        "promise.json": canonical(_told(made)),
        **{name: _text(name) for name in _TEXTS},
        **_timestamp(settings, made),
    }
    with unit_of_work(SYSTEM) as work:
        standing = _stored(work, commitment_id)
        if standing is not None:
            return standing
        files = {name: work.files.put(content) for name, content in contents.items()}
        pack = EvidencePack(commitment_id=commitment_id, files=files, manifest_sha256=work.files.put(_manifest(files)), made_at=work.now)
        work.session.add(pack)
        work.session.flush()
        append(work, PACK_LEAF, str(commitment_id), pack_digest(pack))
        append(work, ROW_LEAF, str(commitment_id), row_digest(pack))
        return pack


def _load(commitment_id: int) -> tuple[Commitment, EvidencePack | None]:
    with reading(SYSTEM) as look:
        made = look.session.get(Commitment, commitment_id)
        if made is None or made.letter_id is None:
            raise NotFound(say("There is no such promise."))
        return made, _stored(look, commitment_id)


def _stored(work: Work, commitment_id: int) -> EvidencePack | None:
    return work.session.scalar(select(EvidencePack).where(EvidencePack.commitment_id == commitment_id))


def _told(made: Commitment) -> dict[str, Any]:
    """The promise in short, for programs."""
    return {
        "proof": made.proof,
        "version": made.proof_version,
        "company": made.company_name,
        "uscc": made.company_uscc,
        "signed_by": made.person_name,
        "role": made.role,
        "session": made.session,
        "second_factor_at": made.second_factor_at.astimezone(UTC).isoformat(),
        "signed_at": made.promised_at.astimezone(UTC).isoformat(),
        "notice_sha256": made.notice_sha256,
        "statement_sha256": made.statement_sha256,
        "facts_sha256": made.facts_sha256,
    }


def _timestamp(settings: Settings, made: Commitment) -> dict[str, bytes]:
    """A time stamp over the statement, and the certificate that it is checked with, where the settings name an authority (RFC 3161)."""
    pinned = timestamps.authority(settings)
    if pinned is None:
        return {}
    token = timestamps.request(settings, bytes.fromhex(made.statement_sha256))
    return {"statement.tst": token, "tsa.pem": pinned.public_bytes(Encoding.PEM)}


def _log_files(settings: Settings, proof: LogProof) -> dict[str, bytes]:
    """The proof once as the file that verifiers of the log read, and once in parts that openssl reads."""
    note = parse_note(proof.checkpoint)
    trust = current_trust_list(settings)
    keys = {key.id: key for key in checkpoints.note_keys(trust)}
    line = next(line for line in note.signatures if line.key_id in keys)
    public = Ed25519PublicKey.from_public_bytes(keys[line.key_id].public)
    return {
        "log/evidence.tlog-proof": proof.text().encode(),
        "log/entry.json": proof.entry,
        "log/checkpoint.txt": note.text.encode(),
        "log/checkpoint.sig": line.value,
        "log/log-key.pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "log/path.txt": _path_lines(proof, int(note.text.split("\n")[1])).encode(),
    }


def _path_lines(proof: LogProof, size: int) -> str:
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


def _manifest(files: Mapping[str, Any]) -> bytes:
    """The manifest as ``sha256sum --check`` reads it."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items())).encode()


def _text(name: str) -> bytes:
    return (resources.files("licensing.commitments") / "pack" / name).read_bytes()


def _zip(files: Mapping[str, bytes]) -> bytes:
    """The files in one archive; equal files make equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
