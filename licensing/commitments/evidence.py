"""The evidence of one promise: a pack that anyone checks with openssl, sha256sum and a PDF reader alone.

What the pack holds is taken byte for byte from what was stored; nothing is rendered again. Its sealed part is listed in a manifest; the
digest of the manifest is a leaf of the public log, and the signed head of the log goes with it (invariant 6). What happened later is a
second part with a manifest of its own. The files are described in docs/formats/evidence-pack.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import select

from licensing.commitments.aftermath import FOLDER, Aftermath, aftermath, promise_event, sealed_letters
from licensing.commitments.journal import LATER, LEAF, leaf_subject
from licensing.commitments.pack_proofs import Kept, Place, log_files
from licensing.commitments.tables import Commitment, EvidencePack
from licensing.documents.packing import MANIFEST, manifest_of, zip_of
from licensing.errors import NotFound
from licensing.ledger.actions import append
from licensing.ledger.protection import row_bytes, row_digest
from licensing.letters.actions import sealed_pdf
from licensing.letters.health import SEALED_LEAF
from licensing.letters.tables import Letter
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Work, reading, storage, unit_of_work
from licensing.trust import timestamps
from licensing.trust.current import current_trust_list
from licensing.words import say

PACK_LEAF: Final = "evidence-pack"
ROW_LEAF: Final = "evidence-pack-row"
_READMES: Final[Mapping[str, tuple[str, str]]] = {
    "README.txt": ("stamped.txt", "unstamped.txt"),
    "README.zh-CN.txt": ("stamped.zh-CN.txt", "unstamped.zh-CN.txt"),
}
"""Each with its step about the time stamp, where the pack has one and where it has none."""


def evidence_pack(settings: Settings, commitment_id: int, before: Sequence[Kept], after: Aftermath) -> bytes:
    """The evidence of a promise as a ZIP: the sealed part, made once; what happened since; and the proofs that the public log holds both.

    ``before`` are the events of the case up to the promise; they are kept at the first call. ``after`` is what the case knows of later.
    Call it outside of any transaction. Raises ``NotFound``, and what sealing and signing raise while keys or signer are missing.
    """
    pack = seal_pack(settings, commitment_id, before)
    with reading(SYSTEM) as look:
        made = look.session.get_one(Commitment, commitment_id)
        later = aftermath(look.session, made).joined(after)
        places = {name: place for name, _, place in (*before, *_of_the_promise(made)) if name in pack.files}
        letter = look.session.get_one(Letter, made.letter_id)
        files = {name: look.files.get(str(digest)) for name, digest in pack.files.items()}
        files[MANIFEST] = look.files.get(pack.manifest_sha256)
        photographs = {name: look.files.get(digest) for name, digest in later.files.items()}
    rows = (*later.rows, *sealed_letters(later.letters))
    since = {**{row.name: row.content for row in rows}, **photographs}
    places |= {row.name: row.place for row in rows}
    places |= {MANIFEST: Place(PACK_LEAF, str(commitment_id)), "letter.pdf": Place(SEALED_LEAF, letter.number)}
    if since:
        since[f"{FOLDER}/{MANIFEST}"] = manifest_of({name: hashlib.sha256(content).hexdigest() for name, content in since.items()})
    return zip_of({**files, **since, **log_files(settings, places, MANIFEST)})


def seal_pack(settings: Settings, commitment_id: int, before: Sequence[Kept]) -> EvidencePack:
    """The row of the sealed part, made when there is none yet; of two that make it at once the first one stays.

    Call it outside of any transaction. Raises as :func:`evidence_pack`.
    """
    with reading(SYSTEM) as look:
        made = look.session.get(Commitment, commitment_id)
        if made is None or made.letter_id is None:
            raise NotFound(say("There is no such promise."))
        found = _stored(look, commitment_id)
        rows = (*before, *_of_the_promise(made))
    if found is not None:
        return found
    stamp = _timestamp(settings, made)
    contents = {
        "letter.pdf": sealed_pdf(made.letter_id),
        "notice.txt": storage().files.get(made.notice_sha256),
        "statement.txt": storage().files.get(made.statement_sha256),
        "facts.json": storage().files.get(made.facts_sha256),
        **{row.name: row.content for row in rows},
        **stamp,
        "root.pem": current_trust_list(settings).root.certificate.public_bytes(Encoding.PEM),
        "check.sh": _text("check.sh").encode(),
        **{name: _readme(settings, name, stamped=bool(stamp)) for name in _READMES},
    }
    with unit_of_work(SYSTEM) as work:
        work.session.execute(select(Commitment.id).where(Commitment.id == commitment_id).with_for_update())
        standing = _stored(work, commitment_id)
        if standing is not None:
            return standing
        files = {name: work.files.put(content) for name, content in contents.items()}
        pack = EvidencePack(commitment_id=commitment_id, files=files, manifest_sha256=work.files.put(manifest_of(files)), made_at=work.now)
        work.session.add(pack)
        work.session.flush()
        append(work, PACK_LEAF, str(commitment_id), pack_digest(pack))
        append(work, ROW_LEAF, str(commitment_id), row_digest(pack))
        return pack


def pack_digest(pack: EvidencePack) -> bytes:
    """What the log keeps of a pack: the digest of the manifest that lists the files of the row."""
    return hashlib.sha256(manifest_of(pack.files)).digest()


def _of_the_promise(made: Commitment) -> tuple[Kept, ...]:
    """The row of a promise and the event of its signing, as the log has held them since that moment."""
    row = Kept("promise.json", row_bytes(made, without=LATER), Place(LEAF, leaf_subject(made)))
    return (row, *(promise_event(made, event) for event in made.events[:1]))


def _stored(work: Work, commitment_id: int) -> EvidencePack | None:
    return work.session.scalar(select(EvidencePack).where(EvidencePack.commitment_id == commitment_id))


def _timestamp(settings: Settings, made: Commitment) -> dict[str, bytes]:
    """A time stamp over the statement, and the certificate that it is checked with, where the settings name an authority (RFC 3161)."""
    pinned = timestamps.authority(settings)
    if pinned is None:
        return {}
    token = timestamps.request(settings, bytes.fromhex(made.statement_sha256))
    return {"statement.tst": token, "tsa.pem": pinned.public_bytes(Encoding.PEM)}


def _readme(settings: Settings, name: str, *, stamped: bool) -> bytes:
    """The explanation that goes with a pack: where to compare its keys, and what its time stamp says or that it has none."""
    about_time = _text(_READMES[name][0 if stamped else 1]).rstrip("\n")
    return _text(name).replace("{host}", settings.public_host).replace("{timestamp}", about_time).encode()


def _text(name: str) -> str:
    return (resources.files("licensing.commitments") / "pack" / name).read_text(encoding="utf-8")
