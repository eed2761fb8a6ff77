"""A world in which licences live."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from world import World

sys.path.insert(0, str(Path(__file__).parent))
from life import Life


@pytest.fixture
def life(world: World) -> Life:
    return Life(world)
