"""New versions of a proof: written by one, put in force by another; open cases keep the version they began with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from world import World, facts

from licensing.cases import drafts, promises
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Clause, Proof
from licensing.catalogue.queries import catalogue_now, content_of, proof_from
from licensing.catalogue.tables import ProofVersion
from licensing.commitments import editions
from licensing.commitments.editions import differences
from licensing.commitments.rules import everything_accepted
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work

PROOF = "factory_certificate"
TODAY = date(2026, 3, 2)


def newer(world: World, **changed: object) -> int:
    """A proposed version with another last clause in its notice."""
    notice = content_of(load_catalogue().proof(PROOF))["notice"]
    changed = {
        "notice": [*notice[:-1], {"text": "承诺书的公开：本承诺书予以公开。", "english": "Publication: it is published."}],
        **changed,
    }
    return editions.draft(world.actor(world.supervisor), PROOF, changed, "规定改变")


def in_force(world: World, day: date = TODAY) -> int:
    proposal = newer(world)
    editions.put_in_force(world.actor(world.second_supervisor), proposal, day, 1)
    return proposal


def test_one_writes_and_another_puts_in_force(world: World) -> None:
    for person in (world.examiner, world.approver, world.applicant):
        with pytest.raises(Forbidden):
            editions.draft(world.actor(person), PROOF, {}, "规定改变")
    proposal = newer(world)
    with pytest.raises(Conflict) as second:
        newer(world)
    assert second.value.code == "proposal-open"
    for person in (world.supervisor, world.approver):
        with pytest.raises(Forbidden):
            editions.put_in_force(world.actor(person), proposal, TODAY, 1)
    with pytest.raises(ReauthenticationNeeded):
        editions.put_in_force(world.actor(world.second_supervisor, second_factor=False), proposal, TODAY, 1)
    with pytest.raises(Invalid):
        editions.put_in_force(world.actor(world.second_supervisor), proposal, date(2026, 3, 1), 1)
    editions.put_in_force(world.actor(world.second_supervisor), proposal, TODAY, 1)
    with pytest.raises(NotFound):
        editions.put_in_force(world.actor(world.second_supervisor), proposal, TODAY, 1)
    found = editions.edition(world.actor(world.examiner), PROOF, 2)
    assert (found.current, found.drafted_by, found.decided_by) == (True, "蒋文博", "高敏")


def test_what_was_read_is_what_comes_into_force(world: World) -> None:
    proposal = newer(world)
    notice = content_of(load_catalogue().proof(PROOF))["notice"]
    editions.save(world.actor(world.supervisor), proposal, {"notice": notice[:-1]}, "改短", 1)
    with pytest.raises(Conflict) as stale:
        editions.put_in_force(world.actor(world.second_supervisor), proposal, TODAY, 1)
    assert stale.value.code == "draft-changed"
    with pytest.raises(Forbidden):
        editions.save(world.actor(world.second_supervisor), proposal, {"notice": notice[:-1]}, "改短", 2)
    editions.put_in_force(world.actor(world.second_supervisor), proposal, TODAY, 2)


def test_editing_a_text_while_cases_are_open_changes_none_of_them(world: World, morning: time_machine.Traveller) -> None:
    signed, begun = world.accepted("completion_acceptance"), world.submitted("completion_acceptance")
    fresh = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    before = {case_id: {code: proof.digest() for code, proof in world.page(case_id).proofs.items()} for case_id in (signed, begun, fresh)}
    in_force(world)
    morning.move_to(datetime(2026, 3, 3, 1, 0, tzinfo=UTC))
    after = {case_id: {code: proof.digest() for code, proof in world.page(case_id).proofs.items()} for case_id in (signed, begun, fresh)}
    assert after == before
    drafts.save_section(world.actor(world.applicant), fresh, "project", {"region": "320104"}, 1)
    shown = everything_accepted(world.page(fresh).proofs[PROOF], facts(PROOF))
    made = promises.sign_promise(world.actor(world.applicant), fresh, PROOF, facts=facts(PROOF), given=shown)
    assert (made.proof_version, made.notice_sha256) == (1, before[fresh][PROOF])
    later = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    assert world.page(later).proofs[PROOF].version == 2
    assert world.page(later).proofs[PROOF].digest() != before[fresh][PROOF]


def test_a_version_waits_for_its_day(world: World, morning: time_machine.Traveller) -> None:
    in_force(world, date(2026, 3, 4))
    for day, version in ((2, 1), (3, 1), (4, 2)):
        morning.move_to(datetime(2026, 3, day, 1, 0, tzinfo=UTC))
        case_id = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
        assert world.page(case_id).proofs[PROOF].version == version


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"notice": []}, "notice"),
        ({"answer_days": "soon"}, "answer_days"),
        ({"answer_days": 0}, "answer_days"),
        ({"verification_method": "magic"}, "verification_method"),
        ({"published": True, "publication_days": 0}, "publication_days"),
        ({"facts": [{"code": "x"}]}, "facts.0.name"),
        ({}, "notice"),
    ],
)
def test_what_does_not_fit_is_named_and_not_proposed(world: World, changed: dict[str, object], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        editions.draft(world.actor(world.supervisor), PROOF, changed, "规定改变")
    assert path in [field.path for field in refused.value.fields]
    assert all(one.row is None for one in editions.editions(world.actor(world.supervisor)))


def test_a_dropped_proposal_leaves_nothing(world: World) -> None:
    editions.drop(world.actor(world.supervisor), newer(world))
    proposal = newer(world)
    with pytest.raises(Forbidden):
        editions.drop(world.actor(world.examiner), proposal)
    editions.drop(world.actor(world.second_supervisor), proposal)
    with reading(SYSTEM) as look:
        assert catalogue_now(look.session) == load_catalogue()


def test_a_text_changed_behind_our_back_is_found(world: World) -> None:
    proposal = in_force(world)
    with reading(SYSTEM) as look:
        assert list(editions.problems(look.session)) == []
        content = look.session.get_one(ProofVersion, proposal).content
    with unit_of_work(SYSTEM) as work:
        work.session.execute(update(ProofVersion).values(content={**content, "notice": content["notice"][:-1]}))
    with reading(SYSTEM) as look:
        assert {problem.code for problem in editions.problems(look.session)} >= {"not-in-log", "text-differs"}


def test_stored_and_read_again_a_version_is_the_same() -> None:
    for proof in load_catalogue().proofs:
        assert proof_from(content_of(proof)) == proof


CLAUSES = st.lists(
    st.builds(Clause, text=st.text("承诺告知一二三", min_size=1, max_size=9), english=st.text("abc ", max_size=9)), max_size=4
)


@settings(max_examples=100, deadline=None)
@given(CLAUSES, CLAUSES)
def test_a_difference_is_told_exactly_when_there_is_one(one: list[Clause], other: list[Clause]) -> None:
    base: Proof = load_catalogue().proof(PROOF)
    old, new = replace(base, notice=tuple(one)), replace(base, notice=tuple(other))
    changes = differences(old, new)
    assert (changes == ()) == (old.notice == new.notice)
    for change in changes:
        assert any(kind != "=" for kind, _ in change.pieces)
