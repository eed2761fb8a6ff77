"""What happened to licences after their issue, played through the same actions that people use, each at its own moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from sqlalchemy import select

from licensing.cases import rectifying, verifying
from licensing.clock import Calendar, add_working_days, local_date
from licensing.commitments import consequences
from licensing.commitments.machine import State as Promise
from licensing.commitments.queries import of_case as promises_of
from licensing.commitments.queries import tasks_of
from licensing.commitments.rules import Result
from licensing.commitments.tables import Commitment
from licensing.demo.cast import Bureau, Firm, Life
from licensing.demo.certificates import TYPE, bureau_of
from licensing.demo.reports import report
from licensing.demo.stage import Stage
from licensing.demo.stories import QUALIFICATION, moment
from licensing.licences.operations import Operation
from licensing.licences.queries import of_case, versions
from licensing.licences.tables import Licence
from licensing.moments import rehearse
from licensing.policy import SYSTEM, Actor, Role
from licensing.proceedings import actions, issuing
from licensing.proceedings.machine import Event, State
from licensing.proceedings.tables import Proceeding, ProceedingEvent
from licensing.storage import reading

_O = Operation
OPERATIONS: Mapping[str, Operation] = {
    "suspended": _O.SUSPEND,
    "lifted": _O.SUSPEND,
    "answered": _O.SUSPEND,
    "noticed": _O.SUSPEND,
    "noticed_penalty": _O.REVOKE_AS_PENALTY,
    "penalised": _O.REVOKE_AS_PENALTY,
    "deceit": _O.REVOKE_FOR_DECEIT,
    "withdrawn": _O.WITHDRAW_PERMISSION,
    "cancelled": _O.CANCEL,
    "changed": _O.CHANGE,
    "asked": _O.CHANGE,
    "replaced": _O.REPLACE,
}
"""What is decided about the licence; where a promise is rectified, nothing is."""
_SUSPENDED = (("notice", 0), ("decide", 7))
STORIES: Mapping[str, tuple[tuple[str, int], ...]] = {
    "suspended": _SUSPENDED,
    "lifted": (*_SUSPENDED, ("ask_back", 20), ("recommend", 23), ("give_back", 25)),
    "answered": (("notice", 0), ("answer", 3)),
    "noticed": (("notice", 0),),
    "noticed_penalty": (("notice", 0),),
    "penalised": (("notice", 0), ("demand", 3), ("hear", 10), ("decide", 14)),
    "deceit": (("find_untrue", 0), ("answer", 3), ("decide", 8)),
    "withdrawn": (("notice", 0), ("answer", 4), ("decide", 9)),
    "cancelled": (("ask", 0), ("recommend", 2), ("decide", 4)),
    "changed": (("ask", 0), ("recommend", 3), ("grant", 5)),
    "asked": (("ask", 0),),
    "replaced": (("ask", 0), ("recommend", 2), ("grant", 3)),
    "rectifying": (("find_mendable", 0), ("order", 3)),
}
EVENTS: Mapping[str, tuple[Event, ...]] = {
    "notice": (Event.NOTICE_SERVED,),
    "find_untrue": (Event.NOTICE_SERVED,),
    "answer": (Event.ANSWERED,),
    "demand": (Event.HEARING_DEMANDED,),
    "hear": (Event.HEARING_RECORDED,),
    "ask": (Event.REQUESTED,),
    "ask_back": (Event.REQUESTED,),
    "recommend": (Event.PROPOSED,),
    "decide": (Event.DECIDED,),
    "give_back": (Event.DECIDED,),
    "grant": (Event.VERSION_DECIDED, Event.VERSION_ISSUED),
    "find_mendable": (),
    "order": (),
}
"""What each step appends, so that an interrupted load finds its place again."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One step of one life at its moment; ``place`` is its place in the story."""

    at: datetime
    life: Life
    verb: str
    place: int


def timetable(lives: tuple[Life, ...], today: date, calendar: Calendar) -> list[Deed]:
    """Every step of every life, in the order of time; all lie before ``today``."""
    deeds = [
        Deed(moment(add_working_days(today, days - life.ago, calendar), life.index, place), life, verb, place)
        for life in lives
        for place, (verb, days) in enumerate(STORIES[life.story])
    ]
    return sorted(deeds, key=lambda deed: (deed.at, deed.life.index))


@dataclass(slots=True)
class Lives:
    """Plays the lives on the stage where the cases are played."""

    stage: Stage
    expected: dict[int, list[str]] = field(default_factory=dict)

    def play(self, deed: Deed) -> None:
        """Do one step, unless an earlier, interrupted load did it."""
        key = self._key(deed.life)
        self.stage.wait(key)
        before = list(self.expected.setdefault(deed.life.index, []))
        self.expected[deed.life.index] += EVENTS[deed.verb]
        licence_id = self._licence(deed.life)
        happened = _happened(licence_id)
        half_done = deed.verb == "grant" and happened == [*before, Event.VERSION_DECIDED]
        if happened == before or half_done:
            with rehearse(deed.at):
                VERBS[deed.verb](self, deed, licence_id)

    def holder(self, life: Life) -> Actor:
        return self.stage.actor(self._firm(life).people[0])

    def officer(self, life: Life, role: Role) -> Actor:
        return self.stage.officer_at(self._bureau(life), life.holder, role, life.index)

    def grant(self, deed: Deed, proceeding_id: int, version_id: int) -> None:
        """Let the makers finish the new version."""
        self.stage.hand_over(self._key(deed.life), partial(issuing.finish, proceeding_id, version_id), deed.at)

    def _firm(self, life: Life) -> Firm:
        return next(firm for firm in self.stage.cast.firms if firm.name == life.holder)

    def _bureau(self, life: Life) -> Bureau:
        firm = self._firm(life)
        if life.project is None:
            return bureau_of(self.stage, firm)
        return self.stage.bureau(next(project for project in firm.projects if project.name == life.project))

    def _key(self, life: Life) -> tuple[int, str]:
        firm = self._firm(life)
        if life.project is None:
            return (self.stage.cast.bodies.index(firm), QUALIFICATION)
        return (next(project.index for project in firm.projects if project.name == life.project), life.matter)

    def _licence(self, life: Life) -> int:
        """The latest version that is out."""
        with reading(SYSTEM) as look:
            if life.project is not None:
                found = of_case(look.session, self.stage.cases[self._key(life)])
            else:
                mine = select(Licence).where(Licence.holder_code == self._firm(life).uscc, Licence.type == TYPE)
                found = look.session.scalars(mine.where(Licence.file_sha256.is_not(None)).order_by(Licence.version.desc())).first()
        if found is None:
            raise LookupError(life.holder)
        return found.id


def _notice(lives: Lives, deed: Deed, licence_id: int) -> None:
    officer = lives.officer(deed.life, Role.EXAMINER)
    actions.propose(officer, licence_id, OPERATIONS[deed.life.story], reason=deed.life.words["reason"])


def _find_untrue(lives: Lives, deed: Deed, licence_id: int, *, consequence: Operation | None) -> None:
    """One more verification of a promise on which the licence rests; what it finds sends the notice of the consequence, if there is one."""
    made = _promise(licence_id)
    if made.state in (Promise.UNTRUE, Promise.RECTIFYING):
        return  # an earlier, interrupted load found it
    officer = lives.officer(deed.life, Role.EXAMINER)
    verifying.verify_again(officer, made.case_id, made.id)
    with reading(SYSTEM) as look:
        task_id = tasks_of(look.session, made.case_id)[-1].id
    verifying.record_finding(
        officer, task_id, Result.UNTRUE, report(officer, task_id, Result.UNTRUE, deed.life.words["reason"]), consequence=consequence
    )


def _order(lives: Lives, deed: Deed, licence_id: int) -> None:
    """What was found is to be rectified, and the licence stays as it is."""
    made = _promise(licence_id)
    if made.state == Promise.UNTRUE:
        rectifying.order_rectification(lives.officer(deed.life, Role.APPROVER), made.case_id, made.id, deed.life.words["order"])


def _promise(licence_id: int) -> Commitment:
    """The last promise on which the licence rests."""
    with reading(SYSTEM) as look:
        return promises_of(look.session, look.session.get_one(Licence, licence_id).case_id or 0)[-1]


def _answer(lives: Lives, deed: Deed, licence_id: int, *, hearing: bool) -> None:
    actions.answer(lives.holder(deed.life), _open(licence_id), deed.life.words["answer"], hearing=hearing)


def _hear(lives: Lives, deed: Deed, licence_id: int) -> None:
    officer = lives.officer(deed.life, Role.EXAMINER)
    actions.record_hearing(officer, _open(licence_id), held_on=local_date(deed.at), summary=deed.life.words["hearing"])


def _ask(lives: Lives, deed: Deed, licence_id: int) -> None:
    words, operation = deed.life.words, OPERATIONS[deed.life.story]
    actions.ask(lives.holder(deed.life), licence_id, operation, reason=words["reason"], changes=deed.life.changes)


def _ask_back(lives: Lives, deed: Deed, licence_id: int) -> None:
    actions.ask(lives.holder(deed.life), licence_id, Operation.LIFT_SUSPENSION, reason=deed.life.words["request"])


def _recommend(lives: Lives, deed: Deed, licence_id: int) -> None:
    officer = lives.officer(deed.life, Role.EXAMINER)
    actions.recommend(officer, _open(licence_id), grant=True, reason=deed.life.words["opinion"])


def _decide(lives: Lives, deed: Deed, licence_id: int, *, words: str) -> None:
    consequences.decide(lives.officer(deed.life, Role.APPROVER), _open(licence_id), deed.life.words[words])


def _grant(lives: Lives, deed: Deed, licence_id: int) -> None:
    """The decision in its place in time; the new version is made beside."""
    proceeding_id = _open(licence_id)
    with reading(SYSTEM) as look:
        row = look.session.get_one(Proceeding, proceeding_id)
    decided = row.version_id if row.state == State.PRODUCING else None
    approver = lives.officer(deed.life, Role.APPROVER)
    lives.grant(deed, proceeding_id, decided or issuing.decide_version(approver, proceeding_id, deed.life.words["decision"]))


VERBS: Mapping[str, Callable[[Lives, Deed, int], None]] = {
    "notice": _notice,
    "find_untrue": partial(_find_untrue, consequence=Operation.REVOKE_FOR_DECEIT),
    "find_mendable": partial(_find_untrue, consequence=None),
    "order": _order,
    "answer": partial(_answer, hearing=False),
    "demand": partial(_answer, hearing=True),
    "hear": _hear,
    "ask": _ask,
    "ask_back": _ask_back,
    "recommend": _recommend,
    "decide": partial(_decide, words="decision"),
    "give_back": partial(_decide, words="lifting"),
    "grant": _grant,
}


def _open(licence_id: int) -> int:
    with reading(SYSTEM) as look:
        query = select(Proceeding.id).where(Proceeding.licence_id == licence_id, Proceeding.slot.is_not(None))
        return look.session.scalars(query).one()


def _happened(licence_id: int) -> list[str]:
    """What happened in proceedings about any version of the licence."""
    with reading(SYSTEM) as look:
        family = [version.id for version in versions(look.session, look.session.get_one(Licence, licence_id))]
        events = select(ProceedingEvent.type).join(Proceeding).where(Proceeding.licence_id.in_(family)).order_by(ProceedingEvent.id)
        return list(look.session.scalars(events))
