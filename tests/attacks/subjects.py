"""What is attacked: twenty licences of the real pipeline, and all that an attacker (or an insider with keys) may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from licensing.samples import AUTHORITY, issue_samples
from licensing.settings import Settings
from licensing.storage import storage
from licensing.trust.current import current_trust_list
from licensing.trust.keys import ensure_authority_keys
from licensing.trust.trust_list import TrustList

COUNT = 20
LONG_AGO = datetime(2020, 1, 2, tzinfo=UTC)
NEIGHBOUR = "NEIGHBOUR"
FORMER = "FORMER"
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Scene:
    """One installation: its trust list, its private keys (for attacks from inside) and its licences."""

    settings: Settings
    trust: TrustList
    trust_pem: str
    keys: Mapping[bytes, PrivateKey]
    entries: tuple[dict[str, Any], ...]
    pdfs: tuple[bytes, ...]

    @property
    def root(self) -> x509.Certificate:
        return self.trust.root.certificate

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.settings.public_host,)

    def seal(self, authority_code: str = str(AUTHORITY["code"])) -> x509.Certificate:
        return next(seal.certificate for seal in self.trust.seals if seal.authority_code == authority_code)

    def qr_certificate(self) -> x509.Certificate:
        return next(key.certificate for key in self.trust.qr_keys.values() if key.authority_code == AUTHORITY["code"])

    def key_of(self, certificate: x509.Certificate) -> PrivateKey:
        return self.keys[_public(certificate)]

    def subject(self, place: int, kind: str) -> Subject:
        return Subject(self, place, Random(f"{kind}/{place}"))  # noqa: S311


@dataclass(frozen=True, slots=True)
class Subject:
    """One licence under one attack; ``chance`` is the same in every run."""

    scene: Scene
    place: int
    chance: Random

    @property
    def pdf(self) -> bytes:
        return self.scene.pdfs[self.place]

    @property
    def other(self) -> bytes:
        """The file of another licence."""
        return self.scene.pdfs[(self.place + 1) % len(self.scene.pdfs)]


def made_scene(folder: Path) -> Scene:
    """Twenty licences of three types, beside a neighbouring authority and one whose keys have expired."""
    settings = Settings(home=folder / "var", keys=folder / "keys", database="", demo=False, https=False)
    ensure_authority_keys(settings.keys, NEIGHBOUR, "邻市气象局", "11990200MB0A00002X", b"\xf8")
    ensure_authority_keys(settings.keys, FORMER, "原样例市气象局", "11990300MB0A00003X", b"\xf9", not_before=LONG_AGO)
    entries = tuple(issue_samples(settings, folder / "out", COUNT))
    storage().engine.dispose()
    trust = current_trust_list(settings)
    pdfs = tuple((folder / "out" / entry["file"]).read_bytes() for entry in entries)
    return Scene(settings, trust, trust.to_pem().decode(), _private_keys(settings.keys), entries, pdfs)


def _private_keys(folder: Path) -> dict[bytes, PrivateKey]:
    keys = [load_pem_private_key(path.read_bytes(), None) for path in folder.rglob("*.key")]
    return {_spki(key.public_key()): key for key in keys if isinstance(key, PrivateKey)}


def _public(certificate: x509.Certificate) -> bytes:
    return _spki(certificate.public_key())


def _spki(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
