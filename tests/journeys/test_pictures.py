"""The pictures of the READMEs can be drawn at any time, and stay small."""

from __future__ import annotations

from pathlib import Path

import pictures
import pytest
from PIL import Image

from licensing.settings import PROJECT_ROOT

pytestmark = pytest.mark.slow

WIDTHS = {"licence.png": 1200, "verify.png": 720, "case.png": 1280}
LARGEST = 300_000


def test_the_pictures_are_drawn_and_those_that_are_kept_have_their_size(tmp_path: Path) -> None:
    (drawn := tmp_path / "drawn").mkdir()
    pictures.draw(drawn, tmp_path / "scratch")
    for folder in (drawn, PROJECT_ROOT / "docs" / "images"):
        for name, width in WIDTHS.items():
            with Image.open(folder / name) as picture:
                assert picture.width == width
            assert (folder / name).stat().st_size < LARGEST
