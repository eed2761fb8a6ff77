"""SIGKILL before and after each side effect of a grant, on both databases: one number, one payload, one fate, nothing half visible."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from effects import killed_at, moments_of
from sqlalchemy import select
from world import World

from licensing.cases import issuing
from licensing.cases.machine import State
from licensing.cases.tables import Case
from licensing.ledger.queries import check
from licensing.licences import queries
from licensing.licences.status import PUBLIC, Status
from licensing.licences.tables import Licence
from licensing.licences.verify import verify_pdf
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading, storage
from licensing.trust.current import current_trust_list
from licensing.trust.journal import Journal

pytestmark = pytest.mark.slow

OPINION = "经审查，符合规定，予以核准。"
SIGNED = re.compile(rb"/Contents ?<(?!0{64})")
FEWEST = 30
"""A grant has at least so many moments: fewer would mean that the harness no longer sees its side effects."""


def signed_files(settings: Settings) -> set[str]:
    """The names of all signed PDF files in the store."""
    found = (path for path in settings.files.glob("??/*") if not path.name.startswith("."))
    return {path.name for path in found if SIGNED.search(path.read_bytes())}


def check_the_house(settings: Settings, granted: int) -> None:
    """The oracle after every recovery: tables, signer's journal and file store tell the same story."""
    with reading(SYSTEM) as look:
        licences = list(look.session.scalars(select(Licence).order_by(Licence.id)))
        assert check(look.session).holds
    assert Counter(licence.status for licence in licences) == Counter({Status.IN_FORCE: granted})
    assert [licence.serial for licence in licences] == list(range(1, granted + 1)), "every number is accounted for, once"
    assert signed_files(settings) == {licence.file_sha256 for licence in licences}, "no signed file without a record"
    with Journal(settings.home / "signer-journal.jsonl").alone() as journal:
        assert journal.numbers("seal") == {licence.number for licence in licences}, "nothing was signed beside the register"


def test_a_grant_that_is_killed_anywhere_ends_as_one_licence_or_none(world: World) -> None:
    settings = world.settings
    first = world.proposed()

    def grant(case_id: int) -> object:
        return issuing.grant(world.actor(world.approver), case_id, OPINION)

    rehearsal, *cases = world.copies(first, 1 + 200)
    moments = moments_of(settings, lambda: grant(rehearsal))
    assert len(moments) >= FEWEST, moments
    for moment, case_id in enumerate(cases[: len(moments)], start=1):
        where = f"killed {moments[moment - 1]} (moment {moment})"
        assert killed_at(settings, lambda case_id=case_id: grant(case_id), moment), where
        with reading(SYSTEM) as look:
            state = State(look.session.get_one(Case, case_id).state)
            visible = queries.of_case(look.session, case_id)
            assert (visible is not None) == (state is State.GRANTED), f"{where}: half visible"
        issuing.resume_all()
        if state is State.PROPOSED:
            grant(case_id)
        check_the_house(settings, granted=1 + moment)
        with reading(SYSTEM) as look:
            licence = queries.of_case(look.session, case_id)
            assert licence is not None, where
            assert licence.status in PUBLIC, where
    with reading(SYSTEM) as look:
        last = storage().files.get(queries.of_case(look.session, cases[len(moments) - 1]).file_sha256 or "")  # type: ignore[union-attr]
        assert verify_pdf(last, current_trust_list(settings), look.session).overall == "valid"
    print(f"\n{len(moments)} kills: {dict(Counter(moments))}")
