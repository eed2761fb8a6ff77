"""A person at a browser of their own. Whatever page they come to is inspected: is it usable by all, sound, and no wider than a phone?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from axe_playwright_python.sync_playwright import Axe
from babel.support import NullTranslations, Translations
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Playwright, Response, ViewportSize

from portal.i18n import TRANSLATIONS
from portal.language import LANGUAGES

CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 360, "height": 740}
STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
_REFUSED_PAGE = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@contextmanager
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The Chromium of the system, headless and silent."""
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
    yield browser
    browser.close()


@dataclass
class Visitor:
    """One person: a browser context without cookies at the start, and the language they read.

    ``press``, ``follow`` and ``open`` lead to a page and inspect it. Texts are named by their English source and looked for in the
    visitor's language.
    """

    page: Page
    base: str
    language: str
    pictures: Path
    phone: bool = False
    script: bool = True
    troubles: list[str] = field(default_factory=list)
    taken: int = 0

    @classmethod
    def arrive(cls, browser: Browser, base: str, pictures: Path, *, language: str = "en", phone: bool = False, script: bool = True) -> Self:
        """Open a browser of one's own; ``phone`` is a small touch screen, without ``script`` nothing runs on the page."""
        context = browser.new_context(
            viewport=PHONE if phone else DESK,
            is_mobile=phone,
            has_touch=phone,
            device_scale_factor=2 if phone else 1,
            java_script_enabled=script,
            locale="zh-CN" if language == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
        )
        context.set_default_timeout(60_000)
        visitor = cls(context.new_page(), base, language, pictures, phone, script)
        visitor._listen()
        visitor.open(f"/about?lang={language}")
        return visitor

    def words(self, source: str, **facts: object) -> str:
        """The English ``source`` in the visitor's language."""
        said = str(_catalogue(self.language).gettext(source))
        return said % facts if facts else said

    def open(self, path: str) -> Response:
        """Type an address of the portal."""
        answer = self.page.goto(self.base + path)
        assert answer is not None
        self.inspect()
        return answer

    def press(self, text: str, **facts: object) -> None:
        """Press the button of the page that says ``text``, and wait for what it leads to."""
        self.leave_by(self.page.get_by_role("button", name=self.words(text, **facts), exact=True).first)

    def follow(self, text: str, **facts: object) -> None:
        """Follow the link that says ``text``."""
        self.leave_by(self.page.get_by_role("link", name=self.words(text, **facts), exact=True).first)

    def leave_by(self, way_out: Locator) -> None:
        """Click (on a phone: tap) something that leads to another page."""
        with self.page.expect_navigation():
            way_out.tap() if self.phone else way_out.click()
        self.inspect()

    def type(self, name: str, value: str) -> None:
        """Answer the question with this name in the form, whatever kind of field it is."""
        asked = self.page.locator(f'[name="{name}"]')
        kind = asked.first.get_attribute("type")
        if kind in ("radio", "checkbox"):
            self.page.locator(f'[name="{name}"][value="{value}"]').check()
        elif asked.first.evaluate("node => node.tagName") == "SELECT":
            asked.select_option(value)
        else:
            asked.fill(value)

    def type_all(self, prefix: str, answers: Mapping[str, str]) -> None:
        """Answer several questions of one section or row."""
        for name, value in answers.items():
            self.type(f"{prefix}.{name}", value)

    def held(self, name: str) -> str:
        """What stands in a field now."""
        return self.page.locator(f'[name="{name}"]').input_value()

    def complaint(self, name: str) -> str:
        """What the page says beside a field."""
        shown = self.page.locator(f'[id="{name}-error"]')
        assert shown.is_visible()
        return shown.inner_text()

    def choose_files(self, name: str, *files: tuple[str, bytes]) -> None:
        """Pick files that lie on the visitor's own machine."""
        payloads: Any = [{"name": file_name, "mimeType": "application/octet-stream", "buffer": content} for file_name, content in files]
        self.page.locator(f'input[type=file][name="{name}"]').set_input_files(payloads)

    def says(self, text: str, **facts: object) -> bool:
        """Whether the page shows the English ``text`` in the visitor's language."""
        return self.words(text, **facts) in self.text()

    def text(self) -> str:
        """The words of the page as they are seen, on one line."""
        return re.sub(r"\s+", " ", self.page.locator("main").inner_text())

    def download(self, text: str) -> bytes:
        """Save the file behind the link that says ``text``."""
        with self.page.expect_download() as coming:
            self.page.get_by_role("link", name=self.words(text), exact=True).click()
        return Path(coming.value.path()).read_bytes()

    def inspect(self) -> None:
        """Hold the page against WCAG 2.2 AA, a phone's width, and its own console; raise with everything that is wrong."""
        where = self.page.url.removeprefix(self.base)
        self.troubles += [f"{where}: {trouble}" for trouble in (*self._barriers(), *self._overflow())]
        told, self.troubles = self.troubles, []
        assert told == []

    def picture(self, name: str) -> None:
        """Keep a picture of the page, for people who look into the test's folder."""
        self.taken += 1
        self.page.screenshot(path=self.pictures / f"{self.taken:02d}-{name}.png", full_page=True)

    def leave(self) -> None:
        """Close the browser for good."""
        self.page.context.close()

    def _barriers(self) -> Iterable[str]:
        """What axe-core finds; it needs scripts itself, so a visitor without them sees pages that others hold against it."""
        if not self.script:
            return
        options = {"runOnly": {"type": "tag", "values": list(STANDARDS)}, "resultTypes": ["violations"]}
        for found in Axe().run(self.page, options=options).response["violations"]:
            yield f"{found['id']}: {found['help']}: {[node['html'] for node in found['nodes']]}"

    def _overflow(self) -> Iterable[str]:
        if not self.phone:
            self.page.set_viewport_size(PHONE)
        too_wide = self.page.evaluate(_WIDER)
        if not self.phone:
            self.page.set_viewport_size(DESK)
        return [f"{too_wide} px too wide for a phone"] if too_wide > 0 else []

    def _listen(self) -> None:
        """Collect what a person would not see: errors of scripts, violations of the security policy, answers that broke."""
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("response", self._on_answer)
        self.page.on("requestfailed", lambda request: self._on_failed(request.url, request.failure))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def _on_console(self, message: ConsoleMessage) -> None:
        # A form that is refused answers with 4xx on purpose; the browser notes it in the console.
        refused = _REFUSED_PAGE.match(message.text) and "/static/" not in str(message.location.get("url", ""))
        if message.type in ("error", "warning") and not refused:
            self.troubles.append(f"console: {message.text}")

    def _on_answer(self, answer: Response) -> None:
        if answer.status >= 500:
            self.troubles.append(f"{answer.status} at {answer.url}")

    def _on_failed(self, url: str, failure: str | None) -> None:
        # A download takes its request out of the page.
        if failure != "net::ERR_ABORTED":
            self.troubles.append(f"{failure} at {url}")


def _catalogue(language: str) -> NullTranslations:
    return Translations.load(str(TRANSLATIONS), [LANGUAGES[language]])
