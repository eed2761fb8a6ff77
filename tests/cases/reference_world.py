"""Where random traces begin: everybody who may try something, and a prepared installation in which cases wait."""

from __future__ import annotations

from collections.abc import Mapping

from neighbours import settle as settle_neighbours
from qualifying import settle_province
from reference_driver import PAPER, House, Step
from reference_model import POOL, SEATS
from reference_model import Case as Law
from reviewing import EMPLOYER
from world import BODY, LONG_AGO, open_world

from licensing.cases import experts
from licensing.cases.experts import Entry
from licensing.catalogue import load_catalogue
from licensing.clock import today
from licensing.documents.uploads import inspect
from licensing.licences import actions as licences
from licensing.licences.production import produce
from licensing.parties import actions as parties
from licensing.parties.queries import actor_for
from licensing.parties.tables import Authority, Company
from licensing.policy import SYSTEM, Role
from licensing.samples import sample_uscc
from licensing.settings import Settings
from licensing.storage import reading, unit_of_work

SLOTS = {
    "design_review": ("design_documents", "product_description"),
    "completion_acceptance": ("factory_certificate", "installation_record"),
    "qualification": ("quality_system", "instruments"),
}
"""What a trace may hand in again: the replaceable proofs of a matter, or its documents where nothing can be promised."""
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
    "supervisor": "home:supervisor away:supervisor",
    "everything": "home:intake home:examiner home:approver home:verifier",
    "insider": "company:applicant home:intake home:examiner home:approver home:verifier",
    "neighbour": "away:intake away:examiner away:approver away:verifier",
    "second neighbour": "away:intake away:examiner away:approver away:verifier",
    "overseer": "home:overseer away:overseer",
    **dict.fromkeys(SEATS, "panel:expert"),
    "not drawn": "",
    "administrator": "house:system_admin",
    "system": "house:system",
}
"""Everybody, and where they hold what; ``away`` is the authority to which a case may be transferred. Who sits on a seat of the panel the
draw decides; ``not drawn`` is an expert without one.
"""
POSTS = {name: {(post.split(":")[0], post.split(":")[1]) for post in posts.split()} for name, posts in CAST.items()}
DRAWN = {("panel", "expert")}
"""What nobody holds before a draw."""


def held(who: str, act: str, law: Law) -> set[str]:
    """The roles that somebody has towards a case when it comes to ``act``; no authority has a draft, and a change of design begins one."""
    nowhere = law.state == "draft" or act == "change"
    places = {"company", "house"} | (set() if nowhere else {law.place, "panel" if law.drawn else ""})
    return {role for at, role in POSTS[who] if at in places} | ({"anybody"} if act == "object" else set())


def _road(matter: str) -> tuple[Step, ...]:
    slots = SLOTS[matter]
    found = tuple(Step("find", "verifier", slot) for slot in slots) if matter == "completion_acceptance" else ()
    voted = tuple(Step("vote", seat, slots[0]) for seat in SEATS) if matter == "qualification" else ()
    acts = {"submit": "signatory", "accept": "intake", "commission": "examiner", "result": "examiner", "propose": "examiner"}
    submitted, accepted, commissioned, *others = (Step(act, who, slots[0]) for act, who in acts.items())
    return (submitted, accepted, *found, commissioned, *voted, *others)


def _by_one(act: str, road: tuple[Step, ...]) -> tuple[Step, ...]:
    """The road on which ``act`` is done by the person who holds every post."""
    return tuple(step._replace(who="everything") if step.act == act else step for step in road)


_ACCEPTANCE, _DESIGN, _BODY = _road("completion_acceptance"), _road("design_review"), _road("qualification")
_PUBLISHED = (*_BODY, Step("publish", "approver", "instruments"))
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
    "body": ("qualification", ()),
    "body accepted": ("qualification", _BODY[:2]),
    "panel drawn": ("qualification", _BODY[:3]),
    "a vote missing": ("qualification", _BODY[:7]),
    "all have voted": ("qualification", _BODY[:8]),
    "to be made public": ("qualification", _BODY),
    "public": ("qualification", _PUBLISHED),
    "objected to": ("qualification", (*_PUBLISHED, Step("object", "stranger", "instruments"))),
}
"""The cases that wait in a prepared installation: of which matter, and what was done this morning."""


def prepare(settings: Settings) -> House:
    """Everybody in their places, and cases that wait; the approval on which the acceptances rest is really issued."""
    world = open_world(settings)
    settle_province(settings)
    neighbours = settle_neighbours(world)
    places = {"company": world.company, "elsewhere": world.other_company, "home": world.authority, "away": neighbours.kunshan}
    known = {"signatory": world.applicant, "overseer": neighbours.overseer}
    people = {name: known.get(name) or _register(name, places) for name, posts in POSTS.items() if name != "system" and not posts <= DRAWN}
    pool = _recognise(people, places)
    _certify_body(places["home"])
    more = {"completion_acceptance": {"design_approval_number": world.granted().number}}
    waiting = {name: world.draft(matter, **more.get(matter, {})) for name, (matter, _) in BEGINNINGS.items()}
    with reading(SYSTEM) as look:
        actors = {name: actor_for(look.session, person, on=today()) for name, person in people.items()}
    proofs = world.page(waiting["draft"]).proofs
    house = House(world, waiting, {**actors, "system": SYSTEM}, places, pool, proofs, inspect("证明.pdf", PAPER, 2**20))
    for name, (_, road) in BEGINNINGS.items():
        house.case_id = waiting[name]
        for step in road:
            refused = house.try_to(step)
            assert not refused, f"{name}: {step} was refused: {refused}"
    return house


def _recognise(people: Mapping[str, int], places: Mapping[str, int]) -> tuple[int, ...]:
    """Let both authorities recognise bodies, each with the same pool: as many as the law knows, and some whom no draw may seat."""
    with unit_of_work(SYSTEM) as work:
        for place, region in (("home", "3201"), ("away", "320583")):
            parties.give_jurisdiction(work, work.session.get_one(Authority, places[place]), "qualification", region)
        # Certificates are numbered by province, and two bureaus of one would give the same numbers.
        work.session.get_one(Authority, places["away"]).region_code = "310000"
        pool = tuple(parties.register_person(work, name=f"评审专家{number}").id for number in range(POOL))
    with reading(SYSTEM) as look:
        supervisor = actor_for(look.session, people["supervisor"], on=today())
    for place in ("home", "away"):
        for person in (*pool, people["member"], people["insider"]):
            experts.enter(supervisor, places[place], person, Entry("防雷", EMPLOYER))
    return pool


def _certify_body(authority: int) -> None:
    """Put a body on record that may be commissioned everywhere: else any would do, until a trace recognises its own applicant."""
    kind = load_catalogue().licence_type("qualification_certificate")
    printed = {"body": {"legal_representative": "沈一平", "address": "南京市"}, "qualification": {"grade": "甲级", "scope": "各类建筑物"}}
    with unit_of_work(SYSTEM) as work:
        office = work.session.get_one(Authority, authority)
        body = parties.register_company(work, uscc=sample_uscc(1), name=BODY, region_code="320100")
        parts = {"grade": "1", "province": kind.provinces["32"]}
        made = licences.intend(work, kind, office, body, project=None, opinion="符合条件。", answers=printed, number_parts=parts).id
    file_sha256 = produce(made)
    with unit_of_work(SYSTEM) as work:
        licences.put_in_force(work, made, file_sha256)


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
