"""The signer: one number, one payload, for ever; in this process and as a process of its own."""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
import signer_running
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from licensing.clock import now
from licensing.errors import Conflict, Invalid, Misconfigured, Unavailable
from licensing.ledger import notes, rules
from licensing.trust import attributes, keys, lz1, status_token, timestamp_token, trust_list
from licensing.trust.certificates import Holder, Purpose
from licensing.trust.checkpoints import note_keys
from licensing.trust.requests import Checkpoint, CheckpointRequest, Seal, SealRequest, SecondPayload, Signer, StatusRequest
from licensing.trust.signer import LocalSigner
from licensing.trust.trust_list import TrustList

from .conftest import CODE, NAME, SIGNED_AT, USCC
from .documents import letter, number, qr, qr_of, record, seal, seal_of, second_version

pytestmark = pytest.mark.slow

Start = Callable[..., Signer]
ROTATED_AT = datetime(2026, 2, 1, tzinfo=UTC)
BEFORE_ROTATION = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(params=["local", "process"])
def start(request: pytest.FixtureRequest, keys_dir: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts a signer on the one journal of this test; called again it is like a restart."""
    with ExitStack() as running:

        def started(keys_folder: Path = keys_dir, rate: int = 600) -> Signer:
            running.close()
            if request.param == "local":
                return LocalSigner(keys_folder, journal_of(tmp_path), rate=rate)
            return running.enter_context(signer_running.running(keys_folder, home_of(tmp_path), rate=rate))

        yield started


@pytest.fixture
def either(start: Start) -> Signer:
    return start()


def home_of(tmp_path: Path) -> Path:
    return tmp_path / "home"


def journal_of(tmp_path: Path) -> Path:
    return home_of(tmp_path) / "signer-journal.jsonl"


def verifies(given: Seal, request: SealRequest, trust: TrustList) -> bool:
    entry = trust.seal(given.certificate)
    assert entry is not None
    assert isinstance(entry.public_key, ec.EllipticCurvePublicKey)
    signed = attributes.signed_attributes(request.file_digest, given.certificate)
    entry.public_key.verify(given.signature, signed, ec.ECDSA(hashes.SHA256()))
    return decode_dss_signature(given.signature)[1] < 2**255


# Licences and letters


def test_qr_verifies_and_is_repeated(start: Start, trust: TrustList) -> None:
    either = start()
    first = either.sign_qr(qr())
    assert lz1.verify(first, trust.public_key).lz1.digest == record().digest[:16]
    assert either.sign_qr(qr()) == first
    assert start().sign_qr(qr()) == first


def test_seal_verifies_has_low_s_and_is_repeated(start: Start, trust: TrustList) -> None:
    either = start()
    first = either.sign_seal(seal())
    for serial in range(2, 8):
        request = seal(serial)
        assert verifies(either.sign_seal(request), request, trust)
    assert verifies(first, seal(), trust)
    assert first.timestamp is None
    assert either.sign_seal(seal()) == first
    assert start().sign_seal(seal()) == first


def test_letters_are_sealed_and_repeated(either: Signer, trust: TrustList) -> None:
    request = seal_of(letter())
    given = either.sign_seal(request)
    assert verifies(given, request, trust)
    assert either.sign_seal(seal_of(letter(), signed_at=SIGNED_AT + timedelta(hours=1))) == given
    with pytest.raises(SecondPayload):
        either.sign_seal(seal_of(letter(items=["补一份材料。"])))


def test_second_payload_is_refused(start: Start, tmp_path: Path) -> None:
    either = start()
    either.sign_qr(qr())
    either.sign_seal(seal())
    lines = journal_of(tmp_path).read_bytes().splitlines()
    assert len(lines) == 4
    for again in (either, start()):
        for second in (
            lambda each: each.sign_qr(qr(holder="另一家公司")),
            lambda each: each.sign_qr(qr(opinion="不予核准。")),
            lambda each: each.sign_seal(seal(file=b"\x02" * 32)),
            lambda each: each.sign_seal(seal(holder="另一家公司")),
            lambda each: each.sign_seal(seal(check_code="8K3F-9QWD")),
            lambda each: each.sign_qr(replace(qr(), authority_code="330000")),
        ):
            with pytest.raises(SecondPayload) as refused:
                second(again)
            assert refused.value.code == "second-payload"
            assert refused.value.sentence.facts == {"number": number(1)}
            assert refused.value.next_step is not None
    assert journal_of(tmp_path).read_bytes().splitlines() == lines


def test_qr_and_seal_of_one_number_are_of_one_record(either: Signer) -> None:
    either.sign_qr(qr())
    with pytest.raises(SecondPayload):
        either.sign_seal(seal(project="另一个工程"))
    either.sign_seal(seal(2))
    with pytest.raises(SecondPayload):
        either.sign_qr(qr(2, project="另一个工程"))


def test_one_identifier_has_one_number(either: Signer) -> None:
    either.sign_qr(qr())
    with pytest.raises(SecondPayload):
        either.sign_qr(qr(number="宁气雷验(2026)第0001号"))


def test_a_letter_cannot_take_the_number_of_a_licence(either: Signer) -> None:
    either.sign_seal(seal())
    with pytest.raises(SecondPayload):
        either.sign_seal(seal_of(letter(number=number(1))))


def test_the_next_version_is_signed_under_the_same_number(either: Signer, trust: TrustList) -> None:
    first, second = either.sign_qr(qr()), either.sign_qr(qr_of(second_version()))
    assert (lz1.verify(first, trust.public_key).lz1.version, lz1.verify(second, trust.public_key).lz1.version) == (1, 2)
    seals = either.sign_seal(seal()), either.sign_seal(seal_of(second_version().canonical(), b"\x02" * 32))
    assert either.sign_qr(qr()) == first
    assert either.sign_seal(seal()) == seals[0]
    with pytest.raises(SecondPayload):
        either.sign_qr(qr_of(second_version(holder="另一家公司")))


def test_requests_that_break_their_form_leave_no_trace(either: Signer, tmp_path: Path) -> None:
    for request in (
        replace(qr(), record=b"{}"),
        replace(qr(), record=letter()),
        replace(qr(), payload=b"anything"),
        replace(qr(), payload=qr(2).payload),
    ):
        with pytest.raises(Invalid) as refused:
            either.sign_qr(request)
        assert refused.value.code in {"document-refused", "payload-mismatch"}
        assert refused.value.fields
    for wrong in (
        replace(seal(), document=b"{}"),
        replace(seal(), file_digest=b"\x01" * 31),
        replace(seal(), signed_at=SIGNED_AT + timedelta(seconds=1)),
        replace(seal_of(letter()), signed_at=SIGNED_AT + timedelta(days=1)),
        replace(seal(), signed_at=SIGNED_AT.replace(tzinfo=None)),
    ):
        with pytest.raises(Invalid):
            either.sign_seal(wrong)
    assert not journal_of(tmp_path).exists()


def test_a_key_speaks_for_its_own_authority_only(either: Signer, tmp_path: Path) -> None:
    for request in (qr(issuer="浙江省气象局"), replace(qr(), authority_code="330000")):
        with pytest.raises(Misconfigured) as refused:
            either.sign_qr(request)
        assert refused.value.code in {"other-issuer", "key-not-active"}
    with pytest.raises(Misconfigured, match="浙江省气象局"):
        either.sign_seal(seal_of(letter(issuer="浙江省气象局")))
    with pytest.raises(Misconfigured):
        either.sign_seal(replace(seal(), authority_code="service"))
    assert b"intent" not in journal_of(tmp_path).read_bytes()


def test_no_key_covers_the_distant_past(either: Signer) -> None:
    past = {"issued_on": "2019-01-02", "valid_from": "2019-01-02", "decided_at": "2019-01-02T00:00:00+00:00"}
    with pytest.raises(Misconfigured) as refused:
        either.sign_qr(qr(**past))
    assert refused.value.code == "key-not-active"


def test_nothing_is_signed_for_the_future(either: Signer) -> None:
    tomorrow = (now() + timedelta(days=1)).replace(microsecond=0)
    day = (tomorrow + timedelta(hours=8)).date().isoformat()
    dates = {"issued_on": day, "valid_from": day, "valid_until": None, "decided_at": tomorrow.isoformat()}
    with pytest.raises(Unavailable) as refused:
        either.sign_qr(qr(**dates))
    assert refused.value.code == "moment-ahead"
    with pytest.raises(Unavailable):
        either.sign_seal(seal_of(record(**dates).canonical(), signed_at=tomorrow))


# Keys that change


@pytest.fixture
def own_keys(keys_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(keys_dir, tmp_path / "keys"))


def rotate(folder: Path) -> None:
    """A new seal and a new QR key from ``ROTATED_AT`` on; the old ones are retired."""
    for purpose, old in ((Purpose.SEAL, f"seal-{CODE}-1"), (Purpose.QR, "qr-07")):
        with keys.changing(folder) as change:
            new = change.create(purpose, Holder(CODE, NAME, USCC), not_before=ROTATED_AT)
        with keys.changing(folder) as change:
            change.activate(new, ROTATED_AT)
        with keys.changing(folder) as change:
            change.retire(old)


def test_rotation_changes_new_signatures_and_no_old_answer(start: Start, own_keys: Path) -> None:
    either = start(own_keys)
    before = either.sign_qr(qr()), either.sign_seal(seal())
    rotate(own_keys)
    trust = trust_list.load(own_keys)
    for again in (either, start(own_keys)):
        assert (again.sign_qr(qr()), again.sign_seal(seal())) == before
        assert verifies(again.sign_seal(seal(2)), seal(2), trust)
    fresh, sealed = either.sign_qr(qr(3)), either.sign_seal(seal(3))
    assert lz1.decode(before[0]).kid == b"\x07"
    assert lz1.verify(fresh, trust.public_key).kid == b"\x08"
    assert sealed.certificate != before[1].certificate
    assert trust.seal(sealed.certificate) == trust.by_id[f"seal-{CODE}-2"]
    assert lz1.verify(before[0], trust.public_key).lz1.digest == record().digest[:16]


def test_a_retired_or_compromised_key_signs_nothing_new(start: Start, own_keys: Path) -> None:
    either = start(own_keys)
    first = either.sign_qr(qr())
    with keys.changing(own_keys) as change:
        change.compromise("qr-07", BEFORE_ROTATION)
    rotate_seal_only(own_keys)
    for again in (either, start(own_keys)):
        with pytest.raises(Misconfigured) as refused:
            again.sign_qr(qr(2))
        assert refused.value.code == "key-not-active"
        with pytest.raises(Misconfigured):
            again.sign_seal(early_seal())
        assert again.sign_qr(qr()) == first, "what was given stays given; the trust list says what it is worth"


def rotate_seal_only(folder: Path) -> None:
    with keys.changing(folder) as change:
        new = change.create(Purpose.SEAL, Holder(CODE, NAME, USCC), not_before=ROTATED_AT)
    with keys.changing(folder) as change:
        change.activate(new, ROTATED_AT)
    with keys.changing(folder) as change:
        change.retire(f"seal-{CODE}-1")


def early_seal() -> SealRequest:
    """For a decision of the time of the retired key."""
    day = BEFORE_ROTATION.date().isoformat()
    dates = {"issued_on": day, "valid_from": day, "decided_at": BEFORE_ROTATION.isoformat()}
    return seal_of(record(9, **dates).canonical(), signed_at=BEFORE_ROTATION)


def test_a_missing_private_key_is_said_and_leaves_no_trace(start: Start, own_keys: Path, tmp_path: Path) -> None:
    (own_keys / "qr" / "07.key").unlink()
    either = start(own_keys)
    with pytest.raises(Misconfigured, match=r"07\.key"):
        either.sign_qr(qr())
    assert b"intent" not in journal_of(tmp_path).read_bytes()
    assert verifies(either.sign_seal(seal()), seal(), trust_list.load(own_keys))


# Rate


def test_new_signatures_are_capped_and_old_answers_are_not(start: Start) -> None:
    either = start(rate=3)
    given = [either.sign_qr(qr(serial)) for serial in range(1, 4)]
    for serial in (4, 5):
        with pytest.raises(Unavailable) as refused:
            either.sign_qr(qr(serial))
        assert refused.value.code == "signer-busy"
    assert [either.sign_qr(qr(serial)) for serial in range(1, 4)] == given
    assert either.sign_seal(seal()).signature, "another purpose has a count of its own"


def test_the_cap_is_for_one_minute(keys_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter((100.0, 101.0, 159.0, 160.0, 161.0, 161.5))
    monkeypatch.setattr("licensing.trust.signer.time.monotonic", lambda: next(seconds))
    signer = LocalSigner(keys_dir, journal_of(tmp_path), rate=2)
    outcomes = []
    for serial in range(1, 7):
        try:
            outcomes.append(bool(signer.sign_qr(qr(serial))))
        except Unavailable:
            outcomes.append(False)
    assert outcomes == [True, True, False, True, True, False]


# Time stamps


def test_the_first_timestamp_of_a_seal_is_kept(start: Start) -> None:
    either = start()
    given = either.sign_seal(seal())
    imprint = hashlib.sha256(given.signature).digest()
    first, later = either.sign_time(imprint), either.sign_time(imprint)
    assert either.keep_timestamp(number(1), first) == first
    assert either.keep_timestamp(number(1), later) == first
    for again in (either, start()):
        assert again.sign_seal(seal()) == replace(given, timestamp=first)
    read = timestamp_token.read(first)
    assert read.imprint == imprint
    assert abs(read.moment - now()) < timedelta(minutes=1)


def test_a_timestamp_for_anything_else_is_refused(either: Signer) -> None:
    given = either.sign_seal(seal())
    either.sign_qr(qr(2))
    token = either.sign_time(hashlib.sha256(given.signature).digest())
    for other, stamp in (
        (number(2), token),
        ("nothing", token),
        (number(1), either.sign_time(bytes(32))),
        (number(1), b"junk"),
        (number(1), b""),
    ):
        with pytest.raises(Invalid) as refused:
            either.keep_timestamp(other, stamp)
        assert refused.value.code in {"payload-mismatch", "timestamp-refused"}
    for imprint in (b"", bytes(31), bytes(33)):
        with pytest.raises(Invalid):
            either.sign_time(imprint)


def test_each_version_keeps_its_own_timestamp(either: Signer) -> None:
    requests = seal(), seal_of(second_version().canonical(), b"\x02" * 32)
    tokens = []
    for request in requests:
        given = either.sign_seal(request)
        tokens.append(either.keep_timestamp(number(1), either.sign_time(hashlib.sha256(given.signature).digest())))
    assert [either.sign_seal(request).timestamp for request in requests] == tokens
    assert tokens[0] != tokens[1]


# Status lists


def status(trust: TrustList, **changes: object) -> StatusRequest:
    issued_at = int(SIGNED_AT.timestamp())
    whole = StatusRequest(
        trust.status_uri(CODE), issued_at, issued_at + 24 * 3600, 3600, 4, status_token.compress(status_token.pack([0, 2, 12, 15]))
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def test_status_lists_are_signed_in_both_forms(either: Signer, trust: TrustList) -> None:
    tokens = either.sign_status(status(trust))
    for token in (tokens.cwt, tokens.jwt.encode()):
        read = status_token.verify(token, trust.status_keys, trust.status_uri(CODE))
        assert [read.value(index) for index in range(5)] == [0, 2, 12, 15, None]
        assert read.as_of == SIGNED_AT


def test_status_lists_that_break_their_form_are_refused(either: Signer, trust: TrustList) -> None:
    good = status(trust)
    bomb = status_token.compress(bytes(status_token.INFLATED_LIMIT + 1))
    for wrong in (
        status(trust, uri="https://zz.example.gov.cn/status/330000"),
        status(trust, uri=good.uri.replace("https", "http")),
        status(trust, expires_at=good.issued_at),
        status(trust, expires_at=good.issued_at + 49 * 3600),
        status(trust, ttl=0),
        status(trust, ttl=50 * 3600),
        status(trust, bits=1),
        status(trust, issued_at=-1, expires_at=100),
        status(trust, compressed=b"junk"),
        status(trust, compressed=good.compressed + b"x"),
        status(trust, compressed=bomb),
    ):
        with pytest.raises(Invalid) as refused:
            either.sign_status(wrong)
        assert refused.value.code == "payload-mismatch"
    ahead = int(now().timestamp()) + 3600
    with pytest.raises(Unavailable):
        either.sign_status(status(trust, issued_at=ahead, expires_at=ahead + 3600))


# Checkpoints

LEAVES = [hashlib.sha256(bytes([index])).digest() for index in range(20)]


def checkpoint(trust: TrustList, size: int, before: int = 0, leaves: list[bytes] = LEAVES) -> CheckpointRequest:
    proof = tuple(rules.consistency_proof(leaves[:size], before)) if 0 < before < size else ()
    return CheckpointRequest(trust.origin, size, rules.root(leaves[:size]), proof)


def test_checkpoints_grow_and_are_remembered(start: Start, trust: TrustList) -> None:
    either = start()
    assert either.latest_checkpoint() is None
    before = 0
    for size in (0, 1, 2, 7, 8, 20):
        note = either.sign_checkpoint(checkpoint(trust, size, before))
        read = notes.open_checkpoint(note, note_keys(trust))
        assert (read.origin, read.size, read.root) == (trust.origin, size, rules.root(LEAVES[:size]))
        assert either.sign_checkpoint(checkpoint(trust, size)) == note
        before = size
    assert start().latest_checkpoint() == Checkpoint(20, rules.root(LEAVES))


def test_a_shrunken_or_forked_log_is_refused(start: Start, trust: TrustList) -> None:
    either = start()
    either.sign_checkpoint(checkpoint(trust, 8))
    forked = [b"\x00" * 32, *LEAVES[1:]]
    for again in (either, start()):
        for code, wrong in (
            ("log-shrunk", checkpoint(trust, 7)),
            ("log-shrunk", checkpoint(trust, 0)),
            ("log-forked", checkpoint(trust, 8, leaves=forked)),
            ("log-forked", checkpoint(trust, 9, 8, leaves=forked)),
            ("log-forked", checkpoint(trust, 9)),
            ("log-forked", checkpoint(trust, 9, 7)),
        ):
            with pytest.raises(Conflict) as refused:
                again.sign_checkpoint(wrong)
            assert refused.value.code == code
        assert again.latest_checkpoint() == Checkpoint(8, rules.root(LEAVES[:8]))
    good = checkpoint(trust, 9, 8)
    for wrong in (
        replace(good, origin="other.example/log"),
        replace(good, root=bytes(31)),
        replace(good, size=-1),
        replace(good, consistency=(b"short",)),
        replace(good, consistency=(bytes(32),) * 65),
    ):
        with pytest.raises(Invalid):
            either.sign_checkpoint(wrong)
    assert either.sign_checkpoint(good)


# Several at once

HOLDERS = ("甲公司", "乙公司")


def _try(signer: Signer, holder: str, serial: int = 1) -> bytes | None:
    try:
        return signer.sign_qr(qr(serial, holder=holder))
    except SecondPayload:
        return None


def test_threads_agree_on_one_answer(either: Signer) -> None:
    answers: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: answers.append(_try(either, "甲公司"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert answers[0] is not None


def test_of_two_askers_at_once_one_gets_the_number(either: Signer, trust: TrustList) -> None:
    for serial in range(1, 6):
        with ThreadPoolExecutor(2) as askers:
            answers = dict(zip(HOLDERS, askers.map(lambda holder, serial=serial: _try(either, holder, serial), HOLDERS), strict=True))
        signed = {holder: answer for holder, answer in answers.items() if answer is not None}
        assert len(signed) == 1
        for holder, answer in signed.items():
            assert lz1.verify(answer, trust.public_key).lz1.holder == holder


def _race(keys_dir: Path, journal: Path, holder: str, pipe: Connection) -> None:
    signer = LocalSigner(keys_dir, journal)
    while (serial := pipe.recv()) is not None:
        pipe.send((_try(signer, holder, serial), signer.sign_qr(qr(1000 + serial))))


@pytest.mark.slow
def test_two_processes_on_one_journal_never_sign_two_payloads(keys_dir: Path, trust: TrustList, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(2)]
    racers = [
        context.Process(target=_race, args=(keys_dir, journal_of(tmp_path), holder, child))
        for holder, (_, child) in zip(HOLDERS, pipes, strict=True)
    ]
    for racer in racers:
        racer.start()
    for serial in range(1, 21):
        for parent, _ in pipes:
            parent.send(serial)
        answers = [parent.recv() for parent, _ in pipes]
        signed = [(holder, answer[0]) for holder, answer in zip(HOLDERS, answers, strict=True) if answer[0] is not None]
        assert len(signed) == 1
        assert lz1.verify(signed[0][1], trust.public_key).lz1.holder == signed[0][0]
        assert answers[0][1] == answers[1][1] is not None
    for parent, child in pipes:
        parent.send(None)
        child.close()
    for racer in racers:
        racer.join(timeout=30)
        assert racer.exitcode == 0
    for parent, _ in pipes:
        parent.close()
