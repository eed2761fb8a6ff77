"""The data files as they are shipped."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from stdnum.cn import uscc

from licensing.catalogue import label_messages, load_catalogue
from licensing.catalogue.messages import label_pairs
from licensing.errors import NotFound

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
DAY = date(2026, 11, 23)
# The texts of a version are what people promised: they never change. A change is a new version in a new file.
PUBLISHED = {
    ("factory_certificate", 1): "431086a26cf2072e79037c22b60f3069efa5b0599d68e808e8e873c94e72a4be",
    ("installation_record", 1): "b7eb11ac77bb7088c43496007ada3067625e918eb0a79605cffc9bf71513c712",
    ("installation_record", 2): "71acc55ee7420d3a49791f34d07011150a1121b0d89ac4f4a15005a1bd12a608",
}


def test_the_three_matters_in_order() -> None:
    assert [matter.code for matter in load_catalogue().matters] == ["design_review", "completion_acceptance", "qualification"]


@pytest.mark.parametrize(
    ("code", "decide", "is_open"), [("design_review", "T3", True), ("completion_acceptance", "T4", True), ("qualification", "T5", True)]
)
def test_limits_of_the_law(code: str, decide: str, is_open: bool) -> None:
    matter = load_catalogue().matter(code)
    assert (matter.limits.accept, matter.limits.decide, matter.open) == ("T1", decide, is_open)


def test_reports_that_the_authority_commissions_are_never_asked_for() -> None:
    asked = " ".join(material.name for matter in load_catalogue().matters for material in matter.materials)
    assert "评价报告" not in asked
    assert "检测报告" not in asked


def test_personal_certificates_are_dropped() -> None:
    fields = [field for matter in load_catalogue().matters for section in matter.sections for field in section.fields]
    assert len(fields) > 50
    assert not [field.name for field in fields if "资格证" in field.name]


def test_two_proofs_can_be_promised_and_two_are_switched_off() -> None:
    catalogue = load_catalogue()
    assert [proof.code for proof in catalogue.promisable(catalogue.matter("completion_acceptance"), DAY)] == [
        "factory_certificate",
        "installation_record",
    ]
    assert catalogue.promisable(catalogue.matter("qualification"), DAY) == ()
    assert {proof.code for proof in catalogue.proofs if proof.provisional} == {"premises_proof", "social_insurance"}


def test_each_promise_has_a_document_to_hand_in_instead() -> None:
    matter = load_catalogue().matter("completion_acceptance")
    assert {proof: matter.material_for(proof).code for proof in matter.proofs if matter.material_for(proof)} == {
        "factory_certificate": "factory_certificate",
        "installation_record": "installation_record",
    }


@pytest.mark.parametrize("code", ["factory_certificate", "installation_record"])
def test_notice_says_all_that_the_state_council_asks(code: str) -> None:
    proof = load_catalogue().proof(code)
    notice = "".join(clause.text for clause in proof.notice)
    for part in (
        "证明事项：",
        "设定依据：",
        "证明内容：",
        "承诺方式：",
        "民事责任",
        "行政责任",
        "刑事责任",
        "核查权力",
        "公开",
        "撤回承诺",
    ):
        assert part in notice
    commitment = "".join(clause.text for clause in proof.commitment)
    for part in ("知晓", "真实", "法律责任", "真实意思表示"):
        assert part in commitment


@pytest.mark.parametrize(("code", "version"), PUBLISHED)
def test_published_texts_never_change(code: str, version: int) -> None:
    assert load_catalogue().proof(code, version).digest() == PUBLISHED[code, version]


def test_licence_types_have_example_codes_that_are_well_formed() -> None:
    kinds = load_catalogue().licence_types
    assert [kind.index for kind in kinds] == [1, 2, 3]
    for kind in kinds:
        assert kind.type_code_is_example
        assert uscc.is_valid(kind.type_code[:18])
        assert re.fullmatch(r"[0-9A-Z]{18}\d{3}", kind.type_code)


def test_numbers_look_like_the_real_ones() -> None:
    catalogue = load_catalogue()
    parts = {"place": "宁", "year": 2024, "serial": 43}
    assert catalogue.licence_type("design_approval").number_pattern.format(**parts) == "宁气雷审字(2024)第0043号"
    assert catalogue.licence_type_by_index(2).number_pattern.format(**parts) == "宁气雷验(2024)第0043号"


def test_no_end_date_and_five_years() -> None:
    catalogue = load_catalogue()
    assert catalogue.licence_type("design_approval").validity_range == "无期限"
    assert catalogue.licence_type("qualification_certificate").validity_range == "5年"


def test_templates_that_the_data_names_exist() -> None:
    catalogue = load_catalogue()
    named = {kind.template for kind in (*catalogue.licence_types, *catalogue.letters)}
    assert not [name for name in named if not (TEMPLATES / name).is_file()]


def test_letters_that_refuse_tell_the_remedy() -> None:
    catalogue = load_catalogue()
    for code in ("D3", "D7"):
        assert "六十日" in catalogue.letter(code).remedy
        assert "六个月" in catalogue.letter(code).remedy
    assert catalogue.letter("D1").title_for(catalogue.matter("design_review")) == "雷电防护装置设计审核受理回执"


def test_one_english_label_never_means_two_chinese_ones() -> None:
    meanings: dict[str, set[str]] = {}
    for english, chinese in label_pairs(load_catalogue()):
        meanings.setdefault(english, set()).add(chinese)
    assert not {english: found for english, found in meanings.items() if len(found) > 1}
    assert label_messages()["Lightning protection class"] == "防雷类别"
    assert label_messages()["Reinforced concrete"] == "钢筋混凝土"


def test_english_keys_are_english_and_have_chinese() -> None:
    for english, chinese in label_messages().items():
        assert not re.search(r"[\u4e00-\u9fff]", english)
        assert chinese
        assert "%" not in english


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("320106", "江苏省南京市鼓楼区"),
        ("320302", "江苏省徐州市鼓楼区"),
        ("330113", "浙江省杭州市临平区"),
        ("331127", "浙江省丽水市景宁畲族自治县"),
        ("330383", "浙江省温州市龙港市"),
        ("110000", "北京市"),
        ("540000", "西藏自治区"),
    ],
)
def test_names_of_places(code: str, name: str) -> None:
    assert load_catalogue().region_name(code) == name


def test_numbers_of_places_agree_with_the_statistics() -> None:
    """31 provinces; Jiangsu has 13 cities and 95 county-level places, Zhejiang 11 and 90."""
    catalogue = load_catalogue()
    assert len(catalogue.regions()) == 31
    for province, cities, counties in (("320000", 13, 95), ("330000", 11, 90)):
        below = catalogue.regions(province)
        assert len(below) == cities
        assert sum(len(catalogue.regions(code)) for code, _ in below) == counties


def test_places_that_were_merged_away_are_gone() -> None:
    for code in ("320103", "330103", "320602"):
        with pytest.raises(NotFound):
            load_catalogue().region_name(code)
