"""Twenty licences, issued once for all attacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from subjects import Scene, made_scene

from licensing.storage import open_storage


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return made_scene(tmp_path_factory.mktemp("attacked"))


@pytest.fixture
def scene(made: Scene) -> Iterator[Scene]:
    """The licences, with their register open."""
    opened = open_storage(made.settings)
    yield made
    opened.engine.dispose()
