"""Keys on a PKCS#11 token (SoftHSM): made there, signing there, never a file; and what is said when the token does not answer."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from licensing.errors import LeizhengError, Misconfigured, Unavailable
from licensing.ledger.rules import root as tree_head
from licensing.settings import Settings
from licensing.trust import keys, private_keys, token_keys, trust_list
from licensing.trust.keys import changing
from licensing.trust.layout import KeyFolder
from licensing.trust.requests import CheckpointRequest
from licensing.trust.signer import LocalSigner
from licensing.trust.token_keys import Token
from licensing.trust.trust_list import TrustList

from .conftest import CODE, KID, NAME, NOT_BEFORE, USCC

pytestmark = pytest.mark.slow

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ON_TOKEN = [f"seal-{CODE}-1", "qr-07", "status-1", "log-1"]


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Token:
    """A new token; the library reads its settings once in a process, so there is one for this module."""
    folder = tmp_path_factory.mktemp("token")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n", encoding="ascii")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    command = ["softhsm2-util", "--init-token", "--free", "--label", "leizheng", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(command, check=True, capture_output=True)
    pin = folder / "pin"
    pin.touch(mode=0o600)
    pin.write_text("1234\n", encoding="ascii")
    return Token(MODULE, "leizheng", pin)


@pytest.fixture(scope="module")
def keys_dir(token: Token, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installation") / "keys"
    keys.ensure_authority_keys(folder, CODE, NAME, USCC, KID, not_before=NOT_BEFORE, token=token)
    return folder


@pytest.fixture(scope="module")
def trust(keys_dir: Path) -> TrustList:
    return trust_list.load(keys_dir)


def test_the_settings_name_the_token(tmp_path: Path) -> None:
    assert Token.of(Settings()) is None
    whole = Settings(pkcs11_module=MODULE, pkcs11_token="leizheng", pkcs11_pin_file=tmp_path)
    assert Token.of(whole) == Token(MODULE, "leizheng", tmp_path)
    for part in (Settings(pkcs11_module=MODULE), Settings(pkcs11_module=MODULE, pkcs11_token="leizheng")):
        with pytest.raises(Misconfigured):
            Token.of(part)


def test_no_private_key_but_the_root_is_a_file(keys_dir: Path, trust: TrustList, token: Token) -> None:
    assert [path.name for path in KeyFolder(keys_dir).private_keys()] == ["root.key"]
    assert [key.id for key in trust.keys] == ON_TOKEN
    assert {view.place for view in keys.views(keys_dir, token)} == {"token"}
    assert {view.place for view in keys.views(keys_dir)} == {"elsewhere"}
    with pytest.raises(Misconfigured):
        private_keys.open_key(keys_dir, "qr-07")


@pytest.mark.parametrize("key_id", ON_TOKEN)
def test_signatures_of_the_token_verify_with_the_listed_key(keys_dir: Path, trust: TrustList, token: Token, key_id: str) -> None:
    key, public = private_keys.open_key(keys_dir, key_id, token), trust.by_id[key_id].public_key
    assert key.public_key == public
    for number in range(8):
        data = f"data {number}".encode()
        signature = key.sign(data)
        if isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, data)
        else:
            public.verify(signature, data, ec.ECDSA(hashes.SHA256()))
            assert decode_dss_signature(signature)[1] <= ORDER // 2
        assert len(private_keys.sign_raw(key, data)) == 64


@pytest.mark.parametrize("key_id", ON_TOKEN)
def test_the_private_half_cannot_be_read_out(token: Token, keys_dir: Path, key_id: str) -> None:
    with token_keys._session(token) as session:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=key_id)
        assert (key[pkcs11.Attribute.SENSITIVE], key[pkcs11.Attribute.EXTRACTABLE], key[pkcs11.Attribute.PRIVATE]) == (True, False, True)
        with pytest.raises(pkcs11.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]


def test_the_signer_signs_with_the_token(keys_dir: Path, trust: TrustList, token: Token, tmp_path: Path) -> None:
    signer = LocalSigner(keys_dir, tmp_path / "journal" / "journal.jsonl", token=token)
    note = signer.sign_checkpoint(CheckpointRequest(trust.origin, 1, tree_head([bytes(32)]), ()))
    assert note.startswith(trust.origin.encode() + b"\n1\n")
    assert signer.latest_checkpoint().size == 1  # type: ignore[union-attr]


def test_rotation_and_a_repeated_start_on_the_token(keys_dir: Path, token: Token) -> None:
    keys.ensure_authority_keys(keys_dir, CODE, NAME, USCC, KID, token=token)
    with changing(keys_dir, token) as change:
        made = change.create(keys.Purpose.SEAL, keys.Holder(CODE, NAME, USCC))
        change.activate(made)
    assert made == f"seal-{CODE}-2"
    assert private_keys.open_key(keys_dir, made, token).public_key == trust_list.load(keys_dir).by_id[made].public_key


def test_a_crash_after_the_key_was_made_uses_that_key(keys_dir: Path, token: Token) -> None:
    public = private_keys.make_key(keys_dir, "qr-30", token)
    keys.ensure_authority_keys(keys_dir, CODE, NAME, USCC, b"\x30", token=token)
    assert trust_list.load(keys_dir).by_id["qr-30"].public_key == public


def test_a_label_that_two_keys_have_is_refused(keys_dir: Path, token: Token) -> None:
    for _ in range(2):
        private_keys.make_key(keys_dir, "qr-40", token)
    with pytest.raises(Misconfigured):
        private_keys.open_key(keys_dir, "qr-40", token)
    with pytest.raises(Misconfigured):
        private_keys.open_key(keys_dir, "qr-41", token)


def test_threads_share_the_token(keys_dir: Path, trust: TrustList, token: Token) -> None:
    public = trust.by_id["qr-07"].public_key
    assert isinstance(public, ec.EllipticCurvePublicKey)

    def sign(number: int) -> bytes:
        return private_keys.open_key(keys_dir, "qr-07", token).sign(b"%d" % number)

    with ThreadPoolExecutor(4) as pool:
        for number, signature in enumerate(pool.map(sign, range(40))):
            public.verify(signature, b"%d" % number, ec.ECDSA(hashes.SHA256()))


def test_a_forked_child_has_a_session_of_its_own(keys_dir: Path, trust: TrustList, token: Token) -> None:
    private_keys.open_key(keys_dir, "qr-07", token)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            key = private_keys.open_key(keys_dir, "qr-07", token)
            key.public_key.verify(key.sign(b"data"), b"data", ec.ECDSA(hashes.SHA256()))  # type: ignore[call-arg,arg-type]
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(private_keys.open_key(keys_dir, "qr-07", token).sign(b"data")) > 64


def _pin(content: str, mode: int) -> Callable[[Token, Path], Token]:
    def changed(token: Token, folder: Path) -> Token:
        path = folder / "pin"
        path.touch(mode=0o600)
        path.write_text(content, encoding="ascii")
        path.chmod(mode)
        return replace(token, pin_file=path)

    return changed


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda token, _: replace(token, label="another"), Unavailable),
        (_pin("0000", 0o600), Unavailable),
        (_pin("1234", 0o644), Misconfigured),
        (lambda token, folder: replace(token, pin_file=folder / "none"), Misconfigured),
    ],
)
def test_a_token_that_does_not_answer_is_told_and_then_works_again(
    keys_dir: Path, trust: TrustList, token: Token, tmp_path: Path, change: Callable[[Token, Path], Token], error: type[LeizhengError]
) -> None:
    token_keys.forget()
    with pytest.raises(error) as refused:
        private_keys.open_key(keys_dir, "qr-07", change(token, tmp_path))
    assert refused.value.next_step is not None
    assert private_keys.open_key(keys_dir, "qr-07", token).public_key == trust.by_id["qr-07"].public_key


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library ends its search on the closed session too
def test_a_session_that_broke_is_opened_again(keys_dir: Path, trust: TrustList, token: Token) -> None:
    key = private_keys.open_key(keys_dir, "qr-07", token)
    with token_keys._session(token) as session:
        session.close()
    with pytest.raises(Unavailable) as refused:
        key.sign(b"data")
    assert refused.value.code == "token-unreachable"
    public = trust.by_id["qr-07"].public_key
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(key.sign(b"data"), b"data", ec.ECDSA(hashes.SHA256()))


def test_a_missing_library_is_told(keys_dir: Path, token: Token, tmp_path: Path) -> None:
    with pytest.raises(LeizhengError):
        private_keys.open_key(keys_dir, "qr-07", replace(token, module=str(tmp_path / "none.so")))
