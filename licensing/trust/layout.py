"""Where keys, certificates and the trust list lie, and who may read them. Nothing here reads a private key."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from licensing.errors import Misconfigured, NotFound
from licensing.trust.certificates import USAGE, Purpose
from licensing.words import say

PRIVATE_FILE: Final = 0o600
PUBLIC_FILE: Final = 0o644
PRIVATE_FOLDER: Final = 0o700
_CODE: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
_ID: Final = re.compile(r"([a-z]{1,16})-([0-9A-Za-z_-]{1,80})")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The private key (0600) and the public certificate of one key."""

    key: Path
    certificate: Path


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """The key folder: ``root``, ``seal/<authority code>-<n>``, ``qr/<kid in hexadecimal>``, ``status/<n>``, ``log/<n>``, ``timestamp/<n>``.

    Each is a pair ``.key`` and ``.pem``; the id of a key is its path with ``-`` for ``/``. The signed trust list, every earlier version
    of it and a draft that waits for the root lie beside them.
    """

    path: Path

    @property
    def root(self) -> KeyPair:
        return _pair(self.path, "root")

    @property
    def trust_list(self) -> Path:
        return self.path / "trust-list.cose"

    @property
    def draft(self) -> Path:
        return self.path / "trust-list.draft.json"

    @property
    def answer(self) -> Path:
        """What the root made of a draft, on its way back."""
        return self.path / "trust-list.signed.json"

    def version(self, number: int) -> Path:
        """The kept trust list of one version."""
        return self.path / "trust-lists" / f"{number:06d}.cose"

    def versions(self) -> list[Path]:
        """All kept trust lists, oldest first."""
        return sorted((self.path / "trust-lists").glob("*.cose"))

    def pair(self, key_id: str) -> KeyPair:
        """The key with this id. Raises ``NotFound`` for an id that no key can have."""
        purpose, stem = _parts(key_id)
        return _pair(self.path / purpose, stem)

    def seal(self, authority_code: str, place: int = 1) -> KeyPair:
        """The first, second … seal of one authority; raises ``Misconfigured`` when the code cannot be a file name."""
        return self.pair(seal_id(authority_code, place))

    def qr(self, kid: bytes) -> KeyPair:
        """The QR key with this identifier of one or two bytes; raises ``Misconfigured`` for any other length."""
        return self.pair(qr_id(kid))

    def certificates(self) -> dict[str, Path]:
        """The certificates of all keys but the root, by the ids of their keys."""
        return {f"{purpose}-{path.stem}": path for purpose in USAGE for path in sorted((self.path / purpose).glob("*.pem"))}

    def key_ids(self) -> list[str]:
        """The ids of all private keys here but the root."""
        return [f"{purpose}-{path.stem}" for purpose in USAGE for path in sorted((self.path / purpose).glob("*.key"))]

    def private_keys(self) -> list[Path]:
        return sorted(self.path.rglob("*.key"))


def seal_id(authority_code: str, place: int) -> str:
    """The id of an authority's seal number ``place`` (1, 2 …). Raises ``Misconfigured`` for a code that cannot be a file name."""
    if not _CODE.fullmatch(authority_code):
        raise Misconfigured(say("The authority code “%(code)s” cannot name a key.", code=authority_code))
    return f"{Purpose.SEAL}-{authority_code}-{place}"


def qr_id(kid: bytes) -> str:
    """The id of the QR key with this identifier of profile LZ1. Raises ``Misconfigured`` unless it has one or two bytes."""
    if not 1 <= len(kid) <= 2:
        raise Misconfigured(say("The identifier of a QR key has one or two bytes, not %(count)s.", count=len(kid)))
    return f"{Purpose.QR}-{kid.hex()}"


def purpose_of_id(key_id: str) -> Purpose:
    """The purpose that the id of a key names. Raises ``NotFound`` for an id that no key can have."""
    return Purpose(_parts(key_id)[0])


def no_such_key(key_id: str) -> NotFound:
    """What is said about an id that no key has."""
    return NotFound(say("There is no key “%(id)s”.", id=key_id), next_step=say("leizheng keys list shows all keys."), code="no-such-key")


def exposed(path: Path) -> bool:
    """True when anybody but the owner may read or change the file, or list or change its folder."""
    others = stat.S_IRWXG | stat.S_IRWXO
    return bool(path.stat().st_mode & others) or bool(path.parent.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def write_file(path: Path, content: bytes, mode: int = PUBLIC_FILE) -> None:
    """Write ``path`` whole or not at all, on the disk when this returns; folders that are missing are made private."""
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


@contextlib.contextmanager
def alone(keys_dir: Path) -> Iterator[KeyFolder]:
    """The key folder, made when missing, while no other process changes it. Not to be entered twice."""
    keys_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    with (keys_dir / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield KeyFolder(keys_dir)


def _parts(key_id: str) -> tuple[str, str]:
    parts = _ID.fullmatch(key_id)
    if parts is None or parts[1] not in USAGE:
        raise no_such_key(key_id)
    return parts[1], parts[2]


def _pair(folder: Path, name: str) -> KeyPair:
    return KeyPair(folder / f"{name}.key", folder / f"{name}.pem")


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
