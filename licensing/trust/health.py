"""Whether the published trust lists are still what was published: each row, its chain, and the life of each key stand in the log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.ledger.protection import Fact, Problem, unaccounted
from licensing.ledger.tables import LedgerLeaf
from licensing.trust import drafts, trust_list
from licensing.trust.publication import KEY_LEAF, LIST_LEAF, facts
from licensing.trust.tables import TrustListVersion
from licensing.trust.trust_list import TrustList, TrustListRefused
from licensing.words import say


def problems(session: Session, current: TrustList) -> Iterator[Problem]:
    """What does not hold for the registered versions, the newest of which ``current`` has to be; nothing when all is well."""
    rows = list(session.scalars(select(TrustListVersion).order_by(TrustListVersion.version)))
    sound = {row.version: listed for row in rows if (listed := _listed(row, current)) is not None}
    yield from unaccounted(session, {LIST_LEAF, KEY_LEAF}, _facts(sound.values()))
    yield from _damaged(session, rows, sound)
    newest = max(sound.values(), key=lambda listed: listed.version, default=None)
    if newest is None or newest.signed != current.signed:
        yield Problem(
            f"{LIST_LEAF}/{current.version}", "not-published", say("The trust list in use is not the newest one in the register.")
        )


def _damaged(session: Session, rows: Iterable[TrustListVersion], sound: dict[int, TrustList]) -> Iterator[Problem]:
    logged = select(LedgerLeaf.subject, LedgerLeaf.at).where(LedgerLeaf.kind == LIST_LEAF)
    moments = {row.subject: row.at for row in session.execute(logged)}
    last: TrustList | None = None
    for row in rows:
        subject, listed = f"{LIST_LEAF}/{row.version}", sound.get(row.version)
        if listed is None:
            yield Problem(subject, "list-damaged", say("The stored trust list is not one that the root signed."))
            continue
        if row.sha256 != listed.digest or moments.get(subject) != row.at:
            yield Problem(subject, "row-differs", say("The row of the trust list does not say what the log says."))
        if last is not None and not _follows(last, listed):
            yield Problem(subject, "list-forked", say("The trust list does not follow the one before it."))
        last = listed


def _facts(lists: Iterable[TrustList]) -> Iterator[Fact]:
    last: TrustList | None = None
    for listed in lists:
        yield from facts(last, listed)
        last = listed


def _listed(row: TrustListVersion, current: TrustList) -> TrustList | None:
    try:
        listed = trust_list.load_signed(row.cose, current.root)
    except TrustListRefused:
        return None
    return listed if listed.version == row.version else None


def _follows(old: TrustList, new: TrustList) -> bool:
    try:
        drafts.check_succession(old, new)
    except TrustListRefused:
        return False
    return True
