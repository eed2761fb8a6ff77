"""The desk: a portal on a world with people in every post, and a browser for each of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask
from portal_tools import PASSWORD, SECRET, CheckingClient, Someone, parse
from werkzeug.test import TestResponse
from world import World

from portal.accounts import actions as accounts

ACTS = ("correction", "not-accept", "commission", "result", "propose", "grant", "refuse", "return")


@dataclass
class Desk:
    """Browsers by person; each speaks English, so that tests can read the source sentences."""

    app: Flask
    world: World
    log_in: Callable[..., None]
    people: dict[int, Someone] = field(default_factory=dict)

    def browser(self, person: int) -> CheckingClient:
        """A fresh browser of ``person``, signed in, the second factor just shown."""
        if person not in self.people:
            email = f"desk{person}@example.org"
            self.people[person] = Someone(accounts.create_account(email, PASSWORD, person, SECRET), person, email, SECRET)
        browser = self.app.test_client()
        assert isinstance(browser, CheckingClient)
        self.log_in(browser, self.people[person])
        browser.set_cookie("lang", "en")
        return browser

    def state(self, case_id: int) -> str:
        """Where the case stands."""
        return str(self.world.page(case_id).state)


def case_url(case_id: int, act: str = "") -> str:
    return f"/office/cases/{case_id}" + (f"/{act}" if act else "")


def buttons(page: TestResponse) -> set[str]:
    """The acts that the panel of a case page offers, by the last part of their address."""
    tree = parse(page.text)
    panel = next(node for node in tree.iter("section") if node.get("id") == "panel")
    targets = [node.get("href") for node in panel.iter("a")] + [node.get("action") for node in panel.iter("form")]
    return {target.rsplit("/", 1)[1] for target in targets if target}


def text(page: TestResponse) -> str:
    """The words of the page on one line."""
    tree = parse(page.text)
    main = next(node for node in tree.iter("main"))
    return re.sub(r"\s+", " ", "".join(main.itertext()))
