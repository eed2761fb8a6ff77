"""The font of the common characters: small, complete for what most names are made of, and no limit for the rare ones."""

from __future__ import annotations

import io

import pikepdf
import pytest
from conftest import draw, make_face
from fontTools.ttLib import TTFont

from licensing.documents.fonts import SERIF, common_font, coverage

pytestmark = pytest.mark.slow

GB_2312 = [
    bytes((row, cell)).decode("gb2312")
    for row in range(0xB0, 0xF8)
    for cell in range(0xA1, 0xFF)
    if not (row == 0xD7 and cell > 0xF9)  # five places that the standard leaves empty
]


@pytest.mark.parametrize("bold", [False, True], ids=["regular", "bold"])
def test_it_holds_every_character_of_gb_2312_in_a_tenth_of_the_size(bold: bool) -> None:
    content = common_font(bold=bold)
    assert len(GB_2312) == 6763
    assert set(map(ord, GB_2312)) <= set(TTFont(io.BytesIO(content)).getBestCmap()) <= coverage(SERIF)
    assert len(content) < 3_000_000


def fonts_of(pdf: bytes) -> set[str]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return {str(each.BaseFont).partition("+")[2] for each in document.objects if "/BaseFont" in (each if hasattr(each, "keys") else ())}


def test_a_face_of_common_characters_needs_no_other_font() -> None:
    pdf = draw(make_face(rows=[("项目名称", "城东加油站改扩建工程")]))
    assert {name.removesuffix("-Bold") for name in fonts_of(pdf)} == {"Leizheng-Serif"}
    assert len(pdf) < 200_000


def test_a_rare_character_comes_from_the_whole_font() -> None:
    names = fonts_of(draw(make_face(rows=[("项目名称", "㛃城加油站")])))
    assert any(name.startswith("Leizheng-Serif") for name in names)
    assert any(not name.startswith("Leizheng-Serif") for name in names)
