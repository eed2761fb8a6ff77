"""A world in which licences live."""

from __future__ import annotations

import pytest
from life import Life
from world import World


@pytest.fixture
def life(world: World) -> Life:
    return Life(world)
