"""Journeys: the portal on a real port, an empty database, people in browsers of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from checker_fixtures import listed, visit
from live import Town, serving
from visitors import Visitor, chromium
from world import build_world

from licensing.settings import Settings
from licensing.storage import storage
from portal.app import create_app

__all__ = ["listed", "visit"]


@pytest.fixture
def town(settings: Settings, morning: time_machine.Traveller) -> Iterator[Town]:
    app = create_app(settings)
    with serving(app) as address:
        yield Town(build_world(settings), address, morning)
    storage().engine.dispose()


@pytest.fixture
def browser(town: Town) -> Iterator[Browser]:
    """Opened after the portal, closed before the next test: Playwright keeps an event loop here, beside which Flask cannot work."""
    with sync_playwright() as playwright, chromium(playwright) as opened:
        yield opened


@pytest.fixture
def arrive(browser: Browser, town: Town, tmp_path: Path) -> Iterator[Callable[..., Visitor]]:
    """``arrive("applicant", language="zh", phone=True, script=False)``: somebody opens a browser; pictures go to a folder of that name."""
    visitors: list[Visitor] = []

    def come(name: str, *, language: str = "en", phone: bool = False, script: bool = True) -> Visitor:
        pictures = tmp_path / "pictures" / name
        pictures.mkdir(parents=True)
        visitors.append(Visitor.arrive(browser, town.address, pictures, language=language, phone=phone, script=script))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.leave()
