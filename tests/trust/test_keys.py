"""Keys, certificates, trust list and what the doctor says about them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from licensing.errors import Misconfigured
from licensing.trust import certificates, doctor, keys, trust_list
from licensing.trust.layout import KeyFolder
from licensing.trust.signer import read_private_key
from licensing.trust.trust_list import TrustList

from .conftest import CODE, KID, NAME, NOT_BEFORE, USCC


@pytest.fixture
def copy(keys_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(keys_dir, tmp_path / "keys"))


def test_making_keys_again_changes_nothing(copy: Path) -> None:
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    keys.ensure_root(copy)
    keys.ensure_authority_keys(copy, CODE, NAME, USCC, KID)
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def test_private_files_are_private(keys_dir: Path) -> None:
    found = KeyFolder(keys_dir).private_keys()
    assert sorted(path.relative_to(keys_dir).as_posix() for path in found) == ["qr/07.key", "root.key", f"seals/{CODE}.key"]
    assert {path.stat().st_mode & 0o777 for path in found} == {0o600}
    assert {path.parent.stat().st_mode & 0o777 for path in found} == {0o700}


def test_a_crash_between_key_and_certificate_is_mended(copy: Path) -> None:
    pair = KeyFolder(copy).seal(CODE)
    key = pair.key.read_bytes()
    pair.certificate.unlink()
    keys.ensure_authority_keys(copy, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    assert pair.key.read_bytes() == key
    assert trust_list.load(copy).seal_chain(CODE)[0].public_key() == read_private_key(pair.key).public_key()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_exposed_private_key_is_refused(copy: Path, mode: int) -> None:
    path = KeyFolder(copy).seal(CODE).key
    path.chmod(mode)
    with pytest.raises(Misconfigured):
        read_private_key(path)


def test_folder_that_others_may_write_is_refused(copy: Path) -> None:
    (copy / "qr").chmod(0o777)
    with pytest.raises(Misconfigured):
        read_private_key(KeyFolder(copy).qr(KID).key)


def test_kid_is_never_given_to_another_authority(copy: Path) -> None:
    with pytest.raises(Misconfigured):
        keys.ensure_authority_keys(copy, "330000", "浙江省气象局", "11330000002482007T", KID)


@pytest.mark.parametrize("code", ["", "..", "a/b", "省", "x" * 65])
def test_code_that_is_no_file_name_is_refused(keys_dir: Path, code: str) -> None:
    with pytest.raises(Misconfigured):
        KeyFolder(keys_dir).seal(code)


@pytest.mark.parametrize("kid", [b"", b"123"])
def test_kid_has_one_or_two_bytes(keys_dir: Path, kid: bytes) -> None:
    with pytest.raises(Misconfigured):
        KeyFolder(keys_dir).qr(kid)


def test_trust_list_says_who_signs(trust: TrustList) -> None:
    key = trust.qr_key(KID)
    assert key is not None
    assert (key.issuer, key.uscc, key.authority_code, key.not_before) == (NAME, USCC, CODE, NOT_BEFORE)
    assert isinstance(key.public_key, ec.EllipticCurvePublicKey)
    assert trust.public_key(b"\x08") is None
    assert [seal.issuer for seal in trust.seals] == [NAME]
    assert key.valid_at(NOT_BEFORE)
    assert not key.valid_at(NOT_BEFORE - timedelta(seconds=1))
    assert not key.valid_at(datetime(2031, 1, 1, tzinfo=UTC))
    leaf, root = trust.seal_chain(CODE)
    assert trust.seal(leaf.public_bytes(Encoding.DER)) == trust.seals[0]
    assert trust.seal(root.public_bytes(Encoding.DER)) is None
    with pytest.raises(Misconfigured):
        trust.seal_chain("330000")


def test_pem_round_trip(trust: TrustList) -> None:
    again = trust_list.from_pem(trust.to_pem())
    assert again == trust
    assert again.to_pem() == trust.to_pem()
    assert b"PRIVATE" not in trust.to_pem()


def test_long_authority_name_is_kept_whole(copy: Path) -> None:
    name = "内蒙古自治区鄂尔多斯市某某某某某某自治旗气象灾害防御技术服务管理局"
    keys.ensure_authority_keys(copy, "150600", name, "11150000011510004D", b"\x01\x02", not_before=NOT_BEFORE)
    key = trust_list.load(copy).qr_key(b"\x01\x02")
    assert key is not None
    assert key.issuer == name


def _foreign(trust: TrustList) -> bytes:
    """A certificate with the seal's names, signed by another root of the same name."""
    root_key, key = certificates.new_key(), certificates.new_key()
    anchor = certificates.TrustAnchor(certificates.root_certificate(root_key))
    holder = certificates.holder_of(trust.seals[0].certificate)
    issuer = certificates.Issuer(anchor, root_key, NOT_BEFORE)
    return certificates.seal_certificate(holder, key.public_key(), issuer).public_bytes(Encoding.PEM)


def test_trust_list_refuses_what_the_root_did_not_sign(trust: TrustList) -> None:
    with pytest.raises(Misconfigured):
        trust_list.from_pem(trust.to_pem() + _foreign(trust))


def test_trust_list_refuses_odd_files(trust: TrustList) -> None:
    root = trust.root.certificate.public_bytes(Encoding.PEM)
    key = trust.qr_keys[KID].certificate.public_bytes(Encoding.PEM)
    other_root = certificates.root_certificate(certificates.new_key()).public_bytes(Encoding.PEM)
    for pem in (b"", b"junk", key, root + root, root + other_root, root + key + key, root[:-40]):
        with pytest.raises(Misconfigured):
            trust_list.from_pem(pem)
    assert trust_list.from_pem(root + key).seals == ()


def test_load_without_keys_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        trust_list.load(tmp_path)
    assert refused.value.next_step is not None


def test_seal_and_qr_certificates_have_one_purpose_each(trust: TrustList) -> None:
    for certificate, commitment in ((trust.seals[0].certificate, True), (trust.qr_keys[KID].certificate, False)):
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        assert (usage.digital_signature, usage.content_commitment, usage.key_cert_sign) == (True, commitment, False)
        assert certificates.has_purpose(certificate, certificates.DOCUMENT_SIGNING) is commitment


def test_doctor_sees_health_and_illness(copy: Path, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    assert [(check.name, check.ok, check.mend) for check in doctor.checks(copy, journal)] == [
        ("trust.private-files", True, None),
        ("trust.list", True, None),
        ("trust.journal", True, None),
    ]
    KeyFolder(copy).root.key.chmod(0o644)
    KeyFolder(copy).seal(CODE).certificate.write_text("broken", encoding="ascii")
    journal.write_text("not json\n", encoding="ascii")
    found = doctor.checks(copy, journal)
    assert [check.ok for check in found] == [False, False, False]
    assert all(check.mend for check in found)
    assert "root.key" in str(found[0].detail)


def test_doctor_without_keys(tmp_path: Path) -> None:
    assert [check.ok for check in doctor.checks(tmp_path / "none", tmp_path / "journal.jsonl")] == [False, False, True]
