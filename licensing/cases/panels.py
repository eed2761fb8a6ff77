"""The panel of experts that reviews a case 资质评审委员会: drawn, replaced where a member steps down, and its opinion recorded.

Who may be drawn is frozen in the public log first, whose tree then gives the seed (docs/decisions/0016, 0020); anyone who may read the
list can draw again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases.actions import ask_for_what_is_owed, check_expected_days, deem_accepted, require_said
from licensing.cases.ballots import ballots_missing, ballots_of, load_review
from licensing.cases.experts import active
from licensing.cases.journal import Loaded, hold, load_for, moved_on, not_found, record
from licensing.cases.letters import send
from licensing.cases.machine import Event, transition
from licensing.cases.publicity import masked
from licensing.cases.recusals import recusals
from licensing.cases.tables import CaseEvent
from licensing.catalogue.model import Panel, Step
from licensing.clock import local_date
from licensing.commitments.draws import drawn
from licensing.commitments.rules import canonical
from licensing.errors import Conflict
from licensing.ledger import queries as ledger
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, from_hex, unaccounted
from licensing.notices.actions import notify_person
from licensing.parties.queries import person_names
from licensing.policy import Action, Actor
from licensing.storage import FileStore, Work, unit_of_work
from licensing.storage.counters import next_value
from licensing.words import say

LIST_LEAF: Final = "panel-list"
COMMITTEE: Final = "资质评审委员会"
"""What the panel is called in letters (domain 3.3.6)."""
TOLD: Final = say("You were drawn onto a panel of experts. Read the application and vote, or decline, on the page of your reviews.")
REMIND: Final = say("Your vote on a panel of experts is still missing. Vote, or decline, on the page of your reviews.")


def draw_panel(actor: Actor, case_id: int, *, expected_days: int) -> None:
    """Begin the expert review: the panel is drawn, the clock stands, and the applicant is told how long (Licensing Law art. 45).

    Raises ``Conflict`` (``too-few-experts``) where the pool does not fill the panel.
    """
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_COMMISSION)
        check_expected_days(expected_days)
        panel = _panel(case)
        if transition(case.view.state, Event.EVALUATION_COMMISSIONED, case.view.steps) is None:
            raise moved_on()
        made = _draw(work, case, frozenset())
        members = [int(one) for one in made["order"][: panel.size]]
        if len(members) < panel.size:
            raise _too_few(panel.size, len(members))
        begun = {
            "body": COMMITTEE,
            "expected_days": expected_days,
            "size": panel.size,
            "votes_needed": panel.votes_needed,
            "draw": made,
            "panel": members,
        }
        record(work, case, Event.EVALUATION_COMMISSIONED, begun)
        for person in members:
            notify_person(work, person, TOLD, reference=case.row.public_number)
        send(work, case, Event.EVALUATION_COMMISSIONED, [], days=expected_days, body=COMMITTEE)


def decline(actor: Actor, case_id: int, reason: str) -> None:
    """Step down from a panel before voting, with a reason (回避): the next of the draw takes the seat.

    Raises ``Conflict``: ``voted-already``, and ``too-few-experts`` where nobody is left to take it.
    """
    with unit_of_work(actor) as work:
        hold(work, case_id)
        case = load_review(work, case_id, Action.PANEL_DECLINE)
        _seat_the_next(work, case, Event.EXPERT_DECLINED, actor.person_id, reason)


def replace_member(actor: Actor, case_id: int, person_id: int, reason: str) -> None:
    """Replace a member who does not vote or may not sit there; as :func:`decline`."""
    with unit_of_work(actor) as work:
        hold(work, case_id)
        case = load_for(work, case_id, Action.PANEL_REPLACE)
        _seat_the_next(work, case, Event.EXPERT_REPLACED, person_id, reason)


def remind(actor: Actor, case_id: int) -> int:
    """Write to every member whose vote is missing; how many."""
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.PANEL_REPLACE)
        if transition(case.view.state, Event.EXPERT_REPLACED, case.view.steps) is None:
            raise moved_on()
        voted = {ballot.person_id for ballot in ballots_of(work.session, case)}
        waiting = [person for person in case.view.panel if person not in voted]
        for person in waiting:
            notify_person(work, person, REMIND, reference=case.row.public_number)
        return len(waiting)


def record_opinion(actor: Actor, case_id: int, opinion: str) -> None:
    """Record the opinion of the panel when all have voted; whether it was passed follows from the ballots. The clock runs again.

    Raises ``Invalid`` without an opinion and ``Conflict`` (``ballots-missing``) before all have voted.
    """
    with unit_of_work(actor) as work:
        hold(work, case_id)
        case = load_for(work, case_id, Action.CASE_RECORD_RESULT)
        _panel(case)
        review, ballots = case.view.review, ballots_of(work.session, case)
        if review is None or transition(case.view.state, Event.EVALUATION_RECORDED, case.view.steps) is None:
            raise moved_on()
        require_said(opinion.strip(), "opinion", say("Write down the opinion of the panel."))
        if len(ballots) < len(case.view.panel):
            raise ballots_missing(len(ballots), len(case.view.panel))
        votes = sum(ballot.meets for ballot in ballots)
        found = {
            "report_number": case.view.draws[0]["number"],
            "body": COMMITTEE,
            "done_on": local_date(max(ballot.cast_at for ballot in ballots)).isoformat(),
            "passed": votes >= int(review["votes_needed"]),
            "opinion": opinion.strip(),
            "votes_for": votes,
            "votes": len(ballots),
        }
        record(work, case, Event.EVALUATION_RECORDED, found)
        ask_for_what_is_owed(work, case)


def problems(session: Session, files: FileStore) -> Iterator[Problem]:
    """What does not hold for the lists from which panels were drawn; nothing when all is well."""
    kinds = (Event.EVALUATION_COMMISSIONED, Event.EXPERT_DECLINED, Event.EXPERT_REPLACED)
    events = session.scalars(select(CaseEvent).where(CaseEvent.type.in_(kinds)).order_by(CaseEvent.id))
    made = [event.data["draw"] for event in events if "draw" in event.data]
    yield from unaccounted(session, {LIST_LEAF}, (Fact(LIST_LEAF, one["number"], from_hex(one["list_sha256"])) for one in made))
    for one in made:
        if not files.has(one["list_sha256"]):
            yield Problem(one["number"], "list-missing", say("The list from which the panel was drawn is gone."))


def _panel(case: Loaded) -> Panel:
    if case.matter.panel is None or Step.EXPERT_REVIEW not in case.view.steps:
        raise moved_on()
    return case.matter.panel


def _draw(work: Work, case: Loaded, without: frozenset[int]) -> dict[str, Any]:
    """Freeze who may be drawn and who may not, with the reason; then draw all of them, in order."""
    pool = [expert for expert in active(work.session, case.subject.authority_id or -1) if expert.person_id not in without]
    found = recusals(work, case, pool)
    items = sorted(str(expert.person_id) for expert in pool if not found[expert.person_id])
    names = person_names(work.session, {expert.person_id for expert in pool})
    year = local_date(work.now).year
    number = f"PS{year}{next_value(work.session, f'panel:{year}'):06d}"
    listing = {
        "panel": number,
        "case": case.row.public_number,
        "items": items,
        "excluded": {str(person): [str(reason) for reason in reasons] for person, reasons in found.items() if reasons},
        "names": {str(person): masked(name) for person, name in names.items()},
    }
    digest = work.files.put(canonical(listing))
    size = append(work, LIST_LEAF, number, bytes.fromhex(digest)).position + 1
    seed = ledger.root_at(work.session, size).hex()
    return {"number": number, "list_sha256": digest, "tree_size": size, "seed": seed, "order": drawn(items, len(items), seed)}


def _seat_the_next(work: Work, case: Loaded, event: Event, person_id: int | None, reason: str) -> None:
    if transition(case.view.state, event, case.view.steps) is None:
        raise moved_on()
    if person_id not in case.view.panel:
        raise not_found()
    if any(ballot.person_id == person_id for ballot in ballots_of(work.session, case)):
        raise Conflict(
            say("This expert has voted; a vote is never changed."),
            next_step=say("Record the opinion of the panel when all have voted."),
            code="voted-already",
        )
    data: dict[str, Any] = {"expert": person_id, "reason": reason.strip()}
    successor = _next_of(work, case)
    if successor is None:
        data["draw"] = further = _draw(work, case, frozenset({*case.view.panel, *case.view.stepped_down}))
        successor = next((int(one) for one in further["order"]), None)
    if successor is None:
        raise _nobody_left()
    record(work, case, event, {**data, "successor": successor})
    notify_person(work, successor, TOLD, reference=case.row.public_number)


def _next_of(work: Work, case: Loaded) -> int | None:
    """The next of the draws who never sat on this panel and may still sit there."""
    seated = {*case.view.panel, *case.view.stepped_down}
    ahead = [int(one) for draw in case.view.draws for one in draw["order"] if int(one) not in seated]
    pool = {expert.person_id: expert for expert in active(work.session, case.subject.authority_id or -1)}
    barred: Mapping[int, object] = recusals(work, case, [pool[one] for one in ahead if one in pool])
    return next((one for one in ahead if one in pool and not barred[one]), None)


def _too_few(wanted: int, there: int) -> Conflict:
    return Conflict(
        say("The panel needs %(wanted)s experts, and %(there)s can be drawn for this case.", wanted=wanted, there=there),
        next_step=say("Ask a supervisor of your authority to add experts to the pool, and draw then."),
        code="too-few-experts",
    )


def _nobody_left() -> Conflict:
    return Conflict(
        say("No other expert can take this seat."),
        next_step=say("A supervisor of the authority adds experts to the pool first."),
        code="too-few-experts",
    )
