"""Published means: in the register and in the log. Every version of the trust list is, and every change in the life of a key.

Whoever is shown another list than the world can find that out, and so can we when an older one is put back under us.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.ledger.actions import append
from licensing.ledger.protection import Fact
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Work, reading, unit_of_work
from licensing.trust import drafts, trust_list
from licensing.trust.current import current_trust_list
from licensing.trust.layout import KeyFolder
from licensing.trust.tables import TrustListVersion
from licensing.trust.trust_list import TrustList, instant
from licensing.trust.trusted_key import TrustedKey

LIST_LEAF: Final = "trust-list"
KEY_LEAF: Final = "key"


def publish(work: Work, settings: Settings) -> int:
    """Register the installed trust list, and the earlier versions kept beside it that are not yet; gives how many were new.

    Each has a leaf of kind ``trust-list`` (its SHA-256), each key whose state it changes one of kind ``key``. Raises
    ``TrustListRefused`` for a list that is older than a registered one or does not follow it: then nothing is registered.
    """
    current = current_trust_list(settings)
    last = registered(work.session, current)
    if last is not None:
        drafts.check_succession(last, current)
    new = [*_kept(KeyFolder(settings.keys), current, after=last.version if last else 0)]
    for listed in new:
        _register(work, last, listed)
        last = listed
    return len(new)


def publish_installed(settings: Settings) -> int:
    """:func:`publish` in a transaction of its own, which is only opened when there is something new; for the worker."""
    current = current_trust_list(settings)
    with reading(SYSTEM) as look:
        last = registered(look.session, current)
    if last is not None and last.signed == current.signed:
        return 0
    with unit_of_work(SYSTEM) as work:
        return publish(work, settings)


def registered(session: Session, current: TrustList) -> TrustList | None:
    """The newest registered version, if any; its root must be that of ``current``. Raises ``TrustListRefused``."""
    row = session.scalars(select(TrustListVersion).order_by(TrustListVersion.version.desc()).limit(1)).first()
    return trust_list.load_signed(row.cose, current.root) if row else None


def facts(old: TrustList | None, new: TrustList) -> Iterator[Fact]:
    """What the log holds because ``new`` was published after ``old``."""
    yield Fact(LIST_LEAF, f"{LIST_LEAF}/{new.version}", bytes.fromhex(new.digest))
    for key in changed_keys(old, new):
        yield Fact(KEY_LEAF, f"{key.id}/{key.state}", key_digest(key))


def changed_keys(old: TrustList | None, new: TrustList) -> list[TrustedKey]:
    """The keys whose state, or the moment it began, ``new`` says otherwise than ``old``."""
    before = {key.id: (key.state, key.since) for key in old.keys} if old else {}
    return [key for key in new.keys if before.get(key.id) != (key.state, key.since)]


def key_digest(key: TrustedKey) -> bytes:
    """What the log keeps of a change: SHA-256 over the certificate in DER, the state, and the moment since which it holds."""
    return hashlib.sha256(key.der + key.state.encode() + instant(key.since).encode()).digest()


def _kept(folder: KeyFolder, current: TrustList, *, after: int) -> Iterator[TrustList]:
    for path in folder.versions():
        if after < int(path.stem) < current.version:
            yield trust_list.load_signed(path.read_bytes(), current.root)
    if current.version > after:
        yield current


def _register(work: Work, old: TrustList | None, new: TrustList) -> None:
    work.session.add(TrustListVersion(version=new.version, at=work.now, cose=new.signed, sha256=new.digest))
    for fact in facts(old, new):
        append(work, *fact)
