"""What happened after a promise goes into its pack; and what somebody changes behind the back of all actions is found."""

from __future__ import annotations

import hashlib
import io
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from pack_reader import change_one_character, refusal, run, unpack
from PIL import Image
from sqlalchemy import delete, select, update
from world import World, tiny_pdf

from licensing.cases import evidence, fieldwork, promises, verifying
from licensing.cases.tables import CaseEvent
from licensing.commands.proofs import selfcheck
from licensing.commitments import consequences
from licensing.commitments.queries import of_case, tasks_of
from licensing.commitments.rules import Result
from licensing.commitments.tables import Commitment, CommitmentEvent, EvidencePack, Verification
from licensing.commitments.verification import OPEN
from licensing.errors import LeizhengError
from licensing.letters.tables import Letter
from licensing.policy import SYSTEM
from licensing.proceedings.tables import Proceeding
from licensing.storage import Base, reading, storage, unit_of_work
from licensing.trust import publication

pytestmark = pytest.mark.slow

FINDING = "现场铭牌型号与承诺的型号不一致。"


def photograph() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "#8a8f94").save(buffer, "JPEG")
    return buffer.getvalue()


def promise_of(case_id: int, place: int = 0) -> Commitment:
    with reading(SYSTEM) as look:
        return of_case(look.session, case_id)[place]


def open_task(made: Commitment) -> int:
    with reading(SYSTEM) as look:
        return next(task.id for task in tasks_of(look.session, made.case_id) if task.state == OPEN and task.commitment_id == made.id)


def downloaded(world: World, made: Commitment, folder: Path) -> Path:
    return unpack(evidence.pack_for(world.actor(world.applicant), world.settings, made.case_id, made.id), folder)


def names(pack: Path) -> set[str]:
    return {str(path.relative_to(pack)) for path in pack.rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def published(world: World) -> None:
    """The trust list is in the register, as after the first minute of every installation: so that nothing is wrong but what a test does."""
    publication.publish_installed(world.settings)


@pytest.fixture
def ended(world: World) -> Commitment:
    """A promise that was found untrue with a photograph, answered, and judged."""
    case_id = world.accepted("completion_acceptance")
    made = promise_of(case_id)
    task = open_task(made)
    fieldwork.add_material(world.actor(world.verifier), task, "铭牌 1.jpg", photograph())
    fieldwork.add_material(world.actor(world.verifier), task, "供货单.pdf", tiny_pdf())
    assert evidence.pack_for(world.actor(world.applicant), world.settings, case_id, made.id), "sealed before anything was found"
    verifying.record_finding(world.actor(world.verifier), task, Result.UNTRUE, world.report(task, Result.UNTRUE, FINDING))
    promises.answer_untruth(world.actor(world.member), case_id, "供货方发错了货。")
    verifying.terminate(world.actor(world.approver), case_id, "承诺的型号与实物不符。")
    return made


def test_findings_photographs_answer_and_letters_follow_in_a_part_of_their_own(world: World, ended: Commitment, tmp_path: Path) -> None:
    pack = downloaded(world, ended, tmp_path / "pack")
    assert not refusal(pack)
    assert run(pack, "sha256sum", "--check", "manifest.sha256").returncode == 0
    assert run(pack, "sha256sum", "--check", "after/manifest.sha256").returncode == 0
    assert "after/" not in (pack / "manifest.sha256").read_text(), "the sealed part stays as it was"
    [report] = (pack / "after" / "verifications").glob("*.json")
    assert FINDING in report.read_text(encoding="utf-8")
    photographs = {path.name: path.read_bytes() for path in report.with_suffix("").iterdir()}
    assert photographs == {"01.jpg": photograph(), "02.pdf": tiny_pdf()}
    letters = sorted(path.name for path in (pack / "after" / "letters").iterdir())
    assert letters == ["01-D9.pdf", "02-D10.pdf"]
    assert "Signature is Valid" in run(pack, "pdfsig", "after/letters/01-D9.pdf").stdout
    said = "".join(path.read_text(encoding="utf-8") for path in (pack / "after" / "events").iterdir())
    for word in ("UntruthNotified", "供货方发错了货。", "CaseTerminated", "PromiseConfirmedFalse"):
        assert word in said
    assert "DecisionProposed" not in said


def test_one_changed_character_afterwards_is_found(world: World, ended: Commitment, tmp_path: Path) -> None:
    pack = downloaded(world, ended, tmp_path / "pack")
    for name in sorted(name for name in names(pack) if name.startswith("after/")):
        copy = tmp_path / "copy"
        shutil.copytree(pack, copy)
        change_one_character(copy / name)
        assert refusal(copy), name
        if name != "after/manifest.sha256":
            listed = sorted(other for other in names(copy) if other.startswith("after/") and other != "after/manifest.sha256")
            (copy / "after" / "manifest.sha256").write_text(run(copy, "sha256sum", *listed).stdout)
            assert "REFUSED" in refusal(copy), f"{name}, although its manifest was made anew"
        shutil.rmtree(copy)


def test_what_became_of_another_promise_is_refused(world: World, ended: Commitment, tmp_path: Path) -> None:
    other = promise_of(ended.case_id, 1)
    pack, foreign = downloaded(world, ended, tmp_path / "pack"), downloaded(world, other, tmp_path / "other")
    assert not refusal(foreign)
    for part in ("after", "log/after"):
        shutil.rmtree(foreign / part)
        shutil.copytree(pack / part, foreign / part)
    shutil.rmtree(foreign / "log")
    shutil.copytree(pack / "log", foreign / "log")
    assert refusal(foreign)


def test_a_withdrawal_follows_with_its_reason(world: World, tmp_path: Path) -> None:
    case_id = world.accepted("completion_acceptance")
    made = promise_of(case_id)
    promises.withdraw_promise(world.actor(world.applicant), case_id, made.proof, "找到了证书原件")
    pack = downloaded(world, made, tmp_path / "pack")
    assert not refusal(pack)
    said = [path.read_text(encoding="utf-8") for path in (pack / "after" / "events").iterdir()]
    assert sum("找到了证书原件" in text for text in said) == 2, "the event of the case, and that of the promise"
    other = downloaded(world, promise_of(case_id, 1), tmp_path / "other")
    assert "找到了证书原件" not in "".join(path.read_text(encoding="utf-8") for path in (other / "after").rglob("*.json"))


def test_what_is_done_about_the_licence_follows(world: World, morning: time_machine.Traveller, tmp_path: Path) -> None:
    licence = world.granted("completion_acceptance")
    made = promise_of(licence.case_id or 0)
    verifying.verify_again(world.actor(world.verifier), made.case_id, made.id)
    task = open_task(made)
    verifying.record_finding(world.actor(world.verifier), task, Result.UNTRUE, world.report(task, Result.UNTRUE, FINDING))
    morning.move_to(datetime(2026, 3, 23, 1, 0, tzinfo=UTC))
    with reading(SYSTEM) as look:
        proceeding = look.session.scalars(select(Proceeding)).one()
    consequences.decide(world.actor(world.approver), proceeding.id, "欺骗取得，予以撤销。")
    pack = downloaded(world, made, tmp_path / "pack")
    assert not refusal(pack)
    assert [path.name for path in sorted((pack / "after" / "letters").iterdir())] == ["01-D8-0.pdf", "02-D8-3.pdf"]
    events = "".join(path.read_text(encoding="utf-8") for path in (pack / "after" / "events").glob("proceeding-*"))
    assert "欺骗取得，予以撤销。" in events
    assert len(list((pack / "after" / "verifications").glob("*.json"))) == 2, "the one before the decision too"


def selfcheck_finds(world: World) -> bool:
    environment = {f"LEIZHENG_{name.upper()}": str(getattr(world.settings, name)) for name in ("home", "keys", "database")}
    storage().engine.dispose()
    done = CliRunner().invoke(selfcheck, ["--rows"], env=environment)
    assert done.exit_code in (0, 1), done.output
    return done.exit_code == 1


def test_one_character_changed_in_the_file_store_is_found(world: World, ended: Commitment) -> None:
    with reading(SYSTEM) as look:
        pack = look.session.scalars(select(EvidencePack)).one()
        [task] = look.session.scalars(select(Verification).where(Verification.commitment_id == ended.id))
        kept = {**pack.files, "manifest": pack.manifest_sha256, "photograph": task.files[0].sha256}
    assert not selfcheck_finds(world)
    for name, digest in kept.items():
        path = storage().files._path(digest)
        before = path.read_bytes()
        change_one_character(path)
        assert selfcheck_finds(world), name
        with pytest.raises(LeizhengError) as refused:
            evidence.pack_for(world.actor(world.applicant), world.settings, ended.case_id, ended.id)
        assert refused.value.code == "file-damaged", name
        path.write_bytes(before)
    assert not selfcheck_finds(world)


EDITS: dict[str, tuple[type[Base], str, Any, bool]] = {
    "facts": (Commitment, "facts", {"model": "SPD-99"}, True),
    "person": (Commitment, "person_name", "王建国", True),
    "notice": (Commitment, "notice_sha256", "另一份告知", True),
    "statement": (Commitment, "statement_sha256", "另一份承诺", True),
    "event": (CaseEvent, "data", {"said": "x"}, True),
    "signing": (CommitmentEvent, "data", {"said": "x"}, True),
    "letter": (Letter, "content", {"title": "另一份承诺书"}, False),
}
"""What is edited in the database, and whether a pack that is sealed afterwards gives it away (a letter has its own digest)."""


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_in_the_database_is_found_by_selfcheck_and_in_the_pack(world: World, tmp_path: Path, what: str) -> None:
    table, column, value, in_pack = EDITS[what]
    case_id = world.accepted("completion_acceptance")
    made = promise_of(case_id)
    sealed = downloaded(world, made, tmp_path / "before")
    assert not selfcheck_finds(world)
    where = {
        Commitment: Commitment.id == made.id,
        CaseEvent: (CaseEvent.case_id == case_id) & (CaseEvent.sequence == 1),
        CommitmentEvent: (CommitmentEvent.commitment_id == made.id) & (CommitmentEvent.sequence == 1),
        Letter: Letter.id == made.letter_id,
    }[table]
    with unit_of_work(SYSTEM) as work:
        edited = work.files.put(value.encode()) if column.endswith("_sha256") else value
        work.session.execute(update(table).where(where).values({column: edited}))
    assert selfcheck_finds(world)
    again = downloaded(world, made, tmp_path / "again")
    assert not refusal(again), "what was sealed stays what it was"
    assert (again / "facts.json").read_bytes() == (sealed / "facts.json").read_bytes()
    if in_pack:
        with unit_of_work(SYSTEM) as work:
            work.session.execute(delete(EvidencePack).where(EvidencePack.commitment_id == made.id))
        assert refusal(downloaded(world, made, tmp_path / "late"))


def test_a_pack_row_that_names_other_files_is_found(world: World, ended: Commitment, tmp_path: Path) -> None:
    assert not selfcheck_finds(world)
    with unit_of_work(SYSTEM) as work:
        pack = work.session.scalars(select(EvidencePack)).one()
        forged = work.files.put(work.files.get(pack.files["facts.json"]).replace(b"SPD-40", b"SPD-20"))
        pack.files = {**pack.files, "facts.json": forged}
    assert selfcheck_finds(world)
    assert "a file was changed" in refusal(downloaded(world, ended, tmp_path / "pack"))
    with unit_of_work(SYSTEM) as work:
        pack = work.session.scalars(select(EvidencePack)).one()
        pack.manifest_sha256 = work.files.put("".join(f"{digest}  {name}\n" for name, digest in sorted(pack.files.items())).encode())
    late = downloaded(world, ended, tmp_path / "late")
    assert hashlib.sha256((late / "facts.json").read_bytes()).hexdigest() == forged
    assert "another facts.json was promised" in refusal(late)
