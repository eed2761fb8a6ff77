"""A scene with three authorities and twenty licences, its portal on a real port, and visitors who ask nothing of anybody else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from live import serving
from playwright.sync_api import Browser, sync_playwright
from visitors import Visitor, chromium

sys.path.insert(0, str(Path(__file__).parent.parent / "attacks"))
from subjects import Scene, made_scene

from licensing.licences import status_list
from licensing.parties import actions as parties
from licensing.policy import SYSTEM
from licensing.storage import open_storage, storage, unit_of_work
from licensing.trust.current import current_trust_list
from portal.app import create_app

NEIGHBOURS = (("NEIGHBOUR", "邻市气象局", "11990200MB0A00002W", 0xF8), ("FORMER", "原样例市气象局", "11990300MB0A000035", 0xF9))
COMMON = {"english_name": "Neighbours", "level": "city", "region_code": "990200", "number_place": "邻", "region_prefixes": ("9902",)}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Licences of the real pipeline, with the status lists of all authorities."""
    made = made_scene(tmp_path_factory.mktemp("checked"))
    opened = open_storage(made.settings)
    with unit_of_work(SYSTEM) as work:
        for code, name, uscc, kid in NEIGHBOURS:
            parties.register_authority(work, code=code, name=name, uscc=uscc, kid=kid, matters=(), **COMMON)
    status_list.refresh_all()
    opened.engine.dispose()
    yield replace(made, trust=current_trust_list(made.settings))
    storage().engine.dispose()


@pytest.fixture
def checked_address(checked: Scene) -> Iterator[str]:
    with serving(create_app(checked.settings)) as found:
        yield found
    storage().engine.dispose()


@pytest.fixture
def checking_browser(checked_address: str) -> Iterator[Browser]:
    with sync_playwright() as playwright, chromium(playwright) as opened:
        yield opened


@pytest.fixture
def visit(checking_browser: Browser, checked_address: str, tmp_path: Path) -> Iterator[Callable[..., Visitor]]:
    """Somebody comes with a browser: nothing that it asks for may lie elsewhere, and it may have nothing to complain about."""
    visitors: list[Visitor] = []
    foreign: list[str] = []

    def note(url: str) -> None:
        if not url.startswith(checked_address):
            foreign.append(url)

    def come(**ways: Any) -> Visitor:
        visitor = Visitor.arrive(checking_browser, checked_address, tmp_path, **ways)
        visitor.page.context.on("request", lambda request: note(request.url))
        visitors.append(visitor)
        return visitor

    yield come
    for visitor in visitors:
        assert visitor.troubles == []
        visitor.leave()
    assert foreign == []
