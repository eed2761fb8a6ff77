"""Making keys: files and their modes, one purpose each, crashes in between, and what the doctor says about them."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography import x509

from licensing.errors import Misconfigured
from licensing.trust import certificates, keys, trust_list
from licensing.trust.certificates import Purpose
from licensing.trust.layout import KeyFolder
from licensing.trust.private_keys import open_key, read_private_key

from .conftest import CODE, KID, NAME, NOT_BEFORE, USCC


@pytest.fixture(scope="session")
def keys_dir(plain_dir: Path) -> Path:
    return plain_dir


@pytest.fixture
def copy(keys_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(keys_dir, tmp_path / "keys"))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_making_keys_again_changes_nothing(copy: Path) -> None:
    before = contents(copy)
    keys.ensure_root(copy)
    assert keys.ensure_service_keys(copy) == keys.Outcome(1, None)
    keys.ensure_authority_keys(copy, CODE, NAME, USCC, KID)
    assert contents(copy) == before


def test_private_files_are_private(keys_dir: Path) -> None:
    found = KeyFolder(keys_dir).private_keys()
    names = sorted(path.relative_to(keys_dir).as_posix() for path in found)
    assert names == ["log/1.key", "qr/07.key", "root.key", f"seal/{CODE}-1.key", "status/1.key"]
    assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in found} == {0o700}


@pytest.mark.parametrize("lost", [["seal/*.pem"], ["*/*.pem"], ["*/*.pem", "root.pem"], ["qr/*", "seal/*"]])
def test_a_crash_before_the_list_was_signed_is_mended_with_the_same_keys(copy: Path, lost: list[str]) -> None:
    for pattern in ("trust-list*", "trust-lists/*", *lost):
        for path in copy.glob(pattern):
            path.unlink() if path.is_file() else shutil.rmtree(path)
    kept = {path: content for path, content in contents(copy).items() if path.suffix == ".key"}
    keys.ensure_authority_keys(copy, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    assert contents(copy).items() >= kept.items()
    listed = trust_list.load(copy)
    for key_id in (f"seal-{CODE}-1", "qr-07"):
        assert open_key(copy, key_id).public_key == listed.by_id[key_id].public_key


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
@pytest.mark.parametrize("name", ["root", "seal/320000-1", "qr/07", "log/1"])
def test_exposed_private_key_is_refused(copy: Path, name: str, mode: int) -> None:
    path = copy / f"{name}.key"
    path.chmod(mode)
    with pytest.raises(Misconfigured):
        read_private_key(path)


def test_folder_that_others_may_write_is_refused(copy: Path) -> None:
    (copy / "qr").chmod(0o777)
    with pytest.raises(Misconfigured):
        open_key(copy, "qr-07")
    with pytest.raises(Misconfigured):
        keys.ensure_authority_keys(copy, CODE, NAME, USCC, KID)


def test_a_private_key_that_was_exchanged_or_lost_is_noticed(copy: Path) -> None:
    path = KeyFolder(copy).qr(KID).key
    path.write_bytes((copy / "status" / "1.key").read_bytes())
    with pytest.raises(Misconfigured):
        keys.ensure_authority_keys(copy, CODE, NAME, USCC, KID)
    path.unlink()
    with pytest.raises(Misconfigured):
        keys.ensure_authority_keys(copy, CODE, NAME, USCC, KID)


def test_kid_is_never_given_to_another_authority(copy: Path) -> None:
    before = trust_list.load(copy)
    with pytest.raises(Misconfigured):
        keys.ensure_authority_keys(copy, "330000", "浙江省气象局", "11330000002482007T", KID)
    assert trust_list.load(copy) == before


@pytest.mark.parametrize("code", ["", "..", "a/b", "省", "x" * 65])
def test_code_that_is_no_file_name_is_refused(keys_dir: Path, code: str) -> None:
    with pytest.raises(Misconfigured):
        KeyFolder(keys_dir).seal(code)


@pytest.mark.parametrize("kid", [b"", b"123"])
def test_kid_has_one_or_two_bytes(keys_dir: Path, kid: bytes) -> None:
    with pytest.raises(Misconfigured):
        KeyFolder(keys_dir).qr(kid)


def test_long_authority_name_is_kept_whole(copy: Path) -> None:
    name = "内蒙古自治区鄂尔多斯市某某某某某某自治旗气象灾害防御技术服务管理局"
    keys.ensure_authority_keys(copy, "150600", name, "11150000011510004D", b"\x01\x02", not_before=NOT_BEFORE)
    key = trust_list.load(copy).qr_key(b"\x01\x02")
    assert key is not None
    assert key.issuer == name


def test_each_certificate_has_one_purpose_and_the_fitting_kind_of_key(copy: Path) -> None:
    keys.ensure_test_tsa(copy, not_before=NOT_BEFORE)
    listed = trust_list.load(copy)
    assert {key.purpose for key in listed.keys} == set(Purpose) - {Purpose.ROOT}
    for key in listed.keys:
        extensions = key.certificate.extensions
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, key.purpose is Purpose.SEAL, False)
        extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        assert list(extended.value) == [certificates.USAGE[key.purpose]]
        assert extended.critical is (key.purpose is Purpose.TIMESTAMP)
        assert certificates.purpose_of(key.certificate) is key.purpose
    assert "TEST" in listed.timestamp_keys[0].issuer


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.ROOT])
def test_a_key_of_the_wrong_kind_is_not_certified(purpose: Purpose) -> None:
    root_key = certificates.new_key()
    issuer = certificates.Issuer(certificates.TrustAnchor(certificates.root_certificate(root_key)), root_key, NOT_BEFORE)
    p256, edwards = certificates.new_key().public_key(), _edwards()
    wrong = p256 if purpose is Purpose.LOG else edwards
    with pytest.raises(ValueError, match=purpose):
        certificates.certificate(purpose, certificates.Holder(CODE, NAME, USCC), wrong, issuer, kid=KID)


def test_the_service_gets_new_keys_before_its_old_ones_have_run_out_for_good(copy: Path) -> None:
    with time_machine.travel(NOT_BEFORE + certificates.LIFETIME + timedelta(days=1), tick=False):
        keys.ensure_service_keys(copy, not_before=NOT_BEFORE)
        listed = trust_list.load(copy)
        assert listed.log_key.id == "log-2"
        assert [key.id for key in listed.log_keys] == ["log-1", "log-2"]
        assert keys.ensure_service_keys(copy).version == listed.version == 2


def test_load_without_keys_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        trust_list.load(tmp_path)
    assert refused.value.next_step is not None


def _edwards() -> certificates.PublicKey:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    return ed25519.Ed25519PrivateKey.generate().public_key()
