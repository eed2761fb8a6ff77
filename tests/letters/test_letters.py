"""Letters: a QR that the register answers, a receipt when they are opened, the same bytes for ever, and the remedy where it is due."""

from __future__ import annotations

import hashlib
import re

import pytest
from world import World

from licensing.cases import actions, evidence
from licensing.catalogue import load_catalogue
from licensing.documents import letter as documents_letter
from licensing.documents.sandbox import ask
from licensing.ledger.tables import LedgerLeaf
from licensing.letters import actions as letters
from licensing.letters.health import OPENED_LEAF, opened_digest
from licensing.letters.tables import Letter
from licensing.policy import SYSTEM
from licensing.register.letters import scanned, typed
from licensing.storage import reading, storage, unit_of_work

ADVERSE = re.compile("不予|撤销|吊销|撤回|注销|暂扣|终止|责令")
HARMLESS = {"D8-2"}
"""The end of a suspension 解除暂扣 is no decision against anybody."""


def refused(world: World) -> tuple[int, Letter]:
    """A case that was not accepted, and its letter."""
    case_id = world.submitted()
    actions.not_accept(world.actor(world.intake), case_id, "不属于本机关职权范围。")
    return case_id, world.page(case_id).letters[-1]


def test_every_letter_that_decides_against_its_addressee_tells_the_remedy_in_both_languages() -> None:
    for kind in load_catalogue().letters:
        assert kind.adverse == (ADVERSE.search(kind.name) is not None and kind.code not in HARMLESS), kind.code
        if kind.adverse:
            for words in ("六十日", "行政复议", "六个月", "行政诉讼"):
                assert words in kind.remedy, kind.code
            for words in ("administrative review", "60 days", "court", "6 months"):
                assert words in kind.english_remedy, kind.code


@pytest.mark.slow
def test_the_qr_of_a_letter_leads_to_what_the_register_says_of_it(world: World) -> None:
    case_id, letter = refused(world)
    _, pdf = evidence.letter_for(world.actor(world.intake), case_id, letter.id)
    (link,) = ask("licensing.documents.child:scan_qr", pdf)
    code = letter.content["check_code"]
    assert link == f"https://{world.settings.public_host}/l/{letter.id}/{code}"
    found = scanned(letter.id, code)
    assert found is not None
    assert (found.number, found.about) == (letter.number, world.page(case_id).case.public_number)
    assert found.addressee == "南京金陵石化销售有限公司"
    assert found.file_sha256 == hashlib.sha256(pdf).hexdigest()
    assert found.as_written
    spelled = typed(letter.number.replace("(", "（").replace(")", "）"), code.lower().replace("-", " "))
    assert spelled is not None
    assert spelled.number == letter.number


def test_a_wrong_code_or_number_finds_no_letter(world: World) -> None:
    _, letter = refused(world)
    code = letter.content["check_code"]
    other = "2222-2222" if code != "2222-2222" else "3333-3333"
    assert scanned(letter.id, other) is scanned(letter.id, "") is scanned(letter.id + 1, code) is None
    assert typed(letter.number, other) is typed(f"{letter.number}1", code) is typed("", "") is None


def test_a_letter_whose_words_were_changed_behind_our_back_is_not_confirmed(world: World) -> None:
    _, letter = refused(world)
    with unit_of_work(SYSTEM) as work:
        row = work.session.get_one(Letter, letter.id)
        row.content = {**row.content, "items": ["另有原因。"]}
    found = scanned(letter.id, letter.content["check_code"])
    assert found is not None
    assert not found.as_written


def test_the_first_opening_by_the_applicant_is_the_receipt_and_stands_in_the_log(world: World) -> None:
    case_id, letter = refused(world)
    evidence.letter_for(world.actor(world.intake), case_id, letter.id)
    assert world.page(case_id).letters[-1].opened_at is None, "an officer's look is no delivery"
    for person in (world.member, world.applicant):
        evidence.letter_for(world.actor(person), case_id, letter.id)
    page = world.page(case_id)
    opened = page.letters[-1]
    assert opened.opened_by == world.member
    assert page.letter_readers == {world.member: "方小雨"}
    assert opened.opened_at is not None
    with reading(SYSTEM) as look:
        leaf = look.session.query(LedgerLeaf).filter_by(kind=OPENED_LEAF, subject=letter.number).one()
    assert opened_digest(opened.opened_at, world.member).hex().encode() in leaf.entry


def test_a_reprint_is_always_the_stored_bytes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id, letter = refused(world)
    first = letters.sealed_pdf(letter.id)
    monkeypatch.setattr(documents_letter, "render_letter", None)
    monkeypatch.setattr(letters.sealing, "seal", None)
    for person in (world.applicant, world.intake):
        assert evidence.letter_for(world.actor(person), case_id, letter.id)[1] == first
    with reading(SYSTEM) as look:
        row = look.session.get_one(Letter, letter.id)
    assert storage().files.get(row.file_sha256 or "") == first
