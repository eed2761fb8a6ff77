"""The public page on which everybody checks a letter, and the receipt on the officer's page."""

from __future__ import annotations

import pytest
from office_tools import Desk, case_url, text

from licensing.cases import actions
from licensing.letters.tables import Letter
from portal.public.letter_routes import LETTERS

pytestmark = pytest.mark.slow


def letter_of(desk: Desk) -> tuple[int, Letter]:
    case_id = desk.world.accepted()
    return case_id, desk.world.page(case_id).letters[0]


def test_everybody_who_holds_a_letter_sees_that_it_is_genuine(desk: Desk) -> None:
    case_id, letter = letter_of(desk)
    visitor = desk.app.test_client()
    visitor.set_cookie("lang", "en")
    code = letter.content["check_code"]
    for path in (f"/l/{letter.id}/{code}", f"/verify/letter?number={letter.number}&code={code}"):
        answer = visitor.get(path)
        shown = text(answer)
        assert answer.status_code == 200
        for words in (
            "Genuine letter",
            letter.number,
            "雷电防护装置设计审核受理回执",
            "2 Mar 2026",
            desk.world.page(case_id).case.public_number,
        ):
            assert words in shown
        assert letter.content_sha256 in answer.text
        assert "城东加油站" not in answer.text, "what the letter says is not for everybody"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_letter_that_is_not_known_is_said_to_be_none(desk: Desk) -> None:
    _, letter = letter_of(desk)
    visitor = desk.app.test_client()
    visitor.set_cookie("lang", "en")
    for path in (f"/l/{letter.id}/2222-3333", "/l/99999/2222-3333", "/verify/letter?number=x&code=y"):
        answer = visitor.get(path)
        assert answer.status_code == 404
        assert "No such letter" in text(answer)
    half = visitor.get("/verify/letter?number=x&code=")
    assert (half.status_code, "Type the check code" in text(half)) == (422, True)
    assert visitor.get("/verify/letter").status_code == 200


def test_guesses_are_counted(desk: Desk) -> None:
    _, letter = letter_of(desk)
    visitor = desk.app.test_client()
    answers = [visitor.get(f"/l/{letter.id}/2222-3333").status_code for _ in range(LETTERS.times + 1)]
    assert answers == [404] * LETTERS.times + [429]


def test_the_officer_sees_who_opened_a_letter_first_and_when(desk: Desk) -> None:
    case_id = desk.world.submitted()
    actions.not_accept(desk.world.actor(desk.world.intake), case_id, "不属于本机关职权范围。")
    officer = desk.browser(desk.world.intake)
    letter = desk.world.page(case_id).letters[0]
    assert "Not opened yet" in text(officer.get(case_url(case_id)))
    assert desk.browser(desk.world.member).get(f"/my/cases/{case_id}/letters/{letter.id}").status_code == 200
    assert "First opened by 方小雨 on 2 Mar 2026" in text(officer.get(case_url(case_id)))
