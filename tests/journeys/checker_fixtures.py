"""A portal on a real port, and visitors who ask nothing of anybody else and have nothing to complain about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from issued import Register
from live import serving
from playwright.sync_api import Browser, sync_playwright
from visitors import Visitor, chromium

from licensing.licences import status_list
from licensing.settings import Settings
from licensing.storage import storage
from portal.app import create_app

Visit = Callable[..., Visitor]


@pytest.fixture
def listed(register: Register) -> Register:
    """Three licences, and the signed list of their statuses."""
    status_list.refresh_all()
    return register


@pytest.fixture
def visit(listed: Register, tmp_path: Path) -> Iterator[Visit]:
    """Somebody comes with a browser of their own."""
    with visiting(listed.settings, tmp_path) as come:
        yield come


@contextmanager
def visiting(settings: Settings, folder: Path) -> Iterator[Visit]:
    """A portal for these settings and a browser; what visitors asked of other sites, and what broke, is an error at the end."""
    with serving(create_app(settings)) as address, sync_playwright() as playwright, chromium(playwright) as browser:
        yield from _visits(browser, address, folder)
    storage().engine.dispose()


def _visits(browser: Browser, address: str, folder: Path) -> Iterator[Visit]:
    visitors: list[Visitor] = []
    foreign: list[str] = []

    def note(url: str) -> None:
        if not url.startswith(address):
            foreign.append(url)

    def come(**ways: Any) -> Visitor:
        visitor = Visitor.arrive(browser, address, folder, **ways)
        visitor.page.context.on("request", lambda request: note(request.url))
        visitors.append(visitor)
        return visitor

    yield come
    for visitor in visitors:
        assert visitor.troubles == []
        visitor.leave()
    assert foreign == []
