"""What the public register masks, and what may stand in a cell."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.documents.packing import safe_cell
from licensing.register.rules import FIELDS, Permit, masked_holder, scrubbed

GRANTED = Permit(
    1, True, "宁雷审(2026)1号", "某公司", "design_review", "设计审核", "加油站", date(2026, 3, 2), date(2026, 3, 2), None, "某局"
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王建国", "王**"),
        ("欧阳小明", "欧***"),
        ("阿依古丽·买买提", "阿*******"),
        ("李四", "李*"),
        ("南京鼓楼燃气有限公司", "南京鼓楼燃气有限公司"),
        ("长江水厂", "长江水厂"),
        ("某某路加油站", "某某路加油站"),
        ("", ""),
    ],
)
def test_a_natural_person_keeps_the_first_character_and_a_body_its_name(name: str, shown: str) -> None:
    assert masked_holder(name) == shown


def test_whoever_is_their_own_representative_is_a_natural_person() -> None:
    assert masked_holder("Mary Smith", "Mary Smith") == "M*********"


def test_numbers_of_identity_cards_never_stand_in_the_register() -> None:
    assert scrubbed("张三宅 32010419900101123X，电话 13812345678") == "张三宅 ******，电话 138****5678"
    assert "110101900101123" not in scrubbed("旧证 110101900101123")


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "＋1", "－1", "＠x", "\u200b=1"])
def test_what_begins_like_a_formula_is_a_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@given(st.text(max_size=20))
def test_no_cell_begins_with_a_sign_of_formulas(text: str) -> None:
    assert safe_cell(text).lstrip()[:1] not in {"=", "+", "-", "@", "＝", "＋", "－", "＠"} or not safe_cell(text)


def test_a_permit_has_the_ten_fields_in_their_order() -> None:
    assert FIELDS == ("类型", "文书号", "名称", "类别", "日期", "有效期自", "有效期至", "内容", "许可机关", "数据来源")
    assert GRANTED.fields() == (
        "行政许可",
        "宁雷审(2026)1号",
        "某公司",
        "核准",
        "2026-03-02",
        "2026-03-02",
        "",
        "准予设计审核：加油站",
        "某局",
        "某局",
    )
