"""Bring messages out of the house: each delivery is claimed, sent outside of any transaction, and then closed or put back.

The rows were committed with what they tell, so nothing is lost and no act waits for a mail server. Two workers never send the same one;
after a crash between sending and closing it goes out once more, under the same id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy import select, update

from licensing.errors import Misconfigured
from licensing.moments import local_date
from licensing.notices.channels import Outgoing, Sender, Undelivered, open_senders
from licensing.notices.queries import DROPPED, address_of, channels_of, chosen
from licensing.notices.rules import Channel, mail_text, next_try, outside, short_text, subject_line
from licensing.notices.tables import Notice, NoticeChannel, NoticeDelivery
from licensing.policy import SYSTEM
from licensing.storage import Work, reading, storage, unit_of_work
from licensing.words import translator

BATCH = 100
_log = structlog.get_logger("leizheng.notices")


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A delivery that this worker has to send now."""

    id: int
    channel: Channel
    message: Outgoing


def deliver_due() -> int:
    """Send what is due; how many were taken by the other side. A channel that is not set up right is told in the log, others go on."""
    try:
        senders = open_senders(storage().settings)
    except Misconfigured as error:
        _log.exception("messages wait: a channel is not set up right", code=error.code)
        return 0
    if not senders:
        return 0
    return sum(_deliver(delivery_id, senders) for delivery_id in _due())


def _due() -> list[int]:
    with reading(SYSTEM) as look:
        query = select(NoticeDelivery.id).where(NoticeDelivery.next_try_at <= look.now).order_by(NoticeDelivery.next_try_at)
        return list(look.session.scalars(query.limit(BATCH)))


def _deliver(delivery_id: int, senders: Mapping[Channel, Sender]) -> bool:
    claimed = _claim(delivery_id, senders)
    if claimed is None:
        return False
    try:
        senders[claimed.channel].send(claimed.message)
    except Undelivered as error:
        _close(delivery_id, error=str(error))
        return False
    _close(delivery_id)
    return True


def _claim(delivery_id: int, senders: Mapping[Channel, Sender]) -> _Claimed | None:
    """Take the delivery by counting the try and setting the next one, so that nobody else takes it; None when there is nothing to send."""
    with unit_of_work(SYSTEM) as work:
        row = work.session.get(NoticeDelivery, delivery_id)
        if row is None or row.next_try_at is None or row.next_try_at > work.now or Channel(row.channel) not in senders:
            return None
        tries = row.attempts + 1
        taken = (
            update(NoticeDelivery)
            .where(NoticeDelivery.id == delivery_id, NoticeDelivery.attempts == row.attempts, NoticeDelivery.next_try_at == row.next_try_at)
            .values(attempts=tries, next_try_at=next_try(tries, work.now))
            .returning(NoticeDelivery.id)
        )
        if work.session.execute(taken, execution_options={"synchronize_session": False}).scalar_one_or_none() is None:
            return None
        message = _outgoing(work, row)
        if message is None:
            over = update(NoticeDelivery).where(NoticeDelivery.id == delivery_id).values(next_try_at=None, last_error=DROPPED)
            work.session.execute(over, execution_options={"synchronize_session": False})
            return None
        return _Claimed(delivery_id, Channel(row.channel), message)


def _outgoing(work: Work, row: NoticeDelivery) -> Outgoing | None:
    """The message as it goes out, or None when the person may not read it any more or switched the channel off."""
    notice, channel = work.session.get_one(Notice, row.notice_id), Channel(row.channel)
    wanted = channels_of(work.session, notice, local_date(work.now), work.settings)
    person = chosen(work.session, row.person_id)
    if person is None or (row.person_id, channel) not in wanted:
        return None
    return _worded(row.id, notice, person, channel, f"https://{work.settings.public_host}/messages")


def _worded(delivery_id: int, notice: Notice, person: NoticeChannel, channel: Channel, link: str) -> Outgoing:
    translate = translator(person.language)
    words = outside(notice.sentence, notice.facts, notice.reference, translate)
    text = (mail_text if channel is Channel.EMAIL else short_text)(words, link, translate)
    return Outgoing(f"notice-{delivery_id}", address_of(person, channel), subject_line(notice.reference, translate), text)


def _close(delivery_id: int, *, error: str = "") -> None:
    """Note how it ended: taken, or why not. A failure keeps the next try that the claim has set."""
    with unit_of_work(SYSTEM) as work:
        values = {"last_error": error[:200]} if error else {"last_error": "", "next_try_at": None, "delivered_at": work.now}
        row = work.session.get_one(NoticeDelivery, delivery_id)
        for name, value in values.items():
            setattr(row, name, value)
        if error:
            _log.warning("message not delivered", delivery=delivery_id, channel=row.channel, attempts=row.attempts, error=error)
