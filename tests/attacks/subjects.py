"""What is attacked: licences of the real pipeline, and all that an attacker (or an insider with keys) may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from licensing.clock import now
from licensing.samples import AUTHORITY, KID, issue_samples
from licensing.settings import Settings
from licensing.storage import storage
from licensing.trust import keys
from licensing.trust.certificates import Holder, Purpose
from licensing.trust.current import current_trust_list
from licensing.trust.layout import KeyFolder
from licensing.trust.trust_list import TrustList

# Each kind of change meets twenty licences: those that concern the time stamp the stamped ones, all others fourteen with and six without.
STAMPED, PLAIN = 20, 6
EVERY = (*range(14), *range(STAMPED, STAMPED + PLAIN))
LONG_AGO = datetime(2020, 1, 2, tzinfo=UTC)
CODE, NAME, USCC = (str(AUTHORITY[key]) for key in ("code", "name", "uscc"))
NEIGHBOUR = "NEIGHBOUR"
# Keys of the very authority whose licences are attacked, in every state but the one in which they may sign.
BAD_KEYS = ("expired", "retired", "stolen", "stolen-later", "prepared")
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Scene:
    """One installation: its trust list, its private keys (for attacks from inside) and its licences."""

    settings: Settings
    trust: TrustList
    trust_pem: str
    certificates: Mapping[tuple[Purpose, str], x509.Certificate]
    keys: Mapping[bytes, PrivateKey]
    entries: tuple[dict[str, Any], ...]
    pdfs: tuple[bytes, ...]

    @property
    def root(self) -> x509.Certificate:
        return self.trust.root.certificate

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.settings.public_host,)

    def certificate(self, purpose: Purpose, name: str = "own") -> x509.Certificate:
        """The certificate of ``own``, of the ``neighbour`` or of one of ``BAD_KEYS``; of the service's keys there is ``own`` alone."""
        return self.certificates[purpose, name]

    def kid(self, name: str = "own") -> bytes:
        """The kid of a QR key."""
        certificate = self.certificate(Purpose.QR, name)
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest

    def key_of(self, certificate: x509.Certificate) -> PrivateKey:
        return self.keys[_spki(certificate.public_key())]

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
        """The file of another licence of the same kind: both with a time stamp, or both without."""
        first, count = (0, STAMPED) if self.place < STAMPED else (STAMPED, PLAIN)
        return self.scene.pdfs[first + (self.place - first + 1) % count]


def made_scene(folder: Path) -> Scene:
    """Licences of three types, the first ``STAMPED`` of them with a time stamp, ``PLAIN`` without; keys in every state."""
    settings = Settings(home=folder / "var", keys=folder / "keys", database="", demo=False, https=False)
    keys.ensure_authority_keys(settings.keys, CODE, NAME, USCC, bytes([KID]))
    keys.ensure_authority_keys(settings.keys, NEIGHBOUR, "邻市气象局", "11990200MB0A00002X", b"\xf8")
    keys.ensure_test_tsa(settings.keys)
    ids = _bad_keys(settings.keys)
    stamping = settings.model_copy(update={"tsa": "test"})
    entries = [*issue_samples(stamping, folder / "out", STAMPED), *issue_samples(settings, folder / "out", PLAIN)]
    storage().engine.dispose()
    with keys.changing(settings.keys) as change:
        for purpose in (Purpose.SEAL, Purpose.QR):
            change.compromise(ids[purpose, "stolen-later"], now())
    trust = current_trust_list(settings)
    pdfs = tuple((folder / "out" / entry["file"]).read_bytes() for entry in entries)
    return Scene(settings, trust, trust.to_pem().decode(), _certificates(settings.keys, ids), _private(settings.keys), tuple(entries), pdfs)


def _bad_keys(folder: Path) -> dict[tuple[Purpose, str], str]:
    """One seal and one QR key for each bad state; they became active before the good ones, so none of them is used in issuing."""
    holder, yesterday = Holder(CODE, NAME, USCC), now() - timedelta(days=1)
    ids = {}
    for purpose in (Purpose.SEAL, Purpose.QR):
        for name in BAD_KEYS:
            with keys.changing(folder) as change:
                begins = LONG_AGO if name == "expired" else yesterday
                ids[purpose, name] = change.create(purpose, holder, kid=_kid(name) if purpose is Purpose.QR else b"", not_before=begins)
            if name == "prepared":
                continue
            with keys.changing(folder) as change:
                change.activate(ids[purpose, name], begins)
    with keys.changing(folder) as change:
        for purpose in (Purpose.SEAL, Purpose.QR):
            change.retire(ids[purpose, "retired"])
            change.compromise(ids[purpose, "stolen"], now() - timedelta(hours=1))
    return ids


def _kid(name: str) -> bytes:
    return bytes([0xE0 + BAD_KEYS.index(name)])


def _certificates(folder: Path, ids: Mapping[tuple[Purpose, str], str]) -> dict[tuple[Purpose, str], x509.Certificate]:
    layout, own = (
        KeyFolder(folder),
        ids
        | {
            (Purpose.SEAL, "own"): f"seal-{CODE}-1",
            (Purpose.SEAL, "neighbour"): f"seal-{NEIGHBOUR}-1",
            (Purpose.QR, "own"): f"qr-{KID:02x}",
            (Purpose.QR, "neighbour"): "qr-f8",
            (Purpose.STATUS, "own"): "status-1",
            (Purpose.LOG, "own"): "log-1",
            (Purpose.TIMESTAMP, "own"): "timestamp-1",
        },
    )
    return {name: x509.load_pem_x509_certificate(layout.pair(key_id).certificate.read_bytes()) for name, key_id in own.items()}


def _private(folder: Path) -> dict[bytes, PrivateKey]:
    found = [load_pem_private_key(path.read_bytes(), None) for path in folder.rglob("*.key")]
    return {_spki(key.public_key()): key for key in found if isinstance(key, PrivateKey)}


def _spki(key: Any) -> bytes:
    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
