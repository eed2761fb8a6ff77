"""A crash at any point of issuing: the reconciler ends it, with one number, one payload and one signed file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from world import World

from licensing.cases import issuing
from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.documents import sandbox
from licensing.errors import Conflict, Invalid
from licensing.ledger.queries import check
from licensing.licences import issuing as bringing_out
from licensing.licences import production, queries
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.storage import FileStore, reading
from licensing.trust import sealing
from licensing.trust.signer import LocalSigner

pytestmark = pytest.mark.slow


class Crash(BaseException):
    """The process dies here: nothing between this point and the next start runs."""


def dies_before(_: Callable[..., Any]) -> Callable[..., Any]:
    def dead(*_arguments: Any, **_options: Any) -> Any:
        raise Crash

    return dead


def dies_after(original: Callable[..., Any]) -> Callable[..., Any]:
    def dying(*arguments: Any, **options: Any) -> Any:
        original(*arguments, **options)
        raise Crash

    return dying


POINTS = {
    "after the intent": (bringing_out, "produce", dies_before),
    "after the QR is signed": (LocalSigner, "sign_qr", dies_after),
    "before the prepared file is remembered": (production, "_remember", dies_before),
    "after the prepared file is remembered": (production, "_remember", dies_after),
    "after the seal is signed": (LocalSigner, "sign_seal", dies_after),
    "after the file is sealed": (sealing, "seal", dies_after),
    "after the signed file is stored": (bringing_out, "produce", dies_after),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_is_resumed_to_one_licence(world: World, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    case_id = world.proposed()
    owner, name, death = POINTS[point]
    with monkeypatch.context() as patch, pytest.raises(Crash):
        patch.setattr(owner, name, death(getattr(owner, name)))
        issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    with reading(SYSTEM) as look:
        assert look.session.get_one(Case, case_id).state == State.ISSUING
        assert queries.of_case(look.session, case_id) is None, "nothing is visible before it is in force"
    assert issuing.resume_all() == 1
    assert issuing.resume_all() == 0
    with reading(SYSTEM) as look:
        licences = look.session.scalars(select(Licence)).all()
        assert [(licence.serial, licence.status) for licence in licences] == [(1, Status.IN_FORCE)]
        assert look.session.get_one(Case, case_id).state == State.GRANTED
        assert look.files.has(licences[0].file_sha256)
        assert check(look.session).holds


def test_a_face_that_cannot_be_made_voids_the_number_and_the_case_waits_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = world.proposed()
    with monkeypatch.context() as patch, pytest.raises(Invalid):
        patch.setattr(production, "render_face", _too_long)
        issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    assert world.page(case_id).state is State.PROPOSED
    licence = issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    assert licence.serial == 2
    with reading(SYSTEM) as look:
        accounted = look.session.execute(select(Licence.serial, Licence.status).order_by(Licence.serial)).all()
        reason = look.session.scalar(select(Licence.status_reason).where(Licence.serial == 1))
    assert [tuple(row) for row in accounted] == [(1, Status.VOID), (2, Status.IN_FORCE)]
    assert reason


def _too_long(*_: Any, **__: Any) -> bytes:
    from licensing.words import say

    raise Invalid(say("The texts of this licence do not fit on one page."), code="face-too-long")


def test_a_sandbox_that_dies_leaves_the_licence_to_be_resumed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = world.proposed()
    with monkeypatch.context() as patch, pytest.raises(sandbox.SandboxFailure):
        patch.setattr(production.sandbox, "ask", _dead_child)
        issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    assert world.page(case_id).state is State.ISSUING
    assert issuing.resume_all() == 1
    assert world.page(case_id).state is State.GRANTED


def _dead_child(*_: Any, **__: Any) -> Any:
    raise sandbox.SandboxFailure("memory", "killed")


def test_finishing_twice_is_a_conflict_and_changes_nothing(world: World) -> None:
    licence = world.granted()
    assert licence.case_id is not None
    with pytest.raises(Conflict):
        issuing.finish(licence.case_id, licence.id)
    with reading(SYSTEM) as look:
        assert queries.licence(look.session, licence.id).status == Status.IN_FORCE


def test_a_store_that_fails_does_not_show_the_licence(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = world.proposed()
    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space"):
        patch.setattr(FileStore, "put", _disk_full)
        issuing.grant(world.actor(world.approver), case_id, "予以核准。")
    assert world.page(case_id).licence is None
    assert issuing.resume_all() == 1


def _disk_full(*_: Any) -> str:
    raise OSError(28, "No space left on device")
