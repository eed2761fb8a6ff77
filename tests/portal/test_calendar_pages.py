"""The calendar in the portal: what an import would change, confirmed with a second factor, shown afterwards and taken back."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from office_tools import Desk, case_url, text
from portal_tools import CheckingClient, Someone, parse

from licensing.cases.calendars import overview
from licensing.clock.notice import shipped_text
from licensing.policy import SYSTEM, Role

SHIPPED = shipped_text(2026) or ""
CHANGED = SHIPPED.replace("\n]", '\n    { name = "labour_day", first = 2026-03-05, last = 2026-03-05, make_up = [] },\n]')


@pytest.fixture
def admin(desk: Desk, someone: Callable[..., Someone], log_in: Callable[..., None]) -> CheckingClient:
    return enter(desk, someone, log_in, Role.SYSTEM_ADMIN)


def enter(desk: Desk, someone: Callable[..., Someone], log_in: Callable[..., None], role: Role, *, fresh: bool = True) -> CheckingClient:
    browser = desk.app.test_client()
    assert isinstance(browser, CheckingClient)
    log_in(browser, someone("系统管理员", admin=role))
    browser.set_cookie("lang", "en")
    return browser


def hidden(page: str, action: str) -> dict[str, object]:
    """The hidden fields of the form that leads to ``action``."""
    form = next(form for form in parse(page).iter("form") if form.get("action") == action)
    return {field.get("name") or "": field.get("value", "") for field in form.iter("input") if field.get("type") == "hidden"}


def test_a_year_is_previewed_imported_shown_and_taken_back(desk: Desk, admin: CheckingClient) -> None:
    case_id = desk.world.submitted()
    number = desk.world.page(case_id).case.public_number
    preview = admin.send("/admin/calendar/preview", {"content": CHANGED})
    said = text(preview)
    for words in (
        "5 Mar 2026 Thursday",
        "working day",
        "holiday: Labour Day",
        number,
        "9 Mar 2026",
        "10 Mar 2026",
        "Nothing is stored yet.",
    ):
        assert words in said, words
    assert overview(SYSTEM).imports == ()
    assert "城东加油站" not in said
    assert desk.world.page(case_id).company.name not in said

    made = admin.post("/admin/calendar", data=hidden(preview.text, "/admin/calendar"))
    assert made.status_code == 303
    page = admin.get(made.location)
    assert number in text(page)
    assert "系统管理员" in text(page)
    for person, path in ((desk.world.intake, case_url(case_id)), (desk.world.applicant, f"/my/cases/{case_id}")):
        shown = text(desk.browser(person).get(path))
        assert "The calendar of 2026 was changed: the legal date moved from 2026-03-09 to 2026-03-10." in shown

    undo = next(link.get("href", "") for link in parse(page.text).iter("a") if "undo=" in link.get("href", ""))
    form = admin.get(undo)
    typed = next(area for area in parse(form.text).iter("textarea") if area.get("id") == "content")
    assert (typed.text or "").strip() == SHIPPED.strip()
    again = admin.send("/admin/calendar/preview", {"content": typed.text or ""})
    admin.post("/admin/calendar", data=hidden(again.text, "/admin/calendar"))
    assert str(desk.world.page(case_id).case.due_on) == "2026-03-09"
    assert [one.in_force for one in overview(SYSTEM).imports] == [True, False]


def test_a_file_is_read_like_pasted_text(admin: CheckingClient) -> None:
    file = (io.BytesIO(b"\xef\xbb\xbf" + CHANGED.replace("\n", "\r\n").encode()), "2026.toml")
    preview = admin.send("/admin/calendar/preview", {"file": file, "content": ""}, content_type="multipart/form-data")
    assert "holiday: Labour Day" in text(preview)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "Line 1: there is nothing in it."),
        ("year = 2027\nstate = ", "Line 2: this is not TOML (Invalid value)."),
        (
            CHANGED.replace('"labour_day", first = 2026-03-05', '"singles_day", first = 2026-03-05'),
            "Line 16: a holiday has one of the names",
        ),
        (CHANGED.replace("2026-10-10", "2026-10-12"), "Line 15: the make-up day 2026-10-12 is not a Saturday or Sunday."),
        (CHANGED.replace('"published"', '"rumour"'), "Line 3: “state” has to be one of published, provisional, missing."),
        (CHANGED.replace("make_up = [] },\n]", "make_up = 3 },\n]"), "Line 16: “make_up” has to be a list of days."),
    ],
)
def test_a_file_that_cannot_be_read_says_line_and_reason_and_is_kept(admin: CheckingClient, content: str, words: str) -> None:
    page = admin.send("/admin/calendar/preview", {"content": content})
    assert page.status_code == 422
    assert words in text(page)
    typed = next(area for area in parse(page.text).iter("textarea") if area.get("id") == "content")
    assert (typed.text or "").strip() == content.strip()


def test_bytes_that_are_no_text_say_so(admin: CheckingClient) -> None:
    file = (io.BytesIO(b"year = 2027\n\xff\xfe"), "2027.toml")
    page = admin.send("/admin/calendar/preview", {"file": file}, content_type="multipart/form-data")
    assert "Line 2: the file is not text in UTF-8." in text(page)


def test_the_second_factor_is_asked_for_and_the_import_goes_on_after_it(desk: Desk, admin: CheckingClient, morning: object) -> None:
    preview = admin.send("/admin/calendar/preview", {"content": CHANGED})
    morning.move_to(desk_time(6))  # type: ignore[attr-defined]
    asked = admin.post("/admin/calendar", data=hidden(preview.text, "/admin/calendar"))
    assert asked.status_code == 403
    assert overview(SYSTEM).imports == ()
    kept = [field.get("value", "") for field in parse(asked.text).iter("input") if field.get("name") == "content"]
    assert [value.replace("\r\n", "\n").strip() for value in kept] == [CHANGED.strip()]


def desk_time(minutes: int) -> object:
    from datetime import UTC, datetime, timedelta

    return datetime(2026, 3, 2, 1, 0, tzinfo=UTC) + timedelta(minutes=minutes)


def test_an_import_in_between_shows_the_preview_again(admin: CheckingClient) -> None:
    preview = hidden(admin.send("/admin/calendar/preview", {"content": CHANGED}).text, "/admin/calendar")
    other = hidden(admin.send("/admin/calendar/preview", {"content": CHANGED.replace("03-05", "03-04")}).text, "/admin/calendar")
    assert admin.post("/admin/calendar", data=other).status_code == 303
    again = admin.post("/admin/calendar", data=preview)
    assert again.status_code == 409
    assert "The calendar was changed in the meantime" in text(again)
    assert admin.post("/admin/calendar", data=hidden(again.text, "/admin/calendar")).status_code == 303


def test_many_moves_are_shown_page_by_page(desk: Desk, admin: CheckingClient) -> None:
    first = desk.world.submitted()
    desk.world.copies(first, 60)
    preview = admin.send("/admin/calendar/preview", {"content": CHANGED})
    assert "1 to 20 of 61" in text(preview)
    second = admin.post("/admin/calendar/preview", data={**hidden(preview.text, "/admin/calendar/preview"), "start": "60"})
    assert "61 to 61 of 61" in text(second)
    made = admin.post("/admin/calendar", data=hidden(second.text, "/admin/calendar"))
    page = admin.get(made.location)
    after = next(link.get("href", "") for link in parse(page.text).iter("a") if "after=" in link.get("href", ""))
    assert text(admin.get(after)).count("10 Mar 2026") == 20


@pytest.mark.parametrize("role", [Role.SECURITY_ADMIN, Role.AUDIT_ADMIN])
def test_the_other_administrators_look_and_cannot_import(
    desk: Desk, someone: Callable[..., Someone], log_in: Callable[..., None], role: Role
) -> None:
    browser = enter(desk, someone, log_in, role)
    page = browser.get("/admin/calendar")
    assert page.status_code == 200
    assert "<textarea" not in page.text
    for path in ("/admin/calendar/preview", "/admin/calendar"):
        assert browser.send(path, {"content": CHANGED}).status_code == 403
    assert overview(SYSTEM).imports == ()


def test_an_import_that_does_not_exist_is_not_found(admin: CheckingClient) -> None:
    assert admin.get("/admin/calendar/77").status_code == 404
    assert admin.get("/admin/calendar?undo=77").status_code == 404
