"""From the decision to the licence: intent, production, in force (design 3, steps 4-6). Resumable at every point."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from licensing.cases.actions import must_follow_proposal
from licensing.cases.design_change import changed_licence, is_overtaken
from licensing.cases.journal import load, load_for, record
from licensing.cases.late_decisions import late_because
from licensing.cases.machine import Event, State, transition
from licensing.cases.publicising import require_unopposed
from licensing.cases.submission import printed_answers
from licensing.cases.verifying import check_promises, notify_waiting, open_tasks_after, require_promises_hold, require_still_eligible
from licensing.catalogue import load_catalogue
from licensing.commitments.rules import Occasion
from licensing.errors import Conflict
from licensing.licences import actions as licences
from licensing.licences import queries as licence_queries
from licensing.licences.face import number_parts
from licensing.licences.issuing import bring_out, quietly
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.notices.actions import notify_company
from licensing.parties.queries import authority as authority_of
from licensing.parties.queries import company as company_of
from licensing.policy import SYSTEM, Action, Actor
from licensing.proceedings.consequences import carry_over
from licensing.storage import Work, reading, unit_of_work
from licensing.words import say


def grant(actor: Actor, case_id: int, opinion: str, *, late: str = "") -> Licence:
    """Grant the permit as proposed and issue its licence, in this call. The licence in force. ``late`` says why it is late, if so.

    Of two approvers pressing at once exactly one succeeds; the other gets ``Conflict``. When the face cannot be made as the record
    demands, the number is voided with the reason, the case waits for a decision again, and the error is raised.
    """
    return finish(case_id, decide_grant(actor, case_id, opinion, late=late))


def decide_grant(actor: Actor, case_id: int, opinion: str, *, late: str = "") -> int:
    """The first half of :func:`grant`: the decision and the intent of its licence, committed. The licence id, for :func:`finish`."""
    check_promises(actor, case_id, Action.CASE_GRANT, Occasion.DECISION)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_GRANT)
        must_follow_proposal(case, "grant")
        require_promises_hold(work, case)
        require_still_eligible(work, case)
        require_unopposed(work, case)
        if transition(case.view.state, Event.GRANTED, case.view.steps) is None:
            record(work, case, Event.GRANTED, {"licence_id": 0, "opinion": opinion})
        lateness = late_because(work, case, Event.GRANTED, late)
        licence = _intend(work, case_id, opinion.strip(), changed_licence(work, case))
        record(work, case, Event.GRANTED, {"licence_id": licence.id, "opinion": opinion.strip(), **lateness})
        return licence.id


def finish(case_id: int, licence_id: int) -> Licence:
    """Bring an intended licence to its end: in force, or void with the reason. May be called again after a crash."""

    def issued(work: Work, licence: Licence) -> None:
        case = load(work.session, case_id)
        record(work, case, Event.LICENCE_ISSUED, {"licence_id": licence.id, "number": licence.number})
        open_tasks_after(work, case)
        carry_over(work, licence)
        said = say("Licence %(number)s was issued. You can download it.", number=licence.number)
        notify_company(work, case.row.company_id, said, case_id=case_id, reference=case.row.public_number)

    def voided(work: Work, reason: str) -> None:
        case = load(work.session, case_id)
        if case.view.state is State.ISSUING:
            record(work, case, Event.LICENCE_VOIDED, {"licence_id": licence_id, "reason": reason})
            notify_waiting(work, case)

    _give_up_what_was_overtaken(licence_id, voided)
    return bring_out(licence_id, issued=issued, voided=voided)


def resume_all() -> int:
    """Finish every licence that a crash left as an intent; how many were finished. The reconciler calls this at start and regularly."""
    with reading(SYSTEM) as look:
        waiting = [(row.case_id, row.id) for row in licence_queries.intents(look.session) if row.case_id is not None]
    return sum(quietly(partial(finish, case_id, licence_id), licence_id) for case_id, licence_id in waiting)


def _give_up_what_was_overtaken(licence_id: int, voided: Callable[[Work, str], None]) -> None:
    """Void the number of a changed design when the approval that it changes fell before it could be replaced."""
    with unit_of_work(SYSTEM) as work:
        licence = licences.held(work, licence_id)
        overtaken = licence.status == Status.INTENT and is_overtaken(work.session, licence)
        if overtaken:
            licences.void(work, licence_id, "overtaken")
            voided(work, "overtaken")
    if overtaken:
        raise licences.moved_on()


def _intend(work: Work, case_id: int, opinion: str, changes: Licence | None) -> Licence:
    case = load(work.session, case_id)
    if case.matter.licence_type is None or case.row.authority_id is None:
        raise Conflict(say("This matter does not lead to a licence."), code="no-licence-type")
    submission, kind = case.view.submissions[-1], load_catalogue().licence_type(case.matter.licence_type)
    authority = authority_of(work.session, case.row.authority_id)
    return licences.intend(
        work,
        kind,
        authority,
        company_of(work.session, case.row.company_id),
        # What a body may do is no project: it is listed under the name of the body itself.
        project=(case.row.project_name or None) if kind.category == "permit" else None,
        opinion=opinion,
        answers=printed_answers(case.matter, submission.answers),
        number_parts=number_parts(kind, submission.answers, authority.region_code),
        case_id=case_id,
        case_number=case.row.public_number,
        changes=changes,
    )
