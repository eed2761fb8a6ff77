"""From the decision about a licence to its new version: intent, production, in force. Resumable at every point."""

from __future__ import annotations

from functools import partial

from sqlalchemy import select

from licensing.licences import actions as licences
from licensing.licences.issuing import bring_out, quietly
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM, Action, Actor
from licensing.proceedings.actions import fit, must_follow_proposal, must_not_escape
from licensing.proceedings.consequences import carry_over
from licensing.proceedings.journal import load_for, load_held, record
from licensing.proceedings.letters import tell
from licensing.proceedings.machine import Event, State
from licensing.proceedings.rules import moved_on
from licensing.proceedings.tables import Proceeding
from licensing.storage import Work, reading, unit_of_work


def grant_version(actor: Actor, proceeding_id: int, reason: str) -> Licence:
    """Grant the new version as proposed and issue it, in this call. The version in force.

    The one before it is *replaced* in the same transaction in which this one comes in force. When the face cannot be made as the record
    demands, the version is voided with the reason, the proceeding waits for a decision again, and the error is raised.
    """
    return finish(proceeding_id, decide_version(actor, proceeding_id, reason))


def decide_version(actor: Actor, proceeding_id: int, reason: str) -> int:
    """The first half of :func:`grant_version`: the decision and the intent, committed. The licence id, for :func:`finish`."""
    with unit_of_work(actor) as work:
        found = load_for(work, proceeding_id, Action.LICENCE_DECIDE)
        must_follow_proposal(found, grant=True)
        if not found.rule.new_version or found.view.state is not State.PROPOSED:
            raise moved_on()
        must_not_escape(work, found)
        version = licences.intend_version(
            work, found.licence.id, found.view.operation, changes=found.view.changes, proceeding=found.row.number
        )
        record(work, found, Event.VERSION_DECIDED, {"reason": fit(reason), "version_id": version.id})
        return version.id


def finish(proceeding_id: int, version_id: int) -> Licence:
    """Bring an intended version to its end: in force, or void with the reason. May be called again after a crash."""

    def issued(work: Work, version: Licence) -> None:
        found = load_held(work, proceeding_id)
        found.licence = version
        record(work, found, Event.VERSION_ISSUED, {"version_id": version.id, "identifier": version.identifier})
        tell(work, found, Event.VERSION_ISSUED)
        carry_over(work, version)

    def voided(work: Work, reason: str) -> None:
        record(work, load_held(work, proceeding_id), Event.VERSION_VOIDED, {"version_id": version_id, "reason": reason})

    return bring_out(version_id, issued=issued, voided=voided)


def resume_all() -> int:
    """Finish every new version that a crash left as an intent; how many were finished. The worker calls this."""
    with reading(SYSTEM) as look:
        query = select(Proceeding.id, Proceeding.version_id).where(Proceeding.state == State.PRODUCING).order_by(Proceeding.id)
        waiting = [(proceeding_id, version_id) for proceeding_id, version_id in look.session.execute(query) if version_id is not None]
    return sum(quietly(partial(finish, proceeding_id, version_id), version_id) for proceeding_id, version_id in waiting)
