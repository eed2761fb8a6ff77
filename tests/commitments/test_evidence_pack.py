"""The evidence pack, opened with the tools that a court has: unzip, sha256sum, openssl and a PDF reader; none of our own code."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path

import pytest
from world import World

from licensing.cases import evidence
from licensing.commitments.queries import of_case
from licensing.policy import SYSTEM
from licensing.storage import reading

pytestmark = pytest.mark.slow

SEALED = ("letter.pdf", "notice.txt", "statement.txt", "facts.json", "events.json", "promise.json")


@pytest.fixture
def pack(world: World, tmp_path: Path) -> Path:
    """The unpacked evidence of a promise in an accepted case."""
    case_id = world.accepted("completion_acceptance")
    with reading(SYSTEM) as look:
        made = of_case(look.session, case_id)[0]
    content = evidence.pack_for(world.actor(world.applicant), world.settings, case_id, made.id)
    assert content == evidence.pack_for(world.actor(world.examiner), world.settings, case_id, made.id), "the same at every call"
    folder = tmp_path / "pack"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    return folder


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def checked(folder: Path) -> bool:
    return run(folder, "sh", "check-log.sh").returncode == 0


def test_sha256sum_openssl_and_a_pdf_reader_agree(pack: Path) -> None:
    assert run(pack, "sha256sum", "--check", "manifest.sha256").returncode == 0
    told = run(pack, "sh", "check-log.sh")
    assert told.returncode == 0, told.stderr
    key = run(pack, "openssl", "pkey", "-pubin", "-in", "log/log-key.pem", "-noout", "-text").stdout
    assert "ED25519" in key
    last = (pack / "statement.txt").read_text(encoding="utf-8").splitlines()[-1]
    assert run(pack, "sha256sum", "notice.txt").stdout.split()[0] in last
    signature = run(pack, "pdfsig", "letter.pdf").stdout
    assert "Signature is Valid" in signature
    assert "Total document signed" in signature
    words = run(pack, "pdftotext", "-layout", "letter.pdf", "-").stdout.replace(" ", "").replace("\n", "")
    for said in ("承诺的事实", "南京金陵石化销售有限公司", "李文静", "本机关告知的内容", "申请人的承诺"):
        assert said in words


@pytest.mark.parametrize("name", SEALED)
def test_one_changed_character_is_found(pack: Path, name: str) -> None:
    assert checked(pack)
    content = bytearray((pack / name).read_bytes())
    content[len(content) // 2] ^= 1
    (pack / name).write_bytes(bytes(content))
    assert not checked(pack)


@pytest.mark.parametrize("name", ["manifest.sha256", "log/entry.json", "log/checkpoint.txt", "log/checkpoint.sig", "log/path.txt"])
def test_a_changed_proof_is_found(pack: Path, name: str) -> None:
    content = bytearray((pack / name).read_bytes())
    content[len(content) // 2] ^= 1
    (pack / name).write_bytes(bytes(content))
    assert not checked(pack)


def test_a_manifest_made_anew_for_a_changed_file_is_not_the_one_in_the_log(pack: Path) -> None:
    (pack / "facts.json").write_bytes((pack / "facts.json").read_bytes().replace(b"SPD", b"XPD"))
    listed = [line.split("  ", 1)[1] for line in (pack / "manifest.sha256").read_text().splitlines()]
    (pack / "manifest.sha256").write_text(run(pack, "sha256sum", *listed).stdout)
    assert run(pack, "sha256sum", "--check", "manifest.sha256").returncode == 0
    assert not checked(pack)
