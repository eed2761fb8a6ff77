"""The public status lists: one for each authority, signed anew with every change and at least every twelve hours.

Source: draft-ietf-oauth-status-list-20. The history is kept, so that "was it in force on that day?" has a signed answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from licensing.clock import local_date
from licensing.ledger import gate
from licensing.licences.status import Status
from licensing.licences.status_values import NOT_ACTIVE, value_on
from licensing.licences.tables import Licence, StatusListToken
from licensing.parties.queries import authorities
from licensing.parties.tables import Authority
from licensing.policy import SYSTEM
from licensing.storage import Work, reading, unit_of_work
from licensing.trust import status_token
from licensing.trust.current import current_signer, current_trust_list
from licensing.trust.requests import StatusRequest
from licensing.trust.status_token import BITS, StatusRefused, StatusToken
from licensing.trust.trust_list import TrustList

LIFETIME: Final = timedelta(hours=24)
RENEWED_AFTER: Final = timedelta(hours=12)
ASK_AGAIN_AFTER: Final = timedelta(hours=1)
# Lists grow in steps, so that their length does not tell how many licences there are.
_STEP_BYTES: Final = 512
_EMPTY: Final = bytes([NOT_ACTIVE << BITS | NOT_ACTIVE])


@dataclass(frozen=True, slots=True)
class Last:
    """The newest list whose signature holds, and the day (in China) for which it speaks."""

    packed: bytes
    day: date


def changed(work: Work, *licences: Licence) -> None:
    """Publish the new status of ``licences`` in the transaction that changes it: they are in the signed list when it commits.

    Call it last, after the leaves were appended: whoever holds the list's lock waits for nothing else. Raises ``Unavailable`` when the
    signer does not answer; then nothing of the change may be kept.
    """
    work.session.flush()
    for authority_id in sorted({licence.authority_id for licence in licences}):
        authority = _locked(work.session, authority_id)
        trust, day = current_trust_list(work.settings), local_date(work.now)
        last = _last(work.session, authority, trust)
        packed = last.packed if last is not None and last.day == day else computed(work.session, authority_id, day)
        for licence in licences:
            if licence.authority_id == authority_id:
                room = _with_room(packed, licence.status_index)
                packed = status_token.with_value(room, BITS, licence.status_index, value_of(licence, day))
        _publish(work, authority, trust, packed)


def refresh_all() -> int:
    """Sign every list anew that is older than twelve hours, of another day, by a key no longer good, or behind the register; how many.

    Dates need no act to change a status: a licence whose last day is over leaves the list with the first refresh of the next day.
    """
    with reading(SYSTEM) as look:
        trust = current_trust_list(look.settings)
        late = [authority.id for authority in authorities(look.session) if _is_late(look, authority, trust)]
    return sum(_refresh(authority_id) for authority_id in late)


def value_of(licence: Licence, day: date) -> int:
    """The value of ``licence`` in the list of ``day`` (see ``status_values``)."""
    return value_on(Status(licence.status), licence.valid_from, licence.valid_until, day)


def newest(session: Session, authority_code: str) -> StatusListToken | None:
    """The list that counts now, or None before the first."""
    return session.scalars(_of(authority_code).limit(1)).first()


def history(session: Session, authority_code: str) -> list[StatusListToken]:
    """Every list that was ever signed for an authority, the newest first."""
    return list(session.scalars(_of(authority_code)))


def at(session: Session, authority_code: str, moment: datetime) -> StatusListToken | None:
    """The list that counted at ``moment`` (aware, a whole second), or None: before the first, after the last, or in a gap (draft 8.4)."""
    counted = StatusListToken.issued_at < moment + timedelta(seconds=1), StatusListToken.expires_at >= moment
    return session.scalars(_of(authority_code).where(*counted).limit(1)).first()


def verified(row: StatusListToken, trust: TrustList, uri: str) -> StatusToken:
    """The list in a row of our own, believed no more than a stranger's. Raises ``StatusRefused``."""
    return status_token.verify(row.cwt, trust.status_keys, uri)


def computed(session: Session, authority_id: int, day: date) -> bytes:
    """The packed list of ``day`` from the register alone."""
    query = select(Licence.status_index, Licence.status, Licence.valid_from, Licence.valid_until)
    rows = session.execute(query.where(Licence.authority_id == authority_id))
    values = {index: value_on(Status(status), first_day, last_day, day) for index, status, first_day, last_day in rows}
    room = _with_room(b"", max(values, default=0))
    return status_token.pack([values.get(index, NOT_ACTIVE) for index in range(len(room) * 8 // BITS)], BITS)


def differences(session: Session, authority_id: int, token: StatusToken, day: date) -> list[int]:
    """The indexes at which a list says something else than the register on ``day``."""
    right = computed(session, authority_id, day)
    count = max(len(right), len(token.packed)) * 8 // BITS
    said, right = _with_room(token.packed, count - 1), _with_room(right, count - 1)
    return [index for index in range(count) if status_token.value_at(said, BITS, index) != status_token.value_at(right, BITS, index)]


def _is_late(work: Work, authority: Authority, trust: TrustList) -> bool:
    if all(key.authority_code != authority.code for key in trust.seals):
        return False  # an authority without keys has no licences
    row = newest(work.session, authority.code)
    if row is None or not timedelta(0) <= work.now - row.issued_at < RENEWED_AFTER:
        return True
    last = _last(work.session, authority, trust)
    if last is None or last.day != local_date(work.now):
        return True
    out = Licence.authority_id == authority.id, Licence.status != Status.INTENT
    latest = work.session.scalar(select(func.max(Licence.status_since)).where(*out))
    return latest is not None and latest > row.issued_at


def _refresh(authority_id: int) -> bool:
    with unit_of_work(SYSTEM) as work:
        authority = _locked(work.session, authority_id)
        trust = current_trust_list(work.settings)
        if not _is_late(work, authority, trust):
            return False
        _publish(work, authority, trust, computed(work.session, authority_id, local_date(work.now)))
        return True


def _last(session: Session, authority: Authority, trust: TrustList) -> Last | None:
    """The newest list, if it is ours by a key that is still good; a row that was tampered with is not carried on."""
    row = newest(session, authority.code)
    if row is None:
        return None
    try:
        return Last(verified(row, trust, trust.status_uri(authority.code)).packed, local_date(row.issued_at))
    except StatusRefused:
        return None


def _publish(work: Work, authority: Authority, trust: TrustList, packed: bytes) -> None:
    # A register that was put back may have forgotten a revocation: no list is signed from it.
    gate.require_whole(work.session)
    issued_at = work.now.replace(microsecond=0)
    expires_at = issued_at + LIFETIME
    request = StatusRequest(
        uri=trust.status_uri(authority.code),
        issued_at=int(issued_at.timestamp()),
        expires_at=int(expires_at.timestamp()),
        ttl=int(ASK_AGAIN_AFTER.total_seconds()),
        bits=BITS,
        compressed=status_token.compress(packed),
    )
    tokens = current_signer(work.settings).sign_status(request)
    row = StatusListToken(authority_id=authority.id, issued_at=work.now, expires_at=expires_at, cwt=tokens.cwt, jwt=tokens.jwt)
    work.session.add(row)
    work.session.flush()


def _locked(session: Session, authority_id: int) -> Authority:
    # The newest list cannot be locked: who waited for it would still see it as the newest. Its authority stays the same row.
    return session.scalars(select(Authority).where(Authority.id == authority_id).with_for_update(key_share=True)).one()


def _of(authority_code: str) -> Select[StatusListToken]:
    own = select(StatusListToken).join(Authority, Authority.id == StatusListToken.authority_id).where(Authority.code == authority_code)
    return own.order_by(StatusListToken.id.desc())


def _with_room(packed: bytes, index: int) -> bytes:
    """``packed``, grown in whole steps until it holds ``index``; what was never given out is not active."""
    steps = max(-(-(index * BITS // 8 + 1) // _STEP_BYTES), -(-len(packed) // _STEP_BYTES))
    return packed.ljust(steps * _STEP_BYTES, _EMPTY)
