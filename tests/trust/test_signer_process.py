"""The signer's process: nothing that arrives ends it, nobody else is served, a crash at the worst moment leaves one answer."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import signer_running
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from licensing.errors import Conflict, Invalid, Misconfigured, Unavailable
from licensing.trust import signer_process
from licensing.trust import signer_wire as wire
from licensing.trust.requests import SecondPayload
from licensing.trust.signer import LocalSigner
from licensing.trust.signer_client import RemoteSigner
from licensing.words import Said, say

from .documents import qr, seal

pytestmark = pytest.mark.slow

NOBODY = 65534


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@contextmanager
def in_thread(signer: LocalSigner, path: Path, allowed: set[int], group: int | None = None) -> Iterator[RemoteSigner]:
    """The same server in a thread of this process."""
    stop, told = socket.socketpair()
    with signer_process.listening(path, group) as listener:
        thread = threading.Thread(target=signer_process.serve, args=(signer, listener, allowed, [told]))
        thread.start()
        client = RemoteSigner(path, seconds=5, patience=0.3)
        try:
            yield client
        finally:
            client.close()
            stop.close()
            thread.join(timeout=20)
            told.close()
    assert not thread.is_alive()


@pytest.fixture
def served(signer: LocalSigner, home: Path) -> Iterator[RemoteSigner]:
    with in_thread(signer, home / "signer.sock", {os.getuid()}) as client:
        yield client


@contextmanager
def raw(home: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(home / "signer.sock"))
        yield connection


def told(connection: socket.socket) -> dict[str, object]:
    message = wire.receive(connection, patience=10)
    assert message is not None
    answer: dict[str, object] = json.loads(message)
    return answer


# What arrives

JUNK = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"{",
    b"[" * 100_000,
    b'{"act":"sign_qr"}',
    b'{"act":"sign_qr","request":null}',
    b'{"act":"sign_qr","request":{"authority_code":"320000","record":"e30=","payload":"","more":1}}',
    b'{"act":"sign_qr","request":{"authority_code":320000,"record":"e30=","payload":""}}',
    b'{"act":"sign_qr","request":{"authority_code":"320000","record":"not base64!","payload":""}}',
    b'{"act":"_sign","request":null}',
    b'{"act":"__class__","request":null}',
    b'{"act":["sign_qr"],"request":null}',
    b'{"act":"latest_checkpoint","request":null,"more":1}',
    b'{"act":"latest_checkpoint","request":{}}',
    b'{"act":"sign_status","request":{"uri":"x","issued_at":1e400,"expires_at":2,"ttl":1,"bits":4,"compressed":""}}',
    b'{"act":"sign_checkpoint","request":{"origin":"x","size":1.5,"root":"","consistency":[]}}',
)


def test_garbage_is_answered_and_changes_nothing(served: RemoteSigner, home: Path, tmp_path: Path) -> None:
    with raw(home) as connection:
        for junk in JUNK:
            wire.send(connection, junk)
            answer = told(connection)
            assert answer["error"]["code"] == "bad-request", junk  # type: ignore[index]
    assert not (tmp_path / "journal").exists()
    assert served.sign_qr(qr())


def test_a_broken_conversation_ends_alone(served: RemoteSigner, home: Path) -> None:
    beginnings = (b"", b"\x00", b"\x00\x00\x00\x05abc", b"\xff\xff\xff\xff", (wire.LONGEST_MESSAGE + 1).to_bytes(4, "big") + b"x" * 1000)
    with raw(home) as patient:
        for beginning in beginnings:
            with raw(home) as connection:
                connection.sendall(beginning)
                with suppress(OSError):  # the signer may have hung up first
                    connection.shutdown(socket.SHUT_WR)
                with suppress(ConnectionResetError):
                    assert connection.recv(1) == b""
        wire.send(patient, wire.question("latest_checkpoint"))
        assert told(patient) == {"done": None}
    assert served.sign_qr(qr())


def test_one_who_never_finishes_holds_up_nobody(served: RemoteSigner, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signer_process, "_MESSAGE_SECONDS", 0.3)
    with raw(home) as slow:
        slow.sendall(b"\x00\x00\x00\x10half")
        assert served.sign_qr(qr())
        assert slow.recv(1) == b"", "the signer hangs up when the message does not come"


def test_too_many_connections_are_turned_away(served: RemoteSigner, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signer_process, "MOST_CONNECTIONS", 3)
    assert served.sign_qr(qr())
    with raw(home), raw(home), raw(home) as turned_away:
        assert turned_away.recv(1) == b""
        assert served.sign_qr(qr())


@given(
    message=st.binary(max_size=60)
    | st.recursive(
        st.none() | st.text() | st.integers(),
        lambda deep: st.lists(deep) | st.dictionaries(st.sampled_from(["act", "request", "record", "payload"]), deep),
    ).map(lambda value: json.dumps(value).encode())
)
@profile(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_message_is_a_question_or_is_refused(signer: LocalSigner, message: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        wire.answer(signer, message)
    assert refused.value.code == "bad-request"


def test_a_failure_inside_is_one_answer(served: RemoteSigner, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a secret")

    with monkeypatch.context() as patched:
        patched.setattr(LocalSigner, "latest_checkpoint", fails)
        with pytest.raises(Unavailable) as refused:
            served.latest_checkpoint()
    assert refused.value.code == "signer-failed"
    assert "secret" not in str(refused.value)
    assert served.latest_checkpoint() is None


def test_refusals_are_the_same_on_both_sides(served: RemoteSigner, signer: LocalSigner) -> None:
    served.sign_qr(qr())
    asks: tuple[Callable[[RemoteSigner | LocalSigner], object], ...] = (
        lambda each: each.sign_qr(qr(holder="另一家公司")),
        lambda each: each.sign_qr(qr(issuer="浙江省气象局", serial=2)),
        lambda each: each.keep_timestamp("x", b"junk"),
        lambda each: each.sign_time(b""),
    )
    for ask in asks:
        seen = []
        for each in (served, signer):
            with pytest.raises((SecondPayload, Misconfigured, Invalid)) as refused:
                ask(each)
            error = refused.value
            seen.append((type(error), error.code, error.sentence, error.next_step, getattr(error, "fields", None)))
        assert seen[0] == seen[1]


def test_sentences_within_sentences_travel() -> None:
    error = Conflict(say("It is %(what)s.", what=say("%(count)s too many", count=3)), next_step=say("Wait."), code="x")
    with pytest.raises(Conflict) as heard:
        wire.result("sign_qr", wire.refusal(error))
    assert heard.value.sentence == error.sentence
    assert isinstance(heard.value.sentence.facts["what"], Said)
    assert str(heard.value) == "It is 3 too many."


# Who asks


def test_a_stranger_is_refused(signer: LocalSigner, home: Path, tmp_path: Path) -> None:
    with in_thread(signer, home / "signer.sock", {os.getuid() + 1}) as client:
        for _ in range(2):
            with pytest.raises(Misconfigured) as refused:
                client.sign_qr(qr())
            assert refused.value.code == "signer-refuses"
    assert not (tmp_path / "journal").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_cannot_read_a_key_and_is_served_only_when_allowed(keys_dir: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="lz-signer-"))
    folder.chmod(0o711)
    try:
        keys, home = Path(shutil.copytree(keys_dir, folder / "keys")), folder / "home"
        for each in (keys, *(path for path in keys.rglob("*") if path.is_dir())):
            each.chmod(0o755)
        home.mkdir(mode=0o711)
        _as_nobody(f"open({str(keys / 'trust-list.cose')!r}).close()", expected="")
        for path in keys.rglob("*.key"):
            _as_nobody(f"open({str(path)!r})", expected="PermissionError")
        ask = (
            f"import socket; c = socket.socket(socket.AF_UNIX); c.connect({str(home / 'signer.sock')!r});"
            "c.sendall(bytes([0, 0, 0, 2]) + b'{}'); print(c.recv(9999))"
        )
        for arguments, expected in (
            ((), "PermissionError"),
            (("--group", str(NOBODY)), "signer-refuses"),
            (("--group", str(NOBODY), "--allow", "nobody"), "bad-request"),
        ):
            with signer_running.running(keys, home, *arguments):
                _as_nobody(ask, expected=expected)
    finally:
        shutil.rmtree(folder)


def _as_nobody(code: str, *, expected: str) -> None:
    done = subprocess.run(
        ["/usr/bin/python3", "-c", code], user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, check=False, cwd="/"
    )
    assert expected.encode() in done.stdout + done.stderr
    assert done.returncode == (0 if expected != "PermissionError" else 1), done.stderr


# Where it listens


def test_the_socket_is_private(signer: LocalSigner, tmp_path: Path) -> None:
    path = tmp_path / "new" / "signer.sock"
    with in_thread(signer, path, {os.getuid()}) as client:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert client.sign_qr(qr())
    assert not path.exists()
    with in_thread(signer, path, {os.getuid()}, group=os.getgid()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o1777])
def test_a_folder_that_others_may_write_is_refused(home: Path, mode: int) -> None:
    home.chmod(mode)
    with pytest.raises(Misconfigured), signer_process.listening(home / "signer.sock"):
        pass
    assert list(home.iterdir()) == []


def test_a_file_in_the_way_is_left_alone(home: Path) -> None:
    (home / "signer.sock").write_text("mine")
    with pytest.raises(Misconfigured), signer_process.listening(home / "signer.sock"):
        pass
    assert (home / "signer.sock").read_text() == "mine"


def test_two_signers_do_not_share_a_socket(served: RemoteSigner, home: Path) -> None:
    with pytest.raises(Conflict) as refused, signer_process.listening(home / "signer.sock"):
        pass
    assert refused.value.code == "signer-running"
    assert served.sign_qr(qr())


def test_a_very_long_path_will_do(signer: LocalSigner, tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    with in_thread(signer, folder / "signer.sock", {os.getuid()}) as client:
        assert client.sign_qr(qr()) == signer.sign_qr(qr())


# What the asker sees


def test_a_signer_that_is_not_there_is_unavailable_in_time(home: Path) -> None:
    client = RemoteSigner(home / "signer.sock", seconds=5, patience=0.4)
    start = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        client.sign_qr(qr())
    assert refused.value.code == "signer-unreachable"
    assert 0.2 < time.monotonic() - start < 3


def test_a_signer_that_hangs_is_unavailable_in_time(home: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(home / "signer.sock"))
        deaf.listen()
        client = RemoteSigner(home / "signer.sock", seconds=0.5, patience=3)
        start = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            client.sign_qr(qr())
        assert refused.value.code == "signer-unreachable"
        assert 0.4 < time.monotonic() - start < 3


def test_an_answer_that_makes_no_sense_is_unavailable(home: Path) -> None:
    def talk(listener: socket.socket) -> None:
        for nonsense in (b"{}", b"[]", b"junk", b'{"error":{}}', b'{"done":17}', b'{"error":{"class":"Invalid"}}'):
            connection, _ = listener.accept()
            with connection:
                wire.receive(connection, patience=5)
                wire.send(connection, nonsense)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(home / "signer.sock"))
        listener.listen()
        thread = threading.Thread(target=talk, args=(listener,))
        thread.start()
        client = RemoteSigner(home / "signer.sock", seconds=0.8, patience=0.8)
        with pytest.raises(Unavailable):
            client.sign_qr(qr())
        thread.join(timeout=10)
        client.close()


def test_more_than_a_message_can_hold_is_refused_before_it_is_sent(served: RemoteSigner) -> None:
    with pytest.raises(Invalid):
        served.keep_timestamp("1", bytes(wire.LONGEST_MESSAGE))
    assert served.sign_qr(qr())


def test_a_forked_child_makes_its_own_connection(served: RemoteSigner) -> None:
    answer = served.sign_qr(qr())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.write(writer, served.sign_qr(qr()))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == answer
    os.waitpid(child, 0)
    assert served.sign_qr(qr()) == answer


# Ends and new beginnings


def test_sigterm_ends_it_in_order(keys_dir: Path, home: Path) -> None:
    for how in (signal.SIGTERM, signal.SIGINT):
        process = signer_running.start(keys_dir, home)
        client = RemoteSigner(home / "signer.sock")
        assert client.sign_qr(qr())
        said = signer_running.end(process, how)
        client.close()
        assert process.returncode == 0, said
        assert "Traceback" not in said
        assert not (home / "signer.sock").exists()


SLOW = """
import time
from licensing.trust.journal import OpenJournal
write = OpenJournal.write_answer
OpenJournal.write_answer = lambda *arguments: (time.sleep(1.5), write(*arguments))[1]
"""


def test_a_question_under_way_is_answered_before_the_end(keys_dir: Path, home: Path) -> None:
    process = signer_running.start(keys_dir, home, before=SLOW)
    client = RemoteSigner(home / "signer.sock")
    answers: list[bytes] = []
    asking = threading.Thread(target=lambda: answers.append(client.sign_qr(qr())))
    asking.start()
    journal = home / "signer-journal.jsonl"
    limit = time.monotonic() + 20
    while not (journal.exists() and b"intent" in journal.read_bytes()):
        assert time.monotonic() < limit
        time.sleep(0.01)
    said = signer_running.end(process)
    asking.join(timeout=20)
    client.close()
    assert process.returncode == 0, said
    assert len(answers) == 1
    assert b'"op":"signed"' in journal.read_bytes()


KILLED = """
import os, signal
from licensing.trust.journal import OpenJournal
OpenJournal.write_answer = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
"""


def test_killed_between_intent_and_answer_it_still_has_one_payload(keys_dir: Path, home: Path) -> None:
    process = signer_running.start(keys_dir, home, before=KILLED)
    client = RemoteSigner(home / "signer.sock", seconds=20, patience=0.5)
    with pytest.raises(Unavailable):
        client.sign_seal(seal())
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL
    journal = home / "signer-journal.jsonl"
    assert [json.loads(line)["op"] for line in journal.read_bytes().splitlines()] == ["intent"]
    assert (home / "signer.sock").exists(), "the dead signer's socket is still there"
    with signer_running.running(keys_dir, home) as again:
        with pytest.raises(SecondPayload):
            again.sign_seal(seal(file=b"\x02" * 32))
        given = again.sign_seal(seal())
        assert again.sign_seal(seal()) == given
        assert client.sign_seal(seal()) == given, "the old client finds the new signer"
    client.close()
    assert [json.loads(line)["op"] for line in journal.read_bytes().splitlines()] == ["intent", "signed"]


def test_the_leash_ends_it_with_its_master(keys_dir: Path, home: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {signer_running.START!r}, '--leash', '--socket', sys.argv[1]],"
        " stdin=subprocess.PIPE, start_new_session=True)\n"
        "print(child.pid, flush=True)\ntime.sleep(600)\n"
    )
    environment = {**os.environ, "LEIZHENG_KEYS": str(keys_dir), "LEIZHENG_HOME": str(home)}
    path = home / "signer.sock"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], env=environment, stdout=subprocess.PIPE) as master:
        client = RemoteSigner(path, patience=20)
        assert client.latest_checkpoint() is None
        client.close()
        master.kill()
    limit = time.monotonic() + 20
    while path.exists():
        assert time.monotonic() < limit, "the signer outlived its master"
        time.sleep(0.05)


def test_the_command_says_what_is_wrong(keys_dir: Path, home: Path) -> None:
    process = signer_running.start(keys_dir, home)
    environment = {**os.environ, "LEIZHENG_KEYS": str(keys_dir), "LEIZHENG_HOME": str(home), "LEIZHENG_LANG": "en"}
    for arguments, code, words in (((), 1, b"signer-running"), (("--allow", "no such user"), 2, b"no such user")):
        done = subprocess.run([sys.executable, "-c", signer_running.START, *arguments], env=environment, capture_output=True, check=False)
        assert done.returncode == code, done.stderr
        assert words in done.stderr
        assert b"Traceback" not in done.stderr
    signer_running.end(process)
