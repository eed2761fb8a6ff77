"""Send and read messages, and choose where they go."""

from __future__ import annotations

from sqlalchemy import update

from licensing.errors import FieldError, Invalid, NotFound
from licensing.moments import local_date
from licensing.notices.queries import addressed_to, channels_of, open_ways
from licensing.notices.rules import LANGUAGES, canonical_phone
from licensing.notices.tables import Notice, NoticeChannel, NoticeDelivery
from licensing.policy import Actor, Role
from licensing.storage import Work, unit_of_work
from licensing.words import Said, say


def notify_company(
    work: Work,
    company_id: int,
    said: Said,
    *,
    case_id: int | None = None,
    licence_id: int | None = None,
    commission_id: int | None = None,
    reference: str = "",
) -> None:
    """Put a message into the inbox of a company; it leaves with the transaction. Facts are plain strings.

    It leads to the page of the case, the licence or the commission that is named. ``reference`` is the number of the matter: the only name
    that it has in an e-mail or a short message.
    """
    about = {"case_id": case_id, "licence_id": licence_id, "commission_id": commission_id}
    _send(work, Notice(company_id=company_id, reference=reference, **about), said)


def notify_post(work: Work, authority_id: int, role: Role, said: Said, *, case_id: int | None = None, reference: str = "") -> None:
    """Put a message into the inbox of everybody who holds a post; who reads it first has read it for the others."""
    _send(work, Notice(authority_id=authority_id, role=role, case_id=case_id, reference=reference), said)


def notify_person(work: Work, person_id: int, said: Said, *, case_id: int | None = None, reference: str = "") -> None:
    """Put a message into the inbox of one person."""
    _send(work, Notice(person_id=person_id, case_id=case_id, reference=reference), said)


def mark_read(actor: Actor, notice_id: int) -> Notice:
    """The message counts as read, for everybody whom it was sent to. Raises ``NotFound`` when it is not the actor's to read."""
    with unit_of_work(actor) as work:
        notice = work.session.get(Notice, notice_id)
        if notice is None or not addressed_to(actor, notice):
            raise NotFound(
                say("This page does not exist, or it is not yours to see."), next_step=say("Check the address or go back to your list.")
            )
        notice.read_at = notice.read_at or work.now
        return notice


def mark_all_read(actor: Actor) -> None:
    """Every message of the actor counts as read."""
    with unit_of_work(actor) as work:
        for way in open_ways(actor):
            mine = update(Notice).where(way, Notice.read_at.is_(None))
            work.session.execute(mine.values(read_at=work.now))


def choose_channels(actor: Actor, *, email: str, phone: str, language: str) -> None:
    """Where messages go besides the portal; an empty address means not there. Raises ``Invalid`` for a number that is none."""
    number = canonical_phone(phone)
    if phone.strip() and not number:
        sentence = say("This is not a mobile number of eleven digits.")
        raise Invalid(sentence, [FieldError("phone", "phone", sentence)], code="phone")
    with unit_of_work(actor) as work:
        row = work.session.get(NoticeChannel, actor.person_id) or NoticeChannel(person_id=actor.person_id)
        row.email, row.phone = email, number
        row.language = language if language in LANGUAGES else LANGUAGES[0]
        row.changed_at = work.now
        work.session.add(row)


def _send(work: Work, notice: Notice, said: Said) -> None:
    """Store the message, and with it what has to leave: the channels that its readers have chosen and this installation has."""
    notice.sentence, notice.sent_at = said.text, work.now
    notice.facts = {name: str(fact) for name, fact in said.facts.items()}
    notice.deliveries = [
        NoticeDelivery(person_id=person_id, channel=channel, next_try_at=work.now, attempts=0, last_error="")
        for person_id, channel in channels_of(work.session, notice, local_date(work.now), work.settings)
    ]
    work.session.add(notice)
