"""Signed notes, checkpoints and proof files: published ones verify, ours are spelled the same way, everything else is refused."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licensing.ledger.notes import (
    Checkpoint,
    NoteKey,
    NoteRefused,
    key_from_text,
    open_checkpoint,
    open_note,
    parse_checkpoint,
    parse_note,
    sign_note,
)
from licensing.ledger.proof_files import LogProof, open_proof, parse_proof
from licensing.ledger.rules import inclusion_proof, leaf_hash, root

PUBLISHED: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "signed-note" / "notes.json").read_text("utf-8"))
PETER = key_from_text(PUBLISHED["verifier_keys"]["PeterNeumann"])
ENOCH = key_from_text(PUBLISHED["verifier_keys"]["EnochRoot"])
TEXT: str = PUBLISHED["text"]
BY_PETER: str = PUBLISHED["signatures"]["PeterNeumann"]
BY_ENOCH: str = PUBLISHED["signatures"]["EnochRoot"]
NOTE = f"{TEXT}\n{BY_PETER}".encode()
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG = NoteKey("zz.example.gov.cn/log", SECRET.public_key().public_bytes_raw())


def test_the_published_note_verifies_and_is_signed_again_byte_for_byte() -> None:
    assert open_note(NOTE, [PETER]) == TEXT
    secret = b64decode(PUBLISHED["signing_key"].split("+", 4)[4])
    assert secret[:1] == b"\x01"
    assert sign_note(TEXT, PETER, Ed25519PrivateKey.from_private_bytes(secret[1:]).sign) == NOTE


def test_keys_keep_their_published_spelling() -> None:
    assert {name: key_from_text(text).text for name, text in PUBLISHED["verifier_keys"].items()} == PUBLISHED["verifier_keys"]
    assert PETER.id.hex() == "c74f20a3"


@pytest.mark.parametrize(
    "text",
    [
        "", "PeterNeumann", "PeterNeumann+c74f20a3", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "PeterNeumann+c74f20a3+AhpcAA==",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)  # fmt: skip
def test_other_keys_are_refused(text: str) -> None:
    with pytest.raises(NoteRefused):
        key_from_text(text)


def test_signatures_of_unknown_keys_are_read_over_and_wrong_ones_of_known_keys_refused() -> None:
    both = f"{TEXT}\n{BY_PETER}{BY_ENOCH}".encode()
    assert open_note(both, [PETER]) == open_note(both, [ENOCH]) == open_note(both, [PETER, ENOCH]) == TEXT
    with pytest.raises(NoteRefused, match="no known key"):
        open_note(NOTE, [ENOCH])
    with pytest.raises(NoteRefused, match="no known key"):
        open_note(NOTE, [NoteKey("PeterNeumann", ENOCH.public)])
    wrong = BY_PETER.replace("UgYN", "UgYM")
    assert wrong != BY_PETER
    with pytest.raises(NoteRefused, match="does not verify"):
        open_note(f"{TEXT}\n{wrong}{BY_ENOCH}".encode(), [PETER, ENOCH])


def test_every_changed_character_of_text_or_signature_is_noticed() -> None:
    whole = NOTE.decode()
    for place in range(len(whole)):
        changed = whole[:place] + ("x" if whole[place] != "x" else "y") + whole[place + 1 :]
        with pytest.raises(NoteRefused):
            open_note(changed.encode(), [PETER])


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"\n\n",
        TEXT.encode(),
        TEXT.encode() + b"\n",
        NOTE[:-1],
        NOTE + b"\n",
        b"\xff" + NOTE,
        NOTE.replace(b"you", b"y\tu"),
        NOTE.replace("—".encode(), b"-"),
        NOTE.replace(b" PeterNeumann ", b"  "),
        NOTE.replace(b" PeterNeumann ", b" Peter+Neumann "),
        NOTE.replace(b"x08go/", b"x08go_"),
        NOTE.replace(b"wJnAM=", b"wJnAN="),
        f"{TEXT}\n{BY_PETER * 40}".encode(),
        b"a" * 70_000 + NOTE,
        f"{TEXT}\n— PeterNeumann x08goA==\n".encode().replace(b"x08goA==", b"x08gow=="),
    ],
)
def test_what_is_no_note_is_refused(note: bytes) -> None:
    with pytest.raises(NoteRefused):
        open_note(note, [PETER])


@pytest.mark.parametrize(
    ("text", "name"), [("no newline", "a"), ("", "a"), ("tab\t\n", "a"), ("fine\n", ""), ("fine\n", "a b"), ("fine\n", "a+b")]
)
def test_what_cannot_stand_in_a_note_is_not_signed(text: str, name: str) -> None:
    with pytest.raises(NoteRefused):
        sign_note(text, NoteKey(name, LOG.public), SECRET.sign)


def test_published_checkpoints_are_read() -> None:
    for name in ("checkpoint", "cosigned_checkpoint"):
        note = parse_note(PUBLISHED[name].encode())
        found = parse_checkpoint(note.text)
        assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
        assert found.text == note.text
    assert [line.name for line in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]


def test_extension_lines_are_read_over() -> None:
    plain = Checkpoint("log", 3, bytes(32))
    assert parse_checkpoint(plain.text + "more\n") == plain


@pytest.mark.parametrize(
    "change", [("3\n", "03\n"), ("3\n", "-3\n"), ("3\n", "３\n"), ("\n3", "\n\n3"), ("AAA=", "AAB="), ("AAA=", "AA=="), ("log", "")]
)
def test_other_spellings_are_no_checkpoint(change: tuple[str, str]) -> None:
    text = Checkpoint("log", 3, bytes(32)).text
    with pytest.raises(NoteRefused):
        parse_checkpoint(text.replace(*change))


def test_a_checkpoint_is_signed_by_the_key_of_its_log() -> None:
    ours = Checkpoint(LOG.name, 7, bytes(32))
    assert open_checkpoint(sign_note(ours.text, LOG, SECRET.sign), [LOG, PETER]) == ours
    foreign = Checkpoint("other.example/log", 7, bytes(32))
    with pytest.raises(NoteRefused, match="no known key"):
        open_checkpoint(sign_note(foreign.text, LOG, SECRET.sign), [LOG])


def a_proof(size: int = 9, position: int = 4) -> LogProof:
    entries = [f"entry {number}".encode() for number in range(size)]
    hashes = [leaf_hash(entry) for entry in entries]
    note = sign_note(Checkpoint(LOG.name, size, root(hashes)).text, LOG, SECRET.sign)
    return LogProof(entries[position], position, tuple(inclusion_proof(hashes, position)), note)


@pytest.mark.parametrize(("size", "position"), [(1, 0), (2, 1), (9, 4), (9, 8)])
def test_a_proof_file_comes_back_and_proves(size: int, position: int) -> None:
    proof = a_proof(size, position)
    assert parse_proof(proof.text()) == proof
    assert open_proof(proof, [LOG]).size == size
    lines = proof.text().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", f"extra {b64encode(proof.entry).decode()}", f"index {position}"]
    assert lines[3 + len(proof.path)] == ""
    assert proof.text().endswith("\n\n" + proof.checkpoint.decode())


def test_every_changed_character_of_a_proof_is_noticed() -> None:
    proof = a_proof()
    text = proof.text()
    for place in range(len(text)):
        changed = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
        with pytest.raises(NoteRefused):
            open_proof(parse_proof(changed), [LOG])


@pytest.mark.parametrize(
    "change", [("extra", "Extra"), ("index 4", "index 04"), ("index 4", "index -4"), ("index 4\n", ""), ("@v1", "@v2")]
)
def test_other_spellings_are_no_proof(change: tuple[str, str]) -> None:
    with pytest.raises(NoteRefused):
        parse_proof(a_proof().text().replace(*change))


def test_a_path_without_end_is_refused() -> None:
    with pytest.raises(NoteRefused):
        parse_proof(a_proof().text().replace("index 4\n", "index 4\n" + "AAAA\n" * 100))
