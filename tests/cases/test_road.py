"""The road from a draft to a licence, without the web."""

from __future__ import annotations

import pytest
from world import World, acceptance_answers, result

from licensing.cases import actions, drafts, issuing
from licensing.cases.machine import State
from licensing.errors import Conflict, Forbidden, Invalid, NotFound
from licensing.letters.actions import sealed_pdf
from licensing.licences.status import Status


def test_design_review_from_draft_to_licence(world: World) -> None:
    licence = world.granted("design_review")
    assert licence.number == "宁气雷审字(2026)第0001号"
    assert licence.status == Status.IN_FORCE
    page = world.page(licence.case_id or 0)
    assert page.state is State.GRANTED
    assert [letter.kind for letter in page.letters] == ["D1", "D4"]
    assert page.licence is not None
    assert page.licence.number == licence.number


def test_acceptance_on_two_promises(world: World) -> None:
    licence = world.granted("completion_acceptance")
    assert licence.number == "宁气雷验(2026)第0001号"
