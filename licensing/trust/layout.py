"""Where keys and certificates lie, and who may read them. Nothing here reads a private key."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from licensing.errors import Misconfigured
from licensing.words import say

_CODE: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The private key (0600) and the public certificate of one holder."""

    key: Path
    certificate: Path


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """The key folder: ``root``, ``seals/<authority code>``, ``qr/<kid in hexadecimal>``, each with ``.key`` and ``.pem``."""

    path: Path

    @property
    def root(self) -> KeyPair:
        return _pair(self.path, "root")

    def seal(self, authority_code: str) -> KeyPair:
        """The seal of one authority; raises ``Misconfigured`` when the code cannot be a file name."""
        if not _CODE.fullmatch(authority_code):
            raise Misconfigured(say("The authority code “%(code)s” cannot name a key.", code=authority_code))
        return _pair(self.path / "seals", authority_code)

    def qr(self, kid: bytes) -> KeyPair:
        """The QR key with this identifier of one or two bytes; raises ``Misconfigured`` for any other length."""
        if not 1 <= len(kid) <= 2:
            raise Misconfigured(say("The identifier of a QR key has one or two bytes, not %(count)s.", count=len(kid)))
        return _pair(self.path / "qr", kid.hex())

    def seal_certificates(self) -> list[Path]:
        return sorted((self.path / "seals").glob("*.pem"))

    def qr_certificates(self) -> list[Path]:
        return sorted((self.path / "qr").glob("*.pem"))

    def private_keys(self) -> list[Path]:
        return sorted(self.path.rglob("*.key"))


def exposed(path: Path) -> bool:
    """True when anybody but the owner may read or change the file, or list or change its folder."""
    others = stat.S_IRWXG | stat.S_IRWXO
    return bool(path.stat().st_mode & others) or bool(path.parent.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _pair(folder: Path, name: str) -> KeyPair:
    return KeyPair(folder / f"{name}.key", folder / f"{name}.pem")
