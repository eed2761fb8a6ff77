"""The self-check says what the rules say: three groups are needed here, everything else is another department's or nobody's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from licensing.catalogue import load_catalogue
from licensing.catalogue.loader import DATA, load_need, read_need
from licensing.catalogue.need import follow
from licensing.errors import Misconfigured

NEW = {"work": "build"}
IN_USE = {"work": "in_use"}
ORDINARY = {**NEW, "hazard": "no", "zone": "no", "special": "no"}
HERE = {"county": "yes", "stage": "before_works"}


@pytest.mark.parametrize(
    ("answers", "article"),
    [
        ({**NEW, "hazard": "yes"}, "第四条第一项"),
        ({**IN_USE, "hazard_in_use": "yes"}, "第四条第一项"),
        ({**NEW, "hazard": "no", "zone": "yes"}, "第四条第二项"),
        ({**IN_USE, "hazard_in_use": "no", "separate": "yes"}, "第四条第二项"),
        ({**NEW, "hazard": "no", "zone": "no", "special": "yes"}, "第四条第三项"),
    ],
)
def test_the_three_groups_need_a_permit(answers: dict[str, str], article: str) -> None:
    way = follow(load_need(), {**answers, **HERE})
    assert way.outcome is not None
    assert (way.outcome.kind, way.outcome.matter) == ("needed", "design_review")
    assert any(article in source for source in way.sources)


@pytest.mark.parametrize("kind", ["housing", "transport", "utilities", "other"])
def test_ordinary_works_belong_to_their_own_department(kind: str) -> None:
    way = follow(load_need(), {**ORDINARY, "kind": kind})
    assert way.outcome is not None
    assert (way.outcome.kind, way.outcome.matter) == ("sector", None)
    assert any("国发〔2016〕39号" in source for source in way.sources)


@pytest.mark.parametrize(
    "answers", [{**ORDINARY, "kind": "none"}, {**IN_USE, "hazard_in_use": "no", "separate": "no"}, {"work": "maintain"}]
)
def test_what_is_in_no_group_needs_nothing(answers: dict[str, str]) -> None:
    way = follow(load_need(), answers)
    assert way.outcome is not None
    assert way.outcome.kind == "not_needed"


@pytest.mark.parametrize(
    ("stage", "matter"),
    [
        ("before_works", "design_review"),
        ("approved", "completion_acceptance"),
        ("changed", "design_review"),
        ("complete", "completion_acceptance"),
        ("without", "design_review"),
    ],
)
def test_the_stage_decides_what_to_apply_for(stage: str, matter: str) -> None:
    way = follow(load_need(), {**NEW, "hazard": "yes", "county": "yes", "stage": stage})
    assert way.outcome is not None
    assert way.outcome.matter == matter


@pytest.mark.parametrize(("county", "words"), [("yes", "县级气象主管机构"), ("no", "上一级"), ("unsure", "上一级")])
def test_a_county_without_an_authority_is_served_by_the_next_level_up(county: str, words: str) -> None:
    way = follow(load_need(), {**NEW, "hazard": "yes", "county": county, "stage": "before_works"})
    assert way.authority is not None
    assert words in way.authority.text


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('outcome = "upkeep"', 'outcome = "nowhere"', "question.work.maintain"),
        ('question = "hazard"', 'question = "nowhere"', "question.work.build"),
        ('first = "work"', 'first = "stage"', "question.work"),
        ('question = "kind"', 'question = "hazard"', "question.kind"),
        ('matter = "design_review"', 'matter = "nothing"', "outcome.needs_design_review"),
    ],
)
def test_a_way_that_leads_nowhere_stops_the_start(tmp_path: Path, old: str, new: str, key: str) -> None:
    folder = Path(shutil.copytree(DATA, tmp_path / "data"))
    path = folder / "need.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        read_need(folder, load_catalogue())
    assert key in str(caught.value)
