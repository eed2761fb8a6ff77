"""A stranger's verifier of a tlog-tiles log: written from the specifications, with no code of ours, knowing only an address and a key.

Sources: c2sp.org/tlog-tiles, tlog-checkpoint, signed-note, tlog-proof; RFC 6962 2.1.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Answer = tuple[int, dict[str, str], bytes]
Get = Callable[[str], Answer]
"""``get(path below the prefix)``: status, headers with lower-case names, body."""


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def mth(hashes: list[bytes]) -> bytes:
    """RFC 6962 2.1 over leaf hashes, layer by layer: the last hash of an odd layer moves up as it is."""
    if not hashes:
        return digest(b"")
    while len(hashes) > 1:
        pairs = [digest(b"\x01" + hashes[i] + hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
        hashes = pairs + ([hashes[-1]] if len(hashes) % 2 else [])
    return hashes[0]


class Log:
    """Everything that the log publishes, verified while it is read."""

    def __init__(self, get: Get, origin: str, public_key: bytes) -> None:
        self._get, self._origin, self._key = get, origin, public_key

    def checkpoint(self) -> tuple[int, bytes]:
        """Size and root of the newest checkpoint; its signature is checked."""
        status, headers, body = self._get("checkpoint")
        assert status == 200
        assert headers["content-type"] == "text/plain; charset=utf-8"
        assert "no-store" in headers["cache-control"]
        return self.opened(body)

    def opened(self, note: bytes) -> tuple[int, bytes]:
        text, signatures = note.decode().rsplit("\n\n", 1)
        text += "\n"
        key_id = digest(self._origin.encode() + b"\n\x01" + self._key)[:4]
        for line in signatures.splitlines():
            dash, name, encoded = line.split(" ")
            raw = base64.b64decode(encoded)
            if dash == "\u2014" and name == self._origin and raw[:4] == key_id:
                Ed25519PublicKey.from_public_bytes(self._key).verify(raw[4:], text.encode())
                break
        else:
            raise AssertionError("nobody known signed this checkpoint")
        origin, size, root = text.splitlines()[:3]
        assert origin == self._origin
        return int(size), base64.b64decode(root)

    def leaves(self, size: int) -> list[bytes]:
        """The leaf hashes, from the tiles of level 0."""
        return [one for index in range(-(-size // 256)) for one in self.tile(0, index, size)]

    def entries(self, size: int) -> list[bytes]:
        found: list[bytes] = []
        for index in range(-(-size // 256)):
            width = min(256, size - index * 256)
            body = self._immutable(f"tile/entries/{name(index, width)}")
            while body:
                length = int.from_bytes(body[:2], "big")
                found.append(body[2 : 2 + length])
                body = body[2 + length :]
        return found

    def tile(self, level: int, index: int, size: int) -> list[bytes]:
        width = min(256, size // 256**level - index * 256)
        body = self._immutable(f"tile/{level}/{name(index, width)}")
        assert len(body) == 32 * width
        return [body[i : i + 32] for i in range(0, len(body), 32)]

    def whole(self) -> list[bytes]:
        """Read the whole log and check every tile of every level, every entry and the root. The entries."""
        size, root = self.checkpoint()
        hashes, entries = self.leaves(size), self.entries(size)
        assert [digest(b"\x00" + entry) for entry in entries] == hashes
        assert mth(hashes) == root
        level = 1
        while size // 256**level:
            span = 256**level
            upper = [mth(hashes[i * span : (i + 1) * span]) for i in range(size // span)]
            for index in range(-(-len(upper) // 256)):
                assert self.tile(level, index, size) == upper[index * 256 : index * 256 + 256]
            level += 1
        return entries

    def proven(self, proof: str) -> tuple[int, bytes]:
        """Position and entry of a tlog-proof with its entry as extra data; raises ``AssertionError`` when it does not hold."""
        head, note = proof.split("\n\n", 1)
        first, extra, index, *path = head.split("\n")
        assert first == "c2sp.org/tlog-proof@v1"
        assert extra.startswith("extra ")
        assert index.startswith("index ")
        entry, position = base64.b64decode(extra[6:]), int(index[6:])
        size, root = self.opened(note.encode())
        assert position < size
        steps = [base64.b64decode(step) for step in path]
        assert climb(digest(b"\x00" + entry), position, size, steps) == root
        return position, entry

    def _immutable(self, path: str) -> bytes:
        status, headers, body = self._get(path)
        assert status == 200, path
        assert headers["content-type"] == "application/octet-stream"
        assert "immutable" in headers["cache-control"]
        assert headers["access-control-allow-origin"] == "*"
        return gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body


def climb(value: bytes, position: int, size: int, path: list[bytes]) -> bytes:
    """RFC 6962 2.1.1, read as recursion: the last step joins the two halves of the whole tree."""
    if size == 1:
        assert not path
        return value
    split = 1
    while split * 2 < size:
        split *= 2
    if position < split:
        return digest(b"\x01" + climb(value, position, split, path[:-1]) + path[-1])
    return digest(b"\x01" + path[-1] + climb(value, position - split, size - split, path[:-1]))


def name(index: int, width: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join([*("x" + group for group in groups[:-1]), groups[-1]]) + (f".p/{width}" if width < 256 else "")
