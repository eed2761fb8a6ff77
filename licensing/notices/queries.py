"""Reads on messages, scoped to who reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, false, func, or_, select, tuple_
from sqlalchemy.orm import Session

from licensing.notices.rules import Channel
from licensing.notices.tables import Notice, NoticeChannel, NoticeDelivery
from licensing.parties.tables import OfficePost, Seat
from licensing.policy import Actor
from licensing.settings import Settings
from licensing.storage import reading

DROPPED = "dropped"
"""The error of a delivery that nobody wants any more: the person left, or switched the channel off."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of messages, unread first and then the newest first; ``next_key`` continues after it."""

    rows: tuple[Notice, ...]
    unread: int
    next_key: str | None


@dataclass(frozen=True, slots=True)
class Sending:
    """How the deliveries of one channel stand: ``waiting`` of which ``retried`` failed before, and ``failed`` that are given up."""

    channel: Channel
    waiting: int
    retried: int
    failed: int
    last_error: str


def latest(session: Session, company_ids: frozenset[int], limit: int = 10) -> list[Notice]:
    """The newest messages to any of the companies."""
    return list(session.scalars(select(Notice).where(Notice.company_id.in_(company_ids)).order_by(Notice.id.desc()).limit(limit)))


def inbox(actor: Actor, *, company_id: int | None = None, after: str | None = None, size: int = 30) -> Inbox:
    """The messages of the actor, or those to one of the companies; keyset-paged by ``after``, a key that an earlier page gave."""
    with reading(actor) as look:
        mine = _mine(actor)
        if company_id is not None:
            mine = and_(Notice.company_id == company_id, Notice.company_id.in_(actor.company_ids))
        newest = select(Notice).where(mine).order_by(_is_read(), Notice.id.desc())
        if after is not None:
            is_read, _, last_id = after.partition("_")
            newest = newest.where(or_(_is_read() > int(is_read), and_(_is_read() == int(is_read), Notice.id < int(last_id))))
        found = look.session.scalars(newest.limit(size + 1)).all()
        last = found[size - 1] if len(found) > size else None
        key = f"{int(last.read_at is not None)}_{last.id}" if last else None
        return Inbox(tuple(found[:size]), unread(look.session, actor), key)


def is_key(text: str) -> bool:
    """Whether ``text`` has the shape of a key of a page."""
    is_read, _, number = text.partition("_")
    return is_read in ("0", "1") and number.isascii() and number.isdecimal() and len(number) < 10


def unread(session: Session, actor: Actor) -> int:
    """How many messages the actor has not read."""
    counts = (session.scalar(select(func.count()).select_from(Notice).where(way, Notice.read_at.is_(None))) for way in open_ways(actor))
    return sum(count or 0 for count in counts)


def open_ways(actor: Actor) -> Iterator[Any]:
    """The conditions under which a message is the actor's, one for each index: to a company, to a post, to the person."""
    if actor.company_ids:
        yield Notice.company_id.in_(actor.company_ids)
    if actor.posts:
        yield tuple_(Notice.authority_id, Notice.role).in_([(post.authority_id, str(post.role)) for post in actor.posts])
    if actor.person_id is not None:
        yield Notice.person_id == actor.person_id


def addressed_to(actor: Actor, notice: Notice) -> bool:
    """Whether the message is the actor's to read."""
    posts = {(post.authority_id, str(post.role)) for post in actor.posts}
    to_me = notice.person_id is not None and notice.person_id == actor.person_id
    return to_me or notice.company_id in actor.company_ids or (notice.authority_id, notice.role) in posts


def chosen(session: Session, person_id: int) -> NoticeChannel | None:
    """What a person chose, or None."""
    return session.get(NoticeChannel, person_id)


def open_channels(settings: Settings) -> frozenset[Channel]:
    """The channels that this installation has."""
    switched_on = {Channel.EMAIL: settings.smtp_host, Channel.SMS: settings.sms_gateway}
    return frozenset(channel for channel, setting in switched_on.items() if setting)


def channels_of(session: Session, notice: Notice, on: date, settings: Settings) -> list[tuple[int, Channel]]:
    """To whom and by which channels a message leaves the house: those who may read it on the day ``on``, as they chose."""
    available = open_channels(settings)
    if not available:
        return []
    chosen_by = session.scalars(
        select(NoticeChannel).where(NoticeChannel.person_id.in_(_readers(notice, on))).order_by(NoticeChannel.person_id)
    )
    return [(row.person_id, channel) for row in chosen_by for channel in Channel if channel in available and address_of(row, channel)]


def address_of(row: NoticeChannel, channel: Channel) -> str:
    """Where ``channel`` reaches the person; empty when it was not chosen."""
    return {Channel.EMAIL: row.email, Channel.SMS: row.phone}[channel]


def sending(session: Session) -> list[Sending]:
    """How the deliveries stand by channel, for operators; no address and no message is shown."""
    over = NoticeDelivery.next_try_at.is_(None)
    waiting = func.count().filter(NoticeDelivery.next_try_at.is_not(None))
    retried = func.count().filter(NoticeDelivery.next_try_at.is_not(None), NoticeDelivery.attempts > 0)
    failed = and_(over, NoticeDelivery.delivered_at.is_(None), NoticeDelivery.last_error != DROPPED)
    rows = session.execute(
        select(NoticeDelivery.channel, waiting, retried, func.count().filter(failed), func.max(NoticeDelivery.last_error).filter(failed))
        .where(NoticeDelivery.delivered_at.is_(None))
        .group_by(NoticeDelivery.channel)
        .order_by(NoticeDelivery.channel)
    )
    return [Sending(Channel(channel), found, again, lost, error or "") for channel, found, again, lost, error in rows]


def _mine(actor: Actor) -> Any:
    return or_(false(), *open_ways(actor))


def _is_read() -> Any:
    return case((Notice.read_at.is_(None), 0), else_=1)


def _readers(notice: Notice, on: date) -> Select[Any]:
    """The ids of the people who may read a message on a day."""
    if notice.company_id is not None:
        return select(Seat.person_id).where(Seat.company_id == notice.company_id, *_held(Seat, on))
    if notice.authority_id is not None:
        post = (OfficePost.authority_id == notice.authority_id, OfficePost.role == notice.role)
        return select(OfficePost.person_id).where(*post, *_held(OfficePost, on))
    return select(NoticeChannel.person_id).where(NoticeChannel.person_id == notice.person_id)


def _held(holding: type[Seat] | type[OfficePost], on: date) -> tuple[Any, ...]:
    return (holding.held_from <= on, or_(holding.held_until.is_(None), holding.held_until >= on))
