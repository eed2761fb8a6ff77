"""Keys are made here, once: the offline root, and for each authority a seal and a QR key. Files 0600 in folders 0700."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from licensing import clock
from licensing.errors import Misconfigured
from licensing.trust import certificates
from licensing.trust.certificates import Holder, Issuer, TrustAnchor
from licensing.trust.layout import KeyFolder, KeyPair
from licensing.trust.signer import read_private_key
from licensing.words import say

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
_PUBLIC_FILE: Final = 0o644


def ensure_root(keys_dir: Path) -> TrustAnchor:
    """The root, made when there is none. Raises ``Misconfigured`` when its private key can be read by others."""
    folder = KeyFolder(keys_dir)
    with _alone(keys_dir):
        return TrustAnchor(_ensure_root(folder))


def ensure_authority_keys(keys_dir: Path, code: str, name: str, uscc: str, kid: bytes, *, not_before: datetime | None = None) -> None:
    """The seal and the QR key ``kid`` (one or two bytes) of an authority, made when there are none; the root too.

    ``not_before`` is the first moment they may sign for, by default today 00:00 UTC; they last five years. What exists is kept.
    Raises ``Misconfigured`` when a kid already belongs to another authority (kids are never used again) or a private key is exposed.
    """
    folder = KeyFolder(keys_dir)
    holder = Holder(code, name, uscc)
    start = not_before or clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    with _alone(keys_dir):
        anchor = TrustAnchor(_ensure_root(folder))
        issuer = Issuer(anchor, _elliptic(folder.root.key), start)
        seal, qr = folder.seal(code), folder.qr(kid)
        if not seal.certificate.exists():
            public = _ensure_key(seal.key)
            _write_certificate(seal, certificates.seal_certificate(holder, public, issuer))
        if not qr.certificate.exists():
            public = _ensure_key(qr.key)
            _write_certificate(qr, certificates.qr_certificate(holder, kid, public, issuer))
    for pair in (seal, qr):
        _check_pair(pair, code)


def _ensure_root(folder: KeyFolder) -> x509.Certificate:
    if not folder.root.certificate.exists():
        _ensure_key(folder.root.key)
        _write_certificate(folder.root, certificates.root_certificate(_elliptic(folder.root.key)))
    return x509.load_pem_x509_certificate(folder.root.certificate.read_bytes())


def _ensure_key(path: Path) -> ec.EllipticCurvePublicKey:
    if not path.exists():
        pem = certificates.new_key().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(path, pem, PRIVATE_FILE)
    return _elliptic(path).public_key()


def _elliptic(path: Path) -> ec.EllipticCurvePrivateKey:
    key = read_private_key(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Misconfigured(say("The private key %(name)s is not a P-256 key.", name=path.name))
    return key


def _check_pair(pair: KeyPair, code: str) -> None:
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    if certificates.holder_of(certificate).code != code:
        raise Misconfigured(
            say("The key %(name)s belongs to another authority.", name=pair.certificate.stem),
            next_step=say("Give each authority its own key identifier, and never use one again."),
        )
    if certificate.public_key() != read_private_key(pair.key).public_key():
        raise Misconfigured(say("The certificate %(name)s does not belong to the private key beside it.", name=pair.certificate.name))


def _write_certificate(pair: KeyPair, certificate: x509.Certificate) -> None:
    _write(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM), _PUBLIC_FILE)


def _write(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _alone(keys_dir: Path) -> Iterator[None]:
    keys_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    with (keys_dir / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
