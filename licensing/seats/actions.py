"""Invite, accept, decline, withdraw, end a seat. Each is one transaction and stands in the log.

All raise ``NotFound`` for what is not the actor's, ``Forbidden`` or ``ReauthenticationNeeded`` for what the person may not do.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlalchemy import select

from licensing import policy
from licensing.clock import local_date
from licensing.documents.uploads import inspect, safe_filename
from licensing.errors import Conflict, NotFound
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.notices.actions import notify_person
from licensing.parties import actions as parties
from licensing.parties.queries import company as company_of
from licensing.parties.queries import signatories
from licensing.parties.tables import Person, Seat
from licensing.policy import Action, Actor, Role, Subject
from licensing.seats.rules import Outcome, check_invitation
from licensing.seats.tables import SeatEnd, SeatInvitation
from licensing.storage import Work, storage, unit_of_work
from licensing.words import say

LEAF: Final = "seat-invitation"
CLOSED_LEAF: Final = "seat-invitation-closed"
END_LEAF: Final = "seat-end"
LATER: Final = ("outcome", "closed_at", "closed_by", "seat_id")
"""The columns of an invitation that its end fills."""
ONE_DAY = timedelta(days=1)


def invite(
    actor: Actor,
    company_id: int,
    *,
    address: str,
    kind: str,
    held_until: date | None,
    letter: tuple[str, bytes] | None,
    person_id: int | None = None,
) -> int:
    """Invite the holder of the account ``address`` to act for the company until ``held_until``; the id of the invitation.

    ``person_id`` is the person behind the account where there is one: that person is told, and nobody else learns of it. Raises
    ``Invalid`` (``incomplete``, or the reason why the letter is refused) and ``Conflict`` (``already-invited``).
    """
    with unit_of_work(actor) as work:
        require(work, Action.SEAT_GIVE, company_id)
        chosen = check_invitation(address, kind, held_until, local_date(work.now), has_letter=letter is not None)
    filename, content = letter or ("", b"")
    inspected = inspect(filename, content, storage().settings.upload_limit)
    with unit_of_work(actor) as work:
        require(work, Action.SEAT_GIVE, company_id)
        _check_not_invited(work, company_id, address)
        work.files.put(content)
        row = SeatInvitation(
            company_id=company_id,
            address=address,
            kind=chosen,
            held_until=held_until,
            letter_sha256=inspected.sha256,
            letter_name=safe_filename(filename),
            letter_type=inspected.media_type,
            invited_at=work.now,
            invited_by=actor.person_id,
            outcome="",
        )
        work.session.add(row)
        work.session.flush()
        append(work, LEAF, str(row.id), row_digest(row, without=LATER))
        if person_id is not None:
            notify_person(work, person_id, say("A company invites you to act for it. Accept or decline it on the page of your account."))
        return row.id


def accept(actor: Actor, address: str, invitation_id: int) -> None:
    """Take the seat; it begins today. ``address`` is that of the account in which the person is signed in.

    Raises ``Conflict``: ``invitation-over`` when its last day has passed, ``already-held`` when the person acts for the company already.
    """
    with unit_of_work(actor) as work:
        row = _open_invitation(work, address, invitation_id)
        today = local_date(work.now)
        if row.held_until < today:
            raise Conflict(
                say("The last day of this invitation has passed."), next_step=say("Ask the company for a new one."), code="invitation-over"
            )
        if any(membership == policy.Membership(row.company_id, Role.APPLICANT) for membership in actor.memberships):
            raise Conflict(say("You act for this company already."), next_step=say("Decline the invitation."), code="already-held")
        person, company = work.session.get_one(Person, actor.person_id), company_of(work.session, row.company_id)
        seat = parties.give_seat(work, person, company, Role.APPLICANT, held_from=today, held_until=row.held_until)
        _close(work, row, Outcome.ACCEPTED, seat.id)
        notify_person(work, row.invited_by, say("Your invitation to act for the company was accepted."))


def decline(actor: Actor, address: str, invitation_id: int) -> None:
    """Do not take the seat."""
    with unit_of_work(actor) as work:
        row = _open_invitation(work, address, invitation_id)
        _close(work, row, Outcome.DECLINED)
        notify_person(work, row.invited_by, say("Your invitation to act for the company was declined."))


def withdraw_invitation(actor: Actor, invitation_id: int) -> None:
    """Take an open invitation back."""
    with unit_of_work(actor) as work:
        row = work.session.get(SeatInvitation, invitation_id, with_for_update=True)
        if row is None:
            raise not_found()
        require(work, Action.SEAT_END, row.company_id)
        if row.outcome:
            raise _over()
        _close(work, row, Outcome.WITHDRAWN)


def end_seat(actor: Actor, seat_id: int) -> None:
    """End a seat at once: from now on the person does not act for the company; yesterday was its last day.

    Raises ``Conflict``: ``seat-over``, and ``last-signatory`` when nobody could sign for the company any more.
    """
    with unit_of_work(actor) as work:
        seat = work.session.get(Seat, seat_id, with_for_update=True)
        if seat is None:
            raise not_found()
        require(work, Action.SEAT_END, seat.company_id)
        today = local_date(work.now)
        if seat.held_until is not None and seat.held_until < today:
            raise Conflict(say("This seat has ended already."), next_step=say("Load the page again."), code="seat-over")
        if seat.role == Role.SIGNATORY and len(signatories(work.session, seat.company_id, today)) < 2:
            raise Conflict(
                say("This is the last person who may sign for the company."),
                next_step=say("Have another signatory put on record by the authority first."),
                code="last-signatory",
            )
        seat.held_until = today - ONE_DAY
        row = SeatEnd(seat_id=seat.id, last_day=seat.held_until, ended_at=work.now, ended_by=actor.person_id)
        work.session.add(row)
        work.session.flush()
        append(work, END_LEAF, str(row.id), row_digest(row))
        notify_person(work, seat.person_id, say("You do not act for the company any more: your seat was ended."))


def require(work: Work, action: Action, company_id: int) -> None:
    """Ask the policy about a company; no authority has to do with its seats."""
    window = timedelta(seconds=work.settings.reauthentication_window)
    policy.require(work.actor, action, Subject(company_id=company_id, authority_id=-1), now=work.now, window=window)


def not_found() -> NotFound:
    """The same words for what does not exist and for what is not yours."""
    return NotFound(
        say("This page does not exist, or it is not yours to see."), next_step=say("Check the address or go back to your list.")
    )


def _open_invitation(work: Work, address: str, invitation_id: int) -> SeatInvitation:
    row = work.session.get(SeatInvitation, invitation_id, with_for_update=True)
    if row is None or row.address != address or work.actor.person_id is None:
        raise not_found()
    if row.outcome:
        raise _over()
    return row


def _close(work: Work, row: SeatInvitation, outcome: Outcome, seat_id: int | None = None) -> None:
    row.outcome, row.closed_at, row.closed_by, row.seat_id = outcome, work.now, work.actor.person_id, seat_id
    work.session.flush()
    append(work, CLOSED_LEAF, str(row.id), row_digest(row))


def _check_not_invited(work: Work, company_id: int, address: str) -> None:
    same = (SeatInvitation.company_id == company_id, SeatInvitation.address == address, SeatInvitation.outcome == "")
    if work.session.scalar(select(SeatInvitation.id).where(*same)) is not None:
        raise Conflict(
            say("This address was invited already."),
            next_step=say("Wait for the answer, or withdraw the invitation first."),
            code="already-invited",
        )


def _over() -> Conflict:
    return Conflict(
        say("This invitation was answered or withdrawn already."), next_step=say("Load the page again."), code="invitation-over"
    )
