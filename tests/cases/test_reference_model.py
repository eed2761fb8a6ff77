"""Random traces of real acts beside the law on one page: the same states and the same refusals, whoever tries whatever in whichever order.

No trace lets one person alone reach the permit, none ends with two licences, none changes a case that is closed.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from databases import Cluster
from hypothesis import HealthCheck, seed
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from reference_driver import MORNING, House, Step
from reference_model import BESIDE, LEADS, ROLES, SEATS, STATES
from reference_model import Case as Law
from reference_world import BEGINNINGS, POSTS, SLOTS, held, prepare
from sqlalchemy import event, select

from licensing.cases import health
from licensing.cases.actions import deem_accepted
from licensing.cases.journal import happened
from licensing.cases.machine import TRANSITIONS, Event, State
from licensing.cases.replay import apply
from licensing.cases.tables import Case
from licensing.cases.view import CaseView, Happened
from licensing.clock import load_calendar
from licensing.commitments import health as commitment_health
from licensing.errors import Invalid
from licensing.licences import issuing as licence_issuing
from licensing.licences.status import PUBLIC
from licensing.licences.tables import Licence
from licensing.moments import rehearse
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import create_engine, open_storage, reading, storage
from licensing.words import say

Attempt = tuple[str, str, str]
"""An act, who tries it, and about what."""
TENTHS = st.integers(0, 9)
NIGHTS = st.sampled_from((0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 8, 8))
WAITING = st.sampled_from((0, 0, 1, 8))
"""How many nights go by where somebody is heard, so that the term ends as often as not."""
HEARD = ("notified", "publicity")
OUTCOMES = st.sampled_from(("true", "true", "untrue", "unclear"))
EVERYBODY = tuple(POSTS)
EVERYTHING = tuple(sorted({act for acts in ROLES.values() for act in acts.split()}))
ABOUT_A_SLOT = ("paper", "sign", "unpromise", "ask", "require", "find", "verify")
ABOUT_A_SEAT = ("replace",)
GRAVE = ("grant", "refuse", "publish", "drop", "order", "terminate")
"""What only a second person may do: tried more often."""
ABLE = {
    (act, place): tuple(
        name
        for name, posts in POSTS.items()
        if act == "object" or any(at in (place, "company", "house", "panel") and act in ROLES.get(role, "").split() for at, role in posts)
    )
    for act in EVERYTHING
    for place in ("home", "away")
}
"""Whose act it is, where the case lies."""
NOTICES_SILENCE = ("accept", "ask", "not-accept", "transfer", "unpromise", "withdraw", "commission", "propose", "extend", "close")
"""Acts before which the house looks whether silence has accepted; for what others need, the worker has to run."""
CHECKED = 10
"""After so many traces the whole register is examined."""
PROMISED = {Event.PROMISE_WITHDRAWN, Event.UNTRUTH_NOTIFIED}
EVERY_ROW = {(source, row.event) for row in TRANSITIONS for source in row.sources} - {(State.PUBLICITY, event) for event in PROMISED}
"""What the machine knows: each must be reached, but for what follows a promise during publicity: no matter has both yet."""


@dataclasses.dataclass
class Seen:
    """What the traces of one test came upon."""

    traces: int = 0
    steps: Counter[str] = dataclasses.field(default_factory=Counter)
    rows: Counter[tuple[State, Event]] = dataclasses.field(default_factory=Counter)

    def __str__(self) -> str:
        permits = self.rows[State.ISSUING, Event.LICENCE_ISSUED]
        refused = {code: count for code, count in self.steps.most_common() if code}
        return (
            f"{self.traces} traces, {sum(self.steps.values())} steps, {self.steps['']} acts done, {permits} permits, "
            f"{sum(refused.values())} refusals: {refused}"
        )


class Trace(RuleBasedStateMachine):
    """One trace: what is drawn is tried in the house and asked of the law, and both must say the same."""

    house: House
    restore: Callable[[], None]
    seen: Seen

    @initialize(first=st.sampled_from(tuple(BEGINNINGS)))
    def begin(self, first: str) -> None:
        self.restore()
        self.house.at, self.house.approved = MORNING, 0
        self.seen.traces += 1
        self.waiting, self.barred, self.closed = [first, *(name for name in BEGINNINGS if name != first)], set[str](), {}
        self.approved: Law | None = None
        self.next()

    def next(self) -> None:
        """Turn to the next case that waits, with what was done in it and the days that went by since."""
        name = self.waiting.pop(0)
        matter, road = BEGINNINGS[name]
        self.turn_to(self.house.waiting[name], matter, MORNING)
        self.law.papers |= {slot for slot, given in self.law.proofs.items() if given == "document"}
        for step in road:
            self.law.do(step.act, step.who, step.slot, step)
        while self.law.today < self.house.at.date().toordinal():
            self.law.night(load_calendar().is_working(date.fromordinal(self.law.today)))
        with rehearse(self.house.at):
            deem_accepted(self.house.case_id)
        self.kept = self.house.row()

    def turn_to(self, case_id: int, matter: str, begun: datetime) -> None:
        given = "promised" if matter == "completion_acceptance" else "document"
        self.house.case_id = case_id
        self.law = Law(matter, dict.fromkeys(SLOTS[matter], given), begun.date().toordinal(), self.barred)

    def possible(self) -> st.SearchStrategy[Step]:
        """Mostly what the law allows now; often what it just forbids; sometimes anything by anybody."""
        drawn = steps(*self.tempting(), tuple(self.law.proofs), WAITING if self.law.state in HEARD else NIGHTS)
        return st.one_of(st.just(Step("next", "signatory", "")), drawn) if self.is_over() and self.waiting else drawn

    def tempting(self) -> tuple[tuple[Attempt, ...], tuple[Attempt, ...]]:
        """What somebody whose post it is may try now: that which the law allows, and that which it forbids all the same.

        It fits the state, or is anything once the case has ended. What is forbidden for an earlier hand in the case comes up more often.
        """
        allowed, forbidden = [], []
        proofs = tuple(self.law.proofs)
        for act in (*LEADS[self.law.experts].get(self.law.state, EVERYTHING), *BESIDE):
            for who in ABLE[act, self.law.place] if act != "silence" else ():
                for slot in proofs if act in ABOUT_A_SLOT else SEATS if act in ABOUT_A_SEAT else proofs[:1]:
                    reasons = self.law.forbids(act, who, held(who, act, self.law), slot, Step(act, who, slot))
                    own = reasons == {"forbidden"} and who in self.law.did.values()
                    (forbidden if reasons else allowed).extend([(act, who, slot)] * (4 if own else 1))
        return tuple(allowed), tuple(forbidden)

    def is_over(self) -> bool:
        return self.law.state not in STATES or self.law.state == "granted"

    @rule(step=st.runner().flatmap(lambda trace: trace.possible()))
    def try_to(self, step: Step) -> None:
        self.sleep(step)
        if step.act == "next":
            self.next()
            return
        about = self.approved if step.act == "change" and self.approved else self.law
        forbidden = about.forbids(step.act, step.who, held(step.who, step.act, about), step.slot, step)
        case_id, before = self.house.case_id, self.kept
        unnoticed = before[0] == "submitted" and self.law.state == "accepted"
        refused = self.house.try_to(step)
        self.seen.steps[refused] += 1
        assert refused in (forbidden or {""}), f"the law: {forbidden or 'it may be done'}; the house: {refused or 'done'}"
        if unnoticed:
            with rehearse(self.house.at):
                deem_accepted(case_id)
        if not refused:
            about.do(step.act, step.who, step.slot, step)
            self.barred |= about.barred
            self.follow(step)
        after = self.kept = self.house.row()
        assert after[0] == self.law.state, f"the law: {self.law.state}; the house: {after[0]}"
        if refused:
            assert after[1] == before[1] + unnoticed, "what is refused changes nothing"
        if self.is_over():
            assert self.closed.setdefault(self.house.case_id, after) == after, "a closed case does not change"

    def sleep(self, step: Step) -> None:
        """Let days go by; the worker runs each night unless it is missed."""
        for _ in range(step.nights):
            self.law.night(load_calendar().is_working(self.house.at.date()))
            self.house.at += timedelta(days=1)
        self.house.at += timedelta(minutes=1)
        if self.kept[0] == "submitted" and step.nights and not (step.missed and step.act in NOTICES_SILENCE):
            with rehearse(self.house.at):
                deem_accepted(self.house.case_id)
            self.kept = self.house.row()

    def follow(self, step: Step) -> None:
        """Keep in mind which approval can be changed, and turn to the application that changes it."""
        if step.act == "issue" and self.law.matter == "design_review":
            self.approved, self.house.approved = self.law, self.house.view.licence_id or 0
        elif step.act == "change" and self.approved:
            approved = self.approved
            self.turn_to(self.house.case_id, "design_review", self.house.at)
            approved.change = self.law

    def teardown(self) -> None:
        with reading(SYSTEM) as look:
            for case in look.session.scalars(select(Case).where(Case.id.in_((*self.closed, self.house.case_id)))):
                events = [happened(row) for row in case.events]
                self.seen.rows.update(rows_of(events))
                assert_two_people(events)
                alive = [one for one in look.session.scalars(select(Licence).where(Licence.case_id == case.id)) if one.status in PUBLIC]
                assert len(alive) <= 1, "one case, one licence"
                assert self.closed.get(case.id, (case.state, case.sequence)) == (case.state, case.sequence), "a closed case does not change"
            if self.seen.traces % CHECKED == 0:
                assert [*health.problems(look.session), *commitment_health.problems(look.session, storage().files)] == []


@st.composite
def steps(
    draw: st.DrawFn, allowed: tuple[Attempt, ...], forbidden: tuple[Attempt, ...], slots: tuple[str, ...], nights: st.SearchStrategy[int]
) -> Step:
    """A step that the law allows, one that it forbids, or one that chance makes."""
    chance = draw(TENTHS)
    fitting = allowed if chance < 5 else forbidden
    if fitting and chance < 9:
        acts = tuple(dict.fromkeys(one[0] for one in fitting))
        act = draw(st.sampled_from((*acts, *[act for act in acts if act in GRAVE] * 3)))
        act, who, slot = draw(st.sampled_from(tuple(one for one in fitting if one[0] == act)))
    else:
        act, who, slot = draw(st.sampled_from(EVERYTHING)), draw(st.sampled_from(EVERYBODY)), draw(st.sampled_from(slots))
    odd = draw(st.integers(0, 31))
    return Step(
        act,
        "system" if act in ROLES["system"].split() else who,
        slot,
        nights=draw(nights),
        outcome=draw(OUTCOMES),
        grant=act != "propose" or odd % 4 != 3,
        said=odd != 30,
        fresh=odd != 29,
        excused=odd % 5 != 1,
        missed=odd % 3 == 1,
    )


def rows_of(events: list[Happened]) -> Iterator[tuple[State, Event]]:
    """The steps of the machine's table through which a case went."""
    view = CaseView()
    for one in events:
        if one.type is not Event.STARTED:
            yield view.state, one.type
        view = apply(view, one)


def assert_two_people(events: list[Happened]) -> None:
    """Whoever granted the permit neither accepted the application nor proposed the decision, by what the events say alone."""
    by: dict[Event, int | None] = {}
    for one in events:
        by[one.type] = one.actor_id
        if one.type is Event.GRANTED:
            assert one.actor_id not in (None, by.get(Event.ACCEPTED), by[Event.DECISION_PROPOSED]), "one person alone reached the permit"


def run(house: House, restore: Callable[[], None], count: int, length: int, number: int) -> Seen:
    """Run ``count`` traces of at most ``length`` steps; the same ones each time for the same ``number``."""
    seen = Seen()
    machine = seed(number)(type("Trace", (Trace,), {"house": house, "restore": staticmethod(restore), "seen": seen}))
    limits = examples(
        max_examples=count,
        stateful_step_count=length,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=limits)
    print(seen)
    return seen


LONG = 60
"""In traces that may become so long every row of the machine's table has to be reached."""
LENGTHS = (20, 20, 20, 20, 20, 20, 20, 20, 40, LONG)
GROUPS = [(0, 100, 15), *(pytest.param(number, 500, length, marks=pytest.mark.slow) for number, length in enumerate(LENGTHS, start=1))]
"""Number, traces, longest trace: the first for every check, the others together more than 5,000."""


@pytest.mark.parametrize(("number", "count", "length"), GROUPS)
def test_the_house_does_and_refuses_what_the_law_says(
    number: int, count: int, length: int, tmp_path: Path, empty_sqlite: Path, morning: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, prepared = tmp_path / "var", tmp_path / "prepared.sqlite3"
    home.mkdir()
    database = home / "leizheng.sqlite3"
    shutil.copy(empty_sqlite, database)
    settings = Settings(home=home, keys=tmp_path / "keys", database="", demo=False, https=False)
    house = prepare(settings)
    storage().engine.dispose()
    shutil.copy(database, prepared)
    engine = create_engine(settings.database_url)
    # What a power cut would do is tested elsewhere; here nothing waits for the disk.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF").close())
    open_storage(settings, engine)
    without_files(monkeypatch)

    def restore() -> None:
        engine.dispose()
        shutil.copy(prepared, database)

    seen = run(house, restore, count, length, number)
    engine.dispose()
    assert seen.traces >= count
    assert length < LONG or set(seen.rows) >= EVERY_ROW, f"never reached: {EVERY_ROW - set(seen.rows)}"


@pytest.mark.slow
@pytest.mark.postgresql
def test_the_house_does_so_on_postgresql_too(tmp_path: Path, cluster: Cluster, morning: object, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(home=tmp_path / "var", keys=tmp_path / "keys", database=cluster.fresh(), demo=False, https=False)
    house = prepare(settings)
    storage().engine.dispose()
    prepared = cluster.copied(settings.database)
    without_files(monkeypatch)

    def restore() -> None:
        storage().engine.dispose()
        cluster.restore(settings.database, prepared)

    assert run(house, restore, 100, 25, 11).traces >= 100
    storage().engine.dispose()


@pytest.mark.slow
def test_the_shortest_road_of_the_law_ends_in_a_signed_licence(settings: Settings, morning: object) -> None:
    house = prepare(settings)
    house.case_id = house.waiting["design submitted"]
    examiners = dict.fromkeys(("commission", "result", "propose"), "examiner")
    road = {"accept": "intake", **examiners, "grant": "approver", "issue": "system"}
    for act, who in road.items():
        house.at += timedelta(minutes=1)
        assert house.try_to(Step(act, who, "design_documents")) == ""
    with reading(SYSTEM) as look:
        licence = look.session.scalars(select(Licence).where(Licence.case_id == house.case_id)).one()
    assert storage().files.get(licence.file_sha256 or "").startswith(b"%PDF")
    storage().engine.dispose()


def without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no file be made: what a licence says and how it is signed has tests of its own."""

    def produce(_: int) -> str:
        if House.spoilt:
            raise Invalid(say("The content does not fit."))
        return "0" * 64

    monkeypatch.setattr(licence_issuing, "produce", produce)
    monkeypatch.setattr(licence_issuing.checkpoints, "publish_soon", lambda _: False)
