"""The archive: a finished case is closed under a number, once, in a ZIP that sha256sum checks and that never changes."""

from __future__ import annotations

import csv
import hashlib
import io
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select
from world import World, tiny_pdf

from licensing.cases import actions, archive, evidence, objections, verifying
from licensing.cases.archive import HEADS, OUTCOMES, archive_all
from licensing.cases.archive_terms import objectable_until, still_objectable
from licensing.cases.archived_list import all_closed_files, closed_files
from licensing.cases.journal import load
from licensing.cases.machine import FINAL
from licensing.cases.tables import Case, CaseArchive
from licensing.catalogue.loader import load_retention
from licensing.clock import local_date
from licensing.commitments.verification import CANCELLED
from licensing.documents import fonts
from licensing.errors import Conflict, Forbidden, NotFound
from licensing.ledger.queries import leaf_of
from licensing.policy import SYSTEM
from licensing.selfcheck import row_problems
from licensing.storage import reading, storage, unit_of_work
from licensing.trust.current import current_trust_list


def withdrawn(world: World) -> int:
    """A case without letters that the applicant withdrew."""
    case_id = world.submitted()
    actions.withdraw(world.actor(world.applicant), case_id, "改期再报。")
    return case_id


def withdrawn_later(world: World) -> int:
    """A case that was withdrawn after its acceptance: the receipt waits to be opened."""
    case_id = world.accepted()
    actions.withdraw(world.actor(world.applicant), case_id, "改期再报。")
    return case_id


def refused_entry(world: World) -> int:
    """A case that was not accepted: its letter waits to be opened, and one may object to it."""
    case_id = world.submitted()
    actions.not_accept(world.actor(world.intake), case_id, "不属于本机关职权范围。")
    return case_id


def open_letters(world: World, case_id: int) -> None:
    for letter in world.page(case_id).letters:
        evidence.letter_for(world.actor(world.applicant), case_id, letter.id)


def close(world: World, case_id: int) -> CaseArchive:
    return archive.archive(world.actor(world.examiner), world.settings, case_id)


def unpacked(world: World, case_id: int, folder: Path) -> Path:
    _, content = archive.archived_file(world.actor(world.examiner), case_id)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        packed.extractall(folder)
    return folder


def index_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(("sha256sum", "--check", "--strict", "manifest.sha256"), cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_file_of_a_granted_case_holds_every_paper_and_sha256sum_confirms_each(world: World, tmp_path: Path) -> None:
    case_id = world.granted("completion_acceptance").case_id
    assert case_id is not None
    world.verify(case_id)
    open_letters(world, case_id)
    row = close(world, case_id)
    folder = unpacked(world, case_id, tmp_path / "file")
    assert checked(folder).returncode == 0
    index = index_of(folder)
    assert list(index[0]) == list(HEADS)
    assert [line["序号"] for line in index] == [str(place) for place in range(1, len(index) + 1)]
    for line in index:
        assert hashlib.sha256((folder / line["文件名"]).read_bytes()).hexdigest() == line["SHA-256"]
    listed = {line["文件名"] for line in index}
    lying = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert lying - listed == {"index.csv", "index.pdf", "README.txt", "README.zh-CN.txt", "manifest.sha256"}
    page = world.page(case_id, world.examiner)
    for name in ("applications/01.txt", "letters/01-D1.pdf", "letters/deliveries.csv", "licence.pdf", "events/case-0001.json"):
        assert name in listed
    assert {f"promises/{place:02d}-{made.proof}/letter.pdf" for place, made in enumerate(page.promises, 1)} <= listed
    assert sum(name.startswith("documents/") for name in listed) == len(page.view.submissions[-1].documents)
    assert sum(name.startswith("events/") for name in listed) == page.case.sequence
    assert any("/verifications/" in name for name in listed)
    words = (folder / "applications/01.txt").read_text(encoding="utf-8")
    for said in (page.case.public_number, "南京金陵石化销售有限公司", "城东加油站改扩建工程", "承诺代替"):
        assert said in words
    pages = {line["文件名"]: line["页数"] for line in index}
    assert int(pages["licence.pdf"]) >= 1
    assert pages["events/case-0001.json"] == ""
    assert row.index_sha256 == hashlib.sha256((folder / "index.csv").read_bytes()).hexdigest()
    printed = subprocess.run(("pdftotext", "-layout", str(folder / "index.pdf"), "-"), capture_output=True, text=True, check=True).stdout
    for said in (row.number, "准予许可", "永久", "南京市气象局", row.index_sha256):
        assert said in printed.replace("\n", " ")


@pytest.mark.slow
def test_one_changed_byte_is_told_by_sha256sum(world: World, tmp_path: Path) -> None:
    case_id = withdrawn(world)
    close(world, case_id)
    folder = unpacked(world, case_id, tmp_path / "file")
    path = folder / "applications/01.txt"
    path.write_bytes(path.read_bytes() + b" ")
    assert checked(folder).returncode != 0


def test_the_zip_is_the_same_at_every_download_whatever_happens_later(world: World, morning: time_machine.Traveller) -> None:
    case_id = withdrawn_later(world)
    morning.move_to(datetime(2026, 4, 1, 2, 0, tzinfo=UTC))
    first = close(world, case_id)
    _, content = archive.archived_file(world.actor(world.approver), case_id)
    morning.move_to(datetime(2026, 4, 20, 2, 0, tzinfo=UTC))
    open_letters(world, case_id)
    assert close(world, case_id).number == first.number, "closed once"
    assert archive.archived_file(world.actor(world.examiner), case_id)[1] == content


def test_closing_a_file_changes_nothing_of_the_case(world: World) -> None:
    case_id = withdrawn(world)
    before = world.page(case_id)
    close(world, case_id)
    after = world.page(case_id)
    assert (after.case.sequence, after.case.state, after.case.updated_at) == (
        before.case.sequence,
        before.case.state,
        before.case.updated_at,
    )


def test_a_running_case_and_an_unopened_letter_keep_the_file_open(world: World, morning: time_machine.Traveller) -> None:
    running, waiting = world.accepted(), withdrawn_later(world)
    for case_id, code in ((running, "not-finished"), (waiting, "letter-undelivered")):
        with pytest.raises(Conflict) as refusal:
            close(world, case_id)
        assert refusal.value.code == code
    filing = archive.filing_of(world.actor(world.examiner), waiting)
    assert filing is not None
    assert "2026-04-01" in str(filing.waits), "thirty calendar days after 2 March"
    morning.move_to(datetime(2026, 3, 31, 15, 59, tzinfo=UTC))
    assert archive_all(world.settings) == 0
    morning.move_to(datetime(2026, 3, 31, 16, 1, tzinfo=UTC))
    assert archive_all(world.settings) == 1, "1 April began in China"


def test_an_opened_letter_lets_the_worker_close_the_file_at_once_and_once(world: World) -> None:
    case_id = withdrawn_later(world)
    assert archive_all(world.settings) == 0
    open_letters(world, case_id)
    assert archive_all(world.settings) == 1
    assert archive_all(world.settings) == 0
    filing = archive.filing_of(world.actor(world.examiner), case_id)
    assert filing is not None
    assert filing.row is not None
    assert filing.by is None, "time did it"


@pytest.mark.slow
def test_a_promise_that_is_still_verified_keeps_the_file_open(world: World) -> None:
    case_id = world.granted("completion_acceptance").case_id
    assert case_id is not None
    open_letters(world, case_id)
    verifying.verify_again(world.actor(world.verifier), case_id, world.page(case_id).promises[0].id)
    with pytest.raises(Conflict, match="still being verified"):
        close(world, case_id)
    assert archive_all(world.settings) == 0
    world.verify(case_id)
    assert archive_all(world.settings) == 1


def test_an_objection_keeps_the_file_open_until_its_answer_was_opened_too(world: World) -> None:
    case_id = refused_entry(world)
    open_letters(world, case_id)
    with pytest.raises(Conflict) as waits:
        close(world, case_id)
    assert waits.value.code == "objection-possible"
    objections.object_to(world.actor(world.applicant), case_id, world.page(case_id).case.sequence, "属于本机关职权范围。")
    assert archive_all(world.settings) == 0
    with pytest.raises(Conflict) as waits:
        close(world, case_id)
    assert waits.value.code == "objection-open"
    with reading(SYSTEM) as look:
        (made,) = objections.open_objections(look.session, case_id)
    objections.answer(world.actor(world.supervisor), made.id, "rejected", "经复核，维持原决定。")
    with pytest.raises(Conflict) as waits:
        close(world, case_id)
    assert waits.value.code == "letter-undelivered"
    open_letters(world, case_id)
    row = close(world, case_id)
    assert any("D15" in name for name in row.files)
    words = storage().files.get(row.files["objections/01.txt"]).decode()
    for said in (made.number, "属于本机关职权范围。", "南京金陵石化销售有限公司", "异议不成立", "经复核，维持原决定。"):
        assert said in words, said


def test_the_file_stays_open_while_the_company_may_object_to_how_the_case_ended(world: World, morning: time_machine.Traveller) -> None:
    opened, unopened = refused_entry(world), refused_entry(world)
    open_letters(world, opened)
    filing = archive.filing_of(world.actor(world.examiner), opened)
    assert filing is not None
    assert "2026-05-06" in str(filing.waits), "sixty days after 2 March is 1 May; the holiday moves it on"
    for day, closed in (((2026, 5, 6), 0), ((2026, 5, 7), 1), ((2026, 6, 1), 0), ((2026, 6, 2), 1)):
        morning.move_to(datetime(*day, 2, tzinfo=UTC))
        assert archive_all(world.settings) == closed, day
    filing = archive.filing_of(world.actor(world.examiner), unopened)
    assert filing is not None
    assert filing.row is not None, "never opened: received after thirty days, and sixty days more end on Sunday 31 May"


def test_every_file_that_the_worker_finds_ready_is_ready_by_itself(world: World, morning: time_machine.Traveller) -> None:
    cases = [refused_entry(world) for _ in range(4)]
    for case_id, day in zip(cases[1:], ((2026, 3, 3), (2026, 3, 30), (2026, 4, 6)), strict=True):
        morning.move_to(datetime(*day, 2, tzinfo=UTC))
        open_letters(world, case_id)
    for offset in range(55, 75):
        morning.move_to(datetime(2026, 3, 4, 2, tzinfo=UTC) + timedelta(days=offset))
        with reading(SYSTEM) as look:
            today = local_date(look.now)
            many = set(look.session.scalars(select(Case.id).where(still_objectable(look.session, today))))
            single = {case_id for case_id in cases if objectable_until(look.session, load(look.session, case_id), today)}
        assert many == single, today


def test_a_verification_that_nobody_needs_any_more_keeps_no_file_open(world: World) -> None:
    case_id = world.accepted("completion_acceptance")
    open_letters(world, case_id)
    actions.withdraw(world.actor(world.applicant), case_id, "改期再报。")
    assert {task.state for task in world.page(case_id, world.examiner).verifications} == {CANCELLED}
    assert archive_all(world.settings) == 1


def test_numbers_run_by_authority_year_and_period_without_gaps(world: World, morning: time_machine.Traveller) -> None:
    first, second, third = withdrawn(world), withdrawn(world), withdrawn_later(world)
    morning.move_to(datetime(2027, 1, 11, 2, 0, tzinfo=UTC))
    later = withdrawn(world)
    numbers = [close(world, case_id).number for case_id in (second, first, third, later)]
    assert numbers == ["320100-XK·2026-D10-0001", "320100-XK·2026-D10-0002", "320100-XK·2026-D10-0003", "320100-XK·2027-D10-0001"]


def test_a_number_that_went_to_another_case_is_asked_for_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = withdrawn(world), withdrawn(world)
    printed = archive._printed

    def slow(*given: object) -> bytes:
        monkeypatch.setattr(archive, "_printed", printed)
        close(world, second)
        return printed(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(archive, "_printed", slow)
    assert close(world, first).number.endswith("-0002")
    assert archive.filing_of(world.actor(world.examiner), second).row.number.endswith("-0001")  # type: ignore[union-attr]


def test_every_end_of_a_case_has_a_period_and_words_for_the_index() -> None:
    assert set(load_retention().outcomes) == set(FINAL) == set(OUTCOMES)


def test_only_officers_of_the_authority_close_read_and_list_files(world: World) -> None:
    case_id = withdrawn(world)
    for person in (world.applicant, world.stranger):
        with pytest.raises((NotFound, Forbidden)):
            archive.archive(world.actor(person), world.settings, case_id)
    close(world, case_id)
    for person in (world.applicant, world.stranger):
        with pytest.raises((NotFound, Forbidden)):
            archive.archived_file(world.actor(person), case_id)
        with pytest.raises((NotFound, Forbidden)):
            closed_files(world.actor(person))
    assert archive.filing_of(world.actor(world.applicant), case_id) is None
    assert len(closed_files(world.actor(world.supervisor)).rows) == 1


def test_the_list_is_searched_by_number_and_paged_without_gaps(world: World) -> None:
    numbers = [close(world, withdrawn(world)).number for _ in range(3)]
    officer, key, seen = world.actor(world.examiner), None, []
    while True:
        page = closed_files(officer, after=key, size=2)
        seen += [found.row.number for found in page.rows]
        if page.next_key is None:
            break
        key = page.next_key
    assert seen == numbers[::-1]
    assert [found.row.number for found in all_closed_files(officer, "d10-0002")] == [numbers[1]]
    assert closed_files(officer, "0%").rows == ()


@pytest.mark.slow
def test_a_name_that_no_font_can_print_does_not_keep_the_file_open(world: World, tmp_path: Path) -> None:
    case_id = world.draft(name="滨江🚀油库")
    actions.submit(world.actor(world.applicant), case_id)
    actions.withdraw(world.actor(world.applicant), case_id, "改期再报。")
    close(world, case_id)
    folder = unpacked(world, case_id, tmp_path / "file")
    printed = subprocess.run(("pdftotext", "-layout", str(folder / "index.pdf"), "-"), capture_output=True, text=True, check=True).stdout
    assert "滨江□油库" in printed
    assert "滨江🚀油库" in (folder / "applications/01.txt").read_text(encoding="utf-8")
    assert fonts.missing_glyphs("🚀")


def test_the_log_holds_the_manifest_and_an_edited_row_or_a_lost_file_is_found(world: World) -> None:
    row, files = close(world, withdrawn(world)), storage().files
    with reading(SYSTEM) as look:
        leaf = leaf_of(look.session, archive.LEAF, row.number)
    assert leaf is not None
    assert found(world, row) == set()
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(CaseArchive, row.id).period = "Y"
    assert found(world, row) == {"not-in-log", "not-in-tables"}
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(CaseArchive, row.id).period = row.period
    digest = row.files["applications/01.txt"]
    (files.root / digest[:2] / digest).write_bytes(tiny_pdf())
    assert found(world, row) == {"file-damaged"}


def found(world: World, row: CaseArchive) -> set[str]:
    """What selfcheck says of the row of an archive."""
    with reading(SYSTEM) as look:
        told = row_problems(look.session, storage().files, current_trust_list(world.settings))
        return {problem.code for problem in told if problem.subject == row.number}
