"""The archive in the portal: closed by hand from the case, listed, searched, downloaded and kept as a table."""

from __future__ import annotations

import csv
import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from office_tools import Desk, case_url, text

from licensing.cases import actions, archive

pytestmark = pytest.mark.slow


def withdrawn(desk: Desk, **project: str) -> int:
    case_id = desk.world.draft(**project)
    actions.submit(desk.world.actor(desk.world.applicant), case_id)
    actions.withdraw(desk.world.actor(desk.world.applicant), case_id, "改期再报。")
    return case_id


def test_an_officer_archives_a_finished_case_and_downloads_its_file(desk: Desk, tmp_path: Path) -> None:
    case_id, officer = withdrawn(desk), desk.browser(desk.world.examiner)
    assert "It will be kept: 10 years" in text(officer.get(case_url(case_id)))
    assert officer.send(f"/office/archive/cases/{case_id}").headers["Location"] == case_url(case_id)
    shown = text(officer.get(case_url(case_id)))
    for words in ("Archived on 2 Mar 2026", "320100-XK·2026-D10-0001", "Kept: 10 years", "closed by 赵志强"):
        assert words in shown
    answer = officer.get(f"/office/archive/cases/{case_id}/file.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        packed.extractall(tmp_path)
    assert subprocess.run(("sha256sum", "--check", "--quiet", "manifest.sha256"), cwd=tmp_path, check=False).returncode == 0


def test_what_is_not_ready_says_why_and_nothing_is_done(desk: Desk) -> None:
    case_id, officer = desk.world.submitted(), desk.browser(desk.world.examiner)
    assert "Archive it now" not in text(officer.get(case_url(case_id)))
    officer.send(f"/office/archive/cases/{case_id}")
    assert "The case is not finished yet." in text(officer.get(case_url(case_id)))
    actions.not_accept(desk.world.actor(desk.world.intake), case_id, "不属于本机关职权范围。")
    shown = text(officer.get(case_url(case_id)))
    assert "without that the file can be closed after 2026-06-01" in shown
    assert "Archive it now" not in shown


def test_the_list_finds_a_file_by_its_number_and_is_kept_as_a_table(desk: Desk) -> None:
    world = desk.world
    cases = [withdrawn(desk, name=name) for name in ("=城东油库", "城西油库")]
    numbers = [archive.archive(world.actor(world.examiner), world.settings, case_id).number for case_id in cases]
    officer = desk.browser(world.supervisor)
    assert all(number in text(officer.get("/office/archive")) for number in numbers)
    found = text(officer.get("/office/archive", query_string={"search": "D10-0002"}))
    assert numbers[1] in found
    assert numbers[0] not in found
    assert "No archived file fits." in text(officer.get("/office/archive", query_string={"search": "没有"}))
    rows = list(csv.reader(io.StringIO(officer.get("/office/archive/files.csv").data.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["File number", *numbers[::-1]]
    assert rows[2][3] == "'=城东油库", "no spreadsheet computes it"


def test_the_list_is_paged(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    world = desk.world
    monkeypatch.setattr("portal.office.archive_routes.PAGE_SIZE", 1)
    numbers = [archive.archive(world.actor(world.examiner), world.settings, withdrawn(desk)).number for _ in range(2)]
    officer = desk.browser(world.examiner)
    first = officer.get("/office/archive")
    assert numbers[1] in text(first)
    assert numbers[0] not in text(first)
    assert "/office/archive?after=" in first.text
    second = officer.get("/office/archive", query_string={"after": "2"})
    assert numbers[0] in text(second)
    assert "First page" in text(second)


def test_the_applicant_sees_nothing_of_the_archive(desk: Desk) -> None:
    case_id = withdrawn(desk)
    row = archive.archive(desk.world.actor(desk.world.examiner), desk.world.settings, case_id)
    applicant = desk.browser(desk.world.applicant)
    assert row.number not in applicant.get(f"/my/cases/{case_id}").text
    for path in ("/office/archive", "/office/archive/files.csv", f"/office/archive/cases/{case_id}/file.zip"):
        assert applicant.get(path).status_code == 403
