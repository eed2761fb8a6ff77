"""The register of permits: what enters it and when, search, paging, files."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import date, timedelta
from xml.etree import ElementTree as ET

import pytest
import sqlalchemy as sa
import time_machine
from world import World

from licensing.cases import actions
from licensing.cases.health import problems
from licensing.cases.tables import Case
from licensing.errors import Invalid
from licensing.licences.tables import Licence
from licensing.parties.tables import Company
from licensing.policy import SYSTEM
from licensing.register import export, queries
from licensing.register.queries import Search, search
from licensing.register.rules import FIELDS, masked_holder
from licensing.storage import reading, storage, unit_of_work

TODAY = date(2026, 3, 2)


def found(**wanted: object) -> list[int]:
    return [entry.permit.case_id for entry in search(Search(**wanted)).entries]  # type: ignore[arg-type]


def refused(world: World, **project: str) -> int:
    case_id = world.proposed(grant=False, **project)
    actions.refuse(world.actor(world.approver), case_id, "检测不合格，不符合规定。")
    return case_id


def test_a_permit_is_public_with_its_decision_and_nothing_else_is(world: World) -> None:
    waiting = world.proposed()
    assert search(Search()).entries == ()
    licence = world.grant(waiting)
    (entry,) = search(Search()).entries
    assert (entry.permit.case_id, entry.permit.number, entry.permit.decided_on) == (waiting, licence.number, TODAY)
    assert entry.permit.fields()[7] == "准予雷电防护装置设计审核：城东加油站改扩建工程"
    assert (entry.status, entry.licence.id if entry.licence else None) == ("in_force", licence.id)
    assert entry.publish_by == date(2026, 3, 11), "seven working days after Monday the 2nd"
    withdrawn = world.submitted()
    actions.withdraw(world.actor(world.applicant), withdrawn, "不再需要")
    assert found() == [waiting]


def test_a_refusal_has_the_legal_fields_only(world: World) -> None:
    case_id = refused(world)
    (entry,) = search(Search()).entries
    kind, number, holder, category, day, first, last, content, *_ = entry.permit.fields()
    assert (entry.permit.case_id, entry.licence, entry.status) == (case_id, None, None)
    assert (kind, holder, category, day) == ("行政许可", "南京金陵石化销售有限公司", "核准", "2026-03-02")
    assert number, "the letter that refused has a number"
    assert (first, last) == ("", "")
    assert content.startswith("不予")
    assert "检测不合格" not in " ".join(entry.permit.fields()), "the reason is the applicant's"


def test_a_masked_name_is_not_found_by_who_guesses_it(world: World) -> None:
    case_id = refused(world, name="西郊仓库")
    for name, legal, part, seen in (
        ("王建国", "", "王建国", False),
        ("欧阳修远", "", "修远", False),
        ("阿里木·买买提", "", "阿里木", False),
        ("南京金陵", "南京金陵", "金陵", False),
        ("大众油库", "", "大众", True),
        ("南京金陵石化销售有限公司", "王建国", "金陵", True),
    ):
        with unit_of_work(SYSTEM) as work:
            company = work.session.get_one(Company, world.company)
            company.name, company.legal_representative = name, legal
        assert (found(words=part) == [case_id]) == seen == ("*" not in masked_holder(name, legal)), name
    assert found(words="西郊") == [case_id]


def test_no_permit_is_published_late_by_construction(world: World, morning: time_machine.Traveller) -> None:
    world.granted()
    refused(world)
    morning.shift(timedelta(days=60))
    with reading(SYSTEM) as look:
        assert queries.published_late(look.session, date(2026, 5, 1)) == []
        assert list(problems(look.session)) == []
        look.session.execute(sa.text("UPDATE case_file SET decided_on = NULL"))
        assert len(queries.published_late(look.session, date(2026, 5, 1))) == 2
        assert {problem.code for problem in problems(look.session)} == {"case-differs"}


def test_it_is_searched_by_holder_project_number_matter_authority_place_day_and_outcome(world: World) -> None:
    licence, no = world.granted(), refused(world, name="西郊100%仓库")
    yes = licence.case_id
    (letter,) = [entry.permit.number for entry in search(Search(granted=False)).entries]
    assert found() == [no, yes]
    assert found(words="金陵") == [no, yes]
    assert found(words="91320104ma1nxy7r8l") == [no, yes]
    assert found(words="城东加油站") == [yes]
    assert found(words="0%仓") == [no], "a sign of the search language is a character"
    assert found(words="%") == [no]
    assert found(words=licence.number) == found(words=licence.number.replace("(", "（").replace(")", "）")) == [yes]
    assert found(words=letter) == [no]
    assert found(matter="design_review") == [no, yes]
    assert found(matter="completion_acceptance") == []
    assert found(authority_id=world.authority) == [no, yes]
    assert found(authority_id=world.authority + 1) == []
    assert found(region="320000") == found(region="320100") == found(region="320104") == [no, yes]
    assert found(region="320106") == found(region="330000") == []
    assert found(first=TODAY, last=TODAY) == [no, yes]
    assert found(first=TODAY + timedelta(days=1)) == found(last=TODAY - timedelta(days=1)) == []
    assert found(granted=True) == [yes]
    assert found(granted=False) == [no]


def test_pages_follow_each_other_without_gap_or_twin(world: World) -> None:
    case_id = refused(world)
    copies = world.copies(case_id, 24)
    with unit_of_work(SYSTEM) as work:
        for number, copy in enumerate(copies):
            work.session.get_one(Case, copy).decided_on = TODAY - timedelta(days=number % 5)
    seen, after = [], None
    while True:
        page = search(Search(), after=after, size=7)
        seen += [(entry.permit.decided_on, entry.permit.case_id) for entry in page.entries]
        after = page.next_key
        if after is None:
            break
        assert queries.is_key(after)
    assert seen == sorted(seen, reverse=True)
    assert {case for _, case in seen} == {case_id, *copies}
    assert len(seen) == 25


def test_personal_data_is_masked_in_page_and_file(world: World) -> None:
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Company, world.company).name = "王建国"
    refused(world, name="自建房 320104199001011234 联系13812345678")
    (entry,) = search(Search()).entries
    assert (entry.permit.holder, entry.permit.project) == ("王**", "自建房 ****** 联系138****5678")
    for secret in ("王建国", "320104199001011234", "13812345678"):
        assert secret not in export.as_csv(Search()).decode()
        assert secret not in _sheet(export.as_xlsx(Search()))


def test_the_files_hold_the_fields_in_their_order_and_no_formula(world: World) -> None:
    refused(world)
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Company, world.company).name = '=HYPERLINK("http://evil.example";"x")有限公司'
    content = export.as_csv(Search())
    assert content.startswith(b"\xef\xbb\xbf")
    head, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert tuple(head) == FIELDS
    assert row[2] == '\'=HYPERLINK("http://evil.example";"x")有限公司'
    book = export.as_xlsx(Search())
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        sheet = ET.fromstring(parts.read("xl/worksheets/sheet1.xml"))  # noqa: S314 - written above
        assert not [name for name in parts.namelist() if "externalLink" in name or "vba" in name]
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    assert list(sheet.iter(f"{space}f")) == [], "no cell is a formula"
    assert {cell.get("t") for cell in sheet.iter(f"{space}c") if len(cell)} <= {"s", "inlineStr", "str"}
    assert "evil.example" in _sheet(book)


def test_a_file_of_too_many_rows_is_refused_with_a_next_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = refused(world)
    world.copies(case_id, 3)
    monkeypatch.setattr(export, "MOST_ROWS", 3)
    for write in (export.as_csv, export.as_xlsx):
        with pytest.raises(Invalid) as refusal:
            write(Search())
        assert refusal.value.code == "too-many-rows"
        assert refusal.value.next_step is not None
    monkeypatch.setattr(export, "MOST_ROWS", 4)
    assert export.as_csv(Search()).count(b"\r\n") == 5


def test_what_became_of_the_licence_is_shown(world: World) -> None:
    licence = world.granted()
    with unit_of_work(SYSTEM) as work:
        work.session.execute(sa.update(Licence).where(Licence.id == licence.id).values(status="permission_withdrawn"))
    (entry,) = search(Search()).entries
    assert entry.status == "permission_withdrawn"
    assert entry.permit.granted, "the decision stays what it was"


def test_the_newest_page_is_read_by_the_index(world: World) -> None:
    refused(world)
    if storage().engine.dialect.name != "sqlite":
        return
    with reading(SYSTEM) as look:
        plan = look.session.execute(
            sa.text(
                "EXPLAIN QUERY PLAN SELECT id FROM case_file WHERE decided_on IS NOT NULL AND state IN ('granted', 'refused')"
                " ORDER BY decided_on DESC, id DESC LIMIT 31"
            )
        ).all()
    assert any("ix_case_file_register" in str(row) for row in plan)
    assert not any("TEMP B-TREE" in str(row) for row in plan)


def _sheet(book: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))
