"""The house under the acts of random traces: what somebody tries, and the door of the house for every act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from reference_model import SEATS
from reviewing import REASONS
from sqlalchemy import select
from world import BODY, World, facts, result, tiny_pdf

from licensing.cases import (
    actions,
    ballots,
    closing,
    design_change,
    drafts,
    extension,
    issuing,
    objections,
    panels,
    promises,
    publicising,
    site_checks,
    transfer,
    verifying,
)
from licensing.cases.ballots import Vote
from licensing.cases.journal import load, load_for, moved_on
from licensing.cases.machine import State
from licensing.cases.objectable import Outcome
from licensing.cases.site_checks import SiteCheck
from licensing.cases.tables import Case, Objection
from licensing.cases.view import CaseView
from licensing.catalogue.model import Proof
from licensing.clock import today
from licensing.commitments.queries import of_case, tasks_of
from licensing.commitments.rules import Choice, Result, everything_accepted
from licensing.commitments.verification import OPEN
from licensing.documents.uploads import Inspected
from licensing.errors import Conflict, Invalid, LeizhengError
from licensing.moments import rehearse
from licensing.policy import SYSTEM, Action, Actor
from licensing.storage import reading, storage
from licensing.words import say

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
PAPER = tiny_pdf()
WORDS = "理由"
LATE = "staff_shortage"


class Step(NamedTuple):
    """One thing that somebody tries: after ``nights``, about ``slot``, with a reason when ``said``, the second factor just shown when
    ``fresh``, and why it is late when ``excused``. ``missed`` is a night in which the worker did not run.
    """

    act: str
    who: str
    slot: str
    nights: int = 0
    outcome: str = "true"
    grant: bool = True
    said: bool = True
    fresh: bool = True
    excused: bool = True
    missed: bool = False

    def __repr__(self) -> str:
        """What is ordinary is left out, so that a trace that fails is read at a glance."""
        odd = {name: value for name, value in self._asdict().items() if value != self._field_defaults.get(name, "")}
        return f"Step({', '.join(f'{name}={value!r}' for name, value in odd.items())})"

    @property
    def passed(self) -> bool:
        return self.outcome == "true"

    @property
    def wish(self) -> str:
        return "grant" if self.grant else "refuse"

    @property
    def words(self) -> str:
        return WORDS if self.said else " "


@dataclass
class House:
    """A prepared installation: a case of each beginning waits; ``people`` and ``places`` are ids in it."""

    world: World
    waiting: dict[str, int]
    people: dict[str, Actor]
    places: dict[str, int]
    pool: tuple[int, ...]
    proofs: Mapping[str, Proof]
    paper: Inspected
    case_id: int = 0
    approved: int = 0
    at: datetime = MORNING
    spoilt: ClassVar[bool] = False
    """Whether the file of the next licence cannot be made."""

    def try_to(self, step: Step) -> str:
        """Do what ``step`` says; the code of the refusal, or nothing when it was done."""
        try:
            with rehearse(self.at):
                DEEDS[step.act](self, step)
        except LeizhengError as refused:
            return "case-moved-on" if refused.code == "licence-not-intent" else refused.code
        return ""

    def actor(self, step: Step) -> Actor:
        person = self.people.get(step.who) or self.expert(step.who)
        return replace(person, second_factor_at=self.at if step.fresh else None)

    def expert(self, name: str) -> Actor:
        """Who sits on a seat of the panel; an expert without a seat where there is none, and for every other name."""
        view = self.view
        seated = dict(zip(SEATS, view.panel, strict=False))
        others = (one for one in (*view.stepped_down, *self.pool) if one not in view.panel)
        person = seated.get(name) or next(others)
        return Actor(person, name)

    def row(self) -> tuple[str, int]:
        """The state of the case as it is kept, and how many events it has."""
        with storage().engine.connect() as connection:
            state, events = connection.exec_driver_sql(f"SELECT state, sequence FROM case_file WHERE id = {self.case_id}").one()  # noqa: S608
        return str(state), int(events)

    @property
    def reviewed(self) -> bool:
        """Whether experts review the case."""
        with reading(SYSTEM) as look:
            return look.session.get_one(Case, self.case_id).matter == "qualification"

    @property
    def view(self) -> CaseView:
        with reading(SYSTEM) as look:
            return load(look.session, self.case_id).view

    def submit(self, step: Step) -> None:
        actions.submit(self.actor(step), self.case_id)

    def hand_in(self, step: Step) -> None:
        if step.slot in self.proofs:
            promises.choose_proof(self.actor(step), self.case_id, step.slot, Choice.HAND_IN, step.words)
        drafts.keep_document(self.actor(step), self.case_id, step.slot, "证明.pdf", PAPER, self.paper)

    def sign(self, step: Step) -> None:
        proof = self.proofs.get(step.slot) or self.proofs["factory_certificate"]
        promised = facts(proof.code)
        given = everything_accepted(proof, promised)
        promises.sign_promise(self.actor(step), self.case_id, step.slot, facts=promised, given=given)

    def ask(self, step: Step) -> None:
        kind = "proof" if step.slot in self.proofs else "document"
        actions.request_correction(self.actor(step), self.case_id, [actions.Item(f"{kind}:{step.slot}", step.words)])

    def find(self, step: Step) -> None:
        with reading(self.actor(step)) as look:
            tasks = [task for task in tasks_of(look.session, self.case_id) if task.commitment.proof == step.slot]
            if not tasks:
                load_for(look, self.case_id, Action.COMMITMENT_VERIFY)
                raise Conflict(say("Nothing is to be verified."), code="verification-done")
            task_id = next((task.id for task in tasks if task.state == OPEN), tasks[-1].id)
        seen = dict.fromkeys(facts(step.slot), "yes")
        if step.outcome == "untrue":
            seen |= dict.fromkeys(list(seen)[:1], "no")
        second = self.people["supervisor"].person_id
        report = {"finding": step.words, "facts": seen, "visited_on": today().isoformat(), "second": second}
        verifying.record_finding(self.actor(step), task_id, Result(step.outcome), report)

    def verify_again(self, step: Step) -> None:
        with reading(SYSTEM) as look:
            made = [one.id for one in of_case(look.session, self.case_id) if one.proof == step.slot]
        verifying.verify_again(self.actor(step), self.case_id, made[-1] if made else 0)

    def transfer(self, step: Step) -> None:
        with reading(SYSTEM) as look:
            here = look.session.get_one(Case, self.case_id).authority_id
        transfer.transfer(self.actor(step), self.case_id, self.places["away" if here == self.places["home"] else "home"], step.words)

    def commission(self, step: Step) -> None:
        if self.reviewed:
            panels.draw_panel(self.actor(step), self.case_id, expected_days=5)
        else:
            actions.commission(self.actor(step), self.case_id, body=BODY, expected_days=5)

    def vote(self, step: Step) -> None:
        ballots.cast(self.actor(step), self.case_id, Vote(step.passed, dict.fromkeys(REASONS, step.words.strip())))

    def replace_member(self, step: Step) -> None:
        member = self.expert(step.slot).person_id if step.slot in SEATS else None
        panels.replace_member(self.actor(step), self.case_id, member or 0, step.words)

    def check_site(self, step: Step) -> None:
        with reading(SYSTEM) as look:
            here = look.session.get_one(Case, self.case_id).authority_id
        names = ("examiner", "second examiner") if here == self.places["home"] else ("neighbour", "second neighbour")
        there = [self.people[name].person_id or 0 for name in names]
        found = SiteCheck(today(), there, dict.fromkeys(REASONS, step.words.strip()))
        site_checks.record_site_check(self.actor(step), self.case_id, found)

    def object(self, step: Step) -> None:
        with reading(SYSTEM) as look:
            number = look.session.get_one(Case, self.case_id).public_number
        publicising.object_publicly(number, name="郑直言", contact="13900000000", text=step.words.strip())

    def resolve(self, step: Step) -> None:
        """Answer the objection that waits longest, or else the last one again."""
        with reading(SYSTEM) as look:
            filed = list(look.session.scalars(select(Objection).where(Objection.case_id == self.case_id).order_by(Objection.id)))
        waiting = next((one.id for one in filed if one.answered_at is None), filed[-1].id if filed else 0)
        objections.answer(self.actor(step), waiting, Outcome.UPHELD if step.passed else Outcome.REJECTED, step.words.strip())

    def record_result(self, step: Step) -> None:
        if self.reviewed:
            panels.record_opinion(self.actor(step), self.case_id, step.words)
            return
        found = replace(result(passed=step.passed), opinion=step.words)
        actions.record_result(self.actor(step), self.case_id, found)

    def change(self, step: Step) -> None:
        view = self.view
        licence_id = self.approved or (view.licence_id if view.state is State.GRANTED else None) or 0
        self.case_id = design_change.start_change(self.actor(step), licence_id)

    def issue(self, _: Step) -> None:
        licence_id = self.view.licence_id
        if licence_id is None:
            raise moved_on()
        issuing.finish(self.case_id, licence_id)

    def void(self, step: Step) -> None:
        House.spoilt = True
        try:
            with suppress(Invalid):
                self.issue(step)
        finally:
            House.spoilt = False


def _told(verb: Callable[..., object], word: str, **more: Any) -> Callable[[House, Step], object]:
    """An act on a case that takes a reason, which the house calls ``word``."""
    return lambda house, step: verb(house.actor(step), house.case_id, **{word: step.words}, **more)


def _late(verb: Callable[..., object], *more: str, word: str = "reason") -> Callable[[House, Step], object]:
    """A decision, which has to say why it is late."""
    return lambda house, step: verb(house.actor(step), house.case_id, *more, **{word: step.words}, late=LATE if step.excused else "")


DEEDS: Mapping[str, Callable[[House, Step], object]] = {
    "submit": House.submit,
    "paper": House.hand_in,
    "sign": House.sign,
    "unpromise": lambda house, step: promises.withdraw_promise(house.actor(step), house.case_id, step.slot, step.words),
    "settle": lambda house, step: promises.settle(house.actor(step), house.case_id),
    "answer": _told(promises.answer_untruth, "text"),
    "withdraw": _told(actions.withdraw, "reason"),
    "change": House.change,
    "accept": lambda house, step: actions.accept(house.actor(step), house.case_id),
    "ask": House.ask,
    "not-accept": _told(actions.not_accept, "reason"),
    "transfer": House.transfer,
    "check": House.check_site,
    "commission": House.commission,
    "vote": House.vote,
    "decline": lambda house, step: panels.decline(house.actor(step), house.case_id, step.words),
    "replace": House.replace_member,
    "result": House.record_result,
    "require": lambda house, step: verifying.require_proof(house.actor(step), house.case_id, [step.slot], step.words),
    "verify": House.verify_again,
    "find": House.find,
    "drop": _told(verifying.drop_finding, "reason"),
    "order": _told(verifying.order_correction, "reason"),
    "terminate": _late(verifying.terminate),
    "propose": lambda house, step: actions.propose(house.actor(step), house.case_id, grant=step.grant, opinion=step.words),
    "publish": lambda house, step: publicising.open_publicity(house.actor(step), house.case_id),
    "object": House.object,
    "resolve": House.resolve,
    "return": _told(actions.return_proposal, "reason"),
    "grant": _late(issuing.decide_grant, word="opinion"),
    "refuse": _late(actions.refuse),
    "extend": _told(extension.extend, "reason", days=3),
    "close": _late(closing.close, "object_gone"),
    "issue": House.issue,
    "void": House.void,
}
