"""Cleaning and checking of what people type."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.catalogue import check_answers, check_facts, clean_answers, clean_facts, label_messages, load_catalogue, section_state
from licensing.errors import FieldError, Invalid

TODAY = date(2026, 11, 23)
DESIGN = load_catalogue().matter("design_review")
COMPLETION = load_catalogue().matter("completion_acceptance")
UNIT = {
    "name": "南京江北石化仓储有限公司",
    "uscc": "91350100M000100Y43",
    "address": "南京市六合区化工大道 18 号",
    "postcode": "210047",
    "contact_name": "王建国",
    "contact_phone": "13800000000",
}
OTHER_UNIT = {
    "name": "江苏工程有限公司",
    "address": "南京市鼓楼区中山路 1 号",
    "qualification_number": "A132000001",
    "qualification_grade": "甲级",
    "contact_name": "李娜",
    "contact_phone": "025-88888888",
}
BUILDING = {
    "name": "1 号罐区",
    "structure": "D",
    "storeys": "0",
    "height_m": "12.5",
    "floor_area_m2": "800",
    "use_class": "A4",
    "power_supply": "C",
    "soil": "C",
    "drawing_number": "LF-01",
}
ANSWERS: dict[str, Any] = {
    "project": {
        "name": "城东加油站改扩建工程",
        "region": "320116",
        "address": "滨江路 18 号",
        "design_approval_number": "宁气雷审字(2026)第0043号",
        "commenced_on": "2026-03-01",
        "completed_on": "2026-10-31",
        "lightning_class": "2",
    },
    "construction_unit": UNIT,
    "design_unit": OTHER_UNIT,
    "builder": OTHER_UNIT | {"site_manager": "赵强", "site_manager_phone": "13900000000"},
    "buildings": [BUILDING],
    "synopsis": {"text": "罐区一处。\n总建筑面积 800 平方米。", "agent": "王建国"},
}


def _with(path: str, value: object) -> dict[str, Any]:
    answers = deepcopy(ANSWERS)
    *steps, last = path.split(".")
    place: Any = answers
    for step in steps:
        place = place[int(step)] if step.isdigit() else place[step]
    place[last] = value
    return answers


def _codes(errors: list[FieldError]) -> list[tuple[str, str]]:
    return [(error.path, error.code) for error in errors]


def test_a_whole_application_has_no_errors() -> None:
    assert check_answers(COMPLETION, clean_answers(COMPLETION, ANSWERS), today=TODAY) == []


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("project.name", "  ", "required"),
        ("project.name", "长" * 201, "too-long"),
        ("project.region", "320000", "region"),
        ("project.region", "320103", "region"),
        ("project.lightning_class", "4", "unknown-option"),
        ("project.commenced_on", "2026-02-30", "not-a-date"),
        ("project.commenced_on", "spring", "not-a-date"),
        ("project.completed_on", "2026-02-28", "order-of-dates"),
        ("project.completed_on", "2026-11-24", "order-of-dates"),
        ("construction_unit.uscc", "91350100M000100Y44", "uscc"),
        ("construction_unit.postcode", "21004", "postcode"),
        ("construction_unit.contact_phone", "12345", "phone"),
        ("buildings.0.height_m", "high", "not-a-number"),
        ("buildings.0.height_m", "NaN", "not-a-number"),
        ("buildings.0.height_m", "1e3", "not-a-number"),
        ("buildings.0.height_m", "-1", "out-of-range"),
        ("buildings.0.height_m", "2000.1", "out-of-range"),
        ("buildings.0.storeys", "2.5", "not-a-number"),
        ("buildings.0.use_class", "E1", "unknown-option"),
    ],
)
def test_each_wrong_answer_has_its_path_and_code(path: str, value: str, code: str) -> None:
    answers = clean_answers(COMPLETION, _with(path, value))
    assert _codes(check_answers(COMPLETION, answers, today=TODAY)) == [(path, code)]


@pytest.mark.parametrize("character", ["\ue000", "\x00", "\x07", "\u202e", "\u200b", "\ufdd0"])
def test_characters_that_cannot_be_printed_are_refused(character: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean_answers(COMPLETION, _with("buildings.0.name", f"罐{character}区"))
    assert _codes(list(caught.value.fields)) == [("buildings.0.name", "characters")]


def test_rare_characters_of_names_are_kept() -> None:
    rare = "㛃䶮𬭎𫓧𠅤𡋤\U000323af"
    assert clean_answers(COMPLETION, _with("synopsis.agent", rare))["synopsis"]["agent"] == rare


def test_a_new_line_belongs_only_to_long_text() -> None:
    kept = clean_answers(COMPLETION, _with("synopsis.text", "一\r\n二"))
    assert kept["synopsis"]["text"] == "一\n二"
    with pytest.raises(Invalid):
        clean_answers(COMPLETION, _with("project.name", "一\n二"))


@pytest.mark.parametrize(
    ("path", "typed", "kept"),
    [
        ("project.completed_on", "2026年9月1日", "2026-09-01"),
        ("project.completed_on", "2026/9/1", "2026-09-01"),
        ("project.completed_on", "20260901", "2026-09-01"),
        ("project.completed_on", "２０２６－０９－０１", "2026-09-01"),
        ("project.completed_on", "2026-13-01", "2026-13-01"),
        ("project.design_approval_number", " 宁气雷审字（2026）第 0043 号", "宁气雷审字(2026)第0043号"),
        ("construction_unit.uscc", "91350100-m000100y43", "91350100M000100Y43"),
        ("construction_unit.contact_phone", "138 0000 0000", "13800000000"),
        ("buildings.0.floor_area_m2", "1,234.50", "1234.5"),
        ("buildings.0.floor_area_m2", "１２０", "120"),
        ("buildings.0.floor_area_m2", "1,2", "1,2"),
        ("buildings.0.storeys", "007", "7"),
        ("project.name", "  Cafe\u0301 站 ", "Café 站"),
    ],
)
def test_cleaning_finds_the_one_spelling(path: str, typed: str, kept: str) -> None:
    found: Any = clean_answers(COMPLETION, _with(path, typed))
    for step in path.split("."):
        found = found[int(step)] if step.isdigit() else found[step]
    assert found == kept


def test_unknown_keys_and_empty_rows_are_dropped() -> None:
    raw = {"project": {"name": "甲", "price": "1"}, "secret": {"x": "y"}, "buildings": [{"name": " "}, {"name": "乙"}, 7]}
    assert clean_answers(COMPLETION, raw) == {"project": {"name": "甲"}, "buildings": [{"name": "乙"}]}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "region", "storeys", "uscc"]), inner),
        max_leaves=8,
    )
)
def test_whatever_is_sent_is_answered(value: object) -> None:
    raw = {section.code: value for section in COMPLETION.sections}
    try:
        cleaned = clean_answers(COMPLETION, raw)
    except Invalid as refusal:
        cleaned = {}
        refused = refusal.fields
    else:
        refused = ()
    assert all(error.code == "characters" for error in refused)
    assert clean_answers(COMPLETION, cleaned) == cleaned
    assert check_answers(COMPLETION, cleaned, today=TODAY)
    assert check_answers(COMPLETION, raw, today=TODAY)


def test_rows_are_counted() -> None:
    assert _codes(check_answers(COMPLETION, ANSWERS | {"buildings": []}, today=TODAY)) == [("buildings", "rows-too-few")]
    assert _codes(check_answers(COMPLETION, ANSWERS | {"buildings": [BUILDING] * 201}, today=TODAY)) == [("buildings", "rows-too-many")]


@pytest.mark.parametrize(("count", "codes"), [("", []), ("2", []), ("3", ["rows-too-few"]), ("1", ["rows-too-many"])])
def test_rows_agree_with_the_number_given(count: str, codes: list[str]) -> None:
    answers = {"project": {"building_count": count}, "buildings": [BUILDING, BUILDING]}
    assert [error.code for error in check_answers(DESIGN, answers, today=TODAY, sections=["buildings"])] == codes


def test_planned_dates_may_lie_ahead_but_in_order() -> None:
    ahead = {"project": {"planned_start": "2027-03-01", "planned_completion": "2027-12-31"}}
    back = {"project": {"planned_start": "2027-12-31", "planned_completion": "2027-03-01"}}
    order = [
        [path for path, code in _codes(check_answers(DESIGN, answers, today=TODAY)) if code == "order-of-dates"]
        for answers in (ahead, back)
    ]
    assert order == [[], ["project.planned_completion"]]


def test_same_day_is_in_order() -> None:
    answers = _with("project.commenced_on", "2026-11-23")
    answers["project"]["completed_on"] = "2026-11-23"
    assert check_answers(COMPLETION, answers, today=TODAY) == []


def test_state_of_sections() -> None:
    assert section_state(COMPLETION, {}, "project", today=TODAY).code == "not_started"
    assert section_state(COMPLETION, {"project": {"name": " "}}, "project", today=TODAY).code == "not_started"
    begun = section_state(COMPLETION, {"project": {"name": "甲"}}, "project", today=TODAY)
    assert begun.code == "incomplete"
    assert ("project.region", "required") in _codes(list(begun.missing))
    assert section_state(COMPLETION, ANSWERS, "project", today=TODAY).code == "complete"


def test_an_optional_section_left_empty_misses_nothing() -> None:
    state = section_state(DESIGN, {}, "hazardous_materials", today=TODAY)
    assert (state.code, state.missing) == ("not_started", ())
    started = section_state(DESIGN, {"hazardous_materials": [{"stored_t": "5"}]}, "hazardous_materials", today=TODAY)
    assert _codes(list(started.missing)) == [("hazardous_materials.0.name", "required")]


def test_sentences_name_the_field_in_the_language_of_the_reader() -> None:
    chinese = label_messages() | {"%(field)s is missing.": "请填写%(field)s。"}
    [error] = check_answers(COMPLETION, _with("project.name", ""), today=TODAY)
    assert error.sentence.in_words() == "Name of the project is missing."
    assert error.sentence.in_words(lambda text: chinese[text]) == "请填写项目名称。"


CERTIFICATE = {
    "product_name": "电涌保护器",
    "model": "SPD-40",
    "maker": "江苏电气有限公司",
    "certificate_number": "HG-2026-001",
    "certificate_date": "2026-05-06",
}
RECORD = {
    "installer": "江苏安装有限公司",
    "product_name": "电涌保护器",
    "position": "配电室",
    "started_on": "2026-05-10",
    "installed_on": "2026-05-12",
    "recorder": "赵强",
}


def test_facts_in_order() -> None:
    catalogue = load_catalogue()
    certificate, record = catalogue.proof("factory_certificate"), catalogue.proof("installation_record")
    assert check_facts(certificate, CERTIFICATE, today=TODAY) == []
    assert check_facts(certificate, CERTIFICATE, today=TODAY, others={"installation_record": RECORD}) == []
    assert check_facts(record, clean_facts(record, RECORD | {"idle": "x"}), today=TODAY) == []


@pytest.mark.parametrize(
    ("code", "change", "path", "error"),
    [
        ("factory_certificate", {"certificate_date": "2026-05-13"}, "factory_certificate.certificate_date", "order-of-dates"),
        ("factory_certificate", {"certificate_date": "2026-11-24"}, "factory_certificate.certificate_date", "order-of-dates"),
        ("factory_certificate", {"maker": ""}, "factory_certificate.maker", "required"),
        ("factory_certificate", {"quantity": "0"}, "factory_certificate.quantity", "out-of-range"),
        ("installation_record", {"started_on": "2026-05-13"}, "installation_record.installed_on", "order-of-dates"),
        ("installation_record", {"installed_on": "2027-01-01"}, "installation_record.installed_on", "order-of-dates"),
    ],
)
def test_facts_that_cannot_be(code: str, change: dict[str, str], path: str, error: str) -> None:
    proof = load_catalogue().proof(code)
    facts = (CERTIFICATE if code == "factory_certificate" else RECORD) | change
    found = _codes(check_facts(proof, facts, today=TODAY, others={"installation_record": RECORD}))
    assert (path, error) in found


def test_facts_with_unprintable_characters_are_refused() -> None:
    with pytest.raises(Invalid) as caught:
        clean_facts(load_catalogue().proof("factory_certificate"), CERTIFICATE | {"maker": "\ue123"})
    assert caught.value.fields[0].path == "factory_certificate.maker"
