"""Who decides where: prefixes, days, zones and revised codes, as rules and as properties; and the lists that ship."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.catalogue import load_catalogue
from licensing.errors import Misconfigured
from licensing.parties.lists import AUTHORITIES, listed, read_authorities, revisions
from licensing.parties.rules import ALWAYS, Revision, Rule, code_on, is_region_code, responsible, subtree

DAY = date(2026, 3, 2)
MATTERS = ("design_review", "completion_acceptance", "qualification")
digits = st.sampled_from("0123")
codes = st.builds(lambda head, tail: "3" + head + tail, st.sampled_from("23"), st.text(digits, min_size=4, max_size=4))
zones = st.builds(lambda code, zone: code + zone, codes, st.sampled_from(["", "-01", "-02"]))
days = st.integers(-400, 400).map(lambda offset: DAY + timedelta(days=offset))
rules = st.builds(
    lambda authority, matter, code, length, start, end: Rule(authority, matter, code[:length], start, end),
    st.integers(1, 9),
    st.sampled_from(MATTERS),
    zones,
    st.sampled_from([2, 4, 6, 9]),
    days | st.just(ALWAYS),
    st.none() | days,
)


def test_a_county_without_an_authority_goes_up_a_level() -> None:
    known = [Rule(1, "design_review", "32"), Rule(2, "design_review", "3205"), Rule(3, "design_review", "320583")]
    assert [responsible("design_review", code, DAY, known) for code in ("320583", "320581", "320104", "330102")] == [3, 2, 1, None]


def test_a_zone_has_its_own_authority_or_that_of_its_host() -> None:
    known = [Rule(2, "design_review", "3201"), Rule(3, "design_review", "320115"), Rule(4, "design_review", "320100-01")]
    assert responsible("design_review", "320100-01", DAY, known) == 4
    assert responsible("design_review", "320115-01", DAY, known) == 3
    assert responsible("design_review", "320100", DAY, known) == 2


def test_a_rule_counts_from_its_first_day_to_its_last() -> None:
    known = [
        Rule(1, "design_review", "3205"),
        Rule(2, "design_review", "320583", DAY, DAY + timedelta(days=1)),
    ]
    assert [responsible("design_review", "320583", DAY + timedelta(days=n), known) for n in (-1, 0, 1, 2)] == [1, 2, 2, 1]


@pytest.mark.parametrize(
    ("old", "on", "now"),
    [
        ("330103", date(2021, 3, 10), "330103"),
        ("330103", date(2021, 3, 11), "330105"),
        ("330621", date(2026, 3, 2), "330603"),
        ("320602", date(2026, 3, 2), "320613"),
        ("320104", date(2026, 3, 2), "320104"),
        ("320684-01", date(2026, 3, 2), "320614-01"),
    ],
)
def test_a_case_begun_under_an_old_code_finds_the_new_one(old: str, on: date, now: str) -> None:
    assert code_on(old, on, revisions()) == now


def test_revisions_follow_one_another_and_a_circle_ends() -> None:
    chain = [Revision(DAY, "320001", "320002"), Revision(DAY, "320002", "320003"), Revision(DAY, "320003", "320001")]
    assert code_on("320001", DAY, chain[:2]) == "320003"
    assert code_on("320001", DAY, chain) == "320003"


@given(st.sampled_from(MATTERS), zones, days, st.lists(rules, max_size=12))
def test_the_longest_fitting_prefix_wins_and_never_without_matter_or_day(matter: str, code: str, on: date, known: list[Rule]) -> None:
    found = responsible(matter, code, on, known)
    fitting = [
        rule
        for rule in known
        if rule.matter == matter
        and code.startswith(rule.prefix)
        and rule.valid_from <= on
        and (rule.valid_to is None or rule.valid_to >= on)
    ]
    if not fitting:
        assert found is None
    else:
        longest = max(len(rule.prefix) for rule in fitting)
        assert found in {rule.authority_id for rule in fitting if len(rule.prefix) == longest}


@given(st.sampled_from(MATTERS), zones, days, st.lists(rules, max_size=12))
def test_with_a_province_it_always_climbs_to_somebody(matter: str, code: str, on: date, known: list[Rule]) -> None:
    assert responsible(matter, code, on, [*known, Rule(99, matter, code[:2])]) is not None


@given(st.sampled_from(MATTERS), zones, days, st.lists(rules, max_size=12), st.integers(1, 9))
def test_taking_an_authority_away_never_leads_further_down(matter: str, code: str, on: date, known: list[Rule], gone: int) -> None:
    kept = [rule for rule in known if rule.authority_id != gone]
    before, after = responsible(matter, code, on, known), responsible(matter, code, on, kept)
    assert after == before if before != gone else after != gone


@given(st.dictionaries(st.integers(1, 12), st.none() | st.integers(1, 12)), st.sets(st.integers(1, 12), max_size=3))
def test_a_subtree_holds_what_leads_up_to_its_root_and_nothing_else(parents: dict[int, int | None], roots: set[int]) -> None:
    def leads_up(one: int) -> bool:
        seen: set[int] = set()
        above = parents.get(one)
        while above is not None and above not in seen:
            if above in roots:
                return True
            seen.add(above)
            above = parents.get(above)
        return False

    assert subtree(parents, roots) == {one for one in parents if leads_up(one)} - roots


def test_the_list_has_all_provinces_and_two_down_to_the_county() -> None:
    catalogue, by_code = load_catalogue(), {one.code: one for one in listed()}
    provinces = {code for code, _ in catalogue.regions()}
    assert {one.code for one in listed() if one.level == "province"} == provinces
    for province in ("320000", "330000"):
        assert {code for code, _ in catalogue.regions(province)} <= set(by_code)
    assert by_code["110000"].name == "北京市气象局"
    assert by_code["650000"].name == "新疆维吾尔自治区气象局"


def test_every_listed_authority_stands_below_its_parent_in_a_place_that_exists() -> None:
    catalogue, by_code = load_catalogue(), {one.code: one for one in listed()}
    for one in listed():
        assert catalogue.has_region(one.region), one.code
        assert catalogue.region_name(one.region).endswith(one.name.removesuffix("气象局")[-2:]), one.name
        if one.level == "province":
            assert one.parent is None
        else:
            above = by_code[str(one.parent)]
            assert all(prefix.startswith(above.prefixes[0]) for prefix in one.prefixes), one.code
            assert set(one.matters) <= set(above.matters)
    places = [one.place for one in listed() if one.place]
    assert len(places) == len(set(places)), "numbers of documents would be the same"


def test_every_place_of_the_form_has_an_authority_for_every_matter() -> None:
    catalogue = load_catalogue()
    known = [Rule(number, matter, prefix) for number, one in enumerate(listed()) for matter in one.matters for prefix in one.prefixes]
    for code in (*catalogue.region_names, *catalogue.zones, *catalogue.former_names):
        for matter in MATTERS:
            assert responsible(matter, code, DAY, known, revisions()) is not None, (code, matter)


def test_former_codes_are_those_that_were_revised_and_lead_to_places_of_today() -> None:
    catalogue = load_catalogue()
    assert {revision.old for revision in revisions()} == set(catalogue.former_names)
    assert all(code_on(code, DAY, revisions()) in catalogue.region_names for code in catalogue.former_names)
    assert catalogue.place_name("330103") == "浙江省杭州市下城区"
    assert catalogue.region_name("320500-01") == "江苏省苏州市苏州工业园区"


@pytest.mark.parametrize(
    ("text", "is_one"), [("320104", True), ("320500-01", True), ("32010", False), ("320500-1", False), ("０20104", False)]
)
def test_the_shape_of_a_region_code(text: str, is_one: bool) -> None:
    assert is_region_code(text) is is_one


@pytest.mark.parametrize(
    "change",
    [
        ('level = "city"', 'level = "village"'),
        ('code = "320100"', 'code = "32010"'),
        ('code = "320200"', 'code = "320100"'),
        ("[matters]", "[things]"),
        (
            "authority = [",
            "authority = [[",
        ),
    ],
)
def test_a_list_that_does_not_hold_is_refused_by_name(tmp_path: Path, change: tuple[str, str]) -> None:
    file = tmp_path / "bureaus.toml"
    file.write_text(AUTHORITIES.read_text(encoding="utf-8").replace(*change, 1), encoding="utf-8")
    with pytest.raises(Misconfigured) as refused:
        read_authorities(file)
    assert refused.value.code == "authorities-file"
    assert "bureaus.toml" in str(refused.value)
