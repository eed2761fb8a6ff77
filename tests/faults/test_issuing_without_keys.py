"""The portal without a single private key: everything is signed by the signer's process, and waits for it when it is away."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import signer_running
import time_machine
from world import World, open_world

from licensing.cases import evidence, issuing
from licensing.cases.machine import State
from licensing.commitments.queries import without_evidence
from licensing.errors import Unavailable
from licensing.letters import actions as letters
from licensing.letters import queries as letter_queries
from licensing.licences.verify import verify_pdf
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading, storage
from licensing.trust import checkpoints, current, private_keys
from licensing.trust.current import current_trust_list
from licensing.trust.layout import KeyFolder
from licensing.worker import tidy

pytestmark = pytest.mark.slow


@dataclass
class SignerHouse:
    """The signer's own user in miniature: its keys and its journal lie where the portal has no business."""

    keys: Path
    home: Path
    socket: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = signer_running.start(self.keys, self.home, at=self.socket)

    def kill(self) -> None:
        assert self.process is not None
        signer_running.end(self.process, signal.SIGKILL)
        self.process = None


@pytest.fixture
def house(tmp_path: Path) -> Iterator[SignerHouse]:
    folder = tmp_path / "signer"
    folder.mkdir(mode=0o700)
    made = SignerHouse(folder / "keys", folder / "home", folder / "signer.sock")
    yield made
    if made.process is not None:
        made.kill()
    current._remote.cache_clear()


@pytest.fixture
def keyless(settings: Settings, house: SignerHouse, morning: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world whose process cannot read a private key: there is none in its folder, and it fails when it tries."""
    world = open_world(settings.model_copy(update={"signer": house.socket}))
    shutil.copytree(settings.keys, house.keys)
    for path in KeyFolder(settings.keys).private_keys():
        path.unlink()

    def no_keys(*_: object) -> None:
        raise AssertionError("the portal tried to read a private key")

    for name in ("open_key", "read_private_key"):
        monkeypatch.setattr(private_keys, name, no_keys)
    monkeypatch.setattr("licensing.trust.signer.open_key", no_keys)
    house.start()
    yield world
    storage().engine.dispose()


def test_a_licence_its_letters_and_the_log_are_signed_far_from_the_portal(keyless: World, house: SignerHouse) -> None:
    licence = keyless.granted()
    assert licence.file_sha256 is not None
    with reading(SYSTEM) as look:
        content = look.files.get(licence.file_sha256)
        assert verify_pdf(content, current_trust_list(keyless.settings), look.session).overall == "valid"
        first_letter = letter_queries.of_case(look.session, licence.case_id or 0)[0].id
    sealed = letters.sealed_pdf(first_letter)
    assert letters.sealed_pdf(first_letter) == sealed
    published = checkpoints.publish(keyless.settings)
    assert published is not None
    assert (house.home / "signer-journal.jsonl").exists()
    assert not (keyless.settings.home / "signer-journal.jsonl").exists()


def test_while_the_signer_is_away_a_decision_waits_and_is_issued_once(keyless: World, house: SignerHouse) -> None:
    case_id = keyless.proposed()
    house.kill()
    with pytest.raises(Unavailable) as refused:
        keyless.grant(case_id)
    assert refused.value.code == "signer-unreachable"
    page = keyless.page(case_id)
    assert page.state in {State.ISSUING, State.PROPOSED}
    assert page.licence is None
    issuing.resume_all()
    assert keyless.page(case_id).state is page.state
    house.start()
    if page.state is State.PROPOSED:
        keyless.grant(case_id)
    else:
        assert issuing.resume_all() == 1
    assert keyless.page(case_id).state is State.GRANTED
    assert issuing.resume_all() == 0


def test_while_the_signer_is_away_a_promise_is_signed_and_its_evidence_follows(keyless: World, house: SignerHouse) -> None:
    case_id = keyless.accepted("completion_acceptance")
    signed = [choice.commitment for choice in keyless.page(case_id).choices.values()]
    house.kill()
    assert len(signed) == 2
    for made in signed:
        assert made is not None
        assert not evidence.complete_soon(keyless.settings, case_id, made.id)
    assert tidy()["evidence_completed"] == 0
    house.start()
    assert tidy()["evidence_completed"] == 2
    assert tidy()["evidence_completed"] == 0
    with reading(SYSTEM) as look:
        assert without_evidence(look.session) == []
    assert signed[0] is not None
    first = evidence.pack_for(keyless.actor(keyless.applicant), keyless.settings, case_id, signed[0].id)
    assert evidence.complete_soon(keyless.settings, case_id, signed[0].id), "once more changes nothing"
    assert evidence.pack_for(keyless.actor(keyless.applicant), keyless.settings, case_id, signed[0].id) == first
