"""The checker in Chromium: text, picture, PDF and camera, lists that age and change, and the network gone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from checker import (
    CHECKER,
    answered,
    choose,
    codes,
    film_of,
    headline,
    list_age,
    open_checker,
    paste,
    picture_of,
    ready,
    status_cwt,
)
from checker_fixtures import Visit
from issued import Register
from live import serving
from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright
from sqlalchemy import select
from visitors import CHROMIUM, QUIET, Visitor, chromium

from licensing.clock import now
from licensing.licences import status_list
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.storage import storage, unit_of_work
from licensing.trust import status_token
from licensing.trust.current import current_trust_list
from licensing.trust.keys import ensure_authority_keys
from licensing.trust.status_token import StatusClaims
from portal.app import create_app
from portal.public import check_release
from portal.public.check_release import worker_source

pytestmark = pytest.mark.slow

DAY = 24 * 3600


# -- ways in ------------------------------------------------------------------------------------------------------------------------


def test_text_picture_and_pdf_are_read_on_the_device(listed: Register, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "licence.pdf").write_bytes(listed.pdf(0))
    page = picture_of(tmp_path / "licence.pdf", tmp_path).read_bytes()
    visitor = visit()
    open_checker(visitor)
    visitor.inspect()
    sent: list[str] = []
    visitor.page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    for source in ("text", "picture", "pdf"):
        if source == "text":
            paste(visitor, f"  {listed.entries[0]['qr']}\n")
        else:
            choose(visitor, *(("p.png", page, "image/png") if source == "picture" else ("l.pdf", listed.pdf(0), "application/pdf")))
        assert codes(visitor) == ("signed-code", "ok", "in-force-as-of"), source
        assert visitor.page.locator("[data-pdf-note]").is_visible() == (source == "pdf")
        assert listed.entries[0]["holder"] in visitor.text()
        assert listed.entries[0]["identifier"] in visitor.text()
        visitor.inspect()
    number = listed.entries[0]["qr"].rpartition("/")[2]
    assert visitor.page.get_by_role("link", name=visitor.words("Ask the register now")).get_attribute("href") == f"/v/{number}"
    assert [request for request in sent if not re.match(r"GET \S+/check/parts/", request)] == []


def test_what_shows_no_licence_is_told_so(listed: Register, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "licence.pdf").write_bytes(listed.pdf(0))
    page = Image.open(picture_of(tmp_path / "licence.pdf", tmp_path)).convert("RGB")
    (tmp_path / "other.pdf").write_bytes(listed.pdf(1))
    other = Image.open(picture_of(tmp_path / "other.pdf", tmp_path)).convert("RGB")
    two = Image.new("RGB", (page.width * 2, page.height), "white")
    two.paste(page, (0, 0))
    two.paste(other, (page.width, 0))
    blank = Image.new("RGB", (600, 600), "white")
    visitor = visit()
    open_checker(visitor)
    for content, kind, whole in (
        (png(blank), "image/png", "no-qr"),
        (png(two), "image/png", "several-qr"),
        (b"GIF89a nothing", "image/gif", "unreadable"),
        (b"%PDF-1.7\nnothing", "application/pdf", "unreadable"),
        (listed.pdf(0)[:2000], "application/pdf", "unreadable"),
    ):
        choose(visitor, "x", content, kind)
        assert codes(visitor) == (whole, "not-checked", "not-checked")
        visitor.inspect()
    paste(visitor, "https://zz.examp1e.gov.cn/v/123")
    assert codes(visitor)[0] == "qr-foreign-host"
    assert headline(visitor) == visitor.words("Not valid")


def png(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


@contextmanager
def filming(film: Path | None = None) -> Iterator[Browser]:
    """A browser whose camera shows a film, or a pattern without any code."""
    camera = ["--use-fake-device-for-media-stream", *([f"--use-file-for-fake-video-capture={film}"] if film else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *camera])
        yield browser
        browser.close()


def test_the_camera_finds_the_code(listed: Register, tmp_path: Path) -> None:
    (tmp_path / "licence.pdf").write_bytes(listed.pdf(2))
    film = film_of(picture_of(tmp_path / "licence.pdf", tmp_path, dpi=200), tmp_path / "film.y4m")
    with serving(create_app(listed.settings)) as address, filming(film) as browser:
        visitor = Visitor.arrive(browser, address, tmp_path, phone=True)
        visitor.page.context.grant_permissions(["camera"])
        open_checker(visitor)
        visitor.page.get_by_role("button", name="Start the camera").click()
        answered(visitor)
        assert codes(visitor) == ("signed-code", "ok", "in-force-as-of")
        assert visitor.page.evaluate("document.getElementById('camera').srcObject") is None
        visitor.inspect()
        visitor.page.get_by_role("button", name="Check another licence").click()
        visitor.page.get_by_role("button", name="Start the camera").click()
        answered(visitor)
        visitor.leave()


def test_a_camera_that_sees_no_code_can_be_stopped(listed: Register, tmp_path: Path) -> None:
    with serving(create_app(listed.settings)) as address, filming() as browser:
        visitor = Visitor.arrive(browser, address, tmp_path, phone=True)
        visitor.page.context.grant_permissions(["camera"])
        open_checker(visitor)
        visitor.page.get_by_role("button", name="Start the camera").click()
        visitor.page.locator("#viewfinder").wait_for()
        visitor.page.wait_for_timeout(1500)
        visitor.inspect()
        visitor.picture("camera")
        visitor.page.get_by_role("button", name="Stop the camera").click()
        assert visitor.page.locator("#viewfinder").is_hidden()
        assert visitor.page.locator("#result").is_hidden()
        assert visitor.page.evaluate("document.activeElement.id") == "camera-start"
        visitor.leave()
    storage().engine.dispose()


def test_without_leave_to_use_the_camera_the_other_ways_are_named(visit: Visit) -> None:
    visitor = visit()
    open_checker(visitor)
    visitor.page.get_by_role("button", name="Start the camera").click()
    visitor.page.locator("#progress:not(:empty)").filter(has_text="other ways").wait_for()
    assert visitor.page.locator("#viewfinder").is_hidden()
    visitor.inspect()


def test_by_keyboard_alone(listed: Register, visit: Visit) -> None:
    visitor = visit()
    open_checker(visitor)
    visitor.page.locator("#file").focus()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.insert_text(listed.entries[1]["qr"])
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("Enter")
    answered(visitor)
    assert visitor.page.evaluate("document.activeElement.id") == "result"
    assert visitor.page.locator("#verdict").get_attribute("aria-live") == "polite"
    assert codes(visitor)[2] == "in-force-as-of"


def test_without_script_the_page_says_what_to_do_instead(visit: Visit) -> None:
    visitor = visit(script=False)
    visitor.open(CHECKER)
    assert "This page needs scripts" in visitor.text()
    assert "Start the camera" not in visitor.text()
    visitor.page.locator("noscript a").click()
    assert visitor.page.url.endswith("/verify")


# -- time and status ----------------------------------------------------------------------------------------------------------------


def test_a_list_that_is_too_old_confirms_nothing(listed: Register, visit: Visit) -> None:
    visitor = visit()
    open_checker(visitor, kept=True)
    paste(visitor, listed.entries[0]["qr"])
    assert "less than a minute old" in list_age(visitor) or "minute" in list_age(visitor)
    assert visitor.page.locator("#verdict .verdict.list").is_visible()
    visitor.page.context.set_offline(True)
    for hours, said, expected in (
        (3, "3 hours old", "in-force-as-of"),
        (23, "23 hours old", "in-force-as-of"),
        (49, "2 days old", "status-stale"),
    ):
        visitor.page.clock.set_fixed_time(now() + timedelta(hours=hours, minutes=5))
        paste(visitor, listed.entries[0]["qr"])
        assert codes(visitor) == ("signed-code", "ok", expected)
        assert said in list_age(visitor)
    assert headline(visitor) == "Cannot be confirmed"
    visitor.inspect()
    visitor.page.clock.set_fixed_time(now() + timedelta(days=200))
    paste(visitor, listed.entries[0]["qr"])
    assert codes(visitor)[1:] == ("trust-list-stale", "status-stale")
    visitor.page.clock.set_fixed_time(now() - timedelta(hours=1))
    paste(visitor, listed.entries[0]["qr"])
    assert codes(visitor)[2] == "status-stale"
    assert "clock of this device" in list_age(visitor)


REVOKED = {
    Status.SUSPENDED: "suspended",
    Status.REVOKED_FOR_DECEIT: "revoked-for-deceit",
    Status.REVOKED_AS_PENALTY: "revoked-as-penalty",
    Status.PERMISSION_WITHDRAWN: "ended",
    Status.CANCELLED: "ended",
    Status.REPLACED: "replaced",
    Status.IN_FORCE: "in-force-as-of",
}


def test_a_revoked_licence_is_told_after_the_next_renewal(listed: Register, visit: Visit) -> None:
    visitor = visit()
    open_checker(visitor)
    for status, code in REVOKED.items():
        with unit_of_work(SYSTEM) as work:
            licence = work.session.scalars(select(Licence).where(Licence.number == listed.entries[1]["number"])).one()
            licence.status, licence.status_since = status.value, work.now
            status_list.changed(work, licence)
        renew(visitor)
        paste(visitor, listed.entries[1]["qr"])
        assert codes(visitor) == ("signed-code", "ok", code)
        assert headline(visitor).startswith("Genuine" if status is Status.IN_FORCE else "Not valid")


# -- without the network ------------------------------------------------------------------------------------------------------------


def test_it_works_after_the_server_is_gone(listed: Register, tmp_path: Path) -> None:
    (tmp_path / "licence.pdf").write_bytes(listed.pdf(1))
    page = picture_of(tmp_path / "licence.pdf", tmp_path).read_bytes()
    app = create_app(listed.settings)
    with sync_playwright() as playwright, chromium(playwright) as browser:
        with serving(app) as address:
            visitor = Visitor.arrive(browser, address, tmp_path)
            open_checker(visitor, kept=True)
        visitor.page.context.set_offline(True)
        visitor.page.reload()
        ready(visitor)
        asked: list[str] = []
        visitor.page.context.on("request", lambda request: asked.append(request.url.removeprefix(address)))
        for name, content, kind in (("p.png", page, "image/png"), ("l.pdf", listed.pdf(1), "application/pdf")):
            choose(visitor, name, content, kind)
            assert codes(visitor) == ("signed-code", "ok", "in-force-as-of")
        assert visitor.page.get_by_role("link", name="Ask the register now").is_hidden()
        assert visitor.page.locator("#renew").is_hidden()
        assert [path for path in asked if not path.startswith("/check/parts/")] == []
        visitor.page.goto(f"{address}{CHECKER}?lang=zh")
        ready(visitor)
        assert visitor.page.locator("html").get_attribute("lang") == "zh-Hans"
        visitor.page.goto(address + CHECKER)
        ready(visitor)
        assert visitor.page.locator("html").get_attribute("lang") == "zh-Hans"
        assert visitor.page.evaluate(_KEPT_PATHS) == []
        visitor.inspect()
        visitor.leave()
    storage().engine.dispose()


_KEPT_PATHS = """async () => {
  const kept = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
  return kept.flat().map((request) => new URL(request.url).pathname).filter((path) => !/^\\/(check|static)\\//.test(path));
}"""


def test_a_new_release_waits_until_it_is_asked_for(listed: Register, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = visit()
    open_checker(visitor, kept=True)
    monkeypatch.setattr(check_release, "worker_source", lambda: worker_source() + "\n/* mended */\n")
    open_checker(visitor, kept=True)
    visitor.page.locator("#newer").wait_for()
    visitor.inspect()
    visitor.page.get_by_role("button", name="Use it now").click()
    visitor.page.locator("#newer").wait_for(state="hidden")
    ready(visitor)
    paste(visitor, listed.entries[0]["qr"])
    assert codes(visitor)[2] == "in-force-as-of"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("phone", [False, True])
def test_it_is_usable_by_all_in_both_languages(listed: Register, visit: Visit, language: str, phone: bool) -> None:
    visitor = visit(language=language, phone=phone)
    open_checker(visitor, kept=True)
    visitor.inspect()
    visitor.picture(f"checker-{language}")
    paste(visitor, listed.entries[2]["qr"])
    visitor.inspect()
    visitor.picture(f"checker-valid-{language}")
    paste(visitor, listed.entries[2]["qr"][:-1])
    visitor.inspect()
    visitor.picture(f"checker-invalid-{language}")


# -- lists that others hand out -----------------------------------------------------------------------------------------------------


@contextmanager
def handing_out(visitor: Visitor, path: str, content: bytes) -> Iterator[None]:
    """The portal hands out something else under ``path``."""

    def answer(route: Route) -> None:
        route.fulfill(status=200, body=content)

    visitor.page.context.route(f"**{path}", answer)
    yield
    visitor.page.context.unroute(f"**{path}")


def renew(visitor: Visitor) -> None:
    visitor.page.locator("#renew").click()
    visitor.page.locator("#renew[aria-disabled=false]").wait_for()


def test_a_trust_list_of_a_foreign_root_changes_nothing(listed: Register, visit: Visit, tmp_path: Path) -> None:
    ensure_authority_keys(tmp_path / "foreign", "SAMPLE", "样例市气象局", "11990100MB0A00001L", b"\xfa")
    foreign = current_trust_list(listed.settings.model_copy(update={"keys": tmp_path / "foreign"})).signed
    visitor, newcomer = visit(), visit()
    open_checker(visitor)
    with handing_out(visitor, "/.well-known/leizheng/trust-list", foreign):
        renew(visitor)
        assert visitor.page.locator("#failed").is_visible()
        paste(visitor, listed.entries[0]["qr"])
        assert codes(visitor) == ("signed-code", "ok", "in-force-as-of")
    with handing_out(newcomer, "/.well-known/leizheng/trust-list", foreign):
        open_checker(newcomer)
        assert newcomer.page.locator("#state").inner_text() == newcomer.words("Lists missing")
        paste(newcomer, listed.entries[0]["qr"])
        assert codes(newcomer) == ("not-checked", "not-checked", "not-checked")
        assert headline(newcomer) == newcomer.words("Cannot be confirmed")


def test_lists_never_go_back(listed: Register, visit: Visit) -> None:
    """An older status list, rightly signed, does not bring a revoked licence back to life."""
    uri, moment = listed.trust.status_uri("SAMPLE"), int(now().timestamp())
    claims = StatusClaims(uri, moment - 3600, moment - 3600 + DAY, 3600, 4, status_token.compress(status_token.pack([0] * 64)))
    visitor = visit()
    open_checker(visitor)
    before = visitor.page.locator("#age").inner_text()
    with handing_out(visitor, "/status/SAMPLE", status_cwt(listed.settings, listed.trust, claims)):
        renew(visitor)
    assert visitor.page.locator("#failed").is_visible()
    assert visitor.page.locator("#age").inner_text()[:26] == before[:26]
