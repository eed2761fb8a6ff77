"""The evidence pack, opened with the tools that a court has: unzip, sha256sum, openssl and a PDF reader; none of our own code."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pack_reader import READMES, change_one_character, commands, follow, refusal, run, unpack
from world import World

from licensing.cases import evidence
from licensing.commitments.queries import of_case
from licensing.commitments.tables import Commitment
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.trust.keys import ensure_test_tsa

pytestmark = pytest.mark.slow

SEALED = ("letter.pdf", "notice.txt", "statement.txt", "facts.json", "promise.json", "events/case-0001.json", "events/promise-0001.json")
PROOFS = (
    "log/manifest.sha256.entry",
    "log/manifest.sha256.path",
    "log/promise.json.entry",
    "log/letter.pdf.path",
    "log/events/case-0001.json.entry",
    "log/checkpoint.txt",
    "log/checkpoint.sig",
    "log/log.pem",
)


def promise_of(case_id: int, place: int = 0) -> Commitment:
    with reading(SYSTEM) as look:
        return of_case(look.session, case_id)[place]


@pytest.fixture
def case_id(world: World) -> int:
    return world.accepted("completion_acceptance")


@pytest.fixture
def pack(world: World, case_id: int, tmp_path: Path) -> Path:
    """The unpacked evidence of a promise in an accepted case."""
    made = promise_of(case_id)
    content = evidence.pack_for(world.actor(world.applicant), world.settings, case_id, made.id)
    assert content == evidence.pack_for(world.actor(world.examiner), world.settings, case_id, made.id), "the same at every call"
    return unpack(content, tmp_path / "pack")


def test_every_command_of_the_readme_succeeds_in_both_languages(pack: Path) -> None:
    said = follow(pack)
    assert commands(pack) == commands(pack, READMES[1]), "both say the same"
    assert "Signature is Valid" in said["pdfsig letter.pdf"]
    assert "Total document signed" in said["pdfsig letter.pdf"]
    words = said["pdftotext -layout letter.pdf -"].replace(" ", "").replace("\n", "")
    for shown in ("承诺的事实", "南京金陵石化销售有限公司", "李文静", "本机关告知的内容", "申请人的承诺"):
        assert shown in words
    assert {path.name for path in pack.iterdir()} >= {*READMES, "check.sh", "root.pem", "log", "events"}
    assert "{" not in "".join((pack / name).read_text(encoding="utf-8") for name in READMES), "every place was filled"


def test_where_no_authority_gives_time_stamps_the_readme_says_so(pack: Path) -> None:
    assert not (pack / "statement.tst").exists()
    assert "THIS PACK HAS NONE" in (pack / "README.txt").read_text(encoding="utf-8")
    assert "没有时间戳" in (pack / "README.zh-CN.txt").read_text(encoding="utf-8")
    assert not [command for command in commands(pack) if "statement.tst" in command]


def test_with_a_time_stamping_authority_openssl_verifies_the_stamp_offline(world: World, tmp_path: Path) -> None:
    ensure_test_tsa(world.settings.keys)
    stamping = world.settings.model_copy(update={"tsa": "test"})
    case_id = world.accepted("completion_acceptance")
    content = evidence.pack_for(world.actor(world.applicant), stamping, case_id, promise_of(case_id).id)
    pack = unpack(content, tmp_path / "pack")
    said = follow(pack)
    stamp = next(text for command, text in said.items() if "ts -reply" in command)
    assert "Time stamp: Mar  2" in stamp, "the moment right after the signing"
    verify = next(command for command in commands(pack, READMES[1]) if "ts -verify" in command)
    (pack / "statement.txt").write_bytes((pack / "statement.txt").read_bytes() + b" ")
    assert run(pack, "sh", "-ec", verify).returncode != 0


@pytest.mark.parametrize("name", SEALED)
def test_one_changed_character_is_found(pack: Path, name: str) -> None:
    assert not refusal(pack)
    change_one_character(pack / name)
    assert refusal(pack)


@pytest.mark.parametrize("name", ["manifest.sha256", *PROOFS])
def test_a_changed_proof_is_found(pack: Path, name: str) -> None:
    change_one_character(pack / name)
    assert refusal(pack)


def seal_again(pack: Path) -> None:
    """List the files as they are now in a manifest made anew, as a forger does."""
    names = [line.split("  ", 1)[1] for line in (pack / "manifest.sha256").read_text().splitlines()]
    (pack / "manifest.sha256").write_text(run(pack, "sha256sum", *(name for name in names if (pack / name).exists())).stdout)
    assert run(pack, "sha256sum", "--check", "manifest.sha256").returncode == 0


def test_a_manifest_made_anew_for_a_changed_file_is_not_the_one_in_the_log(pack: Path) -> None:
    (pack / "facts.json").write_bytes((pack / "facts.json").read_bytes().replace(b"SPD", b"XPD"))
    assert "a file was changed" in refusal(pack)
    seal_again(pack)
    assert "another facts.json was promised" in refusal(pack)


def test_an_event_taken_out_or_added_is_found(pack: Path) -> None:
    (pack / "events" / "case-0009.json").write_bytes((pack / "events" / "case-0001.json").read_bytes())
    assert "was added" in refusal(pack)
    (pack / "events" / "case-0009.json").unlink()
    (pack / "events" / "case-0001.json").unlink()
    seal_again(pack)
    assert "manifest.sha256" in refusal(pack)


def test_each_event_and_the_promise_are_hashed_by_sha256sum_to_what_the_log_holds(pack: Path) -> None:
    for name in ("promise.json", "letter.pdf", *(f"events/{path.name}" for path in (pack / "events").iterdir())):
        assert run(pack, "sha256sum", name).stdout.split()[0] in (pack / "log" / f"{name}.entry").read_text(), name


def test_a_proof_of_another_promise_is_found(world: World, case_id: int, pack: Path, tmp_path: Path) -> None:
    other = promise_of(case_id, 1)
    content = evidence.pack_for(world.actor(world.applicant), world.settings, case_id, other.id)
    foreign = unpack(content, tmp_path / "other")
    assert not refusal(foreign)
    shutil.rmtree(pack / "log")
    shutil.copytree(foreign / "log", pack / "log")
    assert "something else than manifest.sha256" in refusal(pack)


def test_a_key_of_the_log_that_the_root_did_not_certify_is_found(pack: Path) -> None:
    forge_log(pack)
    assert "the root did not certify the key of the log" in refusal(pack)


def forge_log(pack: Path) -> None:
    """Sign the head of the log with a key of one's own."""
    usage = ("-addext", "extendedKeyUsage=2.25.75592094667703313560090500738561417037")
    request = ("openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=log", *usage)
    done = run(pack.parent, *request, "-keyout", "log.key", "-out", "pack/log/log.pem")
    assert done.returncode == 0, done.stderr
    sign = ("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", "../log.key", "-in", "log/checkpoint.txt")
    assert run(pack, *sign, "-out", "log/checkpoint.sig").returncode == 0
