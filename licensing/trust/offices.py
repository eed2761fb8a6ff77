"""Which authorities may decide here: imported from a list, then activated once they have keys, or deactivated with a reason.

An authority without keys cannot seal, so no case may be sent to it: it is inactive, and the level above decides (Order 37 art. 2).
Every such change is an event that the log protects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from licensing import policy
from licensing.errors import Conflict, FieldError, Invalid, NotFound
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.parties import actions as parties
from licensing.parties import queries
from licensing.parties.lists import Listed
from licensing.parties.tables import Authority, AuthorityEvent
from licensing.policy import Action, Actor, Subject
from licensing.storage import Work, unit_of_work
from licensing.trust.certificates import Purpose
from licensing.trust.current import current_trust_list
from licensing.trust.trust_list import TrustList
from licensing.words import N_, Said, say

LEAF: Final = "authority-event"
LONGEST_REASON: Final = 300
_UNCERTAIN: Final = "导入名录；该机构是否设立待核实"
_LISTED: Final = "导入名录"
_FILLED: Final = ("english_name", "phone", "address")


class Event(StrEnum):
    """What happened to an authority here."""

    IMPORTED = "AuthorityImported"
    ACTIVATED = "AuthorityActivated"
    DEACTIVATED = "AuthorityDeactivated"


EVENT_NAMES: dict[Event, str] = {
    Event.IMPORTED: N_("Imported, not active yet"),
    Event.ACTIVATED: N_("Activated: cases are sent here"),
    Event.DEACTIVATED: N_("Deactivated: cases go to the level above"),
}


@dataclass(frozen=True, slots=True)
class Imported:
    """The codes of what an import made and changed, and how many authorities stayed as they were."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int


def import_listed(work: Work, found: Iterable[Listed]) -> Imported:
    """Register what is listed and not here yet, inactive; fill in what is missing of what is here. Running it again changes nothing.

    Names, places and jurisdictions that are here already stay: only what is new is added. Keys are made by other acts.
    """
    new, changed, unchanged = [], [], 0
    for one in found:
        row = queries.authority_by_code(work.session, one.code)
        if row is None:
            _register(work, one)
            new.append(one.code)
        elif _complete(work, row, one):
            changed.append(one.code)
        else:
            unchanged += 1
    return Imported(tuple(new), tuple(changed), unchanged)


def activate(actor: Actor, authority_id: int, reason: str) -> None:
    """Let cases be sent to an authority. Raises ``Conflict`` (``authority-incomplete``) while it cannot seal."""
    with unit_of_work(actor) as work:
        row = _switched(work, authority_id, reason, active=True)
        trust = current_trust_list(work.settings)
        missing = lacking(row, trust, work.now)
        if missing:
            raise Conflict(missing[0], next_step=say("Make and activate its keys, then come back."), code="authority-incomplete")
        seal, qr = trust.signing_key(Purpose.SEAL, row.code, work.now), trust.signing_key(Purpose.QR, row.code, work.now)
        if seal is not None and qr is not None:
            row.uscc, row.kid = row.uscc or seal.uscc, row.kid or int.from_bytes(qr.kid, "big")
        _record(work, row, Event.ACTIVATED, reason.strip())


def deactivate(actor: Actor, authority_id: int, reason: str) -> None:
    """Send no further cases to an authority: the level above decides them. Those that lie there stay until they are transferred."""
    with unit_of_work(actor) as work:
        _record(work, _switched(work, authority_id, reason, active=False), Event.DEACTIVATED, reason.strip())


def lacking(authority: Authority, trust: TrustList, moment: datetime) -> tuple[Said, ...]:
    """What an authority lacks before cases may be sent to it; nothing when it can number and seal."""
    seal, qr = trust.signing_key(Purpose.SEAL, authority.code, moment), trust.signing_key(Purpose.QR, authority.code, moment)
    found = []
    if seal is None or qr is None:
        found.append(say("It has no active seal and QR key, so it cannot seal anything."))
    elif (seal.issuer, seal.uscc) != (authority.name, authority.uscc or seal.uscc):
        found.append(say("Its keys were made for another name or credit code."))
    if not authority.number_place:
        found.append(say("It has no abbreviation for its document numbers."))
    return tuple(found)


def event_subject(authority: Authority, event: AuthorityEvent) -> str:
    """How the log names an event of an authority."""
    return f"{authority.code}/{event.sequence}"


def problems(session: Session) -> Iterator[Problem]:
    """Whether every event of an authority stands in the log, and each is active when its events say so."""
    rows = list(session.scalars(select(Authority).options(selectinload(Authority.events)).order_by(Authority.id)))
    facts = (Fact(LEAF, event_subject(row, event), row_digest(event)) for row in rows for event in row.events)
    yield from unaccounted(session, {LEAF}, facts)
    for row in rows:
        if row.active != (not row.events or row.events[-1].type == Event.ACTIVATED):
            yield Problem(row.code, "authority-differs", say("Whether the authority is active is not what its events say."))


def _register(work: Work, one: Listed) -> None:
    row = parties.register_authority(
        work,
        region_prefixes=(),
        matters=(),
        code=one.code,
        name=one.name,
        english_name=one.english_name,
        uscc=one.uscc,
        level=one.level,
        region_code=one.region,
        number_place=one.place,
        phone=one.phone,
        address=one.address,
        parent_id=_parent_id(work, one),
    )
    _add_jurisdictions(work, row, one)
    _record(work, row, Event.IMPORTED, _UNCERTAIN if one.uncertain else _LISTED)


def _complete(work: Work, row: Authority, one: Listed) -> bool:
    values = {name: getattr(one, name) for name in _FILLED} | {"number_place": one.place, "uscc": one.uscc or None}
    missing = {name: value for name, value in values.items() if value and not getattr(row, name)}
    if row.parent_id is None and one.parent:
        missing["parent_id"] = _parent_id(work, one)
    for name, value in missing.items():
        setattr(row, name, value)
    added = _add_jurisdictions(work, row, one)
    return bool(missing or added)


def _add_jurisdictions(work: Work, row: Authority, one: Listed) -> int:
    """The rules that nobody has yet; one that another authority holds is not taken from it."""
    taken = queries.prefixes_taken(work.session, one.prefixes)
    wanted = [(matter, prefix) for matter in one.matters for prefix in one.prefixes if (matter, prefix, one.valid_from) not in taken]
    for matter, prefix in wanted:
        parties.give_jurisdiction(work, row, matter, prefix, valid_from=one.valid_from, valid_to=one.valid_to)
    return len(wanted)


def _parent_id(work: Work, one: Listed) -> int | None:
    if one.parent is None:
        return None
    above = queries.authority_by_code(work.session, one.parent)
    if above is None:
        raise Invalid(
            say("%(name)s stands below %(parent)s, which is not here.", name=one.name, parent=one.parent),
            next_step=say("Add the authority above it to the file."),
            code="authorities-file",
        )
    return above.id


def _switched(work: Work, authority_id: int, reason: str, *, active: bool) -> Authority:
    window = timedelta(seconds=work.settings.reauthentication_window)
    policy.require(work.actor, Action.AUTHORITY_SWITCH, Subject(), now=work.now, window=window)
    row = work.session.get(Authority, authority_id)
    if row is None:
        raise NotFound(say("There is no such authority."))
    if row.active == active:
        raise Conflict(say("It is so already; nothing was done."), next_step=say("Load the page again."), code="authority-moved-on")
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        sentence = say("Give a reason of at most %(count)s characters.", count=LONGEST_REASON)
        raise Invalid(sentence, [FieldError("reason", "required", sentence)], code="reason-needed")
    return row


def _record(work: Work, row: Authority, event: Event, reason: str) -> None:
    entry = AuthorityEvent(sequence=len(row.events) + 1, type=event, at=work.now, actor_id=work.actor.person_id, reason=reason)
    row.events.append(entry)
    row.active = event is Event.ACTIVATED
    work.session.flush()
    append(work, LEAF, event_subject(row, entry), row_digest(entry))
