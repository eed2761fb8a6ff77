"""The signer's journal: what is on the disk before what, what a crash may leave there, and what stops the signer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from licensing.errors import Misconfigured
from licensing.ledger import rules
from licensing.trust.journal import Answer, Entry, Journal, Name, TreeHead
from licensing.trust.requests import SecondPayload
from licensing.trust.signer import LocalSigner
from licensing.trust.trust_list import TrustList

from .documents import number, qr, qr_of, seal, second_version
from .test_signer import checkpoint


def journal_of(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "journal.jsonl"


def lines_of(tmp_path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in journal_of(tmp_path).read_bytes().splitlines()]


def test_intent_is_written_before_the_signature(signer: LocalSigner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[object]] = []

    def crash(*_: object) -> bytes:
        seen.append([line["op"] for line in lines_of(tmp_path)])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("licensing.trust.signer.sign_raw", crash)
        with pytest.raises(KeyboardInterrupt):
            signer.sign_qr(qr())
    assert seen == [["intent"]]
    with pytest.raises(SecondPayload):
        signer.sign_qr(qr(holder="另一家公司"))
    assert signer.sign_qr(qr()) == signer.sign_qr(qr())
    assert [line["op"] for line in lines_of(tmp_path)] == ["intent", "signed"]


def test_both_lines_are_synced_before_they_count(signer: LocalSigner, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    fsync, pwrite = os.fsync, os.pwrite
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda descriptor: (done.append("fsync"), fsync(descriptor))[1])
        patched.setattr(os, "pwrite", lambda *arguments: (done.append("write"), pwrite(*arguments))[1])
        patched.setattr("licensing.trust.signer.sign_raw", lambda *_: (done.append("sign"), bytes(64))[1])
        signer.sign_qr(qr())
    assert done[-5:] == ["write", "fsync", "sign", "write", "fsync"]


def test_a_tree_is_remembered_before_it_is_signed(signer: LocalSigner, trust: TrustList, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("licensing.ledger.notes.sign_note", crash)
        with pytest.raises(KeyboardInterrupt):
            signer.sign_checkpoint(checkpoint(trust, 3))
    latest = signer.latest_checkpoint()
    assert latest is not None
    assert latest.size == 3


def test_the_journal_says_what_was_asked(signer: LocalSigner, tmp_path: Path) -> None:
    request = seal()
    given = signer.sign_seal(request)
    intent, answer = lines_of(tmp_path)
    assert (intent["kind"], intent["number"], intent["version"]) == ("seal", number(1), 1)
    assert (intent["content"], intent["authority"]) == (request.file_digest.hex(), request.authority_code)
    assert (answer["answer"], answer["certificate"]) == (given.signature.hex(), given.certificate.hex())
    with Journal(journal_of(tmp_path)).alone() as journal:
        assert (journal.intents, journal.answers) == (1, 1)
        assert journal.numbers("seal") == {number(1)}
        assert journal.numbers("qr") == set()
        assert journal.names("seal", number(1)) == [Name("seal", number(1), 1)]


@pytest.mark.parametrize("keep", [1, 5, 40, -1])
def test_torn_last_line_is_dropped(signer: LocalSigner, keys_dir: Path, tmp_path: Path, keep: int) -> None:
    signer.sign_qr(qr(1))
    path = journal_of(tmp_path)
    whole = path.read_bytes()
    signer.sign_qr(qr(2))
    line = path.read_bytes()[len(whole) :].splitlines(keepends=True)[0]
    path.write_bytes(whole + line[:keep])
    fresh = LocalSigner(keys_dir, path)
    answer = fresh.sign_qr(qr(3))
    assert [line["number"] for line in lines_of(tmp_path)] == [number(1), number(1), number(3), number(3)]
    assert LocalSigner(keys_dir, path).sign_qr(qr(3)) == answer


def test_a_torn_answer_leaves_the_intent(signer: LocalSigner, keys_dir: Path, tmp_path: Path) -> None:
    signer.sign_qr(qr())
    path = journal_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-10])
    fresh = LocalSigner(keys_dir, path)
    with pytest.raises(SecondPayload):
        fresh.sign_qr(qr(holder="另一家公司"))
    assert fresh.sign_qr(qr()) == LocalSigner(keys_dir, path).sign_qr(qr())


def test_shortened_replaced_and_damaged_journals_stop_the_signer(
    signer: LocalSigner, keys_dir: Path, trust: TrustList, tmp_path: Path
) -> None:
    signer.sign_qr(qr(1))
    path = journal_of(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Misconfigured, match="shorter"):
        signer.sign_qr(qr(2))
    path.write_bytes(whole)
    copy = path.with_name("copy")
    copy.write_bytes(whole * 1)
    copy.rename(path)
    with pytest.raises(Misconfigured, match="replaced"):
        signer.sign_qr(qr(2))
    intent, answer = whole.splitlines(keepends=True)
    signer = LocalSigner(keys_dir, path)
    signer.sign_checkpoint(checkpoint(trust, 2))
    tree = path.read_bytes()[len(whole) :]
    damages = (
        b"x" + whole,
        whole + b"{}\n",
        whole + b'{"op":"other"}\n',
        whole + b"1\n",
        whole + answer,
        whole + intent,
        whole + intent.replace(b'"version":1', b'"version":2').replace(b'"document":"', b'"document":"00', 1),
        whole + answer.replace(b'"op":"signed"', b'"op":"timestamp"'),
        answer,
        intent + answer.replace(b'"answer":"d2', b'"answer":"xx'),
        tree + tree,
        tree + tree.replace(b'"size":2', b'"size":1'),
    )
    for damage in damages:
        path.write_bytes(damage)
        with pytest.raises(Misconfigured) as refused:
            LocalSigner(keys_dir, path).sign_qr(qr(2))
        assert refused.value.code == "journal-damaged"
        assert path.read_bytes() == damage


def test_a_bit_that_flips_in_a_line_already_read_stops_that_answer(signer: LocalSigner, tmp_path: Path) -> None:
    signer.sign_qr(qr())
    path = journal_of(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'{"answer"', b'["answer"'))
    with pytest.raises(Misconfigured):
        signer.sign_qr(qr())


def test_journal_is_private_and_holds_no_secret(signer: LocalSigner, keys_dir: Path, tmp_path: Path) -> None:
    signer.sign_qr(qr())
    signer.sign_qr(qr_of(second_version()))
    path = journal_of(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    text = path.read_text(encoding="utf-8")
    assert "91320104MA1NXY7R8L" not in text
    assert "南京金陵" not in text


def test_several_openings_share_one_memory(tmp_path: Path) -> None:
    first, second = Journal(journal_of(tmp_path)), Journal(journal_of(tmp_path))
    entry = Entry("seal", "n", 1, "", "a", "00" * 32, "11" * 32)
    with first.alone() as journal:
        journal.write_intent(entry)
        journal.write_answer(entry.name, Answer(b"signature", b"certificate"))
        journal.write_timestamp(entry.name, b"token")
        journal.write_tree("log", TreeHead(2, rules.root([bytes(32)] * 2)))
    with second.alone() as journal:
        assert journal.intent(entry.name) == entry
        assert journal.answer(entry.name) == Answer(b"signature", b"certificate")
        assert journal.timestamp(entry.name) == b"token"
        assert journal.tree("log") == TreeHead(2, rules.root([bytes(32)] * 2))
        assert journal.document("n\n1") == bytes(32)
        assert journal.tree("other") is None
        assert journal.intent(Name("qr", "n", 1)) is None
