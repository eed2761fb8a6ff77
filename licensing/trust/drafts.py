"""The next trust list while it is being made: what changes in the lives of keys, before the root signs it. Pure.

A key is prepared, then active, then retired; at any time it may turn out to be compromised. It never goes back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from licensing.errors import Conflict, Invalid
from licensing.trust.certificates import Holder
from licensing.trust.trust_list import TrustList, TrustListRefused, canonical, instant
from licensing.trust.trusted_key import KeyState
from licensing.words import say

FORMAT: Final = "leizheng-trust-list-draft/1"
SOURCES: Final[Mapping[KeyState, frozenset[KeyState]]] = {
    KeyState.ACTIVE: frozenset({KeyState.PREPARED}),
    KeyState.RETIRED: frozenset({KeyState.ACTIVE}),
    KeyState.COMPROMISED: frozenset(KeyState),
}
"""From which states a key may come into a state. Compromised again means: since an earlier moment."""


@dataclass(frozen=True, slots=True)
class DraftKey:
    """A key as the next list will have it; ``certificate`` (DER) is empty until the root has issued it."""

    id: str
    certificate: bytes
    active_from: datetime
    state: KeyState
    since: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """A key that asks the root for its certificate: ``public_key`` is its SubjectPublicKeyInfo in DER."""

    id: str
    public_key: bytes
    holder: Holder
    not_before: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """What the root is asked to sign; dates, the CRL and missing certificates are its own to add."""

    version: int
    previous: str
    hosts: tuple[str, ...]
    origin: str
    keys: tuple[DraftKey, ...] = ()
    requests: tuple[Request, ...] = ()

    def key(self, key_id: str) -> DraftKey | None:
        return next((key for key in self.keys if key.id == key_id), None)

    def request(self, key_id: str) -> Request | None:
        return next((request for request in self.requests if request.id == key_id), None)

    def state(self, key_id: str) -> KeyState:
        key = self.key(key_id)
        return key.state if key else KeyState.PREPARED


def following(listed: TrustList | None, hosts: tuple[str, ...]) -> Draft:
    """The draft that follows ``listed`` and changes nothing; of no list it is the first, for ``hosts``."""
    if listed is None:
        return Draft(1, "", hosts, f"{hosts[0]}/log")
    keys = tuple(DraftKey(key.id, key.der, key.active_from, key.state, key.since) for key in listed.keys)
    return Draft(listed.version + 1, listed.digest, listed.hosts, listed.origin, keys)


def requested(draft: Draft, request: Request) -> Draft:
    """``draft`` with a request for one more certificate."""
    return replace(draft, requests=(*draft.requests, request))


def moved(draft: Draft, key_id: str, state: KeyState, since: datetime, *, certificate: bytes = b"") -> Draft:
    """``draft`` with the key in ``state`` from ``since`` on; a prepared one enters the list with its ``certificate``.

    Raises ``Conflict`` (``key-state``) for a change that no key can make.
    """
    before = draft.key(key_id)
    source = before.state if before else KeyState.PREPARED
    earlier = before is None or source is not KeyState.COMPROMISED or since < before.since
    if source not in SOURCES[state] or not earlier:
        raise Conflict(say("The key %(id)s is %(state)s already.", id=key_id, state=source.value), code="key-state")
    key = replace(before, state=state, since=since) if before else DraftKey(key_id, certificate, since, state, since)
    return replace(draft, keys=(*(other for other in draft.keys if other.id != key_id), key))


def rebased(draft: Draft, onto: Draft, certified: frozenset[str]) -> Draft:
    """What ``draft`` wants beyond ``onto``: newer states, and requests of keys that are not ``certified`` yet."""
    newer = {key.id: key for key in draft.keys if rank(key.state) > rank(onto.state(key.id))}
    kept = tuple(key for key in onto.keys if key.id not in newer)
    if draft.previous == onto.previous:
        onto = replace(onto, hosts=draft.hosts, origin=draft.origin)
    open_requests = tuple(request for request in draft.requests if request.id not in certified)
    return replace(onto, keys=(*kept, *newer.values()), requests=open_requests)


def rank(state: KeyState) -> int:
    """How far a key has come in its life."""
    return list(KeyState).index(state)


def check_succession(old: TrustList, new: TrustList) -> None:
    """Returns only when ``new`` may take the place of ``old``: later, chained to it, and no key has gone back or got lost.

    Raises ``TrustListRefused``: ``trust-list-older`` for a downgrade, ``trust-list-forked`` for another list in the same place.
    """
    if new.version < old.version:
        sentence = say("The trust list has version %(new)s, but version %(old)s is known already.", new=new.version, old=old.version)
        raise TrustListRefused(sentence, code="trust-list-older")
    if new.version == old.version and new.signed == old.signed:
        return
    if new.version == old.version or (new.version == old.version + 1 and new.previous != old.digest):
        sentence = say("The trust list of version %(new)s does not follow the one that is known.", new=new.version)
        raise TrustListRefused(sentence, next_step=say("Find out who signed it: the root has signed two."), code="trust-list-forked")
    for key in old.keys:
        after = new.by_id.get(key.id)
        same = after is not None and (after.der, after.active_from) == (key.der, key.active_from)
        if after is None or not same or not _goes_on(key.state, key.since, after.state, after.since):
            raise TrustListRefused(say("The trust list takes back what is known about the key %(id)s.", id=key.id))


def to_json(draft: Draft) -> bytes:
    """The draft as it travels to the root."""
    data = {
        "format": FORMAT,
        "version": draft.version,
        "previous": draft.previous,
        "hosts": list(draft.hosts),
        "origin": draft.origin,
        "keys": [
            {
                "id": key.id,
                "certificate": _text(key.certificate),
                "active_from": instant(key.active_from),
                "state": key.state.value,
                "since": instant(key.since),
            }
            for key in draft.keys
        ],
        "requests": [
            {
                "id": request.id,
                "public_key": _text(request.public_key),
                "authority": request.holder.code,
                "name": request.holder.name,
                "uscc": request.holder.uscc,
                "not_before": instant(request.not_before),
            }
            for request in draft.requests
        ],
    }
    return canonical(data)


def from_json(content: bytes) -> Draft:
    """The draft in these bytes. Raises ``Invalid`` when they are none."""
    try:
        data = json.loads(content)
        draft = Draft(
            version=data["version"],
            previous=data["previous"],
            hosts=tuple(data["hosts"]),
            origin=data["origin"],
            keys=tuple(_key(row) for row in data["keys"]),
            requests=tuple(_request(row) for row in data["requests"]),
        )
        same = to_json(draft) == content.strip()
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise _no_draft() from error
    if not same:
        raise _no_draft()
    return draft


def _goes_on(state: KeyState, since: datetime, next_state: KeyState, next_since: datetime) -> bool:
    if state is next_state:
        return next_since == since or (state is KeyState.COMPROMISED and next_since < since)
    return rank(next_state) > rank(state)


def _key(row: Mapping[str, Any]) -> DraftKey:
    moments = _moment(row["active_from"]), KeyState(row["state"]), _moment(row["since"])
    return DraftKey(row["id"], base64.b64decode(row["certificate"]), *moments)


def _request(row: Mapping[str, Any]) -> Request:
    holder = Holder(row["authority"], row["name"], row["uscc"])
    return Request(row["id"], base64.b64decode(row["public_key"]), holder, _moment(row["not_before"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _no_draft() -> Invalid:
    return Invalid(say("This is not the draft of a trust list."), code="no-draft")
