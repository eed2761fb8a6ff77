"""Time stamps: one spelling of a token, whatever the authority wrote; and a client that no authority can hold up or fool."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, cms, core, tsp
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from licensing import clock
from licensing.errors import Invalid, LeizhengError, Misconfigured, Unavailable
from licensing.settings import Settings
from licensing.trust import certificates, keys, private_keys, test_tsa, timestamp_token, timestamps
from licensing.trust.trust_list import TrustList

from .conftest import CODE, KID, NAME, NOT_BEFORE, USCC
from .outside import tool

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)
IMPRINT = hashlib.sha256(b"a signature").digest()
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Authority = Callable[..., bytes]


@pytest.fixture(scope="module")
def authority(keys_dir: Path, trust: TrustList) -> Authority:
    """The test authority of the trust list: ``authority(imprint, moment, nonce=…)``."""
    key = trust.timestamp_key
    assert key is not None
    sign = private_keys.open_key(keys_dir, key.id).sign
    return lambda imprint=IMPRINT, moment=MOMENT, nonce=None: test_tsa.token(imprint, moment, key.der, sign, nonce=nonce)


@pytest.fixture(scope="module")
def token(authority: Authority) -> bytes:
    return authority()


def test_the_test_authority_says_what_when_and_that_it_is_a_test(token: bytes, trust: TrustList, authority: Authority) -> None:
    read = timestamp_token.read(token)
    key = trust.timestamp(read.certificate)
    assert (read.der, read.imprint, read.moment, read.nonce) == (token, IMPRINT, MOMENT.replace(microsecond=0), None)
    assert key is not None
    assert key.issuer.startswith("TEST time-stamping - not for production")
    info = cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed
    assert info["policy"].dotted == test_tsa.TEST_POLICY
    assert info["tsa"].chosen.native["common_name"].startswith("TEST ")
    serials = {_info(each)["serial_number"].native for each in (token, authority(bytes(32)), authority(moment=MOMENT.replace(year=2027)))}
    assert len(serials) == 3
    with pytest.raises(ValueError, match="short"):
        authority(b"short")


def _info(token: bytes) -> Any:
    return cms.ContentInfo.load(token)["content"]["encap_content_info"]["content"].parsed


@pytest.mark.slow
def test_openssl_believes_the_test_authority(token: bytes, trust: TrustList, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(token)
    (tmp_path / "root.pem").write_bytes(trust.root.certificate.public_bytes(Encoding.PEM))
    verify = ("openssl", "ts", "-verify", "-token_in", "-in", tmp_path / "token", "-CAfile", tmp_path / "root.pem", "-digest")
    assert "Verification: OK" in tool(*verify, IMPRINT.hex(), home=tmp_path)
    assert "Verification: FAILED" in tool(*verify, bytes(32).hex(), home=tmp_path)


# -- one spelling -------------------------------------------------------------------------------------------------------------------


def _edited(token: bytes, edit: Callable[[Any, Any], None]) -> bytes:
    content = cms.ContentInfo.load(token)
    edit(content["content"], content["content"]["signer_infos"][0])
    return bytes(content.dump())


def _stranger() -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificates.root_certificate(certificates.new_key()).public_bytes(Encoding.DER))


def _more_certificates(signed: Any, _: Any) -> None:
    signed["certificates"] = [*(member.chosen for member in signed["certificates"]), _stranger()]


def _unsigned_attribute(_: Any, signer: Any) -> None:
    signer["unsigned_attrs"] = cms.CMSAttributes([cms.CMSAttribute({"type": "1.3.6.1.4.1.99999.1", "values": [core.Null()]})])


def _mirrored(_: Any, signer: Any) -> None:
    r, s = decode_dss_signature(signer["signature"].native)
    signer["signature"] = encode_dss_signature(r, P256_ORDER - s)


def _other_versions(signed: Any, signer: Any) -> None:
    signed["version"], signer["version"] = "v5", "v3"


def _more_digest_algorithms(signed: Any, _: Any) -> None:
    signed["digest_algorithms"] = [algos.DigestAlgorithm({"algorithm": name}) for name in ("sha256", "sha512")]


def _named_by_key(signed: Any, signer: Any) -> None:
    member = signed["certificates"][0].chosen
    signer["sid"] = cms.SignerIdentifier("subject_key_identifier", member.key_identifier)


_SPELLINGS = [_more_certificates, _unsigned_attribute, _mirrored, _other_versions, _more_digest_algorithms, _named_by_key]


@pytest.mark.parametrize("edit", _SPELLINGS)
def test_every_spelling_becomes_the_one_spelling(token: bytes, edit: Callable[[Any, Any], None]) -> None:
    other = _edited(token, edit)
    assert other != token
    assert timestamp_token.canonical(other).der == token
    with pytest.raises(Invalid) as refused:
        timestamp_token.read(other)
    assert refused.value.code == "timestamp-refused"


def test_longer_lengths_and_bytes_after_the_end_are_no_spelling(token: bytes) -> None:
    header = token[:4]
    assert header[:2] == b"\x30\x82"
    longer = b"\x30\x83\x00" + token[2:]
    for other in (longer, token + b"\0", token[:-1], b""):
        with pytest.raises(Invalid):
            timestamp_token.read(other)


def _two_signers(signed: Any, signer: Any) -> None:
    signed["signer_infos"] = [signer, signer.copy()]


def _no_certificate(signed: Any, _: Any) -> None:
    signed["certificates"] = []


def _other_certificate(signed: Any, _: Any) -> None:
    signed["certificates"] = [_stranger()]


def _attribute_gone(_: Any, signer: Any) -> None:
    signer["signed_attrs"] = [each for each in signer["signed_attrs"] if each["type"].native != "message_digest"]


def _no_attributes(_: Any, signer: Any) -> None:
    signer["signed_attrs"] = None


def _later(signed: Any, _: Any) -> None:
    info = signed["encap_content_info"]["content"].parsed
    info["gen_time"] = core.GeneralizedTime(MOMENT.replace(microsecond=0, year=2030))
    signed["encap_content_info"]["content"] = cms.ParsableOctetString(info.dump())


def _plain_data(signed: Any, _: Any) -> None:
    signed["encap_content_info"]["content_type"] = "data"


def _weak_digest(_: Any, signer: Any) -> None:
    signer["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "sha1"})


_FORGERIES = [_two_signers, _no_certificate, _other_certificate, _attribute_gone, _no_attributes, _later, _plain_data, _weak_digest]


@pytest.mark.parametrize("edit", _FORGERIES)
def test_what_the_authority_did_not_sign_is_refused(token: bytes, edit: Callable[[Any, Any], None]) -> None:
    with pytest.raises(Invalid) as refused:
        timestamp_token.canonical(_edited(token, edit))
    assert refused.value.code == "timestamp-refused"


def test_no_flipped_bit_makes_another_token_of_a_pinned_authority(token: bytes, trust: TrustList) -> None:
    chance = random.Random(3)  # noqa: S311
    for _ in range(400):
        changed = bytearray(token)
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        assert _pinned(bytes(changed), trust) is None
    assert _pinned(token, trust) is not None


def _pinned(token: bytes, trust: TrustList) -> object:
    # The certificate inside is compared with the pinned bytes: its own signature is not looked at again.
    try:
        return trust.timestamp(timestamp_token.read(token).certificate)
    except Invalid:
        return None


@lru_cache
def _rsa_authority(bits: int) -> tuple[Any, Any]:
    """An authority as they are for sale: an RSA key under a root of its own."""
    key = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody's TSA")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    builder = builder.not_valid_before(NOT_BEFORE).not_valid_after(NOT_BEFORE.replace(year=2030))
    builder = builder.add_extension(x509.ExtendedKeyUsage([certificates.TIME_STAMPING]), critical=True)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return asn1_x509.Certificate.load(certificate), asn1_keys.PrivateKeyInfo.load(der)


def _foreign_token(bits: int, *, digest: str = "sha256", request: bytes | None = None) -> bytes:
    certificate, key = _rsa_authority(bits)
    others = SimpleCertificateStore()
    others.register(_stranger())
    stamper = DummyTimeStamper(certificate, key, certs_to_embed=others, fixed_dt=MOMENT, override_md=digest)
    asked = tsp.TimeStampReq.load(request or timestamps.query(IMPRINT, 5))
    return bytes(stamper.request_tsa_response(asked)["time_stamp_token"].dump())


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_a_token_of_an_rsa_authority_is_put_into_the_one_spelling(digest: str) -> None:
    raw = _foreign_token(2048, digest=digest)
    found = timestamp_token.canonical(raw)
    assert (found.imprint, found.moment, found.nonce) == (IMPRINT, MOMENT, 5)
    assert found.der != raw
    assert timestamp_token.read(found.der) == found


def test_a_short_rsa_key_and_a_huge_token_are_refused() -> None:
    for raw in (_foreign_token(1024), bytes(timestamp_token.TOKEN_LIMIT + 1)):
        with pytest.raises(Invalid):
            timestamp_token.canonical(raw)


# -- the client ---------------------------------------------------------------------------------------------------------------------

Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


@contextmanager
def _serving(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsa?key=1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _send(handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, kind: str = "application/timestamp-reply") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Location", "/elsewhere")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _response(token: bytes | None, status: str = "granted") -> bytes:
    told = tsp.PKIStatusInfo({"status": status})
    if token is None:
        return b"\x30" + bytes([len(told.dump())]) + bytes(told.dump())
    return bytes(tsp.TimeStampResp({"status": told, "time_stamp_token": cms.ContentInfo.load(token)}).dump())


def _asked(query: bytes) -> tuple[bytes, int]:
    found = tsp.TimeStampReq.load(query)
    return found["message_imprint"]["hashed_message"].native, found["nonce"].native


def _settings(keys_dir: Path, home: Path, tsa: str) -> Settings:
    return Settings(home=home, keys=keys_dir, tsa=tsa)


def test_a_token_is_asked_over_http_and_kept_in_the_one_spelling(keys_dir: Path, authority: Authority, tmp_path: Path) -> None:
    seen: list[tuple[str, str]] = []

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        seen.append((handler.path, handler.headers["Content-Type"]))
        imprint, nonce = _asked(body)
        _send(handler, _response(_edited(authority(imprint, MOMENT, nonce), _more_certificates)))

    with _serving(answer) as address:
        token = timestamps.request(_settings(keys_dir, tmp_path, address), IMPRINT)
    assert seen == [("/tsa?key=1", "application/timestamp-query")]
    assert timestamp_token.read(token).imprint == IMPRINT


def test_the_test_authority_lives_in_the_signer(keys_dir: Path, trust: TrustList, tmp_path: Path) -> None:
    settings = _settings(keys_dir, tmp_path, "test")
    found = timestamp_token.read(timestamps.request(settings, IMPRINT))
    assert found.imprint == IMPRINT
    assert abs((clock.now() - found.moment).total_seconds()) < 60
    pinned = timestamps.authority(settings)
    assert pinned is not None
    assert pinned.public_bytes(Encoding.DER) == found.certificate
    assert timestamps.authority(_settings(keys_dir, tmp_path, "")) is None


def _other_nonce(handler: BaseHTTPRequestHandler, body: bytes, authority: Authority) -> None:
    imprint, nonce = _asked(body)
    _send(handler, _response(authority(imprint, MOMENT, nonce + 1)))


def _other_imprint(handler: BaseHTTPRequestHandler, body: bytes, authority: Authority) -> None:
    _send(handler, _response(authority(bytes(32), MOMENT, _asked(body)[1])))


def _good(handler: BaseHTTPRequestHandler, body: bytes, authority: Authority, **how: Any) -> None:
    imprint, nonce = _asked(body)
    _send(handler, _response(authority(imprint, MOMENT, nonce), how.pop("said", "granted")), **how)


def _dripping(handler: BaseHTTPRequestHandler, _: bytes, __: Authority) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/timestamp-reply")
    handler.end_headers()
    try:
        for _ in range(100):
            handler.wfile.write(b"\x30")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        return


def _stranger_stamps(handler: BaseHTTPRequestHandler, body: bytes, _: Authority) -> None:
    _send(handler, _response(_foreign_token(2048, request=body)))


_REFUSED: dict[str, tuple[Callable[..., None], str]] = {
    "redirect": (lambda *how: _good(*how, status=302), "tsa-refused"),
    "error": (lambda *how: _good(*how, status=500), "tsa-refused"),
    "other-type": (lambda *how: _good(*how, kind="text/html"), "tsa-refused"),
    "not-granted": (lambda handler, *_: _send(handler, _response(None, "rejection")), "tsa-refused"),
    "not-granted-with-a-token": (lambda *how: _good(*how, said="rejection"), "tsa-refused"),
    "granted-with-changes": (lambda *how: _good(*how, said="granted_with_mods"), "tsa-refused"),
    "granted-nothing": (lambda handler, *_: _send(handler, _response(None)), "tsa-refused"),
    "junk": (lambda handler, *_: _send(handler, b"junk"), "tsa-refused"),
    "too-much": (lambda handler, *_: _send(handler, bytes(100_000)), "tsa-refused"),
    "other-nonce": (_other_nonce, "tsa-refused"),
    "other-imprint": (_other_imprint, "tsa-refused"),
    "hangs-up": (lambda *_: None, "tsa-unreachable"),
    "drips": (_dripping, "tsa-unreachable"),
    "stranger": (_stranger_stamps, "tsa-not-pinned"),
}


@pytest.mark.parametrize("kind", sorted(_REFUSED))
def test_bad_answers_are_refused_in_time(
    keys_dir: Path, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    _rsa_authority(2048)
    monkeypatch.setattr(timestamps, "SECONDS", 0.4)
    answer, code = _REFUSED[kind]
    begun = time.monotonic()
    with _serving(lambda handler, body: answer(handler, body, authority)) as address, pytest.raises(LeizhengError) as refused:
        timestamps.request(_settings(keys_dir, tmp_path, address), IMPRINT)
    assert refused.value.code == code
    assert time.monotonic() - begun < 2


def test_nobody_at_the_address_and_addresses_that_are_none(keys_dir: Path, tmp_path: Path) -> None:
    with _serving(lambda *_: None) as address:
        pass
    with pytest.raises(Unavailable) as refused:
        timestamps.request(_settings(keys_dir, tmp_path, address), IMPRINT)
    assert refused.value.code == "tsa-unreachable"
    for wrong in ("ftp://127.0.0.1/", "tsa", "file:///etc/passwd", "http://", "http://a:b@127.0.0.1/", "http://127.0.0.1:x/", "http://["):
        with pytest.raises(Misconfigured):
            timestamps.request(_settings(keys_dir, tmp_path, wrong), IMPRINT)


def test_without_a_pinned_authority_nothing_is_stamped(tmp_path: Path) -> None:
    keys.ensure_authority_keys(tmp_path / "keys", CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    with pytest.raises(Misconfigured) as refused:
        timestamps.authority(_settings(tmp_path / "keys", tmp_path, "test"))
    assert refused.value.code == "tsa-not-pinned"
