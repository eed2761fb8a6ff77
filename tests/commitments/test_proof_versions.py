"""New versions of a proof: written by one, put in force by another; open cases keep the version they began with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from world import World, facts

from licensing.cases import drafts, promises
from licensing.catalogue import load_catalogue
from licensing.catalogue.changes import differences
from licensing.catalogue.model import Clause, Proof
from licensing.catalogue.queries import catalogue_now, content_of, proof_from
from licensing.catalogue.tables import ProofVersion
from licensing.commitments import editions
from licensing.commitments.rules import everything_accepted
from licensing.errors import Conflict, Forbidden, Invalid, NotFound, ReauthenticationNeeded
from licensing.parties import actions as parties
from licensing.policy import SYSTEM, Role
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
        ({"publication_days": 30}, "publication_days"),
        ({"published": True, "publication_days": 30}, "publication_place"),
        ({"valid_to": "2025-12-31"}, "valid_to"),
        ({"valid_to": "soon"}, "valid_to"),
        ({"facts": [{"code": "x"}]}, "facts.0.name"),
        ({}, "notice"),
    ],
)
def test_what_does_not_fit_is_named_and_not_proposed(world: World, changed: dict[str, object], path: str) -> None:
    with pytest.raises(Invalid) as refused:
        editions.draft(world.actor(world.supervisor), PROOF, changed, "规定改变")
    assert path in [field.path for field in refused.value.fields]
    assert all(one.row is None for one in editions.editions(world.actor(world.supervisor)))


def test_a_dropped_proposal_stays_on_record_and_its_number_is_used_up(world: World) -> None:
    first = newer(world)
    editions.drop(world.actor(world.supervisor), first)
    second = newer(world)
    with pytest.raises(Forbidden):
        editions.drop(world.actor(world.examiner), second)
    editions.drop(world.actor(world.second_supervisor), second)
    with pytest.raises(NotFound):
        editions.drop(world.actor(world.second_supervisor), second)
    found = [one for one in editions.editions(world.actor(world.examiner)) if one.row]
    assert [(one.proof.version, one.row.state, one.decided_by) for one in found if one.row] == [
        (3, editions.DROPPED, "高敏"),
        (2, editions.DROPPED, "蒋文博"),
    ]
    page = editions.proposal(world.actor(world.examiner), first)
    assert (page.open, page.row.decided_at is not None, page.row.reason) == (False, True, "规定改变")
    with reading(SYSTEM) as look:
        assert catalogue_now(look.session) == load_catalogue()
        assert list(editions.problems(look.session)) == []
    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(ProofVersion).where(ProofVersion.id == first))
    with reading(SYSTEM) as look:
        assert [problem.code for problem in editions.problems(look.session)] == ["not-in-tables"]


def test_a_proof_that_is_switched_off_cannot_be_promised_in_new_cases(world: World, morning: time_machine.Traveller) -> None:
    begun = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    off = editions.draft(world.actor(world.supervisor), PROOF, {"active": False}, "暂停告知承诺")
    editions.put_in_force(world.actor(world.second_supervisor), off, TODAY, 1)
    fresh = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    assert set(world.page(fresh).proofs) == {"installation_record"}
    assert PROOF in world.page(begun).proofs, "an open case keeps what it began with"
    on = editions.draft(world.actor(world.supervisor), PROOF, {"active": True, "valid_to": "2026-03-05"}, "恢复")
    editions.put_in_force(world.actor(world.second_supervisor), on, date(2026, 3, 3), 1)
    for day, promisable in ((2, False), (3, True), (5, True), (6, False)):
        morning.move_to(datetime(2026, 3, day, 1, 0, tzinfo=UTC))
        case_id = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
        assert (PROOF in world.page(case_id).proofs) == promisable, day


def test_a_version_does_not_begin_before_the_newest_one(world: World) -> None:
    proposal = editions.draft(world.actor(world.supervisor), "installation_record", {"answer_days": 7}, "延长")
    with pytest.raises(Invalid) as early:
        editions.put_in_force(world.actor(world.second_supervisor), proposal, TODAY, 1)
    assert (early.value.code, early.value.sentence.facts["number"]) == ("valid-from", 2)
    editions.put_in_force(world.actor(world.second_supervisor), proposal, date(2026, 4, 1), 1)
    with reading(SYSTEM) as look:
        current = catalogue_now(look.session).current("installation_record", date(2026, 4, 1))
    assert current is not None
    assert current.version == 3


def test_a_proposal_is_judged_again_on_the_day_it_is_decided(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = editions.draft(world.actor(world.supervisor), PROOF, {"valid_to": "2026-03-10"}, "短期")
    with pytest.raises(Invalid) as ended:
        editions.put_in_force(world.actor(world.second_supervisor), proposal, date(2026, 3, 11), 1)
    assert [field.path for field in ended.value.fields] == ["valid_to"]
    shipped = replace(load_catalogue().proof(PROOF), version=2)
    upgraded = replace(load_catalogue(), proofs=(*load_catalogue().proofs, shipped))
    monkeypatch.setattr("licensing.catalogue.queries.load_catalogue", lambda: upgraded)
    with pytest.raises(Conflict) as taken:
        editions.put_in_force(world.actor(world.second_supervisor), proposal, TODAY, 1)
    assert taken.value.code == "version-taken"


def test_only_the_highest_authorities_keep_the_catalogue(world: World) -> None:
    with unit_of_work(SYSTEM) as work:
        province = parties.register_authority(
            work,
            region_prefixes=("32",),
            matters=(),
            code="320000",
            name="江苏省气象局",
            uscc="123200004660000105",
            level="province",
            region_code="320000",
            number_place="苏",
            kid=9,
        )
        keepers = [parties.register_person(work, name=name) for name in ("罗启明", "许静")]
        for keeper in keepers:
            parties.give_post(work, keeper, province, Role.SUPERVISOR, held_from=TODAY)
        writer, decider = (keeper.id for keeper in keepers)
    with pytest.raises(Forbidden) as refused:
        newer(world)
    assert "highest level" in refused.value.sentence.text
    assert not editions.may_write(world.actor(world.supervisor))
    assert editions.editions(world.actor(world.supervisor)), "everybody in an office may read it"
    proposal = editions.draft(world.actor(writer), PROOF, {"answer_days": 7}, "延长")
    with pytest.raises(Forbidden):
        editions.put_in_force(world.actor(world.supervisor), proposal, TODAY, 1)
    editions.put_in_force(world.actor(decider), proposal, TODAY, 1)


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
