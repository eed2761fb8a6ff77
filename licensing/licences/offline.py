"""The status of a licence without the register: from signed status lists that somebody carried along. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from licensing.licences.verdict import IN_FORCE, Answer, listed_answer
from licensing.trust import status_token
from licensing.trust.status_token import StatusToken
from licensing.trust.trust_list import TrustList


@dataclass(frozen=True, slots=True)
class StatusLists:
    """The newest verified status list of each authority, by the list's address.

    There are several where an authority signed twice in one second: nobody can tell which came last, so the worst they say counts.
    """

    tokens: Mapping[str, tuple[StatusToken, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a licence says that its status stands, and what it says of its own time (all moments aware).

    ``over`` and ``early`` are facts of the moment of asking: its last day is past, its first day has not come.
    """

    uri: str | None
    index: int
    issued_at: datetime
    over: bool
    early: bool = False


def lists_from(tokens: Iterable[bytes], trust: TrustList) -> StatusLists:
    """The lists in ``tokens`` (CWT or JWT), of several for one authority the newest. Raises ``StatusRefused`` for one that is not ours."""
    verified: dict[str, list[StatusToken]] = {}
    for token in tokens:
        found = status_token.verify(token, trust.status_keys)
        verified.setdefault(found.uri, []).append(found)
    return StatusLists({uri: _newest(lists) for uri, lists in verified.items()})


def _newest(lists: list[StatusToken]) -> tuple[StatusToken, ...]:
    last = max(token.as_of for token in lists)
    return tuple(token for token in lists if token.as_of == last)


def status_offline(reference: Reference, lists: StatusLists | None, moment: datetime) -> tuple[Answer, datetime | None]:
    """What can be said at ``moment`` without the register, and for which moment it speaks.

    The licence's own dates come first (draft-ietf-oauth-status-list-20, 8.3); without a list of its authority the rest is open.
    """
    if reference.over or reference.early:
        return IN_FORCE["expired" if reference.over else "not-yet-valid"], None
    tokens = lists.tokens.get(reference.uri or "", ()) if lists is not None else ()
    if not tokens:
        return IN_FORCE["offline"], None
    token = max(tokens, key=lambda token: _weight(token.value(reference.index)))
    covers = token.as_of >= reference.issued_at
    return listed_answer(token.value(reference.index), token.as_of, fresh=token.fresh_at(moment), covers=covers), token.as_of


def _weight(value: int | None) -> int:
    """A list that has no place for the licence yet is the earlier one of its second."""
    return -1 if value is None else value
