"""Documents beside the checklist: every page as a picture that was drawn anew, the original only as a download."""

from __future__ import annotations

import io

import pikepdf
import pytest
from office_tools import Desk, case_url, text
from PIL import Image
from portal_tools import parse

from licensing.cases import actions, drafts
from licensing.cases.tables import CaseDocument
from licensing.documents import previews
from licensing.documents.tables import PagePicture
from licensing.policy import SYSTEM
from licensing.storage import reading, unit_of_work

pytestmark = pytest.mark.slow


def pages(count: int) -> bytes:
    with pikepdf.new() as document:
        for _ in range(count):
            document.add_blank_page(page_size=(595, 842))
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()


def photograph() -> bytes:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[271] = "SecretCamera"
    Image.new("RGB", (1800, 600), "white").save(out, "JPEG", exif=exif)
    return out.getvalue()


def handed_in(desk: Desk, content: bytes, name: str = "图纸.pdf") -> tuple[int, int]:
    """A submitted case with ``content`` in a slot; the ids of the case and of the document."""
    case_id = desk.world.draft()
    slot = next(material.code for material in desk.world.page(case_id).matter.materials if material.max_files > 1)
    document = drafts.add_document(desk.world.actor(desk.world.applicant), case_id, slot, name, content)
    actions.submit(desk.world.actor(desk.world.applicant), case_id)
    return case_id, document.id


def picture_url(case_id: int, document_id: int, page: int = 1) -> str:
    return case_url(case_id, f"documents/{document_id}/pages/{page}")


def test_every_page_is_shown_as_a_lazy_picture_and_the_original_is_a_download_with_a_warning(desk: Desk) -> None:
    case_id, document_id = handed_in(desk, pages(3))
    browser = desk.browser(desk.world.intake)
    page = browser.get(case_url(case_id))
    pictures = [node for node in parse(page.text).iter("img") if f"/documents/{document_id}/pages/" in node.get("src", "")]
    assert [node.get("src") for node in pictures] == [picture_url(case_id, document_id, number) for number in (1, 2, 3)]
    assert {node.get("loading") for node in pictures} == {"lazy"}
    assert "download it only when the pictures are not enough" in text(page)
    answer = browser.get(pictures[2].get("src") or "")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(answer.data)).width == 900
    original = browser.get(case_url(case_id, f"documents/{document_id}"))
    assert original.headers["Content-Disposition"].startswith("attachment;")


def test_a_photograph_is_drawn_without_what_the_camera_wrote(desk: Desk) -> None:
    case_id, document_id = handed_in(desk, photograph(), "现场.jpg")
    answer = desk.browser(desk.world.intake).get(picture_url(case_id, document_id))
    assert Image.open(io.BytesIO(answer.data)).size == (900, 300)
    assert b"SecretCamera" in photograph()
    assert b"SecretCamera" not in answer.data


def test_a_page_is_drawn_once_for_all_cases_that_hold_the_same_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id, document_id = handed_in(desk, pages(2))
    browser = desk.browser(desk.world.intake)
    first = browser.get(picture_url(case_id, document_id)).data
    monkeypatch.setattr(previews, "ask", None)
    assert browser.get(picture_url(case_id, document_id)).data == first


def test_a_file_that_cannot_be_drawn_says_so_and_nothing_else_breaks(desk: Desk) -> None:
    case_id, document_id = handed_in(desk, pages(1))
    with unit_of_work(SYSTEM) as work:
        row = work.session.get_one(CaseDocument, document_id)
        row.sha256 = work.files.put(b"%PDF-1.7 not any more")
    browser = desk.browser(desk.world.intake)
    for _look in range(2):
        answer = browser.get(picture_url(case_id, document_id))
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
        assert "could not be drawn" in answer.text
    assert browser.get(case_url(case_id)).status_code == 200
    with reading(SYSTEM) as look:
        assert look.session.get_one(PagePicture, (row.sha256, 1)).picture_sha256 is None


def test_a_long_file_is_shown_up_to_its_thirtieth_page(desk: Desk) -> None:
    case_id, document_id = handed_in(desk, pages(31))
    browser = desk.browser(desk.world.intake)
    page = browser.get(case_url(case_id))
    assert "The first 30 pages are shown." in text(page)
    assert browser.get(picture_url(case_id, document_id, 30)).status_code == 200
    for number in (0, 31, 32):
        assert browser.get(picture_url(case_id, document_id, number)).status_code == 404


def test_each_picture_is_asked_of_the_policy(desk: Desk) -> None:
    case_id, document_id = handed_in(desk, pages(1))
    draft = desk.world.draft()
    open_draft = next(iter(desk.world.page(draft).documents.values()))[0].id
    browser = desk.browser(desk.world.intake)
    assert browser.get(picture_url(case_id, document_id)).status_code == 200
    assert browser.get(picture_url(draft, open_draft)).status_code == 404, "the draft is the applicant's"
    assert browser.get(picture_url(case_id, open_draft)).status_code == 404, "a document of another case"
    for person in (desk.world.applicant, desk.world.stranger):
        assert desk.browser(person).get(picture_url(case_id, document_id)).status_code == 403
