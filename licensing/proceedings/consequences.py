"""What a change of a licence does to the other proceedings about it."""

from __future__ import annotations

from sqlalchemy import update

from licensing.licences import actions as licences
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.proceedings.journal import loaded, open_about, record, slot_of
from licensing.proceedings.letters import tell
from licensing.proceedings.machine import Event, State
from licensing.proceedings.rules import is_overtaken
from licensing.proceedings.tables import Proceeding
from licensing.storage import Work


def overtake(work: Work, licence: Licence) -> None:
    """End every open proceeding about ``licence`` of which nothing can come any more; a version that was being made is given up."""
    for row in open_about(work.session, licence.id):
        other = loaded(row, licence)
        if not is_overtaken(other.view, Status(licence.status)):
            continue
        if other.view.state is State.PRODUCING and other.view.version_id is not None:
            licences.void(work, other.view.version_id, "overtaken")
        record(work, other, Event.LAPSED, {"status": licence.status})
        tell(work, other, Event.LAPSED)


def carry_over(work: Work, licence: Licence) -> None:
    """Let open proceedings about the version before ``licence`` go on about ``licence``, so that a change evades nothing."""
    for row in open_about(work.session, licence.previous_id or 0):
        moved = {"licence_id": licence.id, "slot": slot_of(licence.id, asked=row.asked), "updated_at": work.now}
        work.session.execute(update(Proceeding).where(Proceeding.id == row.id).values(**moved))
