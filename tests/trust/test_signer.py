"""The signer: one number, one payload, for ever; across crashes, threads and processes."""

from __future__ import annotations

import json
import multiprocessing
import threading
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

from licensing.errors import Invalid, LeizhengError, Misconfigured
from licensing.trust import attributes, lz1
from licensing.trust.signer import LocalSigner, QrRequest, SealRequest, SecondPayload
from licensing.trust.trust_list import TrustList

from .conftest import CODE

RECORD = bytes(range(32))
SAID = lz1.Lz1(
    2, 20260001, 1, "91350100M000100Y43", "某某公司", None, 7, RECORD[:16], int(datetime(2026, 3, 4, tzinfo=UTC).timestamp()), None
)


def qr(number: str = "苏气雷验(2026)第0001号", **change: object) -> QrRequest:
    return QrRequest(CODE, number, RECORD, lz1.payload_bytes(replace(SAID, **change)))  # type: ignore[arg-type]


def seal(trust: TrustList, number: str = "苏气雷验(2026)第0001号", file: bytes = b"\x01" * 32) -> SealRequest:
    certificate = trust.seals[0].certificate.public_bytes(Encoding.DER)
    return SealRequest(CODE, number, RECORD, file, attributes.signed_attributes(file, certificate))


def journal_of(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "journal.jsonl"


def test_qr_verifies_and_is_repeated(signer: LocalSigner, keys_dir: Path, trust: TrustList, tmp_path: Path) -> None:
    first = signer.sign_qr(qr())
    assert lz1.verify(first, trust.public_key).lz1 == SAID
    assert signer.sign_qr(qr()) == first
    assert LocalSigner(keys_dir, journal_of(tmp_path)).sign_qr(qr()) == first


def test_seal_verifies_has_low_s_and_is_repeated(signer: LocalSigner, trust: TrustList) -> None:
    key = trust.seals[0].certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    for number in range(8):
        request = seal(trust, str(number))
        signature = signer.sign_seal(request)
        key.verify(signature, request.signed_attributes, ec.ECDSA(hashes.SHA256()))
        assert decode_dss_signature(signature)[1] < 2**255
        assert signer.sign_seal(request) == signature


def test_second_payload_is_refused(signer: LocalSigner, keys_dir: Path, trust: TrustList, tmp_path: Path) -> None:
    signer.sign_qr(qr())
    signer.sign_seal(seal(trust))
    for each in (signer, LocalSigner(keys_dir, journal_of(tmp_path))):
        with pytest.raises(SecondPayload) as refused:
            each.sign_qr(qr(holder="另一家公司"))
        assert refused.value.code == "second-payload"
        with pytest.raises(SecondPayload):
            each.sign_seal(seal(trust, file=b"\x02" * 32))
        with pytest.raises(SecondPayload):
            each.sign_seal(replace(seal(trust), record_digest=bytes(32)))
    assert len(journal_of(tmp_path).read_bytes().splitlines()) == 4


def test_intent_is_written_before_the_signature(signer: LocalSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def crash(*_: object) -> bytes:
        seen.append([json.loads(line)["op"] for line in journal_of(tmp_path).read_bytes().splitlines()])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("licensing.trust.signer.sign_raw", crash)
        with pytest.raises(KeyboardInterrupt):
            signer.sign_qr(qr())
    assert seen == [["intent"]]
    with pytest.raises(SecondPayload):
        signer.sign_qr(qr(holder="另一家公司"))
    assert signer.sign_qr(qr()) == signer.sign_qr(qr())


def test_payload_must_belong_to_the_record(signer: LocalSigner, tmp_path: Path) -> None:
    for request in (replace(qr(), record_digest=bytes(32)), replace(qr(), record_digest=RECORD[:16])):
        with pytest.raises(Invalid):
            signer.sign_qr(request)
    with pytest.raises(LeizhengError):
        signer.sign_qr(replace(qr(), payload=b"anything"))
    assert not journal_of(tmp_path).exists()


def test_attributes_must_belong_to_the_file_and_the_seal(signer: LocalSigner, trust: TrustList) -> None:
    good = seal(trust)
    root = trust.root.certificate.public_bytes(Encoding.DER)
    for request in (
        replace(good, file_digest=bytes(32)),
        replace(good, signed_attributes=b"\x31\x00"),
        replace(good, signed_attributes=attributes.signed_attributes(good.file_digest, root)),
        replace(good, record_digest=b""),
    ):
        with pytest.raises(Invalid):
            signer.sign_seal(request)


def test_authority_without_keys_and_date_without_key(signer: LocalSigner, trust: TrustList) -> None:
    with pytest.raises(Misconfigured):
        signer.sign_qr(replace(qr(), authority_code="330000"))
    with pytest.raises(Misconfigured):
        signer.sign_seal(replace(seal(trust), authority_code="330000"))
    with pytest.raises(Misconfigured):
        signer.sign_qr(qr("old", issued_at=int(datetime(2019, 1, 1, tzinfo=UTC).timestamp())))


@pytest.mark.parametrize("keep", [1, 5, 40, -1])
def test_torn_last_line_is_dropped(signer: LocalSigner, keys_dir: Path, tmp_path: Path, keep: int) -> None:
    signer.sign_qr(qr("1"))
    path = journal_of(tmp_path)
    whole = path.read_bytes()
    signer.sign_qr(qr("2"))
    line = path.read_bytes()[len(whole) :].splitlines(keepends=True)[0]
    path.write_bytes(whole + line[:keep])
    fresh = LocalSigner(keys_dir, path)
    answer = fresh.sign_qr(qr("3"))
    assert [json.loads(each)["number"] for each in path.read_bytes().splitlines()] == ["1", "1", "3", "3"]
    assert LocalSigner(keys_dir, path).sign_qr(qr("3")) == answer


def test_shortened_and_damaged_journals_stop_the_signer(signer: LocalSigner, keys_dir: Path, tmp_path: Path) -> None:
    signer.sign_qr(qr("1"))
    path = journal_of(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Misconfigured):
        signer.sign_qr(qr("2"))
    intent, answer = whole.splitlines(keepends=True)
    other_answer = answer.replace(b'"answer":"d2', b'"answer":"d3')
    other_intent = intent.replace(b'"authority":"3', b'"authority":"4')
    for damage in (b"x" + whole, whole + b"{}\n", whole + b'{"op":"other"}\n', whole + other_answer, whole + other_intent, answer, b"1\n"):
        path.write_bytes(damage)
        with pytest.raises(Misconfigured):
            LocalSigner(keys_dir, path).sign_qr(qr("2"))


def test_journal_is_private(signer: LocalSigner, tmp_path: Path) -> None:
    signer.sign_qr(qr())
    assert journal_of(tmp_path).stat().st_mode & 0o777 == 0o600


def _try(signer: LocalSigner, request: QrRequest) -> bytes | None:
    try:
        return signer.sign_qr(request)
    except SecondPayload:
        return None


def test_threads_agree_on_one_answer(signer: LocalSigner) -> None:
    answers: list[bytes | None] = []
    threads = [threading.Thread(target=lambda: answers.append(_try(signer, qr()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1


def _race(keys_dir: Path, journal: Path, holder: str, pipe: Connection) -> None:
    signer = LocalSigner(keys_dir, journal)
    while (number := pipe.recv()) is not None:
        pipe.send((_try(signer, qr(number, holder=holder)), _try(signer, qr("same " + number))))


@pytest.mark.slow
def test_two_processes_never_sign_two_payloads(keys_dir: Path, trust: TrustList, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    pipes = [context.Pipe() for _ in range(2)]
    holders = ("甲公司", "乙公司")
    racers = [
        context.Process(target=_race, args=(keys_dir, journal_of(tmp_path), holder, child))
        for holder, (_, child) in zip(holders, pipes, strict=True)
    ]
    for racer in racers:
        racer.start()
    for number in range(20):
        for parent, _ in pipes:
            parent.send(str(number))
        answers = [parent.recv() for parent, _ in pipes]
        signed = [(holder, answer[0]) for holder, answer in zip(holders, answers, strict=True) if answer[0] is not None]
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
