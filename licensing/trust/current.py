"""The signer and the trust list of this installation, as its settings name them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from licensing.settings import Settings
from licensing.trust import trust_list
from licensing.trust.layout import KeyFolder
from licensing.trust.signer import LocalSigner, Signer
from licensing.trust.trust_list import TrustList


def current_signer(settings: Settings) -> Signer:
    """The signer that this installation asks; one per key folder and journal in a process."""
    return _signer(settings.keys, settings.home / "signer-journal.jsonl")


def current_trust_list(settings: Settings) -> TrustList:
    """The trust list of this installation, read again only when a certificate was added or replaced."""
    folder = KeyFolder(settings.keys)
    paths = (folder.root.certificate, *folder.seal_certificates(), *folder.qr_certificates())
    return _trust_list(settings.keys, tuple((path, path.stat().st_mtime_ns) for path in paths if path.exists()))


@lru_cache(maxsize=8)
def _signer(keys: Path, journal: Path) -> LocalSigner:
    return LocalSigner(keys, journal)


@lru_cache(maxsize=8)
def _trust_list(keys: Path, _: tuple[tuple[Path, int], ...]) -> TrustList:
    return trust_list.load(keys)
