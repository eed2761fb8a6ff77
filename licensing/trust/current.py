"""The signer and the trust list of this installation, as its settings name them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from licensing.settings import Settings
from licensing.trust import trust_list
from licensing.trust.layout import KeyFolder
from licensing.trust.requests import Signer
from licensing.trust.signer import LocalSigner
from licensing.trust.signer_client import RemoteSigner
from licensing.trust.token_keys import Token
from licensing.trust.trust_list import TrustList

JOURNAL: Final = "signer-journal.jsonl"
SOCKET: Final = "signer.sock"


def current_signer(settings: Settings) -> Signer:
    """The signer that this installation asks: the process behind ``settings.signer``, or else one in this process."""
    return local_signer(settings) if settings.signer is None else _remote(settings.signer)


def local_signer(settings: Settings) -> LocalSigner:
    """The signer that reads the private keys of this installation itself; one per key folder and journal in a process."""
    return _local(settings.keys, settings.home / JOURNAL, settings.signer_rate, Token.of(settings))


def current_trust_list(settings: Settings) -> TrustList:
    """The trust list of this installation, read and verified again only when another one was installed."""
    folder = KeyFolder(settings.keys)
    return _trust_list(settings.keys, tuple(_stamp(path) for path in (folder.root.certificate, folder.trust_list)))


def signer_socket(settings: Settings) -> Path:
    """Where the signer's process of this installation listens."""
    return settings.signer or settings.home / SOCKET


@lru_cache(maxsize=8)
def _local(keys: Path, journal: Path, rate: int, token: Token | None) -> LocalSigner:
    return LocalSigner(keys, journal, rate=rate, token=token)


@lru_cache(maxsize=8)
def _remote(path: Path) -> RemoteSigner:
    return RemoteSigner(path)


@lru_cache(maxsize=8)
def _trust_list(keys: Path, _: tuple[tuple[int, int] | None, ...]) -> TrustList:
    return trust_list.load(keys)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino
