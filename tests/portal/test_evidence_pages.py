"""The evidence pack at the web's doors: signed while the signer is away, downloaded, and compared with the public pages."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from applicant_tools import sign, state_facts
from office_tools import Desk, text
from pack_reader import refusal, run, told, unpack

from licensing.cases import drafts
from licensing.commitments.pack_proofs import path_lines
from licensing.commitments.queries import without_evidence
from licensing.ledger.notes import Checkpoint
from licensing.ledger.proof_files import LogProof
from licensing.ledger.rules import entry_bytes, inclusion_proof, leaf_hash, root
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.trust.layout import KeyFolder
from licensing.worker import tidy

pytestmark = pytest.mark.slow

PROOF = "factory_certificate"
LOG_USAGE = "extendedKeyUsage=2.25.75592094667703313560090500738561417037"


def signed(desk: Desk) -> tuple[int, str]:
    """A case in which the applicant just signed a promise in the browser, and what the next page said."""
    browser, world = desk.browser(desk.world.applicant), desk.world
    case_id = drafts.start(world.actor(world.applicant), world.company, "completion_acceptance")
    drafts.save_section(world.actor(world.applicant), case_id, "project", {"region": "320104"}, 1)
    browser.send(f"/my/cases/{case_id}/proofs/{PROOF}", {"choice": "promise"})
    assert state_facts(browser, case_id, PROOF).status_code == 303
    answer = sign(browser, case_id, PROOF)
    assert answer.status_code == 303
    return case_id, text(browser.get(answer.location))


def pack_of(desk: Desk, case_id: int, folder: Path) -> Path:
    made = desk.world.page(case_id).choices[PROOF].commitment
    assert made is not None
    answer = desk.browser(desk.world.applicant).get(f"/my/cases/{case_id}/promises/{made.id}/evidence.zip")
    assert answer.status_code == 200
    return unpack(answer.data, folder)


def public(desk: Desk, path: str) -> str:
    return text(desk.app.test_client().get(path))


def test_while_the_keys_are_away_the_promise_is_signed_and_the_person_is_told_so(desk: Desk, tmp_path: Path) -> None:
    away = {path: path.read_bytes() for path in KeyFolder(desk.world.settings.keys).private_keys()}
    for path in away:
        path.unlink()
    case_id, said = signed(desk)
    assert "Your promise was signed. Its evidence pack cannot be made at the moment" in said
    assert desk.world.page(case_id).choices[PROOF].commitment is not None
    for path, content in away.items():
        path.touch(mode=0o600)
        path.write_bytes(content)
    assert tidy()["evidence_completed"] == 1
    with reading(SYSTEM) as look:
        assert without_evidence(look.session) == []
    assert not refusal(pack_of(desk, case_id, tmp_path / "pack"))


def test_the_two_lines_of_the_check_stand_on_public_pages(desk: Desk, tmp_path: Path) -> None:
    pack = pack_of(desk, signed(desk)[0], tmp_path / "pack")
    assert told(pack, "Key of the log") in public(desk, "/log")
    assert told(pack, "Root") in public(desk, "/check/")


def test_a_pack_with_a_root_and_a_log_of_its_own_is_told_apart_on_public_pages(desk: Desk, tmp_path: Path) -> None:
    pack = pack_of(desk, signed(desk)[0], tmp_path / "pack")
    forge(pack, tmp_path)
    assert not refusal(pack), "a forger who makes everything anew passes every check but the comparison"
    assert told(pack, "Key of the log") not in public(desk, "/log")
    assert told(pack, "Root") not in public(desk, "/check/")


def forge(pack: Path, folder: Path) -> None:
    """Another notice, in a pack whose texts, root, keys and whole log are the forger's own."""
    texts = {"notice": pack / "notice.txt", "statement": pack / "statement.txt", "facts": pack / "facts.json"}
    before = {name: digest(path) for name, path in texts.items()}
    texts["notice"].write_text("另一份告知", encoding="utf-8")
    replace(texts["statement"], before["notice"], digest(texts["notice"]))
    for name, path in texts.items():
        replace(pack / "promise.json", before[name], digest(path))
    openssl(folder, "req -x509 -newkey ed25519 -nodes -days 3000 -subj /CN=root -keyout root.key -out root.pem")
    usage = f"-addext {LOG_USAGE} -addext basicConstraints=critical,CA:false"
    openssl(
        folder,
        f"req -x509 -newkey ed25519 -nodes -days 3000 -subj /CN=log -CA root.pem -CAkey root.key {usage} -keyout log.key -out log.pem",
    )
    shutil.copy(folder / "root.pem", pack / "root.pem")
    shutil.copy(folder / "log.pem", pack / "log" / "log.pem")
    listed = [line[66:] for line in (pack / "manifest.sha256").read_text().splitlines()]
    (pack / "manifest.sha256").write_text("".join(f"{digest(pack / name)}  {name}\n" for name in listed))
    grow(pack, folder)


def grow(pack: Path, folder: Path) -> None:
    """A log that holds what the files are now, its head signed with the forger's key."""
    logged = sorted(path for path in (pack / "log").rglob("*.entry"))
    for path in logged:
        entry = json.loads(path.read_bytes())
        path.write_bytes(entry_bytes({**entry, "digest": digest(pack / path.relative_to(pack / "log").with_suffix(""))}))
    leaves = [leaf_hash(path.read_bytes()) for path in logged]
    for place, path in enumerate(logged):
        proof = LogProof(path.read_bytes(), place, tuple(inclusion_proof(leaves, place)), b"")
        path.with_suffix(".path").write_text(path_lines(proof, len(leaves)))
    origin = (pack / "log" / "checkpoint.txt").read_text().split("\n")[0]
    (pack / "log" / "checkpoint.txt").write_text(Checkpoint(origin, len(leaves), root(leaves)).text)
    openssl(pack, f"pkeyutl -sign -rawin -inkey {folder}/log.key -in log/checkpoint.txt -out log/checkpoint.sig")


def openssl(folder: Path, arguments: str) -> None:
    done = run(folder, "openssl", *arguments.split())
    assert done.returncode == 0, done.stderr


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
