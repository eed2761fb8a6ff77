"""The house under the acts of random traces: everybody who may try something, a prepared installation, and every act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from neighbours import settle as settle_neighbours
from world import BODY, LONG_AGO, World, facts, open_world, result, tiny_pdf

from licensing.cases import actions, closing, design_change, drafts, extension, issuing, promises, transfer, verifying
from licensing.cases.journal import load, moved_on
from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.cases.view import CaseView
from licensing.catalogue.model import Proof
from licensing.clock import today
from licensing.commitments.queries import of_case, tasks_of
from licensing.commitments.rules import Choice, Result, everything_accepted
from licensing.commitments.verification import OPEN
from licensing.documents.uploads import Inspected, inspect
from licensing.errors import Invalid, LeizhengError
from licensing.moments import rehearse
from licensing.parties import actions as parties
from licensing.parties.queries import actor_for
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM, Actor, Role
from licensing.settings import Settings
from licensing.storage import reading, storage, unit_of_work

MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
SLOTS = {
    "design_review": ("design_documents", "product_description"),
    "completion_acceptance": ("factory_certificate", "installation_record"),
}
"""What a trace may hand in again: the replaceable proofs of a matter, or its documents where nothing can be promised."""
PAPER = tiny_pdf()
WORDS = "理由"
LATE = "staff_shortage"
CAST: Mapping[str, str] = {
    "signatory": "company:applicant company:signatory",
    "member": "company:applicant",
    "stranger": "elsewhere:applicant elsewhere:signatory",
    "intake": "home:intake",
    "second intake": "home:intake",
    "examiner": "home:examiner",
    "second examiner": "home:examiner",
    "approver": "home:approver",
    "second approver": "home:approver",
    "verifier": "home:verifier",
    "supervisor": "home:supervisor",
    "everything": "home:intake home:examiner home:approver home:verifier",
    "insider": "company:applicant home:intake home:examiner home:approver home:verifier",
    "neighbour": "away:intake away:examiner away:approver away:verifier",
    "second neighbour": "away:intake away:examiner away:approver away:verifier",
    "overseer": "home:overseer away:overseer",
    "administrator": "house:system_admin",
    "system": "house:system",
}
"""Everybody, and where they hold what; ``away`` is the authority to which a case may be transferred."""
POSTS = {name: {(post.split(":")[0], post.split(":")[1]) for post in posts.split()} for name, posts in CAST.items()}


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


def _road(matter: str) -> tuple[Step, ...]:
    slots = SLOTS[matter]
    found = tuple(Step("find", "verifier", slot) for slot in slots) if matter == "completion_acceptance" else ()
    acts = {"submit": "signatory", "accept": "intake", "commission": "examiner", "result": "examiner", "propose": "examiner"}
    first, second, *others = (Step(act, who, slots[0]) for act, who in acts.items())
    return (first, second, *found, *others)


def _by_one(act: str, road: tuple[Step, ...]) -> tuple[Step, ...]:
    """The road on which ``act`` is done by the person who holds every post."""
    return tuple(step._replace(who="everything") if step.act == act else step for step in road)


_ACCEPTANCE, _DESIGN = _road("completion_acceptance"), _road("design_review")
BEGINNINGS: Mapping[str, tuple[str, tuple[Step, ...]]] = {
    "draft": ("completion_acceptance", ()),
    "submitted": ("completion_acceptance", _ACCEPTANCE[:1]),
    "accepted": ("completion_acceptance", _ACCEPTANCE[:2]),
    "found untrue": ("completion_acceptance", (*_ACCEPTANCE[:2], Step("find", "verifier", "installation_record", outcome="untrue"))),
    "to be granted": ("completion_acceptance", _ACCEPTANCE),
    "doubted when proposed": ("completion_acceptance", (*_ACCEPTANCE, Step("verify", "verifier", "installation_record"))),
    "design": ("design_review", ()),
    "design submitted": ("design_review", _DESIGN[:1]),
    "design to be granted": ("design_review", _DESIGN),
    "accepted by one who may decide": ("completion_acceptance", _by_one("accept", _ACCEPTANCE)),
    "proposed by one who may decide": ("design_review", _by_one("propose", _DESIGN)),
    "design to be refused": ("design_review", (*_DESIGN[:2], Step("propose", "examiner", "design_documents", grant=False))),
}
"""The cases that wait in a prepared installation: of which matter, and what was done this morning."""


@dataclass
class House:
    """A prepared installation: a case of each beginning waits; ``people`` and ``places`` are ids in it."""

    world: World
    waiting: dict[str, int]
    people: dict[str, Actor]
    places: dict[str, int]
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
        return replace(self.people[step.who], second_factor_at=self.at if step.fresh else None)

    def row(self) -> tuple[str, int]:
        """The state of the case as it is kept, and how many events it has."""
        with storage().engine.connect() as connection:
            state, events = connection.exec_driver_sql(f"SELECT state, sequence FROM case_file WHERE id = {self.case_id}").one()  # noqa: S608
        return str(state), int(events)

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
        with reading(SYSTEM) as look:
            tasks = [task for task in tasks_of(look.session, self.case_id) if task.commitment.proof == step.slot]
            task_id = next((task.id for task in tasks if task.state == OPEN), tasks[-1].id if tasks else 0)
            authority = look.session.get_one(Case, self.case_id).authority_id
        seen = dict.fromkeys(facts(step.slot), "yes") if task_id else {}
        if step.outcome == "untrue":
            seen |= dict.fromkeys(list(seen)[:1], "no")
        second = self.people["supervisor" if authority == self.places["home"] else "colleague"].person_id
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

    def record_result(self, step: Step) -> None:
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
    "commission": lambda house, step: actions.commission(house.actor(step), house.case_id, body=BODY, expected_days=5),
    "result": House.record_result,
    "require": lambda house, step: verifying.require_proof(house.actor(step), house.case_id, [step.slot], step.words),
    "verify": House.verify_again,
    "find": House.find,
    "drop": _told(verifying.drop_finding, "reason"),
    "order": _told(verifying.order_correction, "reason"),
    "terminate": _late(verifying.terminate),
    "propose": lambda house, step: actions.propose(house.actor(step), house.case_id, grant=step.grant, opinion=step.words),
    "return": _told(actions.return_proposal, "reason"),
    "grant": _late(issuing.decide_grant, word="opinion"),
    "refuse": _late(actions.refuse),
    "extend": _told(extension.extend, "reason", days=3),
    "close": _late(closing.close, "object_gone"),
    "issue": House.issue,
    "void": House.void,
}


def prepare(settings: Settings) -> House:
    """Everybody in their places, and cases that wait; the approval on which the acceptances rest is really issued."""
    world = open_world(settings)
    neighbours = settle_neighbours(world)
    places = {"company": world.company, "elsewhere": world.other_company, "home": world.authority, "away": neighbours.kunshan}
    known = {"signatory": world.applicant, "overseer": neighbours.overseer}
    people = {name: known.get(name) or _register(name, places) for name in CAST if name != "system"}
    more = {"completion_acceptance": {"design_approval_number": world.granted().number}}
    waiting = {name: world.draft(matter, **more.get(matter, {})) for name, (matter, _) in BEGINNINGS.items()}
    with reading(SYSTEM) as look:
        actors = {name: actor_for(look.session, person, on=today()) for name, person in people.items()}
        actors["colleague"] = actor_for(look.session, neighbours.intake, on=today())
    proofs = world.page(waiting["draft"]).proofs
    house = House(world, waiting, {**actors, "system": SYSTEM}, places, proofs, inspect("证明.pdf", PAPER, 2**20))
    for name, (_, road) in BEGINNINGS.items():
        house.case_id = waiting[name]
        for step in road:
            refused = house.try_to(step)
            assert not refused, f"{name}: {step} was refused: {refused}"
    return house


def _register(name: str, places: Mapping[str, int]) -> int:
    with unit_of_work(SYSTEM) as work:
        admin = next((Role(role) for at, role in POSTS[name] if at == "house"), None)
        person = parties.register_person(work, name=name, admin_role=admin)
        for at, role in POSTS[name]:
            if at in ("company", "elsewhere"):
                parties.give_seat(work, person, work.session.get_one(Company, places[at]), Role(role), held_from=LONG_AGO)
            elif at in ("home", "away"):
                parties.give_post(work, person, work.session.get_one(Authority, places[at]), Role(role), held_from=LONG_AGO)
        return person.id
